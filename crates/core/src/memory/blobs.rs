//! Blobs in memory: the specification of [`BlobStore`], with faults for the simulation.
//!
//! Two stages, as on a disk: a blob being written belongs to its writer, a finished one to the store.
//! [`MemoryBlobs::crash`] loses the first and keeps the second. It knows no files and no runtime.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Bound, Range};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use crc_fast::crc32_iscsi;
use futures_core::Stream;

use crate::model::BlobId;
use crate::ports::{BlobError, BlobInfo, BlobStore, BlobWriter, BodyError, ByteStream};

/// Largest piece of a read, as the port promises.
const PIECE: usize = 1 << 20;

/// Where a fault can be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobStep {
    /// `create`.
    Create,
    /// `BlobWriter::write`.
    Write,
    /// `finish`, before the blob is durable.
    Finish,
    /// `read`, and again before each piece.
    Read,
}

/// Decides whether a step fails, and how.
type Fault = Arc<dyn Fn(BlobStep, BlobId) -> Option<BlobError> + Send + Sync>;

/// Blobs in memory. Clones share what is stored.
#[derive(Clone, Default)]
pub struct MemoryBlobs {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    blobs: BTreeMap<BlobId, Stored>,
    fault: Option<Fault>,
    /// Bytes that still fit; `None` is no limit.
    room: Option<u64>,
    /// Counts crashes: a writer of a former life cannot finish.
    life: u64,
}

#[derive(Clone)]
struct Stored {
    bytes: Bytes,
    sum: u32,
}

impl MemoryBlobs {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `fault` before every step from now on; what it returns is the step's outcome.
    pub fn set_fault(
        &self,
        fault: impl Fn(BlobStep, BlobId) -> Option<BlobError> + Send + Sync + 'static,
    ) {
        self.lock().fault = Some(Arc::new(fault));
    }

    /// No step fails any more.
    pub fn clear_fault(&self) {
        self.lock().fault = None;
    }

    /// From now on `bytes` more fit, and then [`BlobError::Full`] is answered; `None` is no limit.
    pub fn set_room(&self, bytes: Option<u64>) {
        self.lock().room = bytes;
    }

    /// The process dies: blobs being written are gone, and their writers can do nothing more.
    pub fn crash(&self) {
        self.lock().life += 1;
    }

    /// Length of a finished blob, bytes.
    pub fn len(&self, id: BlobId) -> Option<u64> {
        let state = self.lock();
        state.blobs.get(&id).map(|stored| stored.bytes.len() as u64)
    }

    /// Damages bit `n`, counted from the first byte's lowest. `false` when there is no such bit.
    pub fn flip_bit(&self, id: BlobId, n: u64) -> bool {
        let mut state = self.lock();
        let Some(stored) = state.blobs.get_mut(&id) else {
            return false;
        };
        let mut bytes = stored.bytes.to_vec();
        let at = usize::try_from(n / 8).ok();
        let Some(byte) = at.and_then(|at| bytes.get_mut(at)) else {
            return false;
        };
        *byte ^= 1 << (n % 8);
        stored.bytes = bytes.into();
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment or one insertion, so a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, step: BlobStep, id: BlobId) -> Result<(), BlobError> {
        let fault = self.lock().fault.clone();
        match fault.and_then(|fault| fault(step, id)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for MemoryBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blobs = self.lock().blobs.len();
        f.debug_struct("MemoryBlobs")
            .field("blobs", &blobs)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn create(&self, id: BlobId, len: Option<u64>) -> Result<Box<dyn BlobWriter>, BlobError> {
        self.step(BlobStep::Create, id)?;
        let state = self.lock();
        if state.room.is_some_and(|room| room < len.unwrap_or(0)) {
            return Err(BlobError::Full);
        }
        Ok(Box::new(Writer {
            store: self.clone(),
            id,
            life: state.life,
            bytes: Vec::new(),
            broken: false,
        }))
    }

    async fn read(&self, id: BlobId, range: Range<u64>) -> Result<ByteStream, BlobError> {
        self.step(BlobStep::Read, id)?;
        let stored = self.lock().blobs.get(&id).cloned();
        let stored = stored.ok_or(BlobError::NoSuchBlob)?;
        if crc32_iscsi(&stored.bytes) != stored.sum {
            return Err(BlobError::Damaged("checksum".to_owned()));
        }
        let rest = within(&stored.bytes, &range).ok_or_else(|| outside(&range))?;
        let store = self.clone();
        Ok(Box::pin(Pieces { store, id, rest }))
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        let mut state = self.lock();
        if let Some(stored) = state.blobs.remove(&id) {
            let freed = stored.bytes.len() as u64;
            state.room = state.room.map(|room| room.saturating_add(freed));
        }
        Ok(())
    }

    async fn scan(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobInfo>, BlobError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.lock();
        let found = state.blobs.range((from, Bound::Unbounded)).take(limit);
        Ok(found
            .map(|(id, stored)| BlobInfo {
                id: *id,
                len: stored.bytes.len() as u64,
            })
            .collect())
    }
}

/// The range's bytes; `None` when the blob does not have them.
fn within(bytes: &Bytes, range: &Range<u64>) -> Option<Bytes> {
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    (start <= end && end <= bytes.len()).then(|| bytes.slice(start..end))
}

fn outside(range: &Range<u64>) -> BlobError {
    BlobError::Failed(format!("range {range:?} is not within the blob").into())
}

struct Writer {
    store: MemoryBlobs,
    id: BlobId,
    life: u64,
    bytes: Vec<u8>,
    /// A write failed: bytes are missing.
    broken: bool,
}

impl Writer {
    fn usable(&self) -> Result<(), BlobError> {
        let why = match (self.broken, self.store.lock().life == self.life) {
            (true, _) => "an earlier write of this blob failed",
            (false, false) => "the store has crashed meanwhile",
            (false, true) => return Ok(()),
        };
        Err(BlobError::Failed(why.into()))
    }

    fn append(&mut self, chunk: &[u8]) -> Result<(), BlobError> {
        self.store.step(BlobStep::Write, self.id)?;
        let needed = (self.bytes.len() + chunk.len()) as u64;
        if self.store.lock().room.is_some_and(|room| room < needed) {
            return Err(BlobError::Full);
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError> {
        self.usable()?;
        let outcome = self.append(&chunk);
        self.broken = outcome.is_err();
        outcome
    }

    async fn finish(self: Box<Self>) -> Result<BlobInfo, BlobError> {
        self.usable()?;
        self.store.step(BlobStep::Finish, self.id)?;
        let bytes = Bytes::from(self.bytes);
        let (id, len) = (self.id, bytes.len() as u64);
        let mut state = self.store.lock();
        if state.blobs.contains_key(&id) {
            return Err(BlobError::Failed(
                format!("blob {id} exists already").into(),
            ));
        }
        if state.room.is_some_and(|room| room < len) {
            return Err(BlobError::Full);
        }
        state.room = state.room.map(|room| room - len);
        let sum = crc32_iscsi(&bytes);
        state.blobs.insert(id, Stored { bytes, sum });
        Ok(BlobInfo { id, len })
    }
}

/// What is left of a read.
struct Pieces {
    store: MemoryBlobs,
    id: BlobId,
    rest: Bytes,
}

impl Stream for Pieces {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Err(error) = self.store.step(BlobStep::Read, self.id) {
            self.rest = Bytes::new();
            return Poll::Ready(Some(Err(error.into())));
        }
        let piece = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(piece);
        Poll::Ready(Some(Ok(piece)))
    }
}
