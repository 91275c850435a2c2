//! What every dialect has to say to the same attack or trouble: keys, documents, compressed bodies, a full disk.

mod common;

use cohong_sign::{encode, oss, s3};
use common::{Ask, Tongue, World, get, head, oas, post, put};
use serde_json::json;

const BUCKET: &str = "bucket-test";

const TONGUES: [Tongue; 5] = [
    Tongue::Tos,
    Tongue::Oss(oss::Version::V1),
    Tongue::Oss(oss::Version::V4),
    Tongue::S3(s3::Version::V2),
    Tongue::S3(s3::Version::V4),
];

/// The vendor's header for where a copy comes from.
fn copy_source(tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::Oss(_) => "x-oss-copy-source",
        Tongue::S3(_) => "x-amz-copy-source",
        _ => "x-tos-copy-source",
    }
}

/// An order to delete one key.
fn delete_of(tongue: Tongue, key: &str) -> Ask {
    let ask = post(BUCKET, "/?delete").tongue(tongue);
    if tongue == Tongue::Tos {
        return ask.json(&json!({"Objects": [{"Key": key}]}));
    }
    let references: Vec<String> = key
        .chars()
        .map(|c| format!("&#{};", u32::from(c)))
        .collect();
    let references = references.concat();
    let body = format!("<Delete><Object><Key>{references}</Key></Object></Delete>");
    let digest = <md5::Md5 as md5::Digest>::digest(&body);
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
    ask.header("content-md5", &digest).body(body)
}

/// A key is stored, copied and deleted as it is or refused, whichever way it comes.
#[tokio::test]
async fn keys_are_judged_alike_in_every_dialect() {
    let (long, too_long) = ("k".repeat(1024), "k".repeat(1025));
    for tongue in TONGUES {
        let world = World::with_bucket().await;
        let source = put(BUCKET, "/source").body("x");
        world.send(source).await.expect_status(200);
        // The others keep shorter keys, and OSS none that begin so.
        let bare = !matches!(tongue, Tongue::Oss(_));
        let cases = [
            ("../x", true),
            ("a/../../b", true),
            ("..", true),
            ("a//b/", true),
            ("a\\..\\b", true),
            ("a\u{7}\r\nb", true),
            ("%2e%2e/x", true),
            ("\u{fffd}", true),
            ("//", bare),
            ("\\x", bare),
            ("a\u{0}b", false),
            ("\u{0}", false),
            (&long, matches!(tongue, Tongue::S3(_))),
            (&too_long, false),
        ];
        for (key, is_kept) in cases {
            judged(&world, tongue, key, is_kept).await;
        }
    }
}

async fn judged(world: &World, tongue: Tongue, key: &str, is_kept: bool) {
    let shown = format!("{tongue:?} {:?}", &key[..key.len().min(9)]);
    let target = format!("/{}", encode(key.as_bytes()));
    let source = format!("/{BUCKET}/{}", encode(key.as_bytes()));
    let stored = put(BUCKET, &target).tongue(tongue).body("y");
    let stored = world.send(stored).await;
    let copy = put(BUCKET, "/copy").header(copy_source(tongue), &source);
    let copied = world.send(copy.tongue(tongue)).await;
    let wanted = if is_kept { 200 } else { 400 };
    assert_eq!(stored.status, wanted, "{shown}: {}", stored.text());
    assert_eq!(copied.status, wanted, "{shown}: {}", copied.text());
    let read = world.send(get(BUCKET, &target).tongue(tongue)).await;
    assert_eq!(read.text() == "y", is_kept, "{shown}");
    // References to most control characters are no XML; such a key is deleted by its address.
    let is_text = tongue == Tongue::Tos || !key.contains(['\u{7}', '\r']);
    if is_kept && is_text {
        let deleted = world.send(delete_of(tongue, key)).await;
        deleted.expect_status(200);
        let gone = world.send(head(BUCKET, &target).tongue(tongue)).await;
        assert_eq!(gone.status, 404, "{shown}");
    }
}

