//! OAS: jobs and what they make readable.

mod common;

use std::time::Duration;

use common::oas::{MIB, code, content, delete, get, post, tree};
use common::{As, World, oas, oss};
use serde_json::{Value, json};

/// Members of a job without those that differ from run to run.
fn told(mut job: Value) -> Value {
    let members = job.as_object_mut().expect("an object");
    assert_eq!(members.len(), 15);
    for name in ["JobId", "ArchiveId"] {
        let text = members[name].as_str().expect("a text");
        let length = text.len();
        members.insert(name.into(), json!(length));
    }
    job
}

#[tokio::test]
async fn an_archive_is_retrieved() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let body = content(0, 5 * MIB);
    let id = world.archive(&vault, body.clone()).await;
    let order = json!({"Type": "archive-retrieval", "ArchiveId": id, "Description": "why"});
    let made = world
        .send(post(&format!("{vault}/jobs")).json(&order))
        .await;
    let made = made.expect_status(202);
    assert!(made.body.is_empty() && made.header("content-type").is_empty());
    let job = made.header("location").to_owned();
    assert_eq!(job, format!("{vault}/jobs/{}", made.header("x-oas-job-id")));
    let output = format!("{job}/output");
    let running = world.send(get(&job)).await.expect_status(200).json();
    insta::assert_json_snapshot!(told(running));
    let early = world.send(get(&output)).await;
    assert_eq!(code(&early), (400, "JobNotReady".into(), "client".into()));
    world.work().await;
    let done = world.send(get(&job)).await.expect_status(200).json();
    insta::assert_json_snapshot!(told(done.clone()));
    let listed = world.send(get(&format!("{vault}/jobs"))).await.json();
    assert_eq!(listed, json!({"Marker": "", "JobList": [done]}));
    // What was prepared does not go with the archive.
    world
        .send(delete(&format!("{vault}/archives/{id}")))
        .await
        .expect_status(204);
    world.work().await;
    let all = world.send(get(&output)).await.expect_status(200);
    assert_eq!(all.header("content-type"), "application/octet-stream");
    assert_eq!(all.header("content-length"), (5 * MIB).to_string());
    assert_eq!(all.header("content-range"), "");
    assert_eq!(all.header("x-oas-tree-etag"), tree(&body));
    assert_eq!(all.body, body);
    world.clock.advance(Duration::from_hours(25));
    for target in [&job, &output] {
        let reply = world.send(get(target)).await;
        assert_eq!(code(&reply), (404, "JobNotExists".into(), "client".into()));
    }
    let none = world.send(get(&format!("{vault}/jobs"))).await.json();
    assert_eq!(none["JobList"], json!([]));
}

#[tokio::test]
async fn ranges_of_output_are_whole_blocks() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let all: Value = serde_json::from_str(include_str!("../../../vectors/oas.json")).expect("JSON");
    let size = 6 * MIB + MIB / 2;
    assert_eq!(all["range_alignment"]["archive_size"], size);
    let id = world.archive(&vault, content(0, size)).await;
    let order = json!({"Type": "archive-retrieval", "ArchiveId": id});
    let output = format!("{}/output", world.job(&vault, &order).await);
    world.work().await;
    let cases = all["range_alignment"]["cases"].as_array().expect("cases");
    for case in cases {
        let range = case["range"].as_str().expect("a range");
        let (first, last) = range.split_once('-').expect("two numbers");
        let (first, last): (usize, usize) =
            (first.parse().expect("one"), last.parse().expect("one"));
        let reply = world
            .send(get(&output).header("range", &format!("bytes={range}")))
            .await;
        if case["mib_aligned"] == false {
            assert_eq!(code(&reply).1, "InvalidRange", "{case}");
            assert_eq!(reply.status, 416);
            continue;
        }
        let reply = reply.expect_status(206);
        assert_eq!(
            reply.header("content-range"),
            format!("bytes {range}/{size}")
        );
        assert_eq!(reply.header("x-oas-tree-etag"), case["tree_etag"], "{case}");
        assert_eq!(reply.body, content(first, last + 1 - first));
        let ordered = json!({"Type": "archive-retrieval", "ArchiveId": id,
            "RetrievalByteRange": range});
        let job = world.job(&vault, &ordered).await;
        world.work().await;
        let job = world.send(get(&job)).await.json();
        assert_eq!(job["RetrievalByteRange"], *range);
        assert_eq!(job["TreeEtag"], case["tree_etag"], "{case}");
    }
    for range in [
        "bytes=0-",
        "bytes=-5",
        "bytes=0-9",
        "nonsense",
        "bytes=0-7340031",
    ] {
        let reply = world.send(get(&output).header("range", range)).await;
        assert_eq!(code(&reply).1, "InvalidRange", "{range}");
    }
    let bare = world.send(get(&output).header("range", "0-1048575")).await;
    bare.expect_status(206);
}

