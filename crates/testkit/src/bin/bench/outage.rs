//! A function that is down while a million events come to wait for it, and takes them when it is back: what
//! PUT costs meanwhile, how long it takes, what arrives. `COHONG_BENCH_EVENTS` is another number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cohong_testkit::client::Client;
use cohong_testkit::receiver::{Arrived, Receiver};
use http::StatusCode;

use crate::fill::fill;
use crate::load::{Cell, closed_loop, median};
use crate::table::ratio;
use crate::{ROUNDS, binary, fresh, setting};

const WITHOUT: &str = "bench-without";
const OWED: &str = "bench-owed";
/// Keys that the events are of: each has about ten of a million.
const KEYS: usize = 100_096;
const CLIENTS: usize = 64;
/// Longest time without an arrival after the function is back; its last pause is shorter.
const SILENCE_MAX: Duration = Duration::from_mins(10);

/// What arrived.
#[derive(Default)]
struct Taken {
    /// The last position of each key.
    last: BTreeMap<String, u64>,
    events: usize,
    again: usize,
    out_of_order: usize,
}

pub(crate) async fn run() -> Result<(), String> {
    let wanted = setting("COHONG_BENCH_EVENTS", 1_000_000)?;
    let (server, _folder) = fresh().await?;
    let up = Arc::new(AtomicBool::new(false));
    let takes = up.clone();
    let receiver = Receiver::answering(move |_| {
        let status = if takes.load(Ordering::SeqCst) {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (status, Bytes::new())
    });
    let receiver = receiver.await.map_err(|e| e.to_string())?;
    server
        .command(&binary()?, &["function", "add", "down", &receiver.url()])
        .await?;
    let mut client = server.client();
    for bucket in [WITHOUT, OWED] {
        client.create_bucket(bucket).await?;
    }
    client.notify(OWED, "", "down").await?;
    let few = costs(&client, "few").await?;
    let begun = Instant::now();
    let mut waiting = few.1;
    fill(&client, OWED, wanted.saturating_sub(waiting), |n| {
        format!("{:06}", n % KEYS)
    })
    .await?;
    waiting = waiting.max(wanted);
    println!(
        "outage: {waiting} events wait after {:.0} s; {} tries of the function",
        begun.elapsed().as_secs_f64(),
        receiver.take().len()
    );
    let many = costs(&client, "many").await?;
    waiting += many.1;
    for (when, (ratio, _)) in [("few", few), ("many", many)] {
        println!(
            "PUT 4 KiB at {CLIENTS} clients while {when} events wait: {ratio:.3} of the rate without a rule \
             (median of {ROUNDS} rounds' ratios)"
        );
    }
    // What was refused so far has not arrived.
    receiver.take();
    up.store(true, Ordering::SeqCst);
    drain(&receiver, waiting).await?;
    server.stop().await.map(drop)
}

/// The rate with a rule whose events wait over the rate without, and how many more wait.
async fn costs(client: &Client, when: &'static str) -> Result<(f64, usize), String> {
    let (mut with, mut without, mut more) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let bucket = [WITHOUT, OWED][(turn + round) % 2];
            let cell = puts(client, bucket, when, round).await?;
            if bucket == OWED {
                more += cell.count as usize;
                with.push(cell.rate);
            } else {
                without.push(cell.rate);
            }
        }
    }
    Ok((ratio(&with, &without), more))
}

async fn puts(
    client: &Client,
    bucket: &'static str,
    when: &'static str,
    round: usize,
) -> Result<Cell, String> {
    let put = move |mut client: Client, n: usize| async move {
        let body = Bytes::from(vec![b'a'; 4 << 10]);
        client
            .put(bucket, &format!("{when}/{round}/{n}"), body)
            .await?;
        Ok(client)
    };
    closed_loop(CLIENTS, |_| client.another(), put).await
}

/// Takes everything that waits.
async fn drain(receiver: &Receiver, waiting: usize) -> Result<(), String> {
    let mut taken = Taken::default();
    let mut rates = Vec::new();
    let (back, mut first, mut last) = (Instant::now(), None, Instant::now());
    while taken.events < waiting {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let arrived = receiver.take();
        if arrived.is_empty() {
            if last.elapsed() > SILENCE_MAX {
                let count = taken.events;
                return Err(format!("{count} of {waiting} events arrived"));
            }
            continue;
        }
        first.get_or_insert_with(Instant::now);
        let since = last.elapsed().as_secs_f64();
        last = Instant::now();
        #[allow(clippy::cast_precision_loss, reason = "counts of a few thousand")]
        rates.push(arrived.len() as f64 / since);
        for one in arrived {
            taken.note(&one)?;
        }
    }
    let Taken {
        events,
        again,
        out_of_order,
        ..
    } = taken;
    println!(
        "the first event came {:.1} s after the function was back, all {events} within {:.1} s from then, \
         {:.0}/s (median of pieces); again {again}, out of the order of their key {out_of_order}, dropped {}",
        first.unwrap_or(back).duration_since(back).as_secs_f64(),
        first.unwrap_or(back).elapsed().as_secs_f64(),
        median(rates),
        waiting - events,
    );
    if out_of_order > 0 {
        return Err("events came out of order".into());
    }
    Ok(())
}

impl Taken {
    fn note(&mut self, arrived: &Arrived) -> Result<(), String> {
        let position = arrived.headers.get("ce-id").and_then(|id| id.to_str().ok());
        let position: u64 = position
            .and_then(|id| id.parse().ok())
            .ok_or("an event has no position")?;
        let body: serde_json::Value =
            serde_json::from_slice(&arrived.body).map_err(|e| e.to_string())?;
        let key = body["events"][0]["tos"]["object"]["key"].as_str();
        let last = self
            .last
            .entry(key.ok_or("an event has no key")?.to_owned())
            .or_default();
        // A position that came before, or one that should have.
        match position.cmp(last) {
            std::cmp::Ordering::Greater => {
                *last = position;
                self.events += 1;
            }
            std::cmp::Ordering::Equal => self.again += 1,
            std::cmp::Ordering::Less => self.out_of_order += 1,
        }
        Ok(())
    }
}
