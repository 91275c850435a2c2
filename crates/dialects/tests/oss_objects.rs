//! Buckets and plain objects in the words of OSS.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_sign::oss::Version;
use common::oss::{ask, delete, get, head, post, put};
use common::{As, Tongue, World};
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
    for version in [Version::V1, Version::V2, Version::V4] {
        let tongue = Tongue::Oss(version);
        let asks = [
            put(BUCKET, "/dir%2Fa+b%20%E4%B8%AD").body("x"),
            get(BUCKET, "/dir/a+b%20%E4%B8%AD"),
            get(BUCKET, "/?prefix=dir%2F&delimiter=/&max-keys=1"),
            get(BUCKET, "/?acl"),
            ask(Method::GET, None, "/"),
        ];
        for ask in asks {
            let ask = ask.tongue(tongue);
            world.send(ask.clone()).await.expect_status(200);
            world.send(ask.presigned(60)).await.expect_status(200);
        }
        let open = put(BUCKET, "/k").tongue(tongue).body("x");
        let late = open.clone().unsigned("x-oss-object-acl", "public-read");
        let refused = world.send(late).await;
        assert_eq!(refused.code(), (403, "SignatureDoesNotMatch".into()));
        let signed = match version {
            Version::V4 => refused.element("CanonicalRequest"),
            Version::V1 | Version::V2 => refused.element("StringToSign"),
        };
        assert!(signed.contains("x-oss-object-acl:public-read"), "{signed}");
    }
}

