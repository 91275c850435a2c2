//! A folder with data, metadata and logs, and what is in it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::model::{BlobId, BucketId, PayloadId};
use cohong_core::ports::{
    BlobStore, Key, Limit, LogId, MetadataStore, Order, Position, Record, Table, Txn, When, Write,
};
use cohong_core::records::keys;
use cohong_store::blob::{self, LocalBlobs};
use cohong_store::disk::RealDisk;
use cohong_store::meta::{EmbeddedMeta, OpenError, Options};
use cohong_testkit::seed::Seed;
use tempfile::TempDir;

/// Logs, and payloads, in use.
const LOGS: u64 = 4;
const PAYLOADS: u64 = 40;
/// Names of records in each table.
const NAMES: u64 = 12;
pub(crate) const WIDE: Limit = Limit {
    rows: 10_000,
    bytes: usize::MAX,
};

/// What must be read.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) records: BTreeMap<Table, Vec<(Bytes, Record)>>,
    pub(crate) logs: BTreeMap<u64, Vec<(Position, Bytes)>>,
    pub(crate) payloads: BTreeMap<BlobId, Bytes>,
    pub(crate) blobs: BTreeMap<BlobId, Bytes>,
}

/// See the module's text.
pub(crate) struct State {
    _folder: TempDir,
    pub(crate) blobs: LocalBlobs,
    pub(crate) expected: Expected,
    /// Files of the metadata store, and their bytes.
    pub(crate) meta: Vec<(PathBuf, Vec<u8>)>,
    /// Files of blobs, and their lengths in bits.
    data: Vec<(PathBuf, u64)>,
}

/// One bit of a file.
pub(crate) struct Flip {
    /// In the metadata folder, or as a whole.
    pub(crate) path: PathBuf,
    pub(crate) is_data: bool,
    pub(crate) bit: u64,
}

impl Flip {
    pub(crate) fn kind(&self) -> &'static str {
        match self.path.extension() {
            _ if self.is_data => "data",
            Some(extension) if extension == "jnl" => "journal",
            _ if self.path.starts_with("fjall/keyspaces") => "tables",
            _ => "notes",
        }
    }

    pub(crate) fn apply(&self, bytes: &mut [u8]) {
        let at = usize::try_from(self.bit / 8).expect("short");
        bytes[at] ^= 1 << (self.bit % 8);
    }
}

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bit {} of {}", self.bit, self.path.display())
    }
}

impl State {
    /// Tables, a journal that follows on them, and blobs of all sizes.
    pub(crate) async fn build(dice: &mut Seed) -> Self {
        let folder = scratch();
        let meta = folder.path().join("meta");
        let mut named = BTreeMap::new();
        {
            let first = open(&folder.path().join("first")).expect("a new store");
            fill(&first, dice, &mut named, 120).await;
            first.copy_to(&meta).expect("a copy");
        }
        for steps in [60, 20] {
            let store = open(&meta).expect("a store");
            fill(&store, dice, &mut named, steps).await;
        }
        let store = open(&meta).expect("a store");
        let mut expected = read(&store, &named).await;
        drop(store);
        let root = folder.path().join("data");
        let blobs = LocalBlobs::open(
            root.clone(),
            Arc::new(RealDisk),
            blob::Options {
                reserve: 0,
                ..blob::Options::new(Arc::new(|_| {}))
            },
        )
        .expect("a blob store");
        for len in [0, 1, 700, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 200_000] {
            let id = blob(1000 + len);
            let body = bytes(dice, len);
            let mut writer = blobs.create(id, None).await.expect("a blob");
            writer.write(body.clone()).await.expect("written");
            writer.finish().await.expect("finished");
            expected.blobs.insert(id, body);
        }
        let data = files(&root).into_iter();
        let data = data.map(|(path, bytes)| (root.join(path), 8 * bytes.len() as u64));
        Self {
            blobs,
            expected,
            meta: files(&meta),
            data: data.collect(),
            _folder: folder,
        }
    }

