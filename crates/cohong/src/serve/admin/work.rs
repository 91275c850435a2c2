//! Durable work: what the server still has to do for itself.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use cohong_core::limits::WORK_PAGE;
use cohong_core::model::WorkId;
use cohong_core::records::WorkKind;
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Answer, Problem, instant};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/queue", get(list))
        .route("/queue/{id}/reopen", post(reopen))
}

async fn list(State(admin): State<Arc<Admin>>) -> Answer {
    let work = admin.engine.list_work(WORK_PAGE).await?;
    let lines = work.into_iter().map(|(id, record)| {
        json!({
            "id": hex::encode(id.0),
            "what": what(&record.kind),
            "attempts": record.attempt,
            "due": instant(record.due),
            "created_at": instant(record.created_at),
            "last_error": record.last_error,
            "dead": record.dead,
        })
    });
    Ok(Json(lines.collect::<Vec<Value>>().into()))
}

/// What a piece of work does, in words.
pub(super) fn what(kind: &WorkKind) -> String {
    match kind {
        WorkKind::DropPayload { payload } => format!("remove the bytes {payload}"),
        WorkKind::PurgeParts { key, upload, .. } => {
            format!("remove parts of upload {upload} of {key}")
        }
        WorkKind::RemoveBucket { name, .. } => format!("remove the bucket {name}"),
        WorkKind::Lifecycle { name, .. } => {
            format!("carry out the lifecycle rules of the bucket {name}")
        }
        WorkKind::TellRestored(owed) => {
            format!("tell that {}/{} is restored", owed.name, owed.key)
        }
        WorkKind::ForgetSync { task, .. } => format!("forget the deleted sync task {task}"),
        WorkKind::PurgeArchiveParts { upload } => {
            format!("clean up the ended upload {upload} of an archive")
        }
        WorkKind::RunJob { vault, job, .. } => format!("do the job {job} of the vault {vault}"),
        WorkKind::ForgetVault { vault } => format!("forget the deleted vault {vault}"),
        WorkKind::RunFetch { task, .. } => format!("do the task {task} that fetches a URL"),
        WorkKind::TakeInventory { name, id, step, .. } => {
            let missed = step.missed.as_deref().map_or(String::new(), |why| {
                format!("; the one before was not written: {why}")
            });
            format!("write the inventory {id} of the bucket {name}{missed}")
        }
        WorkKind::Replicate(owed) => format!("replicate {}/{}", owed.name, owed.key),
        WorkKind::ReplicateHistory { name, step, .. } => format!(
            "replicate what was in the bucket {name} before a rule, {} of {} keys",
            step.done, step.total
        ),
    }
}

async fn reopen(State(admin): State<Arc<Admin>>, Path(id): Path<String>) -> Answer {
    let mut bytes = [0; 16];
    hex::decode_to_slice(&id, &mut bytes)
        .map_err(|_| Problem::invalid("an id of work has 32 hex digits"))?;
    if !admin.engine.reopen_work(WorkId(bytes)).await? {
        return Err(Problem::not_found("no dead work has that id"));
    }
    Ok(Json(json!({ "reopened": id })))
}
