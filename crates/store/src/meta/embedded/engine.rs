//! The engine: fjall, with four kinds of things in three keyspaces.
//!
//! What fjall does in the order that matters here (3.1, `WriteBatch::commit`): it writes the batch to
//! its journal, syncs the journal if asked to, then applies the batch to the memtables, and only then
//! moves the sequence number that new snapshots begin from. So a snapshot shows whole batches and
//! never one that is not synced yet, except those of `Soon` transactions, for which no sync was
//! asked. `Keyspace::get` reads the memtables as they are: only the committer may use it. On opening,
//! fjall syncs its journal before it reads it, so what is found after a crash is durable.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::commit::{Sealed, State};
use cohong_core::model::BucketId;
use cohong_core::ports::{Key, LogId, Position, Revision, StoreError};
use fjall::{
    CompressionType, Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions,
    OwnedWriteBatch, PersistMode, Readable,
};

use super::codec::{self, Mark};
use super::committer;
use crate::disk::{Disk, RealDisk};

/// Journals kept at most before the keyspaces that hold them up are flushed. Opening reads them all.
const JOURNAL_BYTES_MAX: u64 = 128 << 20;
/// Blocks cached.
const CACHE_BYTES: u64 = 16 << 20;
/// Files kept open.
const FILES_OPEN_MAX: usize = 256;
/// Writes held in memory before they are flushed, by keyspace. A flush takes a while, so about twice
/// their sum can be held.
const RECORDS_MEMTABLE: u64 = 8 << 20;
const LOGS_MEMTABLE: u64 = 4 << 20;
const PAYLOADS_MEMTABLE: u64 = 8 << 20;
/// Payloads above this are kept apart from their keys, so that compaction does not move them.
const SEPARATE_ABOVE: u32 = 1 << 10;
/// Log records removed at once after a trim.
const TRIM_STEP: usize = 1024;

/// In place of the next key to look at: the log cannot be read, so its records are left where they are.
const NEVER: Position = Position(u64::MAX);

/// The keyspaces, for reading.
#[derive(Clone)]
pub(super) struct Tables {
    pub(super) db: Database,
    pub(super) records: Keyspace,
    pub(super) logs: Keyspace,
    pub(super) payloads: Keyspace,
}

/// The keyspaces, for the committer.
pub(super) struct FjallEngine {
    tables: Tables,
    /// Trims whose records are not all removed yet: the next key to look at, and the last position.
    trims: BTreeMap<LogId, (Position, Position)>,
    /// Last number taken, batches written, and how many of these are durable.
    last: u64,
    batches: u64,
    durable: u64,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl Tables {
    /// Opens the engine. One that is not there is made under another name and gets its own when all of it is
    /// durable: fjall refuses one that a power cut left half made, in which nothing can be yet.
    pub(super) fn open(dir: &Path) -> fjall::Result<Self> {
        if !fs::exists(dir)? {
            let new = dir.with_extension("new");
            if fs::exists(&new)? {
                fs::remove_dir_all(&new)?;
            }
            drop(Self::open_there(&new)?);
            sync_folders(&new)?;
            fs::rename(&new, dir)?;
            File::open(dir.parent().unwrap_or(dir))?.sync_all()?;
        }
        Self::open_there(dir)
    }

    fn open_there(dir: &Path) -> fjall::Result<Self> {
        let db = Database::builder(dir)
            .cache_size(CACHE_BYTES)
            .max_cached_files(Some(FILES_OPEN_MAX))
            .max_journaling_size(JOURNAL_BYTES_MAX)
            // Bodies are what the journal mostly holds; they do not shrink.
            .journal_compression(CompressionType::None)
            .worker_threads(2)
            .open()?;
        let small = |bytes| KeyspaceCreateOptions::default().max_memtable_size(bytes);
        let apart = KvSeparationOptions::default()
            .separation_threshold(SEPARATE_ABOVE)
            .compression(CompressionType::None);
        let records = db.keyspace("records", || small(RECORDS_MEMTABLE))?;
        let logs = db.keyspace("logs", || small(LOGS_MEMTABLE))?;
        let payloads = db.keyspace("payloads", || {
            small(PAYLOADS_MEMTABLE).with_kv_separation(Some(apart))
        })?;
        Ok(Self {
            db,
            records,
            logs,
            payloads,
        })
    }

    /// Makes everything in the journal durable.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.db.persist(PersistMode::SyncData).map_err(engine_error)
    }

