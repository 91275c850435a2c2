//! Names, documents and forms as attackers write them. Whatever is refused changes nothing.

mod common;

use serde_json::{Value, json};

use common::attack::{BUCKET, form, refused};
use common::{As, Ask, World, get, head, post, put};

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
                "InvalidObjectName",
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
