//! Which dialect a request speaks, row by row: scheme, host, header, address, home of the bucket.

mod common;

use cohong_core::model::DialectId;
use common::{World, oss};
use http::request::Parts;

use DialectId::{Oss, Tos};

const HERE: &str = "127.0.0.1:9000";
const TOS: &str = "tos-cn-beijing.volces.com";
const OSS: &str = "oss-cn-hangzhou.aliyuncs.com";

/// Host, target, further headers, who serves it.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], DialectId);

fn head(host: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().uri(target).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

#[tokio::test]
async fn the_strongest_claim_wins() {
    let world = World::with_bucket().await;
    let made = world.send(oss::put("oss-test", "/")).await;
    made.expect_status(200);
    let dialects = world.dialects();
    let table: &[Row<'_>] = &[
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
        // The host, before headers.
        (TOS, "/k", &[("x-oss-meta-a", "")], Tos),
        (OSS, "/b/k", &[("x-tos-meta-a", "")], Oss),
        ("b.oss-cn-hangzhou.aliyuncs.com", "/k", &[], Oss),
        ("tos-b.oss-cn-hangzhou.aliyuncs.com", "/k", &[], Oss),
        ("oss-b.tos-cn-beijing.volces.com", "/k", &[], Tos),
        ("pics.example.org", "/k", &[], Oss),
        // A header of the vendor.
        (HERE, "/b/k", &[("x-oss-meta-a", "")], Oss),
        (HERE, "/", &[("x-oss-date", "")], Oss),
        (HERE, "/", &[("x-tos-date", "")], Tos),
        // Who can read the address.
        (HERE, "/bucket-test/k", &[], Oss),
        (HERE, "/no-such-bucket/k", &[], Oss),
        // The home of the bucket.
        ("bucket-test.localhost:9000", "/k", &[], Tos),
        ("oss-test.localhost:9000", "/k", &[], Oss),
        // Nothing at all.
        ("no-such-bucket.localhost:9000", "/k", &[], Tos),
        (HERE, "/", &[], Tos),
        ("elsewhere.org", "/", &[], Tos),
    ];
    for (host, target, headers, wanted) in table {
        let found = dialects.of(&head(host, target, headers)).await.id();
        assert_eq!(found, *wanted, "{host} {target} {headers:?}");
    }
}
