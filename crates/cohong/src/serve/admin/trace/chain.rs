//! Puts together what belongs together. Pure.

use cohong_core::delivery::SeenEvent;
use cohong_core::engine::{SeenCall, SeenSync};
use cohong_core::model::{ObjectVersion, VersionTag};
use cohong_core::ports::{CallAttempt, Phase};
use cohong_core::records::CallState;
use serde_json::{Value, json};

use super::carried::Carried;
use super::delivered::Known;
use crate::serve::admin::answer::instant;
use crate::serve::admin::shown;

/// What is known of a key.
pub(super) struct Facts {
    pub logs_events: bool,
    /// Newest first.
    pub versions: Vec<ObjectVersion>,
    pub calls: Vec<SeenCall>,
    /// Oldest first.
    pub events: Vec<SeenEvent>,
    pub deliveries: Known,
    /// The sync tasks that have to do with the key.
    pub carried: Vec<Carried>,
}

impl Facts {
    /// Whether nothing is known of the key.
    pub(super) fn is_empty(&self) -> bool {
        let unseen = |carried: &Carried| carried.seen == SeenSync::default();
        self.versions.is_empty()
            && self.events.is_empty()
            && self.calls.is_empty()
            && self.carried.iter().all(unseen)
    }

    /// A delivery, and what became of its key where it was the last one to a sync task.
    fn followed(&self, mut delivery: Value, of: &SeenEvent) -> Value {
        let to = delivery["destination"].as_str().unwrap_or_default();
        let told = |event: &&SeenEvent| event.destinations.iter().any(|told| **told == *to);
        let last = self.events.iter().rev().find(told);
        let carried = self
            .carried
            .iter()
            .find(|carried| carried.destination() == to);
        let is_last = last.is_some_and(|last| last.position == of.position);
        if let Some(carried) = carried.filter(|_| is_last && delivery["state"] == "delivered") {
            delivery["sync"] = carried.show(of.event.key.as_str(), of.event.time);
        }
        delivery
    }

    /// The sync tasks that no delivery tells of.
    fn others(&self, key: &str) -> Vec<Value> {
        let told = |carried: &&Carried| {
            let to = carried.destination();
            let mut events = self.events.iter().flat_map(|event| &event.destinations);
            events.any(|told| **told == *to)
        };
        let others = self.carried.iter().filter(|carried| !told(carried));
        let since = self.versions.first().map(|version| version.written_at);
        let since = since.unwrap_or_default();
        others.map(|carried| carried.show(key, since)).collect()
    }
}

/// One change of the key: any of its three traces may be gone or may never have been.
#[derive(Default)]
struct Change<'a> {
    event: Option<&'a SeenEvent>,
    version: Option<&'a ObjectVersion>,
    call: Option<&'a SeenCall>,
}

/// The chain, newest change first.
pub(super) fn show(bucket: &str, key: &str, facts: &Facts) -> Value {
    let mut changes = changes(facts);
    changes.sort_by_key(|change| {
        std::cmp::Reverse((change.millis(), change.event.map(|event| event.position)))
    });
    let current = facts.versions.first().map(|version| version.id);
    let lines = changes.iter().map(|change| change.show(facts, current));
    json!({
        "bucket": bucket,
        "key": key,
        "logs_events": facts.logs_events,
        "changes": lines.collect::<Vec<Value>>(),
        "syncs": facts.others(key),
    })
}

fn changes(facts: &Facts) -> Vec<Change<'_>> {
    let mut versions: Vec<&ObjectVersion> = facts.versions.iter().collect();
    let mut calls: Vec<&SeenCall> = facts.calls.iter().collect();
    let mut changes = Vec::new();
    for event in &facts.events {
        let version = take(&mut versions, |version| is_of(event, version));
        let call = take(&mut calls, |call| {
            call.record.request_id == event.event.request_id
        });
        changes.push(Change {
            event: Some(event),
            version,
            call,
        });
    }
    for version in versions {
        let call = take(&mut calls, |call| call.version == version.id);
        changes.push(Change {
            event: None,
            version: Some(version),
            call,
        });
    }
    changes.extend(calls.into_iter().map(|call| Change {
        call: Some(call),
        ..Change::default()
    }));
    changes
}

