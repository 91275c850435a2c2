//! Events in the vendor's words: names both ways, and the message a target gets (sheet section 8).

use bytes::Bytes;
use cohong_core::model::{DialectId, Event, EventKind, EventKinds, NotificationRule};
use cohong_core::ports::{EventFormat, Message, MessageContext};
use serde::Serialize;

use crate::common::answer::version_text;
use crate::common::date;

/// Names of events in their categories. What only other dialects write is told as a plain upload.
const NAMES: &[(EventKind, &str)] = &[
    (EventKind::CreatedPut, "s3:ObjectCreated:Put"),
    (EventKind::CreatedPost, "s3:ObjectCreated:Post"),
    (EventKind::CreatedCopy, "s3:ObjectCreated:Copy"),
    (
        EventKind::CreatedComplete,
        "s3:ObjectCreated:CompleteMultipartUpload",
    ),
    (EventKind::CreatedFetch, "s3:ObjectCreated:Put"),
    (EventKind::CreatedOrigin, "s3:ObjectCreated:Put"),
    (EventKind::CreatedAppend, "s3:ObjectCreated:Put"),
    (EventKind::CreatedSymlink, "s3:ObjectCreated:Put"),
    (EventKind::RemovedDelete, "s3:ObjectRemoved:Delete"),
    (
        EventKind::RemovedMarker,
        "s3:ObjectRemoved:DeleteMarkerCreated",
    ),
    (EventKind::ExpiredDelete, "s3:LifecycleExpiration:Delete"),
    (
        EventKind::ExpiredMarker,
        "s3:LifecycleExpiration:DeleteMarkerCreated",
    ),
    (EventKind::RestorePost, "s3:ObjectRestore:Post"),
    (EventKind::RestoreCompleted, "s3:ObjectRestore:Completed"),
];

/// The kinds a name in a rule stands for, a `*` at its end for the whole category; `None` for names that no
/// rule can use.
pub(super) fn kinds(name: &str) -> Option<EventKinds> {
    let category = name
        .strip_suffix('*')
        .filter(|category| category.ends_with(':') && *category != "s3:");
    let means = |known: &str| match category {
        Some(category) => known.starts_with(category),
        None => known == name,
    };
    let found = NAMES.iter().filter(|(_, known)| means(known));
    let kinds = EventKinds::of(found.map(|(kind, _)| *kind));
    (!kinds.is_empty()).then_some(kinds)
}

