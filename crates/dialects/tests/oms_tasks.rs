//! OMS: sync tasks, their events and their statistics, in the words of the vendor.

mod common;

use std::time::Duration;

use cohong_core::limits::SYNC_ITEMS_MAX;
use cohong_core::model::SyncTaskId;
use cohong_core::ports::{Limit, MetadataStore as _, Order, Table, Txn, When, Write};
use cohong_core::records::keys::{prefix_range, sync_taken};
use cohong_core::records::{SyncTaken, encode};
use common::{As, Reply, World, oms};
use http::Method;
use serde_json::{Value, json};

fn vectors(section: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../../vectors/oms.json")).expect("JSON");
    all[section].clone()
}

fn id(place: &str) -> &str {
    place.rsplit('/').next().expect("an id")
}

#[tokio::test]
async fn a_task_is_shown_with_every_member_and_no_secret() {
    let world = World::with_bucket().await;
    let tasks = format!("{}/sync-tasks", world.project(As::Owner).await);
    let mut body = world.task_body();
    body["description"] = json!("nightly");
    body["src_bucket"] = json!("sb/photos/");
    body["dst_storage_policy"] = json!("SRC_STORAGE_MAPPING");
    body["consistency_check"] = json!("transmission");
    body["enable_metadata_migration"] = json!(true);
    let made = world.send(oms::post(&tasks).json(&body)).await;
    let made = made.expect_status(200).json();
    let id = made["sync_task_id"].as_str().expect("an id");
    let now = 1_714_979_289_000_u64;
    let info = json!({
        "sync_task_id": id,
        "src_cloud_type": "AWS",
        "src_region": "r",
        "src_bucket": "sb/photos/",
        "create_time": now,
        "last_start_time": now,
        "dst_bucket": "bucket-test",
        "dst_region": "dr",
        "description": "nightly",
        "status": "SYNCHRONIZING",
        "enable_kms": false,
        "enable_metadata_migration": true,
        "enable_restore": false,
        "app_id": null,
        "object_overwrite_mode": "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE",
        "dst_storage_policy": "SRC_STORAGE_MAPPING",
        "consistency_check": "transmission",
    });
    let list = world.send(oms::get(&tasks)).await.expect_status(200);
    assert_eq!(list.json(), json!({ "tasks": [info], "count": 1 }));
    let shown = world
        .send(oms::get(&format!("{tasks}/{id}?query_time={now}")))
        .await;
    let shown = shown.expect_status(200);
    let mut wanted = info;
    for name in [
        "monthly_acceptance_request",
        "monthly_success_object",
        "monthly_failure_object",
        "monthly_skip_object",
        "monthly_size",
    ] {
        wanted[name] = json!(0);
    }
    assert_eq!(shown.json(), wanted);
    for secret in ["source-ak", "source-secret", world.owner.secret.expose()] {
        assert!(!shown.text().contains(secret) && !list.text().contains(secret));
    }
}

#[tokio::test]
async fn new_tasks_are_judged_as_the_vectors_say() {
    let world = World::with_bucket().await;
    let tasks = format!("{}/sync-tasks", world.project(As::Owner).await);
    let all = vectors("create_sync_task");
    let rows = all["validation"].as_array().expect("vectors");
    assert_eq!(rows.len(), 29, "a lost vector is noticed");
    for row in rows {
        let mut body = row["body"].clone();
        // The vectors take the named bucket and the keys to be good ones.
        for (name, value) in world.task_body().as_object().expect("members") {
            let kept = ["dst_ak", "dst_sk", "dst_bucket"].contains(&name.as_str());
            let short = body[name].as_str().is_some_and(|text| text.len() < 100);
            if kept && short {
                body[name] = value.clone();
            }
        }
        let reply = world.send(oms::post(&tasks).json(&body)).await;
        assert_eq!(row["expect_status"], reply.status, "{row} {}", reply.text());
        if let Some(code) = row["expect_error_code"].as_str() {
            assert_eq!(oms::code(&reply).1, code, "{row}");
        }
        if reply.status == 200 {
            let place = format!(
                "{tasks}/{}",
                reply.json()["sync_task_id"].as_str().expect("an id")
            );
            world
                .send(oms::post(&format!("{place}/stop")))
                .await
                .expect_status(200);
            world.send(oms::delete(&place)).await.expect_status(200);
        }
    }
}

