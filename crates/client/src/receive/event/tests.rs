use super::*;
use http::HeaderValue;
use serde_json::{Value, json};

/// An event with every member that the vendor's trigger template reads.
fn events() -> Value {
    json!({"events": [{
        "eventName": "tos:ObjectCreated:Put", "eventSource": "tos",
        "eventTime": "2024-05-06T07:08:09.000Z", "eventVersion": "1.0",
        "tos": {
            "tosSchemaVersion": "1.0", "ruleId": "1", "region": "cn-beijing",
            "bucket": {"trn": "trn:tos:::b", "name": "b", "ownerIdentify": "2100000000"},
            "object": {"key": "dir/名 +", "size": 9, "eTag": "e", "versionId": "v"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"requestId": "R"}, "userIdentity": {"principalId": "p"},
            "xVars": {"x:a": "1"},
            "archiveEventData": {"restoreEventData": {"restorationExpiryTime": "t", "restoreStorageClass": "c"}},
            "lifecycleEventData": {"transitionEventData": {"destinationStorageClass": "d"}},
        },
    }]})
}

fn headers(extra: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let own = [
        ("ce-specversion", "1.0"),
        ("ce-id", "00000000000000000007"),
        ("ce-source", "/faas/event/tos/b"),
        ("ce-type", "faas.tos.event"),
    ];
    for (name, value) in own.iter().chain(extra) {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn both_modes_say_the_same() {
    let body = events().to_string();
    let headers = headers(&[
        ("ce-time", "t"),
        ("ce-sequencer", "7"),
        ("content-type", "application/json"),
    ]);
    let binary = CloudEvent::read(&headers, body.as_bytes()).expect("binary");
    let event = &binary.events[0];
    assert_eq!(event.kind(), Some(EventKind::CreatedPut));
    assert_eq!(
        (&*event.tos.object.key, event.tos.object.size),
        ("dir/名 +", 9)
    );
    assert_eq!(event.tos.x_vars["x:a"], "1");
    assert_eq!(
        event.tos.request_parameters.source_ip_address.as_deref(),
        Some("127.0.0.1")
    );

    let structured = json!({
        "id": "00000000000000000007", "source": "/faas/event/tos/b", "specversion": "1.0",
        "type": "faas.tos.event", "time": "t", "sequencer": "7", "data": events(),
    });
    let mut kind = HeaderMap::new();
    for named in [false, true] {
        let read = CloudEvent::read(&kind, structured.to_string().as_bytes());
        assert_eq!(read.expect("structured"), binary, "{named}");
        let value = HeaderValue::from_static("application/cloudevents+json; charset=utf-8");
        kind.insert(CONTENT_TYPE, value);
    }
    let written = json!({ "events": binary.events });
    assert_eq!(written, events(), "every member has its place");
}

#[test]
fn what_is_left_out_is_empty_and_what_is_added_is_passed_over() {
    let body = br#"{"events":[{"eventName":"tos:New:Kind","more":1,"tos":{"object":{"key":"k"}}}],"more":[]}"#;
    let event = CloudEvent::read(&headers(&[("x-cohong-replay", "r")]), body).expect("an event");
    assert_eq!(event.replay.as_deref(), Some("r"));
    assert_eq!((event.time.as_str(), event.sequencer), ("", None));
    let event = &event.events[0];
    assert_eq!((event.kind(), event.tos.object.size), (None, 0));
}

#[test]
fn what_is_no_event_is_refused() {
    let fine = headers(&[]);
    for bad in ["", "{}", "[]", "{\"events\":{}}", "{\"events\":[1]}"] {
        assert!(CloudEvent::read(&fine, bad.as_bytes()).is_err(), "{bad}");
    }
    let body = b"{\"events\":[]}";
    assert!(CloudEvent::read(&fine, body).is_ok());
    assert!(CloudEvent::structured(body).is_err());
    for name in ["ce-id", "ce-source", "ce-type"] {
        let mut without = fine.clone();
        without.remove(name);
        assert!(matches!(
            CloudEvent::read(&without, body),
            Err(Refused::Missing(_))
        ));
    }
    let long = vec![b' '; super::super::BODY_BYTES_MAX + 1];
    assert!(matches!(
        CloudEvent::read(&fine, &long),
        Err(Refused::TooLong)
    ));
}
