use proptest::prelude::*;
use serde_json::json;

use super::*;

fn encoded(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn decoded(value: &Value) -> Result<Option<CallbackSpec>, BadCallback> {
    decode(Some(&encoded(value)), None)
}

#[test]
fn vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/tos.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = vectors["callback_parameters"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let result = match case["raw_header"].as_str() {
            Some(raw) => decode(Some(raw), None),
            None => decoded(&case["callback"]),
        };
        let urls = result.map(|spec| spec.map(|spec| spec.urls));
        match name {
            "empty-url" => assert_eq!(urls, Ok(None)),
            "no-scheme" => assert_eq!(urls, Ok(Some(vec!["https://cb.example.com/x".into()]))),
            "five-urls" => {
                let wanted = (1..=5).map(|n| format!("http://a/{n}").into()).collect();
                assert_eq!(urls, Ok(Some(wanted)));
            }
            "malformed-json-template" => assert!(urls.unwrap().is_some()),
            _ => assert!(
                case["expect"].as_str().unwrap().starts_with("rejected") && urls.is_err(),
                "{name}"
            ),
        }
    }
}

#[test]
fn the_seed_is_read() {
    let body = r#"{"bucket": ${bucket}, "object": ${object}, "key1": ${x:key1}}"#;
    let order = json!({
        "callbackUrl": "http://127.0.0.1:9/cb",
        "callbackHost": "app.example.com",
        "callbackBody": body,
        "callbackBodyType": "application/json",
    });
    let vars = json!({"x:key1": "ceshi"});
    let spec = decode(Some(&encoded(&order)), Some(&encoded(&vars)));
    let wanted = CallbackSpec {
        urls: vec!["http://127.0.0.1:9/cb".into()],
        host: Some("app.example.com".into()),
        body: body.into(),
        body_type: BodyType::Json,
        vars: vec![("x:key1".into(), "ceshi".into())],
    };
    assert_eq!(spec, Ok(Some(wanted)));
    assert_eq!(decode(None, Some(&encoded(&vars))), Ok(None));
    assert_eq!(decode(Some(""), None), Ok(None));
}

#[test]
fn addresses() {
    let cases = [
        (
            "HTTP://a/b?c=d;https://e",
            Some(vec!["HTTP://a/b?c=d", "https://e"]),
        ),
        ("a:80/x?u=http://b", Some(vec!["https://a:80/x?u=http://b"])),
        ("http://a/%E4%B8%AD", Some(vec!["http://a/%E4%B8%AD"])),
        ("ftp://a/b", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("http:///x", None),
        ("http://a;", None),
        (";", None),
        ("http://a/\r\nHost: b", None),
        ("http://a/\0", None),
        ("http://a/b c", None),
    ];
    for (urls, wanted) in cases {
        let found = decoded(&json!({"callbackUrl": urls, "callbackBody": "a=1"}));
        let wanted = wanted.map(|urls| urls.into_iter().map(Into::into).collect::<Vec<Box<str>>>());
        assert_eq!(
            found.ok().flatten().map(|spec| spec.urls),
            wanted,
            "{urls:?}"
        );
    }
}

#[test]
fn other_members() {
    let bad = [
        json!({"callbackUrl": "http://a", "callbackBody": "b", "callbackHost": "h\r\nx: y"}),
        json!({"callbackUrl": "http://a", "callbackBody": "b", "callbackHost": "h\0"}),
        json!({"callbackUrl": "http://a", "callbackBody": "b", "callbackHost": 7}),
        json!({"callbackUrl": "http://a", "callbackBody": ["b"]}),
        json!({"callbackUrl": "http://a"}),
        json!({"callbackUrl": ["http://a"], "callbackBody": "b"}),
        json!({"callbackUrl": "http://a", "callbackBody": "b", "callbackBodyType": "text/html\r\nx: y"}),
        json!(["callbackUrl"]),
    ];
    for order in bad {
        assert!(decoded(&order).is_err(), "{order}");
    }
    let twice = r#"{"callbackUrl":"http://a","callbackUrl":"http://b","callbackBody":"c"}"#;
    assert!(decode(Some(&BASE64.encode(twice)), None).is_err());
}

#[test]
fn variables_are_bounded() {
    let order = encoded(&json!({"callbackUrl": "http://a", "callbackBody": "b"}));
    let many =
        |count: usize| Value::Object((0..count).map(|n| (format!("x:{n}"), "v".into())).collect());
    let cases = [
        (json!({"x:a": "line1\nline2"}), true),
        (many(100), true),
        (many(101), false),
        (json!({"a": "b"}), false),
        (json!({"x:a": 1}), false),
        (json!({"x:a": "v".repeat(9 << 10)}), false),
        (json!([]), false),
    ];
    for (vars, good) in cases {
        assert_eq!(
            decode(Some(&order), Some(&encoded(&vars))).is_ok(),
            good,
            "{vars}"
        );
    }
    let longest =
        json!({"callbackUrl": "http://a", "callbackBody": "b".repeat(CALLBACK_PARAM_BYTES_MAX)});
    assert!(decoded(&longest).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", inner in ".{0,100}") {
        let _ = decode(Some(&text), Some(&inner));
        if let Ok(Some(spec)) = decode(Some(&BASE64.encode(&inner)), None) {
            prop_assert!((1..=CALLBACK_URLS_MAX).contains(&spec.urls.len()) && !spec.body.is_empty());
        }
    }
}
