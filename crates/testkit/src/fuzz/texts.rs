//! Small languages: ranges, policies, orders of callbacks and their templates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::engine::RangeSpec;
use cohong_core::limits::CALLBACK_BODY_BYTES_MAX;
use cohong_core::model::{
    Accept, AccountId, Action, BodyType, BucketName, CallbackStyle, EtagCase, Fact, JsonTemplate,
    ObjectKey, ObjectRecord, Timestamp, VersionTag,
};
use cohong_core::rules::access::check_policy;
use cohong_core::rules::callback::{Template, Variables, check};
use cohong_core::rules::range::resolve;
use cohong_dialects::common::bucket_policy::{self, Key, Words};
use cohong_dialects::common::callback::{CallbackRules, decode};
use cohong_dialects::common::policy::Policy;
use cohong_dialects::common::range::{parse, parse_strict, parse_within};

use super::Target;

pub(super) const RANGE: Target = Target {
    name: "range",
    run: range,
    words: &["bytes=", "bytes", "=", "-", ",", "0-0", " "],
    more: Vec::new,
};

pub(super) const POLICY: Target = Target {
    name: "policy",
    run: policy,
    words: &[
        "\"Statement\":[",
        "\"Effect\":\"Deny\"",
        "\"Principal\":",
        "\"*\"",
        "\"x:Get*\"",
        "\"NotAction\":",
        "\"Condition\":{",
        "\"StringLike\":{",
        "\"IpAddress\":{\"x:SourceIp\":\"10.0.0.0/8\"}",
        "[\"starts-with\",\"$key\",\"\"]",
        "[\"content-length-range\",0,9]",
        "\"expiration\":\"2030-01-01T00:00:00.000Z\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\\u0000",
    ],
    more: Vec::new,
};

pub(super) const CALLBACK: Target = Target {
    name: "callback",
    run: callback,
    words: &[
        "\"callbackUrl\":\"",
        "\"callbackBody\":\"",
        "\"callbackBodyType\":\"application/json\"",
        "\"callbackHost\":\"",
        "\"additionalHeaders\":{",
        "${object}",
        "${x:a}",
        "${size}",
        "${",
        "}",
        "\\\"",
        "\\n",
        "&",
        "=",
        ";",
        "http://a/",
        "imageInfo.height",
        "\\ud800",
    ],
    more: Vec::new,
};

/// Sizes that ranges are resolved against.
const SIZES: [u64; 5] = [0, 1, 10, 1 << 32, u64::MAX];

/// What was read lies within the object; the strict reader reads nothing that the other does not.
fn range(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (read, strict, within) = (parse(&text), parse_strict(&text), parse_within(&text));
    assert_eq!(strict.is_some(), within.is_some());
    assert!(strict.is_none() || strict == read, "{strict:?} {read:?}");
    for size in SIZES {
        let Some(spec) = read else { continue };
        let Ok(part) = resolve(spec, size) else {
            continue;
        };
        assert!(
            part.start < part.end && part.end <= size,
            "{part:?} of {size}"
        );
        match spec {
            RangeSpec::From(first, _) | RangeSpec::Within(first, _) => {
                assert_eq!(part.start, first);
            }
            RangeSpec::Part(_) => panic!("a header names no part"),
            RangeSpec::Last(count) => assert_eq!(part.end - part.start, count.min(size)),
        }
    }
}

const WORDS: Words = Words {
    versions: &["1"],
    actions: &[
        ("x:GetObject", &[Action::ReadObject]),
        ("x:PutObject", &[Action::WriteObject]),
        ("x:ListBucket", &[Action::ListObjects]),
    ],
    keys: &[
        ("x:SourceIp", Key::Source),
        ("x:SecureTransport", Key::Secure),
        ("x:CurrentTime", Key::Time),
        ("x:UserAgent", Key::Text(Fact::UserAgent)),
    ],
    resource: |text| text.strip_prefix("x:"),
    no_principal: false,
    account: |text| (!text.is_empty()).then(|| AccountId(text.into())),
};

