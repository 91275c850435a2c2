//! The task that serves one destination: every bucket's subscription to it, its slots, its health.
//!
//! One task a destination and not one a subscription: a pause, the slots and the turns of the buckets
//! belong to the destination, so nothing of them has to be shared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::line::{Line, PauseReport, Report, Shared, lock};
use super::pace::Pace;
use super::pause::{Health, Moment};
use super::send::{Delivery, Landed, Try, spawn};
use super::settle::{adopt, settle};
use super::sub::{STORE_RETRY, Sub, Subs};
use crate::limits::{DELIVERY_BACKOFF_MAX, IN_FLIGHT_MAX, WINDOW_BYTES_MAX};
use crate::model::{BucketId, ObjectKey};
use crate::ports::{Mono, Position, StoreError};
use crate::records::HeldRecord;
use crate::records::keys::{self, DestinationKey};

/// Slots that retries of held keys may take, so that they never stop the events of other keys.
const HELD_IN_FLIGHT_MAX: usize = IN_FLIGHT_MAX / 2;
/// Bytes that the windows of one destination hold together; each bucket has an equal share.
const WINDOWS_BYTES_MAX: usize = 8 * WINDOW_BYTES_MAX;
/// The least share: some tens of events, enough to fill the slots in turn.
const SHARE_MIN: usize = 8 << 10;
/// A runner without anything to wait for looks around this often.
const IDLE: Duration = Duration::from_hours(1);

/// A send under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) delivery: Arc<Delivery>,
    /// How many of its messages were accepted.
    pub(super) accepted: usize,
    /// The stored row, for an event of a held key.
    pub(super) held: Option<HeldRecord>,
    /// [`Health::successes`] at the start.
    pub(super) successes: u64,
    pub(super) probe: bool,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) shared: Arc<Shared>,
    pub(super) to: DestinationKey,
    pub(super) line: Arc<Line>,
    pub(super) subs: Subs,
    pub(super) flights: BTreeMap<(BucketId, Position), Flight>,
    pub(super) health: Health,
    /// Of first deliveries.
    pace: Pace,
    /// Of retries: neither takes the other's turn.
    held_pace: Pace,
    /// Whether to look for subscriptions that no rule names.
    sweeps: bool,
    /// The bucket served last.
    turn: BucketId,
    landings: UnboundedSender<Landed>,
    landed: UnboundedReceiver<Landed>,
}

impl Runner {
    pub(super) fn new(shared: Arc<Shared>, to: DestinationKey, line: Arc<Line>) -> Self {
        let (landings, landed) = unbounded_channel();
        Self {
            shared,
            to,
            line,
            subs: BTreeMap::new(),
            flights: BTreeMap::new(),
            health: Health::default(),
            pace: Pace::default(),
            held_pace: Pace::default(),
            sweeps: false,
            turn: BucketId(0),
            landings,
            landed,
        }
    }

    /// Runs until there is no subscription left or delivery stops.
    pub(super) async fn run(mut self) {
        loop {
            self.open_mail().await;
            if self.shared.is_stopping() && self.flights.is_empty() {
                self.settle_due(true).await;
                return;
            }
            self.read_on().await;
            self.give_up_cancelled().await;
            self.depart().await;
            let was_behind = self.is_behind();
            self.settle_due(false).await;
            if std::mem::take(&mut self.sweeps) {
                self.sweep().await;
            }
            self.report();
            if self.leave() {
                return;
            }
            if was_behind && !self.is_behind() {
                // What waited for the settlement may start.
                continue;
            }
            self.wait().await;
        }
    }

    fn is_behind(&self) -> bool {
        self.subs.values().any(Sub::is_behind)
    }

    async fn wait(&mut self) {
        let wake = self.wake();
        let clock = &*self.shared.ports.clock;
        let stopping = self.shared.is_stopping();
        select! {
            biased;
            () = self.shared.stopping(), if !stopping => {}
            Some(landed) = self.landed.recv() => {
                self.land(&landed);
                while let Ok(landed) = self.landed.try_recv() {
                    self.land(&landed);
                }
            }
            () = self.line.ring.notified() => {}
            () = clock.sleep_until(wake) => {}
        }
    }