/// Documents that cost more than they say, or say two things.
#[tokio::test]
async fn xml_that_expands_nests_or_repeats_is_refused_in_every_dialect() {
    let world = World::with_bucket().await;
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>";
    let outer = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">";
    let body = |head: &str, status: &str| {
        format!(
            "{head}<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
        )
    };
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    let bodies = [
        body(entities, "&b;"),
        body(outer, "Enabled"),
        body("", "&undeclared;"),
        body("", "Enabled</Status><Status>Suspended"),
        body("", &deep),
        body("", &"a".repeat(3 << 20)),
        body("", "Enabled").replace("</Versioning", "</Other"),
        "<VersioningConfiguration><Status>Enabled".to_owned(),
        "<Versioning\0Configuration/>".to_owned(),
        deep,
    ];
    for tongue in TONGUES.into_iter().filter(|tongue| *tongue != Tongue::Tos) {
        for bad in &bodies {
            let ask = put(BUCKET, "/?versioning").tongue(tongue).body(bad.clone());
            let reply = world.send(ask).await;
            let shown: String = bad.chars().take(60).collect();
            assert_eq!(reply.status, 400, "{tongue:?} {shown}: {}", reply.text());
            assert!(!reply.text().contains("root:"), "{shown}");
        }
    }
    let state = world.send(get(BUCKET, "/?versioning")).await.json();
    let state = state["Status"].as_str().unwrap_or_default();
    assert_eq!(state, "", "nothing was changed");
}

/// Nothing is expanded on the server, so a small body stays small.
#[tokio::test]
async fn what_is_compressed_is_stored_as_it_was_sent() {
    let world = World::with_bucket().await;
    // Not even a whole one: nobody looks.
    let body = b"\x1f\x8b\x08\0\0\0\0\0\0\x03and so on";
    for tongue in TONGUES {
        for coding in ["gzip", "br", "deflate"] {
            let ask = put(BUCKET, "/k").header("content-encoding", coding);
            world
                .send(ask.tongue(tongue).body(&body[..]))
                .await
                .expect_status(200);
            let read = world.send(get(BUCKET, "/k").tongue(tongue)).await;
            assert_eq!(&read.body[..], body, "{tongue:?}");
            assert_eq!(read.header("content-encoding"), coding, "{tongue:?}");
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_told_in_every_dialect() {
    let world = World::with_bucket().await;
    world
        .send(put(BUCKET, "/k").body("x"))
        .await
        .expect_status(200);
    world.disk.fill(true);
    let large = vec![b'x'; 2 << 20];
    for tongue in TONGUES {
        for ask in [
            put(BUCKET, "/new").body("x"),
            put(BUCKET, "/new").body(large.clone()),
            put(BUCKET, "/k").body("y"),
        ] {
            let reply = world.send(ask.tongue(tongue)).await;
            assert_eq!(reply.status, 507, "{tongue:?}: {}", reply.text());
            assert!(
                reply.text().contains("InsufficientStorage"),
                "{tongue:?}: {}",
                reply.text()
            );
        }
        let kept = world.send(get(BUCKET, "/k").tongue(tongue)).await;
        assert_eq!((kept.status, kept.text()), (200, "x"), "{tongue:?}");
        let new = world.send(head(BUCKET, "/new").tongue(tongue)).await;
        assert_eq!(new.status, 404, "{tongue:?}");
    }
    let reply = world.send(oas::put("/vaults/cabinet")).await;
    assert_eq!(reply.status, 502, "{}", reply.text());
    assert!(
        reply.text().contains("ServiceUnavailable"),
        "{}",
        reply.text()
    );
    world.disk.fill(false);
    let list = world.send(get(BUCKET, "/")).await.json();
    assert_eq!(list["Contents"].as_array().map(Vec::len), Some(1), "{list}");
    world
        .send(put(BUCKET, "/new").body(large))
        .await
        .expect_status(200);
}
