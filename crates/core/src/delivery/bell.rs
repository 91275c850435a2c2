//! Tells the runners that a log has grown. Losing a ring costs a poll interval, never an event.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::BucketId;

/// Rung after each commit that appended an event with hits, or that changed rules.
#[derive(Debug, Default)]
pub struct Bell {
    grown: Mutex<BTreeSet<BucketId>>,
    ring: Notify,
}

impl Bell {
    /// The log or the rules of `bucket` changed.
    pub fn changed(&self, bucket: BucketId) {
        self.grown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(bucket);
        self.ring.notify_one();
    }

    /// Waits for a ring and takes the buckets that rang since the last call.
    pub async fn wait(&self) -> BTreeSet<BucketId> {
        loop {
            let grown =
                std::mem::take(&mut *self.grown.lock().unwrap_or_else(PoisonError::into_inner));
            if !grown.is_empty() {
                return grown;
            }
            self.ring.notified().await;
        }
    }
}
