//! Object lock in the words of S3 and of TOS; what one of them locked, all of them keep.

mod common;

use common::s3::{delete, get, head, post, put};
use common::{As, Reply, World, oss};
use serde_json::json;
use std::time::Duration;

const BUCKET: &str = "bucket-test";
const DAY: Duration = Duration::from_hours(24);
/// The day after the one that all requests are signed at.
const TOMORROW: &str = "2024-05-07T07:08:09.000Z";
const LATER: &str = "2024-05-08T07:08:09.000Z";

async fn world() -> World {
    let world = World::new().await;
    let lock = put(BUCKET, "/").header("x-amz-bucket-object-lock-enabled", "true");
    world.send(lock).await.expect_status(200);
    world
}

fn rule(retention: &str) -> String {
    let rule = format!("<Rule><DefaultRetention>{retention}</DefaultRetention></Rule>");
    format!(
        "<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}</ObjectLockConfiguration>"
    )
}

fn retention(mode: &str, until: &str) -> String {
    format!("<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>")
}

fn hold(status: &str) -> String {
    format!("<LegalHold><Status>{status}</Status></LegalHold>")
}

/// Stores an object with what keeps it, and gives its version.
async fn locked(world: &World, key: &str, mode: &str) -> String {
    let put = put(BUCKET, key)
        .header("x-amz-object-lock-mode", mode)
        .header("x-amz-object-lock-retain-until-date", TOMORROW)
        .body("x");
    let put = world.send(put).await.expect_status(200);
    put.header("x-amz-version-id").to_owned()
}

async fn gone(world: &World, key: &str, version: &str, passes: bool) -> Reply {
    let mut ask = delete(BUCKET, &format!("{key}?versionId={version}"));
    if passes {
        ask = ask.header("x-amz-bypass-governance-retention", "True");
    }
    world.send(ask).await
}

fn denied() -> (u16, String) {
    (403, "AccessDenied".into())
}

#[tokio::test]
async fn buckets_say_how_long_new_objects_are_kept() {
    let world = world().await;
    let versioning = world.send(get(BUCKET, "/?versioning")).await;
    assert_eq!(versioning.element("Status"), "Enabled");
    let told = world.send(get(BUCKET, "/?object-lock")).await;
    let told = told.expect_status(200);
    assert_eq!(told.element("ObjectLockEnabled"), "Enabled");
    assert!(!told.text().contains("Rule"), "{}", told.text());
    let cases = [
        ("<Mode>GOVERNANCE</Mode><Days>1</Days>", None),
        ("<Mode>COMPLIANCE</Mode><Years>100</Years>", None),
        (
            "<Mode>GOVERNANCE</Mode><Days>0</Days>",
            Some("InvalidRetentionPeriod"),
        ),
        (
            "<Mode>GOVERNANCE</Mode><Years>-1</Years>",
            Some("InvalidRetentionPeriod"),
        ),
        (
            "<Mode>GOVERNANCE</Mode><Days>36501</Days>",
            Some("InvalidRetentionPeriod"),
        ),
        (
            "<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>",
            Some("MalformedXML"),
        ),
        ("<Mode>GOVERNANCE</Mode>", Some("MalformedXML")),
        (
            "<Mode>governance</Mode><Days>1</Days>",
            Some("MalformedXML"),
        ),
        ("<Days>1</Days>", Some("MalformedXML")),
    ];
    for (text, refused) in cases {
        let sent = world
            .send(put(BUCKET, "/?object-lock").body(rule(text)))
            .await;
        if let Some(code) = refused {
            assert_eq!(sent.code(), (400, code.into()), "{text}");
            continue;
        }
        sent.expect_status(200);
        let told = world.send(get(BUCKET, "/?object-lock")).await;
        assert!(told.text().contains(text), "{}", told.text());
    }
    let off = "<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled></ObjectLockConfiguration>";
    let off = world.send(put(BUCKET, "/?object-lock").body(off)).await;
    assert_eq!(off.code(), (400, "MalformedXML".into()));
    let suspend = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    let suspended = world.send(put(BUCKET, "/?versioning").body(suspend)).await;
    assert_eq!(suspended.code(), (409, "InvalidBucketState".into()));
}

