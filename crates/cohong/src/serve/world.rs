//! Time, ids and tasks of the real world: the ports that make one run differ from another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use cohong_core::model::{PayloadId, Timestamp, UploadId, WorkId};
use cohong_core::ports::{Clock, Ids, Mono, Spawner, Task};
use tokio::runtime::{Handle, Runtime};

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

/// Background tasks on threads of their own, which the scheduler serves after those of requests: on a
/// busy machine deliveries and clean-up wait, uploads do not.
#[derive(Debug)]
pub(crate) struct Background(Option<Runtime>);

/// Stack of a thread that serves requests or works in the background. An object that is fetched from this server itself
/// is read within the request that fetches it, and a build without optimisations takes 2 MiB for both.
pub(crate) const STACK_BYTES: usize = 8 << 20;
/// Threads for background tasks; they mostly wait for disk and network.
const BACKGROUND_THREADS: usize = 2;
/// How far their priority is below that of requests (`nice`); they still get about a tenth of a core
/// that both want.
const BACKGROUND_NICE: i32 = 10;

impl Background {
    pub(crate) fn start() -> std::io::Result<Self> {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(BACKGROUND_THREADS)
            .thread_name("background")
            .thread_stack_size(STACK_BYTES)
            .on_thread_start(step_back)
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    /// Starts tasks there.
    pub(crate) fn spawner(&self) -> BackgroundSpawner {
        let runtime = self.0.as_ref().expect("it is taken only when dropped");
        BackgroundSpawner(runtime.handle().clone())
    }
}

impl Drop for Background {
    /// A runtime must not wait for its end within another one.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// On Linux a priority belongs to the thread that sets it.
fn step_back() {
    if let Err(error) = rustix::process::setpriority_process(None, BACKGROUND_NICE) {
        tracing::debug!(%error, "background threads keep their priority");
    }
}

/// Starts tasks in the background.
#[derive(Debug)]
pub(crate) struct BackgroundSpawner(Handle);

impl Spawner for BackgroundSpawner {
    fn spawn(&self, _name: &'static str, task: Task) {
        self.0.spawn(task);
    }
}