    /// The last number that is known to be taken, and the mark of the last batch.
    pub(super) fn last(&self) -> Result<(u64, Mark), StoreError> {
        match self.records.get(codec::LAST_NUMBER).map_err(engine_error)? {
            Some(value) => codec::decode_mark(value.into()),
            None => Ok((0, Mark::default())),
        }
    }
}

impl FjallEngine {
    /// Everything in the tables is durable.
    pub(super) fn new(tables: Tables, dir: &Path) -> Result<Self, StoreError> {
        let mut trims = BTreeMap::new();
        for row in tables
            .db
            .snapshot()
            .prefix(&tables.records, codec::TRIM_PREFIX)
        {
            let (key, value) = row.into_inner().map_err(engine_error)?;
            let upto = codec::decode_record(&key, value.into())?.revision.0;
            let log = LogId(BucketId(codec::trim_bucket(&key)?));
            trims.insert(log, (Position(0), Position(upto)));
        }
        let (last, mark) = tables.last()?;
        Ok(Self {
            tables,
            trims,
            last,
            batches: mark.batch,
            durable: mark.batch,
            disk: Arc::new(RealDisk),
            dir: dir.to_owned(),
        })
    }

    fn put_own(&self, batch: &mut OwnedWriteBatch, key: &[u8], number: u64) {
        let value = codec::encode_record(key, Revision(number), &[]);
        batch.insert(&self.tables.records, key, value);
    }

    /// Takes no number up to `at_least` any more.
    pub(super) fn raise(&mut self, at_least: u64) -> Result<(), StoreError> {
        self.last = self.last.max(at_least);
        self.write(self.tables.db.batch(), PersistMode::SyncData)
    }

    /// Writes a batch, with what it says of itself.
    fn write(&mut self, mut batch: OwnedWriteBatch, mode: PersistMode) -> Result<(), StoreError> {
        let mark = Mark {
            batch: self.batches + 1,
            durable: self.durable,
            floor: self.tables.db.snapshot().seqno(),
        };
        let value = codec::encode_mark(Revision(self.last), mark);
        batch.insert(&self.tables.records, codec::LAST_NUMBER, value);
        batch
            .durability(Some(mode))
            .commit()
            .map_err(engine_error)?;
        self.batches += 1;
        if mode != PersistMode::Buffer {
            self.durable = self.batches;
        }
        Ok(())
    }

    /// Notes a trim. Readers go by the note; the records are removed bit by bit, because there may be
    /// any number of them.
    fn trim(&mut self, batch: &mut OwnedWriteBatch, log: LogId, upto: Position) {
        let (_, noted) = self.trims.entry(log).or_insert((Position(0), upto));
        *noted = upto.max(*noted);
        let upto = noted.0;
        self.put_own(batch, &codec::trim_key(log), upto);
    }

    /// Removes the oldest records of a range and tells the last of them; `None` when they were all.
    fn remove_some(
        &self,
        batch: &mut OwnedWriteBatch,
        log: LogId,
        range: RangeInclusive<Position>,
    ) -> Result<Option<Position>, StoreError> {
        let range = codec::log_key(log, *range.start())..=codec::log_key(log, *range.end());
        let mut reached = None;
        for row in self
            .tables
            .db
            .snapshot()
            .range(&self.tables.logs, range)
            .take(TRIM_STEP)
        {
            let at = row.key().map_err(engine_error)?;
            reached = Some(codec::position_of(&at)?);
            batch.remove(&self.tables.logs, at);
        }
        Ok(reached.filter(|_| batch.len() == TRIM_STEP))
    }
}

