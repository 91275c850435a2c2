use cohong_core::model::{
    AccountId, BucketName, Destination, DialectId, Etag, NotificationRule, ObjectKey, RuleForm,
    RuleId, SyncPast, Timestamp, VersionId, VersionTag,
};
use cohong_core::ports::Position;
use serde_json::Value;

use super::*;

fn event(kind: EventKind) -> Event {
    let removed = matches!(kind, EventKind::RemovedDelete | EventKind::RemovedMarker);
    Event {
        kind,
        key: ObjectKey::new("dir/中 \"x\".png").expect("a key"),
        version: VersionTag::Unversioned,
        size: if removed { 0 } else { 9 },
        etag: (!removed).then_some(Etag::Md5([0xab; 16])),
        time: Timestamp::from_millis(1_714_979_289_000),
        principal: Some(AccountId("2100000000".into())),
        source: Some([127, 0, 0, 1].into()),
        request_id: "req-1".into(),
        dialect: DialectId::Tos,
        vars: Vec::new(),
        past: SyncPast::None,
    }
}

fn encode(event: &Event, replay: Option<&str>) -> Message {
    let rule = NotificationRule {
        named: None,
        id: RuleId("1".into()),
        kinds: EventKinds::of(EventKind::ALL),
        event_names: Vec::new(),
        prefix: "".into(),
        suffix: "".into(),
        destinations: vec![Destination::Function("fn".into())],
        via: DialectId::Tos,
        form: RuleForm::V1,
    };
    let cx = MessageContext {
        bucket: &BucketName::new("bucket-test").expect("a name"),
        owner: "2100000000",
        region: "cn-beijing",
        rule: &rule,
        position: Position(42),
        replay,
    };
    TosEvents.encode(event, &cx)
}

fn body(event: &Event) -> Value {
    serde_json::from_slice(&encode(event, None).body).expect("JSON")
}

#[test]
fn every_kind_has_its_message() {
    for kind in EventKind::ALL {
        let body = body(&event(kind));
        insta::assert_json_snapshot!(format!("{kind:?}"), body);
    }
}

#[test]
fn optional_members_stand_where_there_is_something_to_say() {
    let full = Event {
        version: VersionTag::Id(VersionId(7)),
        vars: vec![("x:key1".into(), "ceshi".into())],
        ..event(EventKind::CreatedPut)
    };
    let empty = Event {
        size: 0,
        principal: None,
        source: None,
        ..event(EventKind::CreatedPut)
    };
    insta::assert_json_snapshot!("with_version_and_variables", body(&full));
    insta::assert_json_snapshot!("with_nothing_optional", body(&empty));
    let null = Event {
        version: VersionTag::Null,
        ..event(EventKind::CreatedPut)
    };
    assert_eq!(
        body(&null)["events"][0]["tos"]["object"]["versionId"],
        "null"
    );
}

#[test]
fn the_headers_are_those_of_a_cloud_event() {
    let message = encode(&event(EventKind::CreatedPut), None);
    insta::assert_debug_snapshot!("headers", message.headers);
    assert_eq!(message.id, "00000000000000000042");
    let replayed = encode(&event(EventKind::CreatedPut), Some("replay-3"));
    let mark = ("x-cohong-replay".to_owned(), "replay-3".to_owned());
    assert!(replayed.headers.contains(&mark) && !message.headers.contains(&mark));
}

#[test]
fn names_go_both_ways() {
    for kind in EventKind::ALL {
        let asked = !UNASKED.iter().any(|(unasked, _)| *unasked == kind);
        let wanted = asked.then(|| EventKinds::of([kind]));
        assert_eq!(kinds(name(kind)), wanted, "{kind:?}");
    }
    let created = EventKinds::of([
        EventKind::CreatedPut,
        EventKind::CreatedPost,
        EventKind::CreatedCopy,
        EventKind::CreatedComplete,
        EventKind::CreatedFetch,
        EventKind::CreatedOrigin,
    ]);
    assert_eq!(kinds("tos:ObjectCreated:*"), Some(created));
    for unknown in [
        "tos:ObjectCreated:Append",
        "tos:ObjectCreated",
        "tos:*",
        "*",
        "tos:ObjectCreated:P*",
        "",
        "ObjectCreated:Put",
        "tos:objectcreated:put",
        "tos:ObjectDownload:Get",
        "s3:ObjectCreated:*",
    ] {
        assert_eq!(kinds(unknown), None, "{unknown}");
    }
}
