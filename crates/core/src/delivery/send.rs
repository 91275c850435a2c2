//! One try at one message, as a task of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::registry::Registry;
use crate::engine::Ports;
use crate::model::{BucketId, Destination, Timestamp};
use crate::ports::{Message, MessageContext, Mono, Position, Undelivered};
use crate::records::{AttemptRecord, LoggedEvent, RuleSetRecord};
use crate::sync::rule_message;

/// Longest reason kept, characters: reasons may quote what a receiver answered.
const WHY_CHARS_MAX: usize = 300;

/// An event for one destination: a message for each rule that hit it, one after the other.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) logged: LoggedEvent,
    pub(super) rule_set: Arc<RuleSetRecord>,
    /// Indexes into the rule set, in its order; never empty.
    pub(super) rules: Vec<u16>,
}

impl Delivery {
    /// What `destination` is to be told about an event; `None` when it was not hit.
    pub(super) fn of(
        logged: LoggedEvent,
        rule_set: &Arc<RuleSetRecord>,
        destination: &Destination,
    ) -> Option<Self> {
        let names = |rule: u16, n: u16| {
            let rule = rule_set.rules.get(usize::from(rule));
            rule.and_then(|rule| rule.destinations.get(usize::from(n))) == Some(destination)
        };
        let hits = logged.hits.iter();
        let mut rules: Vec<u16> = hits
            .filter(|hit| names(hit.rule, hit.destination))
            .map(|hit| hit.rule)
            .collect();
        rules.dedup();
        (!rules.is_empty()).then(|| Self {
            logged,
            rule_set: rule_set.clone(),
            rules,
        })
    }

    /// The message of the rule number `n` of `rules`.
    pub(super) fn message(
        &self,
        n: usize,
        at: Position,
        replay: Option<&str>,
        destination: &Destination,
        registry: &Registry,
    ) -> Result<(Message, Box<str>), String> {
        let index = self.rules.get(n).copied().map(usize::from);
        let rule = index
            .and_then(|rule| self.rule_set.rules.get(rule))
            .ok_or("the rule of this message is not in its rule set")?;
        let cx = MessageContext {
            bucket: &self.rule_set.name,
            owner: &self.rule_set.owner,
            region: &self.rule_set.region,
            rule,
            position: at,
            replay,
        };
        let event = &self.logged.event;
        let message = match destination {
            Destination::Sync(_) => rule_message(event, &cx),
            Destination::Function(_) | Destination::Webhook(_) | Destination::Broker { .. } => {
                registry.format(rule.via)?.encode(event, &cx)
            }
        };
        Ok((message, rule.id.0.clone()))
    }
}

/// How a try ended.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) bucket: BucketId,
    pub(super) position: Position,
    pub(super) rule: Box<str>,
    pub(super) started: Timestamp,
    pub(super) took: Duration,
    pub(super) result: Result<u16, Undelivered>,
}

impl Landed {
    /// The line of the delivery log.
    pub(super) fn attempt(
        &self,
        logged: &LoggedEvent,
        attempt: u32,
        replay: Option<&str>,
    ) -> AttemptRecord {
        let (status, outcome) = match &self.result {
            Ok(status) => (Some(*status), "accepted".into()),
            Err(failure) => {
                let (status, why) = parts(failure);
                (status, shortened(why))
            }
        };
        AttemptRecord {
            position: self.position,
            key: logged.event.key.as_str().into(),
            version: logged.event.version,
            rule: self.rule.clone(),
            attempt,
            started: self.started,
            took_ms: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            status,
            outcome,
            replay: replay.map(Into::into),
        }
    }
}

/// Status and reason of a failure.
pub(super) fn parts(failure: &Undelivered) -> (Option<u16>, &str) {
    match failure {
        Undelivered::Target { why, status, .. } | Undelivered::Event { why, status } => {
            (*status, why)
        }
    }
}

/// A reason, bounded for storing.
pub(super) fn shortened(why: &str) -> Box<str> {
    why.chars().take(WHY_CHARS_MAX).collect::<String>().into()
}

/// A failure of this side that leaves the event owed.
pub(super) fn owed(why: impl Into<String>) -> Undelivered {
    Undelivered::Target {
        after: None,
        why: why.into(),
        status: None,
    }
}

/// Says how a try ended even when the task that made it did not come to its end.
struct Report {
    landed: Option<Landed>,
    started: Mono,
    to: UnboundedSender<Landed>,
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(landed) = self.landed.take() {
            // Nobody listens any more when the runner is gone, and then nobody is owed a report.
            let _ = self.to.send(landed);
        }
    }
}

/// Everything a try needs.
pub(super) struct Try<'a> {
    pub(super) delivery: &'a Delivery,
    /// Which of its messages.
    pub(super) n: usize,
    pub(super) bucket: BucketId,
    pub(super) position: Position,
    pub(super) destination: &'a Destination,
    pub(super) replay: Option<&'a str>,
}

/// Starts a try; its end is reported to `to`, always.
pub(super) fn spawn(ports: &Ports, registry: &Registry, t: &Try<'_>, to: &UnboundedSender<Landed>) {
    let mut report = Report {
        landed: Some(Landed {
            bucket: t.bucket,
            position: t.position,
            rule: Box::default(),
            started: ports.clock.now(),
            took: Duration::ZERO,
            result: Err(owed("the delivery ended without an outcome")),
        }),
        started: ports.clock.mono(),
        to: to.clone(),
    };
    let prepared = registry.target(t.destination).and_then(|target| {
        let (message, rule) =
            t.delivery
                .message(t.n, t.position, t.replay, t.destination, registry)?;
        Ok((target, message, rule))
    });
    match prepared {
        Err(why) => report.set(Err(owed(why)), Duration::ZERO),
        Ok((target, message, rule)) => {
            if let Some(landed) = &mut report.landed {
                landed.rule = rule;
            }
            let clock = ports.clock.clone();
            let destination = t.destination.clone();
            let task = async move {
                let result = target.deliver(&destination, &message).await;
                let took = clock.mono().saturating_sub(report.started);
                report.set(result, took);
            };
            ports.spawner.spawn("delivery", Box::pin(task));
        }
    }
}

impl Report {
    fn set(&mut self, result: Result<u16, Undelivered>, took: Duration) {
        if let Some(landed) = &mut self.landed {
            landed.result = result;
            landed.took = took;
        }
    }
}
