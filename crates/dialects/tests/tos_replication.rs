//! Replication in the words of TOS: rules come and go, bodies are read and written as the vendor's, and objects tell what
//! became of their copies; S3 tells it in its own words.

mod common;

use std::time::Duration;

use cohong_core::work;
use common::{Ask, World, delete, get, head, masked, put, s3};
use serde_json::{Value, json};

const FROM: &str = "photos-test";
const INTO: &str = "copies-test";
const STATUS: &str = "x-tos-replication-status";

async fn world() -> World {
    let world = World::new().await;
    for bucket in [FROM, INTO] {
        world.send(put(bucket, "/")).await.expect_status(200);
    }
    world
}

fn rule() -> Value {
    json!({
        "ID": "1", "Status": "Enabled", "PrefixSet": ["in/"],
        "Tags": [{"Key": "keep", "Value": "yes"}],
        "Destination": {
            "Bucket": INTO, "Location": "cn-beijing", "StorageClass": "IA",
            "StorageClassInheritDirective": "SOURCE_OBJECT",
        },
        "HistoricalObjectReplication": "Enabled",
        "AccessControlTranslation": {"Owner": "BucketOwnerEntrusted"},
    })
}

fn set(rule: &Value) -> Ask {
    let body = json!({"Role": "ServiceRoleforReplicationAccessTOS", "Rules": [rule]});
    put(FROM, "/?replication").body(body.to_string())
}

async fn work_on(world: &World) {
    work::run_due_once(&world.engine).await.expect("the queue");
}

#[tokio::test]
async fn rules_come_and_go() {
    let world = world().await;
    let none = world.send(get(FROM, "/?replication")).await;
    assert_eq!(none.code(), (404, "NoSuchBucketReplication".to_owned()));
    world.send(set(&rule())).await.expect_status(200);
    let shown = world.send(get(FROM, "/?replication")).await.json();
    let mut wanted = rule();
    wanted["TransferType"] = json!("internal");
    let all = json!({"Role": "ServiceRoleforReplicationAccessTOS", "Rules": [wanted]});
    assert_eq!(shown, all);
    let told = get(FROM, "/?replication&progress&rule-id=1");
    let told = world.send(told).await.json();
    assert_eq!(told["Rules"][0]["Progress"]["HistoricalObject"], json!(0.0));
    world.clock.advance(Duration::from_secs(5));
    work_on(&world).await;
    let told = world.send(get(FROM, "/?replication&progress")).await.json();
    let progress = &told["Rules"][0]["Progress"];
    assert_eq!(progress["HistoricalObject"], json!(1.0));
    assert_eq!(
        masked(progress.clone(), &["/NewObject"])["NewObject"],
        "[id]"
    );
    let other = world.send(get(FROM, "/?replication&rule-id=2")).await;
    assert_eq!(other.code(), (404, "NoSuchBucketReplication".to_owned()));
    for _ in 0..2 {
        world
            .send(delete(FROM, "/?replication"))
            .await
            .expect_status(204);
    }
    let none = world.send(get(FROM, "/?replication")).await;
    assert_eq!(none.code(), (404, "NoSuchBucketReplication".to_owned()));
}

#[tokio::test]
async fn what_a_rule_does_not_say_is_left_to_the_server() {
    let world = world().await;
    let least = json!({
        "Status": "Disabled", "Destination": {"Bucket": INTO, "Location": "cn-beijing"},
    });
    world.send(set(&least)).await.expect_status(200);
    let shown = world.send(get(FROM, "/?replication&progress")).await.json();
    let id = shown["Rules"][0]["ID"].as_str().expect("an id").to_owned();
    assert!(!id.is_empty());
    let wanted = json!({
        "ID": id, "Status": "Disabled", "TransferType": "internal",
        "Destination": {"Bucket": INTO, "Location": "cn-beijing"},
        "HistoricalObjectReplication": "Disabled", "Progress": {"HistoricalObject": 0.0},
    });
    assert_eq!(shown["Rules"][0], wanted);
}

