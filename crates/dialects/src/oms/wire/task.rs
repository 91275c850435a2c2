//! Sync tasks: what makes one, and how one is shown (sheet sections 4.2 to 4.5).

use cohong_core::engine::Secret;
use cohong_core::model::{BucketName, Overwrite, SyncCounts, SyncSettings, SyncSource, SyncTask};
use cohong_core::ports::SourceCredentials;
use serde::Serialize;

use super::fields::Fields;
use super::place::{cloud, credentials};
use crate::oms::error::OmsError;
use crate::oms::limits::{
    BUCKET_CHARS_MAX, DESCRIPTION_CHARS_MAX, KMS_ID_CHARS_MAX, SHORT_CHARS_MAX, TEXT_CHARS_MAX,
};
use crate::oms::words::{self, CHECKS, CLASSES};

/// Labels of a task: what is given back and means nothing here.
const DST_REGION: &str = "dst_region";
const APP_ID: &str = "app_id";
const CHECK: &str = "consistency_check";

/// Characters that no description holds.
const NOT_DESCRIBED: &[char] = &['<', '>', '(', ')', '"', '\'', '&'];

/// What a task reads and writes with, as a request brings it.
pub(crate) struct Brought {
    /// Credentials for the source.
    pub(crate) source: SourceCredentials,
    /// The access key to write with.
    pub(crate) dst_ak: String,
    /// Its secret.
    pub(crate) dst_sk: Secret,
}

impl Brought {
    /// Reads the four keys. Keys that are themselves encrypted cannot be read without the vendor's service.
    pub(crate) fn read(fields: &Fields) -> Result<Self, OmsError> {
        for side in ["src", "dst"] {
            let name = format!("{side}_crypto_type");
            match fields.text(&name, TEXT_CHARS_MAX)? {
                None | Some("DEFAULT") => {}
                Some("KMS") => {
                    let why = "keys encrypted with KMS cannot be read here; send them as they are";
                    return Err(OmsError::value(format!("{name}: {why}")));
                }
                Some(_) => return Err(OmsError::value(format!("{name} is DEFAULT or KMS"))),
            }
            fields.text(&format!("{side}_kms_key_id"), KMS_ID_CHARS_MAX)?;
        }
        Ok(Self {
            source: credentials(fields, "src_ak", "src_sk")?,
            dst_ak: fields.needed("dst_ak", SHORT_CHARS_MAX)?.to_owned(),
            dst_sk: Secret::new(fields.needed("dst_sk", SHORT_CHARS_MAX)?),
        })
    }
}

/// Reads the settings of a new task.
pub(crate) fn settings(fields: &Fields) -> Result<SyncSettings, OmsError> {
    let cloud = cloud(fields, "src_cloud_type", "Aliyun")?;
    let app_id = fields.text(APP_ID, TEXT_CHARS_MAX)?;
    if cloud == "Tencent" && app_id.is_none_or(str::is_empty) {
        return Err(OmsError::missing(APP_ID));
    }
    let region = fields.needed("src_region", SHORT_CHARS_MAX)?;
    let from = fields.needed("src_bucket", BUCKET_CHARS_MAX)?;
    // The vendor's console takes a path as well (sheet section 4.2).
    let (bucket, prefix) = from.split_once('/').unwrap_or((from, ""));
    if bucket.is_empty() {
        return Err(OmsError::value("src_bucket is empty"));
    }
    let dst_region = fields.needed(DST_REGION, SHORT_CHARS_MAX)?;
    let (_, class) = fields.word("dst_storage_policy", &CLASSES, "STANDARD")?;
    let (check_word, check) = fields.word(CHECK, &CHECKS, "size_last_modified")?;
    refuse_what_is_not_served(fields)?;
    let label = |name: &str, value: &str| (name.into(), value.into());
    let mut labels = vec![label(DST_REGION, dst_region), label(CHECK, check_word)];
    labels.extend(app_id.map(|id| label(APP_ID, id)));
    Ok(SyncSettings {
        source: SyncSource {
            cloud: cloud.into(),
            region: region.into(),
            bucket: bucket.into(),
            prefix: prefix.into(),
        },
        bucket: destination(fields)?,
        description: description(fields)?.into(),
        metadata: fields.flag("enable_metadata_migration")?,
        restore: fields.flag("enable_restore")?,
        class,
        overwrite: Overwrite::NewerOrOtherSize,
        check,
        deletes: false,
        lists: true,
        bandwidth: Vec::new(),
        labels,
    })
}

