//! How many bytes were moved, for whoever watches from another task.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the bytes of one upload or download. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Bytes moved so far, those of parts still on their way included. It falls when a part has to be moved again.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Begins to count one try of one part.
    pub(super) fn attempt(&self) -> Attempt {
        Attempt {
            all: self.clone(),
            own: AtomicU64::new(0),
        }
    }
}

/// What one try moved; taken back when it is dropped without having been kept.
#[derive(Debug)]
pub(super) struct Attempt {
    all: Progress,
    own: AtomicU64,
}

impl Attempt {
    pub(super) fn add(&self, bytes: usize) {
        self.own.fetch_add(bytes as u64, Ordering::Relaxed);
        self.all.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The try succeeded.
    pub(super) fn keep(&self) {
        self.own.store(0, Ordering::Relaxed);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let own = self.own.load(Ordering::Relaxed);
        self.all.0.fetch_sub(own, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_taken_back() {
        let progress = Progress::default();
        progress.set(5);
        let good = progress.attempt();
        good.add(10);
        let bad = progress.attempt();
        bad.add(100);
        assert_eq!(progress.bytes(), 115);
        good.keep();
        drop((good, bad));
        assert_eq!(progress.bytes(), 15);
    }
}
