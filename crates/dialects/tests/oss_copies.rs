//! Copies and versions, in the words of OSS (sheet section 5, `CopyObject` and Versioning).

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::oss::{delete, get, head, post, put};
use common::{As, Ask, Reply, World};
use md5::{Digest as _, Md5};

const BUCKET: &str = "bucket-test";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

async fn versioning(world: &World, status: &str) {
    let body =
        format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
    let set = put(BUCKET, "/?versioning").body(body);
    world.send(set).await.expect_status(200);
}

/// Stores `k`; its version.
async fn stored(world: &World, body: &'static str) -> String {
    world.clock.advance(Duration::from_secs(1));
    let stored = world.send(put(BUCKET, "/k").body(body)).await;
    stored
        .expect_status(200)
        .header("x-oss-version-id")
        .to_owned()
}

fn copy(to: &str) -> Ask {
    put(BUCKET, to).header("x-oss-copy-source", "/bucket-test/dir%2Fsrc%20%2B")
}

async fn with_source(world: &World) {
    let source = put(BUCKET, "/dir%2Fsrc%20%2B")
        .header("content-type", "a/b")
        .header("cache-control", "no-cache")
        .header("x-oss-meta-a", "b")
        .header("x-oss-tagging", "t=1")
        .body("hello");
    world.send(source).await.expect_status(200);
}

const SHOWN: [&str; 5] = [
    "content-type",
    "cache-control",
    "x-oss-meta-a",
    "x-oss-meta-c",
    "x-oss-tagging-count",
];

async fn seen(world: &World, key: &str) -> [String; 5] {
    let seen = world.send(head(BUCKET, key)).await.expect_status(200);
    SHOWN.map(|name| seen.header(name).to_owned())
}

#[tokio::test]
async fn an_object_is_copied() {
    let world = world().await;
    with_source(&world).await;
    let copied = world.send(copy("/kept")).await.expect_status(200);
    insta::assert_snapshot!(copied.text());
    let told = ["etag", "x-oss-hash-crc64ecma"].map(|name| copied.header(name));
    assert_eq!(
        told,
        [
            "\"5D41402ABC4B2A76B9719D911017C592\"",
            "11177612005948864433"
        ]
    );
    assert_eq!(
        seen(&world, "/kept").await,
        ["a/b", "no-cache", "b", "", "1"]
    );
    // With the slashes of the key as they are, too.
    let slashes = put(BUCKET, "/slashes").header("x-oss-copy-source", "/bucket-test/dir/src%20%2B");
    world.send(slashes).await.expect_status(200);
    let new = |ask: Ask| {
        ask.header("x-oss-metadata-directive", "REPLACE")
            .header("x-oss-meta-c", "d")
    };
    world.send(new(copy("/new"))).await.expect_status(200);
    assert_eq!(seen(&world, "/new").await, ["a/b", "", "", "d", "1"]);
    let typed = new(copy("/typed")).header("content-type", "c/d");
    world.send(typed).await.expect_status(200);
    assert_eq!(seen(&world, "/typed").await, ["c/d", "", "", "d", "1"]);
    let tagged = copy("/tagged")
        .header("x-oss-tagging-directive", "Replace")
        .header("x-oss-tagging", "u=1&v=2");
    world.send(tagged).await.expect_status(200);
    assert_eq!(
        seen(&world, "/tagged").await,
        ["a/b", "no-cache", "b", "", "2"]
    );
    let open = copy("/open").header("x-oss-object-acl", "public-read");
    world.send(open).await.expect_status(200);
    let read = world.send(get(BUCKET, "/open").by(As::Nobody)).await;
    assert_eq!(read.text(), "hello");
}

#[tokio::test]
async fn a_copy_onto_itself_changes_what_stands_beside_the_bytes() {
    let world = world().await;
    with_source(&world).await;
    let itself = copy("/dir%2Fsrc%20%2B").header("x-oss-meta-c", "d");
    world
        .send(itself.header("content-type", "c/d"))
        .await
        .expect_status(200);
    let found = seen(&world, "/dir/src%20%2B").await;
    assert_eq!(found, ["c/d", "", "", "d", "1"]);
}

