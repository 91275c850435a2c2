//! Bodies of S3: in chunks, with checksums, as forms.

mod common;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::{ChecksumAlgorithm, ChecksumValue};
use cohong_sign::s3::Version;
use common::s3::{ask, get, head, post, put};
use common::{As, Ask, World};
use http::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};

const BUCKET: &str = "bucket-test";
const DATA: &str = "hello";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

fn base64_of(algorithm: ChecksumAlgorithm) -> String {
    STANDARD.encode(ChecksumValue::of(algorithm, DATA.as_bytes()).bytes())
}

/// A PUT of [`DATA`] in unsigned chunks.
fn chunked(trailer: &str) -> Ask {
    put(BUCKET, "/k")
        .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        .header("x-amz-trailer", "x-amz-checksum-crc32")
        .header("x-amz-sdk-checksum-algorithm", "CRC32")
        .header("x-amz-decoded-content-length", "5")
        .header("content-encoding", "gzip,aws-chunked")
        .body(format!("3\r\nhel\r\n2\r\nlo\r\n0\r\n{trailer}\r\n"))
}

#[tokio::test]
async fn bodies_in_chunks_with_a_trailer() {
    let world = world().await;
    let crc = base64_of(ChecksumAlgorithm::Crc32);
    let good = chunked(&format!("x-amz-checksum-crc32:{crc}\r\n"));
    let stored = world.send(good).await.expect_status(200);
    assert_eq!(stored.header("x-amz-checksum-crc32"), crc);
    let read = get(BUCKET, "/k").header("x-amz-checksum-mode", "ENABLED");
    let read = world.send(read).await.expect_status(200);
    assert_eq!(
        (read.text(), read.header("content-encoding")),
        (DATA, "gzip")
    );
    assert_eq!(read.header("x-amz-checksum-crc32"), crc);
    assert_eq!(read.header("x-amz-checksum-type"), "FULL_OBJECT");
    let part = get(BUCKET, "/k")
        .header("x-amz-checksum-mode", "ENABLED")
        .header("range", "bytes=0-1");
    let part = world.send(part).await.expect_status(206);
    assert_eq!(part.header("x-amz-checksum-crc32"), "");
    let cases = [
        (chunked("x-amz-checksum-crc32:AAAAAA==\r\n"), "BadDigest"),
        (
            chunked("x-amz-checksum-crc32:AAAA\r\n"),
            "MalformedTrailerError",
        ),
        (
            chunked("x-amz-checksum-sha1:AAAA\r\n"),
            "MalformedTrailerError",
        ),
        (chunked(""), "MalformedTrailerError"),
        (
            chunked(&format!("x-amz-checksum-crc32:{crc}\r\n"))
                .header("x-amz-checksum-crc32", &crc),
            "InvalidRequest",
        ),
    ];
    for (bad, code) in cases {
        let told = format!("{bad:?}");
        let bad = bad.header("x-amz-meta-late", "yes");
        assert_eq!(world.send(bad).await.code(), (400, code.into()), "{told}");
        let left = world.send(head(BUCKET, "/k")).await;
        assert_eq!(left.header("x-amz-meta-late"), "", "{told}");
    }
    let elsewhere = put(BUCKET, "/?tagging")
        .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        .header("x-amz-decoded-content-length", "5")
        .body("0\r\n\r\n");
    assert_eq!(
        world.send(elsewhere).await.code(),
        (400, "InvalidRequest".into())
    );
    let mut nameless = chunked("");
    nameless = nameless.without("x-amz-decoded-content-length");
    assert_eq!(
        world.send(nameless).await.code(),
        (411, "MissingContentLength".into())
    );
}

