//! Vaults: archives that are stored once, and read after a job has made them readable.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha384};

use super::{
    AccountId, BucketName, Checksums, DialectId, Etag, InvalidName, ObjectKey, PayloadId,
    PayloadRef, Principal, Timestamp, UploadId,
};
use crate::limits::VAULT_NAME_BYTES_MAX;

/// A vault. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VaultId(pub [u8; 16]);

/// A job of a vault. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(pub [u8; 16]);

/// An archive. The same 16 bytes name its payload, and the upload that it was made by, if it came in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ArchiveId(pub [u8; 16]);

impl VaultId {
    /// Reads 32 hex digits of either case; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        super::id::parse_hex16(text).map(Self)
    }
}

impl JobId {
    /// Reads 32 hex digits of either case; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        super::id::parse_hex16(text).map(Self)
    }
}

impl ArchiveId {
    /// Reads what `Display` writes, in either case; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let id = super::id::parse_hex16(text.get(..32)?).map(Self)?;
        id.to_string().eq_ignore_ascii_case(text).then_some(id)
    }

    /// The payload that holds its bytes.
    pub const fn payload(self) -> PayloadId {
        PayloadId(self.0)
    }
}

impl From<PayloadId> for ArchiveId {
    fn from(payload: PayloadId) -> Self {
        Self(payload.0)
    }
}

impl From<UploadId> for ArchiveId {
    fn from(upload: UploadId) -> Self {
        Self(upload.0)
    }
}

/// 32 hex digits.
impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// 32 hex digits.
impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// 128 hex digits, as long as clients of vaults know them: the id and its SHA-384, so that a mistyped one
/// names nothing.
impl fmt::Display for ArchiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check: [u8; 48] = Sha384::digest(self.0).into();
        write!(f, "{}{}", hex::encode(self.0), hex::encode(check))
    }
}

/// A vault's name: 1 to 255 bytes of UTF-8 without control characters. A dialect is stricter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VaultName(Box<str>);

impl VaultName {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if !(1..=VAULT_NAME_BYTES_MAX).contains(&name.len()) {
            return Err(InvalidName("a vault name has 1 to 255 bytes"));
        }
        if name.contains(char::is_control) {
            return Err(InvalidName("a vault name has no control characters"));
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A vault. What it holds is counted in a record of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// Its id.
    pub id: VaultId,
    /// Who made it, and alone may do anything with it.
    pub account: AccountId,
    /// Where it is.
    pub region: Box<str>,
    /// Its name, that of no other vault of the account in the region.
    pub name: VaultName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a vault holds, at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultUsage {
    /// Archives.
    pub archives: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Jobs that were not forgotten yet.
    pub jobs: u64,
    /// When an inventory was asked for last.
    pub inventory_at: Option<Timestamp>,
}

/// A node of the tree over the blocks of an archive (see [`crate::rules::tree`]): an MD5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TreeHash(pub [u8; 16]);

/// 32 hex digits.
impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// An archive: bytes that never change. Its leaves stand in rows of their own beside the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Its id.
    pub id: ArchiveId,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Length, bytes; at least 1.
    pub size: u64,
    /// What its maker says of it; may be empty.
    pub description: Box<str>,
    /// The tree hash of all its bytes.
    pub tree: TreeHash,
    /// Entity tag of an object with these bytes.
    pub etag: Etag,
    /// Checksums of an object with these bytes.
    pub checksums: Checksums,
    /// Its bytes, in the blob store.
    pub payload: PayloadRef,
    /// Leaves in each row but the last.
    pub leaves_per_row: u32,
}

/// A job of a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// What its maker says of it; may be empty.
    pub description: Box<str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it may be done at the earliest.
    pub ready_at: Timestamp,
    /// In whose name it reads and writes objects.
    pub principal: Principal,
    /// The request that made it.
    pub request_id: Box<str>,
    /// The dialect of that request, which also writes its inventory.
    pub via: DialectId,
    /// How it ended. Nobody is told before its time has come: ask [`Job::status`].
    pub outcome: Option<JobOutcome>,
}

/// What a job does. What it needs of an archive it holds from the beginning, so the archive may be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobKind {
    /// Make bytes of an archive readable.
    Retrieval {
        /// The archive as it was.
        archive: Archive,
        /// Which bytes.
        range: Range<u64>,
        /// Their tree hash, where they are a node of the archive's tree.
        tree: Option<TreeHash>,
    },
    /// Write down which archives the vault has.
    Inventory,
    /// Make an archive of an object of this server.
    Pull {
        /// Its bucket.
        bucket: BucketName,
        /// Its key.
        key: ObjectKey,
    },
    /// Make an object of this server of an archive.
    Push {
        /// The archive as it was.
        archive: Archive,
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: ObjectKey,
    },
}

