//! Migration tasks: what makes one, and how one is shown (sheet section 6.1).

use cohong_core::engine::{Secret, SyncChange};
use cohong_core::model::{
    ObjectKey, ScanFaultKind, SyncPick, SyncProgress, SyncScope, SyncSettings, SyncState, SyncTask,
    SyncTaskId, Timestamp,
};
use serde::Serialize;
use serde_json::Value;

use super::bandwidth::{self, Span};
use super::fields::Fields;
use super::place::source;
use super::task::{
    APP_ID, Brought, CHECK, DST_REGION, consistency, description, destination, label, labelled,
    refuse_what_is_not_served,
};
use crate::oms::error::OmsError;
use crate::oms::limits::{BUCKET_CHARS_MAX, SECURITY_TOKEN_CHARS_MAX, SHORT_CHARS_MAX};
use crate::oms::words::{self, CHECKS, CLASSES, OVERWRITES, PRIORITIES, TASK_TYPES};

/// Labels of a task, beside those of sync tasks.
const TYPE: &str = "task_type";
const PRIORITY: &str = "task_priority";

/// Characters that no description holds.
const NOT_DESCRIBED: &[char] = &['^', '<', '>', '&', '"', '\''];

/// Last second that a moment may lie in: the end of the year 9999.
const SECOND_MAX: u64 = 253_402_300_799;

/// Reads what makes a task, and what it is to work with.
pub(crate) fn read(fields: &Fields) -> Result<(SyncSettings, Brought), OmsError> {
    let (from, to) = (fields.inner("src_node")?, fields.inner("dst_node")?);
    refuse_what_is_not_served(fields)?;
    refuse_what_tasks_cannot(fields)?;
    let brought = Brought::of_nodes(&from, &to)?;
    let (word, by_prefix) = fields.word(TYPE, &TASK_TYPES, "object")?;
    let by_prefix = by_prefix.ok_or_else(|| {
        let message = format!("{TYPE} of {word}: objects are named in object_key here");
        OmsError::value(message)
    })?;
    let scope = SyncScope::Found(picks(&from, by_prefix)?);
    let dst_region = to.needed("region", SHORT_CHARS_MAX)?;
    let (check_word, check) = fields.word(CHECK, &CHECKS, "size_last_modified")?;
    let (priority, ()) = priority(fields)?.unwrap_or(PRIORITIES[1]);
    let mut labels = vec![
        label(DST_REGION, dst_region),
        label(CHECK, check_word),
        label(TYPE, word),
        label(PRIORITY, priority),
    ];
    let source = source(&from, ["cloud_type", "region", "bucket"])?;
    if !source.prefix.is_empty() {
        return Err(OmsError::value(
            "bucket has no path; object_key names prefixes",
        ));
    }
    labels.extend(
        from.text(APP_ID, SHORT_CHARS_MAX)?
            .map(|id| label(APP_ID, id)),
    );
    let since = fields.number("migrate_since", &(0..=SECOND_MAX))?;
    let settings = SyncSettings {
        source,
        out: false,
        scope,
        since: since.map(|seconds| Timestamp::from_millis(seconds * 1000)),
        bucket: destination(&to, "bucket")?,
        into: to
            .text("save_prefix", BUCKET_CHARS_MAX)?
            .unwrap_or("")
            .into(),
        description: description(fields, NOT_DESCRIBED)?.into(),
        metadata: fields.flag("enable_metadata_migration")?,
        restore: fields.flag("enable_restore")?,
        class: fields.word("dst_storage_policy", &CLASSES, "STANDARD")?.1,
        overwrite: fields
            .word("object_overwrite_mode", &OVERWRITES, OVERWRITES[1].0)?
            .1,
        check,
        deletes: false,
        lists: fields.flag_or("enable_failed_object_recording", true)?,
        bandwidth: bandwidth::read(fields)?.unwrap_or_default(),
        labels,
    };
    Ok((settings, brought))
}

/// Reads what starts a task: what it is to work with, and whether only what failed is brought.
pub(crate) fn start(fields: &Fields) -> Result<(Brought, bool), OmsError> {
    let mut brought = Brought::read(fields)?;
    let token = fields.text("src_security_token", SECURITY_TOKEN_CHARS_MAX)?;
    brought.source.token = token.map(Secret::new);
    refuse_token(fields, "dst_security_token")?;
    Ok((brought, fields.flag("migrate_failed_object")?))
}

