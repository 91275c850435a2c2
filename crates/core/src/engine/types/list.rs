//! Listings. Every page has at most [`crate::limits::PAGE_MAX`] entries; a limit of 0 asks for none.

use std::collections::BTreeMap;

use crate::model::{
    AccountId, BucketName, ChecksumForm, Etag, FurtherChecksum, ObjectKey, ObjectType, Principal,
    RestoreState, StorageClass, Timestamp, UploadId, UserMeta, VersionTag,
};

use super::UploadTarget;

/// List the objects of a bucket.
#[derive(Clone, Debug)]
pub struct ListObjects {
    /// The bucket.
    pub bucket: BucketName,
    /// Only keys that begin with this.
    pub prefix: String,
    /// Keys with this text behind the prefix are rolled up into one entry; empty for none.
    pub delimiter: String,
    /// Only keys and rolled-up prefixes after this (before it, when reversed); empty for all. Need not
    /// be a possible key.
    pub after: String,
    /// Greatest key first.
    pub reverse: bool,
    /// Entries at most.
    pub limit: usize,
}

/// A page of objects.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Objects and rolled-up prefixes together, in key order.
    pub entries: Vec<ListingEntry>,
    /// Where the next page begins (`after`); `None` at the end.
    pub next: Option<String>,
    /// When the rolled-up directories of a hierarchical bucket were made.
    pub made: BTreeMap<String, Timestamp>,
}

/// One line of a listing.
#[derive(Clone, Debug)]
pub enum ListingEntry {
    /// An object.
    Object(ObjectSummary),
    /// A rolled-up prefix, delimiter included.
    Prefix(String),
}

/// What a listing says of an object.
#[derive(Clone, Debug)]
pub struct ObjectSummary {
    /// Its key.
    pub key: ObjectKey,
    /// When it was written.
    pub written_at: Timestamp,
    /// Entity tag.
    pub etag: Etag,
    /// CRC-64/XZ.
    pub crc64: u64,
    /// Further checksum, when it has one.
    pub further: Option<FurtherChecksum>,
    /// Length, bytes.
    pub size: u64,
    /// Class.
    pub class: StorageClass,
    /// What it is.
    pub object_type: ObjectType,
    /// What its restore has come to, while there is one.
    pub restore: Option<RestoreState>,
    /// Who wrote it.
    pub owner: AccountId,
    /// User metadata.
    pub user_meta: UserMeta,
}

/// List the versions of a bucket's keys, newest first within a key.
#[derive(Clone, Debug)]
pub struct ListVersions {
    /// The bucket.
    pub bucket: BucketName,
    /// Only keys that begin with this.
    pub prefix: String,
    /// Rolls up as in [`ListObjects`].
    pub delimiter: String,
    /// Only keys after this, or this key's versions after `version_marker`; empty for all.
    pub key_marker: String,
    /// Within the marker key, only versions older than this one.
    pub version_marker: Option<VersionTag>,
    /// Entries at most.
    pub limit: usize,
}

/// One version in a listing.
#[derive(Clone, Debug)]
pub struct VersionSummary {
    /// Its key.
    pub key: ObjectKey,
    /// How clients know it.
    pub version: VersionTag,
    /// Whether it is the current one.
    pub is_latest: bool,
    /// When it was written.
    pub written_at: Timestamp,
    /// Who wrote or deleted it.
    pub owner: AccountId,
    /// The object; `None` for a delete marker.
    pub object: Option<ObjectSummary>,
}

/// A page of versions.
#[derive(Clone, Debug)]
pub struct VersionListing {
    /// Versions in order.
    pub versions: Vec<VersionSummary>,
    /// Rolled-up prefixes, in order.
    pub prefixes: Vec<String>,
    /// Key and version the next page begins after; `None` at the end. The version is missing when the
    /// page ended on a prefix.
    pub next: Option<(String, Option<VersionTag>)>,
}

/// List the open uploads of a bucket by key, then by age.
#[derive(Clone, Debug)]
pub struct ListUploads {
    /// The bucket.
    pub bucket: BucketName,
    /// Only keys that begin with this.
    pub prefix: String,
    /// Rolls up as in [`ListObjects`].
    pub delimiter: String,
    /// Only keys after this, or this key's uploads after `upload_marker`; empty for all.
    pub key_marker: String,
    /// Within the marker key, only uploads after this one.
    pub upload_marker: Option<UploadId>,
    /// Entries at most.
    pub limit: usize,
}

/// One open upload.
#[derive(Clone, Debug)]
pub struct UploadSummary {
    /// Its key.
    pub key: ObjectKey,
    /// Its id.
    pub upload: UploadId,
    /// Who began it.
    pub owner: Principal,
    /// Class of the object to be.
    pub class: StorageClass,
    /// When it began.
    pub created_at: Timestamp,
    /// Further checksum of the object to be, when the upload fixed one.
    pub checksum: Option<ChecksumForm>,
}

/// A page of uploads.
#[derive(Clone, Debug)]
pub struct UploadListing {
    /// Uploads in order.
    pub uploads: Vec<UploadSummary>,
    /// Rolled-up prefixes, in order.
    pub prefixes: Vec<String>,
    /// Key and upload the next page begins after; `None` at the end. The upload is missing when the
    /// page ended on a prefix.
    pub next: Option<(String, Option<UploadId>)>,
}

/// List the parts of an upload.
#[derive(Clone, Debug)]
pub struct ListParts {
    /// Which upload.
    pub target: UploadTarget,
    /// Only parts with a greater number.
    pub after: u32,
    /// Parts at most.
    pub limit: usize,
}

/// One part.
#[derive(Clone, Debug)]
pub struct PartSummary {
    /// Its number.
    pub number: u32,
    /// MD5 of its bytes: its etag.
    pub md5: [u8; 16],
    /// CRC-64/XZ of its bytes.
    pub crc64: u64,
    /// Further checksum of its bytes, when it has one.
    pub further: Option<FurtherChecksum>,
    /// Length, bytes.
    pub size: u64,
    /// When it was written.
    pub written_at: Timestamp,
}

/// A page of parts.
#[derive(Clone, Debug)]
pub struct PartListing {
    /// Parts in order.
    pub parts: Vec<PartSummary>,
    /// Number the next page begins after; `None` at the end.
    pub next: Option<u32>,
    /// Who began the upload.
    pub owner: Principal,
    /// Class of the object to be.
    pub class: StorageClass,
    /// Further checksum of the object to be, when the upload fixed one.
    pub checksum: Option<ChecksumForm>,
    /// User metadata of the object to be.
    pub user_meta: UserMeta,
}
