//! What the engine is asked and what it answers: neutral, for an ideal caller. No protocol shapes it.

mod bucket;
mod digests;
mod fetch;
mod inventory;
mod list;
mod object;
mod object_set;
mod upload;
mod vault;

pub use bucket::{BucketChange, BucketPolicy, BucketStat, CreateBucket, RuleProgress, Usage};
pub use digests::{ExpectedDigests, FurtherDigest, LateChecksum};
pub use fetch::{FetchObject, IfThere};
pub use inventory::InventorySettings;
pub use list::{
    ListObjects, ListParts, ListUploads, ListVersions, Listing, ListingEntry, ObjectSummary,
    PartListing, PartSummary, UploadListing, UploadSummary, VersionListing, VersionSummary,
};
pub use object::{
    AppendObject, Attributes, Conditions, CopyObject, CopyReceipt, CopySource, DeleteObject,
    DeleteReceipt, Deletion, ETagMatch, Expiry, GetObject, NewMeta, NewVersion, ObjectChange,
    ObjectInfo, ObjectReader, ObjectTarget, PartSpan, PutObject, PutReceipt, PutSymlink, RangeSpec,
    RenameObject, RestoreReceipt, SymlinkInfo, VersionChoice,
};
pub use object_set::{ListObjectSets, ObjectSetListing, SetChange};
pub use upload::{
    BegunUpload, CompleteReceipt, CompleteUpload, CopyPart, CreateUpload, NamedPart, PartReceipt,
    PutPart, UploadTarget,
};

pub use vault::{
    ArchivePart, ArchivePartListing, ArchiveUpload, ArchiveUploadListing, CompleteArchive,
    CreateArchiveUpload, CreateJob, JobListing, JobOrder, JobOutput, PutArchive, PutArchivePart,
    VaultInfo, VaultListing, VaultPage, VaultSettings,
};

use std::net::IpAddr;

use crate::model::{
    CustomerKey, DialectId, Encryption, Principal, SyncPast, Timestamp, TlsVersion,
};
use crate::ports::ByteStream;

/// Who asks, and how. Goes with every request.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, not a state"
)]
pub struct Cx {
    /// On whose behalf.
    pub principal: Principal,
    /// The request's id, unique on the server; returned to the client and kept in events.
    pub request_id: Box<str>,
    /// Where the request came from.
    pub source: Option<IpAddr>,
    /// The tongue it was written in.
    pub dialect: DialectId,
    /// When it came.
    pub at: Timestamp,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Which TLS it came over, where it came over a connection.
    pub tls: Option<TlsVersion>,
    /// Whether the principal agrees to bear the cost.
    pub pays: bool,
    /// What the client calls itself.
    pub user_agent: Option<Box<str>>,
    /// The page that led to it.
    pub referer: Option<Box<str>>,
    /// Whether it came by a link: whoever has its URL can make it, signed or not.
    pub by_link: bool,
    /// What of it is owed to sync tasks.
    pub past: SyncPast,
    /// What it says of encryption at rest.
    pub encrypting: Encrypting,
    /// Whether it asks to pass over what keeps versions, as far as that lets it.
    pub bypasses: bool,
}

/// What a request says of encryption at rest.
#[derive(Clone, Debug, Default)]
pub struct Encrypting {
    /// How what it writes is to be encrypted with a key of the server; `None` leaves it to the bucket.
    pub with: Option<Encryption>,
    /// The customer's key of what it reads or writes.
    pub key: Option<CustomerKey>,
    /// The customer's key of what it copies from.
    pub source_key: Option<CustomerKey>,
}

impl Encrypting {
    /// Whether it says nothing.
    pub fn is_unsaid(&self) -> bool {
        self.with.is_none() && self.key.is_none() && self.source_key.is_none()
    }
}

/// A request body.
pub struct Body {
    /// The bytes. Ends with an error when the client goes away or lied about the body.
    pub stream: ByteStream,
    /// Length the client declared, bytes. The engine refuses a body of another length.
    pub len: Option<u64>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
