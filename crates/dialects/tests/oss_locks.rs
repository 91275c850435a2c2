//! Locks of single objects in the words of OSS: versions are kept from every dialect until their time, or while they
//! are held.

mod common;

use cohong_sign::oss::Version;
use common::oss::{delete, get, head, put};
use common::{Ask, Tongue, World};

const BUCKET: &str = "bucket-test";
const LOCKED: &str = "<ObjectWormConfiguration><ObjectWormEnabled>Enabled</ObjectWormEnabled>\
    <Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectWormConfiguration>";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    let versions = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let enable = put(BUCKET, "/?versioning").body(versions);
    world.send(enable).await.expect_status(200);
    world
}

async fn refused(world: &World, ask: Ask) -> (u16, String) {
    world.send(ask).await.code()
}

#[tokio::test]
async fn locks_of_a_bucket_are_told_and_keep_new_objects() {
    let world = world().await;
    let none = refused(&world, get(BUCKET, "/?objectWorm")).await;
    assert_eq!(none, (404, "NoSuchObjectWormConfiguration".into()));
    let lock = put(BUCKET, "/?objectWorm").body(LOCKED);
    world.send(lock).await.expect_status(200);
    let told = world.send(get(BUCKET, "/?objectWorm")).await;
    assert!(told.text().ends_with(LOCKED), "{}", told.text());

    let made = world.send(put(BUCKET, "/a").body("a")).await;
    let version = made.header("x-oss-version-id").to_owned();
    let seen = world.send(head(BUCKET, "/a")).await.expect_status(200);
    assert_eq!(seen.header("x-oss-object-worm-mode"), "COMPLIANCE");
    let gone = format!("/a?versionId={version}");
    for tongue in [Tongue::Oss(Version::V4), Tongue::Tos] {
        let refused = world.send(delete(BUCKET, &gone).tongue(tongue)).await;
        assert!((400..500).contains(&refused.status), "{tongue:?}");
    }
    world.send(get(BUCKET, &gone)).await.expect_status(200);
}

#[tokio::test]
async fn single_objects_are_kept_and_held() {
    let world = world().await;
    let body = LOCKED.replace(
        "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>",
        "",
    );
    let lock = put(BUCKET, "/?objectWorm").body(body);
    world.send(lock).await.expect_status(200);
    let made = world.send(put(BUCKET, "/a").body("a")).await;
    let gone = format!("/a?versionId={}", made.header("x-oss-version-id"));

    let none = refused(&world, get(BUCKET, "/a?legalHold")).await;
    assert_eq!(none, (404, "NoSuchObjectWormConfiguration".into()));
    let hold = |word: &str| {
        let body = format!("<LegalHold><Status>{word}</Status></LegalHold>");
        put(BUCKET, "/a?legalHold").body(body)
    };
    world.send(hold("ON")).await.expect_status(200);
    let kept = (409, "FileImmutable".to_owned());
    assert_eq!(refused(&world, delete(BUCKET, &gone)).await, kept);
    world.send(hold("OFF")).await.expect_status(200);
    let told = world.send(get(BUCKET, "/a?legalHold")).await;
    assert_eq!(told.element("Status"), "OFF");

    let until = "2024-05-07T00:00:00.000Z";
    let retention = format!(
        "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
    );
    let keep = put(BUCKET, "/a?retention").body(retention);
    world.send(keep).await.expect_status(200);
    let told = world.send(get(BUCKET, "/a?retention")).await;
    assert_eq!(told.element("RetainUntilDate"), until);
    assert_eq!(refused(&world, delete(BUCKET, &gone)).await, kept);
    let bypass = delete(BUCKET, &gone).header("x-oss-bypass-governance-retention", "true");
    world.send(bypass).await.expect_status(204);
}
