//! The task of one replay.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::jobs::{self, Job};
use crate::delivery::backoff;
use crate::delivery::drain::commit_one;
use crate::delivery::line::Shared;
use crate::delivery::pace::Pace;
use crate::delivery::pause::{Blame, Failed, Health, Moment};
use crate::delivery::rule_sets::RuleSets;
use crate::delivery::send::{Landed, Try, spawn};
use crate::delivery::sub::STORE_RETRY;
use crate::delivery::window::Window;
use crate::limits::{IN_FLIGHT_MAX, SETTLE_AFTER, SETTLE_OUTCOMES_MAX, WINDOW_EVENTS_MAX};
use crate::ports::{Mono, Position, StoreError, Txn, Undelivered, When, Write};
use crate::records::keys::{self, DestinationKey};
use crate::records::{
    AttemptBlock, AttemptRecord, ReplayRecord, ReplaySource, ReplayState, encode,
};

/// Messages of a replay in flight: live events keep most of a destination's slots.
const IN_FLIGHT: usize = IN_FLIGHT_MAX / 4;
/// Tries of a message that is refused: whoever replays looks at the result and can ask again.
const TRIES_MAX: u32 = 3;

/// A job that was started.
#[derive(Debug)]
struct Flight {
    job: Arc<Job>,
    /// Its message being sent.
    n: usize,
    /// Refusals of that message.
    refusals: u32,
    successes: u64,
    probe: bool,
    /// When to send; `None` while it is under way.
    due: Option<Mono>,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Replay {
    shared: Arc<Shared>,
    record: ReplayRecord,
    mark: String,
    window: Window<Arc<Job>>,
    more: bool,
    rule_sets: RuleSets,
    flights: BTreeMap<Position, Flight>,
    health: Health,
    pace: Pace,
    attempts: BTreeMap<String, Vec<AttemptRecord>>,
    revived: Vec<Write>,
    outcomes: usize,
    settle_at: Option<Mono>,
    landings: UnboundedSender<Landed>,
    landed: UnboundedReceiver<Landed>,
}

impl Replay {
    pub(super) fn new(shared: Arc<Shared>, record: ReplayRecord) -> Self {
        let (landings, landed) = unbounded_channel();
        Self {
            shared,
            mark: hex::encode(record.id.0),
            window: Window::new(record.cursor, []),
            more: true,
            rule_sets: RuleSets::default(),
            flights: BTreeMap::new(),
            health: Health::default(),
            pace: Pace::default(),
            attempts: BTreeMap::new(),
            revived: Vec::new(),
            outcomes: 0,
            settle_at: None,
            landings,
            landed,
            record,
        }
    }

    /// Runs to the end of the replay or until delivery stops.
    pub(super) async fn run(mut self) {
        loop {
            let stopping = self.shared.is_stopping();
            if stopping && self.flights.values().all(|flight| flight.due.is_some()) {
                self.settle().await;
                return;
            }
            let read = if stopping { Ok(()) } else { self.fill().await };
            let retry = read.is_err().then(|| self.now() + STORE_RETRY);
            if !stopping {
                self.depart();
            }
            if !self.more && self.window.is_empty() {
                self.record.state = ReplayState::Done;
                self.outcomes = SETTLE_OUTCOMES_MAX;
            }
            let due = self.settle_at.is_some_and(|at| at <= self.now());
            if due || self.outcomes >= SETTLE_OUTCOMES_MAX {
                let settled = self.settle().await;
                if settled && self.record.state == ReplayState::Done {
                    return;
                }
                if settled {
                    // What waited for this may start.
                    continue;
                }
            }
            self.wait(retry).await;
        }
    }

    async fn wait(&mut self, retry: Option<Mono>) {
        let stopping = self.shared.is_stopping();
        let wake = self.wake(retry, stopping);
        select! {
            biased;
            () = self.shared.stopping(), if !stopping => {}
            Some(landed) = self.landed.recv() => self.land(&landed),
            () = self.shared.ports.clock.sleep_until(wake) => {}
        }
    }

