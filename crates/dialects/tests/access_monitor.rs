//! The access monitor of buckets and the lifecycle rules that need it, in the words of OSS and TOS: what one sets the
//! other tells, and reads through any dialect count.

mod common;

use std::time::Duration;

use cohong_core::work;
use cohong_sign::oss::Version;
use common::oss::{get, head, put};
use common::{As, Ask, Tongue, World};
use serde_json::json;

const BUCKET: &str = "bucket-test";
const OSS: Tongue = Tongue::Oss(Version::V4);

fn status(word: &str) -> String {
    format!("<AccessMonitorConfiguration><Status>{word}</Status></AccessMonitorConfiguration>")
}

fn monitor(word: &str) -> Ask {
    put(BUCKET, "/?accessmonitor").body(status(word))
}

fn rules(moves: &str) -> String {
    format!(
        "<LifecycleConfiguration><Rule><ID>a</ID><Prefix>a</Prefix><Status>Enabled</Status>{moves}</Rule></LifecycleConfiguration>"
    )
}

fn moved(days: u32, more: &str) -> String {
    format!(
        "<Transition><Days>{days}</Days><StorageClass>IA</StorageClass><IsAccessTime>true</IsAccessTime>{more}</Transition>"
    )
}

async fn set(world: &World, moves: &str) {
    let ask = put(BUCKET, "/?lifecycle").body(rules(moves));
    world.send(ask).await.expect_status(200);
}

async fn world() -> World {
    let world = World::with_bucket().await;
    world.send(monitor("Enabled")).await.expect_status(200);
    world
}

async fn pass(world: &World, days: u32) {
    world.clock.advance(Duration::from_hours(24) * days);
    while work::run_due_once(&world.engine).await.expect("done") > 0 {}
}

async fn class(world: &World, key: &str) -> String {
    let look = head(BUCKET, key).presigned(600_000);
    let seen = world.send(look).await.expect_status(200);
    seen.header("x-oss-storage-class").to_owned()
}

#[tokio::test]
async fn one_dialect_tells_what_the_other_switched() {
    let world = World::with_bucket().await;
    let told = async || {
        let oss = world.send(get(BUCKET, "/?accessmonitor")).await;
        let tos = world.send(common::get(BUCKET, "/?accessmonitor")).await;
        let info = world.send(common::get(BUCKET, "/?bucketInfo")).await;
        let other = world.send(get(BUCKET, "/?bucketInfo")).await;
        let said = tos.json()["Status"].as_str().expect("a word").to_owned();
        assert_eq!(info.json()["Bucket"]["AccessMonitor"], said);
        assert!(oss.text().ends_with(&status(&said)), "{}", oss.text());
        assert_eq!(other.element("AccessMonitor"), said);
        said
    };
    assert_eq!(told().await, "Disabled");
    let body = json!({"Status": "Enabled"}).to_string();
    let on = common::put(BUCKET, "/?accessmonitor").body(body);
    world.send(on).await.expect_status(200);
    assert_eq!(told().await, "Enabled");
    world.send(monitor("Disabled")).await.expect_status(200);
    assert_eq!(told().await, "Disabled");
    for body in [
        status("aa"),
        String::new(),
        "<Status>Enabled</Status>".into(),
    ] {
        let bad = put(BUCKET, "/?accessmonitor").body(body.clone());
        assert_eq!(
            world.send(bad).await.code(),
            (400, "MalformedXML".into()),
            "{body}"
        );
    }
    let copies = status("Enabled").replace("</Access", "<AllowCopy>true</AllowCopy></Access");
    let unserved = put(BUCKET, "/?accessmonitor").body(copies);
    assert_eq!(
        world.send(unserved).await.code(),
        (400, "NotImplemented".into())
    );
    let bad = common::put(BUCKET, "/?accessmonitor").body("{\"Status\": \"On\"}");
    assert_eq!(world.send(bad).await.status, 400);
    let stranger = monitor("Enabled").by(As::Other);
    assert_eq!(world.send(stranger).await.status, 403);
    let stranger = get(BUCKET, "/?accessmonitor").by(As::Other);
    assert_eq!(world.send(stranger).await.status, 403);
}

#[tokio::test]
async fn rules_and_the_monitor_need_each_other() {
    let world = World::with_bucket().await;
    let early = put(BUCKET, "/?lifecycle").body(rules(&moved(3, "")));
    let refused = world.send(early).await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));
    assert_eq!(refused.element("EC"), "0014-00000016");
    let rule = json!({"Rules": [{
        "ID": "a", "Status": "Enabled", "AccessTimeTransitions": [{"Days": 3, "StorageClass": "IA"}],
    }]});
    let early = common::put(BUCKET, "/?lifecycle").body(rule.to_string());
    let refused = world.send(early.clone()).await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));
    world.send(monitor("Enabled")).await.expect_status(200);
    world.send(early).await.expect_status(200);
    let refused = world.send(monitor("Disabled")).await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));
    assert_eq!(refused.element("EC"), "0036-00000005");
    let gone = common::oss::delete(BUCKET, "/?lifecycle");
    world.send(gone).await.expect_status(204);
    world.send(monitor("Disabled")).await.expect_status(200);
}

