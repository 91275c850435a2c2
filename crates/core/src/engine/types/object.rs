//! Requests about objects.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::model::{
    Acl, BucketName, CallbackSpec, ChecksumAlgorithm, Encryption, Etag, EventKind, FurtherChecksum,
    LinkTarget, Lock, ObjectKey, ObjectRecord, RestoreState, StorageClass, StoredHeaders, Tags,
    Timestamp, UserMeta, VersionId, VersionTag,
};
use crate::ports::{ByteStream, CallbackOutcome};
use crate::rules::lock::LockStep;
use crate::rules::restore::Accepted;

use super::ExpectedDigests;

/// Which version of a key is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionChoice {
    /// The current one.
    #[default]
    Current,
    /// The null version.
    Null,
    /// One by id.
    Id(VersionId),
}

/// A version of a key of a bucket.
#[derive(Clone, Debug)]
pub struct ObjectTarget {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// Which version.
    pub version: VersionChoice,
}

/// What a new object is to carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Headers given back with it.
    pub headers: StoredHeaders,
    /// User metadata, at most [`crate::limits::USER_META_BYTES_MAX`].
    pub user_meta: UserMeta,
    /// Tags, at most [`crate::limits::TAGS_MAX`].
    pub tags: Tags,
    /// Class; `None` is the bucket's default.
    pub class: Option<StorageClass>,
    /// Its own grants; `None` leaves those of the bucket in force.
    pub acl: Option<Acl>,
    /// Days after which it is deleted, 1 to [`crate::limits::EXPIRES_DAYS_MAX`].
    pub expires_days: Option<u32>,
    /// What keeps it as it is, where its bucket locks objects.
    pub lock: Lock,
}

/// An entity tag condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ETagMatch {
    /// `*`: anything that exists.
    Any,
    /// One of these, without quotes.
    OneOf(Vec<Box<str>>),
}

/// Conditions on the version a request reads, copies from or overwrites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Its etag must match.
    pub if_match: Option<ETagMatch>,
    /// Its etag must not match; `Any` on a write: nothing may exist.
    pub if_none_match: Option<ETagMatch>,
    /// On a write: nothing may exist, unless the bucket keeps or has kept versions.
    pub no_overwrite: bool,
    /// It must have been written after this; second precision.
    pub if_modified_since: Option<Timestamp>,
    /// It must not have been written after this; second precision.
    pub if_unmodified_since: Option<Timestamp>,
}

/// What a write leaves behind, whichever operation made it.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// Entity tag.
    pub etag: Etag,
    /// CRC-64/XZ of the whole object.
    pub crc64: u64,
    /// Further checksum, when it has one.
    pub further: Option<FurtherChecksum>,
    /// Length, bytes.
    pub size: u64,
    /// How clients know the version.
    pub version: VersionTag,
    /// When it was written.
    pub written_at: Timestamp,
    /// How its bytes are encrypted, if they are.
    pub encryption: Option<Encryption>,
}

/// Store an object.
#[derive(Clone, Debug)]
pub struct PutObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// What it carries.
    pub attributes: Attributes,
    /// Conditions on what it would overwrite. A failed `if_none_match: Any` is `ObjectExists`.
    pub conditions: Conditions,
    /// Digests to check, and the further checksum to keep.
    pub digests: ExpectedDigests,
    /// Least and greatest size allowed, bytes, as a form's policy says.
    pub size: Option<(u64, u64)>,
    /// Application to call before the answer.
    pub callback: Option<CallbackSpec>,
    /// `CreatedPut` or `CreatedPost`.
    pub kind: EventKind,
}

/// A stored object, and what its callback said.
#[derive(Clone, Debug)]
pub struct PutReceipt {
    /// What was stored.
    pub stored: NewVersion,
    /// Outcome of the callback, when one was asked for.
    pub callback: Option<CallbackOutcome>,
}

