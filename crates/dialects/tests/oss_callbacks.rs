//! Upload callbacks in the words of OSS (sheet section 4).

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::model::{Accept, DialectId};
use cohong_core::ports::{CallbackAnswer, CallbackRequest};
use cohong_sign::oss::{Signer, Version};
use cohong_sign::{Credentials, Timestamp};
use common::oss::{ask, head, post, put};
use common::{As, Ask, NOW, Tongue, World};
use http::Method;
use serde_json::{Value, json};

const BUCKET: &str = "bucket-test";
const ETAG: &str = "\"5D41402ABC4B2A76B9719D911017C592\"";
const CRC: &str = "11177612005948864433";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

fn encoded(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

fn order(change: &Value) -> String {
    let mut order = json!({
        "callbackUrl": "app.example.com/cb;https://other.example.com",
        "callbackHost": "app.example.com",
        "callbackBody": r#"{"o":${object},"e":"${etag}","op":${operation},"v":${x:v}"#,
        "callbackBodyType": "application/json",
        "callbackSNI": true,
        "additionalHeaders": {"key1": "val1"},
    });
    for (name, value) in change.as_object().expect("members") {
        order[name] = value.clone();
    }
    encoded(&order)
}

fn says(world: &World, body: &'static str) {
    *world.callbacks.answer.lock().expect("unpoisoned") = Some(CallbackAnswer {
        content_type: Some("application/json".into()),
        body: Bytes::from_static(body.as_bytes()),
    });
}

fn sent(world: &World) -> Vec<CallbackRequest> {
    std::mem::take(&mut world.callbacks.sent.lock().expect("unpoisoned"))
}

/// A form that the owner signed, with these fields beside those of the signature.
fn form(world: &World, fields: &[(&str, &str)]) -> Ask {
    let key = &world.owner;
    let signer = Signer {
        version: Version::V4,
        credentials: Credentials {
            access_key: &key.access.0,
            secret: key.secret.expose(),
            security_token: None,
        },
        region: "cn-hangzhou",
        time: Timestamp::parse(NOW).expect("a time"),
    };
    // What SDKs and samples sign says nothing about the callback.
    let policy = json!({
        "expiration": "2024-05-06T08:00:00.000Z",
        "conditions": [{"bucket": BUCKET}, ["starts-with", "$key", "d"]],
    });
    let proof = signer.sign_post_policy(&policy.to_string());
    let proof = proof.iter().map(|(name, value)| (&**name, &**value));
    let part = |(name, value): (&str, &str)| {
        format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head: String = fields.iter().copied().chain(proof).map(part).collect();
    let file = "--BB\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nhello\r\n--BB--\r\n";
    post(BUCKET, "/")
        .header("content-type", "multipart/form-data; boundary=BB")
        .by(As::Nobody)
        .body(head + file)
}

#[tokio::test]
async fn the_application_answers_for_put_url_and_form() {
    let world = world().await;
    says(&world, r#"{"ok":1}"#);
    let order = order(&json!({}));
    let vars = encoded(&json!({"x:v": "1\"2", "bare": "ignored"}));
    let by_header = put(BUCKET, "/dir%2Fk")
        .header("x-oss-callback", &order)
        .header("x-oss-callback-var", &vars)
        .body("hello");
    let query = |text: &str| cohong_sign::encode(text.as_bytes());
    let target = format!(
        "/dir/k?callback={}&callback-var={}",
        query(&order),
        query(&vars)
    );
    let by_url = ask(Method::PUT, Some(BUCKET), &target).body("hello");
    let fields = [
        ("key", "dir/k"),
        ("callback", &*order),
        ("x:v", "1\"2"),
        ("success_action_status", "201"),
    ];
    for (ask, operation) in [
        (by_header, "PutObject"),
        (
            by_url
                .clone()
                .tongue(Tongue::Oss(Version::V1))
                .presigned(60),
            "PutObject",
        ),
        (by_url.presigned(60), "PutObject"),
        (form(&world, &fields), "PostObject"),
    ] {
        let reply = world.send(ask).await.expect_status(200);
        assert_eq!(reply.text(), r#"{"ok":1}"#);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(
            (reply.header("etag"), reply.header("x-oss-hash-crc64ecma")),
            (ETAG, CRC)
        );
        let calls = sent(&world);
        let [call] = &calls[..] else {
            panic!("{calls:?}")
        };
        let urls = ["http://app.example.com/cb", "https://other.example.com"];
        assert_eq!(call.urls, urls.map(Into::into));
        assert_eq!(call.host.as_deref(), Some("app.example.com"));
        assert_eq!(call.headers, [("key1".into(), "val1".into())]);
        assert_eq!(
            (call.accept, call.about.dialect),
            (Accept::Document, DialectId::Oss)
        );
        assert_eq!(call.about.bucket.as_str(), BUCKET);
        assert_eq!(
            call.about.requester.as_ref().map(|a| &*a.0),
            Some("2100000000")
        );
        let body = format!(
            r#"{{"o":"dir/k","e":"5D41402ABC4B2A76B9719D911017C592","op":"{operation}","v":"1\"2""#
        );
        assert_eq!(call.body, body);
    }
}

#[tokio::test]
async fn the_application_answers_for_a_completed_upload() {
    let world = world().await;
    let begun = world.send(post(BUCKET, "/k?uploads")).await;
    let id = begun.expect_status(200).element("UploadId").to_owned();
    let part = put(BUCKET, &format!("/k?partNumber=1&uploadId={id}")).body("hello");
    let part = world.send(part).await.expect_status(200);
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>\
         </CompleteMultipartUpload>",
        part.header("etag")
    );
    let complete = |order: &str| {
        post(BUCKET, &format!("/k?uploadId={id}"))
            .header("x-oss-callback", order)
            .body(body.clone())
    };
    let refused = world.send(complete("*")).await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));

    says(&world, r#"{"ok":2}"#);
    let template = "${operation} ${size} ${crc64} [${contentMd5}]";
    let order = order(&json!({"callbackBody": template, "callbackBodyType": ""}));
    let reply = world.send(complete(&order)).await.expect_status(200);
    assert_eq!(reply.text(), r#"{"ok":2}"#);
    assert_eq!(reply.header("x-oss-hash-crc64ecma"), CRC);
    let etag = reply.header("etag");
    assert!(etag.ends_with("-1\"") && etag == etag.to_ascii_uppercase());
    let calls = sent(&world);
    let wanted = format!("CompleteMultipartUpload 5 {CRC} []");
    assert_eq!(calls[0].body, wanted);
}

#[tokio::test]
async fn a_failed_callback_is_203_and_the_object_stays() {
    let world = world().await;
    let stored = put(BUCKET, "/k")
        .header("x-oss-callback", &order(&json!({})))
        .body("hello");
    let reply = world.send(stored).await.expect_status(203);
    let failed = (203, "CallbackFailed".into(), "0007-00000203".into());
    assert_eq!(reply.error(), failed);
    assert_eq!(reply.header("x-oss-ec"), "0007-00000203");
    assert_eq!(
        reply.element("Message"),
        "Error status : -1.OSS can not connect to your callbackUrl, please check it."
    );
    assert_eq!(
        (reply.header("etag"), reply.header("x-oss-hash-crc64ecma")),
        (ETAG, CRC)
    );
    world.send(head(BUCKET, "/k")).await.expect_status(200);
}

#[tokio::test]
async fn a_bad_order_stores_nothing() {
    let world = world().await;
    says(&world, "{}");
    let open = put(BUCKET, "/?acl").header("x-oss-acl", "public-read-write");
    world.send(open).await.expect_status(200);
    let with = |order: &str| {
        put(BUCKET, "/k")
            .header("x-oss-callback", order)
            .body("hello")
    };
    let query = cohong_sign::encode(order(&json!({})).as_bytes());
    let twice = put(BUCKET, &format!("/k?callback={query}"))
        .header("x-oss-callback", &order(&json!({})))
        .body("hello");
    for (ask, ec, argument) in [
        (with("*"), "0007-00000002", "callback"),
        (with(&encoded(&json!("text"))), "0007-00000003", "callback"),
        (
            with(&order(&json!({"callbackBodyType": "text/xml"}))),
            "0007-00000012",
            "callbackBodyType",
        ),
        (twice, "0007-00000027", "callback"),
        (
            form(&world, &[("key", "dir/k"), ("callback", "*")]),
            "0007-00000002",
            "callback",
        ),
    ] {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        let wanted = (400, "InvalidArgument".into(), ec.to_owned());
        assert_eq!(reply.error(), wanted, "{shown}");
        assert_eq!(reply.element("ArgumentName"), argument, "{shown}");
    }
    let unsigned = with(&order(&json!({}))).by(As::Nobody);
    assert_eq!(
        world.send(unsigned).await.code(),
        (403, "AccessDenied".into())
    );

    *world.callbacks.refusal.lock().expect("unpoisoned") = Some("set egress.allow".into());
    let refused = world.send(with(&order(&json!({})))).await;
    let wanted = (400, "InvalidArgument".into(), "0007-00000008".into());
    assert_eq!(refused.error(), wanted);
    assert_eq!(
        refused.element("Message"),
        "Private address is forbidden to callback."
    );
    assert_eq!(refused.element("ArgumentName"), "callbackUrl");
    assert!(!refused.text().contains("egress"), "{}", refused.text());
    for key in ["/k", "/dir/k"] {
        world.send(head(BUCKET, key)).await.expect_status(404);
    }
    assert!(sent(&world).is_empty());
}
