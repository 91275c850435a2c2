//! The workers: do one unit, wait for work, report; stop between units.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::queue::{Claims, Next, next};
use super::sweep::Sweeper;
use crate::engine::Engine;
use crate::error::Error;
use crate::limits;
use crate::model::Timestamp;

/// What the workers have done since they were started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkReport {
    /// Pieces of work being done now.
    pub running: usize,
    /// Pieces of work finished.
    pub finished: u64,
    /// Tries that failed; their work was put off or buried.
    pub failed: u64,
    /// Last time the queue itself or the sweep could not go on, for operators.
    pub trouble: Option<String>,
}

/// The running workers. Dropping it stops them too, without waiting.
#[derive(Debug)]
pub struct WorkHandle {
    stop: watch::Sender<bool>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    claims: Claims,
    finished: AtomicU64,
    failed: AtomicU64,
    trouble: Mutex<Option<String>>,
}

/// Starts [`limits::WORK_WORKERS`] workers, the sweep of blobs without record, and the noting of reads.
pub fn start(engine: &Arc<Engine>) -> WorkHandle {
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(Shared::default());
    let spawner = &engine.ports().spawner;
    for _ in 0..limits::WORK_WORKERS {
        let worker = Worker::new(engine, &shared, &stopped);
        spawner.spawn("work", Box::pin(worker.work()));
    }
    let sweeper = Worker::new(engine, &shared, &stopped);
    spawner.spawn("sweep", Box::pin(sweeper.sweep()));
    let noter = Worker::new(engine, &shared, &stopped);
    spawner.spawn("reads", Box::pin(noter.note_reads()));
    WorkHandle { stop, shared }
}

impl WorkHandle {
    /// Lets units that run come to their end, then stops. What is still due is done after the next
    /// start.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }

    /// What has been done so far.
    pub fn report(&self) -> WorkReport {
        let trouble = self.shared.trouble.lock();
        WorkReport {
            running: self.shared.claims.count(),
            finished: self.shared.finished.load(Ordering::Relaxed),
            failed: self.shared.failed.load(Ordering::Relaxed),
            trouble: trouble.unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

struct Worker {
    engine: Arc<Engine>,
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
}

impl Worker {
    fn new(engine: &Arc<Engine>, shared: &Arc<Shared>, stopped: &watch::Receiver<bool>) -> Self {
        Self {
            engine: Arc::clone(engine),
            shared: Arc::clone(shared),
            stopped: stopped.clone(),
        }
    }

    async fn work(mut self) {
        while self.goes_on() {
            let pause = match self.unit().await {
                Ok(None) => continue,
                Ok(Some(pause)) => pause,
                Err(error) => self.trouble(&error),
            };
            let engine = Arc::clone(&self.engine);
            tokio::select! {
                biased;
                () = self.pause(pause) => {}
                () = engine.work_bell.wait() => {}
            }
        }
    }

    /// Does one unit; or says how long there is nothing to do.
    async fn unit(&self) -> Result<Option<Duration>, Error> {
        let unit = match next(&self.engine, &self.shared.claims).await? {
            Next::Wait(pause) => return Ok(Some(pause)),
            Next::Unit(unit) => unit,
        };
        let counter = if unit.run(&self.engine).await? {
            &self.shared.finished
        } else {
            &self.shared.failed
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(None)
    }

    async fn sweep(mut self) {
        let mut sweeper = Sweeper::default();
        while self.goes_on() {
            let engine = Arc::clone(&self.engine);
            // A pass may take long, and may be left anywhere.
            let outcome = tokio::select! {
                biased;
                _ = self.stopped.changed() => return,
                outcome = sweeper.pass(&engine, limits::SWEEP_AGE) => outcome,
            };
            let now = engine.ports().clock.now();
            let kept_since = now
                .millis()
                .saturating_sub(millis(limits::ATTEMPTS_RETENTION));
            let trimmed = engine.trim_calls(Timestamp::from_millis(kept_since)).await;
            let expired = engine.expire_jobs().await;
            let fetches = engine.expire_fetches().await;
            let errors = [outcome.err(), trimmed.err(), expired.err(), fetches.err()];
            for error in errors.into_iter().flatten() {
                self.trouble(&error);
            }
            self.pause(limits::SWEEP_AGE).await;
        }
    }

    /// Writes notes of reads, and those that wait when it is told to stop.
    async fn note_reads(mut self) {
        loop {
            let engine = Arc::clone(&self.engine);
            tokio::select! {
                biased;
                _ = self.stopped.changed() => {}
                () = engine.gather_reads() => {}
            }
            if let Err(error) = engine.write_reads().await {
                let pause = self.trouble(&error);
                self.pause(pause).await;
            }
            if !self.goes_on() {
                return;
            }
        }
    }

    fn goes_on(&self) -> bool {
        !*self.stopped.borrow() && self.stopped.has_changed().is_ok()
    }

    /// Waits, or until told to stop.
    async fn pause(&mut self, pause: Duration) {
        let clock = Arc::clone(&self.engine.ports().clock);
        let until = clock.mono().saturating_add(pause);
        tokio::select! {
            biased;
            _ = self.stopped.changed() => {}
            () = clock.sleep_until(until) => {}
        }
    }

    /// Notes that the queue could not go on, and says how long to leave it alone.
    fn trouble(&self, error: &Error) -> Duration {
        let text = super::queue::describe(error);
        *self
            .shared
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(text);
        limits::WORK_BACKOFF_MIN
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
