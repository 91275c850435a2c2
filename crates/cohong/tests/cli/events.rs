//! What an upload causes, as an operator follows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_testkit::client::Ask;
use cohong_testkit::receiver::Receiver;
use http::Method;

use crate::common::World;

const BUCKET: &str = "photos";

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_from_upload_to_delivery_is_told() {
    let world = World::start().await;
    let receiver = Receiver::start().await.expect("a receiver");
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    client
        .put(BUCKET, "early.txt", Bytes::from_static(b"early"))
        .await
        .expect("stored");
    world
        .json(&["function", "add", "resize", &receiver.url()])
        .await;
    client.notify(BUCKET, "", "resize").await.expect("rule set");
    let order = serde_json::json!({
        "callbackUrl": format!("{}/callback", receiver.url()),
        "callbackBody": "key=${object}",
    });
    let order = STANDARD.encode(order.to_string());
    let put = Ask {
        bucket: Some(BUCKET),
        key: Some("2026/cat.jpg"),
        headers: &[("x-tos-callback", order.as_str())],
        body: Bytes::from_static(b"meow"),
        ..Ask::default()
    };
    client
        .must(Method::PUT, &put)
        .await
        .expect("stored and called back");
    client
        .delete(BUCKET, "2026/cat.jpg")
        .await
        .expect("deleted");
    let waited = world.json(&["events", "wait", "--timeout", "30s"]).await;
    assert_eq!(
        waited,
        serde_json::json!({ "settled": true, "dead": 0, "owed": 0, "blocked": [] })
    );

    let object = format!("{BUCKET}/2026/cat.jpg");
    let trace = world.json(&["trace", &object]).await;
    let changes = trace["changes"].as_array().expect("changes");
    let kinds: Vec<_> = changes
        .iter()
        .map(|change| change["kind"].as_str())
        .collect();
    assert_eq!(kinds, [Some("removed:delete"), Some("created:put")]);
    let upload = &changes[1];
    assert_eq!(upload["callback"]["state"], "accepted", "{trace}");
    assert_eq!(upload["deliveries"][0]["destination"], "function:resize");
    assert_eq!(upload["deliveries"][0]["state"], "delivered", "{trace}");
    assert_eq!(upload["deliveries"][0]["attempts"][0]["status"], 200);
    let told = world.run(&["trace", &object]).await.out;
    for words in [
        "uploaded",
        "callback: accepted",
        "function:resize: delivered",
        "deleted",
    ] {
        assert!(told.contains(words), "{words} is missing: {told}");
    }
    let early = world
        .run(&["trace", &format!("{BUCKET}/early.txt")])
        .await
        .out;
    assert!(
        early.contains("5 bytes") && early.contains("no event"),
        "{early}"
    );
    let nothing = world.run(&["trace", &format!("{BUCKET}/other")]).await;
    assert!(
        nothing.code == 1 && nothing.err.contains("nothing is known"),
        "{nothing:?}"
    );
    let no_bucket = world.run(&["trace", "nowhere/other"]).await;
    assert!(
        no_bucket.code == 1 && no_bucket.err.contains("no bucket"),
        "{no_bucket:?}"
    );
    assert_eq!(world.run(&["trace", "photos"]).await.code, 2);

    let tail = world.json(&["events", "tail"]).await;
    assert_eq!(tail.as_array().map(Vec::len), Some(2));
    let last = world.json(&["events", "tail", BUCKET, "-n", "1"]).await;
    assert_eq!(last[0]["kind"], "removed:delete");
    assert_eq!(world.json(&["doctor"]).await["healthy"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_function_is_named_and_goes_when_it_is_added() {
    let world = World::start().await;
    let receiver = Receiver::start().await.expect("a receiver");
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    client.notify(BUCKET, "", "later").await.expect("rule set");
    client
        .put(BUCKET, "a", Bytes::from_static(b"a"))
        .await
        .expect("stored");

    let waited = world
        .run(&["events", "wait", "--timeout", "2s", "--json"])
        .await;
    assert_eq!(waited.code, 3, "{waited:?}");
    let report = waited.json();
    assert_eq!(
        (&report["settled"], &report["owed"]),
        (&false.into(), &1.into())
    );
    let blocked = report["blocked"][0].as_str().expect("a reason");
    assert!(blocked.contains("cohong function add later"), "{blocked}");
    let told = world.run(&["trace", &format!("{BUCKET}/a")]).await.out;
    assert!(
        told.contains("function:later: waiting") && told.contains("not registered"),
        "{told}"
    );
    let subs = world.json(&["events", "ls"]).await;
    assert_eq!(
        (&subs[0]["state"], &subs[0]["lag"]),
        (&"paused".into(), &1.into())
    );
    let ill = world.run(&["doctor"]).await;
    assert_eq!(ill.code, 1);
    assert!(
        ill.out.contains("cohong function add later URL"),
        "{}",
        ill.out
    );

    world
        .json(&["function", "add", "later", &receiver.url()])
        .await;
    let waited = world.json(&["events", "wait", "--timeout", "30s"]).await;
    assert_eq!(waited["settled"], true);
    assert_eq!(receiver.arrived().len(), 1);
    assert_eq!(world.json(&["doctor"]).await["healthy"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_events_are_dead_and_can_be_sent_again() {
    let world = World::start().await;
    let receiver = Receiver::start().await.expect("a receiver");
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    client.notify(BUCKET, "", "late").await.expect("rule set");
    client
        .put(BUCKET, "a", Bytes::from_static(b"a"))
        .await
        .expect("stored");
    world
        .json(&["events", "cancel", BUCKET, "function:late"])
        .await;
    let waited = world.json(&["events", "wait", "--timeout", "30s"]).await;
    assert_eq!(
        (&waited["settled"], &waited["dead"]),
        (&true.into(), &1.into())
    );
    let dead = world.json(&["events", "dead"]).await;
    assert_eq!(
        (&dead[0]["key"], &dead[0]["cancelled"]),
        (&"a".into(), &true.into())
    );
    assert_eq!(world.run(&["doctor"]).await.code, 1);

    world
        .json(&["function", "add", "late", &receiver.url()])
        .await;
    let redriven = world
        .json(&["events", "dead", "redrive", "--bucket", BUCKET])
        .await;
    assert_eq!(redriven["replays"].as_array().map(Vec::len), Some(1));
    let arrived = receiver.wait(1, std::time::Duration::from_secs(30)).await;
    assert!(arrived[0].headers.contains_key("x-cohong-replay"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_sent_again_to_those_it_was_for_and_to_others() {
    let world = World::start().await;
    let first = Receiver::start().await.expect("a receiver");
    let second = Receiver::start().await.expect("a receiver");
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    world
        .json(&["function", "add", "first", &first.url()])
        .await;
    world
        .json(&["function", "add", "second", &second.url()])
        .await;
    client.notify(BUCKET, "", "first").await.expect("rule set");
    for key in ["x/1", "x/2", "y/1"] {
        client
            .put(BUCKET, key, Bytes::from_static(b"a"))
            .await
            .expect("stored");
    }
    world.json(&["events", "wait"]).await;
    let patience = std::time::Duration::from_secs(30);
    assert_eq!(first.wait(3, patience).await.len(), 3);
    world
        .json(&[
            "events",
            "replay",
            BUCKET,
            "--prefix",
            "x/",
            "--destination",
            "function:second",
        ])
        .await;
    assert_eq!(second.wait(2, patience).await.len(), 2);
    world
        .json(&[
            "events",
            "replay",
            BUCKET,
            "--suffix",
            "1",
            "--from",
            "2020-01-01T00:00:00Z",
        ])
        .await;
    assert_eq!(first.wait(5, patience).await.len(), 5);
    for (words, says) in [
        (vec!["events", "replay", "nowhere"], "no bucket"),
        (
            vec!["events", "replay", BUCKET, "--from", "yesterday"],
            "instant",
        ),
        (
            vec!["events", "replay", BUCKET, "--destination", "second"],
            "function:NAME",
        ),
        (
            vec![
                "events",
                "replay",
                BUCKET,
                "--destination",
                "function:third",
            ],
            "not registered",
        ),
    ] {
        let done = world.run(&words).await;
        assert!(
            done.code == 1 && done.err.contains(says),
            "{words:?}: {done:?}"
        );
    }
}
