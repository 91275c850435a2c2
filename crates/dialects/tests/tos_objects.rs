//! Objects of TOS: store, read, copy, delete, change (sheet section 4).

mod common;

use std::time::Duration;

use common::{As, Ask, World, delete, get, head, post, put};
use serde_json::json;

const BUCKET: &str = "bucket-test";

async fn stored(world: &World, key: &str, body: &'static str) {
    world
        .send(put(BUCKET, key).body(body))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn put_get_head_delete() {
    let world = World::with_bucket().await;
    let ask = put(BUCKET, "/dir/a%20b")
        .header("content-type", "text/plain")
        .header("cache-control", "no-store")
        .header("x-tos-meta-name", "%E4%B8%AD")
        .header("x-tos-tagging", "a=1&b=2")
        .body("123456789");
    let reply = world.send(ask).await.expect_status(200);
    assert_eq!(reply.header("etag"), "\"25f9e794323b453885f5181f1b624d0b\"");
    assert_eq!(reply.header("x-tos-hash-crc64ecma"), "11051210869376104954");
    assert!(reply.body.is_empty() && !reply.headers.contains_key("x-tos-version-id"));
    assert_eq!(reply.header("x-tos-request-id"), "req-1");

    let got = world
        .send(get(BUCKET, "/dir/a%20b"))
        .await
        .expect_status(200);
    assert_eq!(got.text(), "123456789");
    let seen = world
        .send(head(BUCKET, "/dir/a%20b"))
        .await
        .expect_status(200);
    assert!(seen.body.is_empty());
    for reply in [got, seen] {
        for (name, wanted) in [
            ("etag", "\"25f9e794323b453885f5181f1b624d0b\""),
            ("last-modified", "Mon, 06 May 2024 07:08:09 GMT"),
            ("x-tos-hash-crc64ecma", "11051210869376104954"),
            ("content-length", "9"),
            ("content-type", "text/plain"),
            ("cache-control", "no-store"),
            ("x-tos-meta-name", "%E4%B8%AD"),
            ("x-tos-storage-class", "STANDARD"),
            ("x-tos-tagging-count", "2"),
            ("x-tos-object-type", ""),
            ("x-tos-delete-marker", ""),
        ] {
            assert_eq!(reply.header(name), wanted, "{name}");
        }
    }
    for _ in 0..2 {
        world
            .send(delete(BUCKET, "/dir/a%20b"))
            .await
            .expect_status(204);
    }
    let gone = world.send(get(BUCKET, "/dir/a%20b")).await;
    insta::assert_json_snapshot!("no_such_key", gone.json());
    let gone = world
        .send(head(BUCKET, "/dir/a%20b"))
        .await
        .expect_status(404);
    assert_eq!(
        (gone.header("x-tos-ec"), gone.header("content-length")),
        ("0017-00000003", "0")
    );
    assert!(gone.body.is_empty());
}

#[tokio::test]
async fn ranges_and_conditions() {
    let world = World::with_bucket().await;
    stored(&world, "/k", "123456789").await;
    let etag = "25f9e794323b453885f5181f1b624d0b";
    let quoted = format!("\"{etag}\"");
    let cases: &[(&str, &str, u16, &str)] = &[
        ("range", "bytes=1-3", 206, "234"),
        ("range", "bytes=-2", 206, "89"),
        ("range", "bytes=0-1,3-4", 200, "123456789"),
        ("range", "bytes=9-", 416, ""),
        ("if-match", etag, 200, "123456789"),
        ("if-match", &quoted, 200, "123456789"),
        ("if-match", "other", 412, ""),
        ("if-none-match", etag, 304, ""),
        ("if-none-match", "*", 304, ""),
        (
            "if-modified-since",
            "Mon, 06 May 2024 07:08:09 GMT",
            304,
            "",
        ),
        (
            "if-modified-since",
            "Mon, 06 May 2024 07:08:08 GMT",
            200,
            "123456789",
        ),
        (
            "if-unmodified-since",
            "Mon, 06 May 2024 07:08:09 GMT",
            200,
            "123456789",
        ),
        (
            "if-unmodified-since",
            "Mon, 06 May 2024 07:08:08 GMT",
            412,
            "",
        ),
    ];
    for (name, value, status, body) in cases {
        let reply = world
            .send(get(BUCKET, "/k").header(name, value))
            .await
            .expect_status(*status);
        if *status < 300 {
            assert_eq!(reply.text(), *body, "{name}: {value}");
            assert_eq!(reply.header("content-length"), body.len().to_string());
        }
        if *status == 304 {
            assert!(reply.body.is_empty() && !reply.headers.contains_key("content-type"));
        }
    }
    let part = world
        .send(get(BUCKET, "/k").header("range", "bytes=1-3"))
        .await;
    assert_eq!(part.header("content-range"), "bytes 1-3/9");
    assert_eq!(part.header("x-tos-hash-crc64ecma"), "11051210869376104954");
}

#[tokio::test]
async fn responses_can_be_overridden_by_those_who_sign() {
    let world = World::with_bucket().await;
    world
        .send(
            put(BUCKET, "/k")
                .header("x-tos-acl", "public-read")
                .body("x"),
        )
        .await
        .expect_status(200);
    let target = "/k?response-content-type=text%2Fcsv&response-content-disposition=attachment%253B%2520filename%253Dx";
    let reply = world.send(get(BUCKET, target)).await.expect_status(200);
    assert_eq!(reply.header("content-type"), "text/csv");
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=x"
    );
    world
        .send(get(BUCKET, "/k").by(As::Nobody))
        .await
        .expect_status(200);
    let anonymous = world.send(get(BUCKET, target).by(As::Nobody)).await;
    assert_eq!(anonymous.code(), (400, "InvalidArgument".into()));
    let split = world
        .send(get(BUCKET, "/k?response-content-type=a%0D%0Ab:c"))
        .await;
    assert_eq!(split.code(), (400, "InvalidArgument".into()));
}

