//! Multipart uploads, callbacks and forms of TOS (sheet sections 2, 4 and 5).

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::ports::CallbackAnswer;
use common::{As, Ask, World, delete, get, head, masked, post, put};
use serde_json::{Value, json};

const BUCKET: &str = "bucket-test";

async fn create(world: &World, key: &str) -> String {
    let reply = world
        .send(post(BUCKET, &format!("{key}?uploads")))
        .await
        .expect_status(200);
    reply.json()["UploadId"].as_str().expect("an id").to_owned()
}

async fn part(world: &World, key: &str, id: &str, number: u32, body: Bytes) -> String {
    let target = format!("{key}?uploadId={id}&partNumber={number}");
    let reply = world
        .send(put(BUCKET, &target).body(body))
        .await
        .expect_status(200);
    assert!(!reply.header("x-tos-hash-crc64ecma").is_empty());
    reply.header("etag").trim_matches('"').to_owned()
}

fn large() -> Bytes {
    vec![b'a'; 5 << 20].into()
}

#[tokio::test]
async fn parts_in_any_order_make_an_object() {
    let world = World::with_bucket().await;
    let id = create(&world, "/big").await;
    let second = part(&world, "/big", &id, 2, "tail".into()).await;
    let first = part(&world, "/big", &id, 1, large()).await;
    let list = world
        .send(get(BUCKET, &format!("/big?uploadId={id}&max-parts=1")))
        .await
        .json();
    insta::assert_json_snapshot!("list_parts", masked(list, &["/UploadId"]));
    let uploads = world.send(get(BUCKET, "/?uploads")).await.json();
    insta::assert_json_snapshot!("list_uploads", masked(uploads, &["/Uploads/0/UploadId"]));
    let wrong = json!({"Parts": [{"PartNumber": 1, "ETag": second}]});
    let target = format!("/big?uploadId={id}");
    let refused = world.send(post(BUCKET, &target).json(&wrong)).await;
    assert_eq!(refused.code(), (400, "InvalidPart".into()));
    let parts = json!({"Parts": [
        {"PartNumber": 2, "ETag": second}, {"PartNumber": 1, "ETag": first},
    ]});
    let done = world
        .send(post(BUCKET, &target).json(&parts))
        .await
        .expect_status(200);
    insta::assert_json_snapshot!("completed", done.json());
    assert_eq!(done.json()["ETag"], done.header("etag"));
    assert!(!done.header("x-tos-hash-crc64ecma").is_empty());
    let object = world.send(get(BUCKET, "/big")).await.expect_status(200);
    assert_eq!(object.body.len(), (5 << 20) + 4);
    assert_eq!(
        object.header("x-tos-hash-crc64ecma"),
        done.header("x-tos-hash-crc64ecma")
    );
    let gone = world.send(get(BUCKET, &target)).await;
    assert_eq!(gone.code(), (404, "NoSuchUpload".into()));
}