#[tokio::test]
async fn an_object_is_stored_read_and_deleted() {
    let world = world().await;
    let stored = put(BUCKET, "/a")
        .header("content-type", "text/plain")
        .header("cache-control", "no-cache")
        .header("x-oss-meta-name", "value")
        .header("x-oss-tagging", "k=v")
        .header("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")
        .body("hello");
    let stored = world.send(stored).await.expect_status(200);
    let etag = "\"5D41402ABC4B2A76B9719D911017C592\"";
    assert_eq!(stored.header("etag"), etag);
    assert_eq!(stored.header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
    assert_eq!(
        stored.header("x-oss-hash-crc64ecma"),
        "11177612005948864433"
    );
    let read = world.send(get(BUCKET, "/a")).await.expect_status(200);
    assert_eq!(read.text(), "hello");
    let seen = world.send(head(BUCKET, "/a")).await.expect_status(200);
    for (name, value) in [
        ("etag", etag),
        ("content-length", "5"),
        ("content-type", "text/plain"),
        ("cache-control", "no-cache"),
        ("x-oss-meta-name", "value"),
        ("x-oss-tagging-count", "1"),
        ("x-oss-object-type", "Normal"),
        ("x-oss-storage-class", "Standard"),
        ("last-modified", "Mon, 06 May 2024 07:08:09 GMT"),
        ("server", "AliyunOSS"),
        ("x-oss-request-id", "req-1"),
    ] {
        assert_eq!((read.header(name), seen.header(name)), (value, value));
    }
    let meta = world
        .send(head(BUCKET, "/a?objectMeta"))
        .await
        .expect_status(200);
    assert_eq!(
        (meta.header("content-length"), meta.header("etag")),
        ("5", etag)
    );
    assert_eq!(meta.header("x-oss-meta-name"), "");
    let other = put(BUCKET, "/a")
        .header("x-oss-forbid-overwrite", "true")
        .body("x");
    assert_eq!(
        world.send(other).await.code(),
        (409, "FileAlreadyExists".into())
    );
    for _ in 0..2 {
        world.send(delete(BUCKET, "/a")).await.expect_status(204);
    }
    let gone = world.send(get(BUCKET, "/a")).await;
    assert_eq!(
        gone.error(),
        (404, "NoSuchKey".into(), "0026-00000001".into())
    );
    assert_eq!(gone.element("Key"), "a");
}

#[tokio::test]
async fn a_range_outside_is_the_whole_object_unless_the_standard_is_asked_for() {
    let world = world().await;
    world
        .send(put(BUCKET, "/a").body("hello"))
        .await
        .expect_status(200);
    let cases = [
        ("bytes=1-2", false, 206, "el"),
        ("bytes=-2", false, 206, "lo"),
        ("bytes=9-10", false, 200, "hello"),
        ("bytes=9-10", true, 416, ""),
        ("bytes=3-1", false, 200, "hello"),
        ("nonsense", false, 200, "hello"),
    ];
    for (range, standard, status, wanted) in cases {
        let mut ask = get(BUCKET, "/a").header("range", range);
        if standard {
            ask = ask.header("x-oss-range-behavior", "standard");
        }
        let read = world.send(ask).await.expect_status(status);
        if status == 416 {
            assert_eq!(read.code(), (416, "InvalidRange".into()));
            continue;
        }
        assert_eq!(read.text(), wanted, "{range}");
        assert_eq!(
            read.header("content-md5").is_empty(),
            status == 206,
            "{range}"
        );
    }
}

#[tokio::test]
async fn buckets() {
    let world = world().await;
    let again = put(BUCKET, "/").header("x-oss-acl", "public-read");
    let again = world.send(again).await.expect_status(200);
    assert_eq!(again.header("location"), "/bucket-test");
    let taken = world.send(put(BUCKET, "/").by(As::Other)).await;
    assert_eq!(taken.code(), (409, "BucketAlreadyExists".into()));
    let configured = put("bucket-two", "/").body(
        "<CreateBucketConfiguration><StorageClass>IA</StorageClass>\
         <DataRedundancyType>ZRS</DataRedundancyType></CreateBucketConfiguration>",
    );
    world.send(configured).await.expect_status(200);
    let broken = world.send(put("bucket-three", "/").body("<Other/>")).await;
    assert_eq!(broken.code(), (400, "MalformedXML".into()));
    insta::assert_snapshot!(world.send(get("bucket-two", "/?bucketInfo")).await.text());
    insta::assert_snapshot!(world.send(ask(Method::GET, None, "/")).await.text());
    insta::assert_snapshot!(world.send(get(BUCKET, "/?acl")).await.text());
    let place = world.send(get(BUCKET, "/?location")).await;
    assert_eq!(place.element("LocationConstraint"), "oss-cn-hangzhou");
    let page = world.send(ask(Method::GET, None, "/?max-keys=1")).await;
    let told = ["IsTruncated", "NextMarker", "MaxKeys"].map(|name| page.element(name));
    assert_eq!(told, ["true", "bucket-test", "1"]);
    let page = world
        .send(ask(Method::GET, None, "/?marker=bucket-test&prefix=b"))
        .await;
    assert_eq!(
        (page.element("Name"), page.element("IsTruncated")),
        ("bucket-two", "false")
    );
    for size in ["0", "1001", "x"] {
        let bad = world
            .send(ask(Method::GET, None, &format!("/?max-keys={size}")))
            .await;
        assert_eq!(bad.code(), (400, "InvalidArgument".into()));
        assert_eq!(bad.element("ArgumentName"), "max-keys");
        assert_eq!(bad.element("ArgumentValue"), size);
    }
    let bad = world
        .send(put(BUCKET, "/?acl").header("x-oss-acl", "everybody"))
        .await;
    assert_eq!(bad.element("ArgumentName"), "x-oss-acl");
    let state = |status| {
        format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>")
    };
    let none = world.send(get(BUCKET, "/?versioning")).await;
    assert_eq!(none.element("Status"), "");
    world
        .send(put(BUCKET, "/?versioning").body(state("Enabled")))
        .await
        .expect_status(200);
    let on = world.send(get(BUCKET, "/?versioning")).await;
    assert_eq!(on.element("Status"), "Enabled");
    let bad = world
        .send(put(BUCKET, "/?versioning").body(state("On")))
        .await;
    assert_eq!(bad.code(), (400, "MalformedXML".into()));
    world
        .send(put(BUCKET, "/a").body("x"))
        .await
        .expect_status(200);
    let full = world.send(delete(BUCKET, "/")).await;
    assert_eq!(
        full.error(),
        (409, "BucketNotEmpty".into(), "0015-00000301".into())
    );
    world
        .send(delete("bucket-two", "/"))
        .await
        .expect_status(204);
}

#[tokio::test]
async fn regions() {
    let world = world().await;
    let one = world
        .send(ask(Method::GET, None, "/?regions=oss-cn-hangzhou"))
        .await;
    insta::assert_snapshot!(one.text());
    let list = world.send(ask(Method::GET, None, "/?regions")).await;
    assert!(list.text().contains("<Region>oss-on-premises</Region>"));
    let buckets = world.send(ask(Method::GET, None, "/?regionList")).await;
    assert!(buckets.text().contains("<ListAllMyBucketsResult>"));
    let own = world
        .send(ask(Method::GET, None, "/?regions=oss-on-premises"))
        .await;
    assert_eq!(
        own.element("InternetEndpoint"),
        "http://oss-cn-hangzhou.aliyuncs.com"
    );
    let bad = world
        .send(ask(Method::GET, None, "/?regions=oss-mars"))
        .await;
    assert_eq!(bad.code(), (404, "NoSuchRegion".into()));
}

#[tokio::test]
async fn cloud_boxes() {
    let world = world().await;
    let list = ask(Method::GET, None, "/?cloudboxes&prefix=a&max-keys=7");
    let none = world.send(list).await.expect_status(200);
    let told = ["Prefix", "MaxKeys", "IsTruncated", "CloudBoxes"].map(|name| none.element(name));
    assert_eq!(told, ["a", "7", "false", ""]);
    let unsigned = ask(Method::GET, None, "/?cloudboxes").by(As::Nobody);
    assert_eq!(world.send(unsigned).await.status, 403);
}

#[tokio::test]
async fn lists() {
    let world = world().await;
    for key in ["/a%2F1", "/a%2F2", "/b%20%26", "/c"] {
        world
            .send(put(BUCKET, key).body("x"))
            .await
            .expect_status(200);
    }
    let list = get(BUCKET, "/?delimiter=%2F&encoding-type=url&max-keys=2");
    let list = world.send(list).await.expect_status(200);
    insta::assert_snapshot!(list.text());
    let next = get(BUCKET, "/?delimiter=%2F&encoding-type=url&marker=b+%26");
    let next = world.send(next).await.expect_status(200);
    assert_eq!((next.element("Key"), next.element("NextMarker")), ("c", ""));
    let two = world
        .send(get(BUCKET, "/?list-type=2&max-keys=3"))
        .await
        .expect_status(200);
    insta::assert_snapshot!(two.text());
    let token = two.element("NextContinuationToken").to_owned();
    let rest = format!("/?list-type=2&fetch-owner=true&continuation-token={token}");
    let rest = world.send(get(BUCKET, &rest)).await.expect_status(200);
    assert_eq!((rest.element("Key"), rest.element("KeyCount")), ("c", "1"));
    assert_eq!(
        (rest.element("ID"), rest.element("IsTruncated")),
        ("2100000000", "false")
    );
    let bad = world
        .send(get(BUCKET, "/?list-type=2&continuation-token=***"))
        .await;
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
}

#[tokio::test]
async fn a_missing_bucket_is_told_first() {
    let world = world().await;
    let unknown = |bucket| {
        get(bucket, "/a")
            .header("authorization", "OSS nobody:c2ln")
            .by(As::Nobody)
    };
    let dated = |ask: common::Ask| ask.header("date", "Mon, 06 May 2024 07:08:09 GMT");
    let missing = world.send(dated(unknown("bucket-none"))).await;
    assert_eq!(
        missing.error(),
        (404, "NoSuchBucket".into(), "0015-00000101".into())
    );
    assert_eq!(missing.element("BucketName"), "bucket-none");
    let there = world.send(dated(unknown(BUCKET))).await;
    assert_eq!(
        there.error(),
        (403, "InvalidAccessKeyId".into(), "0002-00000902".into())
    );
    let bad = world.send(get("Bad_Name", "/")).await;
    assert_eq!(bad.code(), (400, "InvalidBucketName".into()));
    let open = world.send(get(BUCKET, "/a").by(As::Nobody)).await;
    assert_eq!(
        open.error(),
        (403, "AccessDenied".into(), "0003-00000001".into())
    );
    let later = world.send(get(BUCKET, "/?replication")).await;
    assert_eq!(later.code(), (400, "NotImplemented".into()));
    for key in ["/%2Fa", "/%5Ca"] {
        let bad = world.send(put(BUCKET, key).body("x")).await;
        assert_eq!(bad.code(), (400, "InvalidObjectName".into()), "{key}");
    }
}

#[tokio::test]
async fn a_callback_that_no_signature_covers_is_not_made() {
    let world = world().await;
    // {"callbackUrl":"a.example","callbackBody":"b"}
    let order = "eyJjYWxsYmFja1VybCI6ImEuZXhhbXBsZSIsImNhbGxiYWNrQm9keSI6ImIifQ%3D%3D";
    let misspelt = put(BUCKET, &format!("/a?Callback={order}")).tongue(Tongue::Oss(Version::V1));
    let refused = world.send(misspelt.presigned(60).body("x")).await;
    assert_eq!(refused.code(), (405, "MethodNotAllowed".into()));
    assert!(world.callbacks.sent.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn many_keys_are_deleted() {
    let world = world().await;
    for key in ["/a", "/b"] {
        world
            .send(put(BUCKET, key).body("x"))
            .await
            .expect_status(200);
    }
    let body = "<Delete><Quiet>False</Quiet><Object><Key>a</Key></Object>\
                <Object><Key>b&#x0C;</Key></Object></Delete>";
    let list = post(BUCKET, "/?delete&encoding-type=url")
        .header("content-md5", "22ZXRmI4bIRTLX/dOvs43Q==");
    let without = world.send(post(BUCKET, "/?delete").body(body)).await;
    assert_eq!(without.code(), (400, "MissingArgument".into()));
    let wrong = world.send(list.clone().body("<Delete/>")).await;
    assert_eq!(wrong.code(), (400, "InvalidDigest".into()));
    let done = world.send(list.body(body)).await.expect_status(200);
    insta::assert_snapshot!(done.text());
    assert_eq!(world.send(get(BUCKET, "/a")).await.status, 404);
    assert_eq!(world.send(get(BUCKET, "/b")).await.status, 200);
}

#[tokio::test]
async fn what_one_dialect_stores_the_other_reads() {
    let world = World::with_bucket().await;
    let tos = common::put(BUCKET, "/a")
        .header("x-tos-meta-name", "%E6%96%87")
        .header("x-tos-storage-class", "IA")
        .body("hello");
    world.send(tos).await.expect_status(200);
    let read = world.send(get(BUCKET, "/a")).await.expect_status(200);
    assert_eq!(
        (read.text(), read.header("x-oss-storage-class")),
        ("hello", "IA")
    );
    assert_eq!(read.headers["x-oss-meta-name"].as_bytes(), "文".as_bytes());
    let oss = put(BUCKET, "/b")
        .header("x-oss-meta-name", "plain")
        .body("there");
    world.send(oss).await.expect_status(200);
    let read = world
        .send(common::get(BUCKET, "/b"))
        .await
        .expect_status(200);
    assert_eq!(
        (read.text(), read.header("x-tos-meta-name")),
        ("there", "plain")
    );
}

#[tokio::test]
async fn errors_without_body_are_told_in_headers() {
    let world = world().await;
    let missing = world.send(head(BUCKET, "/a")).await.expect_status(404);
    assert_eq!(missing.header("x-oss-ec"), "0026-00000001");
    assert_eq!(
        (missing.text(), missing.header("content-length")),
        ("", "0")
    );
    let body = STANDARD
        .decode(missing.header("x-oss-err"))
        .expect("Base64");
    let body = String::from_utf8(body).expect("text");
    assert!(body.contains("<Code>NoSuchKey</Code>"), "{body}");
    let missing = world
        .send(common::head(BUCKET, "/a"))
        .await
        .expect_status(404);
    assert_eq!(missing.header("x-tos-ec"), "0017-00000003");
    assert_eq!(
        (missing.text(), missing.header("content-length")),
        ("", "0")
    );
    let stored = world
        .send(put(BUCKET, "/a").body("x"))
        .await
        .expect_status(200);
    let etag = stored.header("etag");
    for ask in [get(BUCKET, "/a"), common::get(BUCKET, "/a")] {
        let same = world
            .send(ask.header("if-none-match", etag))
            .await
            .expect_status(304);
        assert_eq!((same.text(), same.header("content-type")), ("", ""));
    }
}
