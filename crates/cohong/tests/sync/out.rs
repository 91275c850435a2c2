//! The other way: what is written here is carried to another server, through its dialects.

use bytes::Bytes;
use cohong_testkit::client::{Ask, Client};
use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY};
use http::Method;
use serde_json::Value;

use crate::{
    COMPARED, KEYS, SOURCE, WAYS, add_source, binary, bucket, bytes_of, can_name, fill, folder,
    get, port, start,
};

/// Of three pieces.
const LARGE: usize = (16 << 20) + 12_345;

async fn create(here: &Instance, kind: &str, to: &str, more: &[&str]) -> String {
    let (from, to) = (format!("local/{SOURCE}"), format!("{kind}/{to}"));
    let key = format!("{ACCESS_KEY}:{SECRET_KEY}");
    let words = ["sync", "create", &from, &to, "--source-key", &key];
    let made = here.command(binary(), &[&words[..], more].concat()).await;
    made.unwrap()["task"].as_str().unwrap().to_owned()
}

async fn push(here: &Instance, task: &str, keys: &[&str]) {
    let words = ["sync", "push", task, "--"];
    let pushed = here.command(binary(), &[&words[..], keys].concat()).await;
    pushed.unwrap();
}

/// What a task did, once nothing waits. A wait that tells of failures is no success.
async fn settled(here: &Instance, task: &str) -> Value {
    let wait = ["sync", "wait", task, "--timeout", "120s"];
    // What it says is read from the task.
    drop(here.command(binary(), &wait).await);
    let shown = here
        .command(binary(), &["sync", "show", task])
        .await
        .unwrap();
    assert_eq!(shown["waiting"], 0, "{shown}");
    shown
}

fn counts(shown: &Value) -> [u64; 3] {
    ["success", "failure", "skip"].map(|name| shown[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_go_out_through_every_dialect_as_they_are() {
    let folders = [folder(), folder()];
    let (a, b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    fill(&mut source).await;
    let large = bytes_of(9, LARGE);
    source.put(SOURCE, "large", large.clone()).await.unwrap();
    for way in WAYS {
        let kind = way.0;
        add_source(&a, way, port(b.listen())).await;
        let name = format!("copies-{kind}");
        let mut copies = bucket(&b, &name).await;
        let task = create(&a, kind, &name, &[]).await;
        let keys = KEYS.into_iter().chain(["of parts", "large"]);
        let (named, unnamed) = keys.partition::<Vec<_>, _>(|key| can_name(kind, key));
        push(
            &a,
            &task,
            &[&named[..], &unnamed, &["no such key"]].concat(),
        )
        .await;
        let shown = settled(&a, &task).await;
        let wanted = [named.len() as u64, 1 + unnamed.len() as u64, 0];
        assert_eq!(counts(&shown), wanted, "{kind}: {shown}");
        for key in &named {
            let there = get(&mut source, SOURCE, key).await;
            let copy = get(&mut copies, &name, key).await;
            assert_eq!(there.body, copy.body, "{kind} {key:?}");
            // Of those whose upload named no type each dialect tells its own.
            let compared = COMPARED.iter().filter(|_| KEYS.contains(key));
            for header in compared {
                let (there, copy) = (there.headers.get(*header), copy.headers.get(*header));
                assert_eq!(there, copy, "{kind} {key:?} {header}");
            }
        }
        // The same bytes are not written again.
        push(&a, &task, &["plain.txt", "large"]).await;
        let shown = settled(&a, &task).await;
        let [success, failure, skip] = wanted;
        assert_eq!(
            counts(&shown),
            [success, failure, skip + 2],
            "{kind}: {shown}"
        );
        assert_eq!(shown["to"], format!("AWS:{kind}/{name}"));
    }
    assert_eq!(a.stop().await.unwrap(), Some(0));
    assert_eq!(b.stop().await.unwrap(), Some(0));
}

async fn delete(client: &mut Client, key: &str) {
    let ask = Ask {
        bucket: Some(SOURCE),
        key: Some(key),
        ..Ask::default()
    };
    client.must(Method::DELETE, &ask).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_carries_uploads_and_removals_out() {
    let folders = [folder(), folder()];
    let (a, b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    for way in WAYS {
        let kind = way.0;
        add_source(&a, way, port(b.listen())).await;
        let name = format!("copies-{kind}");
        let mut copies = bucket(&b, &name).await;
        let task = create(&a, kind, &name, &["--deletes"]).await;
        source
            .notify(SOURCE, "", &format!("sync:{task}"))
            .await
            .unwrap();
        source.put(SOURCE, "k", Bytes::from(kind)).await.unwrap();
        a.command(binary(), &["events", "wait"]).await.unwrap();
        let shown = settled(&a, &task).await;
        assert_eq!(counts(&shown), [1, 0, 0], "{kind}: {shown}");
        assert_eq!(get(&mut copies, &name, "k").await.body, kind);
        delete(&mut source, "k").await;
        a.command(binary(), &["events", "wait"]).await.unwrap();
        let shown = settled(&a, &task).await;
        assert_eq!(counts(&shown), [2, 0, 0], "{kind}: {shown}");
        assert_eq!(copies.get(&name, "k").await.unwrap(), None, "{kind}");
        // What becomes of keys is told here, whoever takes them.
        let lists = shown["lists"].as_str().unwrap();
        assert!(lists.starts_with(&format!("{SOURCE}/")), "{shown}");
    }
    let wrong = format!("{ACCESS_KEY}:wrong");
    let refused = [
        "sync",
        "create",
        "local/sync-source",
        "s3/copies-s3",
        "--source-key",
        &wrong,
    ];
    let refused = a.command(binary(), &refused).await.unwrap_err();
    assert!(refused.contains("credentials"), "{refused}");
    for server in [a, b] {
        server.kill().await.unwrap();
    }
}
