//! Migration tasks (sheet section 6). The vendor answers 400 for one that is not there.

use cohong_core::engine::SyncChange;
use cohong_core::model::{SyncState, SyncTask, SyncTaskId};
use cohong_core::ports::OutcomeFormat;
use cohong_core::{Error, ErrorKind};
use http::StatusCode;

use super::sync::{keys, make, said};
use super::{Answer, Call, done, json};
use crate::oms::error::OmsError;
use crate::oms::limits::{PAGE_DEFAULT, PAGE_MAX, TASK_DIGITS_MAX};
use crate::oms::wire::fields::Fields;
use crate::oms::wire::migration::{self, Created, Page, Task};
use crate::oms::wire::{bandwidth, lists::OmsLists};
use crate::oms::{Oms, words};

/// `CreateTask`: it runs from now on.
pub(super) async fn create(call: Call, oms: &Oms) -> Answer {
    let fields = Fields::read(&call.body)?;
    let (settings, brought) = migration::read(&fields)?;
    let source = &settings.source;
    if source.is_here() && *source.bucket == *settings.bucket.as_str() {
        let message = "source and destination are one bucket; name another one";
        return Err(OmsError::value(message));
    }
    let keys = keys(brought, oms).await?;
    let id = make(&call, oms, settings, keys).await?;
    let id = id.number().unwrap_or_default();
    let task_name = words::task_name(id);
    Ok(json(StatusCode::OK, &Created { id, task_name }))
}

/// `ListTasks`: newest first. No task belongs to a group.
pub(super) async fn list(call: Call, oms: &Oms) -> Answer {
    let number = |name, range| call.query.number(name, &range);
    let limit = number("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE_DEFAULT);
    let offset = number("offset", 0..=u64::MAX)?.unwrap_or(0);
    let status = number("status", 1..=7)?;
    let name = call.query.text("task_name")?.unwrap_or_default();
    let group = call.query.text("group_id")?.unwrap_or_default();
    let mut tasks = oms.engine.sync_tasks(&call.cx).await?;
    tasks.retain(|task| {
        let Some(id) = task.id.number().filter(|_| group.is_empty()) else {
            return false;
        };
        let status = status.is_none_or(|status| u64::from(words::status(task.state)) == status);
        status && words::task_name(id).contains(name)
    });
    let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let count = tasks.len();
    let mut page = Page {
        tasks: Vec::new(),
        count,
    };
    for task in tasks.iter().skip(at(offset)).take(at(limit)) {
        page.tasks.push(shown(task, &call, oms).await?);
    }
    Ok(json(StatusCode::OK, &page))
}

/// `ShowTask`.
pub(super) async fn show(call: Call, oms: &Oms) -> Answer {
    let task = found(&call, oms).await?;
    Ok(json(StatusCode::OK, &shown(&task, &call, oms).await?))
}

/// `StartTask`: a stopped task goes on; one that failed begins anew, or with what failed.
pub(super) async fn start(call: Call, oms: &Oms) -> Answer {
    let (brought, only_failed) = migration::start(&Fields::read(&call.body)?)?;
    let task = found(&call, oms).await?;
    let keys = keys(brought, oms).await?;
    let (cx, id) = (&call.cx, task.id);
    let started = match task.state {
        SyncState::Failed => {
            oms.engine
                .restart_sync_task(cx, id, keys, only_failed)
                .await
        }
        _ => oms.engine.start_sync_task(cx, id, keys).await,
    };
    started.map_err(told(&task, "OMS.0065"))?;
    Ok(done())
}

/// `StopTask`.
pub(super) async fn stop(call: Call, oms: &Oms) -> Answer {
    let task = found(&call, oms).await?;
    let stopped = oms.engine.stop_sync_task(&call.cx, task.id).await;
    stopped.map_err(told(&task, "OMS.0066"))?;
    Ok(done())
}

/// `DeleteTask`.
pub(super) async fn delete(call: Call, oms: &Oms) -> Answer {
    let task = found(&call, oms).await?;
    let deleted = oms.engine.delete_sync_task(&call.cx, task.id).await;
    deleted.map_err(told(&task, "OMS.0063"))?;
    Ok(done())
}

/// `UpdateBandwidthPolicy`.
pub(super) async fn limit(call: Call, oms: &Oms) -> Answer {
    let change = SyncChange {
        bandwidth: bandwidth::needed(&Fields::read(&call.body)?)?,
        labels: Vec::new(),
    };
    let ids = [task(&call)?];
    change_all(&call, oms, &ids, &change).await
}

/// `BatchUpdateTasks`: all of them, or none.
pub(super) async fn batch(call: Call, oms: &Oms) -> Answer {
    let (ids, change) = migration::batch(&Fields::read(&call.body)?)?;
    change_all(&call, oms, &ids, &change).await
}

async fn change_all(call: &Call, oms: &Oms, ids: &[SyncTaskId], change: &SyncChange) -> Answer {
    let changed = oms.engine.change_sync_tasks(&call.cx, ids, change).await;
    changed.map_err(|error| match error.kind() {
        ErrorKind::TaskState => said(&error, "OMS.0086"),
        _ => absent(error),
    })?;
    Ok(done())
}

async fn shown<'a>(task: &'a SyncTask, call: &Call, oms: &Oms) -> Result<Task<'a>, OmsError> {
    let progress = oms.engine.sync_progress(&call.cx, task.id).await;
    let progress = progress.map_err(absent)?;
    let number = task.id.number().unwrap_or_default();
    let folder = OmsLists.folder(task.id);
    Ok(Task::new(task, number, &progress, call.cx.at, &folder))
}

/// The task in the path.
async fn found(call: &Call, oms: &Oms) -> Result<SyncTask, OmsError> {
    let found = oms.engine.sync_task(&call.cx, task(call)?).await;
    found.map_err(absent)
}

/// The id in the path: a number.
fn task(call: &Call) -> Result<SyncTaskId, OmsError> {
    let digits = &*call.id;
    let fits = (1..=TASK_DIGITS_MAX).contains(&digits.len());
    let number = digits.parse().ok();
    let number = number.filter(|_| fits && digits.bytes().all(|b| b.is_ascii_digit()));
    let number = number.ok_or_else(|| {
        OmsError::bad(
            "OMS.0054",
            "task_id is a number of at most 15 decimal digits",
        )
    })?;
    Ok(SyncTaskId::of_number(number))
}

/// What the state of a task forbids, with the code of the operation; a finished task has one of its own.
fn told(task: &SyncTask, code: &'static str) -> impl Fn(Error) -> OmsError {
    let ended = matches!(task.state, SyncState::Done | SyncState::Failed);
    move |error| match error.kind() {
        ErrorKind::TaskState if ended => said(&error, "OMS.0070"),
        ErrorKind::TaskState => said(&error, code),
        _ => absent(error),
    }
}

fn absent(error: Error) -> OmsError {
    match error.kind() {
        ErrorKind::NoSuchTask => said(&error, "OMS.1009"),
        _ => error.into(),
    }
}
