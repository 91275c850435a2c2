//! Durable work.

use serde::{Deserialize, Serialize};

use crate::limits::REPLICATION_LONG_BYTES_MIN;
use crate::model::{
    BucketId, BucketName, DialectId, FetchId, JobId, ObjectKey, PayloadId, SyncPast, SyncTaskId,
    Timestamp, UploadId, VaultId, VersionId, WorkId,
};

/// What is to be done. Every kind may run twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkKind {
    /// Remove a payload's blobs if nothing holds it any more.
    DropPayload {
        /// The payload.
        payload: PayloadId,
    },
    /// Remove an ended upload's rows, and every blob of it that its object does not use.
    PurgeParts {
        /// The bucket of the upload.
        bucket: BucketId,
        /// The key of the upload.
        key: ObjectKey,
        /// The upload.
        upload: UploadId,
    },
    /// Finish the removal of a bucket.
    RemoveBucket {
        /// Its id.
        bucket: BucketId,
        /// Its name.
        name: BucketName,
    },
    /// Carry out the lifecycle rules of a bucket, a page at a time, and again every day.
    Lifecycle {
        /// Its id.
        bucket: BucketId,
        /// Its name.
        name: BucketName,
        /// Names the rules: replaced ones are not carried out.
        duty: WorkId,
        /// What to do next.
        step: LifecycleStep,
    },
    /// Tell that a restore has finished, once it has.
    TellRestored(OwedRestore),
    /// Remove what a deleted sync task leaves behind.
    ForgetSync {
        /// The task.
        task: SyncTaskId,
        /// The bucket it wrote to.
        bucket: BucketName,
    },
    /// Remove the rows of an archive's ended upload, and every blob of it that the archive does not use.
    PurgeArchiveParts {
        /// The upload.
        upload: UploadId,
    },
    /// Do what a job of a vault is to do.
    RunJob {
        /// The vault.
        vault: VaultId,
        /// The job.
        job: JobId,
        /// Whether it reads an object, of whatever length.
        reads: bool,
    },
    /// Remove the uploads and jobs that a deleted vault leaves behind.
    ForgetVault {
        /// The vault.
        vault: VaultId,
    },
    /// Do what a task is to do that fetches a URL.
    RunFetch {
        /// The bucket.
        bucket: BucketId,
        /// The task.
        task: FetchId,
    },
    /// Write an inventory of a bucket, a file at a time, and again at its next time.
    TakeInventory {
        /// The bucket.
        bucket: BucketId,
        /// Its name.
        name: BucketName,
        /// The inventory.
        id: Box<str>,
        /// Names its state: what another one ordered is not done.
        duty: WorkId,
        /// What to do next.
        step: Box<InventoryStep>,
    },
    /// Copy what was written wherever the replication rules of its bucket want it.
    Replicate(Box<OwedCopy>),
    /// Copy what was there before a replication rule, a page at a time. Its id is the duty of the rule.
    ReplicateHistory {
        /// The bucket.
        bucket: BucketId,
        /// Its name.
        name: BucketName,
        /// Names the state of the rule: what another one ordered is not done.
        duty: WorkId,
        /// What to do next.
        step: HistoryStep,
    },
}

impl WorkKind {
    /// Whether it may take as long as reading and writing an object does.
    pub fn is_long(&self) -> bool {
        match self {
            // Bytes are shared, unless the other bucket encrypts in another way.
            Self::Replicate(owed) => owed.size >= REPLICATION_LONG_BYTES_MIN,
            _ => matches!(
                self,
                Self::RunJob { reads: true, .. }
                    | Self::RunFetch { .. }
                    | Self::TakeInventory { .. }
                    | Self::ReplicateHistory { .. }
            ),
        }
    }
}

/// A version that is to be copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedCopy {
    /// Its bucket.
    pub bucket: BucketId,
    /// The name of the bucket.
    pub name: BucketName,
    /// Its key.
    pub key: ObjectKey,
    /// The version.
    pub version: VersionId,
    /// How long it was, bytes: one that is appended to stays the same version.
    pub size: u64,
    /// What of the change that wrote it is owed to sync tasks.
    pub past: SyncPast,
}

/// How far what was there before a replication rule was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryStep {
    /// Whether all keys were counted; then they are copied.
    pub counted: bool,
    /// Which of the prefixes of the rule is looked through.
    pub range: u32,
    /// The last key of it that was looked at.
    pub after: Option<ObjectKey>,
    /// Keys that were counted.
    pub total: u64,
    /// Keys whose copies were looked after.
    pub done: u64,
}

/// How far a list of what a bucket holds was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryStep {
    /// When its turn is.
    pub due: Timestamp,
    /// When it was begun; `None` before that.
    pub begun: Option<Timestamp>,
    /// The last version that was listed: its key, and its place within the key.
    pub after: Option<(ObjectKey, Box<[u8]>)>,
    /// Its files so far.
    pub files: Vec<InventoryFile>,
    /// Whether they hold all of it.
    pub whole: bool,
    /// Why the list before it was not written, if it was not.
    pub missed: Option<Box<str>>,
}

impl InventoryStep {
    /// A list that waits for its turn.
    pub fn at(due: Timestamp) -> Self {
        Self {
            due,
            begun: None,
            after: None,
            files: Vec::new(),
            whole: false,
            missed: None,
        }
    }
}

/// A file of such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryFile {
    /// Its length, bytes.
    pub size: u64,
    /// Its MD5.
    pub md5: [u8; 16],
}

/// How far the lifecycle rules of a bucket were carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleStep {
    /// When this turn begins.
    pub begins: Timestamp,
    /// What is looked through.
    pub stage: LifecycleStage,
    /// Key of the last row looked at; empty before the first.
    pub after: Box<[u8]>,
}

impl LifecycleStep {
    /// The first step of a turn.
    pub fn begin(begins: Timestamp) -> Self {
        Self {
            begins,
            stage: LifecycleStage::Objects,
            after: Box::default(),
        }
    }
}

/// What lifecycle rules are about, in the order in which it is looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LifecycleStage {
    /// Current objects.
    Objects,
    /// Versions that are not current.
    Older,
    /// Delete markers that are current; after the older versions, so that markers left alone go too.
    Markers,
    /// Open uploads.
    Uploads,
    /// What lies in the trash of a hierarchical bucket.
    Trash,
}

/// A restore whose end is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedRestore {
    /// The bucket.
    pub bucket: BucketId,
    /// Its name.
    pub name: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The version.
    pub version: VersionId,
    /// The request that began the restore.
    pub request_id: Box<str>,
    /// The dialect of that request.
    pub dialect: DialectId,
}

/// A piece of durable work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkRecord {
    /// What is to be done.
    pub kind: WorkKind,
    /// Tries so far.
    pub attempt: u32,
    /// When it is due next; also in the key of its `work_due` entry.
    pub due: Timestamp,
    /// When it was put.
    pub created_at: Timestamp,
    /// Last failure, for operators.
    pub last_error: Option<Box<str>>,
    /// Given up after too many tries; waits for the operator.
    pub dead: bool,
}
