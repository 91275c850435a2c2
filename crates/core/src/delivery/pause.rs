//! Whose failure it is, the event's or the target's, and when a paused target is tried. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use super::backoff;
use crate::model::{BucketId, ObjectKey, Timestamp};
use crate::ports::{Mono, Position, Undelivered};

/// Refusals of this many different keys with no success in between are the target's failure.
const REFUSED_KEYS_MAX: usize = 8;

/// A target that is left alone but for one probe at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    /// Since when; a label.
    pub(super) since: Timestamp,
    /// Why, for operators.
    pub(super) why: Box<str>,
    /// Failures in a row, from 1; also chooses the probe, so that one bad event does not stand for
    /// its target for ever.
    pub(super) failures: u32,
    /// When the next probe may start.
    pub(super) due: Mono,
    /// The target answers, but refuses everything; else it does not take anything.
    refuses: bool,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed<'a> {
    pub(super) bucket: BucketId,
    pub(super) key: &'a ObjectKey,
    pub(super) position: Position,
    /// [`Health::successes`] when it started.
    pub(super) successes: u64,
    /// It was the probe of a paused target.
    pub(super) probe: bool,
    pub(super) how: &'a Undelivered,
}

/// The present, for labels and back-off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    pub(super) mono: Mono,
}

/// Whose failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The event's: its key is set aside and the try counts.
    Event,
    /// The target's: it is paused now, and the try counts against nothing.
    Target,
}

/// What is known about a target.
#[derive(Debug, Default)]
pub(super) struct Health {
    successes: u64,
    refused: BTreeSet<(BucketId, ObjectKey)>,
    /// The event whose failure paused the target last, and the successes before that. If it fails
    /// again while others succeeded, it is to blame.
    suspect: Option<(BucketId, Position, u64)>,
    pause: Option<Pause>,
}

impl Health {
    /// Counts acceptances.
    pub(super) fn successes(&self) -> u64 {
        self.successes
    }

    /// The pause, while there is one.
    pub(super) fn pause(&self) -> Option<&Pause> {
        self.pause.as_ref()
    }

    /// The target accepted something: it is well.
    pub(super) fn succeeded(&mut self) {
        self.successes += 1;
        self.refused.clear();
        self.pause = None;
    }

    /// Nothing is owed to it, so there is nothing to find out.
    pub(super) fn forgive(&mut self) {
        self.pause = None;
    }

    /// The operator changed something: the next probe is due.
    pub(super) fn hurry(&mut self, mono: Mono) {
        if let Some(pause) = &mut self.pause {
            pause.failures = 1;
            pause.due = mono;
        }
    }

    /// An attempt failed. `below` draws jitter under its argument.
    pub(super) fn failed(
        &mut self,
        failed: Failed<'_>,
        at: Moment,
        below: impl FnOnce(u64) -> u64,
    ) -> Blame {
        let (after, why, refuses) = match failed.how {
            Undelivered::Target { after, why, .. } => (*after, why, false),
            Undelivered::Event { why, .. } => (None, why, true),
        };
        let down = self.pause.as_ref().is_some_and(|pause| !pause.refuses);
        if down && failed.probe && refuses {
            // It judges events again, so it is back; what it thinks of this one is another matter.
            self.pause = None;
        }
        if self.pause.is_none() && self.is_of_event(failed) {
            return Blame::Event;
        }
        match &mut self.pause {
            // One of many that were under way when the pause began: says nothing new.
            Some(pause) if !failed.probe => {
                pause.due = pause.due.max(at.mono + after.unwrap_or_default());
            }
            _ => {
                self.put_off(why, after, at, below);
                self.pause
                    .iter_mut()
                    .for_each(|pause| pause.refuses = refuses);
            }
        }
        Blame::Target
    }

    /// Pauses, or lengthens the pause.
    pub(super) fn put_off(
        &mut self,
        why: &str,
        after: Option<Duration>,
        at: Moment,
        below: impl FnOnce(u64) -> u64,
    ) {
        let before = self.pause.as_ref();
        let failures = before.map_or(1, |pause| pause.failures.saturating_add(1));
        let wait = backoff::of_target(failures, below).max(after.unwrap_or_default());
        self.pause = Some(Pause {
            since: before.map_or(at.now, |pause| pause.since),
            why: why.into(),
            failures,
            due: at.mono + wait,
            refuses: before.is_some_and(|pause| pause.refuses),
        });
    }

    fn is_of_event(&mut self, failed: Failed<'_>) -> bool {
        match failed.how {
            // The target speaks about itself: its load, not this event.
            Undelivered::Target { after: Some(_), .. }
            | Undelivered::Target {
                status: Some(429), ..
            } => false,
            Undelivered::Target { .. } => {
                let suspect = self.suspect.is_some_and(|(bucket, position, successes)| {
                    (bucket, position) == (failed.bucket, failed.position)
                        && self.successes > successes
                });
                let others = self.successes > failed.successes;
                if !suspect && !others {
                    self.suspect = Some((failed.bucket, failed.position, self.successes));
                }
                suspect || others
            }
            Undelivered::Event { .. } => {
                self.refused.insert((failed.bucket, failed.key.clone()));
                let few = self.refused.len() < REFUSED_KEYS_MAX;
                if !few {
                    self.refused.clear();
                }
                few
            }
        }
    }
}

#[cfg(test)]
mod tests;
