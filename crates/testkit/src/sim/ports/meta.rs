//! The metadata store: it fails before or after it applied, and its commits are told to the oracle
//! and checked for what they point at.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::memory::{Fate, MemoryMeta};
use cohong_core::model::{
    BlobId, Bucket, Extent, Lock, ObjectVersion, PayloadId, PayloadRef, Place, VersionKind,
};
use cohong_core::ports::{
    CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    StoreError, Table, Tail, Txn, When, Write,
};
use cohong_core::records::{
    CurrentRecord, PartRecord, PayloadRecord, PayloadState, decode, encode, keys,
};

use super::Weather;
use super::disk::RoughDisk;
use crate::sim::exec::Sim;
use crate::sim::oracle::{Oracle, other_account};
use crate::sim::plan::Mutation;

/// Bodies up to this many bytes travel in commits.
pub(crate) const SMALL_MAX: usize = 24;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct SimMeta {
    sim: Sim,
    weather: Weather,
    oracle: Oracle,
    pub(crate) inner: MemoryMeta,
    disk: RoughDisk,
    /// Small payloads that were stored.
    small: Mutex<BTreeSet<BlobId>>,
}

impl SimMeta {
    pub(crate) fn new(sim: &Sim, weather: &Weather, oracle: &Oracle, disk: &RoughDisk) -> Self {
        Self {
            sim: sim.clone(),
            weather: weather.clone(),
            oracle: oracle.clone(),
            inner: MemoryMeta::with_small_payload_max(SMALL_MAX),
            disk: disk.clone(),
            small: Mutex::default(),
        }
    }

    /// What is found after a crash, beside what `disk` has: everything that was synced, and a part of what
    /// was not, in the order it was written.
    pub(crate) fn crash(&self, disk: &RoughDisk) -> Self {
        let unsynced = self.inner.unsynced() as u64;
        let kept = usize::try_from(self.sim.random(unsynced + 1)).unwrap_or(0);
        Self {
            inner: self.inner.crash_keeping(kept),
            small: Mutex::new(self.small()),
            ..Self::new(&self.sim, &self.weather, &self.oracle, disk)
        }
    }

