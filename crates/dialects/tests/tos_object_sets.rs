//! Object sets of TOS: their bodies go both ways, and what bounds them is refused in the vendor's words, in every dialect.

mod common;

use common::{Tongue, World, delete, get, put};
use serde_json::{Value, json};

const BUCKET: &str = "bucket-test";
const OSS: Tongue = Tongue::Oss(cohong_sign::oss::Version::V4);
const S3: Tongue = Tongue::S3(cohong_sign::s3::Version::V4);

async fn set(world: &World, query: &str, body: &Value) {
    let ask = put(BUCKET, &format!("/?{query}")).json(body);
    world.send(ask).await.expect_status(200);
}

async fn seen(world: &World, query: &str) -> Value {
    let reply = world.send(get(BUCKET, &format!("/?{query}"))).await;
    reply.expect_status(200).json()
}

async fn code(world: &World, query: &str) -> (u16, String) {
    world.send(get(BUCKET, &format!("/?{query}"))).await.code()
}

/// A bucket with the set `a/`.
async fn world() -> World {
    let world = World::with_bucket().await;
    set(&world, "objectsetconfiguration", &json!({"PathLevel": 1})).await;
    let tags = json!({"Tags": [{"Key": "team", "Value": "one"}]});
    let made = json!({"ObjectSetName": "a", "TagSet": tags});
    set(&world, "objectset", &made).await;
    world
}

#[tokio::test]
async fn configurations_and_sets() {
    let world = World::with_bucket().await;
    let none = (404, "NoSuchObjectSet".to_owned());
    for query in [
        "objectsetconfiguration",
        "objectsets",
        "objectset&ObjectSetName=a",
    ] {
        assert_eq!(code(&world, query).await, none, "{query}");
    }
    let layout = json!({
        "PathLevel": 1, "CustomDelimiter": "/", "EnableDefaultObjectSet": true, "StorageQuota": "1000",
        "Qos": {"ReadsQps": 10, "WritesRate": 20},
    });
    set(&world, "objectsetconfiguration", &layout).await;
    assert_eq!(seen(&world, "objectsetconfiguration").await, layout);
    let tags = json!({"Tags": [{"Key": "team", "Value": "one"}]});
    for name in ["a", "b/", "ba"] {
        let made = json!({"ObjectSetName": name, "TagSet": tags});
        set(&world, "objectset", &made).await;
    }
    let found = seen(&world, "objectset&ObjectSetName=a").await;
    assert_eq!(found, json!({"ObjectSetName": "a/", "TagSet": tags}));
    set(&world, "objectsettagging", &json!({"ObjectSetName": "ba"})).await;
    let found = seen(&world, "objectsettagging&ObjectSetName=ba").await;
    assert_eq!(
        found,
        json!({"ObjectSetName": "ba/", "TagSet": {"Tags": []}})
    );
    let page = seen(&world, "objectsets&prefix=b&max-keys=1").await;
    let wanted = json!({
        "IsTruncated": true, "NextMarker": "b/", "ObjectSets": [{"ObjectSetName": "b/", "TagSet": tags}],
    });
    assert_eq!(page, wanted);
    let page = seen(&world, "objectsets&prefix=b&marker=b%2F").await;
    assert_eq!(page["ObjectSets"][0]["ObjectSetName"], "ba/");
    assert_eq!(page["IsTruncated"], false);
    let page = seen(&world, "objectsets&tags=team%3Done").await;
    assert_eq!(page["ObjectSets"].as_array().map(Vec::len), Some(2));
    let at = seen(&world, "objectsetendpoint&ObjectSetName=a").await;
    assert_eq!(at[0]["capname"], "a/");
    assert!(
        at[0]["endpoint"][0]
            .as_str()
            .is_some_and(|host| host.starts_with(BUCKET)),
        "{at}"
    );
    let other = put(BUCKET, "/?objectsetconfiguration").json(&json!({"PathLevel": 2}));
    assert_eq!(
        world.send(other).await.code(),
        (409, "InvalidBucketState".into())
    );
    let two = put(BUCKET, "/?objectset").json(&json!({"ObjectSetName": "a/b"}));
    assert_eq!(
        world.send(two).await.code(),
        (400, "InvalidArgument".into())
    );
    let gone = delete(BUCKET, "/?objectset&ObjectSetName=a");
    world.send(gone).await.expect_status(204);
    assert_eq!(code(&world, "objectset&ObjectSetName=a").await, none);
    world.send(delete(BUCKET, "/")).await.expect_status(204);
}

