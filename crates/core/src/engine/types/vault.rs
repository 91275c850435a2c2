//! Requests about vaults.

use std::ops::Range;

use crate::model::{
    ArchiveId, BucketName, Job, JobId, ObjectKey, Timestamp, TreeHash, UploadId, Vault, VaultId,
    VaultUsage,
};
use crate::ports::ByteStream;

/// How the vaults of a server behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultSettings {
    /// Most vaults of an account in a region.
    pub vaults_max: usize,
    /// How long a job takes at least.
    pub job_delay: std::time::Duration,
}

impl Default for VaultSettings {
    fn default() -> Self {
        Self {
            vaults_max: crate::limits::VAULTS_MAX,
            job_delay: std::time::Duration::ZERO,
        }
    }
}

/// A vault and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultInfo {
    /// The vault.
    pub vault: Vault,
    /// What it holds.
    pub usage: VaultUsage,
}

/// A page of vaults, uploads or jobs, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultPage<T, I> {
    /// What the page shows.
    pub entries: Vec<T>,
    /// The first of the next page; `None` on the last one.
    pub next: Option<I>,
}

/// Store an archive from one body.
#[derive(Clone, Debug)]
pub struct PutArchive {
    /// Where to.
    pub vault: VaultId,
    /// What is said of it, at most [`crate::limits::ARCHIVE_TEXT_BYTES_MAX`] without control characters.
    pub description: Box<str>,
    /// MD5 that the body must have.
    pub md5: [u8; 16],
    /// Tree hash that the body must have.
    pub tree: TreeHash,
}

/// Begin an archive that comes in parts.
#[derive(Clone, Debug)]
pub struct CreateArchiveUpload {
    /// Where to.
    pub vault: VaultId,
    /// What is said of the archive to be, as in [`PutArchive`].
    pub description: Box<str>,
    /// Length of every part but the last, bytes: a multiple of 1 MiB, at most
    /// [`crate::limits::ARCHIVE_PART_BYTES_MAX`].
    pub part_size: u64,
}

/// An open upload of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveUpload {
    /// Its id.
    pub id: UploadId,
    /// What is said of the archive to be.
    pub description: Box<str>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Length of every part but the last, bytes.
    pub part_size: u64,
}

/// Store a part of an archive, in place of one that was there.
#[derive(Clone, Debug)]
pub struct PutArchivePart {
    /// The vault of the upload.
    pub vault: VaultId,
    /// The upload.
    pub upload: UploadId,
    /// Which bytes of the archive these are: they begin at a multiple of the part size.
    pub range: Range<u64>,
    /// MD5 that the body must have.
    pub md5: [u8; 16],
    /// Tree hash that the body must have.
    pub tree: TreeHash,
}

/// A stored part of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePart {
    /// Which bytes of the archive it is.
    pub range: Range<u64>,
    /// MD5 of its bytes.
    pub md5: [u8; 16],
    /// Tree hash of its bytes.
    pub tree: TreeHash,
}

/// A page of the parts of an upload, by their place in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePartListing {
    /// The upload.
    pub upload: ArchiveUpload,
    /// The parts.
    pub parts: Vec<ArchivePart>,
    /// Where the first part of the next page begins; `None` on the last one.
    pub next: Option<u64>,
}

/// Make an archive of the parts of an upload.
#[derive(Clone, Debug)]
pub struct CompleteArchive {
    /// The vault of the upload.
    pub vault: VaultId,
    /// The upload.
    pub upload: UploadId,
    /// Length that the archive must have, bytes.
    pub size: u64,
    /// Tree hash that the archive must have; that of the tree hashes of its parts does as well.
    pub tree: TreeHash,
}

/// Make a job.
#[derive(Clone, Debug)]
pub struct CreateJob {
    /// Of which vault.
    pub vault: VaultId,
    /// What is said of it, as in [`PutArchive`].
    pub description: Box<str>,
    /// What it is to do.
    pub order: JobOrder,
}

/// What a job is to do.
#[derive(Clone, Debug)]
pub enum JobOrder {
    /// Make bytes of an archive readable.
    Retrieval {
        /// The archive.
        archive: ArchiveId,
        /// First and last byte; all when missing. Both ends are whole blocks of 1 MiB or the archive's.
        range: Option<(u64, u64)>,
    },
    /// Write down which archives the vault has.
    Inventory,
    /// Make an archive of an object of this server, as whoever asks may read it.
    Pull {
        /// Its bucket.
        bucket: BucketName,
        /// Its key.
        key: ObjectKey,
    },
    /// Make an object of this server of an archive, as whoever asks may write it.
    Push {
        /// The archive.
        archive: ArchiveId,
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: ObjectKey,
    },
}

/// What a job made readable.
pub struct JobOutput {
    /// The job.
    pub job: Job,
    /// Length of the whole output, bytes.
    pub size: u64,
    /// Which bytes of the output follow.
    pub range: Range<u64>,
    /// Their tree hash, where both the job's range and they are nodes of the archive's tree.
    pub tree: Option<TreeHash>,
    /// The bytes.
    pub body: ByteStream,
}

impl std::fmt::Debug for JobOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobOutput")
            .field("job", &self.job)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// A page of vaults.
pub type VaultListing = VaultPage<VaultInfo, VaultId>;
/// A page of open uploads.
pub type ArchiveUploadListing = VaultPage<ArchiveUpload, UploadId>;
/// A page of jobs that are not forgotten.
pub type JobListing = VaultPage<Job, JobId>;