/// Append a piece to an object, or create one of it.
#[derive(Clone, Debug)]
pub struct AppendObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// Where the piece goes: the length of the object; 0 creates it.
    pub position: u64,
    /// What the object carries; of no effect when it is there.
    pub attributes: Attributes,
    /// Digests of the piece to check; a further one is not kept, since the bytes grow.
    pub digests: ExpectedDigests,
    /// Whether the object must be there, and may be one that was written as a whole: only in hierarchical
    /// buckets.
    pub modifies: bool,
    /// What the etag of the object must match, where it is modified.
    pub if_match: Option<ETagMatch>,
}

/// Make a link to another key.
#[derive(Clone, Debug)]
pub struct PutSymlink {
    /// The bucket.
    pub bucket: BucketName,
    /// The key of the link.
    pub key: ObjectKey,
    /// Where it points. That its bucket is named which is its own makes no difference.
    pub to: LinkTarget,
    /// What the link carries.
    pub attributes: Attributes,
    /// Conditions on what it would overwrite. A failed `if_none_match: Any` is `ObjectExists`.
    pub conditions: Conditions,
}

/// A link itself.
#[derive(Clone, Debug)]
pub struct SymlinkInfo {
    /// Where it points; the bucket is named only if it is another one.
    pub to: LinkTarget,
    /// What is known about it.
    pub info: ObjectInfo,
}

/// A restore that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreReceipt {
    /// Whether it was begun, or only extended.
    pub accepted: Accepted,
    /// How clients know the version.
    pub version: VersionTag,
}

/// A byte range as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// From a byte to a byte, both included; to the end when the second is missing.
    From(u64, Option<u64>),
    /// From a byte to a byte, both included, all of which the object must have.
    Within(u64, u64),
    /// The last so many bytes.
    Last(u64),
    /// The part of this number, of those that the object was made of; the first one of an object that was
    /// not made of parts is all of it.
    Part(u32),
}

/// Read an object.
#[derive(Clone, Debug)]
pub struct GetObject {
    /// Which object.
    pub target: ObjectTarget,
    /// Which bytes; all when missing.
    pub range: Option<RangeSpec>,
    /// Conditions. A failed `if_none_match` or `if_modified_since` is `NotModified`.
    pub conditions: Conditions,
}

/// What is known about a version of an object.
#[derive(Clone, Debug)]
pub struct ObjectInfo {
    /// How clients know the version.
    pub version: VersionTag,
    /// When its bytes were written.
    pub written_at: Timestamp,
    /// Everything else. What is read through a link has the form of the link, and the bytes of its target.
    pub record: ObjectRecord,
    /// What its restore has come to, while there is one.
    pub restore: Option<RestoreState>,
    /// Owner of the bucket.
    pub bucket_owner: crate::model::AccountId,
    /// The part that was asked for.
    pub part: Option<PartSpan>,
    /// When a lifecycle rule will delete it. Told where the object itself is read, and current.
    pub expires: Option<Expiry>,
    /// When it counts as read last, where its bucket notes reads. Told by [`crate::engine::Engine::head_object`] only.
    pub read_at: Option<Timestamp>,
}

/// Where a part of an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSpan {
    /// Its bytes.
    pub range: Range<u64>,
    /// How many parts the object was made of; `None` when it was not.
    pub of: Option<u16>,
}

/// The end of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// When.
    pub at: Timestamp,
    /// Name of the rule that orders it; empty where the object itself does.
    pub rule: Box<str>,
}

/// An object on its way out.
pub struct ObjectReader {
    /// What it is.
    pub info: ObjectInfo,
    /// The bytes that follow, when a range was asked for.
    pub range: Option<Range<u64>>,
    /// The bytes.
    pub body: ByteStream,
}

impl std::fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectReader")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// How what lies in a hierarchical bucket is deleted; of no effect elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// A directory goes with all that lies in it.
    pub recursive: bool,
    /// Nothing is moved into the trash of the bucket.
    pub past_trash: bool,
}

