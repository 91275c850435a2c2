//! The vectors of `vectors/tos.json`, section `callback_substitution`.

use serde_json::Value as Json;

use super::{Template, Variables};
use crate::model::{
    AccountId, BodyType, BucketName, Checksums, Etag, ObjectKey, ObjectRecord, PayloadRef,
    StorageClass, StoredHeaders, VersionTag,
};

const VECTORS: &str = include_str!("../../../../../vectors/tos.json");

fn record(context: &Json) -> ObjectRecord {
    let mut digest = [0; 16];
    hex::decode_to_slice(text(&context["etag"]), &mut digest).expect("an MD5");
    ObjectRecord {
        size: context["size"].as_u64().expect("a size"),
        etag: Etag::Md5(digest),
        checksums: Checksums {
            crc64: text(&context["crc64"]).parse().expect("a CRC"),
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
    }
}

fn text(value: &Json) -> &str {
    value.as_str().expect("a text")
}

fn body_type(vector: &Json) -> BodyType {
    match vector["callbackBodyType"].as_str() {
        Some("application/json") => BodyType::Json,
        Some("application/x-www-form-urlencoded") => BodyType::Form,
        None => BodyType::default(),
        Some(other) => panic!("body type {other}"),
    }
}

fn render(vector: &Json) -> String {
    let context = &vector["context"];
    let custom: Vec<(Box<str>, Box<str>)> = vector["callback_var"]
        .as_object()
        .expect("variables")
        .iter()
        .map(|(name, value)| (name.as_str().into(), text(value).into()))
        .collect();
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
    };
    let bytes = Template::parse(text(&vector["callbackBody"]), body_type(vector)).render(&vars);
    String::from_utf8(bytes.expect("a body").to_vec()).expect("UTF-8")
}

#[test]
fn every_substitution_gives_the_expected_body() {
    let vectors: Json = serde_json::from_str(VECTORS).expect("JSON");
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
    let vectors: Json = serde_json::from_str(VECTORS).expect("JSON");
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
    };
    assert!(Template::parse(body, BodyType::Json).render(&vars).is_err());
}