#[tokio::test]
async fn what_a_task_cannot_do_is_not_promised() {
    let world = World::with_bucket().await;
    let tasks = format!("{}/sync-tasks", world.project(As::Owner).await);
    let cdn = json!({ "authentication_type": "NONE", "domain": "d", "protocol": "http" });
    let table = [
        ("dst_sk", json!("wrong"), "OMS.1020"),
        ("dst_ak", json!("nobody"), "OMS.1020"),
        ("dst_bucket", json!("no-such-bucket"), "OMS.1020"),
        ("dst_bucket", json!("No Bucket"), "OMS.1020"),
        ("src_bucket", json!(""), "OMS.1003"),
        ("src_bucket", json!("/p"), "OMS.1003"),
        ("src_bucket", json!(1), "OMS.1010"),
        ("src_region", json!(null), "OMS.1004"),
        ("src_region", json!("nowhere"), "OMS.0079"),
        ("src_region", json!("denied"), "OMS.1014"),
        ("src_region", json!("missing"), "OMS.1014"),
        ("src_sk", json!("s".repeat(101)), "OMS.1003"),
        ("src_crypto_type", json!("KMS"), "OMS.1003"),
        ("dst_crypto_type", json!("X"), "OMS.1003"),
        ("dst_kms_key_id", json!("k".repeat(37)), "OMS.1003"),
        ("enable_kms", json!(true), "OMS.1003"),
        ("enable_restore", json!(1), "OMS.1010"),
        ("source_cdn", cdn, "OMS.1003"),
        ("description", json!("a".repeat(256)), "OMS.1003"),
    ];
    for (name, value, code) in table {
        let mut body = world.task_body();
        body[name] = value;
        let reply = world.send(oms::post(&tasks).json(&body)).await;
        assert_eq!(oms::code(&reply), (400, code.into()), "{name}");
    }
    // Trouble on the way may pass until objects are named.
    let mut busy = world.task_body();
    busy["src_region"] = json!("busy");
    world
        .send(oms::post(&tasks).json(&busy))
        .await
        .expect_status(200);
    for _ in 1..5 {
        world.task().await;
    }
    let reply = world.send(oms::post(&tasks).json(&world.task_body())).await;
    assert_eq!(oms::code(&reply), (400, "OMS.0077".into()));
}

#[tokio::test]
async fn a_task_is_stopped_started_and_deleted() {
    let world = World::with_bucket().await;
    let task = world.task().await;
    let keys = world.task_body();
    let done = async |method: Method, what: &str| {
        let ask = oms::ask(method, &format!("{task}{what}"));
        let ask = if what == "/start" {
            ask.json(&keys)
        } else {
            ask
        };
        world.send(ask).await
    };
    let empty = |reply: Reply| {
        let reply = reply.expect_status(200);
        assert!(reply.body.is_empty() && reply.header("content-type").is_empty());
    };
    let code = |reply: Reply| oms::code(&reply);
    let bad = |code: &str| (400, code.to_owned());
    assert_eq!(code(done(Method::POST, "/start").await), bad("OMS.0065"));
    assert_eq!(code(done(Method::DELETE, "").await), bad("OMS.0063"));
    empty(done(Method::POST, "/stop").await);
    assert_eq!(code(done(Method::POST, "/stop").await), bad("OMS.0066"));
    let events = oms::post(&format!("{task}/events")).json(&json!({ "object_keys": ["a"] }));
    assert_eq!(code(world.send(events).await), bad("OMS.1036"));
    world.clock.advance(Duration::from_mins(1));
    let none = world.send(oms::post(&format!("{task}/start"))).await;
    assert_eq!(code(none), bad("OMS.1006"));
    let mut wrong = keys.clone();
    wrong["dst_sk"] = json!("wrong");
    let wrong = world
        .send(oms::post(&format!("{task}/start")).json(&wrong))
        .await;
    assert_eq!(code(wrong), bad("OMS.1020"));
    empty(done(Method::POST, "/start").await);
    let shown = done(Method::GET, "?query_time=1714979289000")
        .await
        .expect_status(200)
        .json();
    let moments = (
        shown["create_time"].clone(),
        shown["last_start_time"].clone(),
    );
    assert_eq!(
        moments,
        (json!(1_714_979_289_000_u64), json!(1_714_979_349_000_u64))
    );
    empty(done(Method::POST, "/stop").await);
    empty(done(Method::DELETE, "").await);
    let gone = (404, "OMS.1009".to_owned());
    for (method, what) in [
        (Method::POST, "/start"),
        (Method::POST, "/stop"),
        (Method::DELETE, ""),
        (Method::GET, "?query_time=0"),
        (
            Method::GET,
            "/statistics?data_type=SIZE&start_time=0&end_time=1",
        ),
    ] {
        assert_eq!(code(done(method, what).await), gone, "{what}");
    }
}

