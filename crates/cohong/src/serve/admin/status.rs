//! The server at a glance, and the settings in force.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::Admin;
use super::answer::Answer;
use super::shown;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/status", get(status))
        .route("/config", get(config))
}

async fn status(State(admin): State<Arc<Admin>>) -> Answer {
    let stats = admin.meta.stats();
    let work = admin.work.report();
    let subs = admin.delivery.subs().await?;
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "uptime_ms": shown::millis(admin.started.elapsed()),
        "draining": *admin.draining.borrow(),
        "buckets": admin.engine.all_buckets().await?.len(),
        "events": {
            "subscriptions": subs.len(),
            "waiting": subs.iter().map(|sub| sub.lag).sum::<u64>(),
            "held": subs.iter().map(|sub| sub.held).sum::<u64>(),
            "dead": subs.iter().map(|sub| sub.dead).sum::<u64>(),
        },
        "work": {
            "running": work.running,
            "finished": work.finished,
            "failed": work.failed,
            "trouble": work.trouble,
        },
        "scrub": super::scrub::shown(&admin.scrub.progress()),
        "commits": { "batches": stats.batches, "commits": stats.members, "syncs": stats.syncs },
    })))
}

async fn config(State(admin): State<Arc<Admin>>) -> Answer {
    Ok(Json(admin.settings.clone()))
}
