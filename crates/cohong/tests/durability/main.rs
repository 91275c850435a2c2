//! Durability without trusting the page cache: the real binary under a tracer of system calls. When an
//! answer leaves, everything written to the data folder before it has been synced: data, log, and the
//! directory of every file that got its name.

#![allow(clippy::print_stdout, reason = "what a run did is worth reading")]

mod trace;

use std::path::Path;

use bytes::Bytes;
use cohong_testkit::client::Client;
use cohong_testkit::instance::{Instance, Start};

const BUCKET: &str = "durable";

#[tokio::test(flavor = "multi_thread")]
async fn i4_no_success_leaves_before_the_sync_of_what_it_stands_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let log = folder.path().join("trace");
    let start = Start {
        under: tracer(&log),
        ..Start::default()
    };
    let binary = Path::new(env!("CARGO_BIN_EXE_cohong"));
    let instance = Instance::start(binary, &data, &start)
        .await
        .expect("started");
    let mut client = instance.client();
    let answers = writes(&mut client).await.expect("all writes succeed");
    assert_eq!(instance.stop().await.expect("stopped"), Some(0));
    let text = std::fs::read_to_string(&log).expect("a trace");
    let data = data.canonicalize().expect("a path");
    let seen = trace::check(&text, data.to_str().expect("UTF-8")).expect("nothing unsynced");
    assert!(seen.answers >= answers, "{seen:?}");
    assert!(
        seen.syncs >= answers,
        "every write has a sync of its own here: {seen:?}"
    );
    assert!(
        seen.renames >= 3,
        "large bodies and parts are files: {seen:?}"
    );
    println!("{seen:?}");
}

fn tracer(log: &Path) -> Vec<String> {
    let calls = "trace=write,pwrite64,writev,pwritev,sendto,sendmsg,fsync,fdatasync,sync_file_range,\
                 rename,renameat,renameat2,openat,unlink,unlinkat,mkdir";
    let log = log.to_str().expect("UTF-8");
    [
        "strace", "-f", "-y", "-qq", "-s", "16", "-o", log, "-e", calls, "--",
    ]
    .map(Into::into)
    .to_vec()
}

/// One write after the other, each answered before the next; how many there were.
async fn writes(client: &mut Client) -> Result<usize, String> {
    client.create_bucket(BUCKET).await?;
    let mut done = 1;
    for (key, len) in [
        ("empty", 0),
        ("small", 4 << 10),
        ("large", 1 << 20),
        ("small", 100),
    ] {
        client.put(BUCKET, key, Bytes::from(vec![7; len])).await?;
        done += 1;
    }
    client.delete(BUCKET, "small").await?;
    let part = Bytes::from(vec![1; 5 << 20]);
    client
        .put_parts(BUCKET, "parts", &[part.clone(), part])
        .await?;
    Ok(done + 5)
}
