//! One subscription in memory: its window, its held keys, what it has to settle, and how all of that
//! is read from the store. Who sends, and when, is the runner's business.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::hold::HeldKeys;
use super::ledger::Ledger;
use super::rule_sets::RuleSets;
use super::send::Delivery;
use super::window::Window;
use crate::engine::Ports;
use crate::limits::{DELIVERY_BACKOFF_MAX, IN_FLIGHT_MAX, WINDOW_EVENTS_MAX};
use crate::model::{BucketId, ObjectKey, VersionTag};
use crate::ports::{
    Key, KeyRange, Limit, LogId, Mono, Order, Position, Record, Revision, StoreError, Table,
};
use crate::records::{
    AttemptRecord, DeadRecord, HeldRecord, LoggedEvent, SubRecord, SubState, decode,
    keys::{self, DestinationKey},
};

/// Pause after the store could not be read or written.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(1);
/// One page of records: enough to be worth the call, little enough to hold.
pub(super) const PAGE: Limit = Limit {
    rows: 256,
    bytes: 1 << 20,
};

/// See the module's text.
#[derive(Debug)]
pub(super) struct Sub {
    pub(super) record: SubRecord,
    pub(super) revision: Revision,
    pub(super) to: DestinationKey,
    pub(super) window: Window<Arc<Delivery>>,
    pub(super) held: HeldKeys,
    pub(super) ledger: Ledger,
    /// The log may hold more than was read.
    pub(super) more: bool,
    /// After trouble with the store: when to try again.
    pub(super) retry_at: Option<Mono>,
    rule_sets: RuleSets,
}

impl Sub {
    /// Takes up a stored subscription. Due times are labels: whatever they say, nothing waits longer
    /// than the longest back-off.
    pub(super) async fn open(ports: &Ports, stored: &Record) -> Result<Self, StoreError> {
        let record: SubRecord = decode(&stored.bytes)?;
        let to = DestinationKey::of(&record.destination);
        let window = Window::new(record.cursor, record.done.iter().copied());
        let mut sub = Self {
            revision: stored.revision,
            to,
            window,
            held: HeldKeys::default(),
            ledger: Ledger::default(),
            more: true,
            retry_at: None,
            rule_sets: RuleSets::default(),
            record,
        };
        sub.load_held(ports).await?;
        Ok(sub)
    }

    /// Finds the held keys, one row each: behind the first row of a key, reading goes on at the
    /// next key.
    async fn load_held(&mut self, ports: &Ports) -> Result<(), StoreError> {
        let (now, mono) = (ports.clock.now(), ports.clock.mono());
        let mut range = keys::held_range(self.record.bucket, self.to);
        loop {
            let page = scan(ports, range.clone(), PAGE).await?;
            for (_, row) in &page.0 {
                let held: HeldRecord = decode(&row.bytes)?;
                let wait = held.due.since(now).min(DELIVERY_BACKOFF_MAX);
                if !self.held.holds(&held.logged.event.key) {
                    self.held.wait(held.logged.event.key, mono + wait);
                }
            }
            let Some((last, true)) = page.0.last().map(|(key, _)| (key, page.1)) else {
                return Ok(());
            };
            let of_key = &last[..last.len().saturating_sub(size_of::<Position>())];
            let Some(next) = keys::after_prefix(of_key) else {
                return Ok(());
            };
            range.start = next;
        }
    }

    /// The place of its record.
    pub(super) fn key(&self) -> Key {
        keys::sub(self.record.bucket, self.to)
    }

    /// Everything up to here is being given up.
    pub(super) fn cancelled(&self) -> Option<Position> {
        match self.record.state {
            SubState::Active => None,
            SubState::Cancelled(upto) => Some(upto),
        }
    }

    /// Whether so much waits to be settled that nothing new may start: what a crash repeats is
    /// bounded.
    pub(super) fn is_behind(&self) -> bool {
        self.ledger.outcomes() >= WINDOW_EVENTS_MAX
    }

    /// Whether the store may be used again after trouble.
    pub(super) fn may_try(&self, now: Mono) -> bool {
        self.retry_at.is_none_or(|at| at <= now)
    }

    /// Whether reading on makes sense now: many events at a time, before those that may start run out.
    pub(super) fn is_hungry(&self) -> bool {
        self.more && !self.is_behind() && self.window.runs_low(IN_FLIGHT_MAX)
    }

    /// Whether nothing is owed, as far as it was read.
    pub(super) fn is_idle(&self) -> bool {
        !self.more && self.window.is_empty() && self.held.len() == 0 && self.ledger.is_clean()
    }

    /// Reads one page of the log into the window.
    pub(super) async fn fill(&mut self, ports: &Ports) -> Result<(), StoreError> {
        let Some(room) = self.window.room() else {
            return Ok(());
        };
        let log = LogId(self.record.bucket);
        let tail = ports.meta.tail(log, self.window.read_to(), room).await?;
        let before = self.window.cursor();
        for (at, bytes) in &tail.records {
            if !self.window.knows(*at) {
                self.take_in(ports, *at, bytes).await?;
            }
            self.window.read(*at);
        }
        self.more = tail.more;
        if self.window.cursor() != before {
            self.ledger.note(ports.clock.mono());
        }
        Ok(())
    }

