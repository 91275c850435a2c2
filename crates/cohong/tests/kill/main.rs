//! Kill test: many writers with a matching rule, the server killed in the middle, started again on the
//! same folder, everything checked. `COHONG_KILL_ROUNDS` rounds (20 by default), every fourth killed
//! by a tracer at a named system call instead of at a random moment.
//!
//! What must hold after every kill: each acknowledged object is there with its bytes, nothing is half
//! visible, each event of an acknowledged write arrives at least once and in the order of its key, and
//! nothing unreferenced is left behind once the uploads that were cut short are given up.

#![allow(clippy::print_stdout, reason = "what a run did is worth reading")]

mod check;
mod journal;
mod workload;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cohong_testkit::instance::{Instance, Start};
use cohong_testkit::receiver::Receiver;
use cohong_testkit::seed::Seed;

use journal::Journal;

const BUCKET: &str = "kill-test";
const WRITERS: usize = 16;

/// Where a tracer kills: name and the system call whose n-th run is interrupted.
const FAIL_POINTS: [(&str, &str); 5] = [
    ("before a sync of data or log", "fdatasync"),
    ("before a sync of a directory or file", "fsync"),
    ("before a blob gets its name", "rename"),
    ("before an answer or a delivery is sent", "sendto,writev"),
    ("before bytes reach a file", "pwrite64,write"),
];

fn rounds() -> usize {
    std::env::var("COHONG_KILL_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(20)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let binary = Path::new(env!("CARGO_BIN_EXE_cohong"));
    let receiver = Receiver::start().await.expect("a receiver");
    let journal = Arc::new(Journal::default());
    let mut random = Seed::new(seed());
    prepare(binary, folder.path(), &receiver).await;
    let mut kills = 0;
    for round in 0..rounds() {
        let point = (round % 4 == 3).then(|| FAIL_POINTS[round / 4 % FAIL_POINTS.len()]);
        let start = point.map_or_else(Start::default, |(_, call)| traced(call, &mut random));
        let started = Instant::now();
        let instance = match Instance::start(binary, folder.path(), &start).await {
            Ok(instance) => instance,
            // The tracer may kill during start-up: that is a crash like any other.
            Err(_) if point.is_some() => continue,
            Err(error) => panic!("round {round}: {error}"),
        };
        let ready = started.elapsed();
        let before = receiver.arrived().len();
        if let Err(cut) = check::objects(&instance, &journal).await {
            // The tracer counts from the start: it may kill while the check reads.
            assert!(point.is_some(), "round {round}: {cut}");
            let ended = instance.ended(Duration::from_secs(20)).await;
            assert!(
                ended.expect("ended"),
                "round {round}: {cut}, but the server lives"
            );
            kills += 1;
            println!("round {round}: killed while it was checked, {cut}");
            continue;
        }
        let load = workload::start(&instance, &journal, WRITERS, random.draw());
        let arrived = receiver.wait(before + 1, Duration::from_secs(30)).await;
        assert!(
            arrived.len() > before,
            "round {round}: no delivery after the restart"
        );
        let resumed = started.elapsed().saturating_sub(ready);
        if point.is_none() {
            tokio::time::sleep(Duration::from_millis(random.below(600))).await;
            instance.kill().await.expect("killed");
        } else {
            instance
                .ended(Duration::from_secs(20))
                .await
                .expect("ended");
        }
        kills += 1;
        load.end().await;
        let what = point.map_or("at a random moment", |(name, _)| name);
        println!(
            "round {round}: ready in {ready:?}, delivering {resumed:?} later, killed {what}, {journal}"
        );
    }
    assert!(kills > 0, "every start was killed");
    let instance = Instance::start(binary, folder.path(), &Start::default())
        .await
        .expect("started");
    check::objects(&instance, &journal)
        .await
        .expect("everything is read");
    check::events(&instance, binary, &receiver, &journal).await;
    check::health(&instance, binary).await;
    // What was sent for uploads that kills left open is theirs until they are given up.
    let aborted = instance.client().abort_uploads(BUCKET).await;
    aborted.expect("aborted");
    assert_eq!(instance.stop().await.expect("stopped"), Some(0));
    check::leftovers(folder.path()).await;
}

async fn prepare(binary: &Path, folder: &Path, receiver: &Receiver) {
    let instance = Instance::start(binary, folder, &Start::default())
        .await
        .expect("started");
    instance
        .command(binary, &["function", "add", "kill", &receiver.url()])
        .await
        .expect("added");
    let mut client = instance.client();
    client.create_bucket(BUCKET).await.expect("created");
    client.notify(BUCKET, "n/", "kill").await.expect("rule set");
    assert_eq!(instance.stop().await.expect("stopped"), Some(0));
}

/// Runs the binary under a tracer that kills it at a run of a system call.
fn traced(call: &str, random: &mut Seed) -> Start {
    let when = 20 + random.below(400);
    let words = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:signal=KILL:when={when}"),
        "--",
    ];
    Start {
        under: words.map(ToOwned::to_owned).to_vec(),
        ..Start::default()
    }
}

fn seed() -> u64 {
    let seed = std::env::var("COHONG_KILL_SEED")
        .ok()
        .and_then(|n| n.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("COHONG_KILL_SEED={seed}");
    seed
}