    /// A third each in data, tables and journal; of the store's notes some. In every kind each file is as likely.
    pub(crate) fn draw(&self, dice: &mut Seed) -> Flip {
        let kinds = ["data", "tables", "journal"];
        let kind = match dice.below(50) {
            0 => "notes",
            n => kinds[usize::try_from(n % 3).expect("small")],
        };
        let meta = self
            .meta
            .iter()
            .map(|(path, bytes)| (path, 8 * bytes.len() as u64, false));
        let data = self.data.iter().map(|(path, bits)| (path, *bits, true));
        let all = meta.chain(data).filter(|(_, bits, _)| *bits > 0);
        let flips = all.map(|(path, bits, is_data)| Flip {
            path: path.clone(),
            is_data,
            bit: dice.below(bits),
        });
        let mut of_kind: Vec<Flip> = flips.filter(|flip| flip.kind() == kind).collect();
        let chosen = usize::try_from(dice.below(of_kind.len() as u64)).expect("few");
        of_kind.swap_remove(chosen)
    }
}

/// Memory, where there is such a place: a run writes and syncs without end.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder")
}

pub(crate) fn open(dir: &Path) -> Result<EmbeddedMeta, OpenError> {
    EmbeddedMeta::open(
        dir,
        Options {
            reserve_bytes: 0,
            ..Options::default()
        },
    )
}

/// Relative paths and bytes of all files below a folder.
fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                found.push((path.strip_prefix(root).expect("below").to_owned(), bytes));
            }
        }
    }
    found.sort();
    found
}

fn blob(n: u64) -> BlobId {
    let payload = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    BlobId {
        payload: PayloadId(payload.to_be_bytes()),
        n,
    }
}

fn bytes(dice: &mut Seed, len: u64) -> Bytes {
    (0..len).map(|_| dice.draw().to_le_bytes()[0]).collect()
}

fn record(table: Table, n: u64) -> Key {
    Key {
        table,
        bytes: Bytes::from(format!("record {n}")),
    }
}

/// Commits what is drawn.
async fn fill(
    store: &EmbeddedMeta,
    dice: &mut Seed,
    payloads: &mut BTreeMap<BlobId, Bytes>,
    steps: u64,
) {
    for _ in 0..steps {
        let mut txn = Txn {
            when: if dice.below(4) == 0 {
                When::Soon
            } else {
                When::Now
            },
            expect: Vec::new(),
            write: Vec::new(),
            payloads: Vec::new(),
        };
        for _ in 0..=dice.below(6) {
            let table =
                Table::ALL[usize::try_from(dice.below(Table::ALL.len() as u64)).expect("few")];
            let at = record(table, dice.below(NAMES));
            let len = dice.below(300);
            txn.write.push(match dice.below(5) {
                0 => Write::Delete(at),
                _ => Write::Put(at, bytes(dice, len)),
            });
        }
        if txn.when == When::Now {
            let log = LogId(BucketId(dice.below(LOGS)));
            let len = 1 + dice.below(200);
            txn.write.push(Write::Append(log, bytes(dice, len)));
            let id = blob(dice.below(PAYLOADS));
            if payloads.remove(&id).is_some() {
                txn.write.push(Write::DropPayload(id));
            } else {
                let len = dice.below(5000);
                let body = bytes(dice, len);
                payloads.insert(id, body.clone());
                txn.payloads.push((id, body));
            }
        }
        store.commit(vec![txn]).await.remove(0).expect("a commit");
    }
}

async fn read(store: &EmbeddedMeta, payloads: &BTreeMap<BlobId, Bytes>) -> Expected {
    let mut expected = Expected {
        payloads: payloads.clone(),
        ..Expected::default()
    };
    for table in Table::ALL {
        let all = [keys::prefix_range(table, &[])];
        let mut pages = store
            .scan(&all, Order::Ascending, WIDE)
            .await
            .expect("a scan");
        let rows = pages.pop().expect("a page").rows;
        expected.records.insert(table, rows);
    }
    for n in 0..LOGS {
        let tail = store.tail(LogId(BucketId(n)), Position(0), WIDE).await;
        expected.logs.insert(n, tail.expect("a log").records);
    }
    for (id, body) in payloads {
        let len = body.len() as u64;
        assert!(store.payload(*id, 0..len).await.expect("a payload") == body);
    }
    expected
}
