//! What a matching rule adds to a 4 KiB PUT, with a healthy function behind it, and what becomes of the
//! events: how many arrive while the load lasts, and how fast the rest comes after it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cohong_testkit::client::Client;
use cohong_testkit::receiver::Receiver;

use crate::load::{Cell, closed_loop, median};
use crate::table::ratio;
use crate::{binary, cpu, fresh};

const CLIENTS: usize = 64;
/// More than elsewhere, because the differences are small.
const ROUNDS: usize = 15;
/// Without a rule, with a healthy function behind it, with one that is not registered.
const BUCKETS: [&str; 3] = ["bench-without", "bench-with", "bench-owed"];
/// The one whose events arrive.
const WITH: usize = 1;
/// Longest a backlog may take to arrive.
const DRAIN_MAX: Duration = Duration::from_mins(2);

/// What the rounds gave.
#[derive(Default)]
struct Found {
    rates: [Vec<f64>; 3],
    /// Processor time of everybody, microseconds a PUT.
    costs: [Vec<f64>; 3],
    /// Events a second that arrived during the load, and after it.
    during: Vec<f64>,
    after: Vec<f64>,
}

pub(crate) async fn run() -> Result<(), String> {
    let (server, _folder) = fresh().await?;
    let receiver = Receiver::start().await.map_err(|e| e.to_string())?;
    server
        .command(&binary()?, &["function", "add", "bench", &receiver.url()])
        .await?;
    let mut client = server.client();
    for bucket in BUCKETS {
        client.create_bucket(bucket).await?;
    }
    client.notify("bench-with", "", "bench").await?;
    client.notify("bench-owed", "", "not-registered").await?;
    let mut found = Found::default();
    for round in 0..ROUNDS {
        // Each cell stands at each place of a round: what a round does to the machine hits all alike.
        for turn in 0..BUCKETS.len() {
            let which = (turn + round) % BUCKETS.len();
            let (arrived, spent) = (receiver.count(), cpu::spent(server.pid())?);
            let cell = puts(&client, BUCKETS[which], round).await?;
            let spent = cpu::spent(server.pid())?.saturating_sub(spent);
            found.rates[which].push(cell.rate);
            found.costs[which].push(spent.as_secs_f64() * 1e6 / f64::from(cell.count));
            if which == WITH {
                let during = receiver.count() - arrived;
                found.during.push(cell.share(during));
                let after = drained(&receiver, arrived + cell.count as usize).await?;
                found.after.push(after);
            }
        }
    }
    found.print();
    server.stop().await.map(|_| ())
}

async fn puts(client: &Client, bucket: &'static str, round: usize) -> Result<Cell, String> {
    let put = move |mut client: Client, n: usize| async move {
        let body = Bytes::from(vec![b'a'; 4 << 10]);
        client.put(bucket, &format!("{round}/{n}"), body).await?;
        Ok(client)
    };
    closed_loop(CLIENTS, |_| client.another(), put).await
}

/// Waits until every event has arrived, so that one cell's deliveries are not the next one's load; how
/// many came a second.
async fn drained(receiver: &Receiver, expected: usize) -> Result<f64, String> {
    let (begun, before) = (Instant::now(), receiver.count());
    while receiver.count() < expected {
        if begun.elapsed() > DRAIN_MAX {
            let count = receiver.count();
            return Err(format!(
                "{count} of {expected} events arrived within {DRAIN_MAX:?}"
            ));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of a few million")]
    let backlog = expected.saturating_sub(before) as f64;
    Ok(backlog / begun.elapsed().as_secs_f64())
}

impl Found {
    fn print(self) {
        let [without, with, owed] = &self.rates;
        let (with, owed) = (ratio(with, without), ratio(owed, without));
        println!(
            "a matching rule on a 4 KiB PUT at {CLIENTS} clients: {owed:.3} of the rate without when only \
             logged, {with:.3} when also delivered on the same cores (medians of {ROUNDS} rounds' ratios)"
        );
        let [without, with, owed] = self.rates.map(median);
        println!("without {without:.0}/s, rule delivered {with:.0}/s, rule owed {owed:.0}/s");
        let [without, with, owed] = self.costs.map(median);
        println!(
            "processor time a PUT, client, server and receiver: {without:.0} us without, {owed:.0} us logged, \
             {with:.0} us delivered"
        );
        println!(
            "events delivered: {:.0}/s during the load, {:.0}/s after it until none was owed",
            median(self.during),
            median(self.after),
        );
    }
}
