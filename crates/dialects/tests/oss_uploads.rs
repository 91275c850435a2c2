//! Uploads in parts, in the words of OSS (sheet section 5, Multipart).

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::ports::CallbackAnswer;
use common::oss::{delete, get, head, post, put};
use common::{As, Reply, World};
use serde_json::json;

const BUCKET: &str = "bucket-test";
const SMALLEST: usize = 100 << 10;

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

async fn begin(world: &World, target: &str) -> String {
    let opened = world.send(post(BUCKET, target)).await.expect_status(200);
    opened.element("UploadId").to_owned()
}

/// Stores a part of the key `k`; its entity tag in quotes.
async fn part(world: &World, id: &str, number: u32, body: impl Into<Bytes>) -> String {
    let target = format!("/k?partNumber={number}&uploadId={id}");
    let stored = world.send(put(BUCKET, &target).body(body)).await;
    stored.expect_status(200).header("etag").to_owned()
}

fn list(parts: &[(u32, &str)]) -> String {
    let part = |(number, etag): &(u32, &str)| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
    };
    let parts: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

/// The body with an id that is no part of a promise replaced.
fn masked(reply: &Reply, id: &str) -> String {
    assert!(!id.is_empty());
    reply.text().replace(id, "[id]")
}

#[tokio::test]
async fn parts_make_an_object() {
    let world = world().await;
    let begin = post(BUCKET, "/k?uploads&encoding-type=url")
        .header("content-type", "a/b")
        .header("x-oss-meta-a", "b")
        .header("x-oss-storage-class", "IA");
    let opened = world.send(begin).await.expect_status(200);
    let id = opened.element("UploadId").to_owned();
    insta::assert_snapshot!("begun", masked(&opened, &id));
    let first = part(&world, &id, 1, vec![b'a'; SMALLEST]).await;
    let stored = put(BUCKET, &format!("/k?partNumber=3&uploadId={id}"))
        .header("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")
        .body("hello");
    let stored = world.send(stored).await.expect_status(200);
    let told = ["etag", "content-md5", "x-oss-hash-crc64ecma"].map(|name| stored.header(name));
    let etag = "\"5D41402ABC4B2A76B9719D911017C592\"";
    assert_eq!(
        told,
        [etag, "XUFAKrxLKna5cZ2REBfFkg==", "11177612005948864433"]
    );
    let parts = get(
        BUCKET,
        &format!("/k?uploadId={id}&part-number-marker=&encoding-type=url"),
    );
    let parts = world.send(parts).await.expect_status(200);
    insta::assert_snapshot!("parts", masked(&parts, &id));
    let uploads = world.send(get(BUCKET, "/?uploads")).await;
    insta::assert_snapshot!("uploads", masked(&uploads, &id));
    // Quoted or not, in any case.
    let bare = first.trim_matches('"').to_lowercase();
    let complete = post(BUCKET, &format!("/k?uploadId={id}&encoding-type=url"));
    let done = world
        .send(complete.body(list(&[(1, &bare), (3, etag)])))
        .await;
    insta::assert_snapshot!("completed", done.text());
    let read = world.send(get(BUCKET, "/k")).await.expect_status(200);
    assert_eq!(read.body.len(), SMALLEST + 5);
    for name in ["etag", "x-oss-hash-crc64ecma"] {
        assert_eq!(read.header(name), done.header(name));
        assert!(!read.header(name).is_empty());
    }
    let told = [
        "x-oss-object-type",
        "content-type",
        "x-oss-meta-a",
        "x-oss-storage-class",
    ];
    assert_eq!(
        told.map(|name| read.header(name)),
        ["Multipart", "a/b", "b", "IA"]
    );
    assert_eq!(read.header("content-md5"), "");
    let none = world.send(get(BUCKET, "/?uploads")).await;
    insta::assert_snapshot!("no_uploads", none.text());
}

#[tokio::test]
async fn all_parts_or_those_that_are_named() {
    let world = world().await;
    let id = begin(&world, "/k?uploads").await;
    let last = part(&world, &id, 2, "b").await;
    part(&world, &id, 1, vec![b'a'; SMALLEST]).await;
    let target = format!("/k?uploadId={id}");
    let all = || post(BUCKET, &target).header("x-oss-complete-all", "yes");
    let both = world.send(all().body(list(&[(2, &last)]))).await;
    assert_eq!(
        both.error(),
        (400, "InvalidArgument".into(), "0042-00000216".into())
    );
    let text = "Should not speficy both complete all header and http body.";
    assert_eq!(both.element("Message"), text);
    for empty in [String::new(), list(&[])] {
        let neither = world.send(post(BUCKET, &target).body(empty)).await;
        assert_eq!(neither.code(), (400, "MalformedXML".into()));
    }
    world.send(all()).await.expect_status(200);
    let read = world.send(get(BUCKET, "/k")).await;
    assert_eq!(read.body.len(), SMALLEST + 1);
}