/// The names that a rule is shown with: those that it was written with, or those of its kinds where it was written
/// in another dialect.
pub(super) fn names(rule: &NotificationRule) -> Vec<String> {
    if rule.via == DialectId::S3 {
        return rule.event_names.iter().map(ToString::to_string).collect();
    }
    let told = NAMES.iter().filter(|(kind, _)| rule.kinds.contains(*kind));
    let mut all: Vec<String> = told.map(|(_, name)| (*name).to_owned()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The name of a kind, without what all of them begin with. The last two kinds are never logged.
fn name(kind: EventKind) -> &'static str {
    let found = NAMES.iter().find(|(known, _)| *known == kind);
    let name = found.map_or("s3:ObjectCreated:Put", |(_, name)| name);
    name.strip_prefix("s3:").unwrap_or(name)
}

/// Writes events as the vendor's service hands them to its targets: a JSON body of one record.
#[derive(Clone, Copy, Debug)]
pub struct S3Events;

impl EventFormat for S3Events {
    fn encode(&self, event: &Event, cx: &MessageContext<'_>) -> Message {
        let body = Body {
            records: [record(event, cx)],
        };
        let body = serde_json::to_vec(&body).expect("strings and numbers are always JSON");
        let replay = cx
            .replay
            .map(|replay| ("x-cohong-replay".to_owned(), replay.to_owned()));
        Message {
            id: format!("{:020}", cx.position.0),
            headers: replay.into_iter().collect(),
            content_type: "application/json",
            body: Bytes::from(body),
        }
    }
}

fn record<'a>(event: &'a Event, cx: &MessageContext<'a>) -> Record<'a> {
    let expires = matches!(
        event.kind,
        EventKind::ExpiredDelete | EventKind::ExpiredMarker
    );
    Record {
        event_version: if expires { "2.3" } else { "2.1" },
        event_source: "aws:s3",
        aws_region: cx.region,
        event_time: date::iso(event.time),
        event_name: name(event.kind),
        user_identity: Identity {
            principal_id: event.principal.as_ref().map(|account| &*account.0),
        },
        request_parameters: RequestParameters {
            source: event.source.map(|source| source.to_string()),
        },
        response_elements: ResponseElements {
            request_id: &event.request_id,
        },
        s3: Facts {
            s3_schema_version: "1.0",
            configuration_id: &cx.rule.id.0,
            bucket: Bucket {
                name: cx.bucket.as_str(),
                owner_identity: Identity {
                    principal_id: Some(cx.owner),
                },
                arn: format!("arn:aws:s3:::{}", cx.bucket),
            },
            object: Object {
                key: encoded(event.key.as_str()),
                size: event.etag.as_ref().map(|_| event.size),
                etag: event.etag.as_ref().map(ToString::to_string),
                version_id: version_text(event.version),
                // Of fixed width, so that they compare as texts too.
                sequencer: format!("{:016X}", cx.position.0),
            },
        },
    }
}

/// A key as in a query, with plus signs for spaces and slashes as they are.
fn encoded(key: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    encoded.replace("%2F", "/")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    records: [Record<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'a str,
    event_source: &'a str,
    aws_region: &'a str,
    event_time: String,
    event_name: &'a str,
    user_identity: Identity<'a>,
    request_parameters: RequestParameters,
    response_elements: ResponseElements<'a>,
    s3: Facts<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts<'a> {
    s3_schema_version: &'a str,
    configuration_id: &'a str,
    bucket: Bucket<'a>,
    object: Object,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bucket<'a> {
    name: &'a str,
    owner_identity: Identity<'a>,
    arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(rename = "eTag", skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    sequencer: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
}

#[derive(Serialize)]
struct RequestParameters {
    #[serde(rename = "sourceIPAddress", skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

#[derive(Serialize)]
struct ResponseElements<'a> {
    #[serde(rename = "x-amz-request-id")]
    request_id: &'a str,
}

#[cfg(test)]
mod tests {
    use cohong_core::model::{
        AccountId, BucketName, Etag, ObjectKey, RuleForm, RuleId, SyncPast, Timestamp, VersionId,
        VersionTag,
    };
    use cohong_core::ports::Position;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_stand_for_kinds() {
        let cases: &[(&str, &[EventKind])] = &[
            ("s3:ObjectCreated:Post", &[EventKind::CreatedPost]),
            (
                "s3:ObjectRemoved:*",
                &[EventKind::RemovedDelete, EventKind::RemovedMarker],
            ),
            (
                "s3:ObjectRestore:*",
                &[EventKind::RestorePost, EventKind::RestoreCompleted],
            ),
        ];
        for (name, wanted) in cases {
            let wanted = EventKinds::of(wanted.iter().copied());
            assert_eq!(kinds(name), Some(wanted), "{name}");
        }
        let all = kinds("s3:ObjectCreated:*").expect("kinds");
        assert!(all.contains(EventKind::CreatedFetch) && !all.contains(EventKind::RemovedDelete));
        for name in [
            "",
            "*",
            "s3:*",
            "s3:ObjectCreated",
            "s3:ObjectCreated:",
            "s3:ObjectCreated:Pu*",
            "s3:ObjectTagging:*",
            "tos:ObjectCreated:*",
            "ObjectCreated:Put",
        ] {
            assert_eq!(kinds(name), None, "{name}");
        }
    }

    fn message(kind: EventKind, etag: Option<Etag>) -> Value {
        let bucket = BucketName::new("photos").expect("a name");
        let rule = NotificationRule {
            id: RuleId("rule".into()),
            kinds: EventKinds::default(),
            event_names: Vec::new(),
            prefix: "".into(),
            suffix: "".into(),
            destinations: Vec::new(),
            via: DialectId::S3,
            form: RuleForm::V1,
            named: None,
        };
        let cx = MessageContext {
            bucket: &bucket,
            owner: "owner",
            region: "us-east-1",
            rule: &rule,
            position: Position(0x1234),
            replay: Some("again"),
        };
        let event = Event {
            kind,
            key: ObjectKey::new("red flower/公.jpg").expect("a key"),
            version: VersionTag::Id(VersionId(10)),
            size: 0,
            etag,
            time: Timestamp::from_millis(1_714_979_289_000),
            principal: Some(AccountId("writer".into())),
            source: Some([127, 0, 0, 1].into()),
            request_id: "request".into(),
            dialect: DialectId::S3,
            vars: Vec::new(),
            past: SyncPast::None,
        };
        let message = S3Events.encode(&event, &cx);
        let replay = ("x-cohong-replay".to_owned(), "again".to_owned());
        assert_eq!(message.headers, [replay]);
        serde_json::from_slice(&message.body).expect("JSON")
    }

    #[test]
    fn messages_are_as_the_sheet_has_them() {
        let made = message(EventKind::CreatedComplete, Some(Etag::Md5([0xab; 16])));
        let wanted = json!({"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2024-05-06T07:08:09.000Z",
            "eventName": "ObjectCreated:CompleteMultipartUpload",
            "userIdentity": {"principalId": "writer"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "request"},
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "rule",
                "bucket": {"name": "photos", "ownerIdentity": {"principalId": "owner"},
                    "arn": "arn:aws:s3:::photos"},
                "object": {"key": "red+flower/%E5%85%AC.jpg", "size": 0, "eTag": "ab".repeat(16),
                    "versionId": "000000000000000a", "sequencer": "0000000000001234"}}}]});
        assert_eq!(made, wanted);
        let gone = message(EventKind::ExpiredDelete, None);
        let record = &gone["Records"][0];
        assert_eq!(record["eventName"], "LifecycleExpiration:Delete");
        assert_eq!(record["eventVersion"], "2.3");
        assert_eq!(record["s3"]["object"].get("size"), None);
        let fetched = message(EventKind::CreatedFetch, Some(Etag::Md5([1; 16])));
        assert_eq!(fetched["Records"][0]["eventName"], "ObjectCreated:Put");
    }
}