#[tokio::test]
async fn copies_are_judged() {
    let world = world().await;
    with_source(&world).await;
    let past = "Mon, 06 May 2024 07:08:08 GMT";
    let now = "Mon, 06 May 2024 07:08:09 GMT";
    let etag = "5d41402abc4b2a76b9719d911017c592";
    let when = |name, value: &str| copy("/never").header(name, value);
    let from = |source: &str| put(BUCKET, "/never").header("x-oss-copy-source", source);
    let cases = [
        (
            when("x-oss-copy-source-if-match", "0"),
            412,
            "PreconditionFailed",
        ),
        (
            when("x-oss-copy-source-if-unmodified-since", past),
            412,
            "PreconditionFailed",
        ),
        (when("x-oss-copy-source-if-none-match", etag), 304, ""),
        (when("x-oss-copy-source-if-modified-since", now), 304, ""),
        (
            when("x-oss-metadata-directive", "MOVE"),
            400,
            "InvalidArgument",
        ),
        (
            when("x-oss-tagging-directive", "MOVE"),
            400,
            "InvalidArgument",
        ),
        (
            when("x-oss-object-acl", "everybody"),
            400,
            "InvalidArgument",
        ),
        (
            copy("/dir/src%20%2B").header("x-oss-forbid-overwrite", "true"),
            409,
            "FileAlreadyExists",
        ),
        (from("/bucket-test/absent"), 404, "NoSuchKey"),
        (from("/bucket-none/a"), 404, "NoSuchBucket"),
        (from("/bucket-test"), 400, "InvalidArgument"),
        (from("/bucket-test/a?versionId=234"), 400, "InvalidArgument"),
        (from("/Bucket_Test/a"), 400, "InvalidBucketName"),
    ];
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        let found = world.send(ask).await;
        assert_eq!(found.status, status, "{shown}");
        assert_eq!(found.element("Code"), code, "{shown}");
    }
    world.send(head(BUCKET, "/never")).await.expect_status(404);
    for good in [
        when("x-oss-copy-source-if-match", etag),
        when("x-oss-copy-source-if-none-match", "0"),
        when("x-oss-copy-source-if-modified-since", past),
        when("x-oss-copy-source-if-unmodified-since", now),
    ] {
        world.send(good).await.expect_status(200);
    }
}

fn told(reply: &Reply) -> [&str; 2] {
    ["x-oss-delete-marker", "x-oss-version-id"].map(|name| reply.header(name))
}

#[tokio::test]
async fn versions_are_kept_and_named() {
    let world = world().await;
    assert_eq!(stored(&world, "before").await, "");
    versioning(&world, "Enabled").await;
    let first = stored(&world, "1").await;
    let second = stored(&world, "2").await;
    let at = |id: &str| format!("/k?versionId={id}");
    for (id, body) in [
        (&first, "1"),
        (&second, "2"),
        (&"null".to_owned(), "before"),
    ] {
        let read = world.send(get(BUCKET, &at(id))).await.expect_status(200);
        assert_eq!((read.text(), told(&read)), (body, ["", id.as_str()]));
    }
    world.clock.advance(Duration::from_secs(1));
    let gone = world.send(delete(BUCKET, "/k")).await.expect_status(204);
    let marker = gone.header("x-oss-version-id").to_owned();
    assert_eq!(told(&gone), ["true", marker.as_str()]);
    for ask in [get(BUCKET, "/k"), head(BUCKET, "/k")] {
        let missing = world.send(ask).await.expect_status(404);
        assert_eq!(told(&missing), ["true", marker.as_str()]);
    }
    let by_id = world.send(get(BUCKET, &at(&marker))).await;
    assert_eq!(by_id.code(), (405, "MethodNotAllowed".into()));
    let unknown = world.send(get(BUCKET, &at("0000000000000001"))).await;
    assert_eq!(unknown.code(), (404, "NoSuchVersion".into()));
    for bad in [get(BUCKET, &at("234")), delete(BUCKET, &at("234"))] {
        assert_eq!(
            world.send(bad).await.code(),
            (400, "InvalidArgument".into())
        );
    }
    let list = world
        .send(get(BUCKET, "/?versions&encoding-type=url"))
        .await;
    let mut shown = list.text().to_owned();
    for (id, name) in [
        (&first, "[first]"),
        (&second, "[second]"),
        (&marker, "[marker]"),
    ] {
        shown = shown.replace(id.as_str(), name);
    }
    insta::assert_snapshot!(shown);
    let revived = world
        .send(delete(BUCKET, &at(&marker)))
        .await
        .expect_status(204);
    assert_eq!(told(&revived), ["true", marker.as_str()]);
    let removed = world
        .send(delete(BUCKET, &at(&second)))
        .await
        .expect_status(204);
    assert_eq!(told(&removed), ["", second.as_str()]);
    assert_eq!(world.send(get(BUCKET, "/k")).await.text(), "1");
    let old = put(BUCKET, "/copy").header("x-oss-copy-source", "/bucket-test/k?versionId=null");
    let copied = world.send(old).await.expect_status(200);
    assert_eq!(copied.header("x-oss-copy-source-version-id"), "null");
    assert_eq!(world.send(get(BUCKET, "/copy")).await.text(), "before");
    // An old version of the same key is brought back with what it carried.
    let back = put(BUCKET, "/k").header("x-oss-copy-source", "/bucket-test/k?versionId=null");
    world
        .send(back.header("x-oss-meta-c", "ignored"))
        .await
        .expect_status(200);
    let back = world.send(get(BUCKET, "/k")).await;
    assert_eq!((back.text(), back.header("x-oss-meta-c")), ("before", ""));
    let overwrite = put(BUCKET, "/k")
        .header("x-oss-forbid-overwrite", "true")
        .body("3");
    world.send(overwrite).await.expect_status(200);
}