#[tokio::test]
async fn rules_that_make_no_sense_are_refused() {
    type Change = fn(&mut Value);
    let world = world().await;
    let cases: [(u16, &str, Change); 12] = [
        (400, "InvalidArgument", |rule| {
            rule["Status"] = json!("enabled");
        }),
        (400, "InvalidArgument", |rule| {
            rule["HistoricalObjectReplication"] = json!("yes");
        }),
        (400, "InvalidArgument", |rule| {
            rule["AccessControlTranslation"]["Owner"] = json!("me");
        }),
        (400, "InvalidArgument", |rule| {
            rule["Destination"]["StorageClass"] = json!("WARM");
        }),
        (400, "InvalidArgument", |rule| {
            rule["Destination"]["StorageClassInheritDirective"] = json!("NONE");
        }),
        (400, "InvalidArgument", |rule| {
            rule["Destination"]["Bucket"] = json!("A");
        }),
        (400, "InvalidArgument", |rule| {
            rule["Destination"]["Bucket"] = json!(FROM);
        }),
        (400, "InvalidArgument", |rule| {
            rule["Destination"]["Location"] = json!("cn-shanghai");
        }),
        (404, "NoSuchBucket", |rule| {
            rule["Destination"]["Bucket"] = json!("nowhere-test");
        }),
        (400, "InvalidArgument", |rule| {
            rule["ID"] = json!("a".repeat(256));
        }),
        (400, "MalformedBody", |rule| {
            rule.as_object_mut().expect("a rule").remove("Destination");
        }),
        (501, "NotImplemented", |rule| {
            rule["TransferType"] = json!("tos_acc");
        }),
    ];
    for (status, code, change) in cases {
        let mut one = rule();
        change(&mut one);
        let refused = world.send(set(&one)).await;
        assert_eq!(refused.code(), (status, code.to_owned()), "{one}");
    }
    let nobody = json!({"Rules": [rule()]}).to_string();
    let nobody = world.send(put(FROM, "/?replication").body(nobody)).await;
    assert_eq!(nobody.code(), (400, "InvalidArgument".to_owned()));
    let nothing = json!({"Role": "role"}).to_string();
    let nothing = world.send(put(FROM, "/?replication").body(nothing)).await;
    assert_eq!(nothing.code(), (400, "InvalidArgument".to_owned()));
}

#[tokio::test]
async fn objects_tell_what_became_of_their_copies() {
    let world = world().await;
    world.send(set(&rule())).await.expect_status(200);
    let object = put(FROM, "/in/a").header("x-tos-tagging", "keep=yes");
    world.send(object.body("one")).await.expect_status(200);
    let there = world.send(head(FROM, "/in/a")).await;
    assert_eq!(there.header(STATUS), "PENDING");
    work_on(&world).await;
    let there = world.send(get(FROM, "/in/a")).await;
    assert_eq!(there.header(STATUS), "COMPLETE");
    let copy = world.send(get(INTO, "/in/a")).await.expect_status(200);
    assert_eq!((copy.header(STATUS), copy.text()), ("REPLICA", "one"));
    assert_eq!(copy.header("x-tos-storage-class"), "STANDARD");
    assert_eq!(copy.header("last-modified"), there.header("last-modified"));
    let there = world.send(s3::head(FROM, "/in/a")).await;
    assert_eq!(there.header("x-amz-replication-status"), "COMPLETED");
    world
        .send(put(INTO, "/plain").body("x"))
        .await
        .expect_status(200);
    let plain = world.send(head(INTO, "/plain")).await;
    assert_eq!(plain.header(STATUS), "");
    let info = world.send(get(FROM, "/?bucketInfo")).await.json();
    assert_eq!(info["Bucket"]["CrossRegionReplication"], "Enabled");
    let info = world.send(common::oss::get(FROM, "/?bucketInfo")).await;
    assert_eq!(info.element("CrossRegionReplication"), "Enabled");
}
