//! Uploads of archives. Vaults, archives and jobs are stored as the model has them.

use serde::{Deserialize, Serialize};

use super::PartRecord;
use crate::model::{Timestamp, TreeHash};

/// An open upload of an archive. Every part rewrites it, so whoever expects it as it was knows that the
/// parts are as they were. The commit that completes or aborts the upload removes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveUploadRecord {
    /// When it was begun.
    pub created_at: Timestamp,
    /// What is said of the archive to be.
    pub description: Box<str>,
    /// Length of every part but the last, bytes: a multiple of 1 MiB.
    pub part_size: u64,
}

/// A part of an archive. Its leaves are the row of its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivePartRecord {
    /// Its bytes.
    pub part: PartRecord,
    /// Its tree hash.
    pub tree: TreeHash,
}
