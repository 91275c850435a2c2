//! Takes a body out: an object's extents as one stream.
//!
//! Rows of a manifest are read while streaming, one at a time, and only blobs that the range touches
//! are opened. It knows nothing of keys or versions.

use std::collections::VecDeque;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream;

use super::Engine;
use super::ingest::next;
use super::sealing::opened;
use crate::model::{Extent, PayloadId, PayloadRef, Place};
use crate::ports::{BlobError, BlobStore, BodyError, ByteStream, MetadataStore, StoreError};
use crate::records::{decode, keys};
use crate::rules::cipher::{DataKey, span};

impl Engine {
    /// Streams a range of an object's bytes; the range lies within its size. Extents that hold fewer bytes
    /// than that end with an error, never early.
    /// `key` is the one they are encrypted with.
    pub(crate) fn open_payload(
        &self,
        payload: &PayloadRef,
        key: Option<&DataKey>,
        range: Range<u64>,
    ) -> ByteStream {
        let mut extents = VecDeque::new();
        let mut rows = None;
        match payload {
            PayloadRef::Empty => {}
            PayloadRef::One { extent, .. } => extents.push_back(*extent),
            PayloadRef::Manifest { id, extents } => rows = Some(Rows::new(*id, *extents)),
        }
        let left = range.end.saturating_sub(range.start);
        let left = (range.start, left);
        self.stream_out(extents, rows, key, left)
    }

    /// Streams all bytes of extents.
    pub(crate) fn open_extents(&self, extents: Vec<Extent>, key: Option<&DataKey>) -> ByteStream {
        let len = extents.iter().map(|extent| extent.len).sum();
        self.stream_out(extents.into(), None, key, (0, len))
    }

    fn stream_out(
        &self,
        extents: VecDeque<Extent>,
        rows: Option<Rows>,
        key: Option<&DataKey>,
        (skip, left): (u64, u64),
    ) -> ByteStream {
        let cursor = Cursor {
            meta: Arc::clone(&self.ports.meta),
            blobs: Arc::clone(&self.ports.blobs),
            extents,
            rows,
            skip,
            left,
            open: None,
            key: key.cloned(),
        };
        Box::pin(Unfold::Idle(Box::new(cursor)))
    }
}

/// Reads the first piece of a stream, so that damage and missing bytes give an error status instead
/// of a body that breaks off.
pub(crate) async fn prefetch(mut stream: ByteStream) -> Result<ByteStream, BodyError> {
    match next(&mut stream).await {
        None => Ok(stream),
        Some(Err(error)) => Err(error),
        Some(Ok(first)) => Ok(Box::pin(Prefetched {
            first: Some(first),
            rest: stream,
        })),
    }
}

struct Prefetched {
    first: Option<Bytes>,
    rest: ByteStream,
}

impl Stream for Prefetched {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.rest.as_mut().poll_next(cx),
        }
    }
}

/// Rows of a manifest not read yet.
struct Rows {
    payload: PayloadId,
    next: u32,
    count: u32,
}

impl Rows {
    fn new(payload: PayloadId, extents: u32) -> Self {
        Self {
            payload,
            next: 0,
            count: keys::extent_rows(extents),
        }
    }
}

/// Where a body on its way out stands.
struct Cursor {
    meta: Arc<dyn MetadataStore>,
    blobs: Arc<dyn BlobStore>,
    /// Extents read and not begun.
    extents: VecDeque<Extent>,
    rows: Option<Rows>,
    /// Bytes of `extents` before the first that is wanted.
    skip: u64,
    /// Bytes still to be given out, those of `open` included.
    left: u64,
    /// The blob being streamed, and how many bytes it still owes.
    open: Option<(ByteStream, u64)>,
    /// What the blobs are encrypted with.
    key: Option<DataKey>,
}