#[tokio::test]
async fn a_bucket_without_locks_takes_none() {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
        .send(put(BUCKET, "/a").body("x"))
        .await
        .expect_status(200);
    let none = world.send(get(BUCKET, "/?object-lock")).await;
    assert_eq!(
        none.code(),
        (404, "ObjectLockConfigurationNotFoundError".into())
    );
    let days = rule("<Mode>GOVERNANCE</Mode><Days>1</Days>");
    let unversioned = world.send(put(BUCKET, "/?object-lock").body(days)).await;
    assert_eq!(unversioned.code(), (409, "InvalidBucketState".into()));
    let refused = (400, "InvalidRequest".to_owned());
    let kept = retention("GOVERNANCE", TOMORROW);
    for ask in [
        put(BUCKET, "/a?retention").body(kept),
        get(BUCKET, "/a?retention"),
        put(BUCKET, "/a?legal-hold").body(hold("ON")),
        get(BUCKET, "/a?legal-hold"),
        put(BUCKET, "/b").header("x-amz-object-lock-legal-hold", "ON"),
        put(BUCKET, "/b")
            .header("x-amz-object-lock-mode", "COMPLIANCE")
            .header("x-amz-object-lock-retain-until-date", TOMORROW),
        post(BUCKET, "/b?uploads").header("x-amz-object-lock-legal-hold", "OFF"),
    ] {
        let named = format!("{ask:?}");
        assert_eq!(world.send(ask).await.code(), refused, "{named}");
    }
    assert_eq!(world.send(head(BUCKET, "/b")).await.status, 404);
}

#[tokio::test]
async fn a_kept_version_stays_until_its_time() {
    for (mode, passed) in [("GOVERNANCE", true), ("COMPLIANCE", false)] {
        let world = world().await;
        let first = locked(&world, "/a", mode).await;
        let second = locked(&world, "/a", mode).await;
        let seen = world.send(head(BUCKET, "/a")).await.expect_status(200);
        assert_eq!(seen.header("x-amz-object-lock-mode"), mode);
        let until = seen.header("x-amz-object-lock-retain-until-date");
        assert_eq!(until, TOMORROW);
        assert_eq!(gone(&world, "/a", &first, false).await.code(), denied());
        let passing = gone(&world, "/a", &second, true).await;
        assert_eq!(passing.status, if passed { 204 } else { 403 });
        let marked = world.send(delete(BUCKET, "/a")).await.expect_status(204);
        assert_eq!(marked.header("x-amz-delete-marker"), "true");
        // Whatever the tongue.
        let other = oss::delete(BUCKET, &format!("/a?versionId={first}"));
        assert_eq!(
            world.send(other).await.code(),
            (409, "FileImmutable".into())
        );
        let other = common::delete(BUCKET, &format!("/a?versionId={first}"));
        assert_eq!(world.send(other).await.code(), denied());
        world.clock.advance(DAY);
        let free = delete(BUCKET, &format!("/a?versionId={first}"));
        world.send(free.presigned(604_800)).await.expect_status(204);
    }
}

#[tokio::test]
async fn many_are_deleted_one_by_one() {
    let world = world().await;
    let kept = locked(&world, "/a", "GOVERNANCE").await;
    let free = world.send(put(BUCKET, "/b").body("x")).await;
    let free = free.header("x-amz-version-id").to_owned();
    let body = format!(
        "<Delete><Object><Key>a</Key><VersionId>{kept}</VersionId></Object>\
         <Object><Key>b</Key><VersionId>{free}</VersionId></Object></Delete>"
    );
    let many = |body: &str| {
        use base64::Engine as _;
        use md5::Digest as _;
        let sum = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(body));
        post(BUCKET, "/?delete")
            .header("content-md5", &sum)
            .body(body.to_owned())
    };
    let done = world.send(many(&body)).await.expect_status(200);
    assert!(
        done.text().contains("<Deleted><Key>b</Key>"),
        "{}",
        done.text()
    );
    assert_eq!(done.element("Code"), "AccessDenied");
    let passing = many(&body).header("x-amz-bypass-governance-retention", "true");
    let done = world.send(passing).await.expect_status(200);
    assert!(!done.text().contains("<Error>"), "{}", done.text());
}

