//! The ports of the world that pretend.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::model::{CallbackSpec, PayloadId, Timestamp, UploadId, WorkId};
use cohong_core::ports::{
    CallbackAnswer, CallbackOutcome, CallbackRequest, CallbackSender, Clock, Ids, Mono, SealError,
    Sealer, Spawner, Task, UnfitCall,
};

/// A clock that stands at the moment all requests are signed at, until it is moved.
#[derive(Debug)]
pub(crate) struct FakeClock(AtomicU64);

impl Default for FakeClock {
    fn default() -> Self {
        Self(AtomicU64::new(1_714_979_289_000))
    }
}

impl FakeClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(u64::try_from(by.as_millis()).expect("a short time"), SeqCst);
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(SeqCst))
    }

    fn mono(&self) -> Mono {
        Duration::from_millis(self.0.load(SeqCst))
    }

    async fn sleep_until(&self, at: Mono) {
        while at > self.mono() {
            tokio::task::yield_now().await;
        }
    }
}

/// Ids from one counter.
#[derive(Debug, Default)]
pub(crate) struct FakeIds(AtomicU64);

impl FakeIds {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, SeqCst) + 1
    }

    fn sixteen(&self) -> [u8; 16] {
        u128::from(self.next()).to_be_bytes()
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

/// Tasks on the runtime of the test.
#[derive(Debug)]
pub(crate) struct TokioSpawner;

impl Spawner for TokioSpawner {
    fn spawn(&self, _name: &'static str, task: Task) {
        tokio::spawn(task);
    }
}

/// Seals by reversing; its random bytes count.
#[derive(Debug, Default)]
pub(crate) struct FakeSealer(AtomicU64);

impl Sealer for FakeSealer {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        secret.iter().rev().copied().collect()
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(sealed.iter().rev().copied().collect())
    }

    fn random(&self, out: &mut [u8]) {
        for byte in out {
            let [.., low] = self.0.fetch_add(7, SeqCst).to_be_bytes();
            *byte = low;
        }
    }
}

/// Remembers calls; answers with what was set, or not at all.
#[derive(Debug, Default)]
pub(crate) struct FakeCallbacks {
    pub(crate) sent: Mutex<Vec<CallbackRequest>>,
    pub(crate) answer: Mutex<Option<CallbackAnswer>>,
    pub(crate) refusal: Mutex<Option<String>>,
}

#[async_trait]
impl CallbackSender for FakeCallbacks {
    fn check(&self, _spec: &CallbackSpec) -> Result<(), UnfitCall> {
        let refusal = self.refusal.lock().expect("unpoisoned").clone();
        refusal.map_or(Ok(()), |why| Err(UnfitCall::Address(why)))
    }

    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome {
        self.sent.lock().expect("unpoisoned").push(call.clone());
        let answer = self.answer.lock().expect("unpoisoned").clone();
        CallbackOutcome {
            answer,
            ..CallbackOutcome::default()
        }
    }
}
