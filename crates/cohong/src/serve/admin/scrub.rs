//! The scrub: where it has come to, and beginning a pass now.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use cohong_core::model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Answer, Input};
use crate::serve::scrub::{Pass, Progress};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/scrub", get(show).post(begin))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// MiB a second; 0 for as fast as it goes, the configured pace when left out.
    mib_per_s: Option<u32>,
}

async fn show(State(admin): State<Arc<Admin>>) -> Answer {
    Ok(Json(shown(&admin.scrub.progress())))
}

async fn begin(State(admin): State<Arc<Admin>>, Input(order): Input<Order>) -> Answer {
    let rate = order.mib_per_s.map(|mib| u64::from(mib) << 20);
    admin.scrub.order(rate);
    Ok(Json(shown(&admin.scrub.progress())))
}

/// The pass under way and the last one.
pub(super) fn shown(progress: &Progress) -> Value {
    json!({
        "now": progress.now.as_ref().map(pass),
        "last": progress.last.as_ref().map(pass),
    })
}

fn pass(pass: &Pass) -> Value {
    let at = |millis| super::answer::instant(Timestamp::from_millis(millis));
    json!({
        "begun_at": at(pass.begun_at),
        "ended_at": pass.ended_at.map(at),
        "rows": pass.rows,
        "blobs": pass.blobs,
        "bytes": pass.bytes,
        "damaged": pass.damaged,
        "damage": pass.damage,
    })
}