/// Reads which tasks are changed, and how.
pub(crate) fn batch(fields: &Fields) -> Result<(Vec<SyncTaskId>, SyncChange), OmsError> {
    let ids = fields.list("ids")?;
    let group = fields.text("group_id", BUCKET_CHARS_MAX)?;
    let ids = match (ids, group) {
        (Some(ids), None) => ids,
        (None, Some(_)) => return Err(OmsError::bad("OMS.1009", "there is no such task group")),
        _ => return Err(OmsError::value("either group_id or ids is given")),
    };
    let id = |id: &Value| id.as_u64().map(SyncTaskId::of_number);
    let ids: Option<Vec<SyncTaskId>> = ids.iter().map(id).collect();
    let ids = ids.ok_or_else(|| OmsError::wrong_type("ids", "an array of whole numbers"))?;
    let labels = priority(fields)?.map(|(word, ())| label(PRIORITY, word));
    let change = SyncChange {
        bandwidth: bandwidth::needed(fields)?,
        labels: labels.into_iter().collect(),
    };
    Ok((ids, change))
}

fn priority(fields: &Fields) -> Result<Option<(&'static str, ())>, OmsError> {
    let given = fields.get(PRIORITY).is_some();
    let word = fields.word(PRIORITY, &PRIORITIES, PRIORITIES[1].0)?;
    Ok(given.then_some(word))
}

/// The objects that are named: folders end in a slash, and the empty name is the whole bucket.
fn picks(node: &Fields, by_prefix: bool) -> Result<Vec<SyncPick>, OmsError> {
    const NAME: &str = "object_key";
    let wrong = || OmsError::wrong_type(NAME, "an array of strings");
    let list = node.list(NAME)?.ok_or_else(|| OmsError::missing(NAME))?;
    let pick = |element: &Value| {
        let text = element.as_str().ok_or_else(wrong)?;
        if text.chars().count() > BUCKET_CHARS_MAX {
            return Err(OmsError::value(format!("{NAME}: a name is too long")));
        }
        if by_prefix || text.is_empty() || text.ends_with('/') {
            return Ok(SyncPick::Prefix(text.into()));
        }
        let key = ObjectKey::new(text);
        let key = key.map_err(|invalid| OmsError::value(format!("{NAME}: {}", invalid.0)))?;
        Ok(SyncPick::Key(key))
    };
    list.iter().map(pick).collect()
}

/// What a task cannot do here is not promised.
fn refuse_what_tasks_cannot(fields: &Fields) -> Result<(), OmsError> {
    if fields.get("smn_config").is_some() {
        let message = "smn_config: nobody is told of the end of a task; leave it out";
        return Err(OmsError::value(message));
    }
    if fields.flag("enable_requester_pays")? {
        let message = "enable_requester_pays: sources are not told who pays; leave it out";
        return Err(OmsError::value(message));
    }
    Ok(())
}

/// A key that ends in the middle of a task is none to work with.
pub(super) fn refuse_token(fields: &Fields, name: &str) -> Result<(), OmsError> {
    match fields.text(name, SECURITY_TOKEN_CHARS_MAX)? {
        None | Some("") => Ok(()),
        Some(_) => Err(OmsError::value(format!(
            "{name}: the destination takes keys without a token only"
        ))),
    }
}

/// A task just made.
#[derive(Serialize)]
pub(crate) struct Created {
    pub(crate) id: u64,
    pub(crate) task_name: String,
}

/// A page of tasks.
#[derive(Serialize)]
pub(crate) struct Page<'a> {
    /// Those on the page.
    pub(crate) tasks: Vec<Task<'a>>,
    /// How many there are on all pages.
    pub(crate) count: usize,
}

#[derive(Serialize)]
struct From<'a> {
    cloud_type: &'a str,
    region: &'a str,
    bucket: &'a str,
    app_id: Option<&'a str>,
    object_key: Vec<&'a str>,
}

#[derive(Serialize)]
struct To<'a> {
    bucket: &'a str,
    region: &'a str,
    save_prefix: &'a str,
}

#[derive(Serialize)]
struct Reason {
    error_code: &'static str,
    error_msg: Box<str>,
}

#[derive(Serialize)]
struct FailedRecord {
    result: bool,
    list_file_key: Option<String>,
    error_code: Option<&'static str>,
}

/// A task as it is shown. Times are milliseconds, sizes bytes.
#[derive(Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a member of the vendor's"
)]
pub(crate) struct Task<'a> {
    id: u64,
    name: String,
    task_type: &'a str,
    group_type: &'static str,
    group_id: Option<&'a str>,
    status: u8,
    progress: f64,
    src_node: From<'a>,
    dst_node: To<'a>,
    description: &'a str,
    bandwidth_policy: Vec<Span>,
    start_time: u64,
    total_time: u64,
    left_time: u64,
    migrate_speed: u64,
    migrate_since: u64,
    total_num: u64,
    successful_num: u64,
    failed_num: u64,
    skipped_num: u64,
    total_size: u64,
    complete_size: u64,
    real_size: u64,
    is_query_over: bool,
    enable_kms: bool,
    enable_metadata_migration: bool,
    enable_restore: bool,
    enable_failed_object_recording: bool,
    enable_requester_pays: bool,
    error_reason: Option<Reason>,
    failed_object_record: FailedRecord,
    success_record_error_reason: Option<&'a str>,
    skip_record_error_reason: Option<&'a str>,
    object_overwrite_mode: &'static str,
    dst_storage_policy: &'static str,
    consistency_check: &'a str,
    obs_system: &'static str,
    task_priority: &'a str,
}

