//! Finding out whether a paused target is well again.

use super::runner::Runner;
use super::sub::STORE_RETRY;
use crate::model::{BucketId, ObjectKey};
use crate::ports::Position;

/// Events of one subscription that take turns as the probe.
const CANDIDATES_MAX: usize = 8;

/// What may be the probe.
enum Candidate {
    Window(Position),
    Held(ObjectKey),
}

impl Runner {
    /// Sends one event to a paused target: the oldest first; after a failure the buckets, and then
    /// the keys within a bucket, take turns, so that one event that breaks its target does not stand
    /// for it for ever. Without anything owed the pause ends.
    pub(super) async fn probe(&mut self, failures: u32) {
        let buckets: Vec<BucketId> = self.subs.keys().copied().collect();
        let turns = usize::try_from(failures.saturating_sub(1)).unwrap_or(0);
        let mut unread = false;
        for n in 0..buckets.len() {
            let bucket = buckets[(turns + n) % buckets.len()];
            match self.candidates(bucket).await {
                None => unread = true,
                Some(candidates) if candidates.is_empty() => {}
                Some(mut candidates) => {
                    let chosen = (turns / buckets.len()) % candidates.len();
                    if self
                        .probe_with(bucket, candidates.swap_remove(chosen))
                        .await
                    {
                        return;
                    }
                    unread = true;
                }
            }
        }
        if !unread {
            self.health.forgive();
            return;
        }
        let (moment, ids) = (self.moment(), self.shared.ports.ids.clone());
        if let Some(pause) = self.health.pause().cloned() {
            let why = pause.why;
            self.health
                .put_off(&why, Some(STORE_RETRY), moment, |bound| ids.below(bound));
        }
    }

    /// `None` when the store could not be read, or has more to read before an event is found.
    async fn candidates(&mut self, bucket: BucketId) -> Option<Vec<Candidate>> {
        let sub = self.subs.get_mut(&bucket)?;
        if sub.cancelled().is_some() {
            return Some(Vec::new());
        }
        sub.more = true;
        while sub.window.startable(1).is_empty() && sub.is_hungry() {
            sub.fill(&self.shared.ports).await.ok()?;
        }
        let window = sub.window.startable(CANDIDATES_MAX).into_iter();
        let held = sub.held.waiting(CANDIDATES_MAX).into_iter();
        let candidates = window
            .map(Candidate::Window)
            .chain(held.map(Candidate::Held));
        Some(candidates.collect())
    }

    async fn probe_with(&mut self, bucket: BucketId, candidate: Candidate) -> bool {
        let Some(sub) = self.subs.get_mut(&bucket) else {
            return false;
        };
        match candidate {
            Candidate::Window(at) => {
                let Some((at, _, delivery)) = sub.window.start(at) else {
                    return false;
                };
                self.launch(bucket, at, delivery, 0, None, true);
                true
            }
            Candidate::Held(key) => match sub.held.take(&key) {
                Some(key) => self.start_held(bucket, key, true).await,
                None => false,
            },
        }
    }
}
