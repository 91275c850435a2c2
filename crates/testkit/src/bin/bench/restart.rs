//! How soon a server serves again that was killed with a million objects and a hundred thousand events that
//! nobody took. `COHONG_BENCH_OBJECTS` and `COHONG_BENCH_EVENTS` are other numbers.

use std::path::Path;
use std::time::{Duration, Instant};

use cohong_testkit::instance::{Instance, Start};

use crate::fill::fill;
use crate::{ROUNDS, binary, cpu, fresh, setting};

const FULL: &str = "bench-full";
const OWED: &str = "bench-owed";
/// Objects stored before each kill, so that the journal has an end that nobody tidied.
const BURST: usize = 20_000;

pub(crate) async fn run() -> Result<(), String> {
    let objects = setting("COHONG_BENCH_OBJECTS", 1_000_000)?;
    let events = setting("COHONG_BENCH_EVENTS", 100_000)?;
    let (mut server, folder) = fresh().await?;
    let mut client = server.client();
    client.create_bucket(FULL).await?;
    client.create_bucket(OWED).await?;
    client.notify(OWED, "", "not-registered").await?;
    let begun = Instant::now();
    fill(&client, FULL, objects - events, |n| format!("{n:07}")).await?;
    fill(&client, OWED, events, |n| format!("{n:07}")).await?;
    println!(
        "restart: {objects} objects, {events} events that wait, made in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    let mut readies = Vec::new();
    for _ in 0..ROUNDS {
        fill(&server.client(), FULL, BURST, |n| format!("burst/{n}")).await?;
        server.kill().await?;
        let journals = journals(folder.path())?;
        let begun = Instant::now();
        server = Instance::start(&binary()?, folder.path(), &Start::default()).await?;
        let (ready, spent) = (begun.elapsed(), cpu::of(&server.pid().to_string())?);
        let mut client = server.client();
        let found = client.get(FULL, "0000000").await?;
        let read = begun.elapsed();
        if found.is_none() || client.get(OWED, "0000000").await?.is_none() {
            return Err("an object is gone".into());
        }
        println!(
            "ready {} ms after the start, {} ms of processor time, first read answered at {} ms, \
             {journals} MiB of journals",
            ready.as_millis(),
            spent.as_millis(),
            read.as_millis()
        );
        readies.push(ready);
    }
    let waits = waiting(&server).await?;
    readies.sort_unstable();
    println!(
        "ready after a kill: median {} ms, longest {} ms; at least {waits} events wait",
        readies[ROUNDS / 2].as_millis(),
        readies
            .last()
            .copied()
            .unwrap_or(Duration::ZERO)
            .as_millis()
    );
    server.stop().await.map(drop)
}

/// Events that nobody took, as the server tells.
async fn waiting(server: &Instance) -> Result<u64, String> {
    let subs = server.command(&binary()?, &["events", "ls"]).await?;
    Ok(subs[0]["lag"].as_u64().unwrap_or_default())
}

/// MiB that are read when the server starts.
fn journals(folder: &Path) -> Result<u64, String> {
    use std::os::unix::fs::MetadataExt;

    let entries = std::fs::read_dir(folder.join("meta/fjall")).map_err(|e| e.to_string())?;
    let mut blocks = 0;
    for entry in entries {
        let entry = entry.map_err(|e| e.to_string())?;
        if entry.path().extension().is_some_and(|end| end == "jnl") {
            blocks += entry.metadata().map_err(|e| e.to_string())?.blocks();
        }
    }
    Ok((blocks * 512) >> 20)
}
