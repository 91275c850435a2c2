//! Tells runners that there is something new to look at. Losing a ring costs a poll interval, never
//! what is new.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::BucketId;

/// Rung after each commit that appended an event with hits, or that changed rules; and, naming sync
/// tasks, after each that put something for them to do or changed them.
#[derive(Debug)]
pub struct Bell<T = BucketId> {
    grown: Mutex<BTreeSet<T>>,
    ring: Notify,
}

impl<T> Default for Bell<T> {
    fn default() -> Self {
        Self {
            grown: Mutex::default(),
            ring: Notify::new(),
        }
    }
}

impl<T: Ord> Bell<T> {
    /// There is something new about `what`, such as a bucket.
    pub fn changed(&self, what: T) {
        self.grown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(what);
        self.ring.notify_one();
    }

    /// Waits for a ring and takes what rang since the last call.
    pub async fn wait(&self) -> BTreeSet<T> {
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
