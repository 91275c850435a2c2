//! Tells workers that work was put. Losing a ring costs a poll interval, never the work.

use tokio::sync::Notify;

/// Rung after each commit that put work.
#[derive(Debug, Default)]
pub struct WorkBell {
    ring: Notify,
}

impl WorkBell {
    /// Wakes one worker, now or as soon as one waits.
    pub fn ring(&self) {
        self.ring.notify_one();
    }

    /// Waits for a ring.
    pub async fn wait(&self) {
        self.ring.notified().await;
    }
}