#[tokio::test]
async fn output_of_a_range_counts_from_its_beginning() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let id = world.archive(&vault, content(0, 4 * MIB)).await;
    let order = json!({"Type": "archive-retrieval", "ArchiveId": id,
        "RetrievalByteRange": "2097152-4194303"});
    let output = format!("{}/output", world.job(&vault, &order).await);
    world.work().await;
    let part = world
        .send(get(&output).header("range", "bytes=1048576-2097151"))
        .await;
    let part = part.expect_status(206);
    assert_eq!(
        part.header("content-range"),
        "bytes 1048576-2097151/2097152"
    );
    assert_eq!(part.body, content(3 * MIB, MIB));
    assert_eq!(part.header("x-oas-tree-etag"), tree(&content(3 * MIB, MIB)));
    let all = world.send(get(&output)).await.expect_status(200);
    assert_eq!(all.body, content(2 * MIB, 2 * MIB));
}

#[tokio::test]
async fn an_inventory_tells_what_was_there_when_it_was_asked_for() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let id = vault.rsplit('/').next().expect("an id").to_owned();
    let mut archives = vec![
        world.archive(&vault, content(0, MIB + 1)).await,
        world.archive(&vault, vec![1]).await,
    ];
    archives.sort_unstable();
    let job = world
        .job(&vault, &json!({"Type": "inventory-retrieval"}))
        .await;
    world.work().await;
    world.archive(&vault, vec![2]).await;
    let done = world.send(get(&job)).await.expect_status(200).json();
    let output = world
        .send(get(&format!("{job}/output")))
        .await
        .expect_status(200);
    assert_eq!(output.header("content-type"), "application/json");
    assert_eq!(output.header("x-oas-tree-etag"), "");
    assert_eq!(done["InventorySizeInBytes"], output.body.len());
    let body = output.json();
    let mut found: Vec<_> = body["ArchiveList"]
        .as_array()
        .expect("archives")
        .iter()
        .collect();
    found.sort_by_key(|line| line["ArchiveId"].to_string());
    let ids: Vec<_> = found.iter().map(|line| line["ArchiveId"].clone()).collect();
    assert_eq!(ids, archives);
    let mut text = output.text().replace(&id, "[vault]");
    for id in &archives {
        text = text.replace(id, "[id]");
    }
    insta::assert_snapshot!(text);
    insta::assert_json_snapshot!(told(done));
    // As the vendor's client downloads one.
    let range = format!("bytes=0-{}", output.body.len() - 1);
    let again = world
        .send(get(&format!("{job}/output")).header("range", &range))
        .await;
    assert_eq!(again.expect_status(206).body, output.body);
    let shown = world.send(get(&vault)).await.json();
    assert_eq!(shown["LastInventoryDate"], "Mon, 06 May 2024 07:08:09 GMT");
    let mistaken = json!({"Type": "inventory-retrieval", "RetrievalByteRange": "0-1048575"});
    let reply = world
        .send(post(&format!("{vault}/jobs")).json(&mistaken))
        .await;
    assert_eq!(code(&reply).1, "InvalidArgument");
}

