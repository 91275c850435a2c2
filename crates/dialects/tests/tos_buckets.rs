//! Buckets of TOS, their settings and their notification rules (sheet sections 4 and 6).

mod common;

use common::{As, World, delete, get, get_service, head, put};
use serde_json::{Value, json};

const BUCKET: &str = "bucket-test";

#[tokio::test]
async fn create_look_list_delete() {
    let world = World::new().await;
    let create = put(BUCKET, "/")
        .header("x-tos-bucket-type", "fns")
        .header("x-tos-storage-class", "IA")
        .header("x-tos-az-redundancy", "multi-az")
        .header("x-tos-project-name", "p1");
    let reply = world.send(create).await.expect_status(200);
    assert_eq!(reply.header("location"), "/bucket-test");
    let seen = world.send(head(BUCKET, "/")).await.expect_status(200);
    for (name, wanted) in [
        ("x-tos-bucket-region", "cn-beijing"),
        ("x-tos-storage-class", "IA"),
        ("x-tos-az-redundancy", "multi-az"),
        ("x-tos-project-name", "p1"),
        ("x-tos-bucket-type", "fns"),
    ] {
        assert_eq!(seen.header(name), wanted, "{name}");
    }
    insta::assert_json_snapshot!("list_buckets", world.send(get_service("/")).await.json());
    insta::assert_json_snapshot!(
        "location",
        world.send(get(BUCKET, "/?location")).await.json()
    );
    insta::assert_json_snapshot!("info", world.send(get(BUCKET, "/?bucketInfo")).await.json());
    let again = world.send(put(BUCKET, "/")).await;
    assert_eq!(again.code(), (409, "BucketAlreadyOwnedByYou".into()));
    let taken = world.send(put(BUCKET, "/").by(As::Other)).await;
    assert_eq!(taken.code(), (409, "BucketAlreadyExists".into()));
    world
        .send(put(BUCKET, "/k").body("x"))
        .await
        .expect_status(200);
    let full = world.send(delete(BUCKET, "/")).await;
    assert_eq!(full.code(), (409, "BucketNotEmpty".into()));
    world.send(delete(BUCKET, "/k")).await.expect_status(204);
    world.send(delete(BUCKET, "/")).await.expect_status(204);
    let gone = world.send(head(BUCKET, "/")).await.expect_status(404);
    assert_eq!(gone.header("x-tos-ec"), "0006-00000001");
}

#[tokio::test]
async fn what_a_bucket_cannot_be_is_refused() {
    let world = World::new().await;
    let cases = [
        (
            put(BUCKET, "/").header("x-tos-bucket-type", "tree"),
            400,
            "InvalidArgument",
        ),
        (
            put(BUCKET, "/").header("x-tos-tagging", "a=1&a=2"),
            400,
            "InvalidArgument",
        ),
        (
            put(BUCKET, "/").header("x-tos-acl", "all"),
            400,
            "InvalidArgument",
        ),
        (
            put(BUCKET, "/").header("x-tos-az-redundancy", "two"),
            400,
            "InvalidArgument",
        ),
        (put("-bad", "/"), 400, "InvalidBucketName"),
        (put(BUCKET, "/").by(As::Nobody), 403, "AccessDenied"),
        (get(BUCKET, "/?realtimeLog"), 501, "NotImplemented"),
    ];
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        assert_eq!(
            world.send(ask).await.code(),
            (status, code.to_owned()),
            "{shown}"
        );
    }
    let lists = world.send(get_service("/")).await.json();
    assert_eq!(lists["Buckets"], json!([]));
}

#[tokio::test]
async fn versioning_and_grants() {
    let world = World::with_bucket().await;
    assert_eq!(
        world.send(get(BUCKET, "/?versioning")).await.json(),
        json!({})
    );
    for bad in [json!({"Status": "On"}), json!({}), json!({"Status": true})] {
        assert_eq!(
            world
                .send(put(BUCKET, "/?versioning").json(&bad))
                .await
                .status,
            400,
            "{bad}"
        );
    }
    let grant = put(BUCKET, "/?acl").header("x-tos-grant-read", "id=\"2100000001\"");
    world.send(grant).await.expect_status(200);
    let shown = world.send(get(BUCKET, "/?acl")).await.json();
    insta::assert_json_snapshot!("bucket_acl", shown);
    world
        .send(get(BUCKET, "/").by(As::Other))
        .await
        .expect_status(200);
    world
        .send(put(BUCKET, "/?acl").header("x-tos-acl", "private"))
        .await
        .expect_status(200);
    world
        .send(get(BUCKET, "/").by(As::Other))
        .await
        .expect_status(403);
    world
        .send(put(BUCKET, "/?acl").json(&shown))
        .await
        .expect_status(200);
    assert_eq!(world.send(get(BUCKET, "/?acl")).await.json(), shown);
    world
        .send(put(BUCKET, "/?acl").by(As::Other))
        .await
        .expect_status(403);
}

