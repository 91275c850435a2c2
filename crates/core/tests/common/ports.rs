//! The ports of the world that pretend.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::memory::MemoryMeta;
use cohong_core::model::{BlobId, CallbackSpec, PayloadId, Timestamp, UploadId, WorkId};
use cohong_core::ports::{
    CallbackOutcome, CallbackRequest, CallbackSender, Clock, CommitError, Ids, Key, KeyRange,
    Limit, LogId, MetadataStore, Mono, Order, Page, Position, Record, SealError, Sealer, Spawner,
    StoreError, Tail, Task, Txn, UnfitCall,
};
use tokio::sync::Notify;

/// A memory store that remembers every transaction it applied. Before it answers it lets others run,
/// so that requests at the same time really interleave.
#[derive(Debug)]
pub(crate) struct WatchedMeta {
    pub(crate) inner: MemoryMeta,
    applied: Mutex<Vec<Txn>>,
    ahead: Mutex<Vec<Txn>>,
    always_overtaken: AtomicBool,
}

impl WatchedMeta {
    pub(crate) fn new(inner: MemoryMeta) -> Self {
        Self {
            inner,
            applied: Mutex::default(),
            ahead: Mutex::default(),
            always_overtaken: AtomicBool::new(false),
        }
    }

    /// Commits `txns` just ahead of the next commit: what it was planned on is history then.
    pub(crate) fn overtake(&self, txns: Vec<Txn>) {
        *self.ahead.lock().unwrap() = txns;
    }

    /// From now on somebody else is always faster: every transaction conflicts.
    pub(crate) fn overtake_always(&self) {
        self.always_overtaken.store(true, SeqCst);
    }

    /// Takes the transactions applied since the last call.
    pub(crate) fn applied(&self) -> Vec<Txn> {
        std::mem::take(&mut self.applied.lock().unwrap())
    }
}

#[async_trait]
impl MetadataStore for WatchedMeta {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        tokio::task::yield_now().await;
        self.inner.get_many(at).await
    }

    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError> {
        tokio::task::yield_now().await;
        self.inner.scan(ranges, order, limit).await
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        tokio::task::yield_now().await;
        if self.always_overtaken.load(SeqCst) {
            return txns.iter().map(|_| Err(CommitError::Conflict)).collect();
        }
        let ahead = std::mem::take(&mut *self.ahead.lock().unwrap());
        for overtaking in self.inner.commit(ahead).await {
            overtaking.unwrap();
        }
        let outcomes = self.inner.commit(txns.clone()).await;
        let applied = txns.into_iter().zip(&outcomes);
        self.applied.lock().unwrap().extend(
            applied
                .filter(|(_, outcome)| outcome.is_ok())
                .map(|(txn, _)| txn),
        );
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

/// A clock that moves when told to, or as far as somebody sleeps.
#[derive(Debug)]
pub(crate) struct FakeClock {
    wall_ms: AtomicU64,
    mono_ms: AtomicU64,
    moves_by_itself: AtomicU64,
    moved: Notify,
}

impl Default for FakeClock {
    fn default() -> Self {
        Self {
            wall_ms: AtomicU64::new(1_700_000_000_000),
            mono_ms: AtomicU64::new(0),
            moves_by_itself: AtomicU64::new(0),
            moved: Notify::new(),
        }
    }
}

impl FakeClock {
    /// Time passes on both clocks.
    pub(crate) fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap();
        self.wall_ms.fetch_add(ms, SeqCst);
        self.mono_ms.fetch_add(ms, SeqCst);
        self.moved.notify_waiters();
    }

    /// The wall clock jumps, to before now as well.
    pub(crate) fn set_wall(&self, ms: u64) {
        self.wall_ms.store(ms, SeqCst);
    }

    /// From now on a sleep moves the clock instead of waiting; other tasks get a turn first.
    pub(crate) fn sleeping_moves_it(&self) {
        self.moves_by_itself.store(1, SeqCst);
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.wall_ms.load(SeqCst))
    }

    fn mono(&self) -> Mono {
        Duration::from_millis(self.mono_ms.load(SeqCst))
    }

    async fn sleep_until(&self, at: Mono) {
        loop {
            let moved = self.moved.notified();
            let now = self.mono();
            if now >= at {
                return;
            }
            if self.moves_by_itself.load(SeqCst) == 1 {
                tokio::task::yield_now().await;
                self.advance(at.saturating_sub(self.mono()));
            } else {
                moved.await;
            }
        }
    }
}