#[tokio::test]
async fn uploads_are_judged() {
    let world = world().await;
    let id = begin(&world, "/k?uploads").await;
    let small = part(&world, &id, 1, "small").await;
    let last = part(&world, &id, 2, "last").await;
    let at = |more: &str| format!("/k?uploadId={id}{more}");
    let complete = |parts: &[(u32, &str)]| post(BUCKET, &at("")).body(list(parts));
    let copy = |range: &str| {
        put(BUCKET, &at("&partNumber=3"))
            .header("x-oss-copy-source", "/bucket-test/absent")
            .header("x-oss-copy-source-range", range)
    };
    let wrong = "0".repeat(32);
    let cases = [
        (put(BUCKET, &at("&partNumber=0")), 400, "InvalidArgument"),
        (
            put(BUCKET, &at("&partNumber=10001")),
            400,
            "InvalidArgument",
        ),
        (put(BUCKET, &at("&partNumber=a")), 400, "InvalidArgument"),
        (
            put(BUCKET, &at("&partNumber=1"))
                .header("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")
                .body("another"),
            400,
            "InvalidDigest",
        ),
        (complete(&[(1, &small), (2, &last)]), 400, "EntityTooSmall"),
        (
            complete(&[(2, &last), (1, &small)]),
            400,
            "InvalidPartOrder",
        ),
        (complete(&[(2, &last), (2, &last)]), 400, "InvalidPartOrder"),
        (complete(&[(1, &wrong)]), 400, "InvalidPart"),
        (complete(&[(9, &small)]), 400, "InvalidPart"),
        (complete(&[(0, &small)]), 400, "InvalidArgument"),
        (post(BUCKET, &at("")).body("<Other/>"), 400, "MalformedXML"),
        (copy("bytes=a-b"), 400, "InvalidArgument"),
        (copy("bytes=0-1"), 404, "NoSuchKey"),
        (get(BUCKET, &at("&max-parts=0")), 400, "InvalidArgument"),
        (get(BUCKET, &at("&max-parts=1001")), 400, "InvalidArgument"),
        (
            get(BUCKET, "/?uploads&max-uploads=0"),
            400,
            "InvalidArgument",
        ),
        (get(BUCKET, &at("")).by(As::Other), 403, "AccessDenied"),
    ];
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        let found = world.send(ask).await.code();
        assert_eq!(found, (status, code.to_owned()), "{shown}");
    }
    world.send(head(BUCKET, "/k")).await.expect_status(404);
    world.send(delete(BUCKET, &at(""))).await.expect_status(204);
    for (ask, ec) in [
        (put(BUCKET, &at("&partNumber=1")).body("x"), "0042-00000311"),
        (copy("bytes=0-1"), "0042-00000311"),
        (delete(BUCKET, &at("")), "0042-00000104"),
        (get(BUCKET, &at("")), "0042-00000002"),
        (complete(&[(1, &small)]), "0042-00000002"),
        (get(BUCKET, "/k?uploadId=nonsense"), "0042-00000002"),
    ] {
        let gone = world.send(ask).await.error();
        assert_eq!(gone, (404, "NoSuchUpload".into(), ec.into()));
    }
}

#[tokio::test]
async fn parts_are_copied() {
    let world = world().await;
    let source = put(BUCKET, "/dir%2Fsrc%20%2B").body("123456789");
    world.send(source).await.expect_status(200);
    let id = begin(&world, "/k?uploads").await;
    for (range, wanted) in [
        ("bytes=1-3", "234"),
        ("bytes=7-", "89"),
        ("bytes=-1", "9"),
        ("", "123456789"),
    ] {
        let mut copy = put(BUCKET, &format!("/k?partNumber=1&uploadId={id}"))
            .header("x-oss-copy-source", "/bucket-test/dir%2Fsrc%20%2B");
        if !range.is_empty() {
            copy = copy.header("x-oss-copy-source-range", range);
        }
        let copied = world.send(copy).await.expect_status(200);
        assert_eq!(
            copied.element("ETag").replace("&quot;", "\""),
            copied.header("etag")
        );
        if range == "bytes=1-3" {
            insta::assert_snapshot!("part_copied", copied.text());
        }
        let parts = world.send(get(BUCKET, &format!("/k?uploadId={id}"))).await;
        assert_eq!(parts.element("Size"), wanted.len().to_string(), "{range}");
    }
    let unchanged = put(BUCKET, &format!("/k?partNumber=1&uploadId={id}"))
        .header("x-oss-copy-source", "/bucket-test/dir/src%20%2B")
        .header("x-oss-copy-source-if-none-match", "*");
    let unchanged = world.send(unchanged).await;
    assert_eq!(unchanged.code(), (412, "PreconditionFailed".into()));
}

