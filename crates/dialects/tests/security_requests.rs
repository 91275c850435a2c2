//! Requests as attackers send them: not signed, signed in part, signed twice, too late; and callbacks
//! that nobody signed. Whatever is refused changes nothing.

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use common::attack::{BUCKET, encoded, form, order, refused};
use common::{As, World, get, put};

#[tokio::test]
async fn a_vendor_header_that_is_not_signed_is_refused() {
    let world = World::with_bucket().await;
    let names = [
        ("x-tos-acl", "public-read-write"),
        ("x-tos-callback", "e30="),
        ("x-tos-callback-var", "e30="),
        ("x-tos-copy-source", "bucket-test/k"),
        ("x-tos-forbid-overwrite", "true"),
        ("x-tos-grant-full-control", "canned=AllUsers"),
        ("x-tos-meta-a", "b"),
        ("x-tos-security-token", "t"),
        ("x-tos-tagging", "a=b"),
        ("x-tos-anything", "new"),
    ];
    let plain = || put(BUCKET, "/k").body("x");
    let mut cases = Vec::new();
    for (name, value) in names {
        let code = match name {
            "x-tos-security-token" => "InvalidSecurityToken",
            _ => "AccessDenied",
        };
        cases.push((plain().unsigned(name, value), 403, code));
        cases.push((
            plain().presigned(60).unsigned(name, value),
            403,
            "AccessDenied",
        ));
    }
    refused(&world, cases).await;
    let signed = plain().header("x-tos-meta-a", "b").presigned(60);
    world.send(signed).await.expect_status(200);
}

/// A callback is followed only where somebody signed it: in header, query or policy.
#[tokio::test]
async fn a_callback_that_is_not_signed_is_refused() {
    let world = World::with_bucket().await;
    let open = put(BUCKET, "/?acl").header("x-tos-acl", "public-read-write");
    world.send(open).await.expect_status(200);
    let in_query = format!(
        "/k?x-tos-callback={}",
        cohong_sign::encode(order().as_bytes())
    );
    let unsigned = put(BUCKET, "/k")
        .header("x-tos-callback", &order())
        .by(As::Nobody);
    let cases = vec![
        (unsigned, 403, "AccessDenied"),
        (put(BUCKET, &in_query).by(As::Nobody), 403, "AccessDenied"),
        (
            put(BUCKET, "/k")
                .presigned(60)
                .unsigned("x-tos-callback", &order()),
            403,
            "AccessDenied",
        ),
        (
            form(&[("key", "k"), ("callback", &order())]),
            403,
            "AccessDenied",
        ),
        (
            form(&[("key", "k"), ("x-tos-callback", &order())]),
            403,
            "AccessDenied",
        ),
        (
            // Signed beside the form, which says nothing about the fields in it.
            form(&[("key", "k"), ("x-tos-callback", &order())]).by(As::Owner),
            400,
            "InvalidArgument",
        ),
        (
            form(&[("key", "k"), ("callback", &order())])
                .by(As::Owner)
                .presigned(60),
            400,
            "InvalidArgument",
        ),
    ];
    refused(&world, cases).await;
}

#[tokio::test]
async fn control_characters_in_callbacks_are_refused() {
    let world = World::with_bucket().await;
    let ordered = |member: &str, value: &str| {
        let mut order = json!({"callbackUrl": "http://a.example", "callbackBody": "a=1"});
        order[member] = value.into();
        put(BUCKET, "/k")
            .header("x-tos-callback", &encoded(&order))
            .body("x")
    };
    let mut cases = Vec::new();
    for bad in ["\r\nx: y", "\n", "\r", "\0", "\u{7f}", "\u{85}"] {
        for member in ["callbackUrl", "callbackHost", "callbackBodyType"] {
            let value = match member {
                "callbackUrl" => format!("http://a.example/{bad}"),
                _ => format!("a.example{bad}"),
            };
            cases.push((ordered(member, &value), 400, "InvalidArgument"));
        }
    }
    for text in [
        "{\"callbackUrl\":\"http://a\",\"callbackUrl\":\"http://b\",\"callbackBody\":\"a\"}"
            .to_owned(),
        format!("{{\"a\":{}{}}}", "[".repeat(20), "]".repeat(20)),
        format!(
            "{{\"callbackUrl\":\"http://a\",\"callbackBody\":\"{}\"}}",
            "a".repeat(8192)
        ),
    ] {
        let ask = put(BUCKET, "/k")
            .header("x-tos-callback", &STANDARD.encode(text))
            .body("x");
        cases.push((ask, 400, "InvalidArgument"));
    }
    refused(&world, cases).await;
}

