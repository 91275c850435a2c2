//! Requests as attackers send them: what is not signed, what stands twice, what no header, key or
//! document can hold. Whatever is refused changes nothing.

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use common::{As, Ask, World, get, head, post, put};

const BUCKET: &str = "bucket-test";

fn encoded(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

fn order() -> String {
    encoded(&json!({"callbackUrl": "http://app.example.com/cb", "callbackBody": "a=1"}))
}

/// Each request gets this status and code, and no key is stored.
async fn refused(world: &World, cases: Vec<(Ask, u16, &str)>) {
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        assert_eq!(reply.code(), (status, code.to_owned()), "{shown}");
    }
    let list = world.send(get(BUCKET, "/")).await.expect_status(200).json();
    assert_eq!(list["Contents"], json!([]), "nothing was stored");
    assert!(world.callbacks.sent.lock().expect("unpoisoned").is_empty());
}

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

/// A form as browsers send it, unsigned unless `fields` sign it.
fn form(fields: &[(&str, &str)]) -> Ask {
    let part = |(name, value): &(&str, &str)| {
        format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head: String = fields.iter().map(part).collect();
    let file = "--BB\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n123\r\n--BB--\r\n";
    post(BUCKET, "/")
        .header("content-type", "multipart/form-data; boundary=BB")
        .by(As::Nobody)
        .body(head + file)
}

#[tokio::test]
async fn a_form_stays_within_its_policy() {
    let world = World::with_bucket().await;
    let signed = |conditions: &Value, fields: &[(&str, &str)]| {
        let policy = json!({"expiration": "2024-05-06T08:00:00.000Z", "conditions": conditions});
        let own = world.sign_policy(&policy);
        let own = own
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        form(&fields.iter().copied().chain(own).collect::<Vec<_>>())
    };
    let prefix =
        json!([["starts-with", "$key", "up/"], ["eq", "$content-type", "a/b"], {"bucket": BUCKET}]);
    let typed = ("Content-Type", "a/b");
    let size = |least: u64, most: u64| json!([{"key": "k"}, ["content-length-range", least, most]]);
    let elsewhere = json!([{"key": "k"}, {"bucket": "other-test"}]);
    let key = ("key", "k");
    refused(
        &world,
        vec![
            (
                signed(&prefix, &[("key", "down/a"), typed]),
                403,
                "AccessDenied",
            ),
            (
                signed(&prefix, &[("key", "up/a"), ("Content-Type", "text/html")]),
                403,
                "AccessDenied",
            ),
            (signed(&prefix, &[("key", "up/a")]), 403, "AccessDenied"),
            (signed(&size(0, 2), &[key]), 400, "EntityTooLarge"),
            (signed(&size(4, 9), &[key]), 400, "EntityTooSmall"),
            // Nothing is at least 9 and at most 1 byte long.
            (signed(&size(9, 1), &[key]), 400, "EntityTooLarge"),
            (signed(&elsewhere, &[key]), 403, "AccessDenied"),
            (signed(&json!([]), &[key]), 403, "AccessDenied"),
            (
                signed(&size(0, 9), &[key, ("x-tos-acl", "public-read")]),
                403,
                "AccessDenied",
            ),
            (
                signed(&size(0, 9), &[key, ("KEY", "j")]),
                400,
                "InvalidArgument",
            ),
            (
                signed(&json!([{"key": "../x\u{0}"}]), &[("key", "../x\u{0}")]),
                400,
                "InvalidArgument",
            ),
        ],
    )
    .await;
    let good = signed(&prefix, &[("key", "up/../a"), typed]);
    world.send(good).await.expect_status(204);
    world
        .send(head(BUCKET, "/up/../a"))
        .await
        .expect_status(200);
}

/// The same names are judged alike wherever they stand.
#[tokio::test]
async fn a_key_is_judged_alike_wherever_it_stands() {
    let world = World::with_bucket().await;
    world
        .send(put(BUCKET, "/source").body("x"))
        .await
        .expect_status(200);
    let long = "k".repeat(697);
    let cases = [
        ("../x", Ok(())),
        ("a/../../b", Ok(())),
        ("//", Ok(())),
        ("/etc/passwd", Ok(())),
        ("a\\..\\b", Ok(())),
        ("a\u{7}\r\nb", Ok(())),
        ("a\u{0}b", Err("InvalidObjectName")),
        ("\u{0}", Err("InvalidObjectName")),
        (long.as_str(), Err("KeyTooLong")),
    ];
    for (key, wanted) in cases {
        let target = format!("/{}", cohong_sign::encode(key.as_bytes()));
        let source = format!("bucket-test/{}", cohong_sign::encode(key.as_bytes()));
        let shown: String = key.chars().take(9).flat_map(char::escape_default).collect();
        let stored = world.send(put(BUCKET, &target).body("x")).await;
        let copy = put(BUCKET, "/copy").header("x-tos-copy-source", &source);
        let copied = world.send(copy).await;
        let many = post(BUCKET, "/?delete").json(&json!({"Objects": [{"Key": key}]}));
        let many = world.send(many).await.expect_status(200).json();
        if let Err(code) = wanted {
            assert_eq!(stored.code(), (400, code.to_owned()), "{shown}");
            assert_eq!(copied.code(), (400, code.to_owned()), "{shown}");
            assert_eq!(many["Error"][0]["Code"], code, "{shown}");
        } else {
            assert_eq!((stored.status, copied.status), (200, 200), "{shown}");
            assert_eq!(many["Deleted"][0]["Key"], key, "{shown}");
        }
        assert_eq!(
            world.send(head(BUCKET, &target)).await.status / 100,
            4,
            "{shown}"
        );
    }
    for (target, code) in [
        ("/%ff", "InvalidObjectName"),
        ("/%c0%ae%c0%ae", "InvalidObjectName"),
        ("/%", "InvalidArgument"),
    ] {
        let reply = world
            .send(put(BUCKET, target).body("x").by(As::Nobody))
            .await;
        assert_eq!(reply.code(), (400, code.to_owned()), "{target}");
    }
}

#[tokio::test]
async fn documents_have_bounds() {
    let world = World::with_bucket().await;
    let deep = format!(
        "{{\"Objects\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let large = format!("{{\"Objects\":[],\"Pad\":\"{}\"}}", "a".repeat(2 << 20));
    let many: Vec<Value> = (0..1001).map(|n| json!({"Key": format!("k{n}")})).collect();
    let many = json!({"Objects": many}).to_string();
    let twice = r#"{"Status":"Enabled","status":"Suspended"}"#;
    let unknown = r#"{"Rules":[],"Rulez":[]}"#;
    let inner = r#"{"CloudFunctionConfigurations":[{"RuleId":"1","Events":["tos:ObjectCreated:Put"],"CloudFunction":"f","Fliter":{}}]}"#;
    let number = r#"{"Rules":1e999}"#;
    let cases: Vec<(Ask, u16, &str)> = vec![
        (post(BUCKET, "/?delete").body(deep), 400, "MalformedBody"),
        (post(BUCKET, "/?delete").body(large), 400, "EntityTooLarge"),
        (post(BUCKET, "/?delete").body(many), 400, "MalformedBody"),
        (
            put(BUCKET, "/?versioning").body(twice),
            400,
            "MalformedBody",
        ),
        (
            put(BUCKET, "/?versioning").body("<x/>"),
            400,
            "MalformedBody",
        ),
        (put(BUCKET, "/?versioning").body("[]"), 400, "MalformedBody"),
        (
            put(BUCKET, "/?versioning").body(&b"{\"Status\":\"\xff\"}"[..]),
            400,
            "MalformedBody",
        ),
        (
            put(BUCKET, "/?notification_v2").body(unknown),
            400,
            "MalformedBody",
        ),
        (
            put(BUCKET, "/?notification_v2").body(number),
            400,
            "MalformedBody",
        ),
        (
            put(BUCKET, "/?notification").body(inner),
            400,
            "MalformedBody",
        ),
    ];
    refused(&world, cases).await;
    let state = world.send(get(BUCKET, "/?versioning")).await.json();
    assert!(
        state.get("Status").is_none_or(|status| status == ""),
        "{state}"
    );
}

/// Values that are written into the heads of later answers.
#[tokio::test]
async fn nothing_stored_or_asked_for_can_split_an_answer() {
    let world = World::with_bucket().await;
    world
        .send(put(BUCKET, "/k").body("x"))
        .await
        .expect_status(200);
    for value in ["a%0d%0ab:%20c", "a%00", "%7f", "a%0a"] {
        for name in ["type", "disposition", "encoding", "language"] {
            let target = format!("/k?response-content-{name}={value}");
            let reply = world.send(get(BUCKET, &target)).await;
            assert_eq!(reply.status, 400, "{target}");
        }
    }
    let big = put(BUCKET, "/m")
        .header("x-tos-meta-a", &"m".repeat(9000))
        .body("x");
    assert_eq!(
        world.send(big).await.code(),
        (400, "InvalidArgument".into())
    );
    // Who reads unsigned cannot choose what browsers take the object for.
    let open = put(BUCKET, "/?acl").header("x-tos-acl", "public-read");
    world.send(open).await.expect_status(200);
    let chosen = get(BUCKET, "/k?response-content-type=text%2Fhtml").by(As::Nobody);
    assert_ne!(world.send(chosen).await.header("content-type"), "text/html");
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
