use proptest::prelude::*;
use serde_json::json;

use super::*;
use cohong_core::model::{Accept, EtagCase, JsonTemplate};

/// Rules that refuse what they can.
const STRICT: CallbackRules = CallbackRules {
    base64_max: 11_000,
    scheme: "https",
    reserved_headers: None,
    skips_bare_names: false,
    variable_fields: false,
    may_stand_twice: false,
    style: CallbackStyle {
        etag: EtagCase::Lower,
        json: JsonTemplate::Strict,
        accept: Accept::Any2xx,
    },
};
/// Rules that differ from them wherever rules can.
const MILD: CallbackRules = CallbackRules {
    base64_max: 5 << 10,
    scheme: "http",
    reserved_headers: Some("x-vendor-"),
    skips_bare_names: true,
    variable_fields: true,
    may_stand_twice: true,
    style: CallbackStyle {
        etag: EtagCase::Upper,
        json: JsonTemplate::Lenient,
        accept: Accept::Document,
    },
};

type Decoded = Result<Option<CallbackSpec>, BadCallback>;

fn strict(order: Option<&str>, vars: Option<&str>) -> Decoded {
    super::decode(&STRICT, order, vars, std::iter::empty())
}

fn mild(order: &Value, vars: Option<&Value>) -> Decoded {
    let vars = vars.map(encoded);
    let order = encoded(order);
    super::decode(&MILD, Some(&order), vars.as_deref(), std::iter::empty())
}

fn encoded(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn decoded(value: &Value) -> Decoded {
    strict(Some(&encoded(value)), None)
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
            Some(raw) => strict(Some(raw), None),
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
    let spec = strict(Some(&encoded(&order)), Some(&encoded(&vars)));
    let wanted = CallbackSpec {
        urls: vec!["http://127.0.0.1:9/cb".into()],
        host: Some("app.example.com".into()),
        body: body.into(),
        body_type: BodyType::Json,
        vars: vec![("x:key1".into(), "ceshi".into())],
        headers: Vec::new(),
        style: STRICT.style,
    };
    assert_eq!(spec, Ok(Some(wanted)));
    assert_eq!(strict(None, Some(&encoded(&vars))), Ok(None));
    assert_eq!(strict(Some(""), None), Ok(None));
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
        ("a:port/x", None),
        ("http://a:/", None),
        ("http://a:65536/", None),
        ("http://[::1]/", Some(vec!["http://[::1]/"])),
        ("http://[::1]:80/", Some(vec!["http://[::1]:80/"])),
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
    assert!(strict(Some(&BASE64.encode(twice)), None).is_err());
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
            strict(Some(&order), Some(&encoded(&vars))).is_ok(),
            good,
            "{vars}"
        );
    }
    let longest =
        json!({"callbackUrl": "http://a", "callbackBody": "b".repeat(CALLBACK_PARAM_BYTES_MAX)});
    assert!(decoded(&longest).is_err());
}

#[test]
fn what_is_wrong_is_told_apart() {
    let order = |name: &str, value: Value| {
        let mut order = json!({"callbackUrl": "http://a", "callbackBody": "b"});
        order[name] = value;
        order
    };
    let wide = "v".repeat(4 << 10);
    let not_json = |text: &str| {
        let found = strict(Some(&BASE64.encode(text)), None).unwrap_err();
        matches!(found, BadCallback::NotJson { parameter: Parameter::Order, text: said, .. } if said == text)
    };
    assert!(not_json("plain") && not_json("[1]") && not_json(" "));
    assert_eq!(
        strict(Some("*"), None),
        Err(BadCallback::NotBase64(Parameter::Order))
    );
    let cases = [
        (
            order("callbackUrl", json!("ftp://a")),
            BadCallback::Url("is neither http nor https"),
        ),
        (
            order("callbackUrl", json!(7)),
            BadCallback::Url("is no string"),
        ),
        (
            order("callbackUrl", json!("a;a;a;a;a;a")),
            BadCallback::TooManyUrls,
        ),
        (order("callbackHost", json!("a b")), BadCallback::Host),
        (order("callbackHost", json!({})), BadCallback::Host),
        (order("callbackBody", json!("")), BadCallback::Body),
        (order("callbackBody", json!(1)), BadCallback::Body),
        (
            order("callbackBodyType", json!("text/html")),
            BadCallback::BodyType,
        ),
        (order("callbackBodyType", json!(1)), BadCallback::BodyType),
        (
            order("callbackBody", json!(wide)),
            BadCallback::TooLong(Parameter::Order),
        ),
        (
            order("additionalHeaders", json!([])),
            BadCallback::Headers("is no JSON object"),
        ),
    ];
    for (order, wanted) in cases {
        assert_eq!(mild(&order, None), Err(wanted), "{order}");
    }
}

#[test]
fn vendors_differ_in_facts() {
    let order = json!({
        "callbackUrl": "app.example/cb",
        "callbackBody": "b",
        "callbackSNI": "whatever",
        "additionalHeaders": {"key1": "val1", "X-Key2": "中"},
    });
    let vars = json!({"x:a": "1", "bare": "2", "odd": 3});
    let spec = mild(&order, Some(&vars)).unwrap().unwrap();
    assert_eq!(spec.urls, ["http://app.example/cb".into()]);
    assert_eq!(spec.vars, [("x:a".into(), "1".into())]);
    let headers = [
        ("X-Key2".into(), "中".into()),
        ("key1".into(), "val1".into()),
    ];
    assert_eq!(spec.headers, headers);
    assert_eq!(spec.style, MILD.style);

    let spec = strict(Some(&encoded(&order)), None).unwrap().unwrap();
    assert_eq!(spec.urls, ["https://app.example/cb".into()]);
    assert_eq!(spec.headers, []);
    assert_eq!(spec.style, STRICT.style);
    assert!(strict(Some(&encoded(&order)), Some(&encoded(&vars))).is_err());

    let wide = json!({"x:a": "v".repeat(4 << 10)});
    assert_eq!(
        mild(&order, Some(&wide)),
        Err(BadCallback::TooLong(Parameter::Variables))
    );
    assert!(strict(Some(&encoded(&order)), Some(&encoded(&wide))).is_ok());
}

#[test]
fn headers_are_added_that_break_nothing() {
    for (name, value, good) in [
        ("key1", json!("val1"), true),
        ("x-vendor-test", json!("v"), false),
        ("X-Vendor-Test", json!("v"), false),
        ("host", json!("elsewhere"), false),
        ("content-length", json!("0"), false),
        ("a b", json!("v"), false),
        ("a", json!("v\r\nx: y"), false),
        ("a", json!(1), false),
    ] {
        let order = json!({
            "callbackUrl": "http://a",
            "callbackBody": "b",
            "additionalHeaders": {name: value},
        });
        let found = mild(&order, None);
        assert_eq!(found.is_ok(), good, "{order}");
        let refused = matches!(found, Err(BadCallback::Headers(_)));
        assert_eq!(refused, !good, "{order}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", inner in ".{0,100}") {
        let _ = strict(Some(&text), Some(&inner));
        if let Ok(Some(spec)) = strict(Some(&BASE64.encode(&inner)), None) {
            prop_assert!((1..=CALLBACK_URLS_MAX).contains(&spec.urls.len()) && !spec.body.is_empty());
        }
    }
}