/// Whatever stands twice would be judged by one value and used by the other.
#[tokio::test]
async fn what_stands_twice_is_refused() {
    let world = World::with_bucket().await;
    let targets = [
        "/k?versionId=null&versionId=0000000000000001",
        "/k?versionId=null&versionId=null",
        "/k?uploadId=a&uploadId=b",
        "/k?acl&acl",
        "/?prefix=a&prefix=b",
        "/?acl&versions",
        "/?list-type=2&uploads",
        "/k?acl&tagging",
        "/k?uploadId=a&tagging",
        "/k?x-tos-process=a&X-Tos-Process=b",
    ];
    let mut cases: Vec<_> = targets
        .into_iter()
        .flat_map(|target| {
            [As::Owner, As::Nobody].map(|by| (get(BUCKET, target).by(by), 400, "InvalidArgument"))
        })
        .collect();
    for name in [
        "content-md5",
        "content-type",
        "range",
        "if-match",
        "x-tos-acl",
        "x-tos-callback",
        "x-tos-content-sha256",
        "x-tos-copy-source",
        "x-tos-meta-a",
    ] {
        for target in ["/k", "/?notification"] {
            let twice = put(BUCKET, target)
                .header(name, "a")
                .header(name, "b")
                .body("{}");
            cases.push((twice, 400, "InvalidArgument"));
        }
    }
    let both = put(BUCKET, "/k?X-Tos-Callback=YQ")
        .header("x-tos-callback", "Yg")
        .body("x");
    cases.push((both, 400, "InvalidArgument"));
    refused(&world, cases).await;
}

/// A signature in the query together with one in a header, or one given twice.
#[tokio::test]
async fn two_signatures_are_none() {
    let world = World::with_bucket().await;
    let presigned = || put(BUCKET, "/k").body("x").presigned(60);
    let cases = vec![
        (
            presigned().unsigned("authorization", "TOS4-HMAC-SHA256 Credential=a"),
            403,
            "AuthorizationHeaderMalformed",
        ),
        (
            put(BUCKET, "/k?X-Tos-Signature=0").body("x"),
            403,
            "AuthorizationHeaderMalformed",
        ),
        (
            put(BUCKET, "/k?x-tos-expires=9").body("x").presigned(60),
            400,
            "InvalidArgument",
        ),
    ];
    refused(&world, cases).await;
}

#[tokio::test]
async fn presigned_requests_end() {
    let world = World::with_bucket().await;
    let life = |seconds| put(BUCKET, "/k").body("x").presigned(seconds);
    let week = 7 * 24 * 3600;
    refused(
        &world,
        vec![
            (life(0), 400, "AuthorizationQueryParametersError"),
            (life(week + 1), 400, "AuthorizationQueryParametersError"),
            (life(u32::MAX), 400, "AuthorizationQueryParametersError"),
        ],
    )
    .await;
    for (later, status) in [(60, 200), (1, 403)] {
        world.clock.advance(Duration::from_secs(later));
        assert_eq!(world.send(life(60)).await.status, status, "{later} s later");
    }
    let other_key = life(3600).unsigned("x-tos-meta-a", "b");
    assert_eq!(world.send(other_key).await.status, 403);
    world.send(life(week)).await.expect_status(200);
}

/// No answer repeats a secret, a token or a signature, and none shows what is inside.
#[tokio::test]
async fn errors_tell_no_secret() {
    let world = World::with_bucket().await;
    let asks = [
        put(BUCKET, "/k").unsigned("x-tos-security-token", "SECRET-TOKEN"),
        put(BUCKET, "/k").header("x-tos-security-token", "SECRET-TOKEN"),
        put(BUCKET, "/k").presigned(60).unsigned("x-tos-meta-a", "SECRET-TOKEN"),
        put(BUCKET, "/k?X-Tos-Signature=SECRET-TOKEN"),
        put(BUCKET, "/k").by(As::Nobody).unsigned(
            "authorization",
            "TOS4-HMAC-SHA256 Credential=a/20240506/cn-beijing/tos/request, SignedHeaders=host, Signature=SECRET-TOKEN",
        ),
        put(BUCKET, "/k").by(As::Nobody).unsigned("authorization", "Basic SECRET-TOKEN"),
        put(BUCKET, "/k").header("x-tos-callback", "SECRET-TOKEN"),
        put(BUCKET, "/k").header(
            "x-tos-callback",
            &encoded(&json!({"callbackUrl": "ftp://u:SECRET-TOKEN@h", "callbackBody": "a"})),
        ),
        put(BUCKET, "/k").header("x-tos-callback", &order()).body("x"),
    ];
    for ask in asks {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        assert!(reply.status == 203 || reply.status >= 400, "{shown}");
        for inner in [
            "SECRET-TOKEN",
            ".rs:",
            "src/",
            "panicked",
            "app.example.com",
        ] {
            assert!(!reply.text().contains(inner), "{shown}: {}", reply.text());
        }
    }
}

/// Where a request came from is what the server saw, not what a header says.
#[tokio::test]
async fn no_header_says_where_a_request_came_from() {
    let world = World::with_bucket().await;
    let order = json!({"callbackUrl": "http://a.example", "callbackBody": "ip=${clientIp}"});
    let mut ask = put(BUCKET, "/k")
        .header("x-tos-callback", &encoded(&order))
        .body("x");
    for name in ["x-forwarded-for", "x-real-ip", "forwarded", "client-ip"] {
        ask = ask.unsigned(name, "6.6.6.6");
    }
    world.send(ask).await.expect_status(203);
    let sent = world.callbacks.sent.lock().expect("unpoisoned");
    assert_eq!(&sent[0].body[..], b"ip=127.0.0.1");
}
