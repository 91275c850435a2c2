//! What the parts of syncing share: the engine, the lines to the runners, the slots, and the wish to
//! stop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};

use super::Registry;
use crate::engine::Engine;
use crate::limits::SYNC_OUT_MEMORY_KIB;
use crate::model::SyncTaskId;

/// The running tasks. Dropping it stops them too, without waiting.
#[derive(Debug)]
pub struct SyncHandle {
    stop: watch::Sender<bool>,
}

impl SyncHandle {
    /// Breaks off copies and stops. What is not done goes on after the next start, large objects from
    /// their last part on.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }
}

/// Held by everything that runs; the handle waits until nobody holds it.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) engine: Arc<Engine>,
    pub(super) registry: Registry,
    /// One for each body that may be read.
    slots: Arc<Semaphore>,
    /// One for each KiB of memory that pieces for other stores may take.
    room: Arc<Semaphore>,
    lines: Arc<Mutex<BTreeMap<SyncTaskId, Arc<Line>>>>,
    stop: watch::Receiver<bool>,
}

/// The line to one runner.
#[derive(Debug, Default)]
pub(super) struct Line {
    mail: AtomicBool,
    ring: Notify,
}

impl Line {
    fn ask(&self) {
        self.mail.store(true, SeqCst);
        self.ring.notify_one();
    }

    /// Whether something is new since the last call.
    pub(super) fn take_mail(&self) -> bool {
        self.mail.swap(false, SeqCst)
    }

    /// Waits for something new.
    pub(super) async fn rung(&self) {
        self.ring.notified().await;
    }
}

impl Shared {
    pub(super) fn new(engine: &Arc<Engine>, registry: Registry) -> (SyncHandle, Self) {
        let (stop, stopped) = watch::channel(false);
        let shared = Self {
            engine: Arc::clone(engine),
            slots: Arc::new(Semaphore::new(registry.transfers.max(1))),
            room: Arc::new(Semaphore::new(SYNC_OUT_MEMORY_KIB)),
            registry,
            lines: Arc::default(),
            stop: stopped,
        };
        (SyncHandle { stop }, shared)
    }

    /// Keys that one task may run at once: half of all, so that a source that hangs does not hold up
    /// the tasks of others.
    pub(super) fn task_copies_max(&self) -> usize {
        self.registry.transfers.div_ceil(2).max(1)
    }

    /// Waits until one more body may be read.
    pub(super) async fn slot(&self) -> SemaphorePermit<'_> {
        let slot = self.slots.acquire().await;
        slot.expect("nobody closes the semaphore")
    }

    /// Waits until a piece of so many bytes may be held in memory.
    pub(super) async fn room(&self, bytes: u64) -> SemaphorePermit<'_> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let room = self.room.acquire_many(kib).await;
        room.expect("nobody closes the semaphore")
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<SyncTaskId, Arc<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the runner of a task that something is new; gives its line when there was none, for a new
    /// runner.
    pub(super) fn tell(&self, task: SyncTaskId) -> Option<Arc<Line>> {
        let mut lines = self.lines();
        if let Some(line) = lines.get(&task) {
            line.ask();
            return None;
        }
        let line = Arc::new(Line::default());
        line.ask();
        lines.insert(task, line.clone());
        Some(line)
    }

    /// Takes a line down, unless something is new.
    pub(super) fn leave(&self, task: SyncTaskId, line: &Line) -> bool {
        let mut lines = self.lines();
        let idle = !line.mail.load(SeqCst);
        if idle {
            lines.remove(&task);
        }
        idle
    }

    /// Whether everything is to end.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    /// Returns when everything is to end.
    pub(super) async fn stopping(&self) {
        // An error means that the handle is gone, which says the same.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }
}