    /// When something is to be done that nobody rings for. What cannot be done yet, because delivery
    /// stops, progress is not settled or a paused target is being probed, must not wake: it would wake at once, again and again.
    fn wake(&self, retry: Option<Mono>, stopping: bool) -> Mono {
        let now = self.now();
        let hungry = self.more && self.window.room().is_some() && retry.is_none() && !stopping;
        let probing = self.flights.values().any(|flight| flight.due.is_none());
        let next = match self.health.pause() {
            _ if stopping || self.is_behind() => None,
            Some(pause) => (!probing).then_some(pause.due),
            None => self.flights.values().filter_map(|flight| flight.due).min(),
        };
        let rest = self.pace.until();
        let next = next.map(|next| rest.map_or(next, |end| next.max(end)));
        let wakes = [hungry.then_some(now), next, retry, rest, self.settle_at];
        let idle = now + Duration::from_hours(1);
        wakes.into_iter().flatten().min().unwrap_or(idle)
    }

    fn now(&self) -> Mono {
        self.shared.ports.clock.mono()
    }

    async fn fill(&mut self) -> Result<(), StoreError> {
        let Some(room) = self.window.room().filter(|_| self.more) else {
            return Ok(());
        };
        let from = self.window.read_to();
        let ports = &self.shared.ports;
        let page = jobs::read(ports, &self.record, &mut self.rule_sets, from, room).await?;
        for (at, job) in page.jobs {
            match job {
                Some(job) => {
                    let first = job.messages.first();
                    let key = first.map(|(d, _, _)| d.logged.event.key.clone());
                    let bytes = job.bytes;
                    if let Some(key) = key {
                        self.window.admit(at, key, Arc::new(job), bytes);
                    }
                }
                None => self.window.skip(at),
            }
            self.window.read(at);
        }
        self.more = page.more;
        Ok(())
    }

    /// Whether so much waits to be settled that nothing new may start: what is held in memory and what
    /// a crash repeats are bounded.
    fn is_behind(&self) -> bool {
        let unsettled: usize = self.attempts.values().map(Vec::len).sum();
        unsettled >= WINDOW_EVENTS_MAX
    }

    fn depart(&mut self) {
        let now = self.now();
        self.pace.look(now);
        if self.is_behind() {
            return;
        }
        let under_way = |f: &&Flight| f.due.is_none();
        let Some(pause) = self.health.pause() else {
            let due = self.flights.iter();
            let due = due.filter(|(_, f)| f.due.is_some_and(|due| due <= now));
            let due: Vec<Position> = due.map(|(at, _)| *at).collect();
            for at in due {
                if self.pace.rests() {
                    return;
                }
                self.send(at, false);
            }
            while self.flights.len() < IN_FLIGHT && !self.pace.rests() {
                let Some(at) = self.begin_next() else { return };
                self.send(at, false);
            }
            return;
        };
        if pause.due > now || self.flights.values().any(|f| under_way(&f)) {
            return;
        }
        // Those that wait take turns with the next ones, so that one event does not stand for all.
        let turn = usize::try_from(pause.failures.saturating_sub(1)).unwrap_or(0);
        let waiting: Vec<Position> = self.flights.keys().copied().collect();
        let chosen = match waiting.get(turn % (waiting.len() + 1)) {
            Some(at) => Some(*at),
            None if waiting.len() < IN_FLIGHT => self.begin_next(),
            None => None,
        };
        match chosen.or_else(|| waiting.first().copied()) {
            Some(at) => self.send(at, true),
            None => self.health.forgive(),
        }
    }

    fn begin_next(&mut self) -> Option<Position> {
        let (at, _, job) = self.window.start_next()?;
        let flight = Flight {
            job,
            n: 0,
            refusals: 0,
            successes: 0,
            probe: false,
            due: Some(Mono::ZERO),
        };
        self.flights.insert(at, flight);
        Some(at)
    }

