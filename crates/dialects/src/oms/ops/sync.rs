//! Sync tasks (sheet sections 4.2 to 4.7).

use cohong_core::ErrorKind;
use cohong_core::engine::{CreateSyncTask, SyncKeys, SyncSpan};
use cohong_core::model::{AccessKeyId, SyncCounts, SyncSettings, SyncTaskId};
use http::StatusCode;

use super::{Answer, Call, done, json, source};
use crate::oms::error::OmsError;
use crate::oms::limits::{OFFSET_MAX, PAGE_DEFAULT, PAGE_MAX};
use crate::oms::wire::fields::Fields;
use crate::oms::wire::month;
use crate::oms::wire::task::{Brought, Created, ShownTask, TaskInfo, TaskList, settings};
use crate::oms::{Oms, auth, words};

/// `CreateSyncTask`.
pub(super) async fn create(call: Call, oms: &Oms) -> Answer {
    let fields = Fields::read(&call.body)?;
    let brought = Brought::read(&fields)?;
    let settings = settings(&fields)?;
    let keys = keys(brought, oms).await?;
    let id = make(&call, oms, settings, keys).await?;
    let created = Created {
        sync_task_id: id.to_string(),
    };
    Ok(json(StatusCode::OK, &created))
}

/// Makes a task of any kind, once its source has been looked into.
pub(super) async fn make(
    call: &Call,
    oms: &Oms,
    settings: SyncSettings,
    keys: SyncKeys,
) -> Result<SyncTaskId, OmsError> {
    source::probe(&settings.source, &keys.source, oms).await?;
    let request = CreateSyncTask { settings, keys };
    let made = oms.engine.create_sync_task(&call.cx, request).await;
    made.map_err(|error| match error.kind() {
        ErrorKind::NoSuchBucket => said(&error, "OMS.1020"),
        _ => error.into(),
    })
}

/// `ListSyncTasks`: newest first.
pub(super) async fn list(call: Call, oms: &Oms) -> Answer {
    let number = |name, range| call.query.number(name, &range);
    let limit = number("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE_DEFAULT);
    let offset = number("offset", 0..=OFFSET_MAX)?.unwrap_or(0);
    let status = call.query.text("status")?.filter(|text| !text.is_empty());
    if status.is_some_and(|status| !["SYNCHRONIZING", "STOPPED"].contains(&status)) {
        return Err(OmsError::value("status is SYNCHRONIZING or STOPPED"));
    }
    let mut tasks = oms.engine.sync_tasks(&call.cx).await?;
    tasks.retain(|task| {
        let status = status.is_none_or(|status| words::state(task.state) == status);
        // The vendor has no tasks that bring objects elsewhere.
        status && task.id.number().is_none() && !task.settings.out
    });
    let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let page = tasks.iter().skip(at(offset)).take(at(limit));
    let shown = TaskList {
        tasks: page.map(TaskInfo::new).collect(),
        count: tasks.len(),
    };
    Ok(json(StatusCode::OK, &shown))
}

/// `ShowSyncTask`, with what it did in the month of `query_time`.
pub(super) async fn show(call: Call, oms: &Oms) -> Answer {
    let moment = call.query.needed_moment("query_time")?;
    let month = month::around(moment);
    let month = month.ok_or_else(|| OmsError::value("query_time is in no month"))?;
    let id = task(&call)?;
    let task = oms.engine.sync_task(&call.cx, id).await?;
    let hours = oms
        .engine
        .sync_counts(&call.cx, id, month, SyncSpan::Hour, usize::MAX)
        .await?;
    let counts = hours.into_iter().map(|(_, counts)| counts);
    let sum = counts.fold(SyncCounts::default(), SyncCounts::plus);
    Ok(json(StatusCode::OK, &ShownTask::new(&task, sum)))
}

/// `StartSyncTask`, with keys brought anew.
pub(super) async fn start(call: Call, oms: &Oms) -> Answer {
    let brought = Brought::read(&Fields::read(&call.body)?)?;
    let id = task(&call)?;
    let keys = keys(brought, oms).await?;
    let started = oms.engine.start_sync_task(&call.cx, id, keys).await;
    started.map_err(in_state("OMS.0065"))?;
    Ok(done())
}

/// `StopSyncTask`.
pub(super) async fn stop(call: Call, oms: &Oms) -> Answer {
    let stopped = oms.engine.stop_sync_task(&call.cx, task(&call)?).await;
    stopped.map_err(in_state("OMS.0066"))?;
    Ok(done())
}

/// `DeleteSyncTask`.
pub(super) async fn delete(call: Call, oms: &Oms) -> Answer {
    let deleted = oms.engine.delete_sync_task(&call.cx, task(&call)?).await;
    deleted.map_err(in_state("OMS.0063"))?;
    Ok(done())
}

/// The task in the path. An id that cannot be one names no task.
pub(super) fn task(call: &Call) -> Result<SyncTaskId, OmsError> {
    let id = SyncTaskId::parse(&call.id).filter(|id| id.number().is_none());
    id.ok_or_else(OmsError::no_such_task)
}

/// Says what the state of a task forbids with the code of the operation (sheet section 3).
pub(super) fn in_state(code: &'static str) -> impl Fn(cohong_core::Error) -> OmsError {
    move |error| match error.kind() {
        ErrorKind::TaskState => said(&error, code),
        _ => error.into(),
    }
}

/// 400 with a code for what the engine says.
pub(super) fn said(error: &cohong_core::Error, code: &'static str) -> OmsError {
    OmsError::bad(code, error.message().to_owned())
}

/// What a task is to work with. The keys of the destination are of this server and have to be good.
pub(super) async fn keys(brought: Brought, oms: &Oms) -> Result<SyncKeys, OmsError> {
    let Brought {
        source,
        dst_ak,
        dst_sk,
    } = brought;
    let writer = auth::account_of(&oms.engine, &oms.rules, &dst_ak, dst_sk.expose()).await;
    let writer = writer.map_err(|error| match error.status {
        StatusCode::UNAUTHORIZED => OmsError::bad(
            "OMS.1020",
            "dst_ak and dst_sk are no access key of this server",
        ),
        _ => error,
    })?;
    Ok(SyncKeys {
        writer,
        writer_key: AccessKeyId(dst_ak.into()),
        source,
    })
}
