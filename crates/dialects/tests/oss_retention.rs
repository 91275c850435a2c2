//! The retention of a bucket, made in the words of OSS, binds every dialect.

mod common;

use common::oss::{delete, get, post, put};
use common::{Ask, Reply, World, s3};

const BUCKET: &str = "bucket-test";

fn days(element: &str, days: u32) -> String {
    format!("<{element}><RetentionPeriodInDays>{days}</RetentionPeriodInDays></{element}>")
}

async fn begin(world: &World, period: u32) -> String {
    let body = days("InitiateWormConfiguration", period);
    let begun = world.send(post(BUCKET, "/?worm").body(body)).await;
    begun.expect_status(200).header("x-oss-worm-id").to_owned()
}

async fn lock(world: &World, id: &str) -> Reply {
    world.send(post(BUCKET, &format!("/?wormId={id}"))).await
}

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

/// The retention as it is told: id, state, days.
async fn told(world: &World) -> (String, String, String) {
    let told = world.send(get(BUCKET, "/?worm")).await.expect_status(200);
    let element = |name| told.element(name).to_owned();
    assert_eq!(element("CreationDate"), "2024-05-06T07:08:09.000Z");
    (
        element("WormId"),
        element("State"),
        element("RetentionPeriodInDays"),
    )
}

#[tokio::test]
async fn it_is_begun_locked_and_extended() {
    let world = world().await;
    let none = (404, "NoSuchWORMConfiguration".to_owned());
    assert_eq!(world.send(get(BUCKET, "/?worm")).await.code(), none);
    let id = begin(&world, 1).await;
    let state = |state: &str, days: &str| (id.clone(), state.to_owned(), days.to_owned());
    assert_eq!(told(&world).await, state("InProgress", "1"));
    assert_eq!(lock(&world, "other").await.code(), none);
    lock(&world, &id).await.expect_status(200);
    assert_eq!(told(&world).await, state("Locked", "1"));
    let extend = |period| {
        let body = days("ExtendWormConfiguration", period);
        post(BUCKET, &format!("/?wormId={id}&wormExtend")).body(body)
    };
    world.send(extend(2)).await.expect_status(200);
    assert_eq!(told(&world).await, state("Locked", "2"));
    let shorter = world.send(extend(1)).await;
    assert_eq!(shorter.code(), (400, "InvalidWORMConfiguration".into()));
    let locked = (403, "WORMConfigurationLocked".to_owned());
    assert_eq!(world.send(delete(BUCKET, "/?worm")).await.code(), locked);
    let body = days("InitiateWormConfiguration", 1);
    let again = world.send(post(BUCKET, "/?worm").body(body)).await;
    assert_eq!(again.code(), locked);
}

#[tokio::test]
async fn one_that_is_not_locked_is_taken_back() {
    let world = world().await;
    begin(&world, 9).await;
    world.send(put(BUCKET, "/a")).await.expect_status(200);
    let kept = world.send(delete(BUCKET, "/a")).await;
    assert_eq!(kept.code(), (409, "FileImmutable".into()));
    let aborted = world.send(delete(BUCKET, "/?worm")).await;
    aborted.expect_status(204);
    world.send(delete(BUCKET, "/a")).await.expect_status(204);
}

#[tokio::test]
async fn what_no_retention_can_be() {
    let world = world().await;
    let element = "InitiateWormConfiguration";
    let cases = [
        (days(element, 0), "InvalidArgument"),
        (days(element, 25_551), "InvalidArgument"),
        (days("Other", 1), "MalformedXML"),
        (format!("<{element}/>"), "MalformedXML"),
        (String::new(), "MalformedXML"),
    ];
    for (body, code) in cases {
        let seen = world.send(post(BUCKET, "/?worm").body(body.clone())).await;
        assert_eq!(seen.code(), (400, code.into()), "{body}");
    }
}

/// Requests that change or remove what is under the key "a", in every dialect, and how they are refused.
fn attacks() -> Vec<(Ask, u16, &'static str)> {
    let rule = "<Delete><Object><Key>a</Key></Object></Delete>";
    vec![
        (put(BUCKET, "/a").body("other"), 409, "FileImmutable"),
        (delete(BUCKET, "/a"), 409, "FileImmutable"),
        (
            post(BUCKET, "/?delete")
                .header("content-md5", "aFPqFnlCon58cZ4Qt7zwvQ==")
                .body(rule),
            409,
            "FileImmutable",
        ),
        (
            put(BUCKET, "/a").header("x-oss-copy-source", "/bucket-test/b"),
            409,
            "FileImmutable",
        ),
        (
            post(BUCKET, "/log?append&position=3").body("more"),
            409,
            "FileImmutable",
        ),
        (common::put(BUCKET, "/a").body("other"), 403, "AccessDenied"),
        (common::delete(BUCKET, "/a"), 403, "AccessDenied"),
        (
            common::post(BUCKET, "/a?metadata").header("x-tos-meta-a", "b"),
            403,
            "AccessDenied",
        ),
        (s3::put(BUCKET, "/a").body("other"), 403, "AccessDenied"),
        (s3::delete(BUCKET, "/a"), 403, "AccessDenied"),
    ]
}

#[tokio::test]
async fn nobody_changes_or_removes_what_is_kept() {
    let world = world().await;
    for key in ["/a", "/b"] {
        world
            .send(put(BUCKET, key).body("bytes"))
            .await
            .expect_status(200);
    }
    let first = post(BUCKET, "/log?append&position=0").body("one");
    world.send(first).await.expect_status(200);
    let id = begin(&world, 2).await;
    lock(&world, &id).await.expect_status(200);
    for (ask, status, code) in attacks() {
        let what = format!("{ask:?}");
        let seen = world.send(ask).await;
        assert_eq!(seen.code(), (status, code.into()), "{what}");
    }
    let seen = world.send(get(BUCKET, "/a")).await.expect_status(200);
    assert_eq!(seen.text(), "bytes");
    world.send(put(BUCKET, "/new")).await.expect_status(200);
}
