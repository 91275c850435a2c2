//! The doctor: looks at everything that is stored and owed, and says what is wrong.

mod judge;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use cohong_core::engine::Inspection;
use cohong_core::limits::{DAMAGE_SHOWN_MAX, SWEEP_AGE, WORK_PAGE};
use cohong_core::work::sweep::Sweeper;
use cohong_store::meta::{Examined, RowsFrom};
use http::StatusCode;
use serde_json::json;

use super::Admin;
use super::answer::{Answer, Problem};
use super::shown;
use crate::finding::{self, Finding};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/doctor", get(doctor))
        .route("/doctor/repair", post(repair))
}

async fn doctor(State(admin): State<Arc<Admin>>) -> Answer {
    let mut draining = admin.draining.clone();
    tokio::select! {
        biased;
        _ = draining.wait_for(|draining| *draining) => Err(Problem::draining()),
        report = examine(&admin) => report,
    }
}

/// Puts right what can be put right without guessing, and tells what that was.
async fn repair(State(admin): State<Arc<Admin>>) -> Answer {
    let mended = admin.engine.mend().await?;
    let mended: Vec<String> = mended.iter().map(ToString::to_string).collect();
    for what in &mended {
        tracing::warn!("put right by order: {what}");
    }
    Ok(Json(json!({ "repaired": mended })))
}

async fn examine(admin: &Admin) -> Answer {
    let mut findings = Vec::new();
    let names = shown::bucket_names(admin).await?;
    findings.extend(judge::scrub(&admin.scrub.progress()));
    let rows = rows(admin).await?;
    findings.extend(rows.damage.iter().map(|what| judge::row(what)));
    let stored = match admin.engine.inspect().await {
        // A table with a damaged row is not looked through.
        Err(_) if !rows.damage.is_empty() => Inspection::default(),
        stored => stored?,
    };
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
    if rows.damage.is_empty() {
        let mismatches = admin.engine.mismatches().await?;
        findings.extend(mismatches.iter().map(judge::mismatch));
    }
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
        "rows": rows.rows,
        "blobs": blobs.seen,
        "work": work.len(),
        "subscriptions": subs.len(),
        "free_bytes": free,
    });
    Ok(Json(finding::report("running", &seen, &findings)))
}

/// Rows looked at between two turns of others.
const ROWS: usize = 1000;

/// Looks at every record, log record and small body.
async fn rows(admin: &Admin) -> Result<Examined, Problem> {
    let mut all = Examined::default();
    let mut from = Some(RowsFrom::default());
    while let Some(rows) = from {
        let meta = admin.meta.clone();
        let looked = tokio::task::spawn_blocking(move || meta.examine_rows(rows, ROWS)).await;
        let (found, next) = looked.map_err(|defect| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, defect.to_string())
        })?;
        all.rows += found.rows;
        let room = DAMAGE_SHOWN_MAX.saturating_sub(all.damage.len());
        all.damage.extend(found.damage.into_iter().take(room));
        from = next;
    }
    Ok(all)
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
