//! A store that others write to as well, at the worst moment.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::memory::MemoryMeta;
use cohong_core::model::BlobId;
use cohong_core::ports::{
    CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    StoreError, Table, Tail, Txn, When, Write,
};

/// Makes another state of a record.
type Change = Box<dyn FnOnce(&[u8]) -> Bytes + Send>;

/// Changes a subscription right behind its next settlement, before anybody can read what was settled.
pub(crate) struct Busy {
    inner: Arc<MemoryMeta>,
    behind: Mutex<Option<Change>>,
}

impl std::fmt::Debug for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Busy(..)")
    }
}

impl Busy {
    pub(crate) fn new(inner: Arc<MemoryMeta>) -> Self {
        let behind = Mutex::default();
        Self { inner, behind }
    }

    pub(crate) fn change_behind_settlement(&self, change: Change) {
        *self.behind.lock().unwrap() = Some(change);
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.behind.lock().unwrap().is_some()
    }

    async fn change(&self, at: Key, bytes: &[u8]) {
        let Some(change) = self.behind.lock().unwrap().take() else {
            return;
        };
        let txn = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![Write::Put(at, change(bytes))],
            payloads: Vec::new(),
        };
        for outcome in self.inner.commit(vec![txn]).await {
            outcome.unwrap();
        }
    }
}

/// The subscription that a settlement writes.
fn settled(txn: &Txn) -> Option<(Key, Bytes)> {
    let sub = txn.write.iter().find_map(|write| match write {
        Write::Put(at, bytes) if at.table == Table::Subs => Some((at.clone(), bytes.clone())),
        _ => None,
    });
    sub.filter(|_| txn.when == When::Soon)
}

#[async_trait]
impl MetadataStore for Busy {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.inner.get_many(at).await
    }

    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError> {
        self.inner.scan(ranges, order, limit).await
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        let subs: Vec<_> = txns.iter().map(settled).collect();
        let outcomes = self.inner.commit(txns).await;
        for (sub, outcome) in subs.into_iter().zip(&outcomes) {
            if let (Some((at, bytes)), Ok(())) = (sub, outcome) {
                self.change(at, &bytes).await;
            }
        }
        outcomes
    }

    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.inner.payload(id, range).await
    }

    async fn tail(&self, log: LogId, after: Position, limit: Limit) -> Result<Tail, StoreError> {
        self.inner.tail(log, after, limit).await
    }

    fn small_payload_max(&self) -> usize {
        self.inner.small_payload_max()
    }
}
