//! Uploads in parts in the words of S3.

mod common;

use common::World;
use common::s3::{delete, get, head, post, put};

const BUCKET: &str = "bucket-test";

/// An upload with a large and a small part, its id, and the parts' entity tags.
async fn begun(world: &World, headers: &[(&'static str, &str)]) -> (String, Vec<String>) {
    world.send(put(BUCKET, "/")).await.expect_status(200);
    let ask = headers
        .iter()
        .fold(post(BUCKET, "/k?uploads"), |ask, (name, value)| {
            ask.header(name, value)
        });
    let begun = world.send(ask).await.expect_status(200);
    for (name, value) in headers {
        assert_eq!(begun.header(name), *value);
    }
    let id = begun.element("UploadId").to_owned();
    let mut etags = Vec::new();
    for (number, size) in [(1, 5 << 20), (2, 10)] {
        let target = format!("/k?partNumber={number}&uploadId={id}");
        let part = world
            .send(put(BUCKET, &target).body(vec![b'x'; size]))
            .await;
        etags.push(part.expect_status(200).header("etag").to_owned());
    }
    (id, etags)
}

fn complete(id: &str, etags: &[String]) -> common::Ask {
    let mut body = "<CompleteMultipartUpload>".to_owned();
    for (number, etag) in (1..).zip(etags) {
        let part = format!("<ETag>{etag}</ETag><PartNumber>{number}</PartNumber>");
        body.extend(["<Part>", &part, "</Part>"]);
    }
    post(BUCKET, &format!("/k?uploadId={id}")).body(body + "</CompleteMultipartUpload>")
}

#[tokio::test]
async fn an_upload_in_parts() {
    let world = World::new().await;
    let (id, etags) = begun(&world, &[]).await;
    let masked = |text: &str| text.replace(&id, "[id]");
    let parts = world.send(get(BUCKET, &format!("/k?uploadId={id}"))).await;
    insta::assert_snapshot!(masked(parts.text()));
    insta::assert_snapshot!(masked(world.send(get(BUCKET, "?uploads")).await.text()));
    let small = world
        .send(complete(&id, &[etags[1].clone(), etags[1].clone()]))
        .await;
    assert_eq!(small.code(), (400, "InvalidPart".into()));
    let done = world.send(complete(&id, &etags)).await.expect_status(200);
    insta::assert_snapshot!(done.text());
    let again = world.send(complete(&id, &etags)).await.expect_status(200);
    assert_eq!(again.element("ETag"), done.element("ETag"));
    let seen = world.send(head(BUCKET, "/k")).await.expect_status(200);
    assert_eq!(
        seen.header("content-length"),
        (5 * 1024 * 1024 + 10).to_string()
    );
    let asked = get(BUCKET, "/k?attributes").header("x-amz-object-attributes", "ObjectParts");
    assert_eq!(world.send(asked).await.element("PartsCount"), "2");
    let gone = world
        .send(delete(BUCKET, &format!("/k?uploadId={id}")))
        .await;
    assert_eq!(gone.code(), (404, "NoSuchUpload".into()));
    for (number, range) in [
        (1, "bytes 0-5242879/5242890"),
        (2, "bytes 5242880-5242889/5242890"),
    ] {
        let target = format!("/k?partNumber={number}");
        let read = world.send(get(BUCKET, &target)).await.expect_status(206);
        let seen = world.send(head(BUCKET, &target)).await.expect_status(206);
        for reply in [&read, &seen] {
            assert_eq!(reply.header("content-range"), range);
            assert_eq!(reply.header("x-amz-mp-parts-count"), "2");
        }
        assert_eq!(read.body.len().to_string(), seen.header("content-length"));
    }
    let third = world.send(get(BUCKET, "/k?partNumber=3")).await;
    assert_eq!(third.code(), (416, "InvalidPartNumber".into()));
    let both = get(BUCKET, "/k?partNumber=1").header("range", "bytes=0-1");
    assert_eq!(
        world.send(both).await.code(),
        (400, "InvalidRequest".into())
    );
    world.send(put(BUCKET, "/empty")).await.expect_status(200);
    world
        .send(get(BUCKET, "/empty?partNumber=1"))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn uploads_with_checksums() {
    let world = World::new().await;
    let form = [
        ("x-amz-checksum-algorithm", "CRC32"),
        ("x-amz-checksum-type", "COMPOSITE"),
    ];
    let (id, etags) = begun(&world, &form).await;
    let done = world.send(complete(&id, &etags)).await.expect_status(200);
    let sum = done.element("ChecksumCRC32").to_owned();
    assert!(sum.ends_with("-2"), "{sum}");
    assert_eq!(done.element("ChecksumType"), "COMPOSITE");
    let read = head(BUCKET, "/k").header("x-amz-checksum-mode", "ENABLED");
    assert_eq!(world.send(read).await.header("x-amz-checksum-crc32"), sum);
    let asked = get(BUCKET, "/k?attributes").header("x-amz-object-attributes", "Checksum");
    assert_eq!(
        world.send(asked).await.element("ChecksumCRC32"),
        &sum[..sum.len() - 2]
    );
    let bad = post(BUCKET, "/k?uploads")
        .header("x-amz-checksum-algorithm", "SHA256")
        .header("x-amz-checksum-type", "FULL_OBJECT");
    assert_eq!(world.send(bad).await.code(), (400, "InvalidRequest".into()));
}

#[tokio::test]
async fn parts_are_copied() {
    let world = World::new().await;
    let (id, _) = begun(&world, &[]).await;
    world
        .send(put(BUCKET, "/source").body("0123456789"))
        .await
        .expect_status(200);
    let copy = |range: &str| {
        put(BUCKET, &format!("/k?partNumber=1&uploadId={id}"))
            .header("x-amz-copy-source", "bucket-test/source")
            .header("x-amz-copy-source-range", range)
    };
    let copied = world.send(copy("bytes=2-4")).await.expect_status(200);
    insta::assert_snapshot!(copied.text());
    for bad in ["bytes=2-", "2-4"] {
        assert_eq!(
            world.send(copy(bad)).await.code(),
            (400, "InvalidArgument".into()),
            "{bad}"
        );
    }
    let other = world
        .send(put(BUCKET, "/k?partNumber=10001&uploadId=x").body("x"))
        .await;
    assert_eq!(other.code(), (404, "NoSuchUpload".into()));
    let number = put(BUCKET, &format!("/k?partNumber=10001&uploadId={id}")).body("x");
    assert_eq!(
        world.send(number).await.code(),
        (400, "InvalidArgument".into())
    );
}
