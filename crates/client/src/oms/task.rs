//! Sync tasks (OMS sheet sections 4.2 and 4.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A task to make. It starts by itself.
#[derive(Clone, Default, Serialize)]
pub struct CreateSyncTask {
    /// The kind of the source, such as `AWS`, `Aliyun` or `HuaweiCloud`.
    pub src_cloud_type: String,
    /// Region of the source.
    pub src_region: String,
    /// Bucket of the source, `bucket/prefix` for a part of it.
    pub src_bucket: String,
    /// Keys of source and destination.
    #[serde(flatten)]
    pub keys: SyncKeys,
    /// Region of the destination.
    pub dst_region: String,
    /// Bucket of the destination.
    pub dst_bucket: String,
    /// For people.
    pub description: String,
    /// Whether metadata travels beyond `Content-Type` and `Content-Encoding`.
    pub enable_metadata_migration: bool,
    /// Whether archived objects of the source are restored first.
    pub enable_restore: bool,
    /// `STANDARD`, `IA`, `ARCHIVE`, `DEEP_ARCHIVE` or `SRC_STORAGE_MAPPING`; the service's default when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dst_storage_policy: String,
    /// `size_last_modified`, `crc64` or `transmission`; the service's default when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub consistency_check: String,
}

/// Keys of source and destination. `Debug` does not show the secrets.
#[derive(Clone, Default, Serialize)]
pub struct SyncKeys {
    /// Access key of the source.
    pub src_ak: String,
    /// Its secret.
    pub src_sk: String,
    /// Access key of the destination.
    pub dst_ak: String,
    /// Its secret.
    pub dst_sk: String,
}

impl fmt::Debug for SyncKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncKeys")
            .field("src_ak", &self.src_ak)
            .field("dst_ak", &self.dst_ak)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CreateSyncTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateSyncTask")
            .field("src_bucket", &self.src_bucket)
            .field("dst_bucket", &self.dst_bucket)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// A task, and what it did in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SyncTask {
    /// Its id.
    pub sync_task_id: String,
    /// `SYNCHRONIZING` or `STOPPED`.
    pub status: String,
    /// The kind of the source.
    pub src_cloud_type: String,
    /// Region of the source.
    pub src_region: String,
    /// Bucket of the source.
    pub src_bucket: String,
    /// Region of the destination.
    pub dst_region: String,
    /// Bucket of the destination.
    pub dst_bucket: String,
    /// For people.
    pub description: String,
    /// When it was made, Unix milliseconds.
    pub create_time: u64,
    /// When it was last started, Unix milliseconds.
    pub last_start_time: u64,
    /// Names that were accepted in the month.
    pub monthly_acceptance_request: u64,
    /// Objects that were brought.
    pub monthly_success_object: u64,
    /// Objects that could not be brought.
    pub monthly_failure_object: u64,
    /// Objects that were there already.
    pub monthly_skip_object: u64,
    /// Bytes that were brought.
    pub monthly_size: u64,
}
