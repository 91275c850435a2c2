//! Sync tasks: what makes one, and how one is shown (sheet sections 4.2 to 4.5).

use cohong_core::engine::Secret;
use cohong_core::model::{BucketName, Overwrite, SyncCounts, SyncScope, SyncSettings, SyncTask};
use cohong_core::ports::SourceCredentials;
use serde::Serialize;

use super::fields::Fields;
use super::migration::refuse_token;
use super::place::{credentials, source};
use crate::oms::error::OmsError;
use crate::oms::limits::{
    BUCKET_CHARS_MAX, DESCRIPTION_CHARS_MAX, KMS_ID_CHARS_MAX, SECURITY_TOKEN_CHARS_MAX,
    SHORT_CHARS_MAX, TEXT_CHARS_MAX,
};
use crate::oms::words::{self, CHECKS, CLASSES};

/// Labels of a task: what is given back and means nothing here.
pub(super) const DST_REGION: &str = "dst_region";
pub(super) const APP_ID: &str = "app_id";
pub(super) const CHECK: &str = "consistency_check";

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
        refuse_encrypted(fields, "src_")?;
        refuse_encrypted(fields, "dst_")?;
        Ok(Self {
            source: credentials(fields, "src_ak", "src_sk")?,
            dst_ak: fields.needed("dst_ak", SHORT_CHARS_MAX)?.to_owned(),
            dst_sk: Secret::new(fields.needed("dst_sk", SHORT_CHARS_MAX)?),
        })
    }

    /// Reads them where each side is an object of its own.
    pub(crate) fn of_nodes(from: &Fields, to: &Fields) -> Result<Self, OmsError> {
        refuse_encrypted(from, "")?;
        refuse_encrypted(to, "")?;
        refuse_token(to, "security_token")?;
        let token = from.text("security_token", SECURITY_TOKEN_CHARS_MAX)?;
        Ok(Self {
            source: SourceCredentials {
                token: token.map(Secret::new),
                ..credentials(from, "ak", "sk")?
            },
            dst_ak: to.needed("ak", SHORT_CHARS_MAX)?.to_owned(),
            dst_sk: Secret::new(to.needed("sk", SHORT_CHARS_MAX)?),
        })
    }
}

/// Keys that are encrypted themselves cannot be read.
fn refuse_encrypted(fields: &Fields, side: &str) -> Result<(), OmsError> {
    let name = format!("{side}crypto_type");
    match fields.text(&name, TEXT_CHARS_MAX)? {
        None | Some("DEFAULT") => {}
        Some("KMS") => {
            let why = "keys encrypted with KMS cannot be read here; send them as they are";
            return Err(OmsError::value(format!("{name}: {why}")));
        }
        Some(_) => return Err(OmsError::value(format!("{name} is DEFAULT or KMS"))),
    }
    fields.text(&format!("{side}kms_key_id"), KMS_ID_CHARS_MAX)?;
    Ok(())
}

/// A label of a task.
pub(crate) fn label(name: &str, value: &str) -> (Box<str>, Box<str>) {
    (name.into(), value.into())
}

/// The value of a label.
pub(crate) fn labelled<'a>(settings: &'a SyncSettings, name: &str) -> Option<&'a str> {
    let found = settings.labels.iter().find(|(known, _)| &**known == name);
    found.map(|(_, value)| &**value)
}

/// What is compared, as it was said.
pub(crate) fn consistency(settings: &SyncSettings) -> &str {
    let of_check = CHECKS.iter().find(|(_, check)| *check == settings.check);
    // A task of another dialect has no such label.
    labelled(settings, CHECK)
        .or(of_check.map(|(word, _)| *word))
        .unwrap_or_default()
}

/// Reads the settings of a new task.
pub(crate) fn settings(fields: &Fields) -> Result<SyncSettings, OmsError> {
    let source = source(fields, ["src_cloud_type", "src_region", "src_bucket"])?;
    let app_id = fields.text(APP_ID, TEXT_CHARS_MAX)?;
    let dst_region = fields.needed(DST_REGION, SHORT_CHARS_MAX)?;
    let (_, class) = fields.word("dst_storage_policy", &CLASSES, "STANDARD")?;
    let (check_word, check) = fields.word(CHECK, &CHECKS, "size_last_modified")?;
    refuse_what_is_not_served(fields)?;
    let mut labels = vec![label(DST_REGION, dst_region), label(CHECK, check_word)];
    labels.extend(app_id.map(|id| label(APP_ID, id)));
    Ok(SyncSettings {
        source,
        out: false,
        scope: SyncScope::Told,
        since: None,
        bucket: destination(fields, "dst_bucket")?,
        into: "".into(),
        description: description(fields, NOT_DESCRIBED)?.into(),
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

/// The bucket that a member names.
pub(crate) fn destination(fields: &Fields, member: &str) -> Result<BucketName, OmsError> {
    let name = fields.needed(member, BUCKET_CHARS_MAX)?;
    BucketName::new(name).map_err(|_| {
        let message = format!("{member} cannot be a bucket of this server");
        OmsError::bad("OMS.1020", message)
    })
}

/// The description, which holds none of some characters.
pub(crate) fn description<'a>(fields: &'a Fields, none: &[char]) -> Result<&'a str, OmsError> {
    let text = fields.text("description", DESCRIPTION_CHARS_MAX)?;
    let text = text.unwrap_or_default();
    if text.contains(none) {
        let none: Vec<String> = none.iter().map(char::to_string).collect();
        let message = format!("description has none of {}", none.join(" "));
        return Err(OmsError::bad("OMS.0078", message));
    }
    Ok(text)
}

/// What a task cannot do here is not promised. Older SDKs always say that nothing is to be encrypted.
pub(super) fn refuse_what_is_not_served(fields: &Fields) -> Result<(), OmsError> {
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
        let source = &settings.source;
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
            dst_region: labelled(settings, DST_REGION).unwrap_or_default(),
            description: &settings.description,
            status: words::state(task.state),
            enable_kms: false,
            enable_metadata_migration: settings.metadata,
            enable_restore: settings.restore,
            app_id: labelled(settings, APP_ID),
            object_overwrite_mode: words::overwrite(settings.overwrite),
            dst_storage_policy: words::class(settings.class),
            consistency_check: consistency(settings),
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
