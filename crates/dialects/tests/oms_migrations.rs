//! OMS: migration tasks, in the words of the vendor.

mod common;

use std::time::Duration;

use common::{As, Reply, World, oms};
use http::Method;
use serde_json::{Value, json};

const NOW: u64 = 1_714_979_289_000;

/// What makes a task of a whole bucket.
fn body(world: &World) -> Value {
    json!({
        "src_node": {
            "cloud_type": "AWS",
            "region": "r",
            "ak": "source-ak",
            "sk": "source-secret",
            "bucket": "sb",
            "object_key": [""],
        },
        "dst_node": {
            "ak": *world.owner.access.0,
            "sk": world.owner.secret.expose(),
            "region": "dr",
            "bucket": "bucket-test",
        },
    })
}

/// What starts a task.
fn keys(world: &World) -> Value {
    json!({
        "src_ak": "source-ak",
        "src_sk": "source-secret",
        "dst_ak": *world.owner.access.0,
        "dst_sk": world.owner.secret.expose(),
    })
}

async fn tasks(world: &World) -> String {
    format!("{}/tasks", world.project(As::Owner).await)
}

/// Makes a task; where it is.
async fn made(world: &World, body: &Value) -> String {
    let tasks = tasks(world).await;
    let reply = world.send(oms::post(&tasks).json(body)).await;
    let told = reply.expect_status(200).json();
    let id = told["id"].as_u64().expect("a number");
    assert_eq!(told["task_name"], format!("task_{id}"));
    format!("{tasks}/{id}")
}

/// Changes a member of a member.
fn set(body: &mut Value, path: &str, value: Value) {
    match path.split_once('.') {
        Some((node, name)) => body[node][name] = value,
        None => body[path] = value,
    }
}

#[tokio::test]
async fn a_task_is_shown_with_every_member_and_no_secret() {
    let world = World::with_bucket().await;
    let mut body = body(&world);
    let policy = json!([{ "start": "08:00", "end": "17:59", "max_bandwidth": 1_048_576 }]);
    for (path, value) in [
        ("task_type", json!("prefix")),
        ("src_node.object_key", json!(["photos/2024", "films/"])),
        ("dst_node.save_prefix", json!("copies/")),
        ("description", json!("nightly (again)")),
        ("migrate_since", json!(1_700_000_000)),
        ("bandwidth_policy", policy.clone()),
        ("enable_metadata_migration", json!(true)),
        ("enable_failed_object_recording", json!(true)),
        ("object_overwrite_mode", json!("FULL_OVERWRITE")),
        ("dst_storage_policy", json!("IA")),
        ("consistency_check", json!("crc64")),
        ("task_priority", json!("HIGH")),
    ] {
        set(&mut body, path, value);
    }
    let task = made(&world, &body).await;
    world.clock.advance(Duration::from_secs(9));
    let reply = world.send(oms::get(&task)).await.expect_status(200);
    let id: u64 = task
        .rsplit('/')
        .next()
        .expect("an id")
        .parse()
        .expect("a number");
    let wanted = json!({
        "id": id,
        "name": format!("task_{id}"),
        "task_type": "prefix",
        "group_type": "NORMAL_TASK",
        "group_id": null,
        "status": 2,
        "progress": 0.0,
        "src_node": {
            "cloud_type": "AWS",
            "region": "r",
            "bucket": "sb",
            "app_id": null,
            "object_key": ["photos/2024", "films/"],
        },
        "dst_node": { "bucket": "bucket-test", "region": "dr", "save_prefix": "copies/" },
        "description": "nightly (again)",
        "bandwidth_policy": policy,
        "start_time": NOW,
        "total_time": 9000,
        "left_time": 0,
        "migrate_speed": 0,
        "migrate_since": 1_700_000_000_000_u64,
        "total_num": 0,
        "successful_num": 0,
        "failed_num": 0,
        "skipped_num": 0,
        "total_size": 0,
        "complete_size": 0,
        "real_size": 0,
        "is_query_over": false,
        "enable_kms": false,
        "enable_metadata_migration": true,
        "enable_restore": false,
        "enable_failed_object_recording": true,
        "enable_requester_pays": false,
        "error_reason": null,
        "failed_object_record": { "result": false, "list_file_key": null, "error_code": null },
        "success_record_error_reason": null,
        "skip_record_error_reason": null,
        "object_overwrite_mode": "FULL_OVERWRITE",
        "dst_storage_policy": "IA",
        "consistency_check": "crc64",
        "obs_system": "BUCKET",
        "task_priority": "HIGH",
    });
    assert_eq!(reply.json(), wanted);
    let list = world.send(oms::get(&tasks(&world).await)).await;
    assert_eq!(list.json(), json!({ "tasks": [wanted], "count": 1 }));
    for secret in ["source-ak", "source-secret", world.owner.secret.expose()] {
        assert!(!reply.text().contains(secret) && !list.text().contains(secret));
    }
}