fn take<'a, T>(from: &mut Vec<&'a T>, is: impl Fn(&T) -> bool) -> Option<&'a T> {
    let at = from.iter().position(|one| is(one))?;
    Some(from.remove(at))
}

/// Whether the event tells of this version: null versions take turns, and are told apart by the time
/// that event and version got from one commit.
fn is_of(event: &SeenEvent, version: &ObjectVersion) -> bool {
    match event.event.version {
        VersionTag::Id(id) => id == version.id,
        VersionTag::Null | VersionTag::Unversioned => {
            version.is_null && version.written_at == event.event.time
        }
    }
}

impl Change<'_> {
    fn millis(&self) -> u64 {
        let event = self.event.map(|event| event.event.time);
        let version = self.version.map(|version| version.written_at);
        let call = self.call.map(|call| call.record.started_at);
        event
            .or(version)
            .or(call)
            .map_or(0, cohong_core::model::Timestamp::millis)
    }

    fn show(&self, facts: &Facts, current: Option<cohong_core::model::VersionId>) -> Value {
        let at = cohong_core::model::Timestamp::from_millis(self.millis());
        let mut line = json!({ "time": instant(at), "stored": false, "current": false });
        if let Some(version) = self.version {
            let object = version.object();
            line["kind"] = if object.is_some() {
                "created"
            } else {
                "removed:marker"
            }
            .into();
            line["version"] = version.id.to_string().into();
            line["stored"] = true.into();
            line["current"] = (current == Some(version.id)).into();
            line["size"] = object.map(|object| object.size).into();
            line["etag"] = object.map(|object| object.etag.to_string()).into();
        }
        if let Some(seen) = self.event {
            let event = &seen.event;
            line["kind"] = shown::kind(event.kind).into();
            line["version"] = shown::version(event.version).into();
            line["size"] = event.size.into();
            line["etag"] = event.etag.as_ref().map(ToString::to_string).into();
            line["event"] = seen.position.0.into();
            line["request_id"] = event.request_id.as_ref().into();
            line["dialect"] = shown::dialect(event.dialect).into();
            line["account"] = event
                .principal
                .as_ref()
                .map(|account| account.0.as_ref())
                .into();
            line["source"] = event.source.map(|source| source.to_string()).into();
            let deliveries = facts.deliveries.of(seen).into_iter();
            let followed = deliveries.map(|delivery| facts.followed(delivery, seen));
            line["deliveries"] = followed.collect();
        }
        if let Some(call) = self.call {
            line["request_id"] = call.record.request_id.as_ref().into();
            line["callback"] = callback(call);
        }
        line
    }
}

fn callback(call: &SeenCall) -> Value {
    let state = match call.state {
        CallState::Running => "running",
        CallState::Accepted => "accepted",
        CallState::Failed => "failed",
        CallState::Unknown => "unknown",
    };
    let result = call.record.result.as_ref();
    let attempts = result.map_or(&[][..], |result| &result.attempts);
    json!({
        "state": state,
        "urls": call.record.urls,
        "attempts": attempts.iter().map(attempt).collect::<Vec<Value>>(),
        "failure": result.map(|result| result.failure.as_ref()).filter(|why| !why.is_empty()),
    })
}

fn attempt(attempt: &CallAttempt) -> Value {
    json!({
        "url": attempt.url,
        "status": attempt.status,
        "failed": attempt.phase().map(phase),
        "why": attempt.why,
        "took_ms": attempt.took_ms,
    })
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Policy => "policy",
        Phase::Resolve => "resolve",
        Phase::Connect => "connect",
        Phase::Request => "request",
        Phase::Answer => "answer",
        Phase::Prepare => "prepare",
    }
}
