//! What a runner makes of the outcome of a send.

use super::backoff;
use super::pause::{Blame, Failed};
use super::runner::{Flight, Runner};
use super::send::{Landed, parts, shortened};
use crate::limits::{DELIVERY_ATTEMPTS_MAX, HELD_KEYS_MAX};
use crate::model::BucketId;
use crate::ports::{Position, Undelivered};
use crate::records::{DeadRecord, HeldRecord, push_error};

impl Runner {
    /// Takes in an outcome.
    pub(super) fn land(&mut self, landed: &Landed) {
        let at = (landed.bucket, landed.position);
        let Some(flight) = self.flights.remove(&at) else {
            return;
        };
        let now = self.now();
        if let Some(sub) = self.subs.get_mut(&landed.bucket) {
            let tries = flight.held.as_ref().map_or(0, |held| held.attempts);
            let line = landed.attempt(&flight.delivery.logged, tries + 1, None);
            sub.ledger.attempt(line, now);
        }
        match &landed.result {
            Ok(_) => self.accepted(at, flight),
            Err(how) => self.refused(at, flight, how),
        }
    }

    fn accepted(&mut self, at: (BucketId, Position), mut flight: Flight) {
        let paused = self.health.pause().is_some();
        self.health.succeeded();
        if paused {
            self.subs.values_mut().for_each(|sub| sub.more = true);
        }
        flight.accepted += 1;
        if flight.accepted < flight.delivery.rules.len() {
            flight.successes = self.health.successes();
            flight.probe = false;
            self.send(at.0, at.1, &flight);
            self.flights.insert(at, flight);
            return;
        }
        let now = self.now();
        let Some(sub) = self.subs.get_mut(&at.0) else {
            return;
        };
        match flight.held {
            None => sub.window.finish(at.1),
            Some(held) => {
                let key = held.logged.event.key;
                sub.ledger.let_go(at.1, &key, now);
                sub.held.wait(key, now);
            }
        }
    }

    fn refused(&mut self, at: (BucketId, Position), flight: Flight, how: &Undelivered) {
        let key = flight.delivery.logged.event.key.clone();
        let failed = Failed {
            bucket: at.0,
            key: &key,
            position: at.1,
            successes: flight.successes,
            probe: flight.probe,
            how,
        };
        let moment = self.moment();
        let ids = self.shared.ports.ids.clone();
        let paused = self.health.pause().is_some();
        let blame = self.health.failed(failed, moment, |bound| ids.below(bound));
        if paused && self.health.pause().is_none() {
            self.subs.values_mut().for_each(|sub| sub.more = true);
        }
        match (blame, flight.held.is_some()) {
            (Blame::Target, _) => self.give_back(at, flight),
            (Blame::Event, true) => self.failed_again(at, flight, how),
            (Blame::Event, false) => self.put_aside(at, &flight, how),
        }
        self.stop_when_too_many_are_held();
    }

    /// The target is to blame: the event is as it was, and windows are not kept in a pause.
    fn give_back(&mut self, at: (BucketId, Position), flight: Flight) {
        let now = self.now();
        if let Some(sub) = self.subs.get_mut(&at.0) {
            match flight.held {
                None => sub.window.give_back(at.1),
                Some(held) => sub.held.wait(held.logged.event.key, now),
            }
        }
        self.rest();
    }

    /// Windows are dropped; the log has everything.
    fn rest(&mut self) {
        for sub in self.subs.values_mut() {
            sub.window.shed();
            sub.more = true;
        }
    }

    /// First failure of an event: its key is set aside, and what waits behind it joins.
    fn put_aside(&mut self, at: (BucketId, Position), flight: &Flight, how: &Undelivered) {
        let (moment, wait) = (self.moment(), self.event_backoff(1));
        let Some(sub) = self.subs.get_mut(&at.0) else {
            return;
        };
        for (position, delivery) in sub.window.put_aside(at.1) {
            let mut held = HeldRecord {
                logged: delivery.logged.clone(),
                accepted: 0,
                attempts: 0,
                due: moment.now,
                first_failed_at: None,
                errors: Vec::new(),
            };
            if position == at.1 {
                held.accepted = u16::try_from(flight.accepted).unwrap_or(u16::MAX);
                held.attempts = 1;
                held.due = moment.now.plus(wait);
                held.first_failed_at = Some(moment.now);
                push_error(&mut held.errors, &shortened(parts(how).1));
            }
            sub.ledger.hold(position, held, moment.mono);
        }
        let key = flight.delivery.logged.event.key.clone();
        sub.held.wait(key, moment.mono + wait);
    }

    /// A held event failed again: later, or never more.
    fn failed_again(&mut self, at: (BucketId, Position), flight: Flight, how: &Undelivered) {
        let Some(mut held) = flight.held else { return };
        held.attempts += 1;
        held.accepted = u16::try_from(flight.accepted).unwrap_or(u16::MAX);
        push_error(&mut held.errors, &shortened(parts(how).1));
        let (moment, wait) = (self.moment(), self.event_backoff(held.attempts));
        let Some(sub) = self.subs.get_mut(&at.0) else {
            return;
        };
        let key = held.logged.event.key.clone();
        if held.attempts >= DELIVERY_ATTEMPTS_MAX {
            let dead = DeadRecord {
                destination: self.line.destination.clone(),
                logged: held.logged,
                attempts: held.attempts,
                errors: held.errors,
                died_at: moment.now,
                cancelled: false,
            };
            sub.ledger.bury(at.1, dead, moment.mono);
            sub.ledger.let_go(at.1, &key, moment.mono);
            sub.held.wait(key, moment.mono);
        } else {
            held.due = moment.now.plus(wait);
            held.first_failed_at.get_or_insert(moment.now);
            sub.ledger.hold(at.1, held, moment.mono);
            sub.held.wait(key, moment.mono + wait);
        }
    }

    fn event_backoff(&self, failures: u32) -> std::time::Duration {
        backoff::of_event(failures, |bound| self.shared.ports.ids.below(bound))
    }

    fn stop_when_too_many_are_held(&mut self) {
        let held: usize = self.subs.values().map(|sub| sub.held.len()).sum();
        if held > HELD_KEYS_MAX && self.health.pause().is_none() {
            let why = format!("more than {HELD_KEYS_MAX} keys have events that failed");
            let (moment, ids) = (self.moment(), self.shared.ports.ids.clone());
            self.health
                .put_off(&why, None, moment, |bound| ids.below(bound));
            self.rest();
        }
    }
}
