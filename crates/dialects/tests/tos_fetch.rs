//! Tasks that fetch a URL: who makes them, who may ask about them, and for how long (sheet section 7).

mod common;

use std::time::Duration;

use cohong_core::work;
use common::{As, Ask, World, get, post, put};
use serde_json::json;

const BUCKET: &str = "bucket-test";

fn order(url: &str) -> Ask {
    post(BUCKET, "/?fetchTask").json(&json!({"URL": url, "Object": "k"}))
}

fn about(task: &str) -> Ask {
    get(BUCKET, &format!("/?fetchTask&taskId={task}"))
}

async fn made(world: &World, ask: Ask) -> String {
    let reply = world.send(ask).await.expect_status(200).json();
    reply["TaskId"].as_str().expect("an id").to_owned()
}

async fn state(world: &World, task: &str) -> String {
    let reply = world.send(about(task)).await.expect_status(200).json();
    reply["State"].as_str().expect("a state").to_owned()
}

async fn work(world: &World) {
    work::run_due_once(&world.engine).await.expect("work");
}

#[tokio::test]
async fn a_task_runs_until_it_has_ended_and_is_forgotten() {
    let world = World::with_bucket().await;
    let task = made(&world, order("http://origin.example/page")).await;
    assert_eq!(state(&world, &task).await, "Running");
    work(&world).await;
    assert_eq!(state(&world, &task).await, "Succeed");
    let stored = world.send(get(BUCKET, "/k")).await.expect_status(200);
    assert_eq!(stored.text(), "fetched");
    assert_eq!(stored.header("content-type"), "text/x-page");

    let failed = made(&world, order("http://origin.example/404")).await;
    work(&world).await;
    assert_eq!(state(&world, &failed).await, "Failed");
    let busy = made(&world, order("http://origin.example/503")).await;
    work(&world).await;
    assert_eq!(state(&world, &busy).await, "Running");

    world.clock.advance(Duration::from_mins(11));
    work(&world).await;
    assert_eq!(state(&world, &busy).await, "Failed");
    world.clock.advance(Duration::from_hours(72));
    let forgotten = world.send(about(&task).presigned(604_800)).await;
    assert_eq!(forgotten.code(), (404, "NoSuchFetchTask".into()));
}

#[tokio::test]
async fn tasks_are_made_and_asked_about_by_those_who_may_write() {
    let world = World::with_bucket().await;
    let url = "http://origin.example/page";
    let task = made(&world, order(url)).await;
    for by in [As::Other, As::Nobody] {
        for ask in [order(url), about(&task), about(&"0".repeat(32))] {
            let refused = world.send(ask.by(by)).await;
            assert_eq!(refused.code(), (403, "AccessDenied".into()), "{by:?}");
        }
    }
    let open = put(BUCKET, "/?acl").header("x-tos-acl", "public-read-write");
    world.send(open).await.expect_status(200);
    let unsigned = world.send(order(url).by(As::Nobody)).await;
    assert_eq!(unsigned.code(), (403, "AccessDenied".into()));
    made(&world, order(url).by(As::Other)).await;
    let told = world.send(about(&task).by(As::Other)).await;
    told.expect_status(200);
    work(&world).await;
    let order = |members: serde_json::Value| {
        let mut order = json!({"URL": url, "Object": "k"});
        for (name, value) in members.as_object().expect("members") {
            order[name] = value.clone();
        }
        order
    };
    for (body, code) in [
        (
            order(json!({"URL": "ftp://origin.example/"})),
            "InvalidArgument",
        ),
        (order(json!({"Object": ""})), "InvalidObjectName"),
        (order(json!({"ContentMD5": "123"})), "InvalidDigest"),
        (
            order(json!({"CallbackUrl": "http://a.example/"})),
            "InvalidArgument",
        ),
    ] {
        let refused = world.send(post(BUCKET, "/?fetchTask").json(&body)).await;
        assert_eq!(refused.code(), (400, code.into()), "{body}");
    }
}
