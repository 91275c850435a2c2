//! What a matching rule adds to a 4 KiB PUT, with a healthy function behind it.

use std::time::Duration;

use bytes::Bytes;
use cohong_testkit::receiver::Receiver;

use crate::load::{closed_loop, median};
use crate::{ROUNDS, binary, fresh};

const CLIENTS: usize = 64;
/// Without a rule, with a healthy function behind it, with one that is not registered.
const BUCKETS: [&str; 3] = ["bench-without", "bench-with", "bench-owed"];

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
    let mut rates: [Vec<f64>; 3] = Default::default();
    for round in 0..ROUNDS {
        // Each cell stands at each place of a round: what a round does to the machine hits all alike.
        for turn in 0..BUCKETS.len() {
            let which = (turn + round) % BUCKETS.len();
            let bucket = BUCKETS[which];
            let cell = closed_loop(
                CLIENTS,
                |_| client.another(),
                move |mut client, n| async move {
                    let body = Bytes::from(vec![b'a'; 4 << 10]);
                    client.put(bucket, &format!("{round}/{n}"), body).await?;
                    Ok(client)
                },
            );
            rates[which].push(cell.await?.rate);
            drained(&receiver).await;
        }
    }
    let [without, with, owed] = rates.map(median);
    println!("without {without:.0}/s, rule delivered {with:.0}/s, rule owed {owed:.0}/s");
    println!(
        "a matching rule on a 4 KiB PUT at {CLIENTS} clients: {:.3} of the rate without when only logged, \
         {:.3} when also delivered at once on the same cores (medians of {ROUNDS})",
        owed / without,
        with / without,
    );
    server.stop().await.map(|_| ())
}

/// Waits until the receiver is left alone, so that one cell's deliveries are not the next one's load.
async fn drained(receiver: &Receiver) {
    let mut seen = usize::MAX;
    while seen != receiver.count() {
        seen = receiver.count();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