fn seed() -> Value {
    json!({"CloudFunctionConfigurations": [{
        "RuleId": "1", "Events": ["tos:ObjectCreated:Put", "tos:ObjectCreated:Post"],
        "CloudFunction": "fn-a",
        "Filter": {"TOSKey": {"FilterRules": [
            {"Name": "prefix", "Value": "your prefix"}, {"Name": "suffix", "Value": "your suffix"},
        ]}},
    }]})
}

#[tokio::test]
async fn notification_rules_of_version_1() {
    let world = World::with_bucket().await;
    let empty = json!({"CloudFunctionConfigurations": [], "RocketMQConfigurations": []});
    assert_eq!(
        world.send(get(BUCKET, "/?notification")).await.json(),
        empty
    );
    world
        .send(put(BUCKET, "/?notification").json(&seed()))
        .await
        .expect_status(200);
    let shown = world.send(get(BUCKET, "/?notification")).await.json();
    assert_eq!(
        shown["CloudFunctionConfigurations"],
        seed()["CloudFunctionConfigurations"]
    );
    let mut bad = seed();
    bad["CloudFunctionConfigurations"][0]["Events"] = json!(["tos:ObjectCreated:Append"]);
    let refused = world.send(put(BUCKET, "/?notification").json(&bad)).await;
    assert_eq!(
        refused.error(),
        (400, "InvalidArgument".into(), "0014-00000034".into())
    );
    assert_eq!(
        world.send(get(BUCKET, "/?notification")).await.json(),
        shown
    );
    for by in [As::Other, As::Nobody] {
        let stranger = put(BUCKET, "/?notification").json(&seed()).by(by);
        assert_eq!(
            world.send(stranger).await.code(),
            (403, "AccessDenied".into())
        );
        let stranger = get(BUCKET, "/?notification").by(by);
        assert_eq!(
            world.send(stranger).await.code(),
            (403, "AccessDenied".into())
        );
    }
    world
        .send(put(BUCKET, "/?notification").body("{}"))
        .await
        .expect_status(200);
    assert_eq!(
        world.send(get(BUCKET, "/?notification")).await.json(),
        empty
    );
}

#[tokio::test]
async fn notification_rules_of_type2() {
    let world = World::with_bucket().await;
    world
        .send(put(BUCKET, "/?notification").json(&seed()))
        .await
        .expect_status(200);
    let mut shown = world.send(get(BUCKET, "/?notification_v2")).await.json();
    assert_eq!(
        shown["Rules"][0]["Destination"],
        json!({"VeFaaS": [{"FunctionId": "fn-a"}]})
    );
    let version = shown["Version"].clone();
    assert!(
        version
            .as_str()
            .is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()))
    );
    shown["Rules"][0]["Destination"] = json!({"VeFaaS": [{"FunctionId": "fn-a"}], "HttpServer": [{"Url": "http://127.0.0.1:1/x"}]});
    world
        .send(put(BUCKET, "/?notification_v2").json(&shown))
        .await
        .expect_status(200);
    let stale = world
        .send(put(BUCKET, "/?notification_v2").json(&shown))
        .await;
    assert_eq!(stale.code(), (409, "OperationAborted".into()));
    let v1 = world.send(get(BUCKET, "/?notification")).await.json();
    assert_eq!(v1["CloudFunctionConfigurations"], json!([]));
    let now = world.send(get(BUCKET, "/?notification_v2")).await.json();
    assert_ne!(now["Version"], version);
    assert_eq!(now["Rules"], shown["Rules"]);
    let free = json!({"Rules": shown["Rules"]});
    world
        .send(put(BUCKET, "/?notification_v2").json(&free))
        .await
        .expect_status(200);
    let nonsense = json!({"Rules": [], "Version": "x"});
    world
        .send(put(BUCKET, "/?notification_v2").json(&nonsense))
        .await
        .expect_status(400);
}

/// A rule that leads to where this server does not call, such as to itself, is better refused at once.
#[tokio::test]
async fn a_rule_for_an_address_that_is_not_called_is_refused() {
    let world = World::with_bucket().await;
    let rule = |host: &str| {
        json!({"Rules": [{
            "RuleId": "1", "Events": ["tos:ObjectCreated:*"],
            "Destination": {"HttpServer": [{"Url": format!("https://{host}/x")}]},
        }]})
    };
    let put_rule = |host| put(BUCKET, "/?notification_v2").json(&rule(host));
    let refused = world.send(put_rule("inner.example")).await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));
    let shown = world.send(get(BUCKET, "/?notification_v2")).await.json();
    assert!(!shown.to_string().contains("inner.example"), "{shown}");
    world.send(put_rule("app.example")).await.expect_status(200);
}
