//! The metadata store in memory: the specification of the port, and the store of simulations.
//!
//! It keeps two stages, what is visible and what is durable. They differ by the `Soon` transactions
//! since the last `Now` one; [`MemoryMeta::crash`] gives a store with the durable stage alone. A hook
//! decides the fate of each transaction, so that a test can make commits fail in every way the port
//! allows. Time does not pass in here: `Soon` becomes durable with the next `Now` or by
//! [`MemoryMeta::sync`].

mod stage;

use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use self::stage::Stage;
use crate::commit::{Batch, Bounds, Effects, Offer, payload_part};
use crate::model::BlobId;
use crate::ports::{
    CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    StoreError, Tail, Txn,
};

/// Numbers a crash burns, so that nothing comes to rely on their being dense.
const CRASH_GAP: u64 = 1000;

/// What happens to a transaction that is about to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is committed if its expectations hold.
    Proceed,
    /// It is refused for want of space.
    Full,
    /// It is refused as if the store could not be used.
    Unavailable,
    /// It is committed if its expectations hold, but the answer is `Unavailable`.
    AnswerLost,
    /// It is committed if its expectations hold, and answered without having been synced: what no store may
    /// do.
    Unsynced,
}

/// Decides the fate of transactions, in the order they come.
pub type FateHook = Box<dyn FnMut(&Txn) -> Fate + Send>;

/// The store. See the module's text.
pub struct MemoryMeta {
    inner: Mutex<Inner>,
    small_payload_max: usize,
}

struct Inner {
    visible: Stage,
    durable: Stage,
    unsynced: Vec<Effects>,
    last: u64,
    settled: u64,
    crashed: bool,
    hook: FateHook,
}

impl MemoryMeta {
    /// An empty store that takes payloads of up to 64 KiB.
    pub fn new() -> Self {
        Self::with_small_payload_max(64 << 10)
    }

    /// An empty store that takes payloads of up to `max` bytes.
    pub fn with_small_payload_max(max: usize) -> Self {
        Self::from_durable(Stage::default(), 0, 0, max)
    }

    fn from_durable(stage: Stage, last: u64, settled: u64, small_payload_max: usize) -> Self {
        let inner = Inner {
            visible: stage.clone(),
            durable: stage,
            unsynced: Vec::new(),
            last,
            settled,
            crashed: false,
            hook: Box::new(|_| Fate::Proceed),
        };
        Self {
            inner: Mutex::new(inner),
            small_payload_max,
        }
    }

    /// Lets `hook` decide about every further transaction.
    pub fn on_commit(&self, hook: impl FnMut(&Txn) -> Fate + Send + 'static) {
        self.lock().hook = Box::new(hook);
    }

    /// Gives the next `n` transactions this fate; those after them proceed.
    pub fn fail_commits(&self, n: usize, fate: Fate) {
        let mut left = n;
        self.on_commit(move |_| {
            let failing = left > 0;
            left = left.saturating_sub(1);
            if failing { fate } else { Fate::Proceed }
        });
    }

    /// Makes everything visible durable.
    pub fn sync(&self) {
        self.lock().sync();
    }

    /// Transactions that a power cut may lose.
    pub fn unsynced(&self) -> usize {
        self.lock().unsynced.len()
    }

    /// Ends this store as a power cut would and gives the one found after it: everything `Now`,
    /// nothing that was not synced, further numbers. Whoever still holds this one gets `Unavailable`.
    #[must_use]
    pub fn crash(&self) -> Self {
        self.crash_keeping(0)
    }

    /// The same, with the first `kept` transactions that were not synced.
    #[must_use]
    pub fn crash_keeping(&self, kept: usize) -> Self {
        let mut inner = self.lock();
        inner.crashed = true;
        let mut durable = inner.durable.clone();
        for effects in inner.unsynced.iter().take(kept) {
            durable.apply(effects);
        }
        Self::from_durable(
            durable,
            inner.last + CRASH_GAP,
            inner.settled,
            self.small_payload_max,
        )
    }

    // A panic in a hook is a failed test; it must not hide behind poisoned locks elsewhere.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let inner = self.lock();
        if inner.crashed {
            Err(unavailable("the store has crashed"))
        } else {
            Ok(inner)
        }
    }
}

impl Inner {
    fn sync(&mut self) {
        for effects in self.unsynced.drain(..) {
            self.durable.apply(&effects);
        }
        self.settled = self.last;
    }

    /// One transaction, a batch of its own: that is the order others could at best show.
    fn commit(&mut self, txn: Txn, bounds: Bounds) -> Result<(), CommitError> {
        let fate = (self.hook)(&txn);
        match fate {
            Fate::Full => return Err(CommitError::Full),
            Fate::Unavailable => return Err(lost("the commit was refused by a test")),
            Fate::Proceed | Fate::AnswerLost | Fate::Unsynced => {}
        }
        let mut batch = Batch::after(self.last, bounds);
        match batch.offer(txn, &self.visible) {
            Offer::Taken => {}
            Offer::Refused(error) => return Err(error),
            Offer::NoRoom(_) => return Err(lost("an empty batch has no room")),
        }
        let sealed = batch.seal();
        self.last = sealed.last;
        self.visible.apply(&sealed.effects);
        self.unsynced.push(sealed.effects);
        if sealed.now && fate != Fate::Unsynced {
            self.sync();
        }
        if fate == Fate::AnswerLost {
            return Err(lost("the answer was lost by a test"));
        }
        Ok(())
    }
}

impl Default for MemoryMeta {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("MemoryMeta")
            .field("records", &inner.visible.records.len())
            .field("last", &inner.last)
            .field("crashed", &inner.crashed)
            .finish_non_exhaustive()
    }
}

fn unavailable(why: &'static str) -> StoreError {
    StoreError::Unavailable(why.into())
}

fn lost(why: &'static str) -> CommitError {
    CommitError::Unavailable(unavailable(why))
}

#[async_trait]
impl MetadataStore for MemoryMeta {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        let inner = self.read()?;
        Ok(at
            .iter()
            .map(|key| inner.visible.records.get(key).cloned())
            .collect())
    }

    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError> {
        let inner = self.read()?;
        Ok(ranges
            .iter()
            .map(|range| inner.visible.page(range, order, limit))
            .collect())
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        let mut inner = self.lock();
        let bounds = Bounds::standard(self.small_payload_max);
        let commit = |txn| {
            if inner.crashed {
                return Err(lost("the store has crashed"));
            }
            inner.commit(txn, bounds)
        };
        txns.into_iter().map(commit).collect()
    }

    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
        let inner = self.read()?;
        let payload = inner
            .visible
            .payloads
            .get(&id)
            .ok_or(StoreError::NoSuchPayload)?;
        payload_part(id, payload, range)
    }

    async fn tail(&self, log: LogId, after: Position, limit: Limit) -> Result<Tail, StoreError> {
        let inner = self.read()?;
        let (records, more) = inner.visible.tail(log, after, limit);
        let settled = Position(inner.settled).max(after);
        Ok(Tail {
            records,
            settled,
            more,
        })
    }

    fn small_payload_max(&self) -> usize {
        self.small_payload_max
    }
}

#[cfg(test)]
mod tests;