#[tokio::test]
async fn parts_may_have_to_come_in_order() {
    let world = world().await;
    let id = begin(&world, "/k?uploads&sequential").await;
    part(&world, &id, 1, "a").await;
    let late = put(BUCKET, &format!("/k?partNumber=3&uploadId={id}")).body("x");
    let late = world.send(late).await;
    assert_eq!(late.code(), (400, "PartNotSequential".into()));
    part(&world, &id, 2, "b").await;
}

#[tokio::test]
async fn what_counts_at_the_end() {
    let world = world().await;
    let kept = put(BUCKET, "/k").body("kept");
    world.send(kept).await.expect_status(200);
    let id = begin(&world, "/k?uploads").await;
    let etag = part(&world, &id, 1, "new").await;
    let complete = || post(BUCKET, &format!("/k?uploadId={id}")).body(list(&[(1, &etag)]));
    let forbid = complete().header("x-oss-forbid-overwrite", "true");
    let refused = world.send(forbid).await;
    assert_eq!(refused.code(), (409, "FileAlreadyExists".into()));
    let bad = complete().header("x-oss-object-acl", "everybody");
    assert_eq!(
        world.send(bad).await.code(),
        (400, "InvalidArgument".into())
    );
    let anonymous = || get(BUCKET, "/k").by(As::Nobody);
    world.send(anonymous()).await.expect_status(403);
    let open = complete().header("x-oss-object-acl", "public-read");
    world.send(open).await.expect_status(200);
    assert_eq!(world.send(anonymous()).await.text(), "new");
}

#[tokio::test]
async fn the_application_answers_for_a_complete() {
    let world = world().await;
    *world.callbacks.answer.lock().expect("unpoisoned") = Some(CallbackAnswer {
        content_type: Some("application/json".into()),
        body: Bytes::from_static(b"{\"ok\":1}"),
    });
    let order = json!({"callbackUrl": "http://app.example.com/cb", "callbackBody": "o=${object}&s=${size}"});
    let id = begin(&world, "/k?uploads").await;
    part(&world, &id, 1, "hello").await;
    let complete = || {
        post(BUCKET, &format!("/k?uploadId={id}"))
            .header("x-oss-complete-all", "yes")
            .header("x-oss-callback", &STANDARD.encode(order.to_string()))
    };
    let done = world.send(complete()).await.expect_status(200);
    assert_eq!(
        (done.text(), done.header("content-type")),
        ("{\"ok\":1}", "application/json")
    );
    assert_eq!(done.header("x-oss-hash-crc64ecma"), "11177612005948864433");
    assert!(done.header("etag").ends_with("-1\""));
    let sent = std::mem::take(&mut *world.callbacks.sent.lock().expect("unpoisoned"));
    assert_eq!(&sent.first().expect("a call").body[..], b"o=k&s=5");
}

#[tokio::test]
async fn uploads_are_listed_in_pages() {
    let world = world().await;
    let keys = ["a", "b/1", "b/1", "b/2", "c +"];
    for key in keys {
        let target = format!("/{}?uploads", cohong_sign::encode(key.as_bytes()));
        begin(&world, &target).await;
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(
            BUCKET,
            &format!("/?uploads&max-uploads=1&encoding-type=url{after}"),
        );
        let page = world.send(page).await.expect_status(200);
        seen.push(page.element("Key").replace("%20", " ").replace("%2B", "+"));
        assert_eq!(page.element("NextKeyMarker"), page.element("Key"));
        assert_eq!(page.element("NextUploadIdMarker"), page.element("UploadId"));
        if page.element("IsTruncated") == "false" {
            break;
        }
        let (key, id) = (
            page.element("NextKeyMarker"),
            page.element("NextUploadIdMarker"),
        );
        after = format!("&key-marker={key}&upload-id-marker={id}");
    }
    assert_eq!(seen, keys);
    let rolled = world
        .send(get(BUCKET, "/?uploads&delimiter=/&prefix=b"))
        .await;
    assert_eq!(rolled.text().matches("<Prefix>b/</Prefix>").count(), 1);
    assert_eq!(
        (rolled.element("Upload"), rolled.element("NextKeyMarker")),
        ("", "")
    );
}