    /// Every small payload that was ever stored.
    pub(crate) fn small(&self) -> BTreeSet<BlobId> {
        self.small
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn down(&self, what: &'static str, chance: u64) -> Option<StoreError> {
        let fails = self.weather.fails(&self.sim, &self.oracle, chance, what);
        fails.then(|| StoreError::Unavailable(what.into()))
    }

    /// Where the events of a transaction are, which is the last of its inner store.
    async fn logged(&self, txn: &Txn) -> Vec<(cohong_core::model::BucketId, Position, Bytes)> {
        let mut found = Vec::new();
        for write in &txn.write {
            if let Write::Append(log, bytes) = write {
                let mut after = Position(0);
                let all = Limit {
                    rows: usize::MAX,
                    bytes: usize::MAX,
                };
                if let Some(last) = self.oracle.look(|model| {
                    let upto = (log.0, Position(u64::MAX));
                    let last = model.log.range((log.0, Position(0))..=upto).next_back();
                    last.map(|((_, at), _)| *at)
                }) {
                    after = last;
                }
                let tail = self
                    .inner
                    .tail(*log, after, all)
                    .await
                    .expect("memory can be read");
                let own = tail
                    .records
                    .into_iter()
                    .filter(|(_, record)| record == bytes);
                found.extend(own.map(|(at, record)| (log.0, at, record)));
            }
        }
        found
    }

    async fn commit_one(&self, txn: Txn) -> Result<(), CommitError> {
        let fails = |chance, what| self.weather.fails(&self.sim, &self.oracle, chance, what);
        if fails(60, "no space for a commit") {
            return Err(CommitError::Full);
        }
        if fails(60, "a commit is refused") {
            let why = StoreError::Unavailable("refused".into());
            return Err(CommitError::Unavailable(why));
        }
        self.write(self.mutated(&txn)).await?;
        self.check_places(&txn).await;
        self.small
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(txn.payloads.iter().map(|(id, _)| *id));
        let logged = self.logged(&txn).await.into_iter();
        let decoded = logged
            .map(|(bucket, at, bytes)| (bucket, at, decode(&bytes).expect("records can be read")));
        self.oracle.applied(&txn, &decoded.collect::<Vec<_>>());
        if fails(60, "the answer of a commit is lost") {
            let why = StoreError::Unavailable("lost".into());
            return Err(CommitError::Unavailable(why));
        }
        Ok(())
    }

    async fn write(&self, txn: Txn) -> Result<(), CommitError> {
        if self.breaks(Mutation::DropSync, 8) {
            self.inner.fail_commits(1, Fate::Unsynced);
        }
        let mut outcomes = self.inner.commit(vec![txn]).await;
        outcomes.pop().expect("one was committed")
    }

    fn breaks(&self, mutation: Mutation, chance: u64) -> bool {
        self.weather.breaks(&self.sim, mutation, chance)
    }

    /// A transaction as a broken store takes it.
    fn mutated(&self, txn: &Txn) -> Txn {
        let mut txn = txn.clone();
        let appends = |write: &Write| matches!(write, Write::Append(..));
        if txn.write.iter().any(appends) && self.breaks(Mutation::SkipLog, 20) {
            txn.write.retain(|write| !appends(write));
        }
        if !txn.expect.is_empty() && self.breaks(Mutation::IgnoreConflict, 2) {
            txn.expect.clear();
        }
        txn
    }

    /// Records as a broken store gives them.
    fn mistaken(&self, at: &[Key], mut found: Vec<Option<Record>>) -> Vec<Option<Record>> {
        for (at, found) in at.iter().zip(&mut found) {
            let Some(record) = found else { continue };
            if at.table == Table::Buckets && self.breaks(Mutation::SwapOwner, 20) {
                let mut bucket: Bucket = decode(&record.bytes).expect("records can be read");
                bucket.owner = other_account(&bucket.owner);
                record.bytes = encode(&bucket);
            }
            if at.table == Table::Heads && self.breaks(Mutation::LoseLock, 2) {
                let mut head: CurrentRecord = decode(&record.bytes).expect("records can be read");
                if let VersionKind::Object(object) = &mut head.version.kind {
                    object.lock = Lock::default();
                }
                record.bytes = encode(&head);
            }
        }
        found
    }

    /// I2: what a record points at is there, and long enough.
    async fn check_places(&self, txn: &Txn) {
        for write in &txn.write {
            let Write::Put(at, bytes) = write else {
                continue;
            };
            let places = places(at.table, bytes);
            assert!(
                places.is_empty() || txn.when == When::Now,
                "a pointer to bytes that a crash may lose"
            );
            for extent in places {
                self.check_extent(&extent).await;
            }
        }
    }

    pub(crate) async fn check_extent(&self, extent: &Extent) {
        let end = extent.offset + extent.len;
        match extent.at {
            Place::Hot(id) => assert!(
                self.disk.is_durable(id, end),
                "{end} bytes of {id} are pointed at and not durable"
            ),
            Place::Meta(id) => {
                let read = self.inner.payload(id, extent.offset..end).await;
                assert!(read.is_ok(), "small payload {id}: {read:?}");
            }
        }
    }

    /// Whether the payload that a row of a manifest or a part belongs to is in use.
    pub(crate) async fn is_alive(&self, table: Table, at: &[u8]) -> bool {
        let id = at
            .first_chunk::<16>()
            .copied()
            .expect("keys begin with the payload");
        let place = keys::payload(PayloadId(id));
        let found = self
            .inner
            .get_many(&[place])
            .await
            .expect("memory can be read");
        let state = found.into_iter().flatten().next().map(|record| {
            let record: PayloadRecord = decode(&record.bytes).expect("records can be read");
            record.state
        });
        state
            == Some(if table == Table::Parts {
                PayloadState::Open
            } else {
                PayloadState::Live
            })
    }

    /// I2 of everything there is.
    pub(crate) async fn check_all_places(&self) {
        for table in [Table::Heads, Table::Versions, Table::Extents, Table::Parts] {
            for (at, record) in self.rows(table).await {
                let owned = matches!(table, Table::Extents | Table::Parts);
                if owned && !self.is_alive(table, &at).await {
                    continue;
                }
                for extent in places(table, &record.bytes) {
                    self.check_extent(&extent).await;
                }
            }
        }
    }

    /// Every row of a table.
    pub(crate) async fn rows(&self, table: Table) -> Vec<(Bytes, Record)> {
        let all = KeyRange {
            table,
            start: Bytes::new(),
            end: None,
        };
        let limit = Limit {
            rows: usize::MAX,
            bytes: usize::MAX,
        };
        let pages = self.inner.scan(&[all], Order::Ascending, limit).await;
        pages
            .expect("memory can be read")
            .into_iter()
            .flat_map(|page| page.rows)
            .collect()
    }
}

/// Where the bytes that a record points at are.
pub(crate) fn places(table: Table, bytes: &[u8]) -> Vec<Extent> {
    let of = |version: &ObjectVersion| match version.object().map(|object| &object.payload) {
        Some(PayloadRef::One { extent, .. }) => vec![*extent],
        _ => Vec::new(),
    };
    let readable = "records can be read";
    match table {
        Table::Heads | Table::Graves => {
            of(&decode::<CurrentRecord>(bytes).expect(readable).version)
        }
        Table::Versions => of(&decode(bytes).expect(readable)),
        Table::Extents => decode(bytes).expect(readable),
        Table::Parts => decode::<PartRecord>(bytes).expect(readable).extents,
        _ => Vec::new(),
    }
}

#[async_trait]
impl MetadataStore for SimMeta {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.weather.wait(&self.sim).await;
        match self.down("records cannot be read", 300) {
            Some(error) => Err(error),
            None => Ok(self.mistaken(at, self.inner.get_many(at).await?)),
        }
    }

    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError> {
        self.weather.wait(&self.sim).await;
        match self.down("records cannot be scanned", 300) {
            Some(error) => Err(error),
            None => self.inner.scan(ranges, order, limit).await,
        }
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        self.weather.wait(&self.sim).await;
        let mut outcomes = Vec::with_capacity(txns.len());
        for txn in txns {
            outcomes.push(self.commit_one(txn).await);
        }
        self.weather.wait(&self.sim).await;
        outcomes
    }

    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.weather.wait(&self.sim).await;
        match self.down("a small payload cannot be read", 100) {
            Some(error) => Err(error),
            None => self.inner.payload(id, range).await,
        }
    }

    async fn tail(&self, log: LogId, after: Position, limit: Limit) -> Result<Tail, StoreError> {
        self.weather.wait(&self.sim).await;
        match self.down("a log cannot be read", 100) {
            Some(error) => Err(error),
            None => self.inner.tail(log, after, limit).await,
        }
    }

    fn small_payload_max(&self) -> usize {
        SMALL_MAX
    }
}
