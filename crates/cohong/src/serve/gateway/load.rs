//! How long requests wait for a thread: measured by sending one more task after them. Nothing is measured
//! while nobody asks, so an idle server stays idle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cohong_core::ports::Load;
use tokio::runtime::Handle;

use super::Gateway;
use super::limits::{LOAD_AGE_MAX, LOAD_EVERY, REQUESTS_MAX};

/// A measurement counts this much against all before it: at one every 10 ms they fade within a tenth of a
/// second.
const WEIGHT: u32 = 8;

/// Measures one runtime.
#[derive(Debug)]
pub(super) struct Gauge {
    threads: Handle,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    mean: Duration,
    /// When the last measurement began.
    begun: Option<Instant>,
    /// Its task was not taken up yet.
    waits: bool,
}

impl Gauge {
    /// Measures the runtime that this is called in.
    pub(super) fn here() -> Self {
        Self {
            threads: Handle::current(),
            seen: Arc::default(),
        }
    }

    fn wait(&self) -> Duration {
        let now = Instant::now();
        let (wait, measure) = lock(&self.seen).ask(now);
        if measure {
            let seen = self.seen.clone();
            self.threads.spawn(async move {
                lock(&seen).taken_up(now.elapsed());
            });
        }
        wait
    }
}

impl Load for Gateway {
    fn wait(&self) -> Duration {
        if self.requests.available_permits() == REQUESTS_MAX {
            return Duration::ZERO;
        }
        self.gauge.wait()
    }
}

impl Seen {
    /// What is known, and whether another measurement begins now.
    fn ask(&mut self, now: Instant) -> (Duration, bool) {
        let age = self.begun.map(|begun| now.saturating_duration_since(begun));
        if self.waits {
            // It tells already that it takes this long at least.
            return (self.mean.max(age.unwrap_or_default()), false);
        }
        if age.is_none_or(|age| age > LOAD_AGE_MAX) {
            self.mean = Duration::ZERO;
        }
        let measure = age.is_none_or(|age| age >= LOAD_EVERY);
        if measure {
            self.begun = Some(now);
            self.waits = true;
        }
        (self.mean, measure)
    }

    fn taken_up(&mut self, after: Duration) {
        self.waits = false;
        self.mean = (self.mean * (WEIGHT - 1) + after) / WEIGHT;
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn measurements_are_averaged_and_forgotten() {
        let start = Instant::now();
        let mut seen = Seen::default();
        assert_eq!(seen.ask(start), (Duration::ZERO, true));
        assert_eq!(seen.ask(start + 3 * MS), (3 * MS, false), "it still waits");
        seen.taken_up(8 * MS);
        assert_eq!(
            seen.ask(start + 9 * MS),
            (MS, false),
            "too early for another"
        );
        assert_eq!(seen.ask(start + LOAD_EVERY), (MS, true));
        for _ in 0..100 {
            seen.taken_up(8 * MS);
        }
        let (high, _) = seen.ask(start + 2 * LOAD_EVERY);
        assert!(high > 7 * MS && high <= 8 * MS, "{high:?}");
        seen.taken_up(8 * MS);
        let late = start + 3 * LOAD_EVERY + LOAD_AGE_MAX;
        assert_eq!(seen.ask(late), (Duration::ZERO, true), "long ago");
    }

    #[tokio::test]
    async fn a_task_is_sent_and_comes_back() {
        let gauge = Gauge::here();
        assert_eq!(gauge.wait(), Duration::ZERO);
        assert!(lock(&gauge.seen).waits);
        while lock(&gauge.seen).waits {
            tokio::task::yield_now().await;
        }
        assert!(lock(&gauge.seen).mean > Duration::ZERO);
    }
}