#[tokio::test]
async fn times_are_made_longer_and_holds_taken_back() {
    let world = world().await;
    locked(&world, "/a", "GOVERNANCE").await;
    let keep = |mode: &str, until: &str| put(BUCKET, "/a?retention").body(retention(mode, until));
    world
        .send(keep("GOVERNANCE", LATER))
        .await
        .expect_status(200);
    let told = world
        .send(get(BUCKET, "/a?retention"))
        .await
        .expect_status(200);
    assert_eq!(
        (told.element("Mode"), told.element("RetainUntilDate")),
        ("GOVERNANCE", LATER)
    );
    for refused in [keep("GOVERNANCE", TOMORROW), keep("COMPLIANCE", LATER)] {
        assert_eq!(world.send(refused.clone()).await.code(), denied());
        let passing = refused.header("x-amz-bypass-governance-retention", "true");
        world.send(passing).await.expect_status(200);
    }
    for refused in [keep("GOVERNANCE", LATER), keep("COMPLIANCE", TOMORROW)] {
        let passing = refused.header("x-amz-bypass-governance-retention", "true");
        assert_eq!(world.send(passing).await.code(), denied());
    }
    let past = world.send(keep("COMPLIANCE", "2024-05-06T07:08:08Z")).await;
    assert_eq!(past.code(), (400, "InvalidArgument".into()));
    for (mode, until) in [("compliance", LATER), ("COMPLIANCE", "tomorrow")] {
        let bad = world.send(keep(mode, until)).await;
        assert_eq!(bad.code(), (400, "MalformedXML".into()), "{mode} {until}");
    }
    let free = world.send(put(BUCKET, "/b").body("x")).await;
    let version = free.header("x-amz-version-id").to_owned();
    for name in ["retention", "legal-hold"] {
        let none = world.send(get(BUCKET, &format!("/b?{name}"))).await;
        let code = (404, "NoSuchObjectLockConfiguration".into());
        assert_eq!(none.code(), code, "{name}");
    }
    let bad = world
        .send(put(BUCKET, "/b?legal-hold").body(hold("on")))
        .await;
    assert_eq!(bad.code(), (400, "MalformedXML".into()));
    for (word, free) in [("ON", false), ("OFF", true)] {
        let put = put(BUCKET, "/b?legal-hold").body(hold(word));
        world.send(put).await.expect_status(200);
        let told = world.send(get(BUCKET, "/b?legal-hold")).await;
        assert_eq!(told.element("Status"), word);
        let seen = world.send(head(BUCKET, "/b")).await;
        assert!(free || seen.header("x-amz-object-lock-legal-hold") == "ON");
        let gone = gone(&world, "/b", &version, true).await;
        assert_eq!(gone.status, if free { 204 } else { 403 });
    }
}

#[tokio::test]
async fn copies_and_uploads_are_locked_as_they_say() {
    let world = world().await;
    locked(&world, "/a", "COMPLIANCE").await;
    let kept = |ask: common::Ask| {
        ask.header("x-amz-object-lock-mode", "GOVERNANCE")
            .header("x-amz-object-lock-retain-until-date", LATER)
            .header("x-amz-object-lock-legal-hold", "ON")
    };
    let copy = || put(BUCKET, "/copy").header("x-amz-copy-source", "bucket-test/a");
    world.send(copy()).await.expect_status(200);
    let seen = world.send(head(BUCKET, "/copy")).await;
    assert!(!seen.headers.contains_key("x-amz-object-lock-mode"));
    world.send(kept(copy())).await.expect_status(200);
    let begun = world.send(kept(post(BUCKET, "/whole?uploads"))).await;
    let upload = begun.element("UploadId").to_owned();
    let part = put(BUCKET, &format!("/whole?uploadId={upload}&partNumber=1")).body("x");
    let part = world.send(part).await.expect_status(200);
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.header("etag").replace('"', "&quot;")
    );
    let complete = post(BUCKET, &format!("/whole?uploadId={upload}")).body(body);
    world.send(complete).await.expect_status(200);
    for key in ["/copy", "/whole"] {
        let seen = world.send(head(BUCKET, key)).await.expect_status(200);
        assert_eq!(seen.header("x-amz-object-lock-mode"), "GOVERNANCE", "{key}");
        let until = seen.header("x-amz-object-lock-retain-until-date");
        assert_eq!(until, LATER, "{key}");
        assert_eq!(seen.header("x-amz-object-lock-legal-hold"), "ON", "{key}");
    }
    let half = put(BUCKET, "/half").header("x-amz-object-lock-mode", "GOVERNANCE");
    let words = put(BUCKET, "/half").header("x-amz-object-lock-legal-hold", "maybe");
    for bad in [half, words] {
        assert_eq!(
            world.send(bad).await.code(),
            (400, "InvalidArgument".into())
        );
    }
}

