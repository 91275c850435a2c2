//! Sync tasks: objects of another store brought into a bucket of this server, one by one, as they are
//! named.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    AccessKeyId, AccountId, BandwidthSpan, BucketName, DialectId, ObjectKey, StorageClass,
    SyncScope, Timestamp,
};

/// A sync task. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SyncTaskId(pub [u8; 16]);

impl SyncTaskId {
    /// Reads what `Display` writes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text.replace('-', ""), &mut bytes).ok()?;
        Some(Self(bytes)).filter(|id| id.to_string() == text)
    }
}

/// 36 characters: lower-case hex digits in groups, as a UUID is written.
impl fmt::Display for SyncTaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = [&self.0[..4], &self.0[4..6], &self.0[6..8], &self.0[8..10]];
        for group in groups {
            write!(f, "{}-", hex::encode(group))?;
        }
        f.write_str(&hex::encode(&self.0[10..]))
    }
}

/// Where objects come from, or where they go. Plain texts that only the registry of sources understands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSource {
    /// Kind of the store.
    pub cloud: Box<str>,
    /// Where it is.
    pub region: Box<str>,
    /// Its bucket.
    pub bucket: Box<str>,
    /// Only keys that begin with this; empty for all. Part of the key on both sides.
    pub prefix: Box<str>,
}

impl SyncSource {
    /// The region that means this server's own buckets, whatever kind of store is named.
    pub const HERE: &str = "local";

    /// Whether it is a bucket of this server.
    pub fn is_here(&self) -> bool {
        &*self.region == Self::HERE
    }
}

/// Whether a task works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SyncState {
    /// Requests are accepted and carried out.
    Running,
    /// No requests are accepted; accepted ones wait. It holds no credentials.
    Stopped,
    /// It found its objects, and all of them are there. It holds no credentials.
    Done,
    /// It has ended, and something failed. It holds no credentials.
    Failed,
}

/// When an object that is there already is overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overwrite {
    /// Never.
    Never,
    /// When the source is newer, or has another size or another MD5.
    NewerOrOtherSize,
    /// When the CRC-64 of the source is another; as above where the source has none.
    OtherCrc64,
    /// Always.
    Always,
}

/// What must agree between source and copy. Their sizes always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContentCheck {
    /// Every digest that the source publishes; a copy that is at least as new and as large as the
    /// source is the same.
    SizeAndTime,
    /// Every digest that the source publishes; a copy with another CRC-64 is another object.
    Crc64,
    /// Nothing else.
    None,
}

/// What a sync task does. Given by whoever makes it; only bandwidth and labels are ever changed.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own that its maker sets"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSettings {
    /// The other store: where objects come from.
    pub source: SyncSource,
    /// Whether objects go from `bucket` to the other store instead.
    pub out: bool,
    /// Which of the objects there.
    pub scope: SyncScope,
    /// Only objects that were written then or later.
    pub since: Option<Timestamp>,
    /// Where they go, under the same keys.
    pub bucket: BucketName,
    /// What is put before every key there; empty for nothing.
    pub into: Box<str>,
    /// For what the task is.
    pub description: Box<str>,
    /// Whether all headers and the user metadata come along. Type and encoding always do.
    pub metadata: bool,
    /// Whether archived objects of the source are restored to be read.
    pub restore: bool,
    /// Class of the copies; `None` keeps that of the source.
    pub class: Option<StorageClass>,
    /// When something is overwritten.
    pub overwrite: Overwrite,
    /// What must agree.
    pub check: ContentCheck,
    /// Whether removals at the source are carried over.
    pub deletes: bool,
    /// Whether lists of what became of the keys are stored in the bucket.
    pub lists: bool,
    /// How fast it reads, by the time of day; nothing limits it outside of these.
    pub bandwidth: Vec<BandwidthSpan>,
    /// Opaque vendor words to be given back: name and value.
    pub labels: Vec<(Box<str>, Box<str>)>,
}

/// A sync task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncTask {
    /// Its id.
    pub id: SyncTaskId,
    /// Who made it, and may do everything with it.
    pub account: AccountId,
    /// The dialect it was made through, which also writes its lists.
    pub via: DialectId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was started last.
    pub started_at: Timestamp,
    /// How long it ran before that, milliseconds.
    pub worked_ms: u64,
    /// Whether it works.
    pub state: SyncState,
    /// The account in whose name objects are written.
    pub writer: AccountId,
    /// The access key of that account; its removal ends the writing.
    pub writer_key: AccessKeyId,
    /// What it does.
    pub settings: SyncSettings,
}

