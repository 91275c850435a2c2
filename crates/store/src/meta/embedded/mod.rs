//! The metadata store of a single process, on the local disk.
//!
//! One committer thread owns the writes and syncs once for everybody who waits (group commit); reads
//! take snapshots and never wait for it. The engine below is fjall. One sequence of numbers gives
//! revisions and log positions; it survives restarts and never goes back.

mod codec;
mod committer;
mod copy;
mod engine;
mod examine;
mod folder;
mod journal;
mod queue;
mod reads;
mod stats;
mod versions;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::error::BoxError;
use cohong_core::model::BlobId;
use cohong_core::ports::{
    CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    StoreError, Tail, Txn,
};

pub use committer::FatalHook;
pub use copy::{Copy, raise_numbers};
pub use examine::{Examined, RowsFrom};
pub use folder::{FORMAT, OpenError};
pub use stats::Stats;
pub use versions::TableFile;

use committer::{Committer, Shared, UNSYNCED_NUMBERS_MAX};
use engine::{FjallEngine, Tables};
use folder::Folder;
use queue::Queue;

/// Rows that are read by key without leaving the async thread: fewer take less time than the way to
/// another thread and back. Scans always leave it: on their way to the first row they may pass any
/// number of removed ones.
const INLINE_ROWS: usize = 16;
/// The same for bytes of a payload.
const INLINE_BYTES: u64 = 16 << 10;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Largest body, bytes, that travels in a commit.
    pub small_payload_max: usize,
    /// Free bytes of the disk below which the store refuses to grow. What the engine writes by itself
    /// must fit: a journal, a flush and a compaction.
    pub reserve_bytes: u64,
    /// Called, after the error was logged, when a write failed in a way nobody can repair in this
    /// process. It should end the process at once.
    pub on_fatal: FatalHook,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            small_payload_max: 64 << 10,
            reserve_bytes: 512 << 20,
            on_fatal: Arc::new(|_| std::process::abort()),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("small_payload_max", &self.small_payload_max)
            .field("reserve_bytes", &self.reserve_bytes)
            .finish_non_exhaustive()
    }
}

/// The store. See the module's text. Needs a tokio runtime around its reads.
pub struct EmbeddedMeta {
    // In the order they are dropped: the folder is free only after the engine let go of its files.
    tables: Tables,
    queue: Queue,
    thread: Mutex<Option<JoinHandle<bool>>>,
    shared: Arc<Shared>,
    small_payload_max: usize,
    folder: Folder,
}

impl EmbeddedMeta {
    /// Opens the store in a folder, which is created if need be, and starts the committer. Blocks for
    /// as long as reading the journal takes, up to a few seconds.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        let folder = Folder::open(dir)?;
        let tables = open_tables(&folder).map_err(|source| OpenError::Engine {
            dir: dir.to_owned(),
            source,
        })?;
        let unreadable = |source| OpenError::Store {
            dir: dir.to_owned(),
            source,
        };
        let (settled, mark) = tables.last().map_err(unreadable)?;
        // What a process that was killed had not synced is built upon from here on.
        tables.sync().map_err(unreadable)?;
        folder.raise_durable(mark.batch)?;
        let engine = FjallEngine::new(tables.clone(), dir).map_err(unreadable)?;
        let shared = Arc::new(Shared::default());
        shared.settled.store(settled, Ordering::Release);
        let (queue, inbox) = Queue::new();
        let committer = Committer::new(
            engine,
            inbox,
            Arc::clone(&shared),
            options.on_fatal,
            (options.small_payload_max, options.reserve_bytes),
            // Transactions that were lost may have taken numbers after the last durable one.
            settled + UNSYNCED_NUMBERS_MAX,
        );
        let thread = Builder::new()
            .name("metadata".to_owned())
            .spawn(|| committer.run());
        let thread = thread.map_err(|source| OpenError::Io {
            path: dir.to_owned(),
            source,
        })?;
        let small_payload_max = options.small_payload_max;
        let thread = Mutex::new(Some(thread));
        Ok(Self {
            tables,
            queue,
            thread,
            shared,
            small_payload_max,
            folder,
        })
    }

    /// Commits what waits, refuses what comes later and ends the committer. Blocks for a sync or two.
    /// The folder is free when the store is dropped.
    pub fn close(&self) {
        self.queue.close();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic was reported by the thread itself.
            let ended_well = thread.join().unwrap_or(false);
            if ended_well && let Err(error) = self.note_durable() {
                tracing::warn!("how much is durable could not be noted: {error}");
            }
        }
    }

    /// Notes how many batches there are; for when the committer has ended.
    fn note_durable(&self) -> Result<(), BoxError> {
        self.tables.sync()?;
        let (_, mark) = self.tables.last()?;
        Ok(self.folder.raise_durable(mark.batch)?)
    }

    /// What the committer did so far.
    pub fn stats(&self) -> Stats {
        self.shared.totals.read(self.queue.len())
    }
}

impl Drop for EmbeddedMeta {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for EmbeddedMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedMeta")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Opens the engine on files that were looked at before: it takes much of them on trust.
fn open_tables(folder: &Folder) -> Result<Tables, BoxError> {
    let dir = &folder.engine();
    if dir.exists() {
        versions::check(dir)?;
        if let Some(cut) = journal::check(dir, folder.durable()?)? {
            tracing::warn!("{cut}");
        }
    }
    Ok(Tables::open(dir)?)
}

#[async_trait]
impl MetadataStore for EmbeddedMeta {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        if at.len() <= INLINE_ROWS {
            return reads::get_many(&self.tables, at);
        }
        let (tables, at) = (self.tables.clone(), at.to_vec());
        elsewhere(move || reads::get_many(&tables, &at)).await
    }

    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError> {
        let (tables, ranges) = (self.tables.clone(), ranges.to_vec());
        elsewhere(move || reads::scan(&tables, &ranges, order, limit)).await
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        self.queue.commit(txns).await
    }

    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
        if range.end.saturating_sub(range.start) <= INLINE_BYTES {
            return reads::payload(&self.tables, id, range);
        }
        let tables = self.tables.clone();
        elsewhere(move || reads::payload(&tables, id, range)).await
    }

    async fn tail(&self, log: LogId, after: Position, limit: Limit) -> Result<Tail, StoreError> {
        let (tables, shared) = (self.tables.clone(), Arc::clone(&self.shared));
        elsewhere(move || reads::tail(&tables, &shared, log, after, limit)).await
    }

    fn small_payload_max(&self) -> usize {
        self.small_payload_max
    }
}

/// Runs a read that may take long where it holds up nobody.
async fn elsewhere<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(read).await {
        Ok(answer) => answer,
        Err(error) => Err(StoreError::Unavailable(Box::new(error))),
    }
}