#[tokio::test]
async fn what_is_left_out_has_the_vendors_defaults() {
    let world = World::with_bucket().await;
    let mut body = body(&world);
    body["src_node"]["cloud_type"] = json!(null);
    // Older clients say more, and say it in vain.
    body["enable_kms"] = json!(false);
    let task = made(&world, &body).await;
    let shown = world.send(oms::get(&task)).await.expect_status(200).json();
    for (name, value) in [
        ("task_type", json!("object")),
        ("description", json!("")),
        ("bandwidth_policy", json!([])),
        ("migrate_since", json!(0)),
        ("enable_metadata_migration", json!(false)),
        ("enable_failed_object_recording", json!(true)),
        (
            "object_overwrite_mode",
            json!("SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE"),
        ),
        ("dst_storage_policy", json!("STANDARD")),
        ("consistency_check", json!("size_last_modified")),
        ("task_priority", json!("MEDIUM")),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert_eq!(shown["src_node"]["cloud_type"], "Aliyun");
    assert_eq!(shown["dst_node"]["save_prefix"], "");
}

#[tokio::test]
async fn what_no_task_can_be_made_of_is_refused() {
    let world = World::with_bucket().await;
    let tasks = tasks(&world).await;
    let cdn = json!({ "authentication_type": "NONE", "domain": "d", "protocol": "http" });
    let smn = json!({ "topic_urn": "urn", "trigger_conditions": ["FAILURE"] });
    let span = json!([{ "start": "09:00", "end": "08:00", "max_bandwidth": 1_048_576 }]);
    let table = [
        ("src_node", json!(null), "OMS.1004"),
        ("src_node", json!([]), "OMS.1010"),
        ("dst_node", json!(null), "OMS.1004"),
        ("task_type", json!("list"), "OMS.1003"),
        ("task_type", json!("url_list"), "OMS.1003"),
        ("task_type", json!("everything"), "OMS.1003"),
        ("src_node.cloud_type", json!("Nowhere"), "OMS.1003"),
        ("src_node.cloud_type", json!("Tencent"), "OMS.1004"),
        ("src_node.region", json!(null), "OMS.1004"),
        ("src_node.region", json!("nowhere"), "OMS.0079"),
        ("src_node.region", json!("denied"), "OMS.1014"),
        ("src_node.region", json!("missing"), "OMS.1014"),
        ("src_node.bucket", json!(""), "OMS.1003"),
        ("src_node.bucket", json!("sb/photos/"), "OMS.1003"),
        ("src_node.ak", json!(null), "OMS.1004"),
        ("src_node.sk", json!("s".repeat(101)), "OMS.1003"),
        ("src_node.crypto_type", json!("KMS"), "OMS.1003"),
        ("src_node.object_key", json!(null), "OMS.1004"),
        ("src_node.object_key", json!([]), "OMS.1003"),
        ("src_node.object_key", json!("a"), "OMS.1010"),
        ("src_node.object_key", json!([1]), "OMS.1010"),
        ("src_node.object_key", json!(["k".repeat(1025)]), "OMS.1003"),
        ("src_node.object_key", json!(["a\u{0}b"]), "OMS.1003"),
        ("src_node.object_key", json!(vec!["k"; 1001]), "OMS.1003"),
        (
            "src_node.object_key",
            json!(vec!["k".repeat(1000); 66]),
            "OMS.1003",
        ),
        ("dst_node.ak", json!("nobody"), "OMS.1020"),
        ("dst_node.sk", json!("wrong"), "OMS.1020"),
        ("dst_node.bucket", json!("no-such-bucket"), "OMS.1020"),
        ("dst_node.bucket", json!("No Bucket"), "OMS.1020"),
        ("dst_node.region", json!(null), "OMS.1004"),
        ("dst_node.save_prefix", json!("p".repeat(1025)), "OMS.1003"),
        ("dst_node.security_token", json!("t"), "OMS.1003"),
        ("description", json!("a^b"), "OMS.0078"),
        ("description", json!("a".repeat(256)), "OMS.1003"),
        ("migrate_since", json!(-1), "OMS.1003"),
        ("migrate_since", json!("0"), "OMS.1010"),
        ("bandwidth_policy", span, "OMS.0087"),
        ("source_cdn", cdn, "OMS.1003"),
        ("smn_config", smn, "OMS.1003"),
        ("enable_requester_pays", json!(true), "OMS.1003"),
        ("enable_kms", json!(true), "OMS.1003"),
        ("enable_restore", json!(1), "OMS.1010"),
        ("object_overwrite_mode", json!("SOMETIMES"), "OMS.1003"),
        ("consistency_check", json!("md5"), "OMS.1003"),
        ("task_priority", json!("URGENT"), "OMS.1003"),
    ];
    for (path, value, code) in table {
        let mut body = body(&world);
        set(&mut body, path, value);
        let reply = world.send(oms::post(&tasks).json(&body)).await;
        assert_eq!(
            oms::code(&reply),
            (400, code.into()),
            "{path} {}",
            reply.text()
        );
    }
    let mut itself = body(&world);
    itself["src_node"]["region"] = json!("local");
    itself["src_node"]["bucket"] = json!("bucket-test");
    let reply = world.send(oms::post(&tasks).json(&itself)).await;
    assert_eq!(oms::code(&reply), (400, "OMS.1003".into()));
    let list = world.send(oms::get(&tasks)).await.expect_status(200);
    assert_eq!(list.json(), json!({ "tasks": [], "count": 0 }));
}

#[tokio::test]
async fn a_task_is_stopped_started_and_deleted() {
    let world = World::with_bucket().await;
    let task = made(&world, &body(&world)).await;
    let start = keys(&world);
    let done = async |method: Method, what: &str| {
        let ask = oms::ask(method, &format!("{task}{what}"));
        let ask = if what == "/start" {
            ask.json(&start)
        } else {
            ask
        };
        world.send(ask).await
    };
    let empty = |reply: Reply| {
        let reply = reply.expect_status(200);
        assert!(reply.body.is_empty() && reply.header("content-type").is_empty());
    };
    let bad = |code: &str| (400, code.to_owned());
    let code = |reply: Reply| oms::code(&reply);
    assert_eq!(code(done(Method::POST, "/start").await), bad("OMS.0065"));
    assert_eq!(code(done(Method::DELETE, "").await), bad("OMS.0063"));
    world.clock.advance(Duration::from_secs(5));
    empty(done(Method::POST, "/stop").await);
    assert_eq!(code(done(Method::POST, "/stop").await), bad("OMS.0066"));
    world.clock.advance(Duration::from_mins(1));
    let shown = done(Method::GET, "").await.json();
    assert_eq!(
        (&shown["status"], &shown["total_time"]),
        (&json!(3), &json!(5000))
    );
    let none = world.send(oms::post(&format!("{task}/start"))).await;
    assert_eq!(code(none), bad("OMS.1006"));
    for (name, value, wanted) in [
        ("dst_sk", json!("wrong"), "OMS.1020"),
        ("src_ak", json!(null), "OMS.1004"),
        ("dst_security_token", json!("t"), "OMS.1003"),
        ("migrate_failed_object", json!("yes"), "OMS.1010"),
    ] {
        let mut wrong = keys(&world);
        wrong[name] = value;
        let reply = world
            .send(oms::post(&format!("{task}/start")).json(&wrong))
            .await;
        assert_eq!(code(reply), bad(wanted), "{name}");
    }
    empty(done(Method::POST, "/start").await);
    let shown = done(Method::GET, "").await.json();
    assert_eq!(
        (&shown["status"], &shown["start_time"]),
        (&json!(2), &json!(NOW + 65_000))
    );
    empty(done(Method::POST, "/stop").await);
    empty(done(Method::DELETE, "").await);
    let policy = json!({ "bandwidth_policy": [] });
    let limit = oms::ask(Method::PUT, &format!("{task}/bandwidth-policy")).json(&policy);
    assert_eq!(code(world.send(limit).await), bad("OMS.1009"));
    for (method, what) in [
        (Method::POST, "/start"),
        (Method::POST, "/stop"),
        (Method::DELETE, ""),
        (Method::GET, ""),
    ] {
        assert_eq!(code(done(method, what).await), bad("OMS.1009"), "{what}");
    }
}

#[tokio::test]
async fn ids_are_numbers_and_each_kind_of_task_has_its_own() {
    let world = World::with_bucket().await;
    let project = world.project(As::Owner).await;
    let migration = made(&world, &body(&world)).await;
    let sync = world.task().await;
    for (id, code) in [
        ("x", "OMS.0054"),
        ("-1", "OMS.0054"),
        ("+1", "OMS.0054"),
        ("", "OMS.0054"),
        ("1000000000000000", "OMS.0054"),
        ("999999999999999", "OMS.1009"),
        ("0", "OMS.1009"),
    ] {
        let reply = world.send(oms::get(&format!("{project}/tasks/{id}"))).await;
        assert_eq!(oms::code(&reply), (400, code.into()), "{id}");
    }
    // What a number is made into is no id of a sync task.
    let number: u64 = migration
        .rsplit('/')
        .next()
        .expect("an id")
        .parse()
        .expect("a number");
    let id = cohong_core::model::SyncTaskId::of_number(number);
    let reply = world
        .send(oms::get(&format!("{project}/sync-tasks/{id}?query_time=0")))
        .await;
    assert_eq!(oms::code(&reply), (404, "OMS.1009".into()));
    let list = world
        .send(oms::get(&format!("{project}/sync-tasks")))
        .await
        .json();
    assert_eq!(list["count"], 1);
    assert!(sync.ends_with(list["tasks"][0]["sync_task_id"].as_str().expect("an id")));
    // Nobody else sees it.
    let other = world.project(As::Other).await;
    let list = world
        .send(oms::get(&format!("{other}/tasks")).by(As::Other))
        .await;
    assert_eq!(list.expect_status(200).json()["count"], 0);
    let reply = world
        .send(oms::get(&format!("{other}/tasks/{number}")).by(As::Other))
        .await;
    assert_eq!(oms::code(&reply), (400, "OMS.1009".into()));
}

#[tokio::test]
async fn tasks_are_listed_newest_first_by_page_state_and_name() {
    let world = World::with_bucket().await;
    let tasks = tasks(&world).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let task = made(&world, &body(&world)).await;
        ids.push(task.rsplit('/').next().expect("an id").to_owned());
        world.clock.advance(Duration::from_secs(1));
    }
    world
        .send(oms::post(&format!("{tasks}/{}/stop", ids[1])))
        .await
        .expect_status(200);
    let named = format!("?task_name=ask_{}", ids[0]);
    let table: &[(&str, &[usize], usize)] = &[
        ("", &[2, 1, 0], 3),
        ("?limit=2", &[2, 1], 3),
        ("?limit=2&offset=2", &[0], 3),
        ("?offset=100000", &[], 3),
        ("?status=3", &[1], 1),
        ("?status=2&limit=1&offset=1", &[0], 2),
        ("?status=5", &[], 0),
        ("?task_name=task_", &[2, 1, 0], 3),
        (&named, &[0], 1),
        ("?group_id=g", &[], 0),
        ("?group_id=", &[2, 1, 0], 3),
    ];
    for (query, wanted, count) in table {
        let page = world.send(oms::get(&format!("{tasks}{query}"))).await;
        let page = page.expect_status(200).json();
        let found = page["tasks"].as_array().expect("tasks").iter();
        let found: Vec<String> = found.map(|task| task["id"].to_string()).collect();
        let wanted: Vec<String> = wanted.iter().map(|at| ids[*at].clone()).collect();
        assert_eq!((found, &page["count"]), (wanted, &json!(count)), "{query}");
    }
    for (query, code) in [
        ("limit=0", "OMS.1003"),
        ("limit=101", "OMS.1003"),
        ("offset=-1", "OMS.1010"),
        ("status=0", "OMS.1003"),
        ("status=8", "OMS.1003"),
        ("status=x", "OMS.1010"),
    ] {
        let reply = world.send(oms::get(&format!("{tasks}?{query}"))).await;
        assert_eq!(oms::code(&reply), (400, code.into()), "{query}");
    }
}