impl SyncSettings {
    /// The key at the destination of an object of the source; `None` when no object can have it.
    pub fn key_there(&self, key: &ObjectKey) -> Option<ObjectKey> {
        ObjectKey::new(&format!("{}{key}", self.into)).ok()
    }
}

impl SyncTask {
    /// How long it ran until now, milliseconds.
    pub fn worked_ms(&self, now: Timestamp) -> u64 {
        let runs = match self.state {
            SyncState::Running => now.millis().saturating_sub(self.started_at.millis()),
            SyncState::Stopped | SyncState::Done | SyncState::Failed => 0,
        };
        self.worked_ms.saturating_add(runs)
    }
}

/// What of a change is owed to sync tasks. Rules that name a task look at it, so that no change comes back
/// to where it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncPast {
    /// Nothing.
    #[default]
    None,
    /// It carries on a change that passed these tasks, in this order.
    Passed(Vec<SyncTaskId>),
    /// It is a list that a task wrote.
    List,
}

impl SyncPast {
    /// Whether a task may carry the change on: none twice, none after
    /// [`SYNC_PASSED_MAX`](crate::limits::SYNC_PASSED_MAX), and no lists.
    pub fn may_enter(&self, task: SyncTaskId) -> bool {
        match self {
            Self::None => true,
            Self::Passed(tasks) => {
                !tasks.contains(&task) && tasks.len() < crate::limits::SYNC_PASSED_MAX
            }
            Self::List => false,
        }
    }

    /// The tasks that it passed.
    pub fn tasks(&self) -> &[SyncTaskId] {
        match self {
            Self::Passed(tasks) => tasks,
            Self::None | Self::List => &[],
        }
    }
}

/// Where a key was when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncStage {
    /// Looking at the source.
    StatSource,
    /// Looking at the destination.
    StatDestination,
    /// Reading the source.
    Read,
    /// Writing the destination.
    Write,
}

/// What the content of a copy was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Checked {
    /// A digest that the source published.
    Digest,
    /// Its size.
    Size,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncOutcome {
    /// The destination is now as the source was.
    Success {
        /// Bytes that were brought; 0 for a removal.
        bytes: u64,
        /// What they were held against.
        checked: Checked,
    },
    /// There was nothing to do.
    Skip {
        /// Size of the object that is there, bytes.
        size: u64,
    },
    /// It could not be done.
    Failure {
        /// Where.
        stage: SyncStage,
        /// Why, without secrets.
        why: Box<str>,
    },
}

/// Which list a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncList {
    /// Keys that were brought.
    Success,
    /// Keys that failed.
    Failure,
    /// Keys with nothing to do.
    Skip,
}

impl SyncList {
    /// Every list.
    pub const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Skip];
}

/// What became of requests, as counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncCounts {
    /// Requests accepted.
    pub requests: u64,
    /// Requests that brought an object.
    pub success: u64,
    /// Requests that failed.
    pub failure: u64,
    /// Requests for which there was nothing to do.
    pub skip: u64,
    /// Bytes brought.
    pub bytes: u64,
}

impl SyncCounts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            success: self.success.saturating_add(other.success),
            failure: self.failure.saturating_add(other.failure),
            skip: self.skip.saturating_add(other.skip),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_task_is_entered_twice() {
        let (one, other) = (SyncTaskId([1; 16]), SyncTaskId([2; 16]));
        let long = (0..8).map(|n| SyncTaskId([n + 10; 16])).collect();
        let cases = [
            (SyncPast::None, true),
            (SyncPast::Passed(vec![other]), true),
            (SyncPast::Passed(vec![other, one]), false),
            (SyncPast::Passed(long), false),
            (SyncPast::List, false),
        ];
        for (past, wanted) in cases {
            assert_eq!(past.may_enter(one), wanted, "{past:?}");
        }
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = SyncTaskId(*b"0123456789abcdef");
        let text = "30313233-3435-3637-3839-616263646566";
        assert_eq!(id.to_string(), text);
        assert_eq!(SyncTaskId::parse(text), Some(id));
        let others = [
            "",
            "303132333435363738396162636465 66",
            "30313233343536373839616263646566",
            "30313233-3435-3637-3839-61626364656",
            "30313233-3435-3637-3839-61626364656G",
            "30313233-3435-3637-3839-6162636465AA",
            "-30313233-3435-3637-3839-616263646566",
            "30313233-3435-3637-38396162-63646566",
        ];
        for other in others {
            assert_eq!(SyncTaskId::parse(other), None, "{other}");
        }
    }
}
