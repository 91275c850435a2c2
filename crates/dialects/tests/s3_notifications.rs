//! Notification configurations in the words of S3, and beside those of TOS.

mod common;

use common::World;
use common::s3::{get, put};

const BUCKET: &str = "bucket-test";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    let hook = "http://hook.example/";
    world
        .engine
        .add_function("hook", hook)
        .await
        .expect("registered");
    world
}

fn configuration(rules: &str) -> String {
    format!(
        "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rules}</NotificationConfiguration>"
    )
}

const TOPIC: &str = "<TopicConfiguration><Id>one</Id><Topic>arn:aws:sns:us-east-1:1:hook</Topic>\
    <Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:Delete</Event><Filter><S3Key><FilterRule>\
    <Name>prefix</Name><Value>a/</Value></FilterRule></S3Key></Filter></TopicConfiguration>";

fn queue(event: &str, arn: &str) -> String {
    format!("<QueueConfiguration><Queue>{arn}</Queue><Event>{event}</Event></QueueConfiguration>")
}

#[tokio::test]
async fn what_is_put_is_given_back_until_it_is_replaced() {
    let world = world().await;
    let none = world
        .send(get(BUCKET, "/?notification"))
        .await
        .expect_status(200);
    assert!(!none.text().contains("Configuration><"), "{}", none.text());
    let minio = queue("s3:ObjectRestore:Post", "arn:minio:sqs::hook:webhook");
    let both = configuration(&format!("{TOPIC}{minio}"));
    let set = put(BUCKET, "/?notification").body(both);
    world.send(set).await.expect_status(200);
    let told = world.send(get(BUCKET, "/?notification")).await;
    insta::assert_snapshot!(told.text());
    let other = world.send(common::get(BUCKET, "/?notification_v2")).await;
    let rules = other.json()["Rules"].clone();
    assert_eq!(rules[0]["Destination"]["VeFaaS"][0]["FunctionId"], "hook");
    assert_eq!(rules[1]["Events"][0], "tos:ObjectRestore:Post");
    let cleared = put(BUCKET, "/?notification").body(configuration(""));
    world.send(cleared).await.expect_status(200);
    let none = world.send(get(BUCKET, "/?notification")).await;
    assert!(!none.text().contains("Topic"), "{}", none.text());
}

#[tokio::test]
async fn what_cannot_be_a_rule_is_refused() {
    let world = world().await;
    let (created, hook) = ("s3:ObjectCreated:*", "arn:aws:sqs:r:1:hook");
    let cases = [
        (queue("s3:ObjectTagging:*", hook), "InvalidArgument"),
        (queue(created, "arn:aws:sns:r:1:hook"), "InvalidArgument"),
        (queue(created, "arn:aws:sqs:r:1:other"), "InvalidArgument"),
        (
            queue(created, hook) + &queue("s3:ObjectCreated:Put", hook),
            "InvalidArgument",
        ),
        (queue("", "").replace("Queue>", "Quue>"), "MalformedXML"),
        (
            queue(created, hook).replace("<Event>", "<Except>x</Except><Event>"),
            "MalformedXML",
        ),
    ];
    for (rules, code) in cases {
        let set = put(BUCKET, "/?notification").body(configuration(&rules));
        let refused = world.send(set).await;
        assert_eq!(refused.code(), (400, code.into()), "{rules}");
    }
    let bridge = configuration("<EventBridgeConfiguration/>");
    let bridge = world.send(put(BUCKET, "/?notification").body(bridge)).await;
    assert_eq!(bridge.status, 501);
    let later = configuration(&queue(created, "arn:aws:sqs:r:1:other"));
    let later = put(BUCKET, "/?notification")
        .header("x-amz-skip-destination-validation", "true")
        .body(later);
    world.send(later).await.expect_status(200);
}