#[tokio::test]
async fn versions_are_listed_in_pages() {
    let world = world().await;
    let plain = put(BUCKET, "/a").body("x");
    world.send(plain).await.expect_status(200);
    let never = world.send(get(BUCKET, "/?versions")).await;
    assert_eq!(
        (never.element("VersionId"), never.element("IsLatest")),
        ("null", "true")
    );
    versioning(&world, "Enabled").await;
    stored(&world, "1").await;
    stored(&world, "2").await;
    world.clock.advance(Duration::from_secs(1));
    world.send(delete(BUCKET, "/k")).await.expect_status(204);
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(BUCKET, &format!("/?versions&max-keys=1{after}"));
        let page = world.send(page).await.expect_status(200);
        let marker = page.text().contains("<DeleteMarker>");
        seen.push((page.element("Key").to_owned(), marker));
        if page.element("IsTruncated") == "false" {
            assert_eq!(page.element("NextKeyMarker"), "");
            break;
        }
        let next = ["NextKeyMarker", "NextVersionIdMarker"].map(|name| page.element(name));
        after = format!("&key-marker={}&version-id-marker={}", next[0], next[1]);
    }
    let wanted = [("a", false), ("k", true), ("k", false), ("k", false)];
    assert_eq!(seen, wanted.map(|(key, marker)| (key.to_owned(), marker)));
    let rolled = world.send(get(BUCKET, "/?versions&delimiter=k")).await;
    assert_eq!(rolled.text().matches("<Prefix>k</Prefix>").count(), 1);
    for bad in [
        "versions&version-id-marker=null",
        "versions&key-marker=k&version-id-marker=234",
        "versions&max-keys=0",
    ] {
        let bad = world.send(get(BUCKET, &format!("/?{bad}"))).await;
        assert_eq!(bad.code(), (400, "InvalidArgument".into()));
    }
}

#[tokio::test]
async fn many_versions_are_deleted() {
    let world = world().await;
    versioning(&world, "Enabled").await;
    let first = stored(&world, "1").await;
    let second = stored(&world, "2").await;
    let many = |items: &[(&str, &str)]| {
        let item = |(key, id): &(&str, &str)| {
            format!("<Object><Key>{key}</Key><VersionId>{id}</VersionId></Object>")
        };
        let items: String = items.iter().map(item).collect();
        let body = format!("<Delete>{items}</Delete>");
        let md5 = STANDARD.encode(Md5::digest(&body));
        post(BUCKET, "/?delete")
            .header("content-md5", &md5)
            .body(body)
    };
    let bad = world.send(many(&[("k", &second), ("k", "234")])).await;
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
    assert_eq!(world.send(get(BUCKET, "/k")).await.text(), "2");
    let done = world
        .send(many(&[("k", &first), ("other", "")]))
        .await
        .expect_status(200);
    let marker = done.element("DeleteMarkerVersionId").to_owned();
    let shown = done
        .text()
        .replace(&first, "[first]")
        .replace(&marker, "[marker]");
    insta::assert_snapshot!(shown);
    let gone = world
        .send(many(&[("other", &marker)]))
        .await
        .expect_status(200);
    let shown = gone.text().replace(&marker, "[marker]");
    insta::assert_snapshot!(shown);
}