#[tokio::test]
async fn tasks_are_listed_newest_first_by_page_and_state() {
    let world = World::with_bucket().await;
    let tasks = format!("{}/sync-tasks", world.project(As::Owner).await);
    let mut places = Vec::new();
    for _ in 0..3 {
        places.push(world.task().await);
        world.clock.advance(Duration::from_secs(1));
    }
    world
        .send(oms::post(&format!("{}/stop", places[1])))
        .await
        .expect_status(200);
    let table: &[(&str, &[usize], usize)] = &[
        ("", &[2, 1, 0], 3),
        ("?limit=2", &[2, 1], 3),
        ("?limit=2&offset=2", &[0], 3),
        ("?offset=10000", &[], 3),
        ("?status=STOPPED", &[1], 1),
        ("?status=SYNCHRONIZING&limit=1&offset=1", &[0], 2),
        ("?status=", &[2, 1, 0], 3),
    ];
    for (query, wanted, count) in table {
        let page = world.send(oms::get(&format!("{tasks}{query}"))).await;
        let page = page.expect_status(200).json();
        let found: Vec<&str> = page["tasks"]
            .as_array()
            .expect("tasks")
            .iter()
            .map(|task| task["sync_task_id"].as_str().expect("an id"))
            .collect();
        let wanted: Vec<&str> = wanted.iter().map(|at| id(&places[*at])).collect();
        assert_eq!((found, &page["count"]), (wanted, &json!(count)), "{query}");
    }
    for (query, code) in [
        ("limit=0", "OMS.1003"),
        ("limit=101", "OMS.1003"),
        ("offset=10001", "OMS.1003"),
        ("limit=x", "OMS.1010"),
        ("status=RUNNING", "OMS.1003"),
    ] {
        let reply = world.send(oms::get(&format!("{tasks}?{query}"))).await;
        assert_eq!(oms::code(&reply), (400, code.into()), "{query}");
    }
}

#[tokio::test]
async fn a_task_is_its_accounts_alone() {
    let world = World::with_bucket().await;
    let task = world.task().await;
    let place = format!(
        "{}/sync-tasks/{}",
        world.project(As::Other).await,
        id(&task)
    );
    let events = oms::post(&format!("{place}/events")).json(&json!({ "object_keys": ["a"] }));
    for ask in [
        events,
        oms::post(&format!("{place}/stop")),
        oms::get(&format!("{place}?query_time=0")),
    ] {
        let reply = world.send(ask.by(As::Other)).await;
        assert_eq!(oms::code(&reply), (404, "OMS.1009".into()));
    }
}

/// Requests counted in the month of a moment.
async fn accepted(world: &World, task: &str, at: u64) -> u64 {
    let shown = world
        .send(oms::get(&format!("{task}?query_time={at}")))
        .await;
    let shown = shown.expect_status(200).json();
    shown["monthly_acceptance_request"]
        .as_u64()
        .expect("a number")
}

