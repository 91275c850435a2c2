//! Buckets and plain objects in the words of S3, and across dialects.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::{ChecksumAlgorithm, ChecksumValue};
use cohong_sign::s3::Version;
use common::s3::{ask, delete, get, head, post, put};
use common::{As, Tongue, World, oss};
use http::Method;

const BUCKET: &str = "bucket-test";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

#[tokio::test]
async fn every_version_signs_in_headers_and_urls() {
    let world = world().await;
    for version in [Version::V2, Version::V4] {
        let tongue = Tongue::S3(version);
        let asks = [
            put(BUCKET, "/dir%2Fa+b%20%E4%B8%AD/../x").body("x"),
            get(BUCKET, "/dir/a+b%20%E4%B8%AD/../x"),
            get(BUCKET, "/?prefix=dir%2F&delimiter=/&max-keys=1"),
            get(BUCKET, "/?acl"),
            get(BUCKET, "?location="),
            ask(Method::GET, None, "/"),
        ];
        for ask in asks {
            let ask = ask.tongue(tongue);
            world.send(ask.clone()).await.expect_status(200);
            world.send(ask.presigned(60)).await.expect_status(200);
        }
    }
    let listed = world.send(get(BUCKET, "/?list-type=2")).await;
    assert_eq!(listed.element("Key"), "dir/a+b 中/../x");
}

#[tokio::test]
async fn what_a_signature_does_not_cover_is_refused() {
    let world = world().await;
    let open = put(BUCKET, "/k").body("x");
    for late in [open.clone(), open.presigned(60)] {
        let late = late.unsigned("x-amz-acl", "public-read");
        let refused = world.send(late).await;
        assert_eq!(refused.code(), (403, "AccessDenied".into()));
        assert_eq!(refused.element("HeadersNotSigned"), "x-amz-acl");
    }
    let old = put(BUCKET, "/k").tongue(Tongue::S3(Version::V2)).body("x");
    let refused = world.send(old.unsigned("x-amz-acl", "public-read")).await;
    assert_eq!(refused.code(), (403, "SignatureDoesNotMatch".into()));
    assert!(
        refused
            .element("StringToSign")
            .contains("x-amz-acl:public-read")
    );
    let gone = world.send(head(BUCKET, "/k")).await;
    assert_eq!((gone.status, gone.body.len()), (404, 0));
}

#[tokio::test]
async fn parameters_of_a_presigned_url_are_headers() {
    let world = world().await;
    for version in [Version::V2, Version::V4] {
        let put = put(BUCKET, "/k?x-amz-meta-name=value&X-Amz-Acl=public-read")
            .tongue(Tongue::S3(version))
            .body("x");
        world.send(put.presigned(60)).await.expect_status(200);
        let read = get(BUCKET, "/k").by(As::Nobody);
        let read = world.send(read).await.expect_status(200);
        assert_eq!(read.header("x-amz-meta-name"), "value", "{version:?}");
        let copy = common::s3::put(BUCKET, "/copy?x-amz-copy-source=bucket-test%2Fk");
        let copy = copy.tongue(Tongue::S3(version)).presigned(60);
        let copied = world.send(copy).await.expect_status(200);
        assert_eq!(copied.operation, "CopyObject");
    }
}

#[tokio::test]
async fn an_object_is_stored_read_and_deleted() {
    let world = world().await;
    let stored = put(BUCKET, "/a")
        .header("content-type", "text/plain")
        .header("x-amz-meta-name", "value")
        .header("x-amz-tagging", "k=v")
        .header("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")
        .body("hello");
    let stored = world.send(stored).await.expect_status(200);
    let etag = "\"5d41402abc4b2a76b9719d911017c592\"";
    assert_eq!(stored.header("etag"), etag);
    assert_eq!(stored.header("x-amz-checksum-type"), "FULL_OBJECT");
    assert!(!stored.header("x-amz-checksum-crc64nvme").is_empty());
    let read = world.send(get(BUCKET, "/a")).await.expect_status(200);
    assert_eq!(read.text(), "hello");
    let seen = world.send(head(BUCKET, "/a")).await.expect_status(200);
    for (name, value) in [
        ("etag", etag),
        ("content-length", "5"),
        ("content-type", "text/plain"),
        ("x-amz-meta-name", "value"),
        ("x-amz-tagging-count", "1"),
        ("last-modified", "Mon, 06 May 2024 07:08:09 GMT"),
        ("server", "AmazonS3"),
        ("x-amz-request-id", "req-1"),
        ("x-amz-id-2", "cohong"),
        // Not told here.
        ("x-amz-checksum-crc64nvme", ""),
        ("x-amz-storage-class", ""),
        ("x-amz-object-type", ""),
        ("x-amz-hash-crc64ecma", ""),
        ("x-amz-server-time", ""),
        ("x-amz-version-id", ""),
    ] {
        assert_eq!(
            (read.header(name), seen.header(name)),
            (value, value),
            "{name}"
        );
    }
    for _ in 0..2 {
        world.send(delete(BUCKET, "/a")).await.expect_status(204);
    }
    let gone = world.send(get(BUCKET, "/a")).await;
    assert_eq!(gone.code(), (404, "NoSuchKey".into()));
    assert_eq!((gone.element("Key"), gone.header("x-amz-ec")), ("a", ""));
    assert_eq!(gone.header("content-type"), "application/xml");
}