#[tokio::test]
async fn bandwidth_is_changed_for_one_or_many() {
    let world = World::with_bucket().await;
    let tasks = tasks(&world).await;
    let (one, other) = (
        made(&world, &body(&world)).await,
        made(&world, &body(&world)).await,
    );
    let number = |task: &str| -> u64 {
        task.rsplit('/')
            .next()
            .expect("an id")
            .parse()
            .expect("a number")
    };
    let policy = |rate: u64| json!([{ "start": "00:00", "end": "23:59", "max_bandwidth": rate }]);
    let shown = async |task: &str, name: &str| {
        world.send(oms::get(task)).await.expect_status(200).json()[name].clone()
    };
    let put = oms::ask(Method::PUT, &format!("{one}/bandwidth-policy"));
    let put = world
        .send(put.json(&json!({ "bandwidth_policy": policy(2_000_000) })))
        .await;
    assert!(put.expect_status(200).body.is_empty());
    assert_eq!(shown(&one, "bandwidth_policy").await, policy(2_000_000));
    assert_eq!(shown(&other, "bandwidth_policy").await, json!([]));

    let batch = async |body: Value| {
        world
            .send(oms::post(&format!("{tasks}/batch-update")).json(&body))
            .await
    };
    let ids = [number(&one), number(&other)];
    let both = json!({ "ids": ids, "bandwidth_policy": policy(3_000_000), "task_priority": "LOW" });
    batch(both).await.expect_status(200);
    for task in [&one, &other] {
        assert_eq!(shown(task, "bandwidth_policy").await, policy(3_000_000));
        assert_eq!(shown(task, "task_priority").await, "LOW");
    }
    let unlimited = json!([]);
    for (body, code) in [
        (json!({ "ids": ids }), "OMS.1004"),
        (
            json!({ "ids": [], "bandwidth_policy": unlimited }),
            "OMS.1003",
        ),
        (
            json!({ "ids": ["1"], "bandwidth_policy": unlimited }),
            "OMS.1010",
        ),
        (
            json!({ "ids": [ids[0], 7], "bandwidth_policy": unlimited }),
            "OMS.1009",
        ),
        (
            json!({ "group_id": "g", "bandwidth_policy": unlimited }),
            "OMS.1009",
        ),
        (json!({ "bandwidth_policy": unlimited }), "OMS.1003"),
        (
            json!({ "group_id": "g", "ids": ids, "bandwidth_policy": unlimited }),
            "OMS.1003",
        ),
        (
            json!({ "ids": ids, "bandwidth_policy": policy(1) }),
            "OMS.0084",
        ),
    ] {
        assert_eq!(
            oms::code(&batch(body.clone()).await),
            (400, code.into()),
            "{body}"
        );
    }
    assert_eq!(
        shown(&one, "bandwidth_policy").await,
        policy(3_000_000),
        "all or none"
    );
}
