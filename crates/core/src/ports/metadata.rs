//! The metadata store: an ordered key-value view with one kind of write, a transaction that states
//! what it expects and what it changes.
//!
//! Promises, each a case of `cohong_testkit::suite::meta`:
//! - a read sees every answered `Now` commit and nothing of an unsynced one;
//! - `Conflict` is answered only when the state that caused it can be read;
//! - **L1** if B was planned on a snapshot that shows A, B's log positions are greater than A's;
//! - **L2** after `tail` has returned settled position p, nothing at or below p appears;
//! - **L3** a position never goes back; **L4** a revision is never used twice for a key;
//! - payloads and records of a member become durable together or not at all.

use std::fmt::Debug;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::BoxError;
use crate::model::{BlobId, BucketId};

/// The record families. Key encodings are in [`crate::records::keys`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Bucket by name.
    Buckets,
    /// Current version of each key whose current version is an object.
    Heads,
    /// Current version of each key whose current version is a delete marker.
    Graves,
    /// Non-current versions, newest first within a key.
    Versions,
    /// Multipart uploads.
    Uploads,
    /// Parts of uploads.
    Parts,
    /// Rows of manifests.
    Extents,
    /// Payloads in the blob store and their state.
    Payloads,
    /// Who holds a payload.
    PayloadRefs,
    /// Notification rules as they were, by bucket and version.
    RuleSets,
    /// Subscriptions: one a bucket and destination.
    Subs,
    /// Events set aside because an earlier event of their key failed.
    Held,
    /// Events given up.
    Dead,
    /// The delivery log.
    Attempts,
    /// Replays of past ranges.
    Replays,
    /// Upload callbacks owed, and their outcomes.
    Calls,
    /// Durable work.
    Work,
    /// Durable work by due time.
    WorkDue,
    /// Accounts.
    Accounts,
    /// Credentials.
    Credentials,
    /// Registered functions and webhook secrets.
    Functions,
    /// Single records of the server itself.
    Server,
    /// Configuration documents of buckets.
    BucketDocs,
    /// Sync tasks.
    SyncTasks,
    /// Credentials of sync tasks.
    SyncSecrets,
    /// What sync tasks have to do, by key.
    SyncItems,
    /// What sync tasks have done, as numbers.
    SyncCounts,
    /// Lines that wait for the lists of sync tasks.
    SyncLines,
    /// Registered sources.
    Sources,
    /// Vaults.
    Vaults,
    /// Which vault has a name.
    VaultNames,
    /// What vaults hold, counted.
    VaultUsage,
    /// Archives of vaults.
    Archives,
    /// Open uploads of archives.
    ArchiveUploads,
    /// Leaves of the trees of archives, by payload.
    Leaves,
    /// Jobs of vaults.
    Jobs,
    /// Tasks that fetch URLs.
    Fetches,
    /// When versions were read last, where that is noted.
    Reads,
    /// Object sets of buckets, by name.
    ObjectSets,
}

impl Table {
    /// Every table, in order.
    pub const ALL: [Self; 39] = [
        Self::Buckets,
        Self::Heads,
        Self::Graves,
        Self::Versions,
        Self::Uploads,
        Self::Parts,
        Self::Extents,
        Self::Payloads,
        Self::PayloadRefs,
        Self::RuleSets,
        Self::Subs,
        Self::Held,
        Self::Dead,
        Self::Attempts,
        Self::Replays,
        Self::Calls,
        Self::Work,
        Self::WorkDue,
        Self::Accounts,
        Self::Credentials,
        Self::Functions,
        Self::Server,
        Self::BucketDocs,
        Self::SyncTasks,
        Self::SyncSecrets,
        Self::SyncItems,
        Self::SyncCounts,
        Self::SyncLines,
        Self::Sources,
        Self::Vaults,
        Self::VaultNames,
        Self::VaultUsage,
        Self::Archives,
        Self::ArchiveUploads,
        Self::Leaves,
        Self::Jobs,
        Self::Fetches,
        Self::Reads,
        Self::ObjectSets,
    ];
}

