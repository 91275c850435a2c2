//! Writers that never stop by themselves.

use std::sync::Arc;

use bytes::Bytes;
use cohong_testkit::client::Client;
use cohong_testkit::instance::Instance;
use cohong_testkit::seed::Seed;
use tokio::task::JoinSet;

use crate::BUCKET;
use crate::journal::{Journal, Op};

const KEYS_PER_WRITER: u64 = 12;
/// Least size of a part that is not the last.
const PART: usize = 5 << 20;

/// Writers at work.
pub(crate) struct Load(JoinSet<()>);

impl Load {
    /// Waits until every writer has noticed that the server is gone.
    pub(crate) async fn end(mut self) {
        while let Some(writer) = self.0.join_next().await {
            writer.expect("writers do not panic");
        }
    }
}

pub(crate) fn start(
    instance: &Instance,
    journal: &Arc<Journal>,
    writers: usize,
    seed: u64,
) -> Load {
    let mut set = JoinSet::new();
    for writer in 0..writers {
        let random = Seed::new(seed.wrapping_add(u64::try_from(writer).expect("few writers")));
        set.spawn(write(instance.client(), journal.clone(), writer, random));
    }
    Load(set)
}

/// Writes until a request fails; that one's fate is unknown.
async fn write(mut client: Client, journal: Arc<Journal>, writer: usize, mut random: Seed) {
    loop {
        let key = format!("n/{writer}/{}", random.below(KEYS_PER_WRITER));
        let (op, done) = match random.below(100) {
            0..15 => (Op::Delete, client.delete(BUCKET, &key).await.map(|_| None)),
            15..16 => {
                let parts = [unique(PART, &mut random), unique(1000, &mut random)];
                let put = client.put_parts(BUCKET, &key, &parts).await;
                (
                    Op::Put(parts.concat().into()),
                    put.map(|(etag, _)| Some(etag)),
                )
            }
            size => {
                let len = match size {
                    16..20 => 300_000,
                    20..40 => 100_000,
                    _ => 4_096,
                };
                let body = unique(len, &mut random);
                let put = client.put(BUCKET, &key, body.clone()).await;
                (
                    Op::Put(body),
                    put.map(|answer| Some(header(&answer.headers, "etag"))),
                )
            }
        };
        match done {
            Ok(etag) => journal.acknowledged(&key, op, etag),
            Err(_) => return journal.unknown(&key, op),
        }
    }
}

/// Bytes nobody else writes: a body that is mixed up with another would be noticed.
fn unique(len: usize, random: &mut Seed) -> Bytes {
    let mut bytes = vec![0; len];
    for chunk in bytes.chunks_mut(8) {
        let n = random.draw().to_le_bytes();
        chunk.copy_from_slice(&n[..chunk.len()]);
    }
    bytes.into()
}

fn header(headers: &http::HeaderMap, name: &str) -> String {
    let value = headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.trim_matches('"').to_owned()
}