    /// When something is to be done that nobody rings for. What is not done while delivery stops must
    /// not wake: it would wake at once, again and again.
    fn wake(&self) -> Mono {
        let now = self.now();
        let stopping = self.shared.is_stopping();
        let paused = self.health.pause();
        let mut wake = now + IDLE;
        let mut at = |due: Mono| wake = wake.min(due);
        if let Some(pause) = paused
            && self.flights.is_empty()
        {
            at(pause.due);
        }
        let reads = paused.is_none() && !stopping;
        let slots = self.flights.len() < IN_FLIGHT_MAX && self.held_flights() < HELD_IN_FLIGHT_MAX;
        let rests = [&self.pace, &self.held_pace].map(Pace::until).into_iter();
        rests.flatten().for_each(&mut at);
        for sub in self.subs.values() {
            if let Some(retry) = sub.retry_at.filter(|retry| *retry > now) {
                at(retry);
                continue;
            }
            if let Some(due) = sub.ledger.due() {
                at(due);
            }
            if sub.is_hungry() && (reads || sub.cancelled().is_some()) {
                at(now);
            }
            let sends = slots && reads && sub.cancelled().is_none();
            if let Some(due) = sub.held.next_due().filter(|_| sends) {
                at(due.max(self.held_pace.until().unwrap_or_default()));
            }
        }
        wake
    }

    pub(super) fn now(&self) -> Mono {
        self.shared.ports.clock.mono()
    }

    pub(super) fn moment(&self) -> Moment {
        Moment {
            now: self.shared.ports.clock.now(),
            mono: self.now(),
        }
    }

    async fn open_mail(&mut self) {
        let mail = self.line.take_mail();
        if mail.hurry {
            let now = self.now();
            self.health.hurry(now);
            self.subs.values_mut().for_each(|sub| sub.held.hurry(now));
        }
        for bucket in mail.grown {
            if self.look(bucket).await.is_err() {
                // The dispatcher's next poll asks again.
                self.line.ask(|mail| {
                    mail.grown.insert(bucket);
                });
                let retry = self.now() + STORE_RETRY;
                self.shared.ports.clock.sleep_until(retry).await;
            }
        }
        self.sweeps |= mail.sweep;
    }

    /// Takes up a bucket's subscription, or what changed about it.
    async fn look(&mut self, bucket: BucketId) -> Result<(), StoreError> {
        let ports = &self.shared.ports;
        let place = keys::sub(bucket, self.to);
        let stored = ports.meta.get_many(&[place]).await?.pop().flatten();
        match (self.subs.get_mut(&bucket), stored) {
            (None, Some(stored)) => {
                let sub = Sub::open(ports, &stored).await?;
                self.subs.insert(bucket, sub);
            }
            (Some(sub), Some(stored)) => {
                if sub.revision != stored.revision {
                    adopt(sub, &stored);
                }
                sub.more = true;
            }
            (_, None) => {
                self.subs.remove(&bucket);
            }
        }
        Ok(())
    }

    async fn read_on(&mut self) {
        let now = self.now();
        let paused = self.health.pause().is_some() || self.shared.is_stopping();
        let share = (WINDOWS_BYTES_MAX / self.subs.len().max(1)).max(SHARE_MIN);
        for sub in self.subs.values_mut() {
            sub.window.bound(share);
            let wanted = sub.is_hungry() && (!paused || sub.cancelled().is_some());
            if wanted && sub.may_try(now) && sub.fill(&self.shared.ports).await.is_err() {
                sub.retry_at = Some(now + STORE_RETRY);
            }
        }
    }

    /// Starts what may start.
    async fn depart(&mut self) {
        let now = self.now();
        self.pace.look(now);
        self.held_pace.look(now);
        if self.shared.is_stopping() {
            return;
        }
        if let Some(pause) = self.health.pause() {
            if self.flights.is_empty() && pause.due <= self.now() {
                let failures = pause.failures;
                self.probe(failures).await;
            }
            return;
        }
        self.depart_held().await;
        self.depart_windows();
    }

    async fn depart_held(&mut self) {
        let now = self.now();
        let buckets: Vec<BucketId> = self.subs.keys().copied().collect();
        for bucket in buckets {
            while self.flights.len() < IN_FLIGHT_MAX
                && self.held_flights() < HELD_IN_FLIGHT_MAX
                && !self.held_pace.rests()
            {
                let ready = |sub: &&mut Sub| sub.may_try(now) && sub.cancelled().is_none();
                let Some(sub) = self.subs.get_mut(&bucket).filter(ready) else {
                    break;
                };
                let Some(key) = sub.held.take_due(now) else {
                    break;
                };
                self.start_held(bucket, key, false).await;
            }
        }
    }