    async fn take_in(
        &mut self,
        ports: &Ports,
        at: Position,
        bytes: &Bytes,
    ) -> Result<(), StoreError> {
        let logged: LoggedEvent = match decode(bytes) {
            Ok(logged) => logged,
            Err(StoreError::Damaged(why)) => {
                self.skip_damaged(ports, at, &why);
                return Ok(());
            }
            Err(other) => return Err(other),
        };
        if logged.hits.is_empty() {
            self.window.skip(at);
            return Ok(());
        }
        match self.delivery(ports, logged.clone()).await {
            Ok(None) => self.window.skip(at),
            Ok(Some(delivery)) => self.take(ports, at, delivery, bytes.len()),
            Err(StoreError::Damaged(why)) => self.skip_damaged(ports, at, &why),
            Err(other) => return Err(other),
        }
        Ok(())
    }

    fn take(&mut self, ports: &Ports, at: Position, delivery: Delivery, bytes: usize) {
        let (now, mono) = (ports.clock.now(), ports.clock.mono());
        if self.cancelled().is_some_and(|upto| at <= upto) {
            let dead = DeadRecord {
                destination: self.record.destination.clone(),
                logged: delivery.logged,
                attempts: 0,
                errors: Vec::new(),
                died_at: now,
                cancelled: true,
            };
            self.ledger.bury(at, dead, mono);
            self.window.skip(at);
        } else if self.held.holds(&delivery.logged.event.key) {
            let held = HeldRecord {
                logged: delivery.logged,
                accepted: 0,
                attempts: 0,
                due: now,
                first_failed_at: None,
                errors: Vec::new(),
            };
            self.ledger.hold(at, held, mono);
            self.window.skip(at);
        } else {
            let key = delivery.logged.event.key.clone();
            self.window.admit(at, key, Arc::new(delivery), bytes);
        }
    }

    /// A record that cannot be read cannot be delivered; it stays visible in the delivery log.
    fn skip_damaged(&mut self, ports: &Ports, at: Position, why: &str) {
        let attempt = AttemptRecord {
            position: at,
            key: Box::default(),
            version: VersionTag::Unversioned,
            rule: Box::default(),
            attempt: 0,
            started: ports.clock.now(),
            took_ms: 0,
            status: None,
            outcome: format!("skipped: {why}").into(),
            replay: None,
        };
        self.ledger.attempt(attempt, ports.clock.mono());
        self.window.skip(at);
    }

    async fn delivery(
        &mut self,
        ports: &Ports,
        logged: LoggedEvent,
    ) -> Result<Option<Delivery>, StoreError> {
        let bucket = self.record.bucket;
        let rule_set = self.rule_sets.get(ports, bucket, logged.rule_set).await?;
        Ok(Delivery::of(logged, &rule_set, &self.record.destination))
    }

    /// The first held event of a key. The ledger must be clean, or rows would be missed.
    pub(super) async fn first_held(
        &mut self,
        ports: &Ports,
        key: &ObjectKey,
    ) -> Result<Option<(Position, HeldRecord, Arc<Delivery>)>, StoreError> {
        let one = Limit { rows: 1, ..PAGE };
        let range = held_of_key(self.record.bucket, self.to, key);
        let (rows, _) = scan(ports, range, one).await?;
        let Some((place, row)) = rows.into_iter().next() else {
            return Ok(None);
        };
        let at = position_at_end(&place)?;
        let held: HeldRecord = decode(&row.bytes)?;
        let delivery = self.delivery(ports, held.logged.clone()).await?;
        let delivery =
            delivery.ok_or_else(|| StoreError::Damaged("a held event without a hit".into()))?;
        Ok(Some((at, held, Arc::new(delivery))))
    }
}

/// All held events of one key, in log order.
fn held_of_key(bucket: BucketId, to: DestinationKey, key: &ObjectKey) -> KeyRange {
    let start = keys::held(bucket, to, key, Position(0)).bytes;
    let of_key = &start[..start.len() - size_of::<Position>()];
    KeyRange {
        table: Table::Held,
        end: keys::after_prefix(of_key),
        start,
    }
}

/// The position at the end of a key of `held` or `dead`.
pub(super) fn position_at_end(key: &[u8]) -> Result<Position, StoreError> {
    key.last_chunk::<8>()
        .map(|bytes| Position(u64::from_be_bytes(*bytes)))
        .ok_or_else(|| StoreError::Damaged("a key too short for a position".into()))
}

/// One page of one range, and whether there is more.
pub(super) async fn scan(
    ports: &Ports,
    range: KeyRange,
    limit: Limit,
) -> Result<(Vec<(Bytes, Record)>, bool), StoreError> {
    let mut pages = ports.meta.scan(&[range], Order::Ascending, limit).await?;
    let page = pages.pop();
    Ok(page.map_or((Vec::new(), false), |page| (page.rows, page.more)))
}

/// A map kept for callers that look up several subscriptions of one destination.
pub(super) type Subs = BTreeMap<BucketId, Sub>;
