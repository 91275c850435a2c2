//! What can be done with objects beside storing them as a whole, in the words of OSS.

mod common;

use std::io::Read as _;
use std::time::Duration;

use cohong_core::ports::Clock as _;
use common::oss::{delete, get, head, post, put};
use common::{As, Ask, RESTORE_DELAY, World};

const BUCKET: &str = "bucket-test";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

fn append(key: &str, position: &str) -> Ask {
    post(BUCKET, &format!("{key}?append&position={position}"))
}

fn of_class(key: &str, class: &str) -> Ask {
    put(BUCKET, key)
        .header("x-oss-storage-class", class)
        .body("cold")
}

#[tokio::test]
async fn an_object_grows() {
    let world = world().await;
    let first = append("/log", "0")
        .header("content-type", "text/x-log")
        .header("x-oss-meta-a", "b")
        .body("one ");
    let first = world.send(first).await.expect_status(200);
    assert_eq!(first.header("x-oss-next-append-position"), "4");
    assert_eq!(first.header("content-md5"), "");
    let second = append("/log", "4")
        .header("x-oss-meta-a", "ignored")
        .header("x-oss-tagging", "=%&none");
    let second = world.send(second.body("two")).await.expect_status(200);
    assert_eq!(second.header("x-oss-next-append-position"), "7");
    let whole = world.send(put(BUCKET, "/whole").body("one two")).await;
    let crc = "x-oss-hash-crc64ecma";
    assert_eq!(second.header(crc), whole.header(crc));
    let seen = world.send(get(BUCKET, "/log")).await.expect_status(200);
    assert_eq!(seen.text(), "one two");
    for (name, value) in [
        ("etag", second.header("etag")),
        ("content-type", "text/x-log"),
        ("x-oss-meta-a", "b"),
        ("x-oss-object-type", "Appendable"),
        ("x-oss-next-append-position", "7"),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
    let list = world.send(get(BUCKET, "/?prefix=log")).await;
    assert_eq!(
        (list.element("Type"), list.element("Size")),
        ("Appendable", "7")
    );
    for (key, position, next) in [("/log", "4", "7"), ("/log", "8", "7"), ("/new", "1", "0")] {
        let refused = world.send(append(key, position).body("x")).await;
        let (status, code, ec) = refused.error();
        assert_eq!(
            (status, code.as_str()),
            (409, "PositionNotEqualToLength"),
            "{key}"
        );
        assert_eq!(ec, "0026-00000016");
        assert_eq!(refused.header("x-oss-next-append-position"), next);
    }
    let refused = world.send(append("/whole", "7").body("x")).await;
    assert_eq!(refused.code(), (409, "ObjectNotAppendable".into()));
    for position in ["", "x", "-1", "+1", "99999999999999999999"] {
        let bad = world.send(append("/log", position).body("x")).await;
        assert_eq!(bad.code(), (400, "InvalidArgument".into()), "{position}");
        assert_eq!(bad.element("ArgumentName"), "position");
    }
}

#[tokio::test]
async fn links_stand_for_other_keys() {
    let world = world().await;
    let link = |key: &str, to: &str| {
        put(BUCKET, &format!("{key}?symlink")).header("x-oss-symlink-target", to)
    };
    let made = link("/link", "dir%2F%E4%B8%AD+%20").header("x-oss-meta-of", "link");
    let made = world.send(made).await.expect_status(200);
    let dangling = world.send(get(BUCKET, "/link")).await;
    assert_eq!(dangling.code(), (404, "SymlinkTargetNotExist".into()));
    let target = put(BUCKET, "/dir/%E4%B8%AD+%20").header("x-oss-meta-of", "target");
    let target = world.send(target.body("content")).await.expect_status(200);
    let told = world
        .send(get(BUCKET, "/link?symlink"))
        .await
        .expect_status(200);
    for (name, value) in [
        ("x-oss-symlink-target", "dir%2F%E4%B8%AD%2B%20"),
        ("etag", made.header("etag")),
        ("x-oss-meta-of", "link"),
        ("last-modified", "Mon, 06 May 2024 07:08:09 GMT"),
    ] {
        assert_eq!(told.header(name), value, "{name}");
    }
    let read = world.send(get(BUCKET, "/link")).await.expect_status(200);
    let seen = world.send(head(BUCKET, "/link")).await.expect_status(200);
    assert_eq!(read.text(), "content");
    for (name, value) in [
        ("etag", target.header("etag")),
        ("content-length", "7"),
        ("x-oss-meta-of", "link"),
        ("x-oss-object-type", "Symlink"),
    ] {
        assert_eq!((read.header(name), seen.header(name)), (value, value));
    }
    let list = world.send(get(BUCKET, "/?prefix=link")).await;
    assert_eq!(list.element("Type"), "Symlink");
    let gone = world.send(delete(BUCKET, "/other?symlink")).await;
    gone.expect_status(204);
    world.send(link("/chain", "link")).await.expect_status(200);
    let chain = world.send(get(BUCKET, "/chain")).await;
    assert_eq!(chain.code(), (400, "InvalidTargetType".into()));
    let none = world.send(get(BUCKET, "/dir/%E4%B8%AD+%20?symlink")).await;
    assert_eq!(none.code(), (400, "NotSymlink".into()));
    let forbidden = link("/link", "a").header("x-oss-forbid-overwrite", "true");
    let forbidden = world.send(forbidden).await;
    assert_eq!(forbidden.code(), (409, "FileAlreadyExists".into()));
    for (to, code) in [
        ("%2Ffront", "InvalidObjectName"),
        ("%zz", "InvalidArgument"),
        ("%FF", "InvalidArgument"),
        ("", "InvalidArgument"),
    ] {
        let bad = world.send(link("/bad", to)).await;
        assert_eq!(bad.code(), (400, code.into()), "{to}");
    }
}

#[tokio::test]
async fn archived_objects_are_restored() {
    let world = world().await;
    let told = async |key: &str| {
        let seen = world.send(head(BUCKET, key)).await.expect_status(200);
        let list = world
            .send(get(BUCKET, &format!("/?prefix={}", &key[1..])))
            .await;
        let info = list.element("RestoreInfo").replace("&quot;", "\"");
        assert_eq!(info, seen.header("x-oss-restore"), "{key}");
        info
    };
    let restore = async |key: &str, body: &str| {
        let ask = post(BUCKET, &format!("{key}?restore")).body(body.to_owned());
        world.send(ask).await
    };
    let job = |tier: &str| {
        format!(
            "<RestoreRequest><Days>2</Days><JobParameters><Tier>{tier}</Tier></JobParameters></RestoreRequest>"
        )
    };
    for (key, class) in [
        ("/a", "Archive"),
        ("/b", "ColdArchive"),
        ("/c", "DeepColdArchive"),
    ] {
        let stored = of_class(key, class);
        world.send(stored).await.expect_status(200);
        let refused = world.send(get(BUCKET, key)).await;
        assert_eq!(
            refused.code(),
            (403, "InvalidObjectState".into()),
            "{class}"
        );
        let seen = world.send(head(BUCKET, key)).await.expect_status(200);
        assert_eq!(seen.header("x-oss-storage-class"), class);
        assert_eq!(told(key).await, "");
    }
    let bad = restore("/a", &job("Bulk")).await;
    assert_eq!(bad.code(), (400, "MalformedXML".into()));
    let bad = restore("/b", &job("Soon")).await;
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
    let bad = restore("/b", "<RestoreRequest><Days>0</Days></RestoreRequest>").await;
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
    restore("/a", "").await.expect_status(202);
    let begun = restore("/b", &job("Expedited")).await.expect_status(202);
    assert_eq!(begun.header("x-oss-object-restore-priority"), "Expedited");
    let twice = restore("/a", "").await;
    assert_eq!(twice.code(), (409, "RestoreAlreadyInProgress".into()));
    assert_eq!(told("/a").await, "ongoing-request=\"true\"");
    assert_eq!(world.send(get(BUCKET, "/a")).await.status, 403);
    world.clock.advance(RESTORE_DELAY);
    let until = "ongoing-request=\"false\", expiry-date=\"Tue, 07 May 2024 07:09:09 GMT\"";
    assert_eq!(told("/a").await, until);
    let read = world.send(get(BUCKET, "/a")).await.expect_status(200);
    assert_eq!((read.text(), read.header("x-oss-restore")), ("cold", until));
    restore("/a", "<RestoreRequest><Days>3</Days></RestoreRequest>")
        .await
        .expect_status(200);
    assert!(told("/a").await.contains("Thu, 09 May 2024"));
    world
        .send(put(BUCKET, "/plain").body("x"))
        .await
        .expect_status(200);
    let plain = restore("/plain", "").await;
    assert_eq!(plain.code(), (400, "OperationNotSupported".into()));
    let none = restore("/none", "").await;
    assert_eq!(none.code(), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn restores_are_ended_early() {
    let world = world().await;
    let stored = of_class("/a", "Archive");
    world.send(stored).await.expect_status(200);
    let end = async || world.send(post(BUCKET, "/a?cleanRestoredObject")).await;
    let restore = async || {
        let begun = world.send(post(BUCKET, "/a?restore")).await;
        begun.expect_status(202);
    };
    let stale = (409, "ArchiveRestoreFileStale".into());
    assert_eq!(end().await.code(), stale);
    restore().await;
    let early = end().await;
    assert_eq!(early.code(), (409, "ArchiveRestoreNotFinished".into()));
    world.clock.advance(RESTORE_DELAY);
    let read = world.send(get(BUCKET, "/a")).await.expect_status(200);
    assert_eq!(read.text(), "cold");
    let foreign = post(BUCKET, "/a?cleanRestoredObject").by(As::Other);
    assert_eq!(world.send(foreign).await.status, 403);
    end().await.expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/a")).await.status, 403);
    assert_eq!(end().await.code(), stale);
    restore().await;
}

#[tokio::test]
async fn tags_of_an_object() {
    let world = world().await;
    world
        .send(put(BUCKET, "/a").body("x"))
        .await
        .expect_status(200);
    let none = world
        .send(get(BUCKET, "/a?tagging"))
        .await
        .expect_status(200);
    assert!(
        none.text().ends_with("<Tagging><TagSet/></Tagging>"),
        "{}",
        none.text()
    );
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let set = |tags: &str| {
        put(BUCKET, "/a?tagging").body(format!("<Tagging><TagSet>{tags}</TagSet></Tagging>"))
    };
    let two = tag("a", "1") + &tag("中 +", "");
    world.send(set(&two)).await.expect_status(200);
    let told = world
        .send(get(BUCKET, "/a?tagging"))
        .await
        .expect_status(200);
    insta::assert_snapshot!(told.text());
    let seen = world.send(head(BUCKET, "/a")).await;
    assert_eq!(seen.header("x-oss-tagging-count"), "2");
    let many: String = (0..11).map(|n| tag(&format!("k{n}"), "v")).collect();
    for bad in [
        many,
        tag("", "v"),
        tag("a", "1") + &tag("a", "2"),
        tag(&"k".repeat(129), "v"),
        tag("a%", "1"),
        tag("a", "&amp;"),
    ] {
        assert_eq!(
            world.send(set(&bad)).await.code(),
            (400, "InvalidTag".into()),
            "{bad}"
        );
    }
    let malformed = world
        .send(put(BUCKET, "/a?tagging").body("<Tagging/>"))
        .await;
    assert_eq!(malformed.code(), (400, "MalformedXML".into()));
    let still = world.send(head(BUCKET, "/a")).await;
    assert_eq!(still.header("x-oss-tagging-count"), "2");
    world
        .send(delete(BUCKET, "/a?tagging"))
        .await
        .expect_status(204);
    let none = world.send(head(BUCKET, "/a")).await;
    assert_eq!(none.header("x-oss-tagging-count"), "");
}

#[tokio::test]
async fn the_list_of_an_object() {
    let world = world().await;
    world
        .send(put(BUCKET, "/a").body("x"))
        .await
        .expect_status(200);
    let told = async || world.send(get(BUCKET, "/a?acl")).await.expect_status(200);
    assert_eq!(told().await.element("Grant"), "default");
    let set = |word| put(BUCKET, "/a?acl").header("x-oss-object-acl", word);
    for word in ["private", "public-read", "public-read-write", "default"] {
        world.send(set(word)).await.expect_status(200);
        assert_eq!(told().await.element("Grant"), word);
    }
    insta::assert_snapshot!(told().await.text());
    let bad = world.send(set("everybody")).await;
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
    assert_eq!(bad.element("ArgumentName"), "x-oss-object-acl");
    let none = world.send(put(BUCKET, "/a?acl")).await;
    assert_eq!(none.code(), (400, "MissingArgument".into()));
}

#[tokio::test]
async fn a_bucket_is_counted() {
    let world = world().await;
    for (key, class) in [
        ("/a", "Standard"),
        ("/b", "IA"),
        ("/c", "IA"),
        ("/d", "ColdArchive"),
    ] {
        world.send(of_class(key, class)).await.expect_status(200);
    }
    // A class that only the other dialect has.
    let instant = common::put(BUCKET, "/e").header("x-tos-storage-class", "ARCHIVE_FR");
    world.send(instant.body("x")).await.expect_status(200);
    let stat = world.send(get(BUCKET, "/?stat")).await.expect_status(200);
    insta::assert_snapshot!(stat.text());
}

#[tokio::test]
async fn a_range_that_is_refused_is_told() {
    let world = world().await;
    world
        .send(put(BUCKET, "/a").body("hello"))
        .await
        .expect_status(200);
    for range in ["bytes=9-10", "bytes=3-1", "nonsense"] {
        let ask = get(BUCKET, "/a")
            .header("range", range)
            .header("x-oss-range-behavior", "standard");
        let refused = world.send(ask).await;
        assert_eq!(refused.code(), (416, "InvalidRange".into()), "{range}");
        let told = ["ActualObjectSize", "RangeRequested"].map(|name| refused.element(name));
        assert_eq!(told, ["5", range]);
        assert_eq!(refused.header("content-range"), "bytes */5");
    }
}

#[tokio::test]
async fn texts_are_compressed_for_those_who_ask() {
    let world = world().await;
    let text = "all work and no play ".repeat(9999);
    let store = async |key: &str, kind: &str, text: &str| {
        let stored = put(BUCKET, key)
            .header("content-type", kind)
            .body(text.to_owned());
        world.send(stored).await.expect_status(200);
    };
    store("/plain", "text/plain; charset=utf-8", &text).await;
    store("/zip", "application/zip", &text).await;
    store("/short", "text/plain", &text[..1023]).await;
    let encoded = put(BUCKET, "/encoded")
        .header("content-type", "text/plain")
        .header("content-encoding", "br");
    world
        .send(encoded.body(text.clone()))
        .await
        .expect_status(200);
    let cases = [
        ("/plain", "gzip", true),
        ("/plain", "deflate, GZip;q=0.5", true),
        ("/plain", "gzip;q=0", false),
        ("/plain", "deflate", false),
        ("/zip", "gzip", false),
        ("/short", "gzip", false),
        ("/encoded", "gzip", false),
    ];
    for (key, accept, compressed) in cases {
        let ask = get(BUCKET, key).header("accept-encoding", accept);
        let read = world.send(ask).await.expect_status(200);
        let length = read.header("content-length");
        assert_eq!(length.is_empty(), compressed, "{key} {accept}");
        assert_eq!(read.header("content-md5").is_empty(), compressed);
        if compressed {
            assert_eq!(read.header("content-encoding"), "gzip");
            assert!(read.body.len() < text.len() / 10);
            let mut plain = String::new();
            let mut reader = flate2::read::GzDecoder::new(&read.body[..]);
            reader.read_to_string(&mut plain).expect("gzip");
            assert_eq!(plain, text);
        } else {
            assert_ne!(read.header("content-encoding"), "gzip");
            assert_eq!(read.body.len().to_string(), length);
        }
    }
    let part = get(BUCKET, "/plain")
        .header("accept-encoding", "gzip")
        .header("range", "bytes=0-1999");
    let part = world.send(part).await.expect_status(206);
    assert_eq!(part.text(), &text[..2000]);
    let seen = head(BUCKET, "/plain").header("accept-encoding", "gzip");
    let seen = world.send(seen).await.expect_status(200);
    assert_eq!(seen.header("content-length"), text.len().to_string());
}

#[tokio::test]
async fn bodies_travel_at_the_pace_that_is_asked_for() {
    let world = world().await;
    for bits in ["819199", "838860801", "fast", "", "-1"] {
        let bad = put(BUCKET, "/a").header("x-oss-traffic-limit", bits);
        let bad = world.send(bad.body("x")).await;
        assert_eq!(bad.code(), (400, "InvalidArgument".into()), "{bits}");
        assert_eq!(bad.element("ArgumentName"), "x-oss-traffic-limit");
    }
    // 100 KiB in a second.
    let text = "x".repeat(1 << 20);
    let limited = [
        put(BUCKET, "/a")
            .header("x-oss-traffic-limit", "819200")
            .body(text.clone()),
        get(BUCKET, "/a?x-oss-traffic-limit=819200"),
        post(BUCKET, "/b?append&position=0")
            .header("x-oss-traffic-limit", "819200")
            .body(text.clone()),
    ];
    for ask in limited {
        let start = world.clock.mono();
        let mut sent = Box::pin(world.send(ask));
        let reply = loop {
            match futures_util::poll!(sent.as_mut()) {
                std::task::Poll::Ready(reply) => break reply,
                std::task::Poll::Pending => world.clock.advance(Duration::from_millis(1)),
            }
            tokio::task::yield_now().await;
        };
        reply.expect_status(200);
        let took = world.clock.mono().saturating_sub(start);
        assert_eq!(took, Duration::from_millis(10_240));
    }
}