#[tokio::test]
async fn quotas_and_what_is_stored() {
    let world = world().await;
    let quota = "objectsetquota&ObjectSetName=a";
    assert_eq!(seen(&world, quota).await, json!({"StorageQuota": ""}));
    set(&world, quota, &json!({"StorageQuota": "100"})).await;
    assert_eq!(seen(&world, quota).await, json!({"StorageQuota": "100"}));
    let store =
        async |key: &str, bytes: usize| world.send(put(BUCKET, key).body("x".repeat(bytes))).await;
    store("/a/1", 60).await.expect_status(200);
    let full = store("/a/2", 41).await;
    assert_eq!(full.code(), (403, "QuotaExceeded".into()));
    store("/b/2", 41).await.expect_status(200);
    for tongue in [OSS, S3] {
        let ask = put(BUCKET, "/a/2").tongue(tongue).body("x".repeat(41));
        assert_eq!(world.send(ask).await.status, 403, "{tongue:?}");
    }
    let stored = seen(&world, "objectsetstorage&ObjectSetName=a").await;
    let some = json!({"Storage": "60", "ObjectCount": 1});
    assert_eq!(
        (&stored["TotalStorageStat"], &stored["StandardStorageStat"]),
        (&some, &some)
    );
    let none = json!({"Storage": "0", "ObjectCount": 0});
    assert_eq!(stored["IAStorageStat"], none);
    assert_eq!(
        stored["IntelligentTieringStorageStats"]["LowFreqStorageStat"],
        none
    );
    set(&world, quota, &json!({"StorageQuota": "0"})).await;
    assert_eq!(seen(&world, quota).await, json!({"StorageQuota": "0"}));
    store("/a/2", 41).await.expect_status(200);
    let by_tag = json!({"Rules": [{
        "Tag": {"Key": "team", "Value": "one"}, "Qos": {"ListQps": 1}, "StorageQuota": "7",
    }]});
    set(&world, "objectsetquotabytag", &by_tag).await;
    assert_eq!(seen(&world, "objectsetquotabytag").await, by_tag);
    let tagged =
        json!({"ObjectSetName": "c", "TagSet": {"Tags": [{"Key": "team", "Value": "one"}]}});
    set(&world, "objectset", &tagged).await;
    assert_eq!(store("/c/1", 8).await.code(), (403, "QuotaExceeded".into()));
    seen(&world, "prefix=c%2F").await;
    let often = code(&world, "prefix=c%2F").await;
    assert_eq!(often, (429, "ExceedBucketQPSLimit".into()));
    let list = get(BUCKET, "/?prefix=c%2F").tongue(S3);
    assert_eq!(world.send(list).await.status, 503);
    let gone = delete(BUCKET, "/?objectsetquotabytag");
    world.send(gone).await.expect_status(204);
    store("/c/1", 8).await.expect_status(200);
    let none = code(&world, "objectsetquotabytag").await;
    assert_eq!(none, (404, "NoSuchObjectSetQuotaConfiguration".into()));
}

#[tokio::test]
async fn lifecycle_rules() {
    let world = world().await;
    let own = "objectset-lifecycle&ObjectSetName=a";
    let none = (404, "NoSuchLifecycleConfiguration".to_owned());
    assert_eq!(code(&world, own).await, none);
    let rules = json!([
        {"ID": "r1", "Prefix": "log/", "Status": "Enabled", "Expiration": {"Days": 30}},
        {"ID": "r2", "Prefix": "data/", "Status": "Enabled",
            "Transitions": [{"Days": 90, "StorageClass": "IA"}], "Tags": [{"Key": "t", "Value": "v"}]},
    ]);
    set(&world, own, &json!({"Rules": rules})).await;
    assert_eq!(seen(&world, own).await, json!({"Rules": rules}));
    world
        .send(put(BUCKET, "/a/log/1").body("x"))
        .await
        .expect_status(200);
    let read = world.send(get(BUCKET, "/a/log/1")).await;
    assert!(read.header("x-tos-expiration").contains("r1"));
    let twice = json!({"Rules": [
        {"ID": "r1", "Status": "Enabled", "Expiration": {"Days": 1}},
        {"ID": "r2", "Status": "Enabled", "Expiration": {"Days": 2}},
    ]});
    let refused = put(BUCKET, &format!("/?{own}")).json(&twice);
    assert_eq!(
        world.send(refused).await.code(),
        (400, "InvalidArgument".into())
    );
    let meant = put(BUCKET, &format!("/?{own}")).header("x-tos-allow-same-action-overlap", "true");
    world.send(meant.json(&twice)).await.expect_status(200);
    let told = world.send(get(BUCKET, &format!("/?{own}"))).await;
    assert_eq!(told.header("x-tos-allow-same-action-overlap"), "true");
    let gone = delete(BUCKET, &format!("/?{own}"));
    world.send(gone).await.expect_status(204);
    assert_eq!(code(&world, own).await, none);
    let by_tag = json!({"ObjectSetTagRules": [{
        "Tag": {"Key": "team", "Value": "one"},
        "Rules": [{"ID": "t1", "Prefix": "", "Status": "Enabled", "Expiration": {"Days": 7}}],
    }]});
    set(&world, "objectset-lifecycle-bytag", &by_tag).await;
    assert_eq!(seen(&world, "objectset-lifecycle-bytag").await, by_tag);
    let read = world.send(get(BUCKET, "/a/log/1")).await;
    assert!(read.header("x-tos-expiration").contains("t1"));
    let gone = delete(BUCKET, "/?objectset-lifecycle-bytag");
    world.send(gone).await.expect_status(204);
    assert_eq!(code(&world, "objectset-lifecycle-bytag").await, none);
}