#[tokio::test]
async fn writes_are_judged() {
    let world = World::with_bucket().await;
    stored(&world, "/k", "old").await;
    let long = format!("/{}", "k".repeat(697));
    let ask = |name, value: &str| put(BUCKET, "/k").header(name, value).body("123456789");
    let cases: Vec<(Ask, u16, &str)> = vec![
        (
            ask("x-tos-forbid-overwrite", "True"),
            409,
            "DuplicateObject",
        ),
        (ask("if-none-match", "*"), 409, "DuplicateObject"),
        (ask("x-tos-if-match", "abc"), 412, "PreconditionFailed"),
        (
            ask("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
            400,
            "BadDigest",
        ),
        (ask("content-md5", "abc"), 400, "InvalidDigest"),
        (
            ask("x-tos-content-sha256", &"0".repeat(64)),
            400,
            "BadDigest",
        ),
        (ask("x-tos-acl", "everybody"), 400, "InvalidArgument"),
        (ask("x-tos-storage-class", "TAPE"), 400, "InvalidArgument"),
        (put(BUCKET, &long).body("x"), 400, "KeyTooLong"),
        (put(BUCKET, "/a%00b").body("x"), 400, "InvalidObjectName"),
        (
            put(BUCKET, "/k").by(As::Other).body("x"),
            403,
            "AccessDenied",
        ),
        (
            put(BUCKET, "/k").by(As::Nobody).body("x"),
            403,
            "AccessDenied",
        ),
        (put("absent-bucket", "/k").body("x"), 404, "NoSuchBucket"),
        (put(BUCKET, "/k?restore").body("x"), 405, "MethodNotAllowed"),
        (put(BUCKET, "/k?modify").body("x"), 405, "MethodNotAllowed"),
        (
            post(BUCKET, "/k?append&offset=0").body("x"),
            409,
            "NotAppendable",
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
    assert_eq!(world.send(get(BUCKET, "/k")).await.text(), "old");
    world
        .send(ask("x-tos-forbid-overwrite", "False"))
        .await
        .expect_status(200);
    let literal = put(BUCKET, "/a/../b").body("dots");
    world.send(literal).await.expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/a/../b")).await.text(), "dots");
}

#[tokio::test]
async fn versions_and_markers() {
    let world = World::with_bucket().await;
    stored(&world, "/k", "null").await;
    let on = json!({"Status": "Enabled"});
    world
        .send(put(BUCKET, "/?versioning").json(&on))
        .await
        .expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/?versioning")).await.json(), on);
    world.clock.advance(Duration::from_secs(1));
    let second = world
        .send(put(BUCKET, "/k").body("second"))
        .await
        .expect_status(200);
    let version = second.header("x-tos-version-id").to_owned();
    assert_eq!(version.len(), 16);
    let null = world
        .send(get(BUCKET, "/k?versionId=null"))
        .await
        .expect_status(200);
    assert_eq!(
        (null.text(), null.header("x-tos-version-id")),
        ("null", "null")
    );
    let marker = world.send(delete(BUCKET, "/k")).await.expect_status(204);
    assert_eq!(marker.header("x-tos-delete-marker"), "true");
    let marker = marker.header("x-tos-version-id").to_owned();
    for ask in [get(BUCKET, "/k"), head(BUCKET, "/k")] {
        let gone = world.send(ask).await.expect_status(404);
        assert_eq!(gone.header("x-tos-delete-marker"), "true");
        assert_eq!(gone.header("x-tos-version-id"), marker);
    }
    let at_marker = world
        .send(get(BUCKET, &format!("/k?versionId={marker}")))
        .await;
    assert_eq!(at_marker.code(), (405, "MethodNotAllowed".into()));
    let kept = world
        .send(get(BUCKET, &format!("/k?versionId={version}")))
        .await
        .expect_status(200);
    assert_eq!(kept.text(), "second");
    assert_eq!(kept.header("x-tos-delete-marker"), "");
    let bad = world.send(get(BUCKET, "/k?versionId=xyz")).await;
    assert_eq!(bad.code(), (400, "InvalidVersionId".into()));
    let undone = world
        .send(delete(BUCKET, &format!("/k?versionId={marker}")))
        .await
        .expect_status(204);
    assert_eq!(undone.header("x-tos-delete-marker"), "true");
    assert_eq!(world.send(get(BUCKET, "/k")).await.text(), "second");
}

#[tokio::test]
async fn many_keys_are_deleted_and_fail_alone() {
    let world = World::with_bucket().await;
    for key in ["/a", "/b", "/c"] {
        stored(&world, key, "x").await;
    }
    let long = "k".repeat(697);
    let list = json!({"Objects": [
        {"Key": "a", "VersionId": null}, {"Key": "absent"}, {"Key": long}, {"Key": "b", "VersionId": "bad"},
    ], "Quiet": false});
    let body = world
        .send(post(BUCKET, "/?delete").json(&list))
        .await
        .expect_status(200)
        .json();
    let keys: Vec<_> = body["Deleted"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| d["Key"].clone())
        .collect();
    assert_eq!(keys, [json!("a"), json!("absent")]);
    let codes: Vec<_> = body["Error"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| d["Code"].clone())
        .collect();
    assert_eq!(codes, [json!("KeyTooLong"), json!("InvalidVersionId")]);
    let quiet = json!({"Objects": [{"Key": "b"}], "Quiet": true});
    assert_eq!(
        world
            .send(post(BUCKET, "/?delete").json(&quiet))
            .await
            .json(),
        json!({})
    );
    world.send(get(BUCKET, "/b")).await.expect_status(404);
    let many = json!({"Objects": vec![json!({"Key": "c"}); 1001]});
    for (ask, code) in [
        (post(BUCKET, "/?delete").json(&many), "MalformedBody"),
        (post(BUCKET, "/?delete").body("{"), "MalformedBody"),
        (
            post(BUCKET, "/?delete").body(r#"{"Objects":[],"objects":[]}"#),
            "MalformedBody",
        ),
        (
            post(BUCKET, "/?delete")
                .json(&quiet)
                .header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
            "BadDigest",
        ),
    ] {
        assert_eq!(world.send(ask).await.code(), (400, code.into()));
    }
    world.send(get(BUCKET, "/c")).await.expect_status(200);
}

#[tokio::test]
async fn copies() {
    let world = World::with_bucket().await;
    let source = put(BUCKET, "/src%20x")
        .header("x-tos-meta-a", "1")
        .header("content-type", "text/plain")
        .header("x-tos-tagging", "t=1")
        .body("123456789");
    world.send(source).await.expect_status(200);
    let copy = |target: &str| {
        put(BUCKET, target)
            .header("x-tos-copy-source", "bucket-test/src%20x")
            .header("x-tos-acl", "private")
    };
    let reply = world.send(copy("/kept")).await.expect_status(200);
    insta::assert_json_snapshot!("copied", reply.json());
    let kept = world.send(head(BUCKET, "/kept")).await;
    assert_eq!(
        (
            kept.header("x-tos-meta-a"),
            kept.header("x-tos-tagging-count")
        ),
        ("1", "1")
    );
    let replaced = copy("/replaced")
        .header("x-tos-metadata-directive", "REPLACE")
        .header("x-tos-tagging-directive", "REPLACE")
        .header("x-tos-meta-b", "2");
    world.send(replaced).await.expect_status(200);
    let replaced = world.send(head(BUCKET, "/replaced")).await;
    let seen = [
        "x-tos-meta-a",
        "x-tos-meta-b",
        "x-tos-tagging-count",
        "content-type",
    ]
    .map(|name| replaced.header(name));
    assert_eq!(seen, ["", "2", "", "binary/octet-stream"]);
    let condition = copy("/never").header("x-tos-copy-source-if-none-match", "*");
    assert_eq!(
        world.send(condition).await.code(),
        (412, "PreconditionFailed".into())
    );
    let absent = put(BUCKET, "/never").header("x-tos-copy-source", "bucket-test/absent");
    assert_eq!(world.send(absent).await.code(), (404, "NoSuchKey".into()));
    let foreign = put("other-bucket", "/never");
    world
        .send(put("other-bucket", "/").by(As::Other))
        .await
        .expect_status(200);
    let foreign = foreign
        .header("x-tos-copy-source", "bucket-test/src%20x")
        .by(As::Other);
    assert_eq!(
        world.send(foreign).await.code(),
        (403, "AccessDenied".into())
    );
}

#[tokio::test]
async fn metadata_grants_and_tags_change_beside_the_bytes() {
    let world = World::with_bucket().await;
    stored(&world, "/k", "x").await;
    let meta = post(BUCKET, "/k?metadata")
        .header("x-tos-meta-n", "v")
        .header("content-type", "a/b");
    world.send(meta).await.expect_status(200);
    let seen = world.send(head(BUCKET, "/k")).await;
    assert_eq!(
        (seen.header("x-tos-meta-n"), seen.header("content-type")),
        ("v", "a/b")
    );

    let set = json!({"TagSet": {"Tags": [{"Key": "a", "Value": "1"}]}});
    let none = json!({"TagSet": {"Tags": []}});
    assert_eq!(world.send(get(BUCKET, "/k?tagging")).await.json(), none);
    world
        .send(put(BUCKET, "/k?tagging").json(&set))
        .await
        .expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/k?tagging")).await.json(), set);
    world
        .send(delete(BUCKET, "/k?tagging"))
        .await
        .expect_status(204);
    assert_eq!(world.send(get(BUCKET, "/k?tagging")).await.json(), none);

    insta::assert_json_snapshot!(
        "acl_default",
        world.send(get(BUCKET, "/k?acl")).await.json()
    );
    world
        .send(put(BUCKET, "/k?acl").header("x-tos-acl", "public-read"))
        .await
        .expect_status(200);
    let shown = world.send(get(BUCKET, "/k?acl")).await.json();
    insta::assert_json_snapshot!("acl_public_read", shown);
    world
        .send(get(BUCKET, "/k").by(As::Nobody))
        .await
        .expect_status(200);
    world
        .send(put(BUCKET, "/k?acl").json(&json!({"IsDefault": true})))
        .await
        .expect_status(200);
    world
        .send(get(BUCKET, "/k").by(As::Nobody))
        .await
        .expect_status(403);
    world
        .send(put(BUCKET, "/k?acl").json(&shown))
        .await
        .expect_status(200);
    world
        .send(get(BUCKET, "/k").by(As::Nobody))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn an_object_grows() {
    let world = World::with_bucket().await;
    let append = |offset: &str, body: &'static str| {
        post(BUCKET, &format!("/log?append&offset={offset}")).body(body)
    };
    let first = world.send(append("0", "one ")).await.expect_status(200);
    assert_eq!(first.header("x-tos-next-append-offset"), "4");
    let second = world.send(append("4", "two")).await.expect_status(200);
    assert_eq!(second.header("x-tos-next-append-offset"), "7");
    let read = world.send(get(BUCKET, "/log")).await.expect_status(200);
    assert_eq!(read.text(), "one two");
    assert_eq!(read.header("x-tos-object-type"), "Appendable");
    assert_eq!(read.header("x-tos-next-append-offset"), "7");
    let refused = world.send(append("4", "x")).await;
    assert_eq!(refused.code(), (409, "OffsetNotMatched".into()));
    assert_eq!(refused.header("x-tos-next-append-offset"), "7");
    let bad = world.send(append("", "x")).await;
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
}
