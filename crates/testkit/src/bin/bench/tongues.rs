//! The same requests in the words of TOS and of OSS, in the same rounds: what a dialect costs.

use bytes::Bytes;
use cohong_testkit::client::{Client, Tongue};

use crate::load::{Cell, closed_loop};
use crate::{fresh, table};

const BUCKET: &str = "bench";
/// More than elsewhere, because the differences are small.
const ROUNDS: usize = 15;
/// Objects that are read; they fit into memory.
const READ_FROM: usize = 100;
/// Name, size of the body, clients, whether it is read.
const ROWS: [(&str, usize, usize, bool); 6] = [
    ("PUT 4 KiB c1", 4 << 10, 1, false),
    ("PUT 4 KiB c64", 4 << 10, 64, false),
    ("GET 4 KiB c1", 4 << 10, 1, true),
    ("GET 4 KiB c64", 4 << 10, 64, true),
    ("PUT 1 MiB c16", 1 << 20, 16, false),
    ("GET 1 MiB c16", 1 << 20, 16, true),
];

pub(crate) async fn run() -> Result<(), String> {
    let (server, _folder) = fresh().await?;
    let mut client = server.client();
    client.create_bucket(BUCKET).await?;
    for size in [4 << 10, 1 << 20] {
        for n in 0..READ_FROM {
            let key = format!("read/{size}/{n}");
            client.put(BUCKET, &key, body(size)).await?;
        }
    }
    let mut cells: [[Vec<Cell>; 2]; ROWS.len()] = Default::default();
    for round in 0..ROUNDS {
        for (row, of_row) in ROWS.iter().zip(&mut cells) {
            // Who comes first changes: what a round does to the machine hits both alike.
            let mut turns = [(Tongue::Tos, 0), (Tongue::Oss, 1)];
            turns.rotate_left(round % 2);
            for (tongue, at) in turns {
                let asks = client.another().speaking(tongue);
                of_row[at].push(cell(&asks, *row).await?);
            }
        }
    }
    println!("tongues: OSS beside TOS, medians of {ROUNDS}");
    for ((name, ..), [tos, oss]) in ROWS.iter().zip(&cells) {
        table::beside(name, oss, tos);
    }
    server.stop().await.map(|_| ())
}

async fn cell(
    client: &Client,
    (_, size, clients, read): (&str, usize, usize, bool),
) -> Result<Cell, String> {
    let step = move |mut client: Client, n: usize| async move {
        if read {
            let key = format!("read/{size}/{}", n % READ_FROM);
            let found = client.get(BUCKET, &key).await?;
            if found.is_none_or(|bytes| bytes.len() != size) {
                return Err("a read came back short".to_owned());
            }
        } else {
            let key = format!("w/{size}/{n}");
            client.put(BUCKET, &key, body(size)).await?;
        }
        Ok(client)
    };
    closed_loop(clients, |_| client.another(), step).await
}

fn body(size: usize) -> Bytes {
    Bytes::from(vec![b'a'; size])
}
