//! Whole buckets brought over, through every dialect, by a server that is killed in the middle.

use std::time::Duration;

use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY};
use cohong_testkit::sync_task::ask;
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::wire::Wire;
use crate::{SOURCE, WAYS, add_source, bucket, bytes_of, folder, get, port, start};

/// Longest that a migration may take; reached only by a server that hangs.
const WAIT_MAX: Duration = Duration::from_mins(4);
/// More than one page of keys.
const COUNT: usize = 1200;
const RUNNING: u64 = 2;
const DONE: u64 = 5;

async fn project(server: &Instance) -> String {
    let told = ask(server.listen(), Method::GET, "/v3/projects?name=here", None).await;
    told.unwrap()["projects"][0]["id"].as_str().unwrap().into()
}

/// Begins to bring what has a prefix; where the task is.
async fn migrate(server: &Instance, region: &str, to: &str) -> String {
    let project = project(server).await;
    let body = json!({
        "src_node": {
            "cloud_type": "AWS",
            "region": region,
            "bucket": SOURCE,
            "ak": ACCESS_KEY,
            "sk": SECRET_KEY,
            "object_key": ["many/"],
        },
        "dst_node": {
            "ak": ACCESS_KEY,
            "sk": SECRET_KEY,
            "region": "here",
            "bucket": to,
            "save_prefix": "copies/",
        },
    });
    let tasks = format!("/v2/{project}/tasks");
    let made = ask(server.listen(), Method::POST, &tasks, Some(body)).await;
    format!("{tasks}/{}", made.unwrap()["id"])
}

async fn show(server: &Instance, task: &str) -> Value {
    ask(server.listen(), Method::GET, task, None).await.unwrap()
}

/// The task when it has ended.
async fn ended(server: &Instance, task: &str) -> Value {
    let end = Instant::now() + WAIT_MAX;
    loop {
        let shown = show(server, task).await;
        if shown["status"] != RUNNING {
            return shown;
        }
        assert!(Instant::now() < end, "{shown}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_of_other_stores_are_told() {
    let there = folder();
    let a = start(&there).await;
    bucket(&a, SOURCE).await;
    for way in WAYS {
        let here = folder();
        let b = start(&here).await;
        add_source(&b, way, port(a.listen())).await;
        let target = format!("/v2/{}/objectstorage/buckets", project(&b).await);
        let order = json!({ "cloud_type": "AWS", "ak": ACCESS_KEY, "sk": SECRET_KEY });
        let names = ask(b.listen(), Method::POST, &target, Some(order)).await;
        assert_eq!(names, Ok(json!([SOURCE])), "{}", way.0);
        b.stop().await.unwrap();
    }
    a.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_comes_over_once_whatever_dies() {
    let folders = [folder(), folder()];
    let (a, mut b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    let name = |n: usize| format!("many/{n:04} + ü");
    for n in 0..COUNT {
        source
            .put(SOURCE, &name(n), bytes_of(n, 500 + n))
            .await
            .unwrap();
    }
    source
        .put(SOURCE, "other", "not this".into())
        .await
        .unwrap();
    for way in WAYS {
        let wire = Wire::start(a.listen()).await;
        add_source(&b, way, port(wire.address)).await;
        let to = format!("all-{}", way.0);
        drop(bucket(&b, &to).await);
        // Enough for the first page of keys, and some objects.
        wire.allow(900_000);
        let task = migrate(&b, way.0, &to).await;
        for more in [600_000, u64::MAX] {
            wire.is_full().await;
            b.kill().await.unwrap();
            wire.allow(more);
            b = start(&folders[1]).await;
        }
        let shown = ended(&b, &task).await;
        assert_eq!(shown["status"], DONE, "{}: {shown}", way.0);
        let size: usize = (0..COUNT).map(|n| 500 + n).sum();
        let wanted = [
            ("total_num", COUNT),
            ("successful_num", COUNT),
            ("failed_num", 0),
            ("skipped_num", 0),
            ("total_size", size),
            ("real_size", size),
        ];
        for (member, wanted) in wanted {
            assert_eq!(shown[member], json!(wanted), "{}: {member}", way.0);
        }
        let mut copies = b.client();
        for n in 0..COUNT {
            let key = format!("copies/{}", name(n));
            let copy = get(&mut copies, &to, &key).await.body;
            assert_eq!(copy, bytes_of(n, 500 + n), "{} {key}", way.0);
        }
        let other = copies.get(&to, "copies/other").await.unwrap();
        assert_eq!(other, None);
    }
    for server in [a, b] {
        server.kill().await.unwrap();
    }
}