impl Cursor {
    /// The next piece; `None` when all bytes were given out.
    async fn piece(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            if let Some((stream, owed)) = &mut self.open {
                if let Some(piece) = next(stream).await {
                    let piece = piece?;
                    let len = piece.len() as u64;
                    *owed = owed.checked_sub(len).ok_or_else(|| short("too many"))?;
                    self.left = self.left.saturating_sub(len);
                    return Ok(Some(piece));
                }
                if *owed > 0 {
                    return Err(short("too few"));
                }
                self.open = None;
            }
            if self.left == 0 {
                return Ok(None);
            }
            if let Some(small) = self.begin().await? {
                return Ok(Some(small));
            }
        }
    }

    /// Goes on to the next extent that is wanted: opens its blob, or gives its bytes when they are
    /// in the metadata store.
    async fn begin(&mut self) -> Result<Option<Bytes>, BodyError> {
        let extent = self.next_extent().await?;
        if self.skip >= extent.len {
            self.skip -= extent.len;
            return Ok(None);
        }
        let start = extent.offset + self.skip;
        let len = (extent.len - self.skip).min(self.left);
        self.skip = 0;
        let range = start..start + len;
        let (Place::Hot(blob) | Place::Meta(blob)) = extent.at;
        if let Some(cipher) = self.key.as_ref().map(|key| key.of_blob(blob)) {
            // Extents of encrypted bytes go to the end of their blob.
            let span = span(&range, extent.offset + extent.len);
            let sealed = self.read(extent.at, span.start..span.end).await?;
            self.open = Some((opened(sealed, cipher, span, len), len));
            return Ok(None);
        }
        if let Place::Meta(blob) = extent.at {
            let bytes = self.meta.payload(blob, range).await.map_err(stored)?;
            self.left -= len;
            return Ok(Some(bytes));
        }
        self.open = Some((self.read(extent.at, range).await?, len));
        Ok(None)
    }

    /// Bytes as they are stored.
    async fn read(&mut self, at: Place, range: Range<u64>) -> Result<ByteStream, BodyError> {
        match at {
            Place::Hot(blob) => Ok(self.blobs.read(blob, range).await?),
            Place::Meta(blob) => {
                let bytes = self.meta.payload(blob, range).await.map_err(stored)?;
                Ok(Box::pin(stream::iter([Ok(bytes)])))
            }
        }
    }

    async fn next_extent(&mut self) -> Result<Extent, BodyError> {
        loop {
            if let Some(extent) = self.extents.pop_front() {
                return Ok(extent);
            }
            let row = self
                .rows
                .as_mut()
                .filter(|rows| rows.next < rows.count)
                .ok_or_else(|| short("too few"))?;
            let key = keys::extents(row.payload, row.next);
            row.next += 1;
            let mut found = self.meta.get_many(&[key]).await.map_err(stored)?;
            // Rows go with their payload, so a missing one is a missing blob.
            let record = found.pop().flatten().ok_or(BlobError::NoSuchBlob)?;
            self.extents = decode(&record.bytes).map_err(stored)?;
        }
    }
}

fn short(how_many: &str) -> BodyError {
    BlobError::Damaged(format!("the extents hold {how_many} bytes")).into()
}

/// A record or small body that could not be read, as a body that breaks off.
pub(crate) fn stored(error: StoreError) -> BodyError {
    let error = match error {
        StoreError::NoSuchPayload => BlobError::NoSuchBlob,
        StoreError::Damaged(what) => BlobError::Damaged(what),
        StoreError::Unavailable(source) => BlobError::Failed(source),
    };
    error.into()
}

type Step = Pin<Box<dyn Future<Output = (Box<Cursor>, Result<Option<Bytes>, BodyError>)> + Send>>;

/// Makes a stream of a cursor. Ends after the first error.
enum Unfold {
    Idle(Box<Cursor>),
    Busy(Step),
    Done,
}

impl Stream for Unfold {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut step = match std::mem::replace(&mut *self, Self::Done) {
            Self::Done => return Poll::Ready(None),
            Self::Busy(step) => step,
            Self::Idle(mut cursor) => Box::pin(async move {
                let piece = cursor.piece().await;
                (cursor, piece)
            }),
        };
        match step.as_mut().poll(cx) {
            Poll::Pending => {
                *self = Self::Busy(step);
                Poll::Pending
            }
            Poll::Ready((cursor, Ok(Some(piece)))) => {
                *self = Self::Idle(cursor);
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready((_, Ok(None))) => Poll::Ready(None),
            Poll::Ready((_, Err(error))) => Poll::Ready(Some(Err(error))),
        }
    }
}
