//! Other stores, to write to.

use async_trait::async_trait;
use bytes::Bytes;

use crate::model::ObjectKey;
use crate::ports::{Source, SourceDigests, SourceFault, SourceObject};

/// A bucket of another store that is written as well. What is written is there as a whole or not at all,
/// and its bytes were compared on the way. Keys are taken byte for byte. Every call ends within its own
/// time limit; doing it again is harmless. `Missing` says that there is no such bucket.
#[async_trait]
pub trait Sink: Source {
    /// Writes an object with the headers, metadata and class of another one. Gives the digests that the
    /// store publishes of it now.
    async fn put(
        &self,
        key: &ObjectKey,
        like: &SourceObject,
        bytes: Bytes,
    ) -> Result<SourceDigests, SourceFault>;

    /// Begins to write one in parts; gives what the store calls that upload.
    async fn begin(&self, key: &ObjectKey, like: &SourceObject) -> Result<Box<str>, SourceFault>;

    /// Writes a part; gives its entity tag. Numbers begin at 1.
    async fn put_part(
        &self,
        key: &ObjectKey,
        upload: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Box<str>, SourceFault>;

    /// Makes the object of its parts, named by their entity tags in order; digests as of a put.
    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &str,
        parts: &[Box<str>],
    ) -> Result<SourceDigests, SourceFault>;

    /// Gives an upload up.
    async fn abort(&self, key: &ObjectKey, upload: &str) -> Result<(), SourceFault>;

    /// Removes an object. One that is not there is removed.
    async fn remove(&self, key: &ObjectKey) -> Result<(), SourceFault>;
}