#[tokio::test]
async fn what_rules_say_of_reads_is_told() {
    let world = world().await;
    let both = [
        "<Transition><Days>355</Days><StorageClass>Archive</StorageClass><IsAccessTime>false</IsAccessTime></Transition>",
        &moved(
            352,
            "<ReturnToStdWhenVisit>true</ReturnToStdWhenVisit><AllowSmallFile>false</AllowSmallFile>",
        ),
        "<NoncurrentVersionTransition><NoncurrentDays>25</NoncurrentDays><StorageClass>IA</StorageClass>\
         <IsAccessTime>true</IsAccessTime><ReturnToStdWhenVisit>false</ReturnToStdWhenVisit>\
         <AllowSmallFile>true</AllowSmallFile></NoncurrentVersionTransition>",
    ]
    .concat();
    set(&world, &both).await;
    let told = world.send(get(BUCKET, "/?lifecycle")).await;
    let text = told.expect_status(200).text().to_owned();
    assert!(text.ends_with(&rules(&both)), "{text}");
    let again = put(BUCKET, "/?lifecycle").body(text);
    world.send(again).await.expect_status(200);
    let told = world.send(common::get(BUCKET, "/?lifecycle")).await.json();
    let unread = &told["Rules"][0]["AccessTimeTransitions"];
    assert_eq!(*unread, json!([{"Days": 352, "StorageClass": "IA"}]));
    let older = &told["Rules"][0]["NoncurrentVersionAccessTimeTransitions"];
    assert_eq!(
        *older,
        json!([{"NoncurrentDays": 25, "StorageClass": "IA"}])
    );
    // As the vendor's service tells it, with the time since which it notes reads.
    let sized = "<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter>";
    set(
        &world,
        &format!("{}{sized}<AtimeBase>1631698332</AtimeBase>", moved(3, "")),
    )
    .await;
    let told = world.send(get(BUCKET, "/?lifecycle")).await;
    assert!(!told.text().contains("AllowSmallFile"), "{}", told.text());
}

#[tokio::test]
async fn rules_that_make_no_sense() {
    let world = world().await;
    let sized = "<Filter><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter>";
    let back = "<ReturnToStdWhenVisit>true</ReturnToStdWhenVisit>";
    let small = "<AllowSmallFile>true</AllowSmallFile>";
    let cases = [
        (moved(0, ""), "InvalidArgument"),
        (moved(3, small) + sized, "InvalidArgument"),
        (
            moved(3, small).replace("true</IsA", "false</IsA"),
            "InvalidArgument",
        ),
        (
            moved(3, back).replace("true</IsA", "false</IsA"),
            "InvalidArgument",
        ),
        (
            moved(3, back).replace(">IA<", ">Archive<"),
            "InvalidArgument",
        ),
        (
            moved(3, "").replace(">IA<", ">Standard<"),
            "InvalidArgument",
        ),
        (
            moved(3, "").replace("<Days>3</Days>", "<Date>2030-01-01T00:00:00.000Z</Date>"),
            "MalformedXML",
        ),
        (
            moved(3, "<AllowSmallFile>perhaps</AllowSmallFile>"),
            "MalformedXML",
        ),
    ];
    for (moves, code) in cases {
        let bad = put(BUCKET, "/?lifecycle").body(rules(&moves));
        assert_eq!(world.send(bad).await.code(), (400, code.into()), "{moves}");
    }
}

#[tokio::test]
async fn reads_through_every_dialect_keep_objects_where_they_are() {
    let world = world().await;
    let tongues = [("/a-oss", OSS), ("/a-tos", Tongue::Tos)];
    for key in ["/a-oss", "/a-tos", "/a-cold"] {
        world
            .send(put(BUCKET, key).body("x"))
            .await
            .expect_status(200);
    }
    set(&world, &moved(3, "<AllowSmallFile>true</AllowSmallFile>")).await;
    pass(&world, 2).await;
    for (key, tongue) in tongues {
        let read = common::get(BUCKET, key).tongue(tongue).presigned(600_000);
        world.send(read).await.expect_status(200);
    }
    pass(&world, 2).await;
    for (key, wanted) in [
        ("/a-oss", "Standard"),
        ("/a-tos", "Standard"),
        ("/a-cold", "IA"),
    ] {
        assert_eq!(class(&world, key).await, wanted, "{key}");
    }
    pass(&world, 2).await;
    assert_eq!(class(&world, "/a-tos").await, "IA");
}

#[tokio::test]
async fn small_objects_stay_where_a_rule_says_so() {
    let world = world().await;
    for (key, len) in [("/a-small", (64 << 10) - 1), ("/a-large", 64 << 10)] {
        world
            .send(put(BUCKET, key).body("x".repeat(len)))
            .await
            .expect_status(200);
    }
    set(&world, &moved(1, "<AllowSmallFile>false</AllowSmallFile>")).await;
    pass(&world, 3).await;
    assert_eq!(class(&world, "/a-small").await, "Standard");
    assert_eq!(class(&world, "/a-large").await, "IA");
}

#[tokio::test]
async fn the_last_access_is_told_while_it_is_noted() {
    let world = World::with_bucket().await;
    world
        .send(put(BUCKET, "/a").body("x"))
        .await
        .expect_status(200);
    let told = async || {
        let seen = world
            .send(head(BUCKET, "/a?objectMeta").presigned(600_000))
            .await;
        let seen = seen.expect_status(200);
        seen.header("x-oss-last-access-time").to_owned()
    };
    assert_eq!(told().await, "");
    world.clock.advance(Duration::from_hours(1));
    world
        .send(monitor("Enabled").presigned(600_000))
        .await
        .expect_status(200);
    assert_eq!(told().await, "Mon, 06 May 2024 08:08:09 GMT");
    world.clock.advance(Duration::from_hours(25));
    world
        .send(get(BUCKET, "/a").presigned(600_000))
        .await
        .expect_status(200);
    assert_eq!(told().await, "Tue, 07 May 2024 09:08:09 GMT");
    world
        .send(monitor("Disabled").presigned(600_000))
        .await
        .expect_status(200);
    assert_eq!(told().await, "");
}