/// Where a record is: a table and an order-preserving key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The table.
    pub table: Table,
    /// The key within the table.
    pub bytes: Bytes,
}

/// A half-open range of keys of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The table.
    pub table: Table,
    /// First key in the range.
    pub start: Bytes,
    /// First key after the range; `None` runs to the end of the table.
    pub end: Option<Bytes>,
}

/// Identifies a state of a record; only equality means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Revision(pub u64);

/// A place in a log; only order means anything. Also event id and sequencer.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Position(pub u64);

/// A log: the changes of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub BucketId);

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its state.
    pub revision: Revision,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Direction of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Greatest key first.
    Descending,
}

/// Bound of one answer. At least one row is returned when there is one, whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Rows at most, per range.
    pub rows: usize,
    /// Bytes of keys and records at most, per range.
    pub bytes: usize,
}

/// A piece of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Keys (within the range's table) and records.
    pub rows: Vec<(Bytes, Record)>,
    /// Whether the range has more rows behind these.
    pub more: bool,
}

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Records after the position asked for, oldest first. An empty one stands for what is damaged: the record there, or
    /// all between the position before and this one.
    pub records: Vec<(Position, Bytes)>,
    /// The last durable position of the store below which nothing can appear in this log any more;
    /// never below the position asked for.
    pub settled: Position,
    /// Whether the log has more records behind these.
    pub more: bool,
}

/// When a transaction must be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before it is answered.
    Now,
    /// With the next sync, or within [`crate::limits::SOON_MAX`]. Only for progress that may be
    /// repeated: never carries `Append` or payloads, and its effects may be lost by a crash.
    Soon,
}

/// What must hold when the transaction is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No record there.
    Absent(Key),
    /// The record there is in this state.
    Revision(Key, Revision),
}

/// What the transaction changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Store a record under a fresh revision.
    Put(Key, Bytes),
    /// Remove a record; an absent one is fine.
    Delete(Key),
    /// Append to a log at the next position.
    Append(LogId, Bytes),
    /// Forget a log's records up to and including a position.
    Trim(LogId, Position),
    /// Forget a small payload; an absent one is fine.
    DropPayload(BlobId),
}

/// One transaction: all of it or nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Txn {
    /// How soon it must be durable.
    pub when: When,
    /// What must hold.
    pub expect: Vec<Expect>,
    /// What changes, in order.
    pub write: Vec<Write>,
    /// Small bodies that become durable with it.
    pub payloads: Vec<(BlobId, Bytes)>,
}

/// A read failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A stored record or payload is not what was written.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// No such payload.
    #[error("no such payload")]
    NoSuchPayload,
    /// The store cannot be used (any more).
    #[error("the metadata store is unavailable")]
    Unavailable(#[source] BoxError),
}

/// A commit failed; nothing of it is visible, except after `Unknown`.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An expectation does not hold: read and plan again.
    #[error("an expectation does not hold")]
    Conflict,
    /// No space left; the transaction was not applied.
    #[error("no space left for metadata")]
    Full,
    /// The store cannot take writes (any more).
    #[error("the metadata store is unavailable")]
    Unavailable(#[source] StoreError),
}

/// See the module's text for what every implementation promises.
#[async_trait]
pub trait MetadataStore: Debug + Send + Sync + 'static {
    /// Reads records from one snapshot, in the order asked.
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError>;

    /// Scans ranges within one snapshot; one page a range.
    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError>;

    /// Applies independent transactions; each passes or fails alone. Returns when the `Now` ones are
    /// durable. Members of one call are applied in order.
    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>>;

    /// Reads a part of a small payload; its checksum is verified. The range lies within it.
    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError>;

    /// Reads a log after a position.
    async fn tail(&self, log: LogId, after: Position, limit: Limit) -> Result<Tail, StoreError>;

    /// Largest body, bytes, that may travel in a commit; 0 when the store takes none.
    fn small_payload_max(&self) -> usize;
}
