//! What a replay sends for an event: one job of messages, sent one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::delivery::dead::dead_after;
use crate::delivery::rule_sets::RuleSets;
use crate::delivery::send::Delivery;
use crate::engine::Ports;
use crate::model::{Destination, EventKinds, NotificationRule, RuleForm, RuleId};
use crate::ports::{Limit, LogId, Position, StoreError};
use crate::records::keys::DestinationKey;
use crate::records::{LoggedEvent, ReplayRecord, ReplaySource, RuleSetRecord, decode};

/// The messages of one event.
#[derive(Debug)]
pub(super) struct Job {
    /// Each destination and the number of the message for it.
    pub(super) messages: Vec<(Arc<Delivery>, Destination, usize)>,
    pub(super) bytes: usize,
}

/// A page of a replay's events.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// Every position that was read; none for an event that is not selected.
    pub(super) jobs: Vec<(Position, Option<Job>)>,
    pub(super) more: bool,
}

/// Reads the events after a position.
pub(super) async fn read(
    ports: &Ports,
    record: &ReplayRecord,
    rule_sets: &mut RuleSets,
    from: Position,
    limit: Limit,
) -> Result<Jobs, StoreError> {
    let mut jobs = Jobs::default();
    match &record.source {
        ReplaySource::Log { .. } => {
            let tail = ports.meta.tail(LogId(record.bucket), from, limit).await?;
            jobs.more = tail.more;
            for (at, bytes) in tail.records {
                // A damaged record was never delivered either; the delivery log names it.
                let logged = decode::<LoggedEvent>(&bytes).ok();
                let mut job = None;
                if let Some(logged) = logged.filter(|logged| is_selected(&record.source, logged)) {
                    let rules = rules_of(ports, record, rule_sets, &logged).await?;
                    job = of_log(&record.source, logged, rules.as_ref(), bytes.len());
                }
                jobs.push(record, at, job);
            }
        }
        ReplaySource::Dead { destination } => {
            let to = DestinationKey::of(destination);
            let (dead, more) = dead_after(ports, record.bucket, to, from, limit).await?;
            jobs.more = more;
            for (at, dead) in dead {
                let rules = rules_of(ports, record, rule_sets, &dead.logged).await?;
                let job = rules.and_then(|rules| of_dead(dead.logged, &rules, destination));
                jobs.push(record, at, job);
            }
        }
    }
    Ok(jobs)
}

impl Jobs {
    fn push(&mut self, record: &ReplayRecord, at: Position, job: Option<Job>) {
        if at > record.upto {
            self.more = false;
        } else {
            self.jobs.push((at, job));
        }
    }
}

async fn rules_of(
    ports: &Ports,
    record: &ReplayRecord,
    rule_sets: &mut RuleSets,
    logged: &LoggedEvent,
) -> Result<Option<Arc<RuleSetRecord>>, StoreError> {
    match rule_sets.get(ports, record.bucket, logged.rule_set).await {
        Ok(rules) => Ok(Some(rules)),
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

fn is_selected(source: &ReplaySource, logged: &LoggedEvent) -> bool {
    let ReplaySource::Log {
        since,
        until,
        prefix,
        suffix,
        kinds,
        ..
    } = source
    else {
        return false;
    };
    let event = &logged.event;
    let key = event.key.as_str();
    since.is_none_or(|since| event.time >= since)
        && until.is_none_or(|until| event.time < until)
        && key.starts_with(&**prefix)
        && key.ends_with(&**suffix)
        && kinds.is_none_or(|kinds| kinds.contains(event.kind))
}

fn of_log(
    source: &ReplaySource,
    logged: LoggedEvent,
    rules: Option<&Arc<RuleSetRecord>>,
    bytes: usize,
) -> Option<Job> {
    let rules = rules?;
    if let ReplaySource::Log {
        destination: Some(to),
        ..
    } = source
    {
        let rules = Arc::new(one_rule(rules, &logged, to));
        let delivery = Arc::new(Delivery {
            logged,
            rule_set: rules,
            rules: vec![0],
        });
        return Some(Job {
            messages: vec![(delivery, to.clone(), 0)],
            bytes,
        });
    }
    let mut by_destination = BTreeMap::new();
    for hit in &logged.hits {
        let rule = rules.rules.get(usize::from(hit.rule))?;
        let to = rule.destinations.get(usize::from(hit.destination))?;
        if let Some(delivery) = Delivery::of(logged.clone(), rules, to) {
            by_destination.insert(to.clone(), delivery);
        }
    }
    job(by_destination, bytes)
}

fn of_dead(logged: LoggedEvent, rules: &Arc<RuleSetRecord>, to: &Destination) -> Option<Job> {
    let delivery = Delivery::of(logged, rules, to)?;
    job(BTreeMap::from([(to.clone(), delivery)]), 0)
}

fn job(by_destination: BTreeMap<Destination, Delivery>, bytes: usize) -> Option<Job> {
    let mut messages = Vec::new();
    for (to, delivery) in by_destination {
        let delivery = Arc::new(delivery);
        messages.extend((0..delivery.rules.len()).map(|n| (delivery.clone(), to.clone(), n)));
    }
    (!messages.is_empty()).then_some(Job { messages, bytes })
}

/// For a destination that no rule named: the first rule that hit, or one made for the occasion.
fn one_rule(rules: &RuleSetRecord, logged: &LoggedEvent, to: &Destination) -> RuleSetRecord {
    let hit = logged.hits.first();
    let rule = hit.and_then(|hit| rules.rules.get(usize::from(hit.rule)));
    let rule = rule.cloned().unwrap_or_else(|| NotificationRule {
        named: None,
        id: RuleId("replay".into()),
        kinds: EventKinds::of([logged.event.kind]),
        event_names: Vec::new(),
        prefix: Box::default(),
        suffix: Box::default(),
        destinations: vec![to.clone()],
        via: logged.event.dialect,
        form: RuleForm::V2,
    });
    RuleSetRecord {
        rules: vec![rule],
        ..rules.clone()
    }
}
