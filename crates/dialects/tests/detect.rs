//! Which dialect a request speaks, row by row: scheme, host, header, address, home of the bucket.

mod common;

use cohong_core::model::DialectId;
use common::{World, oss, put, s3};
use http::request::Parts;

use DialectId::{Oas, Oms, Oss, S3, Tos};

const HERE: &str = "127.0.0.1:9000";
const TOS: &str = "tos-cn-beijing.volces.com";
const OSS: &str = "oss-cn-hangzhou.aliyuncs.com";

/// Host, target, further headers, who serves it.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    DialectId,
);

fn head(host: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().uri(target).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

/// Who serves what, the strongest reason first.
const TABLE: &[Row] = &[
    // The scheme, wherever it stands and whatever else is said.
    (
        HERE,
        "/b/k",
        &[("authorization", "TOS4-HMAC-SHA256 x")],
        Tos,
    ),
    (
        HERE,
        "/b/k",
        &[("authorization", "OSS4-HMAC-SHA256 x")],
        Oss,
    ),
    (HERE, "/", &[("authorization", "OSS2 x")], Oss),
    (TOS, "/", &[("authorization", "OSS a:b")], Oss),
    (OSS, "/", &[("authorization", "TOS4-HMAC-SHA256 x")], Tos),
    (HERE, "/?X-Tos-Algorithm=x", &[], Tos),
    (HERE, "/b/k?OSSAccessKeyId=x", &[], Oss),
    (
        HERE,
        "/b/k?x-oss-signature-version=x",
        &[("x-tos-acl", "")],
        Oss,
    ),
    (HERE, "/", &[("authorization", "AWS4-HMAC-SHA256 x")], S3),
    (OSS, "/", &[("authorization", "AWS a:b")], S3),
    (HERE, "/b/k?AWSAccessKeyId=x&Signature=y&Expires=1", &[], S3),
    (HERE, "/b/k?X-Amz-Algorithm=x", &[("x-oss-acl", "")], S3),
    (
        HERE,
        "/",
        &[("authorization", "SDK-HMAC-SHA256 Access=x")],
        Oms,
    ),
    (
        OSS,
        "/b/k",
        &[("authorization", "SDK-HMAC-SM3 Access=x")],
        Oms,
    ),
    (HERE, "/", &[("authorization", "V11-HMAC-SHA256 x")], Oms),
    (TOS, "/", &[("x-auth-token", "")], Oms),
    (HERE, "/vaults", &[("authorization", "OAS a:b")], Oas),
    (OSS, "/", &[("authorization", "OAS a:b")], Oas),
    (HERE, "/vaults", &[("authorization", "OSS a:b")], Oss),
    // The host, before headers.
    ("s3.amazonaws.com", "/b/k", &[("x-oss-meta-a", "")], S3),
    ("b.s3.eu-west-1.amazonaws.com", "/k", &[], S3),
    ("s3.eu-west-1.amazonaws.com", "/b/k", &[], S3),
    ("b.c.s3.amazonaws.com", "/k", &[], S3),
    (TOS, "/k", &[("x-oss-meta-a", "")], Tos),
    (OSS, "/b/k", &[("x-tos-meta-a", "")], Oss),
    ("b.oss-cn-hangzhou.aliyuncs.com", "/k", &[], Oss),
    ("tos-b.oss-cn-hangzhou.aliyuncs.com", "/k", &[], Oss),
    ("oss-b.tos-cn-beijing.volces.com", "/k", &[], Tos),
    ("pics.example.org", "/k", &[], Oss),
    ("oms.cn-north-4.myhuaweicloud.com", "/", &[], Oms),
    (
        "iam.myhuaweicloud.com:443",
        "/b",
        &[("x-oss-date", "")],
        Oms,
    ),
    ("cn-hangzhou.oas.aliyuncs.com", "/vaults", &[], Oas),
    (
        "cn-qingdao.oas-internal.aliyuncs.com:80",
        "/",
        &[("x-oss-date", "")],
        Oas,
    ),
    // A header of the vendor.
    (HERE, "/b/k", &[("x-oss-meta-a", "")], Oss),
    (HERE, "/", &[("x-oss-date", "")], Oss),
    (HERE, "/", &[("x-tos-date", "")], Tos),
    (HERE, "/b/k", &[("x-amz-meta-a", "")], S3),
    (HERE, "/b/k", &[("x-sdk-date", "")], Oms),
    (HERE, "/vaults", &[("x-oas-version", "0.2.5")], Oas),
    (HERE, "/vaults/k", &[], Oss),
    // A path that is no bucket's.
    (HERE, "/v2/project/sync-tasks", &[], Oms),
    ("localhost:9000", "/v3/auth/tokens", &[], Oms),
    ("oss-test.localhost:9000", "/v3/auth/tokens", &[], Oss),
    (HERE, "/v2-archive/k", &[], Oss),
    // Who can read the address.
    (HERE, "/bucket-test/k", &[], Oss),
    (HERE, "/no-such-bucket/k", &[], Oss),
    // The home of the bucket.
    ("bucket-test.localhost:9000", "/k", &[], Tos),
    ("oss-test.localhost:9000", "/k", &[], Oss),
    ("s3-test.localhost:9000", "/k", &[], S3),
    (HERE, "/s3-test/k", &[], S3),
    // Nothing at all.
    ("no-such-bucket.localhost:9000", "/k", &[], Tos),
    (HERE, "/", &[], Tos),
    ("elsewhere.org", "/", &[], Tos),
];

#[tokio::test]
async fn the_strongest_claim_wins() {
    let world = World::with_bucket().await;
    let made = world.send(oss::put("oss-test", "/")).await;
    made.expect_status(200);
    let made = world.send(s3::put("s3-test", "/")).await;
    made.expect_status(200);
    let dialects = world.dialects();
    for (host, target, headers, wanted) in TABLE {
        let found = dialects.of(&head(host, target, headers)).await.id();
        assert_eq!(found, *wanted, "{host} {target} {headers:?}");
    }
}

#[tokio::test]
async fn a_domain_of_a_bucket_is_looked_up() {
    let world = World::with_bucket().await;
    let rule = r#"{"CustomDomainRule":{"Domain":"files.example.net","Protocol":"s3"}}"#;
    let ask = put("bucket-test", "/?customdomain").body(rule);
    world.send(ask).await.expect_status(200);
    let dialects = world.dialects();
    let signed = [("authorization", "TOS4-HMAC-SHA256 x")];
    // Host, further headers, who serves it, the bucket.
    let cases = [
        ("files.example.net", &[][..], S3, Some("bucket-test")),
        ("Files.Example.net:9000", &[], S3, Some("bucket-test")),
        ("files.example.net", &signed, Tos, Some("bucket-test")),
        ("other.example.net", &[], Tos, None),
        ("files.example.net.", &[], Tos, None),
        ("photos.tos-cn-beijing.volces.com", &[], Tos, Some("photos")),
    ];
    for (host, headers, wanted, bucket) in cases {
        let mut head = head(host, "/k", headers);
        dialects.look_up(&mut head).await;
        let found = dialects.of(&head).await;
        assert_eq!(found.id(), wanted, "{host} {headers:?}");
        let named = found.bucket(&head).map(|name| name.to_string());
        assert_eq!(named.as_deref(), bucket, "{host}");
    }
}
