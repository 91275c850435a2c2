//! Time, ids and tasks of the real world: the ports that make one run differ from another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use cohong_core::model::{PayloadId, Timestamp, UploadId, WorkId};
use cohong_core::ports::{Clock, Ids, Mono, Spawner, Task};

/// The system's clocks.
#[derive(Debug)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn mono(&self) -> Mono {
        self.start.elapsed()
    }

    async fn sleep_until(&self, at: Mono) {
        tokio::time::sleep(at.saturating_sub(self.mono())).await;
    }
}

/// Ids that grow with time and that two processes do not draw alike: 6 bytes of milliseconds, 2 bytes
/// of a counter, 8 random bytes.
#[derive(Debug)]
pub(crate) struct RandomIds {
    counter: AtomicU64,
}

impl RandomIds {
    pub(crate) fn new() -> Self {
        Self {
            counter: AtomicU64::new(0),
        }
    }

    fn id(&self) -> [u8; 16] {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&((millis << 16) | (count & 0xffff)).to_be_bytes());
        id[8..].copy_from_slice(&random().to_be_bytes());
        id
    }
}

/// A random number from the operating system.
pub(crate) fn random() -> u64 {
    getrandom::u64().expect("the operating system gives random numbers")
}

impl Ids for RandomIds {
    fn payload(&self) -> PayloadId {
        PayloadId(self.id())
    }

    fn upload(&self) -> UploadId {
        UploadId(self.id())
    }

    fn blob_number(&self) -> u64 {
        random()
    }

    fn work(&self) -> WorkId {
        WorkId(self.id())
    }

    fn below(&self, bound: u64) -> u64 {
        random().checked_rem(bound).unwrap_or(0)
    }
}

/// Tasks on the process's runtime.
#[derive(Debug)]
pub(crate) struct TokioSpawner;

impl Spawner for TokioSpawner {
    fn spawn(&self, _name: &'static str, task: Task) {
        tokio::spawn(task);
    }
}
