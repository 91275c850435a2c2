//! What became of an event at each of its destinations. Pure.

use cohong_core::delivery::{DeadEvent, SeenAttempt, SeenEvent, SeenHeld, SubActivity, SubStatus};
use cohong_core::ports::Position;
use serde_json::{Value, json};

use crate::serve::admin::answer::instant;

/// The outcome in the delivery log of a message that was accepted.
const ACCEPTED: &str = "accepted";

/// What delivery knows of a key.
pub(super) struct Known {
    pub attempts: Vec<SeenAttempt>,
    pub held: Vec<SeenHeld>,
    pub dead: Vec<DeadEvent>,
    /// Those of the key's bucket.
    pub subs: Vec<SubStatus>,
}

/// What became of an event at a destination.
#[derive(Debug, PartialEq, Eq)]
struct Fate {
    state: &'static str,
    why: Option<String>,
}

impl Fate {
    fn new(state: &'static str) -> Self {
        Self { state, why: None }
    }

    fn because(state: &'static str, why: impl Into<String>) -> Self {
        Self { state, why: Some(why.into()) }
    }
}

impl Known {
    /// One line a destination.
    pub(super) fn of(&self, event: &SeenEvent) -> Vec<Value> {
        let lines = event.destinations.iter().map(|destination| {
            let fate = self.fate(event.position, destination);
            let attempts = self.attempts(event.position, destination).map(attempt);
            json!({
                "destination": destination,
                "state": fate.state,
                "why": fate.why,
                "attempts": attempts.collect::<Vec<Value>>(),
            })
        });
        lines.collect()
    }

    fn attempts(&self, at: Position, to: &str) -> impl Iterator<Item = &SeenAttempt> {
        let to = to.to_owned();
        let of = move |seen: &&SeenAttempt| {
            seen.attempt.position == at && *seen.destination == *to
        };
        self.attempts.iter().filter(of)
    }

    fn fate(&self, at: Position, to: &str) -> Fate {
        let dead = self.dead.iter();
        let mut dead = dead.filter(|dead| dead.position == at && dead.record.destination.id() == to);
        if let Some(dead) = dead.next() {
            let last = dead.record.errors.last().map_or("", |error| error);
            return match dead.record.cancelled {
                true => Fate::because("dead", "given up by order of the operator"),
                false => Fate::because("dead", last),
            };
        }
        let mut held = self.held.iter().filter(|held| held.position == at && held.destination == to);
        if let Some(held) = held.next() {
            return Fate::because("held", match held.record.errors.last() {
                Some(error) => format!("{error}; tried again {}", instant(held.record.due)),
                None => "waits behind an earlier event of this key".into(),
            });
        }
        let first = self.attempts(at, to).filter(|seen| seen.attempt.replay.is_none());
        if first.into_iter().any(|seen| *seen.attempt.outcome == *ACCEPTED) {
            return Fate::new("delivered");
        }
        self.fate_by_sub(at, to)
    }

    fn fate_by_sub(&self, at: Position, to: &str) -> Fate {
        let Some(sub) = self.subs.iter().find(|sub| sub.destination == to) else {
            return Fate::because("ended", "no rule names this destination any more");
        };
        if sub.cursor >= at {
            return Fate::because("settled", "the log of its deliveries is no longer kept");
        }
        match &sub.activity {
            SubActivity::Paused { why, .. } => Fate::because("waiting", &**why),
            SubActivity::Cancelling => Fate::because("waiting", "it is being given up"),
            SubActivity::Active | SubActivity::Draining => Fate::new("waiting"),
        }
    }
}

fn attempt(seen: &SeenAttempt) -> Value {
    let attempt = &seen.attempt;
    json!({
        "time": instant(attempt.started),
        "rule": attempt.rule,
        "status": attempt.status,
        "outcome": attempt.outcome,
        "took_ms": attempt.took_ms,
        "replay": attempt.replay,
    })
}