    fn send(&mut self, at: Position, probe: bool) {
        let Some(flight) = self.flights.get_mut(&at) else {
            return;
        };
        flight.successes = self.health.successes();
        flight.probe = probe;
        flight.due = None;
        let Some((delivery, destination, n)) = flight.job.messages.get(flight.n) else {
            return;
        };
        self.pace.started(&self.shared);
        let t = Try {
            delivery,
            n: *n,
            bucket: self.record.bucket,
            position: at,
            destination,
            replay: Some(&self.mark),
        };
        spawn(
            &self.shared.ports,
            &self.shared.registry,
            &t,
            &self.landings,
        );
    }

    fn land(&mut self, landed: &Landed) {
        let now = self.now();
        self.outcomes += 1;
        self.settle_at.get_or_insert(now + SETTLE_AFTER);
        let Some(mut flight) = self.flights.remove(&landed.position) else {
            return;
        };
        self.note(landed, &flight);
        let next = match &landed.result {
            Ok(_) => {
                self.health.succeeded();
                self.record.accepted += 1;
                self.revive(landed.position);
                None
            }
            Err(how) => self.refused(landed.position, &mut flight, how),
        };
        if next.is_none() {
            flight.n += 1;
            flight.refusals = 0;
        }
        if flight.n >= flight.job.messages.len() {
            self.window.finish(landed.position);
        } else {
            flight.due = Some(next.unwrap_or(now));
            self.flights.insert(landed.position, flight);
        }
    }

    fn note(&mut self, landed: &Landed, flight: &Flight) {
        let Some((delivery, destination, _)) = flight.job.messages.get(flight.n) else {
            return;
        };
        let line = landed.attempt(&delivery.logged, flight.refusals + 1, Some(&self.mark));
        self.attempts
            .entry(destination.id())
            .or_default()
            .push(line);
    }

    /// When to try the message again; `None` when it is given up.
    fn refused(&mut self, at: Position, flight: &mut Flight, how: &Undelivered) -> Option<Mono> {
        let (delivery, _, _) = flight.job.messages.get(flight.n)?;
        let ports = &self.shared.ports;
        let moment = Moment {
            now: ports.clock.now(),
            mono: ports.clock.mono(),
        };
        let failed = Failed {
            bucket: self.record.bucket,
            key: &delivery.logged.event.key,
            position: at,
            successes: flight.successes,
            probe: flight.probe,
            how,
        };
        let below = |bound| ports.ids.below(bound);
        if self.health.failed(failed, moment, below) == Blame::Target {
            return Some(moment.mono);
        }
        flight.refusals += 1;
        if flight.refusals < TRIES_MAX {
            return Some(moment.mono + backoff::of_event(flight.refusals, below));
        }
        self.record.refused += 1;
        None
    }

    /// A dead event that was accepted is dead no more.
    fn revive(&mut self, at: Position) {
        if let ReplaySource::Dead { destination } = &self.record.source {
            let place = keys::dead(self.record.bucket, DestinationKey::of(destination), at);
            self.revived.push(Write::Delete(place));
        }
    }

    /// Writes progress down; false when that has to be tried again.
    async fn settle(&mut self) -> bool {
        self.record.cursor = self.window.cursor();
        let mut record = self.record.clone();
        let mut write = self.revived.clone();
        // The replay's own id stands for the destination in the keys of its delivery log.
        let of_replay = DestinationKey(record.id.0);
        for (destination, attempts) in &self.attempts {
            let block = AttemptBlock {
                destination: destination.as_str().into(),
                written_at: self.shared.ports.clock.now(),
                attempts: attempts.clone(),
            };
            let place = keys::attempts(record.bucket, of_replay, record.next_block);
            write.push(Write::Put(place, encode(&block)));
            record.next_block += 1;
        }
        write.push(Write::Put(keys::replay(record.id), encode(&record)));
        let txn = Txn {
            when: When::Soon,
            expect: Vec::new(),
            write,
            payloads: Vec::new(),
        };
        let settled = commit_one(&self.shared.ports, txn).await.is_ok();
        if settled {
            self.record.next_block = record.next_block;
            self.attempts.clear();
            self.revived.clear();
            self.outcomes = 0;
            self.settle_at = None;
        } else {
            self.outcomes = 0;
            self.settle_at = Some(self.now() + STORE_RETRY);
        }
        settled
    }
}