#[tokio::test]
async fn events_are_judged_as_the_vectors_say() {
    let world = World::with_bucket().await;
    let (existing, stopped) = (world.task().await, world.task().await);
    world
        .send(oms::post(&format!("{stopped}/stop")))
        .await
        .expect_status(200);
    let own = world.project(As::Owner).await;
    let all = vectors("create_sync_events");
    let rows = all["validation"].as_array().expect("vectors");
    assert_eq!(rows.len(), 26, "a lost vector is noticed");
    let now = 1_714_979_289_000;
    for row in rows {
        let (name, task) = (&row["name"], row["task"].as_str().expect("a task"));
        let place = match task {
            "existing" => existing.clone(),
            "stopped" => stopped.clone(),
            "unknown" => format!("{own}/sync-tasks/00000000-0000-0000-0000-00000000ffff"),
            "{sync_task_id}" => format!("{own}/sync-tasks/%7Bsync_task_id%7D"),
            "" => format!("{own}/sync-tasks/"),
            _ => continue, // of another account: a_task_is_its_accounts_alone
        };
        let body = match row["body_raw"].as_str() {
            Some(raw) => raw.to_owned(),
            None => row["body"].to_string(),
        };
        let before = accepted(&world, &existing, now).await;
        let reply = world
            .send(oms::post(&format!("{place}/events")).body(body))
            .await;
        let status = &row["expect_status"];
        let either = status
            .as_array()
            .is_some_and(|list| list.contains(&json!(reply.status)));
        assert!(
            *status == json!(reply.status) || either,
            "{name} {}",
            reply.text()
        );
        if let Some(code) = row["expect_error_code"].as_str() {
            assert_eq!(oms::code(&reply).1, code, "{name}");
        }
        let taken = accepted(&world, &existing, now).await - before;
        let keys = row["body"]["object_keys"].as_array().map_or(0, Vec::len);
        let wanted = if reply.status == 200 { keys as u64 } else { 0 };
        assert_eq!(taken, wanted, "all of them or none: {name}");
        if reply.status == 200 {
            assert!(reply.body.is_empty() && reply.header("content-type").is_empty());
        }
    }
}

/// The queue of a task is full, then the disk is.
#[tokio::test]
async fn an_event_without_room_is_to_come_again_and_nothing_of_it_is_kept() {
    let world = World::with_bucket().await;
    let task = world.task().await;
    let event = || oms::post(&format!("{task}/events")).json(&json!({ "object_keys": ["a", "b"] }));
    let refused = async || {
        let reply = world.send(event()).await;
        assert_eq!(oms::code(&reply), (503, "OMS.1001".into()));
        let after: u64 = reply.header("retry-after").parse().expect("seconds");
        assert!(after > 0);
        assert_eq!(accepted(&world, &task, 1_714_979_289_000).await, 0);
        let all = prefix_range(Table::SyncItems, &[]);
        let order = Order::Ascending;
        let any = Limit {
            rows: 1,
            bytes: usize::MAX,
        };
        let pages = world.disk.scan(&[all], order, any).await.expect("read");
        assert!(pages[0].rows.is_empty());
    };
    let at = sync_taken(SyncTaskId::parse(id(&task)).expect("an id"));
    let waiting = |items| Txn {
        when: When::Now,
        expect: Vec::new(),
        write: vec![Write::Put(at.clone(), encode(&SyncTaken { items }))],
        payloads: Vec::new(),
    };
    for items in [SYNC_ITEMS_MAX - 1, 0] {
        let done = world.disk.commit(vec![waiting(items)]).await;
        assert!(matches!(done[..], [Ok(())]));
        world.disk.fill(items == 0);
        refused().await;
    }
    world.disk.fill(false);
    world.send(event()).await.expect_status(200);
    assert_eq!(accepted(&world, &task, 1_714_979_289_000).await, 2);
}

