//! Immutable byte strings, written once, named by id.

use std::fmt::Debug;
use std::ops::Range;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;

use crate::error::{BoxError, Error};
use crate::model::BlobId;

/// A body on its way in or out.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// A body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The client went away or was too slow.
    #[error("the body ended early: {0}")]
    Aborted(String),
    /// The body is not what the request said it is: wrong digest, length, chunk signature.
    #[error(transparent)]
    Refused(Error),
    /// Stored bytes could not be read.
    #[error(transparent)]
    Stored(#[from] BlobError),
}

/// A blob operation failed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No such blob.
    #[error("no such blob")]
    NoSuchBlob,
    /// The bytes are not those that were written. They are never handed out.
    #[error("stored bytes are damaged: {0}")]
    Damaged(String),
    /// No space left.
    #[error("no space left for blobs")]
    Full,
    /// Anything else.
    #[error("the blob store failed")]
    Failed(#[source] BoxError),
}

/// A stored blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its id.
    pub id: BlobId,
    /// Its length, bytes.
    pub len: u64,
}

/// Blob storage. Promises (`cohong_testkit::suite::blob`): `finish` returns when bytes and directory
/// entry are durable; an unfinished or aborted blob is never seen by `read` or `scan`, also after a
/// crash; every byte handed out was checked against a checksum; ids are never reused by the engine.
#[async_trait]
pub trait BlobStore: Debug + Send + Sync + 'static {
    /// Begins a blob. `len` is its length when known beforehand, so that space can be reserved.
    async fn create(&self, id: BlobId, len: Option<u64>) -> Result<Box<dyn BlobWriter>, BlobError>;

    /// Streams a range, which lies within the blob, in pieces of at most 1 MiB.
    async fn read(&self, id: BlobId, range: Range<u64>) -> Result<ByteStream, BlobError>;

    /// Removes a blob; an absent one is success. A power cut may bring it back.
    async fn delete(&self, id: BlobId) -> Result<(), BlobError>;

    /// Finished blobs in order of id, after `after`, at most `limit`.
    async fn scan(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobInfo>, BlobError>;
}

/// A blob being written. Dropping it unfinished removes what was written.
#[async_trait]
pub trait BlobWriter: Send {
    /// Adds bytes.
    async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError>;

    /// Makes the blob durable and visible.
    async fn finish(self: Box<Self>) -> Result<BlobInfo, BlobError>;
}
