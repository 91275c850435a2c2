//! What the committer did so far, for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Totals since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches written.
    pub batches: u64,
    /// Transactions in them.
    pub members: u64,
    /// Transactions that conflicted.
    pub conflicts: u64,
    /// Syncs of the journal.
    pub syncs: u64,
    /// Microseconds spent in writes that end with a sync.
    pub sync_micros: u64,
    /// Places taken in the queue now, of [`cohong_core::limits::COMMIT_QUEUE_MAX`].
    pub queued: u64,
}

/// The totals, shared by committer and readers.
#[derive(Debug, Default)]
pub(super) struct Totals {
    batches: AtomicU64,
    members: AtomicU64,
    conflicts: AtomicU64,
    syncs: AtomicU64,
    sync_micros: AtomicU64,
}

impl Totals {
    pub(super) fn batch(&self, members: u64) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.members.fetch_add(members, Ordering::Relaxed);
    }

    pub(super) fn conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sync(&self, took: Duration) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.sync_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn read(&self, queued: usize) -> Stats {
        let of = |total: &AtomicU64| total.load(Ordering::Relaxed);
        Stats {
            batches: of(&self.batches),
            members: of(&self.members),
            conflicts: of(&self.conflicts),
            syncs: of(&self.syncs),
            sync_micros: of(&self.sync_micros),
            queued: u64::try_from(queued).unwrap_or(u64::MAX),
        }
    }
}
