//! The first page of a listing and all of 100,000 keys.

use std::time::Instant;

use bytes::Bytes;
use cohong_testkit::client::Ask;
use http::Method;

use crate::load::closed_loop;
use crate::{ROUNDS, fresh, table};

const BUCKET: &str = "bench";
const KEYS: usize = 100_000;
const WRITERS: usize = 64;

pub(crate) async fn run() -> Result<(), String> {
    let (server, _folder) = fresh().await?;
    let mut client = server.client();
    client.create_bucket(BUCKET).await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let mut client = client.another();
        writers.spawn(async move {
            for n in (writer..KEYS).step_by(WRITERS) {
                client
                    .put(
                        BUCKET,
                        &format!("d{:02}/{n:08}", n % 50),
                        Bytes::from_static(b"x"),
                    )
                    .await?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done.map_err(|e| e.to_string())??;
    }
    for (name, query) in [
        ("first page of 1000", &[("max-keys", "1000")][..]),
        (
            "50 common prefixes",
            &[("max-keys", "1000"), ("delimiter", "/")][..],
        ),
    ] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let cell = closed_loop(
                1,
                |_| client.another(),
                move |mut client, _| async move {
                    client
                        .must(
                            Method::GET,
                            &Ask {
                                bucket: Some(BUCKET),
                                query,
                                ..Ask::default()
                            },
                        )
                        .await?;
                    Ok(client)
                },
            );
            rounds.push(cell.await?);
        }
        table::line(name, &rounds);
    }
    let started = Instant::now();
    let (mut marker, mut seen) = (String::new(), 0);
    loop {
        let query = [("max-keys", "1000"), ("marker", marker.as_str())];
        let page = client
            .must(
                Method::GET,
                &Ask {
                    bucket: Some(BUCKET),
                    query: &query,
                    ..Ask::default()
                },
            )
            .await?;
        let page: serde_json::Value =
            serde_json::from_slice(&page.body).map_err(|e| e.to_string())?;
        seen += page["Contents"].as_array().map_or(0, Vec::len);
        if page["IsTruncated"] != true {
            break;
        }
        page["NextMarker"]
            .as_str()
            .ok_or("no next marker")?
            .clone_into(&mut marker);
    }
    if seen != KEYS {
        return Err(format!("{seen} of {KEYS} keys listed"));
    }
    println!(
        "{:<24}{:?} for {KEYS} keys",
        "full listing",
        started.elapsed()
    );
    server.stop().await.map(|_| ())
}