#[tokio::test]
async fn all_parts_without_a_list() {
    let world = World::with_bucket().await;
    for (n, ask) in [
        |ask: Ask| ask.body("{}"),
        |ask: Ask| ask,
        |ask: Ask| ask.header("x-tos-complete-all", "yes"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("/k{n}");
        let id = create(&world, &key).await;
        part(&world, &key, &id, 1, "one".into()).await;
        let done = world
            .send(ask(post(BUCKET, &format!("{key}?uploadId={id}"))))
            .await
            .expect_status(200);
        assert_eq!(
            done.json()["CompletedParts"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(world.send(get(BUCKET, &key)).await.text(), "one");
    }
}

#[tokio::test]
async fn uploads_are_judged() {
    let world = World::with_bucket().await;
    let id = create(&world, "/k").await;
    let at = |rest: &str| format!("/k?uploadId={id}{rest}");
    part(&world, "/k", &id, 1, "small".into()).await;
    part(&world, "/k", &id, 2, "last".into()).await;
    let source = |range: &str| {
        put(BUCKET, &at("&partNumber=3"))
            .header("x-tos-copy-source", "bucket-test/absent")
            .header("x-tos-copy-source-range", range)
    };
    let cases = [
        (
            put(BUCKET, &at("&partNumber=0")).body("x"),
            400,
            "InvalidPartNumber",
        ),
        (
            put(BUCKET, &at("&partNumber=10001")).body("x"),
            400,
            "InvalidPartNumber",
        ),
        (
            put(BUCKET, &at("&partNumber=a")).body("x"),
            400,
            "InvalidPartNumber",
        ),
        (
            put(BUCKET, "/k?uploadId=nonsense&partNumber=1").body("x"),
            404,
            "NoSuchUpload",
        ),
        (post(BUCKET, &at("")).body("{}"), 400, "EntityTooSmall"),
        (post(BUCKET, &at("")).body("[1"), 400, "MalformedBody"),
        (source("bytes=0-"), 400, "InvalidArgument"),
        (source("bytes=0-1"), 404, "NoSuchKey"),
        (get(BUCKET, &at("")).by(As::Other), 403, "AccessDenied"),
    ];
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        assert_eq!(
            world.send(ask).await.code(),
            (status, code.to_owned()),
            "{shown}"
        );
    }
    world.send(delete(BUCKET, &at(""))).await.expect_status(204);
    let gone = world.send(delete(BUCKET, &at(""))).await;
    assert_eq!(gone.code(), (404, "NoSuchUpload".into()));
}

#[tokio::test]
async fn a_part_can_be_copied() {
    let world = World::with_bucket().await;
    world
        .send(put(BUCKET, "/src").body("123456789"))
        .await
        .expect_status(200);
    let id = create(&world, "/k").await;
    let copy = put(BUCKET, &format!("/k?uploadId={id}&partNumber=1"))
        .header("x-tos-copy-source", "/bucket-test/src")
        .header("x-tos-copy-source-range", "bytes=1-3");
    let reply = world.send(copy).await.expect_status(200);
    insta::assert_json_snapshot!("part_copied", reply.json());
    world
        .send(post(BUCKET, &format!("/k?uploadId={id}")).body("{}"))
        .await
        .expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/k")).await.text(), "234");
}

fn encoded(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

fn order() -> String {
    encoded(&json!({
        "callbackUrl": "http://app.example.com/cb",
        "callbackBody": r#"{"bucket": ${bucket}, "object": ${object}, "key1": ${x:key1}}"#,
        "callbackBodyType": "application/json",
    }))
}

fn with_callback(ask: Ask) -> Ask {
    ask.header("x-tos-callback", &order())
        .header("x-tos-callback-var", &encoded(&json!({"x:key1": "ceshi"})))
}

fn says(world: &World, body: &'static str) {
    *world.callbacks.answer.lock().expect("unpoisoned") = Some(CallbackAnswer {
        content_type: Some("application/json; charset=utf-8".into()),
        body: Bytes::from_static(body.as_bytes()),
    });
}

#[tokio::test]
async fn a_callback_answers_the_uploader() {
    let world = World::with_bucket().await;
    says(&world, r#"{"ok":1}"#);
    let put = world
        .send(with_callback(put(BUCKET, "/object-test")).body("123456789"))
        .await;
    let id = create(&world, "/object-test").await;
    part(&world, "/object-test", &id, 1, "123456789".into()).await;
    let target = format!("/object-test?uploadId={id}");
    let done = world
        .send(with_callback(post(BUCKET, &target)).body("{}"))
        .await;
    assert_eq!(
        done.header("location"),
        "http://bucket-test.tos-cn-beijing.volces.com/object-test"
    );
    for reply in [put, done] {
        let reply = reply.expect_status(200);
        assert_eq!(reply.text(), r#"{"ok":1}"#);
        assert_eq!(
            reply.header("content-type"),
            "application/json; charset=utf-8"
        );
        assert_eq!(reply.header("x-tos-hash-crc64ecma"), "11051210869376104954");
        assert!(reply.header("etag").starts_with('"'));
    }
    let encoded = STANDARD.encode(r#"{"callbackUrl":"a.example","callbackBody":"o=${object}"}"#);
    let target = format!(
        "/q?x-tos-callback={}",
        cohong_sign::encode(encoded.as_bytes())
    );
    let by_query = common::put(BUCKET, &target).body("x");
    world.send(by_query).await.expect_status(200);
    let mut sent = world.callbacks.sent.lock().expect("unpoisoned");
    let last = sent.pop().expect("a call");
    assert_eq!(
        (&*last.urls[0], &last.body[..]),
        ("https://a.example", &b"o=q"[..])
    );
    let wanted = r#"{"bucket": "bucket-test", "object": "object-test", "key1": "ceshi"}"#;
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|call| call.body == wanted));
}

#[tokio::test]
async fn a_failed_callback_is_203_and_the_object_stays() {
    let world = World::with_bucket().await;
    let reply = world
        .send(with_callback(put(BUCKET, "/k")).body("123456789"))
        .await
        .expect_status(203);
    insta::assert_json_snapshot!("callback_failed", reply.json());
    assert_eq!(reply.header("etag"), "\"25f9e794323b453885f5181f1b624d0b\"");
    assert_eq!(reply.header("x-tos-hash-crc64ecma"), "11051210869376104954");
    world.send(head(BUCKET, "/k")).await.expect_status(200);
    let template = encoded(&json!({
        "callbackUrl": "http://a/1", "callbackBodyType": "application/json",
        "callbackBody": r#"{"bucket": ${bucket, "object": ${object}}"#,
    }));
    says(&world, "{}");
    let malformed = put(BUCKET, "/k2")
        .header("x-tos-callback", &template)
        .body("x");
    let malformed = world.send(malformed).await.expect_status(203);
    assert_eq!(malformed.json()["Message"], reply.json()["Message"]);
    world.send(head(BUCKET, "/k2")).await.expect_status(200);
}

#[tokio::test]
async fn a_bad_callback_parameter_stores_nothing() {
    let world = World::with_bucket().await;
    let acl = put(BUCKET, "/?acl").header("x-tos-acl", "public-read-write");
    world.send(acl).await.expect_status(200);
    let bad = |value: &str| put(BUCKET, "/k").header("x-tos-callback", value).body("x");
    let no_body = encoded(&json!({"callbackUrl": "http://a"}));
    let twice = put(BUCKET, "/k?x-tos-callback=abc")
        .header("x-tos-callback", &order())
        .body("x");
    let cases = [
        (bad("x123-*&"), 400, "InvalidArgument"),
        (bad(&no_body), 400, "InvalidArgument"),
        (twice, 400, "InvalidArgument"),
        (
            with_callback(put(BUCKET, "/k")).by(As::Nobody).body("x"),
            403,
            "AccessDenied",
        ),
    ];
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        assert_eq!(
            world.send(ask).await.code(),
            (status, code.to_owned()),
            "{shown}"
        );
    }
    *world.callbacks.refusal.lock().expect("unpoisoned") = Some("not there".into());
    let refused = world.send(with_callback(put(BUCKET, "/k")).body("x")).await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));
    world.send(head(BUCKET, "/k")).await.expect_status(404);
    let none = encoded(&json!({"callbackUrl": "", "callbackBody": "a=1"}));
    let plain = world.send(bad(&none)).await.expect_status(200);
    assert!(plain.body.is_empty() && world.callbacks.sent.lock().expect("unpoisoned").is_empty());
}

/// A form as browsers send it; the file last.
fn form(fields: &[(String, String)], file: &str) -> Ask {
    let part = |(name, value): &(String, String)| {
        format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head: Vec<String> = fields.iter().map(part).collect();
    let file = format!(
        "--BB\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n{file}\r\n--BB--\r\n"
    );
    let text = head.concat() + &file;
    post(BUCKET, "/")
        .header("content-type", "multipart/form-data; boundary=BB")
        .by(As::Nobody)
        .body(text)
}

fn fields(world: &World, conditions: &Value, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let policy = json!({"expiration": "2024-05-06T08:00:00.000000Z", "conditions": conditions});
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    more.chain(world.sign_policy(&policy)).collect()
}

#[tokio::test]
async fn forms_upload() {
    let world = World::with_bucket().await;
    let conditions = json!([{"bucket": "bucket-test"}, ["starts-with", "$key", "up/"],
        ["content-length-range", 1, 9], ["starts-with", "$x-tos-meta-a", ""],
        ["starts-with", "$x-tos-callback", ""]]);
    let send = async |more: &[(&str, &str)], file: &str| {
        world
            .send(form(&fields(&world, &conditions, more), file))
            .await
    };
    let reply = send(
        &[
            ("key", "up/a"),
            ("x-tos-meta-a", "1"),
            ("Content-Type", "a/b"),
        ],
        "123456789",
    )
    .await;
    let reply = reply.expect_status(204);
    assert_eq!(reply.header("etag"), "\"25f9e794323b453885f5181f1b624d0b\"");
    let seen = world.send(get(BUCKET, "/up/a")).await.expect_status(200);
    assert_eq!(
        (
            seen.text(),
            seen.header("content-type"),
            seen.header("x-tos-meta-a")
        ),
        ("123456789", "a/b", "1")
    );
    let created = send(&[("key", "up/b"), ("success_action_status", "201")], "x")
        .await
        .expect_status(201);
    insta::assert_json_snapshot!("posted", created.json());
    let redirect = ("success_action_redirect", "http://a.example/done");
    let redirected = send(&[("key", "up/c"), redirect], "x")
        .await
        .expect_status(303);
    assert!(
        redirected
            .header("location")
            .starts_with("http://a.example/done?bucket=bucket-test&key=up%2Fc&etag=")
    );
    says(&world, "said");
    let called = send(&[("key", "up/d"), ("x-tos-callback", &order())], "x")
        .await
        .expect_status(200);
    assert_eq!(called.text(), "said");
}

#[tokio::test]
async fn forms_are_judged() {
    let world = World::with_bucket().await;
    let conditions =
        json!([{"key": "k"}, ["content-length-range", 2, 4], ["starts-with", "$x-tos-meta-a", ""]]);
    let signed = |more: &[(&str, &str)]| fields(&world, &conditions, more);
    let mut forged = signed(&[("key", "k")]);
    for (name, value) in &mut forged {
        if name == "policy" {
            *value =
                STANDARD.encode(r#"{"expiration":"2024-05-06T08:00:00.000Z","conditions":[]}"#);
        }
    }
    let past = json!({"expiration": "2024-05-06T07:00:00.000000Z", "conditions": [{"key": "k"}]});
    let mut expired = world.sign_policy(&past);
    expired.push(("key".into(), "k".into()));
    let anonymous = vec![("key".to_owned(), "k".to_owned())];
    let many: Vec<_> = (0..201).map(|n| (format!("f{n}"), String::new())).collect();
    let cases = [
        (
            form(&signed(&[("key", "other")]), "123"),
            403,
            "AccessDenied",
        ),
        (
            form(
                &signed(&[("key", "k"), ("x-tos-acl", "public-read")]),
                "123",
            ),
            403,
            "AccessDenied",
        ),
        (
            form(&signed(&[("key", "k"), ("callback", &order())]), "123"),
            403,
            "AccessDenied",
        ),
        (
            form(
                &signed(&[("key", "k"), ("x-tos-meta-a", "1\r\nb: c")]),
                "123",
            ),
            400,
            "InvalidArgument",
        ),
        (
            form(&signed(&[("key", "k"), ("Key", "j")]), "123"),
            400,
            "InvalidArgument",
        ),
        (
            form(&signed(&[("key", "k")]), "12345"),
            400,
            "EntityTooLarge",
        ),
        (form(&signed(&[("key", "k")]), "1"), 400, "EntityTooSmall"),
        (form(&expired, "123"), 403, "AccessDenied"),
        (form(&forged, "123"), 403, "SignatureDoesNotMatch"),
        (form(&anonymous, "123"), 403, "AccessDenied"),
        (form(&many, "123"), 400, "EntityTooLarge"),
        (form(&[], "123").body("--BB--\r\n"), 400, "MalformedBody"),
        (
            form(&[], "123").body("--BB\r\nContent-Dis"),
            400,
            "MalformedBody",
        ),
    ];
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        assert_eq!(
            world.send(ask).await.code(),
            (status, code.to_owned()),
            "{shown}"
        );
    }
    world.send(head(BUCKET, "/k")).await.expect_status(404);
    world
        .send(form(&signed(&[("key", "k")]), "123"))
        .await
        .expect_status(204);
}
