//! Objects by the clock: restored, deleted by their own order, held back (sheet sections 4 and 7).

mod common;

use std::time::Duration;

use cohong_core::ports::Clock as _;
use common::{RESTORE_DELAY, World, get, head, post, put};

const BUCKET: &str = "bucket-test";

#[tokio::test]
async fn a_restore_runs_and_ends_by_the_clock() {
    let world = World::with_bucket().await;
    let cold = put(BUCKET, "/k").header("x-tos-storage-class", "COLD_ARCHIVE");
    world.send(cold.body("cold")).await.expect_status(200);
    let restore = || post(BUCKET, "/k?restore").body(r#"{"Days":2}"#);
    let state = async || {
        let seen = world.send(head(BUCKET, "/k")).await.expect_status(200);
        seen.header("x-tos-restore").to_owned()
    };
    let refused = world.send(get(BUCKET, "/k")).await;
    assert_eq!(refused.code(), (403, "InvalidObjectState".into()));
    assert_eq!(state().await, "");

    world.send(restore()).await.expect_status(202);
    assert_eq!(state().await, "ongoing-request=\"true\"");
    let again = world.send(restore()).await;
    assert_eq!(again.code(), (409, "RestoreAlreadyInProgress".into()));
    let running = world.send(get(BUCKET, "/k")).await;
    assert_eq!(running.code(), (403, "InvalidObjectState".into()));

    world.clock.advance(RESTORE_DELAY);
    let read = world.send(get(BUCKET, "/k")).await.expect_status(200);
    assert_eq!(read.text(), "cold");
    let wanted = "ongoing-request=\"false\", expiry-date=\"Wed, 08 May 2024 07:09:09 GMT\"";
    assert_eq!(read.header("x-tos-restore"), wanted);
    world.send(restore()).await.expect_status(200);

    world.clock.advance(Duration::from_hours(48));
    let ended = world.send(get(BUCKET, "/k").presigned(604_800)).await;
    assert_eq!(ended.code(), (403, "InvalidObjectState".into()));
}

#[tokio::test]
async fn bodies_travel_at_the_pace_that_is_asked_for() {
    let world = World::with_bucket().await;
    // 100 KiB in a second.
    let text = "x".repeat(1 << 20);
    let limited = [
        put(BUCKET, "/a")
            .header("x-tos-traffic-limit", "819200")
            .body(text.clone()),
        get(BUCKET, "/a?x-tos-traffic-limit=819200"),
    ];
    for ask in limited {
        let start = world.clock.mono();
        let mut sent = Box::pin(world.send(ask));
        let reply = loop {
            match futures_util::poll!(sent.as_mut()) {
                std::task::Poll::Ready(reply) => break reply,
                std::task::Poll::Pending => world.clock.advance(Duration::from_millis(1)),
            }
            tokio::task::yield_now().await;
        };
        reply.expect_status(200);
        let took = world.clock.mono().saturating_sub(start);
        assert_eq!(took, Duration::from_millis(10_240));
    }
}

#[tokio::test]
async fn an_object_says_when_it_is_deleted() {
    let world = World::with_bucket().await;
    let expiration = async |key: &str| {
        let seen = world.send(head(BUCKET, key)).await.expect_status(200);
        seen.header("x-tos-expiration").to_owned()
    };
    // Three days, and then the next midnight.
    let end = "expiry-date=\"Fri, 10 May 2024 00:00:00 GMT\"";
    let days = |ask: common::Ask| ask.header("x-tos-object-expires", "3");
    world.send(put(BUCKET, "/plain").body("x")).await;
    let upload = world.send(days(post(BUCKET, "/parts?uploads"))).await;
    let id = upload.expect_status(200).json()["UploadId"].clone();
    let id = id.as_str().expect("an id").to_owned();
    let part = put(BUCKET, &format!("/parts?uploadId={id}&partNumber=1")).body("x");
    for ask in [
        days(put(BUCKET, "/put")).body("x"),
        days(put(BUCKET, "/copy")).header("x-tos-copy-source", "bucket-test/plain"),
        days(post(BUCKET, "/append?append&offset=0")).body("x"),
        days(put(BUCKET, "/link?symlink")).header("x-tos-symlink-target", "plain"),
        part,
        post(BUCKET, &format!("/parts?uploadId={id}")).body("{}"),
        put(BUCKET, "/set").body("x"),
        post(BUCKET, "/set?objectExpires").body(r#"{"ObjectExpires":3}"#),
    ] {
        world.send(ask).await.expect_status(200);
    }
    assert_eq!(expiration("/plain").await, "");
    for key in ["/put", "/copy", "/append", "/link", "/parts", "/set"] {
        assert_eq!(expiration(key).await, end, "{key}");
    }
    let never = post(BUCKET, "/set?objectExpires").body(r#"{"ObjectExpires":0}"#);
    world.send(never).await.expect_status(200);
    assert_eq!(expiration("/set").await, "");
    for bad in ["0", "-1", "x", "36501"] {
        let refused = put(BUCKET, "/bad").header("x-tos-object-expires", bad);
        let refused = world.send(refused.body("x")).await;
        assert_eq!(refused.code(), (400, "InvalidArgument".into()), "{bad}");
    }
    for bad in ["{}", r#"{"ObjectExpires":-1}"#, r#"{"ObjectExpires":"x"}"#] {
        let refused = world
            .send(post(BUCKET, "/put?objectExpires").body(bad))
            .await;
        assert_eq!(refused.code(), (400, "MalformedBody".into()), "{bad}");
    }

    world.clock.advance(Duration::from_hours(4 * 24));
    cohong_core::work::run_due_once(&world.engine)
        .await
        .expect("work is done");
    let list = world.send(get(BUCKET, "/").presigned(604_800)).await;
    let list = list.expect_status(200).json();
    let left: Vec<&str> = list["Contents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|line| line["Key"].as_str())
        .collect();
    assert_eq!(left, ["plain", "set"]);
}

#[tokio::test]
async fn an_object_says_when_it_was_written() {
    let world = World::with_bucket().await;
    world.send(put(BUCKET, "/k").body("x")).await;
    let written = async || {
        let seen = world.send(head(BUCKET, "/k")).await.expect_status(200);
        seen.header("last-modified").to_owned()
    };
    let set = post(BUCKET, "/k?time")
        .header("x-modify-timestamp", "1700000000")
        .header("x-modify-timestamp-ns", "123000000");
    world.send(set).await.expect_status(200);
    assert_eq!(written().await, "Tue, 14 Nov 2023 22:13:20 GMT");
    let since = get(BUCKET, "/k").header("if-modified-since", "Tue, 14 Nov 2023 22:13:20 GMT");
    world.send(since).await.expect_status(304);
    let fine = post(BUCKET, "/k?time")
        .header("x-modify-timestamp", "1700000000")
        .header("x-modify-timestamp-ns", "123456789");
    world.send(fine).await.expect_status(200);
    let seen = world.send(head(BUCKET, "/k")).await.expect_status(200);
    assert_eq!(seen.header("x-tos-last-modified-ns"), "123456789");
    for (name, bad) in [
        ("x-modify-timestamp", "-1"),
        ("x-modify-timestamp", "253402300800"),
        ("x-modify-timestamp-ns", "1000000000"),
    ] {
        let refused = world.send(post(BUCKET, "/k?time").header(name, bad)).await;
        assert_eq!(refused.code(), (400, "InvalidArgument".into()), "{bad}");
    }
    assert_eq!(written().await, "Tue, 14 Nov 2023 22:13:20 GMT");
    world.send(post(BUCKET, "/k?time")).await.expect_status(200);
    assert_eq!(written().await, "Mon, 06 May 2024 07:08:09 GMT");
}