fn destination(fields: &Fields) -> Result<BucketName, OmsError> {
    let name = fields.needed("dst_bucket", BUCKET_CHARS_MAX)?;
    BucketName::new(name)
        .map_err(|_| OmsError::bad("OMS.1020", "dst_bucket cannot be a bucket of this server"))
}

fn description(fields: &Fields) -> Result<&str, OmsError> {
    let text = fields.text("description", DESCRIPTION_CHARS_MAX)?;
    let text = text.unwrap_or_default();
    if text.contains(NOT_DESCRIBED) {
        let message = "description has none of < > ( ) \" ' &";
        return Err(OmsError::bad("OMS.0078", message));
    }
    Ok(text)
}

/// What a task cannot do here is not promised. Older SDKs always say that nothing is to be encrypted.
fn refuse_what_is_not_served(fields: &Fields) -> Result<(), OmsError> {
    if fields.flag("enable_kms")? {
        let message = "enable_kms: copies are not encrypted here; leave it out";
        return Err(OmsError::value(message));
    }
    if fields.get("source_cdn").is_some() {
        let message = "source_cdn: objects are read from their bucket only; leave it out";
        return Err(OmsError::value(message));
    }
    Ok(())
}

/// A task as it is listed. Clients rely on every member (sheet section 4.3).
#[derive(Serialize)]
pub(crate) struct TaskInfo<'a> {
    sync_task_id: String,
    src_cloud_type: &'a str,
    src_region: &'a str,
    src_bucket: String,
    create_time: u64,
    last_start_time: u64,
    dst_bucket: &'a str,
    dst_region: &'a str,
    description: &'a str,
    status: &'static str,
    enable_kms: bool,
    enable_metadata_migration: bool,
    enable_restore: bool,
    app_id: Option<&'a str>,
    object_overwrite_mode: &'static str,
    dst_storage_policy: &'static str,
    consistency_check: &'a str,
}

impl<'a> TaskInfo<'a> {
    pub(crate) fn new(task: &'a SyncTask) -> Self {
        let settings = &task.settings;
        let label = |name: &str| {
            let found = settings.labels.iter().find(|(known, _)| &**known == name);
            found.map(|(_, value)| &**value)
        };
        let source = &settings.source;
        let of_check = CHECKS.iter().find(|(_, check)| *check == settings.check);
        Self {
            sync_task_id: task.id.to_string(),
            src_cloud_type: &source.cloud,
            src_region: &source.region,
            src_bucket: match &*source.prefix {
                "" => source.bucket.to_string(),
                prefix => format!("{}/{prefix}", source.bucket),
            },
            create_time: task.created_at.millis(),
            last_start_time: task.started_at.millis(),
            dst_bucket: settings.bucket.as_str(),
            dst_region: label(DST_REGION).unwrap_or_default(),
            description: &settings.description,
            status: words::state(task.state),
            enable_kms: false,
            enable_metadata_migration: settings.metadata,
            enable_restore: settings.restore,
            app_id: label(APP_ID),
            object_overwrite_mode: words::overwrite(settings.overwrite),
            dst_storage_policy: words::class(settings.class),
            // A task of another dialect has no such label.
            consistency_check: label(CHECK)
                .or(of_check.map(|(word, _)| *word))
                .unwrap_or_default(),
        }
    }
}

/// A task with what it did in a month.
#[derive(Serialize)]
pub(crate) struct ShownTask<'a> {
    #[serde(flatten)]
    info: TaskInfo<'a>,
    monthly_acceptance_request: u64,
    monthly_success_object: u64,
    monthly_failure_object: u64,
    monthly_skip_object: u64,
    monthly_size: u64,
}

impl<'a> ShownTask<'a> {
    pub(crate) fn new(task: &'a SyncTask, month: SyncCounts) -> Self {
        Self {
            info: TaskInfo::new(task),
            monthly_acceptance_request: month.requests,
            monthly_success_object: month.success,
            monthly_failure_object: month.failure,
            monthly_skip_object: month.skip,
            monthly_size: month.bytes,
        }
    }
}

/// A page of tasks.
#[derive(Serialize)]
pub(crate) struct TaskList<'a> {
    /// Those on the page.
    pub(crate) tasks: Vec<TaskInfo<'a>>,
    /// How many there are on all pages.
    pub(crate) count: usize,
}

/// A task just made.
#[derive(Serialize)]
pub(crate) struct Created {
    /// Its id.
    pub(crate) sync_task_id: String,
}