#[tokio::test]
async fn statistics_tell_of_spans_as_the_vectors_say() {
    let world = World::with_bucket().await;
    let task = world.task().await;
    let all = vectors("statistics");
    let mut recorded: Vec<(u64, u64)> = Vec::new();
    for row in all["recorded"].as_array().expect("rows") {
        // Outcomes are made by the runner; requests are what this dialect accepts.
        if row["type"] == "REQUEST" {
            let number = |name: &str| row[name].as_u64().expect("a number");
            recorded.push((number("time"), number("n")));
        }
    }
    assert_eq!(recorded.len(), 4);
    for (time, n) in recorded {
        world.clock.set(time);
        let keys: Vec<String> = (0..n).map(|n| format!("k{n}")).collect();
        let ask = oms::post(&format!("{task}/events")).json(&json!({ "object_keys": keys }));
        world.send(ask).await.expect_status(200);
    }
    let cases = all["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let query = &case["query"];
        let (types, from, upto) = (
            &query["data_type"],
            &query["start_time"],
            &query["end_time"],
        );
        let types = types.as_str().expect("types").replace(',', "%2C");
        let target =
            format!("{task}/statistics?data_type={types}&start_time={from}&end_time={upto}");
        let found = world
            .send(oms::get(&target))
            .await
            .expect_status(200)
            .json();
        let mut wanted = case["expect"].clone();
        wanted["sync_task_id"] = json!(id(&task));
        for list in wanted["statistic_datas"].as_array_mut().expect("lists") {
            if list["data_type"] != "REQUEST" {
                list["data"] = json!([]);
            }
        }
        assert_eq!(found, wanted, "{query}");
    }
    // The month of the events, and the one after it.
    assert_eq!(accepted(&world, &task, 1_700_150_400_000).await, 28);
    assert_eq!(accepted(&world, &task, 1_701_388_800_000).await, 0);
}

#[tokio::test]
async fn questions_for_statistics_are_complete() {
    let world = World::with_bucket().await;
    let task = world.task().await;
    let table = [
        ("statistics?start_time=0&end_time=1", "OMS.1004"),
        ("statistics?data_type=SIZE&end_time=1", "OMS.1004"),
        ("statistics?data_type=SIZE&start_time=0", "OMS.1004"),
        (
            "statistics?data_type=SIZE&start_time=2&end_time=1",
            "OMS.1003",
        ),
        (
            "statistics?data_type=SIZE,&start_time=0&end_time=1",
            "OMS.1003",
        ),
        (
            "statistics?data_type=size&start_time=0&end_time=1",
            "OMS.1003",
        ),
        (
            "statistics?data_type=SIZE&start_time=x&end_time=1",
            "OMS.1010",
        ),
        (
            "statistics?data_type=SIZE&start_time=0&end_time=253402300800000",
            "OMS.1003",
        ),
        ("?", "OMS.1004"),
        ("?query_time=2024", ""),
        ("?query_time=2024-02", "OMS.1010"),
    ];
    for (rest, code) in table {
        let target = match rest.strip_prefix('?') {
            Some(query) => format!("{task}?{query}"),
            None => format!("{task}/{rest}"),
        };
        let reply = world.send(oms::get(&target)).await;
        match code {
            "" => drop(reply.expect_status(200)),
            code => assert_eq!(oms::code(&reply), (400, code.into()), "{rest}"),
        }
    }
}

#[tokio::test]
async fn a_prefix_is_looked_for_at_the_source() {
    let world = World::new().await;
    let target = format!(
        "{}/objectstorage/buckets/prefix",
        world.project(As::Owner).await
    );
    let ask = |name: &str, value: Value| {
        let mut body = json!({
            "cloud_type": "Aliyun",
            "bucket_name": "b",
            "file_name": "photos/",
            "data_center": "r",
            "ak": "a",
            "sk": "s",
        });
        body[name] = value;
        oms::post(&target).json(&body)
    };
    for (prefix, exist) in [("photos/", true), ("", true), ("films/", false)] {
        let reply = world.send(ask("file_name", json!(prefix))).await;
        assert_eq!(reply.expect_status(200).json(), json!({ "exist": exist }));
    }
    for (name, value, status, code) in [
        ("file_name", json!(null), 400, "OMS.1004"),
        ("cloud_type", json!(null), 400, "OMS.1004"),
        ("cloud_type", json!("Nowhere"), 400, "OMS.1003"),
        ("sk", json!(null), 400, "OMS.1004"),
        ("data_center", json!("nowhere"), 400, "OMS.0079"),
        ("data_center", json!("denied"), 400, "OMS.0153"),
        ("data_center", json!("missing"), 400, "OMS.0153"),
        ("data_center", json!("busy"), 503, "OMS.1001"),
    ] {
        let reply = world.send(ask(name, value)).await;
        assert_eq!(oms::code(&reply), (status, code.into()), "{name}");
    }
}

