//! How fast local blobs are written (durable) and read, beside a plain file written and synced the
//! same way. Run with `cargo bench -p cohong-store --bench blob`; it needs about 2 GiB of space.
//!
//! What is written is removed at once, but for what the reads need: a virtual machine that touches
//! memory for the first time would otherwise be measured. Rates include the removals, times do not.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cohong_core::ports::BlobStore;
use cohong_store::blob::{LocalBlobs, Options};
use cohong_store::disk::{Disk, RealDisk};
use cohong_testkit::suite::blob::{blob_id, content, put};
use futures_util::StreamExt;
use tokio::task::JoinSet;

/// What a socket gives at once.
const CHUNK: usize = 128 << 10;

/// Length of the blobs, and how many are written.
const SIZES: [(usize, u64); 3] = [(64 << 10, 1600), (1 << 20, 640), (64 << 20, 32)];

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:>10} {:>8} {:>6} {:>9} {:>9} {:>9} {:>9}",
        "size", "clients", "what", "ops/s", "MB/s", "p50 ms", "p99 ms"
    )?;
    for (size, count) in SIZES {
        for clients in [1, 16] {
            let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
            let options = Options::new(Arc::new(|error| panic!("a sync failed: {error}")));
            let store = LocalBlobs::open(folder.path().to_owned(), Arc::new(RealDisk), options)?;
            let store = Arc::new(store);
            let bytes = content(1, size);
            let plain = plain_files(folder.path(), &bytes, clients, count);
            runtime.block_on(async {
                let puts = write_all(&store, &bytes, clients, count).await;
                let gets = read_all(&store, size as u64, clients, count).await;
                for (what, times) in [("plain", plain), ("put", puts), ("get", gets)] {
                    times.print(&mut out, what, size, clients)?;
                }
                io::Result::Ok(())
            })?;
        }
    }
    Ok(())
}

/// How long each operation took, and all of them.
struct Times {
    each: Vec<Duration>,
    all: Duration,
}

impl Times {
    fn print(
        mut self,
        out: &mut impl Write,
        what: &str,
        size: usize,
        clients: u8,
    ) -> io::Result<()> {
        self.each.sort_unstable();
        let quantile = |percent: usize| {
            let at = (self.each.len() - 1) * percent / 100;
            self.each[at].as_secs_f64() * 1e3
        };
        let bytes = u32::try_from(size * self.each.len() / 1000).map_or(f64::NAN, f64::from);
        let count = u32::try_from(self.each.len()).map_or(f64::NAN, f64::from);
        let all = self.all.as_secs_f64();
        writeln!(
            out,
            "{:>6} KiB {clients:>8} {what:>6} {:>9.0} {:>9.0} {:>9.2} {:>9.2}",
            size >> 10,
            count / all,
            bytes / 1000.0 / all,
            quantile(50),
            quantile(99),
        )
    }
}

/// The floor: create, write, sync, rename, sync the folder, on a thread per client.
fn plain_files(root: &Path, bytes: &Bytes, clients: u8, count: u64) -> Times {
    let one = |n: u64| {
        let (from, to) = (root.join(format!("t{n}")), root.join(format!("p{n}")));
        let start = Instant::now();
        let file = RealDisk.create(&from).expect("a file is created");
        file.write_at(0, bytes).expect("it is written");
        file.sync().expect("it is synced");
        RealDisk.rename(&from, &to).expect("it is renamed");
        RealDisk.sync_dir(root).expect("its folder is synced");
        let took = start.elapsed();
        RealDisk.remove(&to).expect("it is removed");
        took
    };
    let start = Instant::now();
    let each = std::thread::scope(|scope| {
        let run = |client| {
            move || {
                (u64::from(client)..count)
                    .step_by(usize::from(clients))
                    .map(one)
                    .collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = (0..clients)
            .map(|client| scope.spawn(run(client)))
            .collect();
        let joined = threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"));
        joined.collect()
    });
    let all = start.elapsed();
    Times { each, all }
}

async fn write_all(store: &Arc<LocalBlobs>, bytes: &Bytes, clients: u8, count: u64) -> Times {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let (store, bytes) = (store.clone(), bytes.clone());
        tasks.spawn(async move {
            let mut each = Vec::new();
            for n in (u64::from(client)..count).step_by(usize::from(clients)) {
                let start = Instant::now();
                let said = Some(bytes.len() as u64);
                let written = put(&*store, blob_id(n), &bytes, CHUNK, said).await;
                written.expect("a blob is written");
                each.push(start.elapsed());
                if n >= u64::from(clients) {
                    let deleted = store.delete(blob_id(n)).await;
                    deleted.expect("it is deleted");
                }
            }
            each
        });
    }
    let each = tasks.join_all().await.concat();
    let all = start.elapsed();
    Times { each, all }
}

async fn read_all(store: &Arc<LocalBlobs>, size: u64, clients: u8, count: u64) -> Times {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let store = store.clone();
        tasks.spawn(async move {
            let mut each = Vec::new();
            for _ in (u64::from(client)..count).step_by(usize::from(clients)) {
                let start = Instant::now();
                let opened = store.read(blob_id(u64::from(client)), 0..size).await;
                let mut stream = opened.expect("a blob is read");
                while let Some(piece) = stream.next().await {
                    piece.expect("its bytes are whole");
                }
                each.push(start.elapsed());
            }
            each
        });
    }
    let each = tasks.join_all().await.concat();
    let all = start.elapsed();
    Times { each, all }
}
