//! Identifiers. None of them is ever used twice.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One life of a bucket. Deleting a bucket and creating it again gives another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BucketId(pub u64);

/// One version of a key, growing with every change of that key. Shown to clients as 16 hex digits;
/// the "null" version of unversioned buckets is a flag on the version, not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionId(pub u64);

/// A body: the bytes of one PUT, or of one whole multipart upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PayloadId(pub [u8; 16]);

/// A multipart upload. Its payload has the same 16 bytes, so a blob's name tells its upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UploadId(pub [u8; 16]);

/// A stored byte string. Its name tells the payload it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlobId {
    /// The payload these bytes are part of.
    pub payload: PayloadId,
    /// Tells blobs of one payload apart; drawn at random for every part that is written, so that a
    /// part uploaded again never meets its former self. 0 for the body of a plain PUT.
    pub n: u64,
}

/// A piece of durable work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkId(pub [u8; 16]);

/// A task that fetches what a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FetchId(pub [u8; 16]);

impl FetchId {
    /// Reads the 32 hex digits written by `Display`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex16(text).map(Self)
    }
}

impl fmt::Display for FetchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl UploadId {
    /// The payload that the upload's parts are written under.
    pub const fn payload(self) -> PayloadId {
        PayloadId(self.0)
    }

    /// Reads the 32 hex digits written by `Display`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex16(text).map(Self)
    }
}

impl VersionId {
    /// Reads the 16 lower-case hex digits written by `Display`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = text.len() == 16
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        canonical
            .then(|| u64::from_str_radix(text, 16).ok().map(Self))
            .flatten()
    }
}

pub(super) fn parse_hex16(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for PayloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.payload, self.n)
    }
}
