//! The doctor: looks at everything that is stored and owed, and says what is wrong.

mod judge;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use cohong_core::limits::{SWEEP_AGE, WORK_PAGE};
use cohong_core::work::sweep::Sweeper;
use serde_json::json;

use super::Admin;
use super::answer::{Answer, Problem};
use super::shown;
use crate::finding::{self, Finding};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/doctor", get(doctor))
}

async fn doctor(State(admin): State<Arc<Admin>>) -> Answer {
    let mut draining = admin.draining.clone();
    tokio::select! {
        biased;
        _ = draining.wait_for(|draining| *draining) => Err(Problem::draining()),
        report = examine(&admin) => report,
    }
}

async fn examine(admin: &Admin) -> Answer {
    let mut findings = Vec::new();
    let names = shown::bucket_names(admin).await?;
    let stored = admin.engine.inspect().await?;
    findings.extend(
        stored
            .damage
            .iter()
            .map(|damage| judge::damage(damage, &names)),
    );
    findings.extend(judge::more_damage(&stored));
    // One pass of its own removes nothing: what is new to it is only counted.
    let blobs = Sweeper::default().pass(&admin.engine, SWEEP_AGE).await?;
    findings.extend(judge::orphans(&blobs));
    let work = admin.engine.list_work(WORK_PAGE).await?;
    findings.extend(judge::work(&work, &admin.work.report()));
    let subs = admin.delivery.subs().await?;
    findings.extend(subs.iter().flat_map(judge::sub));
    findings.extend(unregistered(admin).await?);
    findings.extend(clock(admin).await?);
    let free = finding::free_bytes(&admin.data);
    findings.extend(free.and_then(finding::space));
    findings.extend(finding::authority(&admin.data));
    let seen = json!({
        "versions": stored.versions,
        "archives": stored.archives,
        "bytes": stored.bytes,
        "blobs": blobs.seen,
        "work": work.len(),
        "subscriptions": subs.len(),
        "free_bytes": free,
    });
    Ok(Json(finding::report("running", &seen, &findings)))
}

/// Functions that rules name and nobody registered.
async fn unregistered(admin: &Admin) -> Result<Vec<Finding>, Problem> {
    let functions = admin.engine.list_functions().await?;
    let buckets = admin.engine.all_buckets().await?;
    Ok(buckets
        .iter()
        .flat_map(|bucket| judge::unregistered(bucket, &functions))
        .collect())
}

async fn clock(admin: &Admin) -> Result<Option<Finding>, Problem> {
    let buckets = admin.engine.all_buckets().await?;
    let keys = admin.engine.list_keys(None).await?;
    let made = buckets.iter().map(|bucket| bucket.created_at);
    let latest = made.chain(keys.iter().map(|key| key.created_at)).max();
    Ok(judge::clock(admin.engine.ports().clock.now(), latest))
}
