//! Waiting until what is owed is delivered.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::Admin;
use super::answer::{Answer, Input, Problem};

/// Longest wait of one request.
const WAIT_MAX: Duration = Duration::from_hours(1);

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/events/wait", post(wait))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    timeout_ms: u64,
}

async fn wait(State(admin): State<Arc<Admin>>, Input(order): Input<Wait>) -> Answer {
    let timeout = Duration::from_millis(order.timeout_ms).min(WAIT_MAX);
    let mut draining = admin.draining.clone();
    let report = tokio::select! {
        biased;
        _ = draining.wait_for(|draining| *draining) => return Err(Problem::draining()),
        report = admin.delivery.wait(timeout) => report?,
    };
    Ok(Json(json!({
        "settled": report.settled,
        "dead": report.dead,
        "owed": report.owed,
        "blocked": report.blocked,
    })))
}