/// Delete a key or one version of it.
#[derive(Clone, Debug)]
pub struct DeleteObject {
    /// Which object. `Current` deletes the key: removes it, or adds a marker where versions are kept.
    pub target: ObjectTarget,
    /// What its etag must match; nothing there is no match either.
    pub if_match: Option<ETagMatch>,
    /// How, in a hierarchical bucket.
    pub how: Deletion,
}

/// What a delete did. Deleting what does not exist succeeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteReceipt {
    /// Version removed, or marker added; `None` on buckets that never had versions.
    pub version: Option<VersionTag>,
    /// Whether that version is a delete marker.
    pub marker: bool,
    /// Where it lies in the trash of the bucket, if it was moved there.
    pub trash: Option<ObjectKey>,
}

/// Where a copy reads.
#[derive(Clone, Debug)]
pub struct CopySource {
    /// Which object.
    pub object: ObjectTarget,
    /// Conditions on it, as of a read; for a part all failures are `PreconditionFailed`.
    pub conditions: Conditions,
}

/// What a copy carries in place of its source's.
#[derive(Clone, Debug)]
pub struct NewMeta {
    /// Headers.
    pub headers: StoredHeaders,
    /// User metadata.
    pub user_meta: UserMeta,
    /// Whether the content type of the source stays where `headers` has none.
    pub keeps_type: bool,
}

/// Copy an object within this server.
#[derive(Clone, Debug)]
pub struct CopyObject {
    /// From where.
    pub source: CopySource,
    /// To which bucket.
    pub bucket: BucketName,
    /// To which key.
    pub key: ObjectKey,
    /// New headers and metadata; `None` keeps those of the source.
    pub replace: Option<NewMeta>,
    /// New tags; `None` keeps those of the source.
    pub tags: Option<Tags>,
    /// Class; `None` is the bucket's default.
    pub class: Option<StorageClass>,
    /// Grants of the copy; never taken from the source.
    pub acl: Option<Acl>,
    /// Further checksum of the copy, over all bytes, which are read for it when the source has another;
    /// `None` keeps that of the source.
    pub checksum: Option<ChecksumAlgorithm>,
    /// Conditions on what it would overwrite.
    pub conditions: Conditions,
    /// Days after which the copy is deleted; never taken from the source.
    pub expires_days: Option<u32>,
    /// What keeps the copy as it is; never taken from the source.
    pub lock: Lock,
}

/// Give an object of a bucket another key of that bucket.
#[derive(Clone, Debug)]
pub struct RenameObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key that it has.
    pub from: ObjectKey,
    /// The key that it gets.
    pub to: ObjectKey,
    /// Conditions on what it would overwrite.
    pub conditions: Conditions,
    /// Whether the directories that the new key needs are made; of no effect in a flat bucket.
    pub makes_parents: bool,
}

/// A finished copy.
#[derive(Clone, Debug)]
pub struct CopyReceipt {
    /// What was stored.
    pub stored: NewVersion,
    /// How clients know the version that was read.
    pub source_version: VersionTag,
}

/// Change what stands beside an object's bytes. No event, no new version.
#[derive(Clone, Debug)]
pub enum ObjectChange {
    /// Replace headers and user metadata.
    Meta(StoredHeaders, UserMeta),
    /// Replace the tags.
    Tags(Tags),
    /// Replace its own grants; `None` puts those of the bucket in force.
    Acl(Option<Acl>),
    /// Have it deleted after so many days, 1 to [`crate::limits::EXPIRES_DAYS_MAX`]; `None` takes that back.
    Expires(Option<u32>),
    /// Say when it was written: the instant, and nanoseconds beyond its milliseconds, below 1,000,000.
    Written(Timestamp, u32),
    /// Change what keeps it as it is.
    Lock(LockStep),
}