#[tokio::test]
async fn a_folder_of_the_source_is_listed() {
    let world = World::new().await;
    let target = format!(
        "{}/objectstorage/buckets/objects",
        world.project(As::Owner).await
    );
    let ask = |name: &str, value: Value| {
        let mut body = json!({
            "cloud_type": "Aliyun",
            "bucket_name": "b",
            "file_path": "",
            "data_center": "r",
            "page_size": 10,
            "behind_filename": "",
            "ak": "a",
            "sk": "s",
        });
        body[name] = value;
        oms::post(&target).json(&body)
    };
    let page = |marker: &str, size: &str| {
        let records = [json!({ "name": marker, "size": size })];
        json!({ "next_page": false, "next_marker": marker, "records": records })
    };
    for (path, wanted) in [
        ("", page("photos/", "--")),
        ("photos/", page("photos/1.jpg", "1")),
        (
            "films/",
            json!({ "next_page": false, "next_marker": "", "records": [] }),
        ),
    ] {
        let reply = world.send(ask("file_path", json!(path))).await;
        assert_eq!(reply.expect_status(200).json(), wanted, "{path}");
    }
    for (name, value, code) in [
        ("file_path", json!("photos"), "OMS.1003"),
        ("page_size", json!(0), "OMS.1003"),
        ("page_size", json!(101), "OMS.1003"),
        ("page_size", json!(-1), "OMS.1003"),
        ("page_size", json!("10"), "OMS.1010"),
        ("page_size", json!(1.5), "OMS.1010"),
        ("page_size", json!(null), "OMS.1004"),
        ("behind_filename", json!(null), "OMS.1004"),
        ("data_center", json!("nowhere"), "OMS.0079"),
        ("data_center", json!("denied"), "OMS.0153"),
    ] {
        let reply = world.send(ask(name, value)).await;
        assert_eq!(oms::code(&reply), (400, code.into()), "{name}");
    }
}

#[tokio::test]
async fn regions_are_those_that_the_operator_made_known() {
    let world = World::new().await;
    let own = world.project(As::Owner).await;
    for (name, cloud, region) in [
        ("first", "AWS", "denied"),
        ("second", "aws", "r"),
        ("third", "AWS", "*"),
        ("fourth", "Aliyun", "elsewhere"),
    ] {
        let source = cohong_core::engine::NewSource {
            name: name.into(),
            cloud: cloud.into(),
            region: region.into(),
            speech: "s3".into(),
            endpoint: "http://127.0.0.1:9".into(),
            path_style: true,
            signing_region: None,
        };
        world.engine.add_source(source).await.expect("a source");
    }
    let target = format!("{own}/objectstorage/data-center");
    let told = world
        .send(oms::get(&target))
        .await
        .expect_status(200)
        .json();
    let list = |service: &str| {
        let all = told.as_array().expect("services").iter();
        let mut of_service = all.filter(|one| one["service_name"] == service);
        let regions = of_service.next().expect("a service")["region_list"].clone();
        let regions = regions.as_array().expect("regions").iter();
        let region = |region: &Value| region["value"].as_str().expect("text").to_owned();
        regions.map(region).collect::<Vec<_>>()
    };
    assert_eq!(list("AWS"), ["denied", "r", "local"]);
    assert_eq!(list("Aliyun"), ["elsewhere", "local"]);
    assert_eq!(list("UCloud"), ["local"]);

    let target = format!("{own}/objectstorage/buckets/regions");
    let ask = |name: &str, value: Value| {
        let mut body = json!({ "cloud_type": "AWS", "bucket_name": "b", "ak": "a", "sk": "s" });
        body[name] = value;
        oms::post(&target).json(&body)
    };
    let found = world.send(ask("bucket_name", json!("b"))).await;
    let wanted = json!({ "id": "r", "name": "r", "support": true });
    assert_eq!(found.expect_status(200).json(), wanted);
    for (name, value, code) in [
        ("cloud_type", json!(null), "OMS.1004"),
        ("cloud_type", json!("Nowhere"), "OMS.1003"),
        ("bucket_name", json!(null), "OMS.1004"),
        ("sk", json!(null), "OMS.1004"),
    ] {
        let reply = world.send(ask(name, value)).await;
        assert_eq!(oms::code(&reply), (400, code.into()), "{name}");
    }
}
