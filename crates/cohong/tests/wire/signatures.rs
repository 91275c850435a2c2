//! Signatures that are absent, wrong, old, or that leave something open.

use crate::World;
use crate::ask::{Ask, host, unsigned};

#[tokio::test]
async fn only_good_signatures_are_served() {
    let world = World::start().await;
    let ask = || Ask::new("PUT", "/k");
    let with = |change: fn(&mut Ask<'_>)| {
        let mut ask = ask();
        change(&mut ask);
        ask.with(b"x")
    };
    let bent = |from: &str, to: &str| {
        let text = String::from_utf8(ask().with(b"x")).expect("text");
        assert!(text.contains(from), "{from} is in the request");
        text.replacen(from, to, 1).into_bytes()
    };
    let cases = [
        ("none", unsigned("PUT", "/k"), "AccessDenied"),
        (
            "wrong secret",
            with(|ask| ask.secret_key = "wrong"),
            "SignatureDoesNotMatch",
        ),
        (
            "unknown key",
            with(|ask| ask.access_key = "AKNOBODY"),
            "InvalidAccessKeyId",
        ),
        (
            "clock ahead",
            with(|ask| ask.skew = 16 * 60),
            "RequestTimeTooSkewed",
        ),
        (
            "clock behind",
            with(|ask| ask.skew = -16 * 60),
            "RequestTimeTooSkewed",
        ),
        (
            "another key",
            bent("PUT /k ", "PUT /other "),
            "SignatureDoesNotMatch",
        ),
        (
            "another method",
            bent("PUT /k ", "DELETE /k "),
            "SignatureDoesNotMatch",
        ),
        (
            "another query",
            bent("PUT /k ", "PUT /k?acl= "),
            "SignatureDoesNotMatch",
        ),
        (
            "another bucket",
            bent(&host(), "other-bucket.tos-cn-beijing.volces.com"),
            "SignatureDoesNotMatch",
        ),
        (
            "another scheme",
            bent("TOS4-HMAC-SHA256", "TOS9-HMAC-SHA256"),
            "AuthorizationHeaderMalformed",
        ),
        (
            "another region",
            bent("/cn-beijing/", "/mars-north/"),
            "AuthorizationHeaderMalformed",
        ),
        (
            "another service",
            bent("/tos/request", "/s3/request"),
            "AuthorizationHeaderMalformed",
        ),
        (
            "no signature in it",
            bent("Signature=", "Nothing="),
            "AuthorizationHeaderMalformed",
        ),
    ];
    for (name, request, code) in cases {
        let answer = world.raw().await.ask(&request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, code),
            "{name}"
        );
        assert!(world.keys().await.is_empty(), "{name}");
    }
    for minutes in [-14, 14] {
        let mut ask = ask();
        ask.skew = minutes * 60;
        assert_eq!(
            world.raw().await.ask(&ask.with(b"x")).await.status,
            200,
            "{minutes} minutes"
        );
    }
}

#[tokio::test]
async fn orders_that_nobody_signed_are_not_followed() {
    let world = World::start().await;
    for line in [
        "x-tos-acl: public-read",
        "x-tos-meta-a: b",
        "x-tos-copy-source: wire-test/secret",
        "x-tos-callback: e30=",
        "x-tos-forbid-overwrite: true",
        "x-tos-security-token: x",
    ] {
        let answer = world
            .raw()
            .await
            .ask(&Ask::new("PUT", "/k").line(line).with(b"x"))
            .await;
        assert_eq!(answer.status, 403, "{line}: {answer:?}");
        assert!(world.keys().await.is_empty(), "{line}");
    }
    let signed = Ask::new("PUT", "/k").signed("x-tos-meta-a", "b").with(b"x");
    assert_eq!(world.raw().await.ask(&signed).await.status, 200);
}

#[tokio::test]
async fn a_signed_header_counts_with_every_line() {
    let world = World::start().await;
    let twice = Ask::new("PUT", "/k")
        .signed("x-tos-meta-a", "b")
        .line("x-tos-meta-a: c")
        .with(b"x");
    let answer = world.raw().await.ask(&twice).await;
    assert!((400..=403).contains(&answer.status), "{answer:?}");
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn a_body_is_the_one_that_was_signed() {
    let world = World::start().await;
    let of_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    let put = |body| {
        Ask::new("PUT", "/k")
            .signed("x-tos-content-sha256", of_x)
            .with(body)
    };
    let answer = world.raw().await.ask(&put(b"y")).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(world.keys().await.is_empty());
    assert_eq!(world.raw().await.ask(&put(b"x")).await.status, 200);
    let no_hash = Ask::new("PUT", "/k")
        .signed("x-tos-content-sha256", "no hash")
        .with(b"x");
    assert_eq!(world.raw().await.ask(&no_hash).await.status, 400);
}

#[tokio::test]
async fn two_claims_in_one_request_are_none() {
    let world = World::start().await;
    let target = "/k?X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Signature=00";
    let answer = world.raw().await.ask(&Ask::new("GET", target).head()).await;
    assert!((400..=403).contains(&answer.status), "{answer:?}");
}
