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
        Self {
            state,
            why: Some(why.into()),
        }
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
        let of = move |seen: &&SeenAttempt| seen.attempt.position == at && *seen.destination == *to;
        self.attempts.iter().filter(of)
    }

    fn fate(&self, at: Position, to: &str) -> Fate {
        let dead = self.dead.iter();
        let mut dead =
            dead.filter(|dead| dead.position == at && dead.record.destination.id() == to);
        if let Some(dead) = dead.next() {
            let last = dead.record.errors.last().map_or("", |error| error);
            let by_order = "given up by order of the operator";
            return Fate::because(
                "dead",
                if dead.record.cancelled {
                    by_order
                } else {
                    last
                },
            );
        }
        let mut held = self
            .held
            .iter()
            .filter(|held| held.position == at && held.destination == to);
        if let Some(held) = held.next() {
            return Fate::because(
                "held",
                match held.record.errors.last() {
                    Some(error) => format!("{error}; tried again {}", instant(held.record.due)),
                    None => "waits behind an earlier event of this key".into(),
                },
            );
        }
        let first = self
            .attempts(at, to)
            .filter(|seen| seen.attempt.replay.is_none());
        if first
            .into_iter()
            .any(|seen| *seen.attempt.outcome == *ACCEPTED)
        {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cohong_core::model::{
        BucketId, Destination, DialectId, Event, EventKind, ObjectKey, RuleSetVersion, SyncPast,
        Timestamp, VersionTag,
    };
    use cohong_core::records::{AttemptRecord, DeadRecord, HeldRecord, LoggedEvent};

    use super::*;

    const TO: &str = "function:f";
    const AT: Position = Position(7);

    fn nothing() -> Known {
        Known {
            attempts: Vec::new(),
            held: Vec::new(),
            dead: Vec::new(),
            subs: Vec::new(),
        }
    }

    fn event() -> Event {
        Event {
            kind: EventKind::CreatedPut,
            key: ObjectKey::new("k").expect("a key"),
            version: VersionTag::Unversioned,
            size: 1,
            etag: None,
            time: Timestamp::default(),
            principal: None,
            source: None,
            request_id: "r".into(),
            dialect: DialectId::Tos,
            vars: Vec::new(),
            past: SyncPast::None,
        }
    }

    fn logged() -> LoggedEvent {
        LoggedEvent {
            event: event(),
            rule_set: RuleSetVersion(1),
            hits: Vec::new(),
        }
    }

    fn tried(outcome: &str, replay: Option<&str>) -> SeenAttempt {
        SeenAttempt {
            destination: TO.into(),
            attempt: AttemptRecord {
                position: AT,
                key: "k".into(),
                version: VersionTag::Unversioned,
                rule: "1".into(),
                attempt: 1,
                started: Timestamp::default(),
                took_ms: 1,
                status: None,
                outcome: outcome.into(),
                replay: replay.map(Into::into),
            },
        }
    }

    fn held(errors: &[&str]) -> SeenHeld {
        SeenHeld {
            destination: TO.into(),
            position: AT,
            record: HeldRecord {
                logged: logged(),
                accepted: 0,
                attempts: 1,
                due: Timestamp::default(),
                first_failed_at: None,
                errors: errors.iter().map(|error| (*error).into()).collect(),
            },
        }
    }

    fn dead(cancelled: bool) -> DeadEvent {
        DeadEvent {
            bucket: BucketId(1),
            position: AT,
            record: DeadRecord {
                destination: Destination::Function("f".into()),
                logged: logged(),
                attempts: 10,
                errors: vec!["refused".into()],
                died_at: Timestamp::default(),
                cancelled,
            },
        }
    }

    fn sub(cursor: u64, activity: SubActivity) -> SubStatus {
        SubStatus {
            bucket: BucketId(1),
            bucket_name: None,
            destination: TO.into(),
            activity,
            cursor: Position(cursor),
            settled: Position(9),
            lag: 1,
            oldest: None,
            held: 0,
            dead: 0,
            in_flight: 0,
        }
    }

    fn paused() -> SubActivity {
        let next_probe_in = Duration::from_secs(1);
        SubActivity::Paused {
            since: Timestamp::default(),
            why: "down".into(),
            next_probe_in,
        }
    }

    fn subscribed(cursor: u64, activity: SubActivity) -> Known {
        Known {
            subs: vec![sub(cursor, activity)],
            ..nothing()
        }
    }

    fn logged_as(outcome: &str, replay: Option<&str>) -> Known {
        Known {
            attempts: vec![tried(outcome, replay)],
            ..subscribed(3, SubActivity::Active)
        }
    }

    fn set_aside(errors: &[&str]) -> Known {
        Known {
            held: vec![held(errors)],
            ..subscribed(7, SubActivity::Active)
        }
    }

    fn given_up(cancelled: bool) -> Known {
        Known {
            dead: vec![dead(cancelled)],
            ..subscribed(7, SubActivity::Active)
        }
    }

    #[test]
    fn every_fate_of_an_event_is_told() {
        let waits = "waits behind an earlier event of this key";
        let again = "no; tried again 1970-01-01T00:00:00.000Z";
        let forgotten = "the log of its deliveries is no longer kept";
        let unnamed = "no rule names this destination any more";
        let active = SubActivity::Active;
        let cases = [
            (nothing(), "ended", Some(unnamed)),
            (subscribed(3, active.clone()), "waiting", None),
            (subscribed(3, paused()), "waiting", Some("down")),
            (subscribed(7, active), "settled", Some(forgotten)),
            (logged_as("no", None), "waiting", None),
            (logged_as("accepted", None), "delivered", None),
            // A replay is not what was owed.
            (logged_as("accepted", Some("x")), "waiting", None),
            (set_aside(&[]), "held", Some(waits)),
            (set_aside(&["no"]), "held", Some(again)),
            (given_up(false), "dead", Some("refused")),
            (
                given_up(true),
                "dead",
                Some("given up by order of the operator"),
            ),
        ];
        for (n, (known, state, why)) in cases.into_iter().enumerate() {
            let fate = known.fate(AT, TO);
            assert_eq!((fate.state, fate.why.as_deref()), (state, why), "case {n}");
            let other = known.fate(AT, "function:other");
            assert_eq!(
                other.state, "ended",
                "case {n} tells of one destination only"
            );
        }
    }
}
