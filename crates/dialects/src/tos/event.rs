//! Events in the vendor's words: names both ways, and the message a function gets (sheet section 6).

use bytes::Bytes;
use cohong_core::model::{DialectId, Event, EventKind, EventKinds, NotificationRule};
use cohong_core::ports::{EventFormat, Message, MessageContext};
use serde::Serialize;

use crate::common::answer::version_text;
use crate::common::date;

/// Names of events in their categories.
const NAMES: &[(EventKind, &str)] = &[
    (EventKind::CreatedPut, "tos:ObjectCreated:Put"),
    (EventKind::CreatedPost, "tos:ObjectCreated:Post"),
    (EventKind::CreatedCopy, "tos:ObjectCreated:Copy"),
    (
        EventKind::CreatedComplete,
        "tos:ObjectCreated:CompleteUpload",
    ),
    (EventKind::CreatedFetch, "tos:ObjectCreated:Fetch"),
    (EventKind::CreatedOrigin, "tos:ObjectCreated:Origin"),
    (EventKind::RemovedDelete, "tos:ObjectRemoved:Delete"),
    (
        EventKind::RemovedMarker,
        "tos:ObjectRemoved:DeleteMarkerCreated",
    ),
    (EventKind::ExpiredDelete, "tos:LifecycleExpiration:Delete"),
    (
        EventKind::ExpiredMarker,
        "tos:LifecycleExpiration:DeleteMarkerCreated",
    ),
    (
        EventKind::ReplicatedCreated,
        "tos:ObjectReplication:ObjectCreated",
    ),
    (
        EventKind::ReplicatedModified,
        "tos:ObjectReplication:ObjectModified",
    ),
    (EventKind::RestorePost, "tos:ObjectRestore:Post"),
    (EventKind::RestoreCompleted, "tos:ObjectRestore:Completed"),
];

/// Names of what the vendor makes no event of: no rule can ask for it, but a message may have to tell it
/// when somebody has a bucket's log replayed.
const UNASKED: &[(EventKind, &str)] = &[
    (EventKind::CreatedAppend, "tos:ObjectCreated:Append"),
    (EventKind::CreatedSymlink, "tos:ObjectCreated:Symlink"),
];

/// The vendor names no single event of this category; rules can only name all of it.
const DOWNLOADS: &str = "tos:ObjectDownload:*";

/// The kinds a name in a rule stands for, a `*` at its end for the whole category; `None` for names that
/// no rule can use.
pub(super) fn kinds(name: &str) -> Option<EventKinds> {
    if name == DOWNLOADS {
        return Some(EventKinds::of([EventKind::Downloaded]));
    }
    let category = name
        .strip_suffix('*')
        .filter(|category| category.ends_with(':'));
    let means = |known: &str| match category {
        Some(category) => known
            .strip_prefix(category)
            .is_some_and(|rest| !rest.contains(':')),
        None => known == name,
    };
    let kinds = NAMES
        .iter()
        .filter(|(_, known)| means(known))
        .map(|(kind, _)| *kind);
    Some(EventKinds::of(kinds)).filter(|kinds| !kinds.is_empty())
}

/// The names that a rule is shown with: those that it was written with, or those of its kinds where it was written
/// in another dialect.
pub(super) fn names(rule: &NotificationRule) -> Vec<String> {
    if rule.via == DialectId::Tos {
        return rule.event_names.iter().map(ToString::to_string).collect();
    }
    let named = NAMES.iter().filter(|(kind, _)| rule.kinds.contains(*kind));
    named.map(|(_, name)| (*name).to_owned()).collect()
}

/// The name of a kind.
fn name(kind: EventKind) -> &'static str {
    NAMES
        .iter()
        .chain(UNASKED)
        .find(|(known, _)| *known == kind)
        .map_or(DOWNLOADS, |(_, name)| name)
}

/// Writes events as the vendor's function service hands them to functions: a JSON body, with CloudEvents
/// attributes as headers (binary mode).
#[derive(Clone, Copy, Debug)]
pub struct TosEvents;

impl EventFormat for TosEvents {
    fn encode(&self, event: &Event, cx: &MessageContext<'_>) -> Message {
        let body = Body {
            events: [line(event, cx)],
        };
        let body = serde_json::to_vec(&body).expect("strings and numbers are always JSON");
        // Of fixed width, so that positions compare as texts too.
        let position = format!("{:020}", cx.position.0);
        let mut headers = vec![
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", position.clone()),
            ("ce-source", format!("/faas/event/tos/{}", cx.bucket)),
            ("ce-type", "faas.tos.event".to_owned()),
            ("ce-time", date::iso(event.time)),
            ("ce-sequencer", position.clone()),
            ("x-faas-event-type", "cloudevent".to_owned()),
            ("x-faas-request-id", event.request_id.to_string()),
        ];
        headers.extend(
            cx.replay
                .map(|replay| ("x-cohong-replay", replay.to_owned())),
        );
        Message {
            id: position,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            content_type: "application/json",
            body: Bytes::from(body),
        }
    }
}

fn line<'a>(event: &'a Event, cx: &MessageContext<'a>) -> Line<'a> {
    Line {
        event_name: name(event.kind),
        event_source: "tos",
        event_time: date::iso(event.time),
        event_version: "1.0",
        tos: Facts {
            tos_schema_version: "1.0",
            rule_id: &cx.rule.id.0,
            region: cx.region,
            bucket: Bucket {
                trn: format!("trn:tos:::{}", cx.bucket),
                name: cx.bucket.as_str(),
                owner_identify: cx.owner,
            },
            object: Object {
                key: event.key.as_str(),
                size: (event.size > 0).then_some(event.size),
                etag: event.etag.as_ref().map(ToString::to_string),
                version_id: version_text(event.version),
            },
            request_parameters: RequestParameters {
                source: event.source.map(|source| source.to_string()),
            },
            response_elements: ResponseElements {
                request_id: &event.request_id,
            },
            user_identity: UserIdentity {
                principal_id: event.principal.as_ref().map(|p| &*p.0),
            },
            x_vars: event
                .vars
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect(),
        },
    }
}

#[derive(Serialize)]
struct Body<'a> {
    events: [Line<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    event_name: &'a str,
    event_source: &'a str,
    event_time: String,
    event_version: &'a str,
    tos: Facts<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts<'a> {
    tos_schema_version: &'a str,
    rule_id: &'a str,
    region: &'a str,
    bucket: Bucket<'a>,
    object: Object<'a>,
    request_parameters: RequestParameters,
    response_elements: ResponseElements<'a>,
    user_identity: UserIdentity<'a>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    x_vars: std::collections::BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bucket<'a> {
    trn: String,
    name: &'a str,
    /// The vendor's spelling.
    owner_identify: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(rename = "eTag", skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
}

#[derive(Serialize)]
struct RequestParameters {
    #[serde(rename = "sourceIPAddress", skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseElements<'a> {
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
}

#[cfg(test)]
mod tests;
