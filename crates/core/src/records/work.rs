//! Durable work.

use serde::{Deserialize, Serialize};

use crate::model::{BucketId, BucketName, ObjectKey, PayloadId, Timestamp, UploadId};

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
