//! How sync tasks look in answers.

use cohong_core::model::{
    DialectId, Overwrite, SyncCounts, SyncOutcome, SyncScope, SyncSettings, SyncSource, SyncStage,
    SyncState, SyncTask,
};
use cohong_core::ports::OutcomeFormat;
use cohong_core::records::SyncLine;
use cohong_dialects::oms::OmsLists;
use serde_json::{Value, json};

use crate::serve::admin::answer::instant;
use crate::serve::sources::HERE;

/// The words for overwriting.
pub(super) const OVERWRITES: [(&str, Overwrite); 4] = [
    ("newer", Overwrite::NewerOrOtherSize),
    ("other-crc64", Overwrite::OtherCrc64),
    ("always", Overwrite::Always),
    ("never", Overwrite::Never),
];

pub(super) fn task(task: &SyncTask, waiting: u64, counts: SyncCounts) -> Value {
    let settings = &task.settings;
    let overwrite = OVERWRITES
        .iter()
        .find(|(_, known)| *known == settings.overwrite);
    json!({
        "task": task.id.to_string(),
        "state": state(task.state),
        "account": task.account.0,
        "key": task.writer_key.0,
        "from": from(task),
        "to": to(task),
        "finds": matches!(settings.scope, SyncScope::Found(_)),
        "description": settings.description,
        "overwrite": overwrite.map(|(word, _)| *word),
        "deletes": settings.deletes,
        "restore": settings.restore,
        "lists": lists(task),
        "created_at": instant(task.created_at),
        "started_at": instant(task.started_at),
        "waiting": waiting,
        "requests": counts.requests,
        "success": counts.success,
        "failure": counts.failure,
        "skip": counts.skip,
        "bytes": counts.bytes,
    })
}

fn state(state: SyncState) -> &'static str {
    match state {
        SyncState::Running => "running",
        SyncState::Stopped => "stopped",
        SyncState::Done => "done",
        SyncState::Failed => "failed",
    }
}

/// Where the objects of a task come from.
pub(in crate::serve::admin) fn from(task: &SyncTask) -> String {
    let SyncSettings { source, out, .. } = &task.settings;
    let place = if *out { here(task) } else { there(source) };
    if source.prefix.is_empty() {
        place
    } else {
        format!("{place}/{}", source.prefix)
    }
}

/// Where they go.
pub(in crate::serve::admin) fn to(task: &SyncTask) -> String {
    let SyncSettings { source, out, .. } = &task.settings;
    if *out { there(source) } else { here(task) }
}

/// The side that is this server.
fn here(task: &SyncTask) -> String {
    format!("{HERE}/{}", task.settings.bucket)
}

/// The other side: kind and region, or this server as well, and bucket.
fn there(source: &SyncSource) -> String {
    let (cloud, region, bucket) = (&source.cloud, &source.region, &source.bucket);
    if &**region == HERE {
        format!("{HERE}/{bucket}")
    } else {
        format!("{cloud}:{region}/{bucket}")
    }
}

/// Where the lists of a task are, when it has any.
fn lists(task: &SyncTask) -> Option<String> {
    let has_some = task.settings.lists && task.via == DialectId::Oms;
    has_some.then(|| format!("{}/{}", task.settings.bucket, OmsLists.folder(task.id)))
}

/// A key that failed.
pub(in crate::serve::admin) fn failure(line: &SyncLine) -> Value {
    let SyncOutcome::Failure { stage, why } = &line.outcome else {
        return Value::Null;
    };
    json!({
        "key": line.key.as_str(),
        "time": instant(line.at),
        "stage": word(*stage),
        "why": why,
    })
}

fn word(stage: SyncStage) -> &'static str {
    match stage {
        SyncStage::StatSource => "looking at the source",
        SyncStage::StatDestination => "looking at the destination",
        SyncStage::Read => "reading the source",
        SyncStage::Write => "writing the destination",
    }
}
