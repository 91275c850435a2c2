//! Durable PUT and GET of 4 KiB and 1 MiB at 1, 16 and 64 clients, beside nginx in the same rounds.

use bytes::Bytes;
use http::Method;

use crate::load::{Cell, closed_loop};
use crate::nginx::Nginx;
use crate::{ROUNDS, fresh, table};

const BUCKET: &str = "bench";
/// Objects that are read; they fit into memory, so reads come from there.
const READ_FROM: usize = 1000;

struct Row {
    name: String,
    size: usize,
    clients: usize,
    read: bool,
    ours: Vec<Cell>,
    peer: Vec<Cell>,
}

/// Runs the cells whose names contain `only`.
pub(crate) async fn run(only: &str) -> Result<(), String> {
    let (server, _folder) = fresh().await?;
    let nginx = Nginx::start().await?;
    let mut client = server.client();
    client.create_bucket(BUCKET).await?;
    let mut rows = Vec::new();
    for (label, size) in [("4 KiB", 4 << 10), ("1 MiB", 1 << 20)] {
        let count = if size > 1 << 16 {
            READ_FROM / 10
        } else {
            READ_FROM
        };
        for n in 0..count {
            client
                .put(BUCKET, &format!("read/{size}/{n}"), body(size))
                .await?;
            nginx
                .client()
                .send(Method::PUT, &format!("/{size}-{n}"), body(size))
                .await?;
        }
        for read in [false, true] {
            for clients in [1, 16, 64] {
                let verb = if read { "GET" } else { "PUT" };
                let name = format!("{verb} {label} c{clients}");
                if !name.contains(only) {
                    continue;
                }
                rows.push(Row {
                    name,
                    size,
                    clients,
                    read,
                    ours: Vec::new(),
                    peer: Vec::new(),
                });
            }
        }
    }
    for _ in 0..ROUNDS {
        for row in &mut rows {
            let count = if row.size > 1 << 16 {
                READ_FROM / 10
            } else {
                READ_FROM
            };
            let (size, read) = (row.size, row.read);
            let ours = closed_loop(
                row.clients,
                |_| client.another(),
                move |mut client, n| async move {
                    if read {
                        let found = client
                            .get(BUCKET, &format!("read/{size}/{}", n % count))
                            .await?;
                        if found.is_none_or(|bytes| bytes.len() != size) {
                            return Err("a read came back short".into());
                        }
                    } else {
                        client
                            .put(BUCKET, &format!("w/{size}/{n}"), body(size))
                            .await?;
                    }
                    Ok(client)
                },
            );
            row.ours.push(ours.await?);
            let peer = closed_loop(
                row.clients,
                |_| nginx.client(),
                move |mut client, n| async move {
                    let status = if read {
                        client
                            .send(Method::GET, &format!("/{size}-{}", n % count), Bytes::new())
                            .await?
                    } else {
                        client
                            .send(Method::PUT, &format!("/w-{size}-{n}"), body(size))
                            .await?
                    };
                    if status.is_success() {
                        Ok(client)
                    } else {
                        Err(format!("nginx: {status}"))
                    }
                },
            );
            row.peer.push(peer.await?);
        }
    }
    println!(
        "objects: cohong (signed, durable) beside nginx (unsigned, no sync), medians of {ROUNDS}"
    );
    for row in rows {
        table::beside(&row.name, &row.ours, &row.peer);
    }
    server.stop().await.map(|_| ())
}

fn body(size: usize) -> Bytes {
    Bytes::from(vec![b'a'; size])
}
