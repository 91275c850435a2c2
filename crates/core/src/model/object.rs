//! Objects and their versions.

use serde::{Deserialize, Serialize};

use super::{
    AccountId, Acl, BlobId, BucketName, Checksums, Encryption, Etag, Lock, ObjectKey, PayloadId,
    Replicated, Seal, Timestamp, UploadId, VersionId,
};

/// How an object is kept. Names are ours; each dialect has a table. Stored by number, so variants keep
/// their place.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum StorageClass {
    /// Read often.
    #[default]
    Standard,
    /// Read seldom.
    Infrequent,
    /// Archived, readable at once.
    ArchiveInstant,
    /// The server decides between frequent and infrequent.
    Intelligent,
    /// Archived; to be restored before it is read, as all that follow.
    Archive,
    /// Archived for years.
    ColdArchive,
    /// Archived for good measure, hardly ever read.
    DeepColdArchive,
}

impl StorageClass {
    /// Every class, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Standard,
        Self::Infrequent,
        Self::ArchiveInstant,
        Self::Intelligent,
        Self::Archive,
        Self::ColdArchive,
        Self::DeepColdArchive,
    ];

    /// Whether objects of this class have to be restored before they are read.
    pub const fn is_frozen(self) -> bool {
        match self {
            Self::Archive | Self::ColdArchive | Self::DeepColdArchive => true,
            Self::Standard | Self::Infrequent | Self::ArchiveInstant | Self::Intelligent => false,
        }
    }
}

/// Headers stored with an object and given back with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredHeaders {
    /// `Content-Type`.
    pub content_type: Option<Box<str>>,
    /// `Cache-Control`.
    pub cache_control: Option<Box<str>>,
    /// `Content-Disposition`.
    pub content_disposition: Option<Box<str>>,
    /// `Content-Encoding`.
    pub content_encoding: Option<Box<str>>,
    /// `Content-Language`.
    pub content_language: Option<Box<str>>,
    /// `Expires`, as the client wrote it.
    pub expires: Option<Box<str>>,
    /// Where a website redirects to.
    pub website_redirect: Option<Box<str>>,
}

/// User metadata: lower-case names without vendor prefix, values verbatim.
pub type UserMeta = Vec<(Box<str>, Box<str>)>;

/// Tags: names and values.
pub type Tags = Vec<(Box<str>, Box<str>)>;

/// Where the bytes of an extent are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// In the metadata store's care: small bodies that travelled in the commit.
    Meta(BlobId),
    /// In the blob store.
    Hot(BlobId),
}

/// A run of an object's bytes within one blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// The blob.
    pub at: Place,
    /// First byte within the blob.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

/// The bytes of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PayloadRef {
    /// No bytes at all.
    Empty,
    /// One extent.
    One {
        /// The payload it belongs to.
        id: PayloadId,
        /// The extent.
        extent: Extent,
    },
    /// Many extents, kept in rows of their own so that listings do not read them.
    Manifest {
        /// The payload all of them belong to, and the name of the rows.
        id: PayloadId,
        /// How many extents.
        extents: u32,
    },
}

/// What an object is, as far as it decides what may be done with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Written as a whole.
    #[default]
    Normal,
    /// May be appended to.
    Appendable,
    /// Has no bytes and stands for another key.
    Symlink(LinkTarget),
    /// Has no bytes and holds what lies under its key, which ends with `/`. Only in hierarchical buckets.
    Directory {
        /// Somebody is about to remove or move it; whoever writes into it takes that back.
        leaving: bool,
    },
}

/// What a link stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTarget {
    /// The bucket; `None` is whichever the link itself is in, after it was copied too.
    pub bucket: Option<BucketName>,
    /// The key.
    pub key: ObjectKey,
}

impl From<ObjectKey> for LinkTarget {
    /// A key of the bucket that the link is in.
    fn from(key: ObjectKey) -> Self {
        Self { bucket: None, key }
    }
}

/// What clients are told an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectType {
    /// Written as a whole, or copied.
    Normal,
    /// Made of the parts of an upload.
    Multipart,
    /// May be appended to.
    Appendable,
    /// Stands for another key.
    Symlink,
}

/// A restore of an object whose class keeps its bytes from being read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// When its bytes can be read.
    pub ready_at: Timestamp,
    /// When they cannot any more.
    pub expires_at: Timestamp,
    /// Whether an event told that it has finished.
    pub told: bool,
}

/// What a restore has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreState {
    /// The bytes cannot be read yet.
    Running,
    /// The bytes can be read until then.
    Until(Timestamp),
}

/// Everything known about one version of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRecord {
    /// Length in bytes.
    pub size: u64,
    /// Entity tag.
    pub etag: Etag,
    /// Digests of the whole object.
    pub checksums: Checksums,
    /// Its bytes.
    pub payload: PayloadRef,
    /// Headers given back with it.
    pub headers: StoredHeaders,
    /// User metadata.
    pub user_meta: UserMeta,
    /// Tags.
    pub tags: Tags,
    /// How it is kept.
    pub class: StorageClass,
    /// The multipart upload it came from, so that a repeated Complete finds its own result.
    pub upload: Option<UploadId>,
    /// Who wrote it.
    pub owner: AccountId,
    /// Its own grants; `None` means those of the bucket.
    pub acl: Option<Acl>,
    /// What it is.
    pub form: Form,
    /// Its restore, the last one, if there was any.
    pub restore: Option<Restore>,
    /// How its bytes are encrypted, if they are. Its digests and its length are those of the plain bytes.
    pub seal: Option<Seal>,
    /// When it is deleted while it is current, by order of whoever wrote it; a midnight.
    pub expires_at: Option<Timestamp>,
    /// What keeps it as it is.
    pub lock: Lock,
    /// What replication has to do with it.
    pub replicated: Replicated,
    /// Nanoseconds beyond the milliseconds of when it was written, below 1,000,000; where a client said when
    /// that was.
    pub nanos: u32,
}

impl ObjectRecord {
    /// How its bytes are encrypted, if they are.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.seal.as_ref().map(|seal| &seal.encryption)
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self.form, Form::Directory { .. })
    }

    /// What clients are told it is.
    pub fn object_type(&self) -> ObjectType {
        match (&self.form, self.upload) {
            (Form::Symlink(_), _) => ObjectType::Symlink,
            (Form::Appendable, _) => ObjectType::Appendable,
            (Form::Normal, Some(_)) => ObjectType::Multipart,
            (Form::Normal, None) | (Form::Directory { .. }, _) => ObjectType::Normal,
        }
    }
}

/// What a version is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionKind {
    /// An object.
    Object(Box<ObjectRecord>),
    /// A mark that the key is deleted.
    DeleteMarker {
        /// Who deleted.
        owner: AccountId,
    },
}

/// One version of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// Its id; greater than that of every earlier version of the key.
    pub id: VersionId,
    /// Whether clients know it as the null version.
    pub is_null: bool,
    /// When its bytes were written (or the marker made).
    pub written_at: Timestamp,
    /// Object or delete marker.
    pub kind: VersionKind,
}

impl ObjectVersion {
    /// The object, unless this is a delete marker.
    pub fn object(&self) -> Option<&ObjectRecord> {
        match &self.kind {
            VersionKind::Object(record) => Some(record),
            VersionKind::DeleteMarker { .. } => None,
        }
    }
}