#[tokio::test]
async fn objects_of_this_server_become_archives_and_back() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    world
        .send(oss::put("bucket-oss", "/"))
        .await
        .expect_status(200);
    let body = content(0, 2 * MIB + 9);
    let put = oss::put("bucket-oss", "/a%20b").body(body.clone());
    world.send(put).await.expect_status(200);
    let order = |kind: &str, key: &str| {
        json!({"Type": kind, "OSSHost": "oss-cn-hangzhou-internal.aliyuncs.com",
            "Bucket": "bucket-oss", "Object": key})
    };
    let pull = world.job(&vault, &order("pull-from-oss", "a b")).await;
    let waits = world.send(get(&pull)).await.json();
    assert_eq!(waits["ArchiveId"], "");
    world.work().await;
    let pulled = world.send(get(&pull)).await.expect_status(200).json();
    let id = pulled["ArchiveId"].as_str().expect("an id").to_owned();
    insta::assert_json_snapshot!(told(pulled.clone()));
    let meta = world
        .send(get(&format!("{vault}/archives/{id}/meta")))
        .await;
    let meta = meta.expect_status(200).json();
    assert_eq!(meta["ArchiveDescription"], "bucket-oss/a b");
    assert_eq!(meta["ArchiveTreeEtag"], tree(&body));
    let mut push = order("push-to-oss", "back");
    push["ArchiveId"] = json!(id);
    let push = world.job(&vault, &push).await;
    world.work().await;
    let pushed = world.send(get(&push)).await.expect_status(200).json();
    insta::assert_json_snapshot!(told(pushed));
    let back = world
        .send(oss::get("bucket-oss", "/back"))
        .await
        .expect_status(200);
    assert_eq!(back.body, body);
    for job in [&pull, &push] {
        let reply = world.send(get(&format!("{job}/output"))).await;
        assert_eq!(
            code(&reply),
            (400, "InvalidArgument".into(), "client".into())
        );
    }
}

#[tokio::test]
async fn jobs_that_cannot_be_done_fail_with_a_reason() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    world
        .send(oss::put("bucket-oss", "/"))
        .await
        .expect_status(200);
    world
        .send(oss::put("bucket-other", "/").by(As::Other))
        .await
        .expect_status(200);
    let foreign = oss::put("bucket-other", "/k").by(As::Other).body("1");
    world.send(foreign).await.expect_status(200);
    let pull = |bucket: &str, key: &str| json!({"Type": "pull-from-oss", "OSSHost": "h", "Bucket": bucket, "Object": key});
    for order in [
        pull("bucket-none", "k"),
        pull("bucket-oss", "none"),
        pull("bucket-other", "k"),
    ] {
        let reply = world
            .send(post(&format!("{vault}/jobs")).json(&order))
            .await;
        if reply.status != 202 {
            assert_eq!(code(&reply).2, "client", "{order}");
            continue;
        }
        let job = reply.header("location").to_owned();
        world.work().await;
        let failed = world.send(get(&job)).await.json();
        assert_eq!(failed["StatusCode"], "Failed", "{order}");
        assert_eq!(failed["Completed"], true);
        assert_ne!(failed["StatusMessage"], "");
        assert_eq!(failed["ArchiveSizeInBytes"], -1);
        let reply = world.send(get(&format!("{job}/output"))).await;
        assert_eq!(reply.status, 400, "{order}");
    }
}

#[tokio::test]
async fn orders_that_make_no_sense_make_no_job() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let id = world.archive(&vault, content(0, 2 * MIB)).await;
    let jobs = format!("{vault}/jobs");
    let ranged = |range: &str| {
        json!({"Type": "archive-retrieval", "ArchiveId": id, "RetrievalByteRange": range})
            .to_string()
    };
    let retrieval = |id: String| json!({"Type": "archive-retrieval", "ArchiveId": id}).to_string();
    let long = json!({"Type": "inventory-retrieval", "Description": "x".repeat(1025)});
    for (body, status, wanted) in [
        (String::new(), 400, "JobJsonFormatError"),
        ("{}".into(), 400, "JobJsonFormatError"),
        ("{\"Type\":\"x\"}".into(), 400, "InvalidArgument"),
        (
            "{\"Type\":\"archive-retrieval\"}".into(),
            400,
            "MissingArgument",
        ),
        (retrieval("x".into()), 404, "ArchiveNotExists"),
        (retrieval("0".repeat(128)), 404, "ArchiveNotExists"),
        (ranged("0-1"), 400, "InvalidArgument"),
        (ranged("1-1048576"), 400, "InvalidArgument"),
        (ranged("0-3145727"), 400, "InvalidArgument"),
        (ranged("x"), 400, "InvalidArgument"),
        (long.to_string(), 400, "InvalidArgument"),
        ("x".repeat(33 << 10), 400, "InvalidArgument"),
    ] {
        let reply = world.send(post(&jobs).body(body.clone())).await;
        let wanted = (status, wanted.to_owned(), "client".to_owned());
        assert_eq!(code(&reply), wanted, "{body:.80}");
    }
    let none = world.send(get(&jobs)).await.json();
    assert_eq!(none, json!({"Marker": "", "JobList": []}));
    let absent = world.send(oas::get(&format!("{jobs}?limit=abc"))).await;
    assert_eq!(code(&absent).1, "ParameterIllegal");
}