#[tokio::test]
async fn rights_are_asked_one_by_one() {
    let world = world().await;
    let version = locked(&world, "/a", "GOVERNANCE").await;
    let policy = |effect: &str, whom: &str, actions: &[&str]| {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": effect, "Principal": {"AWS": whom}, "Action": actions,
            "Resource": "arn:aws:s3:::bucket-test/*"}]});
        put(BUCKET, "/?policy").body(policy.to_string())
    };
    let pass = ["s3:BypassGovernanceRetention"];
    world
        .send(policy("Deny", "*", &pass))
        .await
        .expect_status(200);
    assert_eq!(gone(&world, "/a", &version, true).await.code(), denied());
    let write = ["s3:PutObject", "s3:GetObject"];
    world
        .send(policy("Allow", "*", &write))
        .await
        .expect_status(200);
    let hold = put(BUCKET, "/b").header("x-amz-object-lock-legal-hold", "ON");
    assert_eq!(world.send(hold.by(As::Other)).await.code(), denied());
    let seen = world
        .send(head(BUCKET, "/a").by(As::Other))
        .await
        .expect_status(200);
    assert!(!seen.headers.contains_key("x-amz-object-lock-mode"));
    let write = ["s3:PutObject", "s3:PutObjectLegalHold"];
    world
        .send(policy("Allow", "*", &write))
        .await
        .expect_status(200);
    let hold = put(BUCKET, "/b").header("x-amz-object-lock-legal-hold", "ON");
    world.send(hold.by(As::Other)).await.expect_status(200);
    gone(&world, "/a", &version, true).await.expect_status(204);
}

#[tokio::test]
async fn tos_keeps_objects_in_one_mode_without_versions_too() {
    let world = World::new().await;
    let bucket = "bucket-other";
    world
        .send(common::put(bucket, "/"))
        .await
        .expect_status(200);
    let none = world.send(common::get(bucket, "/?object-lock")).await;
    assert_eq!(
        none.code(),
        (404, "ObjectLockConfigurationNotFoundError".into())
    );
    let set = |body: serde_json::Value| common::put(bucket, "/?object-lock").json(&body);
    let off = world
        .send(set(json!({"ObjectLockEnabled": "Disabled"})))
        .await;
    assert_eq!(off.status, 400);
    let of = |mode: &str| {
        json!({"ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Days": 1, "Mode": mode}}})
    };
    assert_eq!(world.send(set(of("GOVERNANCE"))).await.status, 400);
    world.send(set(of("COMPLIANCE"))).await.expect_status(200);
    let told = world.send(common::get(bucket, "/?object-lock")).await;
    assert_eq!(told.json(), of("COMPLIANCE"));
    world
        .send(common::put(bucket, "/a").body("x"))
        .await
        .expect_status(200);
    let seen = world
        .send(common::head(bucket, "/a"))
        .await
        .expect_status(200);
    assert_eq!(seen.header("x-tos-object-lock-mode"), "COMPLIANCE");
    assert_eq!(seen.header("x-tos-object-lock-retain-until-date"), TOMORROW);
    for refused in [
        common::put(bucket, "/a").body("y"),
        common::delete(bucket, "/a"),
    ] {
        assert_eq!(world.send(refused).await.code(), denied());
    }
    let longer = json!({"Mode": "COMPLIANCE", "RetainUntilDate": LATER});
    let keep = common::put(bucket, "/a?retention").json(&longer);
    world.send(keep).await.expect_status(200);
    let told = world.send(common::get(bucket, "/a?retention")).await;
    assert_eq!(told.json(), longer);
    let hold = common::put(bucket, "/b").header("x-tos-object-lock-legal-hold", "ON");
    assert_eq!(world.send(hold).await.status, 501);
    world.clock.advance(DAY * 2);
    let free = common::delete(bucket, "/a").presigned(604_800);
    world.send(free).await.expect_status(204);
}
