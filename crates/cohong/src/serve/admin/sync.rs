//! Sync tasks of every account: what they do, keys for them, and what became of the keys.

mod create;
pub(super) mod shown;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use cohong_core::engine::{Cx, SyncSpan};
use cohong_core::model::{
    DialectId, Principal, SyncCounts, SyncPast, SyncTask, SyncTaskId, Timestamp,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Answer, Asked, Input, Problem, object_key};
use create::{With, keys};

/// How far back outcomes are counted.
const COUNTED_MAX: Duration = Duration::from_hours(30 * 24);

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/sync", get(list).post(create::create))
        .route("/sync/{task}", get(show).delete(remove))
        .route("/sync/{task}/start", post(start))
        .route("/sync/{task}/stop", post(stop))
        .route("/sync/{task}/keys", post(push))
}

/// By order of the operator, in the name of an account. Tasks are made as those of OMS are, so that its
/// clients see them too and their lists are written in its form.
fn cx(admin: &Admin, principal: Principal) -> Cx {
    Cx {
        principal,
        request_id: "admin".into(),
        source: None,
        dialect: DialectId::Oms,
        at: admin.engine.ports().clock.now(),
        secure: true,
        tls: None,
        pays: true,
        by_link: false,
        bypasses: false,
        user_agent: None,
        referer: None,
        past: SyncPast::None,
        encrypting: cohong_core::engine::Encrypting::default(),
    }
}

/// A task, and what is needed to act as the account that made it.
async fn find(admin: &Admin, text: &str) -> Result<(Cx, SyncTask), Problem> {
    let id = SyncTaskId::parse(text);
    let all = admin.engine.every_sync_task().await?;
    let found = all.into_iter().find(|task| Some(task.id) == id);
    let task = found.ok_or_else(|| {
        Problem::not_found(format!("there is no sync task {text}"))
            .hint("`cohong sync ls` lists them, `cohong sync create` makes one")
    })?;
    Ok((maker(admin, &task), task))
}

/// As the account that made a task.
fn maker(admin: &Admin, task: &SyncTask) -> Cx {
    let (account, key) = (task.account.clone(), task.writer_key.clone());
    cx(admin, Principal::Account { account, key })
}

async fn list(State(admin): State<Arc<Admin>>) -> Answer {
    let mut lines = Vec::new();
    for task in admin.engine.every_sync_task().await? {
        let cx = maker(&admin, &task);
        lines.push(summary(&admin, &cx, &task, None).await?);
    }
    Ok(Json(lines.into()))
}

#[derive(Deserialize)]
struct Since {
    /// Count outcomes of so many seconds only.
    seconds: Option<u64>,
}

async fn show(
    State(admin): State<Arc<Admin>>,
    Path(task): Path<String>,
    Asked(since): Asked<Since>,
) -> Answer {
    let (cx, task) = find(&admin, &task).await?;
    let within = since.seconds.map(Duration::from_secs);
    let mut shown = summary(&admin, &cx, &task, within).await?;
    let failures = admin.engine.failures_of_sync(task.id).await?;
    shown["failures"] = failures.iter().map(shown::failure).collect();
    Ok(Json(shown))
}

/// A task with what it did since it was started, or within a shorter time.
async fn summary(
    admin: &Admin,
    cx: &Cx,
    task: &SyncTask,
    within: Option<Duration>,
) -> Result<Value, Problem> {
    let engine = &admin.engine;
    // First: when nothing waits, every outcome is counted.
    let waiting = engine.sync_backlog(cx, task.id).await?;
    let back = within.unwrap_or(COUNTED_MAX).min(COUNTED_MAX);
    let back = u64::try_from(back.as_millis()).unwrap_or(u64::MAX);
    let from = Timestamp::from_millis(cx.at.millis().saturating_sub(back));
    let from = from.max(task.started_at);
    let spans = engine.sync_counts(
        cx,
        task.id,
        (from, cx.at),
        SyncSpan::FiveMinutes,
        usize::MAX,
    );
    let counts = spans.await?.into_iter().map(|(_, counts)| counts);
    let counts = counts.fold(SyncCounts::default(), SyncCounts::plus);
    Ok(shown::task(task, waiting, counts))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    keys: Vec<String>,
}

/// Names keys: all of them are taken, or none.
async fn push(
    State(admin): State<Arc<Admin>>,
    Path(task): Path<String>,
    Input(order): Input<Push>,
) -> Answer {
    let (cx, task) = find(&admin, &task).await?;
    let keys = order.keys.iter().map(|key| object_key(key));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let accepted = keys.len();
    admin.engine.accept_sync(&cx, task.id, keys).await?;
    Ok(Json(json!({ "accepted": accepted })))
}

async fn start(
    State(admin): State<Arc<Admin>>,
    Path(task): Path<String>,
    Input(with): Input<With>,
) -> Answer {
    let (cx, task) = find(&admin, &task).await?;
    let (_, keys) = keys(&admin, with, &task.settings.source).await?;
    admin.engine.start_sync_task(&cx, task.id, keys).await?;
    Ok(Json(
        json!({ "task": task.id.to_string(), "state": "running" }),
    ))
}

async fn stop(State(admin): State<Arc<Admin>>, Path(task): Path<String>) -> Answer {
    let (cx, task) = find(&admin, &task).await?;
    admin.engine.stop_sync_task(&cx, task.id).await?;
    Ok(Json(
        json!({ "task": task.id.to_string(), "state": "stopped" }),
    ))
}

async fn remove(State(admin): State<Arc<Admin>>, Path(task): Path<String>) -> Answer {
    let (cx, task) = find(&admin, &task).await?;
    admin.engine.delete_sync_task(&cx, task.id).await?;
    Ok(Json(json!({ "removed": task.id.to_string() })))
}
