//! The vectors of `vectors/tos.json`, section `callback_substitution`, and of `vectors/oss.json`, section
//! `callback_body`.

use serde_json::Value as Json;

use super::{Template, Variables};
use crate::model::{
    AccountId, BodyType, BucketName, Checksums, Etag, EtagCase, JsonTemplate, ObjectKey,
    ObjectRecord, PayloadRef, Replicated, StorageClass, StoredHeaders, VersionTag,
};

const TOS: &str = include_str!("../../../../../vectors/tos.json");
const OSS: &str = include_str!("../../../../../vectors/oss.json");

fn record(context: &Json) -> ObjectRecord {
    let mut digest = [0; 16];
    hex::decode_to_slice(text(&context["etag"]), &mut digest).expect("an MD5");
    ObjectRecord {
        size: context["size"].as_u64().expect("a size"),
        etag: Etag::Md5(digest),
        checksums: Checksums {
            crc64: text(&context["crc64"]).parse().expect("a CRC"),
            further: None,
        },
        payload: PayloadRef::Empty,
        headers: StoredHeaders {
            content_type: Some(text(&context["mimeType"]).into()),
            ..StoredHeaders::default()
        },
        user_meta: Vec::new(),
        tags: Vec::new(),
        class: StorageClass::Standard,
        upload: None,
        owner: AccountId("a".into()),
        acl: None,
        form: crate::model::Form::Normal,
        restore: None,
        seal: None,
        expires_at: None,
        lock: crate::model::Lock::default(),
        replicated: Replicated::No,
        nanos: 0,
    }
}

fn text(value: &Json) -> &str {
    value.as_str().expect("a text")
}

fn body_type(vector: &Json) -> BodyType {
    body_type_of(vector["callbackBodyType"].as_str())
}

fn body_type_of(name: Option<&str>) -> BodyType {
    match name {
        Some("application/json") => BodyType::Json,
        Some("application/x-www-form-urlencoded") => BodyType::Form,
        None => BodyType::default(),
        Some(other) => panic!("body type {other}"),
    }
}

fn custom(vars: &Json) -> Vec<(Box<str>, Box<str>)> {
    let vars = vars.as_object().expect("variables").iter();
    vars.map(|(name, value)| (name.as_str().into(), text(value).into()))
        .collect()
}

fn render(vector: &Json) -> String {
    let context = &vector["context"];
    let custom = custom(&vector["callback_var"]);
    let vars = Variables {
        bucket: &BucketName::new(text(&context["bucket"])).expect("a name"),
        key: &ObjectKey::new(text(&context["object"])).expect("a key"),
        record: &record(context),
        version: VersionTag::Unversioned,
        image: None,
        source: None,
        request_id: "r",
        operation: "o",
        custom: &custom,
        etag_case: EtagCase::Lower,
    };
    let template = text(&vector["callbackBody"]);
    let bytes = Template::parse(template, body_type(vector), JsonTemplate::Strict).render(&vars);
    String::from_utf8(bytes.expect("a body").to_vec()).expect("UTF-8")
}

#[test]
fn every_substitution_gives_the_expected_body() {
    let vectors: Json = serde_json::from_str(TOS).expect("JSON");
    let vectors = vectors["callback_substitution"].as_array().expect("a list");
    assert!(!vectors.is_empty());
    for vector in vectors {
        assert_eq!(
            render(vector),
            text(&vector["expected_body"]),
            "{}",
            vector["name"]
        );
    }
}

#[test]
fn the_malformed_template_is_accepted_and_fails_when_it_is_rendered() {
    let vectors: Json = serde_json::from_str(TOS).expect("JSON");
    let vector = vectors["callback_parameters"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|vector| vector["name"] == "malformed-json-template")
        .expect("the vector is there");
    let body = text(&vector["callback"]["callbackBody"]);
    let vars = Variables {
        bucket: &BucketName::new("bucket-test").expect("a name"),
        key: &ObjectKey::new("k").expect("a key"),
        record: &record(&vectors["callback_substitution"][0]["context"]),
        version: VersionTag::Unversioned,
        image: None,
        source: None,
        request_id: "r",
        operation: "o",
        custom: &[],
        etag_case: EtagCase::Lower,
    };
    let template = Template::parse(body, BodyType::Json, JsonTemplate::Strict);
    assert!(template.render(&vars).is_err());
}

#[test]
fn the_other_vendors_templates_give_the_expected_bodies() {
    let vectors: Json = serde_json::from_str(OSS).expect("JSON");
    let vectors = &vectors["callback_body"];
    let values = &vectors["values"];
    let mut context = values.clone();
    context["etag"] = text(&values["etag"]).to_ascii_lowercase().into();
    let custom = custom(&vectors["callback_var"]);
    let vars = Variables {
        bucket: &BucketName::new(text(&values["bucket"])).expect("a name"),
        key: &ObjectKey::new(text(&values["object"])).expect("a key"),
        record: &record(&context),
        version: VersionTag::Unversioned,
        image: None,
        source: Some(text(&values["clientIp"]).parse().expect("an address")),
        request_id: text(&values["reqId"]),
        operation: text(&values["operation"]),
        custom: &custom,
        etag_case: EtagCase::Upper,
    };
    let cases = vectors["cases"].as_array().expect("a list");
    assert!(!cases.is_empty());
    for case in cases {
        let template = text(&case["template"]);
        let body_type = body_type_of(case["type"].as_str());
        let bytes = Template::parse(template, body_type, JsonTemplate::Lenient).render(&vars);
        let body = String::from_utf8(bytes.expect("a body").to_vec());
        assert_eq!(body.expect("UTF-8"), text(&case["body"]), "{template}");
    }
}