#[tokio::test]
async fn signed_chunks_hold_or_nothing_is_stored() {
    let world = world().await;
    let wire = |seed: &str, sent: &str| {
        let mut signer = world.chunks_for_s3(seed);
        let mut body = String::new();
        for (signed, sent) in [("hel", sent), ("lo", "lo"), ("", "")] {
            let signature = signer.chunk(&Sha256::digest(signed.as_bytes()).into());
            let len = sent.len();
            write!(body, "{len:x};chunk-signature={signature}\r\n{sent}\r\n").expect("a text");
        }
        body
    };
    let ask = || {
        put(BUCKET, "/k")
            .header("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
            .header("x-amz-decoded-content-length", "5")
    };
    let good = world.send_in_chunks(ask(), &|seed| wire(seed, "hel")).await;
    good.expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/k")).await.text(), DATA);
    let changed = world.send_in_chunks(ask(), &|seed| wire(seed, "hex")).await;
    assert_eq!(changed.code(), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(world.send(get(BUCKET, "/k")).await.text(), DATA);
}

#[tokio::test]
async fn checksums_in_headers() {
    let world = world().await;
    for (algorithm, word) in [
        (ChecksumAlgorithm::Crc32, "x-amz-checksum-crc32"),
        (ChecksumAlgorithm::Crc32c, "x-amz-checksum-crc32c"),
        (ChecksumAlgorithm::Crc64Nvme, "x-amz-checksum-crc64nvme"),
        (ChecksumAlgorithm::Sha1, "x-amz-checksum-sha1"),
        (ChecksumAlgorithm::Sha256, "x-amz-checksum-sha256"),
    ] {
        let sum = base64_of(algorithm);
        let good = put(BUCKET, "/k").header(word, &sum).body(DATA);
        let stored = world.send(good).await.expect_status(200);
        assert_eq!(stored.header(word), sum);
        let wrong = put(BUCKET, "/k").header(word, &sum).body("other");
        assert_eq!(world.send(wrong).await.code(), (400, "BadDigest".into()));
        let copy = put(BUCKET, "/copy").header("x-amz-copy-source", "bucket-test/k");
        let copied = world.send(copy).await.expect_status(200);
        assert!(copied.text().contains(&sum), "{}", copied.text());
        let asked = get(BUCKET, "/k?attributes")
            .header("x-amz-object-attributes", "Checksum,ETag")
            .header("x-amz-object-attributes", "ObjectSize");
        let told = world.send(asked).await.expect_status(200);
        assert!(told.text().contains(&sum));
        assert_eq!(told.element("ETag"), "5d41402abc4b2a76b9719d911017c592");
        assert_eq!(
            (told.element("ObjectSize"), told.element("StorageClass")),
            ("5", "")
        );
    }
    let crc = base64_of(ChecksumAlgorithm::Crc32);
    let bad: [&[(&'static str, &str)]; 5] = [
        &[("x-amz-checksum-crc32", "AAAA")],
        &[
            ("x-amz-checksum-crc32", &crc),
            ("x-amz-checksum-sha1", &base64_of(ChecksumAlgorithm::Sha1)),
        ],
        &[
            ("x-amz-checksum-crc32", &crc),
            ("x-amz-sdk-checksum-algorithm", "SHA1"),
        ],
        &[("x-amz-sdk-checksum-algorithm", "CRC32")],
        &[("x-amz-trailer", "x-amz-checksum-crc32")],
    ];
    for headers in bad {
        let ask = headers
            .iter()
            .fold(put(BUCKET, "/k").body(DATA), |ask, (name, value)| {
                ask.header(name, value)
            });
        assert_eq!(
            world.send(ask).await.code(),
            (400, "InvalidRequest".into()),
            "{headers:?}"
        );
    }
    let newer = put(BUCKET, "/k")
        .header("x-amz-checksum-xxhash64", "AAAA")
        .body(DATA);
    assert_eq!(
        world.send(newer).await.code(),
        (501, "NotImplemented".into())
    );
}

#[tokio::test]
async fn what_is_signed_is_the_body() {
    let world = world().await;
    let hash = hex(&Sha256::digest(DATA));
    let good = put(BUCKET, "/k").header("x-amz-content-sha256", &hash);
    world.send(good.clone().body(DATA)).await.expect_status(200);
    let other = world.send(good.body("other")).await;
    assert_eq!(other.code(), (400, "XAmzContentSHA256Mismatch".into()));
    let nonsense = put(BUCKET, "/k").header("x-amz-content-sha256", "nonsense");
    assert_eq!(
        world.send(nonsense).await.code(),
        (400, "InvalidArgument".into())
    );
    let open_ended = put(BUCKET, "/k").body(DATA).without_length();
    let refused = world.send(open_ended).await;
    assert_eq!(refused.code(), (411, "MissingContentLength".into()));
}

#[tokio::test]
async fn the_expected_owner_is_asked_for() {
    let world = world().await;
    for (owner, status) in [("2100000000", 200), ("2100000001", 403)] {
        let put = put(BUCKET, "/k").header("x-amz-expected-bucket-owner", owner);
        assert_eq!(world.send(put.body(DATA)).await.status, status, "{owner}");
    }
}

fn form(fields: &[(String, String)], file: &str) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        write!(body, "--b\r\n{head}\r\n\r\n{value}\r\n").expect("a text");
    }
    body + &format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\n{file}\r\n--b--\r\n"
    )
}

fn posted(fields: &[(String, String)]) -> Ask {
    ask(Method::POST, Some(BUCKET), "/")
        .by(As::Nobody)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form(fields, DATA))
}

#[tokio::test]
async fn forms_of_both_versions() {
    let world = world().await;
    let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>";
    for version in [Version::V2, Version::V4] {
        let policy = json!({
            "expiration": "2024-05-06T08:00:00Z",
            "conditions": [
                {"bucket": BUCKET}, ["starts-with", "$key", "dir/"], {"acl": "public-read"},
                ["starts-with", "$success_action_status", ""], ["starts-with", "$tagging", ""],
                ["starts-with", "$x-amz-algorithm", ""], ["starts-with", "$x-amz-credential", ""],
                ["starts-with", "$x-amz-date", ""], ["content-length-range", 1, 100],
            ],
        });
        let mut fields = world.sign_policy_for_s3(version, &policy);
        for (name, value) in [
            ("key", "dir/${filename}"),
            ("acl", "public-read"),
            ("success_action_status", "201"),
            ("tagging", tags),
            ("x-ignore-me", "1"),
        ] {
            fields.push((name.into(), value.into()));
        }
        let stored = world.send(posted(&fields)).await.expect_status(201);
        assert_eq!(
            (stored.element("Key"), stored.element("Bucket")),
            ("dir/f.txt", BUCKET)
        );
        assert!(stored.text().contains("<PostResponse>"));
        let read = world.send(get(BUCKET, "/dir/f.txt").by(As::Nobody)).await;
        let read = read.expect_status(200);
        assert_eq!(
            (read.text(), read.header("x-amz-tagging-count")),
            (DATA, "1")
        );
        fields.push(("x-amz-meta-more".into(), "1".into()));
        let extra = world.send(posted(&fields)).await;
        assert_eq!(extra.code(), (403, "AccessDenied".into()), "{version:?}");
        let short = post(BUCKET, "/")
            .by(As::Nobody)
            .header("content-type", "multipart/form-data; boundary=b");
        let short = world.send(short.body("--b--\r\n")).await;
        assert_eq!(short.code(), (400, "MalformedPOSTRequest".into()));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text");
        text
    })
}
