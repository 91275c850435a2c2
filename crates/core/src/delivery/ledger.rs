//! What a subscription has to settle: outcomes that are not in the store yet. Pure.

use std::collections::BTreeMap;

use crate::limits::{SETTLE_AFTER, SETTLE_OUTCOMES_MAX};
use crate::model::{ObjectKey, Timestamp};
use crate::ports::{Mono, Position, Write};
use crate::records::{
    AttemptBlock, AttemptRecord, DeadRecord, HeldRecord, SubRecord, encode, keys,
    keys::DestinationKey,
};

/// Outcomes since the last settlement. Applying it twice does no harm.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    held: BTreeMap<(ObjectKey, Position), Option<HeldRecord>>,
    dead: BTreeMap<Position, DeadRecord>,
    attempts: Vec<AttemptRecord>,
    outcomes: usize,
    since: Option<Mono>,
}

impl Ledger {
    /// Something happened that moves the cursor or a record.
    pub(super) fn note(&mut self, now: Mono) {
        self.outcomes += 1;
        self.since.get_or_insert(now);
    }

    /// A line for the delivery log.
    pub(super) fn attempt(&mut self, attempt: AttemptRecord, now: Mono) {
        self.attempts.push(attempt);
        self.note(now);
    }

    /// An event is held.
    pub(super) fn hold(&mut self, at: Position, held: HeldRecord, now: Mono) {
        let key = held.logged.event.key.clone();
        self.held.insert((key, at), Some(held));
        self.note(now);
    }

    /// An event is held no more.
    pub(super) fn let_go(&mut self, at: Position, key: &ObjectKey, now: Mono) {
        self.held.insert((key.clone(), at), None);
        self.note(now);
    }

    /// An event is given up.
    pub(super) fn bury(&mut self, at: Position, dead: DeadRecord, now: Mono) {
        self.dead.insert(at, dead);
        self.note(now);
    }

    /// Whether there is nothing to settle.
    pub(super) fn is_clean(&self) -> bool {
        self.since.is_none()
    }

    /// How many outcomes wait.
    pub(super) fn outcomes(&self) -> usize {
        self.outcomes
    }

    /// When to settle at the latest; `now` or earlier when there is enough for a transaction.
    pub(super) fn due(&self) -> Option<Mono> {
        if self.outcomes >= SETTLE_OUTCOMES_MAX {
            return Some(Mono::ZERO);
        }
        self.since.map(|since| since + SETTLE_AFTER)
    }

    /// The settlement: the subscription's record as it will be, and all writes.
    pub(super) fn writes(
        &self,
        mut sub: SubRecord,
        to: DestinationKey,
        now: Timestamp,
    ) -> (SubRecord, Vec<Write>) {
        let bucket = sub.bucket;
        let mut writes = Vec::new();
        for ((key, at), held) in &self.held {
            let place = keys::held(bucket, to, key, *at);
            writes.push(match held {
                Some(held) => Write::Put(place, encode(held)),
                None => Write::Delete(place),
            });
        }
        let dead = self.dead.iter();
        writes.extend(dead.map(|(at, d)| Write::Put(keys::dead(bucket, to, *at), encode(d))));
        if !self.attempts.is_empty() {
            let block = AttemptBlock {
                destination: sub.destination.id().into(),
                written_at: now,
                attempts: self.attempts.clone(),
            };
            let place = keys::attempts(bucket, to, sub.next_block);
            writes.push(Write::Put(place, encode(&block)));
            sub.next_block += 1;
        }
        writes.push(Write::Put(keys::sub(bucket, to), encode(&sub)));
        (sub, writes)
    }
}
