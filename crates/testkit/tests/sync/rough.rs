//! A metadata store that fails at times, before or after it applied, and takes its time.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::memory::MemoryMeta;
use cohong_core::model::BlobId;
use cohong_core::ports::{
    CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    StoreError, Tail, Txn,
};
use cohong_testkit::sim::exec::Sim;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct RoughMeta {
    sim: Sim,
    pub(crate) inner: MemoryMeta,
    rough: AtomicBool,
}

impl RoughMeta {
    pub(crate) fn new(sim: &Sim, inner: MemoryMeta) -> Self {
        Self {
            sim: sim.clone(),
            inner,
            rough: AtomicBool::new(false),
        }
    }

    /// Fails from now on, or does not.
    pub(crate) fn be_rough(&self, rough: bool) {
        self.rough.store(rough, SeqCst);
    }

    fn is_rough(&self) -> bool {
        self.rough.load(SeqCst)
    }

    async fn wait(&self) {
        if self.is_rough() {
            for _ in 0..self.sim.random(3) {
                self.sim.give_way().await;
            }
            if self.sim.one_in(16) {
                self.sim
                    .pass(Duration::from_millis(self.sim.random(20)))
                    .await;
            }
        }
    }

    fn read_fault(&self) -> Result<(), StoreError> {
        if self.is_rough() && self.sim.one_in(80) {
            return Err(StoreError::Unavailable("a read fails".into()));
        }
        Ok(())
    }

    async fn commit_one(&self, txn: Txn) -> Result<(), CommitError> {
        let fate = if self.is_rough() {
            self.sim.random(60)
        } else {
            u64::MAX
        };
        let lost = || CommitError::Unavailable(StoreError::Unavailable("no answer".into()));
        match fate {
            0 => return Err(CommitError::Full),
            1 => return Err(lost()),
            _ => {}
        }
        let outcome = self.inner.commit(vec![txn]).await.remove(0);
        if fate == 2 { Err(lost()) } else { outcome }
    }
}

#[async_trait]
impl MetadataStore for RoughMeta {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.wait().await;
        self.read_fault()?;
        self.inner.get_many(at).await
    }

    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError> {
        self.wait().await;
        self.read_fault()?;
        self.inner.scan(ranges, order, limit).await
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        self.wait().await;
        let mut outcomes = Vec::with_capacity(txns.len());
        for txn in txns {
            outcomes.push(self.commit_one(txn).await);
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