#[tokio::test]
async fn buckets() {
    let world = world().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    let taken = world.send(put(BUCKET, "/").by(As::Other)).await;
    assert_eq!(taken.code(), (409, "BucketAlreadyExists".into()));
    let far = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
               <LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    let made = world
        .send(put("bucket-far", "").body(far))
        .await
        .expect_status(200);
    assert_eq!(made.header("location"), "/bucket-far");
    let again = world.send(put("bucket-far", "").body(far)).await;
    assert_eq!(again.code(), (409, "BucketAlreadyOwnedByYou".into()));
    let seen = world.send(head("bucket-far", "")).await.expect_status(200);
    assert_eq!(seen.header("x-amz-bucket-region"), "eu-west-1");
    for (name, location) in [(BUCKET, ""), ("bucket-far", "eu-west-1")] {
        let told = world.send(get(name, "?location")).await.expect_status(200);
        assert!(told.text().contains(&format!(">{location}<")) || location.is_empty());
    }
    insta::assert_snapshot!(world.send(ask(Method::GET, None, "/")).await.text());
    insta::assert_snapshot!(world.send(get(BUCKET, "?location")).await.text());
    insta::assert_snapshot!(world.send(get(BUCKET, "?acl")).await.text());
    let missing = world.send(head("bucket-none", "")).await;
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[tokio::test]
async fn lists() {
    let world = world().await;
    for key in ["/a%2F1", "/a%2F2", "/b%20%2B", "/c"] {
        world
            .send(put(BUCKET, key).body("x"))
            .await
            .expect_status(200);
    }
    let list = "/?delimiter=%2F&encoding-type=url&max-keys=2";
    insta::assert_snapshot!(world.send(get(BUCKET, list)).await.text());
    let list = "/?list-type=2&encoding-type=url&start-after=a%2F2&fetch-owner=true";
    insta::assert_snapshot!(world.send(get(BUCKET, list)).await.text());
    insta::assert_snapshot!(world.send(get(BUCKET, "/?versions&prefix=c")).await.text());
    let none = world.send(get(BUCKET, "/?list-type=2&max-keys=0")).await;
    assert_eq!(none.element("IsTruncated"), "false");
    for bad in ["-1", "x"] {
        let bad = world.send(get(BUCKET, &format!("/?max-keys={bad}"))).await;
        assert_eq!(bad.code(), (400, "InvalidArgument".into()));
    }
}

#[tokio::test]
async fn many_keys_are_deleted() {
    let world = world().await;
    for key in ["/a", "/b%0D"] {
        world
            .send(put(BUCKET, key).body("x"))
            .await
            .expect_status(200);
    }
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>b&#xD;</Key></Object>\
                <Object><Key>c</Key><VersionId>nonsense</VersionId></Object></Delete>";
    let bare = world.send(post(BUCKET, "/?delete").body(body)).await;
    assert_eq!(bare.code(), (400, "InvalidRequest".into()));
    let wrong = post(BUCKET, "/?delete")
        .header("x-amz-checksum-crc32", "AAAAAA==")
        .body(body);
    assert_eq!(world.send(wrong).await.code(), (400, "BadDigest".into()));
    let sum = ChecksumValue::of(ChecksumAlgorithm::Crc32, body.as_bytes());
    let sum = STANDARD.encode(sum.bytes());
    let good = post(BUCKET, "/?delete")
        .header("x-amz-checksum-crc32", &sum)
        .body(body);
    let done = world.send(good).await.expect_status(200);
    insta::assert_snapshot!(done.text());
    let left = world.send(get(BUCKET, "/?list-type=2")).await;
    assert_eq!(left.element("KeyCount"), "0");
}

#[tokio::test]
async fn a_copy_onto_itself_changes_something() {
    let world = world().await;
    world
        .send(put(BUCKET, "/a").body("x"))
        .await
        .expect_status(200);
    let copy = || put(BUCKET, "/a").header("x-amz-copy-source", "/bucket-test/a");
    assert_eq!(
        world.send(copy()).await.code(),
        (400, "InvalidRequest".into())
    );
    for (name, value) in [
        ("x-amz-metadata-directive", "REPLACE"),
        ("x-amz-storage-class", "STANDARD_IA"),
    ] {
        world
            .send(copy().header(name, value))
            .await
            .expect_status(200);
    }
}

#[tokio::test]
async fn objects_of_other_dialects_are_read_and_the_reverse() {
    let world = world().await;
    let from_oss = oss::put(BUCKET, "/o")
        .header("x-oss-meta-name", "value")
        .header("x-oss-storage-class", "IA")
        .body("oss");
    world.send(from_oss).await.expect_status(200);
    let read = world
        .send(get(BUCKET, "/o").header("x-amz-checksum-mode", "ENABLED"))
        .await;
    let read = read.expect_status(200);
    assert_eq!(read.text(), "oss");
    assert_eq!(read.header("x-amz-meta-name"), "value");
    assert_eq!(read.header("x-amz-storage-class"), "STANDARD_IA");
    assert_eq!(read.header("x-amz-checksum-type"), "");
    let link = oss::put(BUCKET, "/link?symlink").header("x-oss-symlink-target", "o");
    world.send(link).await.expect_status(200);
    let read = world.send(get(BUCKET, "/link")).await.expect_status(200);
    assert_eq!(read.text(), "oss");
    let piece = oss::post(BUCKET, "/log?append&position=0").body("one");
    world.send(piece).await.expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/log")).await.text(), "one");
    let own = put(BUCKET, "/s").header("x-amz-meta-name", "v").body("s3");
    world.send(own).await.expect_status(200);
    let read = world.send(oss::get(BUCKET, "/s")).await.expect_status(200);
    assert_eq!((read.text(), read.header("x-oss-meta-name")), ("s3", "v"));
    let read = world
        .send(common::get(BUCKET, "/s"))
        .await
        .expect_status(200);
    assert_eq!((read.text(), read.header("x-tos-meta-name")), ("s3", "v"));
}