impl JobKind {
    /// The archive that the job is about from the beginning.
    pub fn archive(&self) -> Option<&Archive> {
        match self {
            Self::Retrieval { archive, .. } | Self::Push { archive, .. } => Some(archive),
            Self::Inventory | Self::Pull { .. } => None,
        }
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutcome {
    /// When.
    pub at: Timestamp,
    /// How.
    pub result: JobResult,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobResult {
    /// The bytes are readable.
    Retrieved,
    /// The list of archives is readable.
    Listed {
        /// Its bytes.
        output: PayloadRef,
        /// Their length.
        size: u64,
    },
    /// There is a new archive.
    Pulled {
        /// Its id.
        archive: ArchiveId,
        /// Its length, bytes.
        size: u64,
        /// Its tree hash.
        tree: TreeHash,
    },
    /// There is a new object.
    Pushed,
    /// Nothing was done.
    Failed {
        /// Why, without secrets.
        why: Box<str>,
    },
}

/// What a job has come to at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus<'a> {
    /// It is not done yet.
    InProgress,
    /// It is done.
    Done(&'a JobOutcome),
    /// It was done so long ago that it is forgotten.
    Expired,
}

impl Job {
    /// What it has come to, as clients are to see it.
    pub fn status(&self, now: Timestamp) -> JobStatus<'_> {
        match &self.outcome {
            None => JobStatus::InProgress,
            Some(outcome) if now < outcome.at => JobStatus::InProgress,
            Some(outcome) if now >= outcome.at.plus(crate::limits::JOB_KEPT) => JobStatus::Expired,
            Some(outcome) => JobStatus::Done(outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::JOB_KEPT;
    use crate::model::AccessKeyId;

    #[test]
    fn ids_of_archives_are_read_as_they_are_written() {
        let id = ArchiveId(*b"0123456789abcdef");
        let text = id.to_string();
        assert_eq!(text.len(), 128);
        assert!(text.starts_with("30313233343536373839616263646566"));
        assert_eq!(ArchiveId::parse(&text), Some(id));
        assert_eq!(ArchiveId::parse(&text.to_uppercase()), Some(id));
        let other = text.replace("3031", "3032");
        let wide = format!("字{}", &text[3..]);
        for other in ["", &text[..32], &text[..127], &other, &wide, "x"] {
            assert_eq!(ArchiveId::parse(other), None, "{other}");
        }
        assert_eq!(ArchiveId::parse(&format!("{text}0")), None);
    }

    #[test]
    fn a_job_is_told_when_its_time_has_come_and_until_it_expires() {
        let at = Timestamp::from_millis;
        let done = |at| JobOutcome {
            at,
            result: JobResult::Pushed,
        };
        let kept = u64::try_from(JOB_KEPT.as_millis()).unwrap();
        let outcome = done(at(10));
        // (outcome, now, status)
        let cases = [
            (None, 99, JobStatus::InProgress),
            (Some(10), 9, JobStatus::InProgress),
            (Some(10), 10, JobStatus::Done(&outcome)),
            (Some(10), 9 + kept, JobStatus::Done(&outcome)),
            (Some(10), 10 + kept, JobStatus::Expired),
        ];
        for (ended, now, wanted) in cases {
            let job = Job {
                id: JobId([1; 16]),
                kind: JobKind::Inventory,
                description: "".into(),
                created_at: at(1),
                ready_at: at(1),
                principal: Principal::Account {
                    account: AccountId("a".into()),
                    key: AccessKeyId("k".into()),
                },
                request_id: "r".into(),
                via: DialectId::Oss,
                outcome: ended.map(at).map(done),
            };
            assert_eq!(job.status(at(now)), wanted, "{ended:?} at {now}");
        }
    }

    #[test]
    fn names_of_vaults_are_short_and_printable() {
        let longest = "x".repeat(VAULT_NAME_BYTES_MAX);
        for good in ["a", "vault_1-x", "字", &longest] {
            assert_eq!(VaultName::new(good).unwrap().as_str(), good);
        }
        let longer = format!("{longest}x");
        for bad in ["", "a\0", "a\n", &longer] {
            assert!(VaultName::new(bad).is_err(), "{bad:?}");
        }
    }
}