    /// Sends the first held event of a key that was taken; true when it is under way.
    pub(super) async fn start_held(
        &mut self,
        bucket: BucketId,
        key: ObjectKey,
        probe: bool,
    ) -> bool {
        settle(&self.shared.ports, &mut self.subs, &[bucket]).await;
        let now = self.now();
        let Some(sub) = self.subs.get_mut(&bucket) else {
            return false;
        };
        if !sub.ledger.is_clean() {
            // Rows may be missing in the store: wait until they are there.
            sub.held.wait(key, now + STORE_RETRY);
            return false;
        }
        match sub.first_held(&self.shared.ports, &key).await {
            Ok(Some((at, held, delivery))) => {
                let accepted = usize::from(held.accepted);
                self.launch(bucket, at, delivery, accepted, Some(held), probe);
                true
            }
            Ok(None) => {
                sub.held.release(&key);
                false
            }
            Err(StoreError::Damaged(_)) => {
                sub.held.wait(key, now + DELIVERY_BACKOFF_MAX);
                false
            }
            Err(_) => {
                sub.held.wait(key, now + STORE_RETRY);
                false
            }
        }
    }

    /// One event of each bucket in turn, as long as there are slots.
    fn depart_windows(&mut self) {
        let (before, after): (Vec<BucketId>, Vec<BucketId>) =
            self.subs.keys().partition(|bucket| **bucket <= self.turn);
        let mut buckets: Vec<BucketId> = after.into_iter().chain(before).collect();
        while self.may_depart() && !buckets.is_empty() {
            buckets.retain(|bucket| {
                if !self.may_depart() {
                    return true;
                }
                let ready = |sub: &&mut Sub| !sub.is_behind() && sub.cancelled().is_none();
                let sub = self.subs.get_mut(bucket).filter(ready);
                let Some((at, _, delivery)) = sub.and_then(|sub| sub.window.start_next()) else {
                    return false;
                };
                self.turn = *bucket;
                self.launch(*bucket, at, delivery, 0, None, false);
                true
            });
        }
    }

    fn may_depart(&self) -> bool {
        self.flights.len() < IN_FLIGHT_MAX && !self.pace.rests()
    }

    pub(super) fn launch(
        &mut self,
        bucket: BucketId,
        at: Position,
        delivery: Arc<Delivery>,
        accepted: usize,
        held: Option<HeldRecord>,
        probe: bool,
    ) {
        let flight = Flight {
            delivery,
            accepted,
            held,
            successes: self.health.successes(),
            probe,
        };
        self.send(bucket, at, &flight);
        self.flights.insert((bucket, at), flight);
    }

    /// Sends the next message of a flight.
    pub(super) fn send(&mut self, bucket: BucketId, position: Position, flight: &Flight) {
        let pace = match flight.held {
            None => &mut self.pace,
            Some(_) => &mut self.held_pace,
        };
        pace.started(&self.shared);
        let t = Try {
            delivery: &flight.delivery,
            n: flight.accepted,
            bucket,
            position,
            destination: &self.line.destination,
            replay: None,
        };
        spawn(
            &self.shared.ports,
            &self.shared.registry,
            &t,
            &self.landings,
        );
    }

    fn held_flights(&self) -> usize {
        self.flights.values().filter(|f| f.held.is_some()).count()
    }

    async fn settle_due(&mut self, all: bool) {
        let now = self.now();
        let due = |sub: &Sub| sub.may_try(now) && sub.ledger.due().is_some_and(|due| due <= now);
        let which: Vec<BucketId> = self
            .subs
            .iter()
            .filter(|(_, sub)| all || due(sub))
            .map(|(bucket, _)| *bucket)
            .collect();
        settle(&self.shared.ports, &mut self.subs, &which).await;
    }

    fn report(&self) {
        let mut in_flight = BTreeMap::new();
        for (bucket, _) in self.flights.keys() {
            *in_flight.entry(*bucket).or_insert(0) += 1;
        }
        let pause = self.health.pause().map(|pause| PauseReport {
            since: pause.since,
            why: pause.why.clone(),
            due: pause.due,
        });
        *lock(&self.line.report) = Report { pause, in_flight };
    }

    /// Takes the line down when there is nothing left to serve.
    fn leave(&self) -> bool {
        let mut lines = lock(&self.shared.lines);
        let done = self.subs.is_empty() && self.flights.is_empty() && !self.line.has_mail();
        if done {
            lines.remove(&self.to);
        }
        done
    }
}
