//! Sync tasks as an operator makes, feeds, watches and ends them.

use std::process::Stdio;

use bytes::Bytes;
use cohong_testkit::client::Client;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::common::{Done, World, command};

/// Names that libraries and shells like to change.
const KEYS: [&str; 4] = ["a", "folder//b c", "-dash", "公行/100%25+.txt"];

/// A server with two buckets, one of which has objects.
async fn world() -> (World, Client) {
    let world = World::start().await;
    let mut client = world.server.client();
    for bucket in ["photos", "copies"] {
        client.create_bucket(bucket).await.expect("created");
    }
    for key in KEYS {
        let body = Bytes::copy_from_slice(key.as_bytes());
        client.put("photos", key, body).await.expect("stored");
    }
    (world, client)
}

async fn create(world: &World, more: &[&str]) -> (Value, String) {
    let words = ["sync", "create", "local/photos", "local/copies"];
    let made = world.json(&[&words[..], more].concat()).await;
    let task = made["task"].as_str().expect("an id").to_owned();
    (made, task)
}

/// Names keys on standard input.
async fn push_lines(world: &World, task: &str, lines: &str) -> Done {
    let data = world.data();
    let mut child = command(&["--data", &data, "sync", "push", task, "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(lines.as_bytes()).await.expect("written");
    drop(input);
    let done = child.wait_with_output().await.expect("it ends");
    Done {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).expect("UTF-8"),
        err: String::from_utf8(done.stderr).expect("UTF-8"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_copies_what_is_pushed_and_the_wait_says_how_it_went() {
    let (world, mut client) = world().await;
    assert_eq!(world.json(&["sync", "ls"]).await, json!([]));
    let (made, task) = create(&world, &["--description", "for tests"]).await;
    for (name, value) in [
        ("state", "running"),
        ("from", "local/photos"),
        ("to", "local/copies"),
        ("account", "root"),
        ("description", "for tests"),
    ] {
        assert_eq!(made[name], value, "{made}");
    }
    let words = [&["sync", "push", &task, "--json", "--"][..], &KEYS[..]].concat();
    let pushed = world.run(&words).await;
    assert_eq!(pushed.json()["accepted"], 4, "{pushed:?}");
    let waited = world
        .json(&["sync", "wait", &task, "--timeout", "60s"])
        .await;
    let bytes: usize = KEYS.iter().map(|key| key.len()).sum();
    for (name, value) in [
        ("waiting", 0),
        ("success", 4),
        ("failure", 0),
        ("skip", 0),
        ("bytes", bytes),
    ] {
        assert_eq!(waited[name], value, "{waited}");
    }
    for key in KEYS {
        let copy = client.get("copies", key).await.expect("read");
        assert_eq!(copy.as_deref(), Some(key.as_bytes()), "{key}");
    }

    // More keys than one request takes, one of which is not there.
    let many: Vec<String> = (0..250).map(|n| format!("many/{n}")).collect();
    for n in 0..250 {
        let body = Bytes::from(n.to_string());
        client
            .put("photos", &format!("many/{n}"), body)
            .await
            .expect("stored");
    }
    let pushed = push_lines(
        &world,
        &task,
        &format!("{}\n\nno such key\n", many.join("\n")),
    )
    .await;
    assert_eq!(pushed.json(), json!({ "task": task, "accepted": 251 }));
    let waited = world.run(&["sync", "wait", &task]).await;
    assert_eq!(waited.code, 1, "{waited:?}");
    for words in [
        "254 copied",
        "1 failed",
        "no such key: failed looking at the source",
        "lists below copies/",
    ] {
        assert!(waited.out.contains(words), "{words}: {waited:?}");
    }
    let shown = world.json(&["sync", "show", &task]).await;
    assert_eq!(shown["failures"][0]["key"], "no such key", "{shown}");
    let listed = world.json(&["sync", "ls"]).await;
    assert_eq!(
        (&listed[0]["requests"], &listed[0]["failure"]),
        (&json!(255), &json!(1))
    );
    let table = world.run(&["sync", "ls"]).await.out;
    assert!(
        table.starts_with("TASK") && table.contains("local/photos"),
        "{table}"
    );
    let told = world.run(&["sync", "show", &task]).await.out;
    assert!(told.contains("no such key: failed"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_task_takes_nothing_and_goes_when_it_is_removed() {
    let (world, mut client) = world().await;
    let (_, task) = create(&world, &[]).await;
    let running = world.run(&["sync", "rm", &task]).await;
    assert!(
        running.code == 1 && running.err.contains("stop it first"),
        "{running:?}"
    );
    world.json(&["sync", "stop", &task]).await;
    for order in [["push", task.as_str(), "a"].as_slice(), &["stop", &task]] {
        let done = world.run(&[&["sync"][..], order].concat()).await;
        assert!(
            done.code == 1 && done.err.contains("start it first"),
            "{order:?}: {done:?}"
        );
    }
    world.json(&["sync", "start", &task]).await;
    world.json(&["sync", "push", &task, "a"]).await;
    world.json(&["sync", "wait", &task]).await;
    assert_eq!(
        client.get("copies", "a").await.expect("read").as_deref(),
        Some(&b"a"[..])
    );
    world.json(&["sync", "stop", &task]).await;
    world.json(&["sync", "rm", &task]).await;
    for order in ["show", "start", "stop", "rm", "wait"] {
        let done = world.run(&["sync", order, &task]).await;
        assert!(
            done.code == 1 && done.err.contains("no sync task"),
            "{order}: {done:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_works_with_the_key_it_is_given() {
    let (world, _) = world().await;
    let key = world.json(&["key", "create", "--account", "editors"]).await;
    let part = |name: &str| key[name].as_str().expect("text").to_owned();
    let (access, secret) = (part("access_key"), part("secret_key"));
    let mut client = Client::new(world.server.listen(), &access, &secret);
    for bucket in ["drafts", "prints"] {
        client.create_bucket(bucket).await.expect("created");
    }
    client
        .put("drafts", "a", "of editors".into())
        .await
        .expect("stored");
    let create = [
        "sync",
        "create",
        "local/drafts",
        "local/prints",
        "--using",
        &access,
    ];
    let made = world.json(&create).await;
    assert_eq!(
        (&made["account"], &made["key"]),
        (&json!("editors"), &json!(access))
    );
    let task = made["task"].as_str().expect("an id");
    world.json(&["sync", "push", task, "a"]).await;
    world.json(&["sync", "wait", task]).await;
    let copy = client.get("prints", "a").await.expect("read");
    assert_eq!(copy.as_deref(), Some(&b"of editors"[..]));
    let foreign = [
        "sync",
        "create",
        "local/photos",
        "local/prints",
        "--using",
        &access,
    ];
    let foreign = world.run(&foreign).await;
    assert!(
        foreign.code == 1 && foreign.err.contains("credentials"),
        "{foreign:?}"
    );
    // May read, but not write.
    let outward = [
        "sync",
        "create",
        "local/drafts",
        "local/copies",
        "--using",
        &access,
    ];
    let outward = world.json(&outward).await;
    let task = outward["task"].as_str().expect("an id");
    world.json(&["sync", "push", task, "a"]).await;
    let waited = world.run(&["sync", "wait", task, "--json"]).await;
    assert_eq!(
        (waited.code, &waited.json()["failure"]),
        (1, &json!(1)),
        "{waited:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_task_is_said_with_its_remedy() {
    let (world, _) = world().await;
    let local = "local/copies";
    let add = [
        "source",
        "add",
        "far",
        "--cloud",
        "AWS",
        "--region",
        "*",
        "--endpoint",
        "http://127.0.0.1:9",
    ];
    world.json(&add).await;
    let cases: [(&[&str], i32, &str); 10] = [
        (&["photos", local], 2, "local/photos"),
        (&["local/photos", "copies"], 2, "local/photos"),
        (&["far/photos", "far/copies"], 2, "local/BUCKET"),
        (&["local/photos", "local/photos"], 1, "same bucket"),
        (&["local/photos", "local/nowhere"], 1, "bucket"),
        (&["local/nowhere", local], 1, "no such object or bucket"),
        (&["near/photos", local], 1, "cohong source ls"),
        (&["far/photos", local], 1, "--region"),
        (
            &["local/photos", local, "--using", "AKNOBODY"],
            1,
            "cohong key ls",
        ),
        (
            &["local/photos", local, "--source-key", "AK"],
            2,
            "ACCESS:SECRET",
        ),
    ];
    for (words, code, says) in cases {
        let done = world.run(&[&["sync", "create"][..], words].concat()).await;
        assert_eq!(done.code, code, "{words:?}: {done:?}");
        assert!(done.err.contains(says), "{words:?}: {}", done.err);
    }
    let denied = [
        "sync",
        "create",
        "local/photos",
        local,
        "--source-key",
        "AK:wrong",
    ];
    let denied = world.run(&denied).await;
    assert!(
        denied.code == 1 && denied.err.contains("credentials"),
        "{denied:?}"
    );
    assert!(!denied.err.contains("wrong"), "{denied:?}");
    assert_eq!(world.json(&["sync", "ls"]).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_followed_from_its_upload_through_the_rule_to_its_copy() {
    let (world, mut client) = world().await;
    let (_, task) = create(&world, &[]).await;
    // Named by hand: no rule has told of it.
    world.json(&["sync", "push", &task, "a", "missing"]).await;
    world.run(&["sync", "wait", &task]).await;
    let trace = world.json(&["trace", "photos/a"]).await;
    let sync = &trace["syncs"][0];
    assert_eq!(
        (&sync["state"], &sync["to"]),
        (&json!("copied"), &json!("copies/a")),
        "{trace}"
    );
    let told = world.run(&["trace", "photos/missing"]).await.out;
    assert!(
        told.contains("copies/missing: failed looking at the source"),
        "{told}"
    );
    let unknown = world.run(&["trace", "photos/nothing"]).await;
    assert!(
        unknown.code == 1 && unknown.err.contains("nothing is known"),
        "{unknown:?}"
    );

    client
        .notify("photos", "", &format!("sync:{task}"))
        .await
        .expect("rule set");
    client
        .put("photos", "b", "by a rule".into())
        .await
        .expect("stored");
    world.json(&["events", "wait"]).await;
    world.run(&["sync", "wait", &task]).await;
    let trace = world.json(&["trace", "photos/b"]).await;
    let delivery = &trace["changes"][0]["deliveries"][0];
    assert_eq!(delivery["destination"], format!("sync:{task}"), "{trace}");
    assert_eq!(delivery["state"], "delivered", "{trace}");
    assert_eq!(
        (&delivery["sync"]["state"], &delivery["sync"]["size"]),
        (&json!("copied"), &json!(9))
    );
    assert_eq!(trace["syncs"], json!([]), "{trace}");
    let told = world.run(&["trace", "photos/b"]).await.out;
    assert!(told.contains("copies/b: copied, 9 bytes"), "{told}");

    // The bucket of the copies tells who brought them, once it keeps a log.
    client
        .notify("copies", "", "later")
        .await
        .expect("rule set");
    client
        .put("photos", "c", "onward".into())
        .await
        .expect("stored");
    // What the bucket of the copies tells waits for a function that is not there.
    world.run(&["events", "wait", "--timeout", "1s"]).await;
    world.run(&["sync", "wait", &task]).await;
    let told = world.run(&["trace", "copies/c"]).await.out;
    assert!(
        told.contains(&format!("brought by sync task {task}")),
        "{told}"
    );
    world.json(&["sync", "stop", &task]).await;
    client
        .put("photos", "d", "waits".into())
        .await
        .expect("stored");
    let told = world.run(&["trace", "photos/d"]).await.out;
    assert!(told.contains(&format!("sync:{task}: waiting")), "{told}");
}