/// Makes the names in a folder and in all below it durable.
fn sync_folders(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    File::open(dir)?.sync_all()
}

impl State for FjallEngine {
    fn revision(&self, key: &Key) -> Result<Option<Revision>, StoreError> {
        let at = codec::record_key(key);
        match self.tables.records.get(&at).map_err(engine_error)? {
            Some(value) => Ok(Some(codec::decode_record(&at, value.into())?.revision)),
            None => Ok(None),
        }
    }
}

impl committer::Engine for FjallEngine {
    fn apply(&mut self, sealed: Sealed, sync: bool) -> Result<(), StoreError> {
        let mode = if sync {
            PersistMode::SyncData
        } else {
            PersistMode::Buffer
        };
        let mut batch = self.tables.db.batch();
        let effects = sealed.effects;
        for (key, record) in effects.records {
            let at = codec::record_key(&key);
            match record {
                Some(record) => {
                    let value = codec::encode_record(&at, record.revision, &record.bytes);
                    batch.insert(&self.tables.records, at, value);
                }
                None => batch.remove(&self.tables.records, at),
            }
        }
        for (log, upto) in effects.trims {
            self.trim(&mut batch, log, upto);
        }
        for ((log, position), bytes) in effects.appends {
            let at = codec::log_key(log, position);
            batch.insert(&self.tables.logs, at, codec::encode_plain(&at, &bytes));
        }
        for (id, body) in effects.payloads {
            let at = codec::payload_key(id);
            match body {
                Some(body) => {
                    let value = codec::encode_plain(&at, &body);
                    batch.insert(&self.tables.payloads, at, value);
                }
                None => batch.remove(&self.tables.payloads, at),
            }
        }
        self.last = sealed.last;
        self.write(batch, mode)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.tables.sync()?;
        self.durable = self.batches;
        Ok(())
    }

    fn tidy(&mut self) -> Result<bool, StoreError> {
        let left = self.trims.iter().find(|(_, (from, upto))| from <= upto);
        let Some((&log, &(from, upto))) = left else {
            return Ok(false);
        };
        let mut batch = self.tables.db.batch();
        let reached = match self.remove_some(&mut batch, log, from..=upto) {
            Ok(reached) => reached,
            Err(error) => {
                // Readers go by the note, which stays; the space is not worth ending for.
                tracing::error!("trimmed records of log {} stay on disk: {error}", log.0.0);
                self.trims.insert(log, (NEVER, upto));
                return Ok(true);
            }
        };
        match reached {
            Some(reached) if reached < upto => {
                self.trims.insert(log, (Position(reached.0 + 1), upto));
            }
            _ => {
                batch.remove(&self.tables.records, codec::trim_key(log));
                self.trims.remove(&log);
            }
        }
        self.write(batch, PersistMode::Buffer)?;
        Ok(true)
    }

    fn free_space(&mut self) -> io::Result<u64> {
        self.disk.free_space(&self.dir)
    }
}

/// What a failure of fjall means to a reader: damage if the bytes are wrong, else no store.
pub(super) fn engine_error(error: fjall::Error) -> StoreError {
    use fjall::LsmError::{
        ChecksumMismatch, Decompress, InvalidHeader, InvalidTag, InvalidTrailer, Utf8,
    };
    match error {
        fjall::Error::Storage(
            damage @ (ChecksumMismatch { .. }
            | Decompress(_)
            | InvalidHeader(_)
            | InvalidTag(_)
            | InvalidTrailer
            | Utf8(_)),
        ) => StoreError::Damaged(damage.to_string()),
        other => StoreError::Unavailable(Box::new(other)),
    }
}

/// A value read from a snapshot.
pub(super) fn fetch(
    snapshot: &fjall::Snapshot,
    from: &Keyspace,
    at: &[u8],
) -> Result<Option<Bytes>, StoreError> {
    Ok(snapshot
        .get(from, at)
        .map_err(engine_error)?
        .map(Bytes::from))
}
