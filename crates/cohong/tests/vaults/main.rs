//! Kill test of vaults: clients that store archives in one body and in parts and make jobs, the server killed in
//! the middle, started again on the same folder, everything checked. `COHONG_KILL_ROUNDS` rounds (12 by default),
//! every third killed by a tracer at a named system call instead of at a random moment.
//!
//! What must hold after every kill: each acknowledged archive is there with its bytes, an upload whose answer was
//! lost goes on or was completed once, every acknowledged job ends and gives what it was asked for, and
//! nothing unreferenced is left behind.

#![allow(clippy::print_stdout, reason = "what a run did is worth reading")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod vault;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cohong_testkit::instance::{Instance, Start};
use cohong_testkit::seed::Seed;
use tokio::task::JoinSet;

use vault::{BUCKET, Known, VaultClient};

const CLIENTS: u64 = 6;

/// System calls at which a tracer kills: syncs of logs and blobs, the naming of blobs, answers.
const FAIL_POINTS: [&str; 4] = ["fdatasync", "fsync", "rename", "sendto,writev"];

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok().and_then(|n| n.parse().ok());
    value.unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_jobs_end_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_cohong"));
    let seed = setting("COHONG_KILL_SEED", u64::from(std::process::id()));
    println!("COHONG_KILL_SEED={seed}");
    let mut random = Seed::new(seed);
    let config = folder.path().join("vaults.toml");
    // Long enough that kills meet jobs that are not done.
    std::fs::write(&config, "[oas]\njob_delay_s = 1\n").unwrap();
    let data = folder.path().join("data");
    let known = Arc::new(Known::default());
    let rounds = setting("COHONG_KILL_ROUNDS", 12);
    let mut kills = 0;
    for round in 0..rounds {
        let point = (round % 3 == 2).then(|| {
            let n = usize::try_from(round / 3).unwrap();
            FAIL_POINTS[n % FAIL_POINTS.len()]
        });
        let start = start(&config, point, &mut random);
        let instance = match Instance::start(binary, &data, &start).await {
            Ok(instance) => instance,
            // The tracer may kill during start-up: that is a crash like any other.
            Err(_) if point.is_some() => continue,
            Err(error) => panic!("round {round}: {error}"),
        };
        if let Err(cut) = work(&instance, &known, &mut random, point.is_none()).await {
            assert!(point.is_some(), "round {round}: {cut}");
        }
        if point.is_some() {
            let ended = instance.ended(Duration::from_secs(2)).await;
            kills += u64::from(ended.unwrap());
        } else {
            instance.kill().await.unwrap();
            kills += 1;
        }
        println!("round {round}: {known}");
    }
    assert!(kills > rounds / 2, "{kills} kills");
    finish(binary, &data, &start(&config, None, &mut random), &known).await;
}

fn start(config: &Path, point: Option<&str>, random: &mut Seed) -> Start {
    let mut under = Vec::new();
    if let Some(call) = point {
        let when = 20 + random.below(300);
        let trace = format!("trace={call}");
        let inject = format!("inject={call}:signal=KILL:when={when}");
        let words = [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &trace,
            "-e",
            &inject,
            "--",
        ];
        under = words.map(ToOwned::to_owned).to_vec();
    }
    Start {
        under,
        args: vec!["--config".into(), config.to_str().unwrap().into()],
        ..Start::default()
    }
}

/// Checks what the last kill left, and lets clients work: for a while, or until the tracer kills.
async fn work(
    instance: &Instance,
    known: &Arc<Known>,
    random: &mut Seed,
    for_a_while: bool,
) -> Result<(), String> {
    let mut client = VaultClient::open(instance, known, random.draw()).await?;
    client.check().await?;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let mut client = client.another(random.draw());
        clients.spawn(async move { client.work().await });
    }
    let longest = if for_a_while {
        Duration::from_millis(100 + random.below(1500))
    } else {
        Duration::from_secs(8)
    };
    // Clients end when they are cut off, and never of themselves.
    let all = async {
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
    };
    if tokio::time::timeout(longest, all).await.is_err() {
        clients.detach_all();
    }
    Ok(())
}

async fn finish(binary: &Path, data: &Path, start: &Start, known: &Arc<Known>) {
    let instance = Instance::start(binary, data, start).await.unwrap();
    let mut client = VaultClient::open(&instance, known, 1).await.unwrap();
    client.check().await.unwrap();
    client.check_everything().await.unwrap();
    client.abort_uploads().await.unwrap();
    let report = instance.command(binary, &["doctor"]).await.unwrap();
    assert_eq!(report["healthy"], true, "{report}");
    assert_eq!(instance.stop().await.unwrap(), Some(0));
    let swept = cohong_testkit::offline::sweep(data).await.unwrap();
    assert_eq!((swept.unheld, swept.owed), (0, 0), "{swept:?}");
    println!("{known}; {BUCKET} and vault hold {} blobs", swept.blobs);
}
