//! What a matching rule adds to a 4 KiB PUT, with a healthy function behind it.

use bytes::Bytes;
use cohong_testkit::receiver::Receiver;

use crate::load::{closed_loop, median};
use crate::{ROUNDS, binary, fresh};

const CLIENTS: usize = 64;

pub(crate) async fn run() -> Result<(), String> {
    let (server, _folder) = fresh().await?;
    let receiver = Receiver::start().await.map_err(|e| e.to_string())?;
    server
        .command(&binary()?, &["function", "add", "bench", &receiver.url()])
        .await?;
    let mut client = server.client();
    for bucket in ["bench-without", "bench-with", "bench-owed"] {
        client.create_bucket(bucket).await?;
    }
    client.notify("bench-with", "", "bench").await?;
    client.notify("bench-owed", "", "not-registered").await?;
    let (mut with, mut owed) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut rates = Vec::new();
        for bucket in ["bench-without", "bench-with", "bench-owed"] {
            let cell = closed_loop(
                CLIENTS,
                |_| client.another(),
                move |mut client, n| async move {
                    client
                        .put(
                            bucket,
                            &format!("{round}/{n}"),
                            Bytes::from(vec![b'a'; 4 << 10]),
                        )
                        .await?;
                    Ok(client)
                },
            );
            rates.push(cell.await?.rate);
            server
                .command(&binary()?, &["events", "wait", "--timeout", "1s"])
                .await
                .ok();
        }
        println!(
            "without {:.0}/s, rule delivered {:.0}/s, rule owed {:.0}/s",
            rates[0], rates[1], rates[2]
        );
        with.push(rates[1] / rates[0]);
        owed.push(rates[2] / rates[0]);
    }
    println!(
        "a matching rule on a 4 KiB PUT at {CLIENTS} clients: {:.3} of the rate without when only logged, \
         {:.3} when delivered at once on the same two cores (medians of {ROUNDS})",
        median(owed),
        median(with),
    );
    server.stop().await.map(|_| ())
}