/// Policies of buckets and of forms: read the same again, and bounded.
fn policy(input: &[u8]) {
    let bucket = BucketName::new("photos").expect("a name");
    if let Ok(statements) = bucket_policy::read(input, &bucket, &WORDS) {
        let again = bucket_policy::read(input, &bucket, &WORDS).expect("it was read before");
        assert_eq!(statements, again);
        assert!(
            serde_json::from_slice::<serde_json::Value>(input).is_ok(),
            "no JSON"
        );
        let text = std::str::from_utf8(input).expect("JSON is text");
        // What a rule would refuse it says in words.
        let _judged = check_policy(text, &statements);
    }
    if let Ok(policy) = Policy::read(&STANDARD.encode(input)) {
        let _judged = policy.check(Timestamp::from_millis(0), |_| None);
        let late = policy.check(Timestamp::from_millis(u64::MAX >> 1), |_| None);
        assert!(late.is_err(), "a policy that never ends");
        let _size = policy.size();
    }
}

const RULES: CallbackRules = CallbackRules {
    base64_max: 16 << 10,
    scheme: "http",
    reserved_headers: Some("x-oss"),
    skips_bare_names: true,
    variable_fields: true,
    may_stand_twice: false,
    style: CallbackStyle {
        etag: EtagCase::Lower,
        json: JsonTemplate::Strict,
        accept: Accept::Any2xx,
    },
};

/// An order that is taken has texts that headers and logs can bear; a template that is filled in keeps its structure,
/// whatever the values are. The input's first line is the order, what follows it the value of every variable.
fn callback(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (order, value) = text.split_once('\n').unwrap_or((&text, "v"));
    let fields = [("x:f", value)];
    let read = decode(
        &RULES,
        Some(&STANDARD.encode(order)),
        None,
        fields.into_iter(),
    );
    let Ok(Some(spec)) = read else {
        return;
    };
    let passes = check(&spec).is_ok();
    let shown = spec.host.iter().chain(spec.urls.iter());
    let headers = spec.headers.iter().flat_map(|(name, value)| [name, value]);
    for text in shown.chain(headers) {
        assert!(!passes || !text.contains(['\r', '\n', '\0']), "{text:?}");
    }
    let value = value.replace('\0', "");
    let key = ObjectKey::new(value.get(..value.len().min(64)).unwrap_or("k"));
    let key = key.unwrap_or_else(|_| ObjectKey::new("k").expect("a key"));
    let custom = [
        ("x:a".into(), value.as_str().into()),
        ("x:f".into(), value.as_str().into()),
    ];
    for style in [JsonTemplate::Strict, JsonTemplate::Lenient] {
        let template = Template::parse(&spec.body, spec.body_type, style);
        let filled = |record: &ObjectRecord, key: &ObjectKey, custom: &[(Box<str>, Box<str>)]| {
            template.render(&Variables {
                bucket: &BucketName::new("photos").expect("a name"),
                key,
                record,
                version: VersionTag::Null,
                image: None,
                source: None,
                request_id: "request",
                operation: "PutObject",
                custom,
                etag_case: EtagCase::Lower,
            })
        };
        let record = super::world::record();
        let Ok(body) = filled(&record, &key, &custom) else {
            continue;
        };
        assert!(body.len() <= CALLBACK_BODY_BYTES_MAX + 3 * value.len() + 64);
        let plain = [("x:a".into(), "v".into()), ("x:f".into(), "v".into())];
        let plain = filled(&record, &ObjectKey::new("k").expect("a key"), &plain);
        match (spec.body_type, style) {
            (BodyType::Json, JsonTemplate::Strict) => {
                let read: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
                if let Ok(plain) = plain {
                    let plain: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
                    assert_eq!(shape(&read), shape(&plain), "values changed the structure");
                }
            }
            (BodyType::Form, _) => {
                let plain = plain.expect("shorter values fit as well");
                let signs =
                    |text: &[u8]| text.iter().filter(|byte| b"&=\r\n".contains(byte)).count();
                assert_eq!(signs(&body), signs(&plain), "values changed the structure");
            }
            (BodyType::Json, JsonTemplate::Lenient) => {}
        }
    }
}

/// A document with all texts alike; names of members are texts of the template or values.
fn shape(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(_) => Value::String(String::new()),
        Value::Array(all) => all.iter().map(shape).collect(),
        Value::Object(members) => members.values().map(shape).collect(),
        other => other.clone(),
    }
}
