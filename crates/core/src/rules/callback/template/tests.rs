use proptest::prelude::*;

use super::*;
use crate::model::{
    AccountId, BucketName, Checksums, Etag, EtagCase, ObjectKey, ObjectRecord, PayloadRef,
    Replicated, StorageClass, StoredHeaders, VersionId, VersionTag,
};
use crate::rules::callback::ImageInfo;

fn record() -> ObjectRecord {
    ObjectRecord {
        size: 9,
        etag: Etag::Md5([0xab; 16]),
        checksums: Checksums {
            crc64: u64::MAX,
            further: None,
        },
        payload: PayloadRef::Empty,
        headers: StoredHeaders {
            content_type: Some("text/plain; charset=\"utf-8\"".into()),
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

fn render(
    body: &str,
    body_type: BodyType,
    key: &str,
    custom: &[(Box<str>, Box<str>)],
) -> Result<String, RenderError> {
    render_as(body, (body_type, JsonTemplate::Strict), key, custom)
}

fn render_as(
    body: &str,
    (body_type, json): (BodyType, JsonTemplate),
    key: &str,
    custom: &[(Box<str>, Box<str>)],
) -> Result<String, RenderError> {
    let bucket = BucketName::new("bucket-test").expect("a name");
    let key = ObjectKey::new(key).expect("a key");
    let vars = Variables {
        bucket: &bucket,
        key: &key,
        record: &record(),
        version: VersionTag::Id(VersionId(0x1f)),
        image: Some(ImageInfo {
            height: 2,
            width: 3,
            format: "png",
        }),
        source: Some([10, 0, 0, 7].into()),
        request_id: "req-1",
        operation: "PutObject",
        custom,
        etag_case: EtagCase::Lower,
    };
    let bytes = Template::parse(body, body_type, json).render(&vars)?;
    Ok(String::from_utf8(bytes.to_vec()).expect("text goes in, text comes out"))
}

#[test]
fn every_name_has_its_value() {
    let names = "${bucket}|${object}|${etag}|${size}|${mimeType}|${crc64}|${imageInfo.height}|\
                 ${imageInfo.width}|${imageInfo.format}|${versionId}|${clientIp}|${reqId}|${operation}|\
                 ${contentMd5}|${vpcId}|${x:a}|${x:b}|${nonsense}|${}";
    let custom = [("x:a".into(), "1 2".into())];
    let form = render(names, BodyType::Form, "k", &custom).expect("a form");
    assert_eq!(
        form,
        "bucket-test|k|abababababababababababababababab|9|text%2Fplain%3B%20charset%3D%22utf-8%22|\
         18446744073709551615|2|3|png|000000000000001f|10.0.0.7|req-1|PutObject|\
         q6urq6urq6urq6urq6urqw%3D%3D||1%202|||"
    );
    let json = format!("[{}]", names.replace('|', ","));
    let json = render(&json, BodyType::Json, "k", &custom).expect("JSON");
    assert_eq!(
        json,
        "[\"bucket-test\",\"k\",\"abababababababababababababababab\",9,\
         \"text/plain; charset=\\\"utf-8\\\"\",\"18446744073709551615\",2,3,\"png\",\
         \"000000000000001f\",\"10.0.0.7\",\"req-1\",\"PutObject\",\
         \"q6urq6urq6urq6urq6urqw==\",\"\",\"1 2\",\"\",\"\",\"\"]"
    );
}

#[test]
fn what_an_object_that_is_no_image_says() {
    let bucket = BucketName::new("bucket-test").expect("a name");
    let key = ObjectKey::new("k").expect("a key");
    let plain = ObjectRecord {
        headers: StoredHeaders::default(),
        ..record()
    };
    let vars = Variables {
        bucket: &bucket,
        key: &key,
        record: &plain,
        version: VersionTag::Unversioned,
        image: None,
        source: None,
        request_id: "",
        operation: "",
        custom: &[],
        etag_case: EtagCase::Lower,
    };
    let body = "[${imageInfo.height},${imageInfo.width},${imageInfo.format},${mimeType},${versionId},${clientIp}]";
    let bytes = Template::parse(body, BodyType::Json, JsonTemplate::Strict)
        .render(&vars)
        .expect("JSON");
    assert_eq!(&bytes[..], br#"["","","","","",""]"#);
    let null = Variables {
        version: VersionTag::Null,
        ..vars
    };
    let bytes = Template::parse("${versionId}", BodyType::Form, JsonTemplate::Strict)
        .render(&null)
        .expect("a form");
    assert_eq!(&bytes[..], b"null");
}

#[test]
fn a_form_keeps_what_is_no_placeholder() {
    for (body, rendered) in [
        ("a=1", "a=1"),
        ("a=$&b=${", "a=$&b=${"),
        ("a=${bucket", "a=${bucket"),
        ("a=${bucket&b=${object}", "a=${bucket&b=k"),
        ("a=${${object}}", "a=${k}"),
        ("a=$${object}", "a=$k"),
        ("a={object}", "a={object}"),
        ("中=${object}", "中=k"),
    ] {
        assert_eq!(
            render(body, BodyType::Form, "k", &[]).as_deref(),
            Ok(rendered),
            "{body}"
        );
    }
}

#[test]
fn json_that_does_not_hold_is_a_failure() {
    use RenderError::{NotJson, Unclosed};
    for (body, why) in [
        ("{\"bucket\": ${bucket, \"object\": ${object}}", Unclosed),
        ("{\"bucket\": ${bucket", Unclosed),
        ("{\"bucket\": ${bucket }}", Unclosed),
        ("{\"bucket\": \"${bucket}\"}", NotJson),
        ("{\"bucket\": \"a${bucket}b\"}", NotJson),
        ("{\"bucket\": ${bucket}", NotJson),
        ("bucket=${bucket}", NotJson),
        ("{${bucket}}", NotJson),
        ("{\"a\": 1} {\"b\": 2}", NotJson),
        (" ", NotJson),
    ] {
        assert_eq!(render(body, BodyType::Json, "k", &[]), Err(why), "{body}");
    }
}

#[test]
fn a_lenient_template_is_filled_in_as_it_stands() {
    let custom = [("x:a".into(), "say \"hi\"\n".into())];
    for (body, rendered) in [
        ("{\"a\":${x:a}}", "{\"a\":\"say \\\"hi\\\"\\n\"}"),
        ("{\"a\":\"${x:a}\"}", "{\"a\":\"say \\\"hi\\\"\\n\"}"),
        (
            "{\"a\":\"<${size}>\",\"b\":${size}}",
            "{\"a\":\"<9>\",\"b\":9}",
        ),
        ("{\"a\\\"${object}\":${object}}", "{\"a\\\"k\":\"k\"}"),
        ("{\"a\\\\\":${object}}", "{\"a\\\\\":\"k\"}"),
        (
            "{\"a\":\"${none}\",\"b\":${none}}",
            "{\"a\":\"\",\"b\":\"\"}",
        ),
        (
            "{\"a\":${bucket, \"b\":${object}",
            "{\"a\":${bucket, \"b\":\"k\"",
        ),
        ("no JSON at all", "no JSON at all"),
    ] {
        let lenient = (BodyType::Json, JsonTemplate::Lenient);
        let found = render_as(body, lenient, "k", &custom);
        assert_eq!(found.as_deref(), Ok(rendered), "{body}");
    }
}

#[test]
fn values_are_not_looked_at_again() {
    let custom = [
        ("x:a".into(), "${x:b}".into()),
        ("x:b".into(), "secret".into()),
        ("x:c".into(), "$".into()),
    ];
    let form = render(
        "${x:a}&${object}&${x:c}{x:b}",
        BodyType::Form,
        "${x:b}",
        &custom,
    );
    assert_eq!(
        form.as_deref(),
        Ok("%24%7Bx%3Ab%7D&%24%7Bx%3Ab%7D&%24{x:b}")
    );
    let json = render("[${x:a},${object}]", BodyType::Json, "${x:b}", &custom);
    assert_eq!(json.as_deref(), Ok("[\"${x:b}\",\"${x:b}\"]"));
}

#[test]
fn a_body_that_grows_too_large_is_a_failure() {
    let custom = [("x:a".into(), "v".repeat(8 << 10).into())];
    let body = "${x:a}".repeat(200);
    assert_eq!(
        render(&body, BodyType::Form, "k", &custom),
        Err(RenderError::TooLarge)
    );
    let body = "${x:a}".repeat(100);
    assert!(render(&body, BodyType::Form, "k", &custom).is_ok());
}

proptest! {
    #[test]
    fn no_value_breaks_the_structure(key in "\\PC{1,40}|[\"\\\\\n\r\t&=%+${}]{1,20}", value in any::<String>()) {
        prop_assume!(ObjectKey::new(&key).is_ok());
        let custom = [("x:v".into(), value.as_str().into())];
        let json = render("{\"k\":${object},\"v\":${x:v}}", BodyType::Json, &key, &custom).expect("JSON");
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        prop_assert_eq!(json, serde_json::json!({"k": key, "v": value}));

        let form = render("k=${object}&v=${x:v}", BodyType::Form, &key, &custom).expect("a form");
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned();
        let fields: Vec<(&str, String)> = form
            .split('&')
            .map(|field| field.split_once('=').map(|(n, v)| (n, decode(v))).expect("a field"))
            .collect();
        prop_assert_eq!(fields, vec![("k", key.clone()), ("v", value.clone())]);
        prop_assert!(form.is_ascii());
    }

    #[test]
    fn every_text_is_a_template(body in "[${}:xa\"中 ,]{0,30}", json in any::<bool>()) {
        let body_type = if json { BodyType::Json } else { BodyType::Form };
        let rendered = render(&body, body_type, "k", &[]);
        prop_assert!(json || rendered.is_ok());
        if !body.contains("${") && !json {
            prop_assert_eq!(rendered.as_deref(), Ok(&*body));
        }
    }
}
