//! Events: neutral facts about changes.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{AccountId, DialectId, Etag, ObjectKey, SyncPast, Timestamp, VersionId};

/// What happened to a key. Stored by number, so variants keep their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A plain upload.
    CreatedPut,
    /// A form upload.
    CreatedPost,
    /// A copy.
    CreatedCopy,
    /// A completed multipart upload.
    CreatedComplete,
    /// An object fetched from a URL by order of a client.
    CreatedFetch,
    /// An object stored by mirroring back from an origin.
    CreatedOrigin,
    /// An object or version removed.
    RemovedDelete,
    /// A delete marker added.
    RemovedMarker,
    /// An object removed by a lifecycle rule.
    ExpiredDelete,
    /// A delete marker added by a lifecycle rule.
    ExpiredMarker,
    /// An object created by replication.
    ReplicatedCreated,
    /// An object modified by replication.
    ReplicatedModified,
    /// A restore of an archived object accepted.
    RestorePost,
    /// A restore finished.
    RestoreCompleted,
    /// An object read, for dialects that can ask for it; never emitted yet.
    Downloaded,
    /// A piece appended, also the first, which creates the object.
    CreatedAppend,
    /// A symlink.
    CreatedSymlink,
}

impl EventKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::CreatedPut,
        Self::CreatedPost,
        Self::CreatedCopy,
        Self::CreatedComplete,
        Self::CreatedFetch,
        Self::CreatedOrigin,
        Self::RemovedDelete,
        Self::RemovedMarker,
        Self::ExpiredDelete,
        Self::ExpiredMarker,
        Self::ReplicatedCreated,
        Self::ReplicatedModified,
        Self::RestorePost,
        Self::RestoreCompleted,
        Self::Downloaded,
        Self::CreatedAppend,
        Self::CreatedSymlink,
    ];
}

/// A set of event kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventKinds(u32);

impl EventKinds {
    /// The set of the given kinds.
    pub fn of(kinds: impl IntoIterator<Item = EventKind>) -> Self {
        Self(
            kinds
                .into_iter()
                .fold(0, |bits, kind| bits | 1 << kind as u32),
        )
    }

    /// Whether `kind` is in the set.
    pub fn contains(self, kind: EventKind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// Whether the sets share a kind.
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether no kind is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// How clients know a version of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionTag {
    /// The bucket never had versions; nothing is shown.
    Unversioned,
    /// The null version of a versioned bucket.
    Null,
    /// A version with an id.
    Id(VersionId),
}

/// One change of one key, as logged in the transaction that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// To which key.
    pub key: ObjectKey,
    /// To which version.
    pub version: VersionTag,
    /// Size of the object in bytes; zero for removals.
    pub size: u64,
    /// Etag of the object; none for removals.
    pub etag: Option<Etag>,
    /// When, by the server's clock.
    pub time: Timestamp,
    /// On whose behalf; none for anonymous requests.
    pub principal: Option<AccountId>,
    /// Where the request came from.
    pub source: Option<IpAddr>,
    /// The request that caused it.
    pub request_id: Box<str>,
    /// The dialect of that request.
    pub dialect: DialectId,
    /// Custom variables of the upload callback, echoed to functions.
    pub vars: Vec<(Box<str>, Box<str>)>,
    /// What of it is owed to sync tasks.
    pub past: SyncPast,
}
