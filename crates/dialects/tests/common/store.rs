//! A metadata store in memory whose disk may be full.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::memory::MemoryMeta;
use cohong_core::model::BlobId;
use cohong_core::ports::{
    CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    StoreError, Tail, Txn,
};

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Disk {
    inner: MemoryMeta,
    full: AtomicBool,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            inner: MemoryMeta::new(),
            full: AtomicBool::new(false),
        }
    }
}

impl Disk {
    /// Nothing can be stored from now on, or again something.
    pub(crate) fn fill(&self, full: bool) {
        self.full.store(full, SeqCst);
    }
}

#[async_trait]
impl MetadataStore for Disk {
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.inner.get_many(keys).await
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
        if self.full.load(SeqCst) {
            return txns.iter().map(|_| Err(CommitError::Full)).collect();
        }
        self.inner.commit(txns).await
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
