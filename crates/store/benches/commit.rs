//! What a durable small PUT costs in the metadata store: figures for the limit of small payloads.
//!
//! Each transaction carries a body, a head and a log record, as a PUT's does. Beside the store stands
//! the other way a body could go: a file of its own, synced, with its folder, before a commit without
//! the body. `cargo bench -p cohong-store --bench commit`; `BENCH_DIR` chooses the disk,
//! `BENCH_SECONDS` how long each row runs.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a table of rounded figures is what this program is for"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cohong_core::model::{BlobId, BucketId, PayloadId};
use cohong_core::ports::{Expect, Key, LogId, MetadataStore, Table, Txn, When, Write};
use cohong_store::meta::{EmbeddedMeta, Options};

const HEAD_BYTES: usize = 400;
const EVENT_BYTES: usize = 250;

#[derive(Clone, Copy)]
enum Body {
    /// In the commit.
    Inline,
    /// In a file of its own.
    File,
}

struct Row {
    commits: usize,
    elapsed: Duration,
    latencies: Vec<Duration>,
    /// Members a batch, on average.
    batch: f64,
}

fn main() {
    let base = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds = std::env::var("BENCH_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(2));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!(
        "{:>8} {:>7} {:>7} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "body", "way", "writers", "commit/s", "MB/s", "p50 us", "p99 us", "batch"
    );
    for kib in [4, 16, 64, 128] {
        for writers in [1, 16, 64] {
            for body in [Body::Inline, Body::File] {
                let dir = tempfile::tempdir_in(&base).expect("a folder");
                let row = runtime.block_on(run(dir.path(), kib << 10, writers, body, time));
                print(kib, writers, body, row);
            }
        }
    }
}

fn print(kib: usize, writers: u64, body: Body, mut row: Row) {
    row.latencies.sort_unstable();
    let at = |share: f64| {
        let index = (row.latencies.len() as f64 * share) as usize;
        row.latencies.get(index).map_or(0, Duration::as_micros)
    };
    let rate = row.commits as f64 / row.elapsed.as_secs_f64();
    let way = match body {
        Body::Inline => "commit",
        Body::File => "file",
    };
    println!(
        "{:>5} KiB {way:>7} {writers:>7} {rate:>9.0} {:>9.1} {:>9} {:>9} {:>7.1}",
        kib,
        rate * (kib << 10) as f64 / 1e6,
        at(0.5),
        at(0.99),
        row.batch
    );
}

async fn run(dir: &Path, size: usize, writers: u64, body: Body, time: Duration) -> Row {
    let options = Options {
        small_payload_max: 128 << 10,
        ..Options::default()
    };
    let store = Arc::new(EmbeddedMeta::open(&dir.join("meta"), options).expect("a store"));
    let files = dir.join("files");
    std::fs::create_dir(&files).expect("a folder");
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let (store, files) = (Arc::clone(&store), files.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            for n in 0.. {
                if begun.elapsed() >= time {
                    break;
                }
                let started = Instant::now();
                one(&store, &files, size, (writer, n), body).await;
                latencies.push(started.elapsed());
            }
            latencies
        });
    }
    let latencies: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let stats = store.stats();
    let batch = stats.members as f64 / stats.batches as f64;
    Row {
        commits: latencies.len(),
        elapsed: begun.elapsed(),
        latencies,
        batch,
    }
}

async fn one(store: &EmbeddedMeta, files: &Path, size: usize, (writer, n): (u64, u64), body: Body) {
    // Bytes that do not compress, and differ.
    let mut state = writer << 40 | n | 1;
    let bytes: Bytes = (0..size / 8)
        .flat_map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .collect();
    let name = format!("bucket/photos/{writer:04}/{n:012}");
    let head = Key {
        table: Table::Heads,
        bytes: Bytes::from(name.clone()),
    };
    let mut payload = [0; 16];
    payload[..8].copy_from_slice(&writer.to_be_bytes());
    payload[8..].copy_from_slice(&n.to_be_bytes());
    let mut payloads = Vec::new();
    match body {
        Body::Inline => payloads.push((
            BlobId {
                payload: PayloadId(payload),
                n: 0,
            },
            bytes,
        )),
        Body::File => {
            let (folder, path) = (files.to_owned(), files.join(name.replace('/', "-")));
            tokio::task::spawn_blocking(move || write_file(&folder, &path, &bytes))
                .await
                .expect("a writer")
                .expect("a file");
        }
    }
    let write = vec![
        Write::Put(head.clone(), Bytes::from(vec![1; HEAD_BYTES])),
        Write::Append(LogId(BucketId(1)), Bytes::from(vec![2; EVENT_BYTES])),
    ];
    let txn = Txn {
        when: When::Now,
        expect: vec![Expect::Absent(head)],
        write,
        payloads,
    };
    store.commit(vec![txn]).await.remove(0).expect("a commit");
}

fn write_file(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("tmp");
    let file = std::fs::File::create(&temporary)?;
    std::io::Write::write_all(&mut &file, bytes)?;
    file.sync_data()?;
    std::fs::rename(&temporary, path)?;
    std::fs::File::open(folder)?.sync_all()
}
