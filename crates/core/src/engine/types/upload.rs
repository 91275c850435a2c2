//! Requests about multipart uploads.

use crate::model::{
    Acl, BucketName, CallbackSpec, ChecksumAlgorithm, ChecksumForm, ChecksumValue, Checksums,
    Encryption, ObjectKey, Timestamp, UploadId, VersionTag,
};
use crate::ports::CallbackOutcome;

use super::{Attributes, Conditions, CopySource, ExpectedDigests, NewVersion, RangeSpec};

/// Begin a multipart upload.
#[derive(Clone, Debug)]
pub struct CreateUpload {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// What the object will carry.
    pub attributes: Attributes,
    /// Must hold now; that nobody writes the key until the end is for [`CompleteUpload::conditions`].
    pub conditions: Conditions,
    /// Its parts have to come in order: 1, 2, 3.
    pub sequential: bool,
    /// Further checksum of the object to be, which its parts have to bring. `InvalidArgument` for what no
    /// object can get: a CRC-64/NVME of digests, an SHA-1 or SHA-256 of all bytes. `None` lets every part
    /// bring its own; the object gets one then only when all have a CRC-64/NVME.
    pub checksum: Option<ChecksumForm>,
}

/// An upload that was begun.
#[derive(Clone, Debug)]
pub struct BegunUpload {
    /// The upload.
    pub upload: UploadId,
    /// How its parts are encrypted, if they are.
    pub encryption: Option<Encryption>,
}

/// An open upload.
#[derive(Clone, Debug)]
pub struct UploadTarget {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The upload.
    pub upload: UploadId,
}

/// Store a part.
#[derive(Clone, Debug)]
pub struct PutPart {
    /// Of which upload.
    pub target: UploadTarget,
    /// Its number, 1 to [`crate::limits::PARTS_MAX`].
    pub number: u32,
    /// Digests to check, and the further checksum to keep: that of the upload where it fixed one. `Compute`
    /// gives way to it, another one is an `InvalidArgument`, and so is none where it is SHA-1 or SHA-256.
    pub digests: ExpectedDigests,
}

/// Store a part from a range of an object of this server.
#[derive(Clone, Debug)]
pub struct CopyPart {
    /// Of which upload.
    pub target: UploadTarget,
    /// Its number, 1 to [`crate::limits::PARTS_MAX`].
    pub number: u32,
    /// From where.
    pub source: CopySource,
    /// Which bytes; all when missing.
    pub range: Option<RangeSpec>,
    /// Further checksum to compute where the upload fixed none.
    pub checksum: Option<ChecksumAlgorithm>,
}

/// A stored part.
#[derive(Clone, Debug)]
pub struct PartReceipt {
    /// MD5 of its bytes: its etag.
    pub md5: [u8; 16],
    /// Digests of its bytes.
    pub checksums: Checksums,
    /// Length, bytes.
    pub size: u64,
    /// When it was written.
    pub written_at: Timestamp,
    /// Version that was read, for a copied part.
    pub source_version: Option<VersionTag>,
    /// How its bytes are encrypted, if they are.
    pub encryption: Option<Encryption>,
}

/// A part as Complete names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPart {
    /// Its number.
    pub number: u32,
    /// Its etag without quotes.
    pub etag: Box<str>,
    /// Its further checksum, when the client says it. In an upload that fixed SHA-1 or SHA-256 it has to.
    pub checksum: Option<ChecksumValue>,
}

/// Make an object of an upload's parts.
#[derive(Clone, Debug)]
pub struct CompleteUpload {
    /// Which upload.
    pub target: UploadTarget,
    /// The parts in ascending order; `None` takes all that were uploaded.
    pub parts: Option<Vec<NamedPart>>,
    /// Least size of every part but the last, bytes; vendors differ.
    pub part_bytes_min: u64,
    /// Grants of the object; `None` leaves those the upload began with.
    pub acl: Option<Acl>,
    /// Conditions on what the object would overwrite.
    pub conditions: Conditions,
    /// Further checksum the object must get, whatever it covers: else `BadDigest`.
    pub checksum: Option<ChecksumValue>,
    /// Length the object must have, bytes: else `InvalidArgument`.
    pub size: Option<u64>,
    /// Application to call before the answer.
    pub callback: Option<CallbackSpec>,
}

/// A completed upload, and what its callback said.
#[derive(Clone, Debug)]
pub struct CompleteReceipt {
    /// What was stored.
    pub stored: NewVersion,
    /// The parts it was made of; empty when an earlier Complete made it.
    pub parts: Vec<NamedPart>,
    /// Outcome of the callback, when one was asked for.
    pub callback: Option<CallbackOutcome>,
}