impl<'a> Task<'a> {
    /// A task and how far it is; `folder` holds its lists.
    pub(crate) fn new(
        task: &'a SyncTask,
        number: u64,
        progress: &SyncProgress,
        now: Timestamp,
        folder: &str,
    ) -> Self {
        let settings = &task.settings;
        let counts = progress.counts;
        let complete = counts.bytes.saturating_add(progress.skipped_bytes);
        let total = progress.found_bytes.max(complete);
        let worked = task.worked_ms(now);
        let speed = counts.bytes.saturating_mul(1000) / worked.max(1);
        let left = (total - complete).saturating_mul(1000) / speed.max(1);
        let runs = task.state == SyncState::Running;
        let list = format!("{folder}failed_object_lists/");
        let list = Some(list).filter(|_| settings.lists && counts.failure > 0);
        Self {
            id: number,
            name: words::task_name(number),
            task_type: labelled(settings, TYPE).unwrap_or("object"),
            group_type: "NORMAL_TASK",
            group_id: None,
            status: words::status(task.state),
            progress: share(task.state, progress),
            src_node: From::new(settings),
            dst_node: To {
                bucket: settings.bucket.as_str(),
                region: labelled(settings, DST_REGION).unwrap_or_default(),
                save_prefix: &settings.into,
            },
            description: &settings.description,
            bandwidth_policy: settings.bandwidth.iter().map(Span::from).collect(),
            start_time: task.started_at.millis(),
            total_time: worked,
            left_time: if runs && speed > 0 { left } else { 0 },
            migrate_speed: speed,
            migrate_since: settings.since.map_or(0, Timestamp::millis),
            total_num: progress.found,
            successful_num: counts.success,
            failed_num: counts.failure,
            skipped_num: counts.skip,
            total_size: total,
            complete_size: complete,
            real_size: counts.bytes,
            is_query_over: progress.complete,
            enable_kms: false,
            enable_metadata_migration: settings.metadata,
            enable_restore: settings.restore,
            enable_failed_object_recording: settings.lists,
            enable_requester_pays: false,
            error_reason: reason(task.state, progress),
            failed_object_record: FailedRecord {
                result: task.state == SyncState::Failed && counts.failure > 0,
                list_file_key: list,
                error_code: None,
            },
            success_record_error_reason: None,
            skip_record_error_reason: None,
            object_overwrite_mode: words::overwrite(settings.overwrite),
            dst_storage_policy: words::class(settings.class),
            consistency_check: consistency(settings),
            obs_system: "BUCKET",
            task_priority: labelled(settings, PRIORITY).unwrap_or(PRIORITIES[1].0),
        }
    }
}

impl<'a> From<'a> {
    fn new(settings: &'a SyncSettings) -> Self {
        let source = &settings.source;
        let name = |pick: &'a SyncPick| match pick {
            SyncPick::Prefix(prefix) => &**prefix,
            SyncPick::Key(key) => key.as_str(),
        };
        let picks = match &settings.scope {
            SyncScope::Told => &[],
            SyncScope::Found(picks) => &picks[..],
        };
        Self {
            cloud_type: &source.cloud,
            region: &source.region,
            bucket: &source.bucket,
            app_id: labelled(settings, APP_ID),
            object_key: picks.iter().map(name).collect(),
        }
    }
}

/// Which part of the objects is there, in thousandths: of those found so far, and never all while the task runs.
fn share(state: SyncState, progress: &SyncProgress) -> f64 {
    if state == SyncState::Done {
        return 1.0;
    }
    let there = progress.counts.success.saturating_add(progress.counts.skip);
    let parts = there.saturating_mul(1000).checked_div(progress.found);
    let parts = u16::try_from(parts.unwrap_or(0)).unwrap_or(999).min(999);
    f64::from(parts) / 1000.0
}

/// Why a task failed (sheet section 3).
fn reason(state: SyncState, progress: &SyncProgress) -> Option<Reason> {
    if state != SyncState::Failed {
        return None;
    }
    let Some(fault) = &progress.fault else {
        return Some(Reason {
            error_code: "TRF.0004",
            error_msg: "some objects failed; the failed object list says why".into(),
        });
    };
    let error_code = match fault.kind {
        ScanFaultKind::Missing => "TRF.0155",
        ScanFaultKind::Denied => "TRF.0152",
        ScanFaultKind::Other => "TRF.0157",
    };
    Some(Reason {
        error_code,
        error_msg: fault.why.clone(),
    })
}