/// Ids from one counter.
#[derive(Debug, Default)]
pub(crate) struct FakeIds(AtomicU64);

impl FakeIds {
    fn sixteen(&self) -> [u8; 16] {
        u128::from(self.next()).to_be_bytes()
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, SeqCst) + 1
    }
}

impl Ids for FakeIds {
    fn payload(&self) -> PayloadId {
        PayloadId(self.sixteen())
    }

    fn upload(&self) -> UploadId {
        UploadId(self.sixteen())
    }

    fn blob_number(&self) -> u64 {
        self.next()
    }

    fn work(&self) -> WorkId {
        WorkId(self.sixteen())
    }

    fn below(&self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }
}

/// Tasks that were spawned and wait for the test to run them.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<Vec<(&'static str, Task)>>);

impl Tasks {
    /// Takes what was spawned since the last call.
    pub(crate) fn take(&self) -> Vec<(&'static str, Task)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tasks(..)")
    }
}

impl Spawner for Tasks {
    fn spawn(&self, name: &'static str, task: Task) {
        self.0.lock().unwrap().push((name, task));
    }
}

/// Seals by reversing, which is enough to tell sealed from plain; its random bytes are counted.
#[derive(Debug, Default)]
pub(crate) struct FakeSealer(AtomicU64);

impl Sealer for FakeSealer {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        let mut sealed = b"sealed:".to_vec();
        sealed.extend(secret.iter().rev());
        sealed
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let secret = sealed.strip_prefix(b"sealed:").ok_or(SealError)?;
        Ok(secret.iter().rev().copied().collect())
    }

    fn random(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let n = self
                .0
                .fetch_add(1, SeqCst)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&n.to_le_bytes()[..chunk.len()]);
        }
    }
}

type Answer = dyn Fn(&CallbackRequest) -> CallbackOutcome + Send + Sync;

/// Remembers the calls it was asked to make and answers as told; by default nobody answers.
#[derive(Default)]
pub(crate) struct FakeCallbacks {
    pub(crate) sent: Mutex<Vec<CallbackRequest>>,
    refusal: Mutex<Option<String>>,
    answer: Mutex<Option<Arc<Answer>>>,
}

impl FakeCallbacks {
    /// From now on every specification is refused with this text.
    pub(crate) fn refuse(&self, why: &str) {
        *self.refusal.lock().unwrap() = Some(why.into());
    }

    /// From now on calls are answered by `answer`.
    pub(crate) fn answer(
        &self,
        answer: impl Fn(&CallbackRequest) -> CallbackOutcome + Send + Sync + 'static,
    ) {
        *self.answer.lock().unwrap() = Some(Arc::new(answer));
    }
}

impl std::fmt::Debug for FakeCallbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeCallbacks(..)")
    }
}

#[async_trait]
impl CallbackSender for FakeCallbacks {
    fn check(&self, _spec: &CallbackSpec) -> Result<(), UnfitCall> {
        let refusal = self.refusal.lock().unwrap().clone();
        refusal.map_or(Ok(()), |why| Err(UnfitCall::Address(why)))
    }

    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome {
        self.sent.lock().unwrap().push(call.clone());
        let answer = self.answer.lock().unwrap().clone();
        answer.map_or_else(CallbackOutcome::default, |answer| answer(call))
    }
}
