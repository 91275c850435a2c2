//! The blob stores keep the promises of their port, on every disk and through every fault.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cohong_core::memory::MemoryBlobs;
use cohong_core::model::BlobId;
use cohong_core::ports::{BlobError, BlobStore};
use cohong_store::blob::{LocalBlobs, Options};
use cohong_store::disk::{Disk, RealDisk};
use cohong_testkit::disk::SimDisk;
use cohong_testkit::seed::Seed;
use cohong_testkit::suite::blob::{Bounded, Subject, blob_id, content, get, put};
use cohong_testkit::{blob_suite, bounded_blob_suite};
use tempfile::TempDir;

const BLOCK: usize = 64 << 10;
const PIECE: usize = 1 << 20;

fn path_below(root: &Path, id: BlobId) -> PathBuf {
    let name = id.to_string();
    root.join("blobs").join(&name[..2]).join(name)
}

/// Names below `tmp`, and names in the folders of blobs that are not of finished ones.
fn leftovers(disk: &dyn Disk, root: &Path) -> usize {
    let list = |folder: &Path| disk.list(folder).expect("a folder is listed");
    let finished = |name: &Path| name.to_str().is_some_and(|name| name.len() == 49);
    let mut left = list(&root.join("tmp")).len() + list(root).len() - 2;
    for fan in list(&root.join("blobs")) {
        let names = list(&root.join("blobs").join(fan));
        left += names
            .iter()
            .filter(|name| !finished(Path::new(name)))
            .count();
    }
    left
}

struct Memory(MemoryBlobs);

impl Subject for Memory {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::new(self.0.clone())
    }

    fn reopen(&mut self) {
        self.0.crash();
    }

    fn stored_len(&self, id: BlobId) -> u64 {
        self.0.len(id).expect("the blob exists")
    }

    fn flip_bit(&self, id: BlobId, n: u64) {
        assert!(self.0.flip_bit(id, n));
    }

    fn leftovers(&self) -> usize {
        0
    }
}

impl Bounded for Memory {
    fn set_room(&self, bytes: Option<u64>) {
        self.0.set_room(bytes);
    }
}

struct Real {
    root: TempDir,
    store: Arc<LocalBlobs>,
}

impl Real {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let store = open(root.path(), Arc::new(RealDisk));
        Self { root, store }
    }
}

/// No reserve, and a failed sync fails the test.
fn open(root: &Path, disk: Arc<dyn Disk>) -> Arc<LocalBlobs> {
    let mut options = Options::new(Arc::new(|error| panic!("a sync failed: {error}")));
    options.reserve = 0;
    options.jobs = 4;
    Arc::new(LocalBlobs::open(root.to_owned(), disk, options).expect("the store opens"))
}

impl Subject for Real {
    fn store(&self) -> Arc<dyn BlobStore> {
        self.store.clone()
    }

    fn reopen(&mut self) {
        self.store = open(self.root.path(), Arc::new(RealDisk));
    }

    fn stored_len(&self, id: BlobId) -> u64 {
        let path = path_below(self.root.path(), id);
        std::fs::metadata(path).expect("the file exists").len()
    }

    fn flip_bit(&self, id: BlobId, n: u64) {
        let path = path_below(self.root.path(), id);
        let mut bytes = std::fs::read(&path).expect("the file is read");
        let at = usize::try_from(n / 8).expect("the file is in memory");
        bytes[at] ^= 1 << (n % 8);
        std::fs::write(&path, bytes).expect("the file is written");
    }

    fn leftovers(&self) -> usize {
        leftovers(&RealDisk, self.root.path())
    }
}

/// On the simulated disk; every reopening is a power cut.
struct Simulated {
    disk: SimDisk,
    store: Arc<LocalBlobs>,
    crashes: u64,
}

const ROOT: &str = "/data";

impl Simulated {
    fn new() -> Self {
        let disk = SimDisk::new();
        let store = open(Path::new(ROOT), Arc::new(disk.clone()));
        Self {
            disk,
            store,
            crashes: 0,
        }
    }
}

impl Subject for Simulated {
    fn store(&self) -> Arc<dyn BlobStore> {
        self.store.clone()
    }

    fn reopen(&mut self) {
        self.crashes += 1;
        self.disk = self.disk.crash(self.crashes);
        self.store = open(Path::new(ROOT), Arc::new(self.disk.clone()));
    }

    fn stored_len(&self, id: BlobId) -> u64 {
        let path = path_below(Path::new(ROOT), id);
        self.disk.size(&path).expect("the file exists")
    }

    fn flip_bit(&self, id: BlobId, n: u64) {
        assert!(self.disk.flip_bit(&path_below(Path::new(ROOT), id), n));
    }

    fn leftovers(&self) -> usize {
        leftovers(&self.disk, Path::new(ROOT))
    }
}

impl Bounded for Simulated {
    fn set_room(&self, bytes: Option<u64>) {
        let used = self.disk.used();
        self.disk.set_capacity(bytes.map(|bytes| used + bytes));
    }
}

mod memory {
    use super::*;

    blob_suite!(Memory(MemoryBlobs::new()));
    bounded_blob_suite!(Memory(MemoryBlobs::new()));
}

mod local_on_the_real_disk {
    use super::*;

    blob_suite!(Real::new());
}

mod local_on_a_simulated_disk {
    use super::*;

    blob_suite!(Simulated::new());
    bounded_blob_suite!(Simulated::new());
}

/// Counts failed syncs.
fn counting() -> (Options, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let counter = count.clone();
    let mut options = Options::new(Arc::new(move |_: &io::Error| {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    options.reserve = 0;
    (options, count)
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged() {
    // The first sync of a PUT is of the file, the second of its folder.
    for failing in 0..2 {
        let disk = SimDisk::new();
        let (options, failures) = counting();
        let store = LocalBlobs::open(ROOT.into(), Arc::new(disk.clone()), options).unwrap();
        let (kept, bytes) = (blob_id(1), content(1, 3 * PIECE));
        put(&store, kept, &bytes, PIECE, None).await.unwrap();

        disk.fail_sync_after(failing);
        let outcome = put(&store, blob_id(2), &bytes, PIECE, None).await;
        assert!(matches!(outcome, Err(BlobError::Failed(_))), "{outcome:?}");
        assert_eq!(failures.load(Ordering::SeqCst), 1);
        let absent = get(&store, blob_id(2), 0..1).await;
        assert!(matches!(absent, Err(BlobError::NoSuchBlob)), "{absent:?}");
        assert_eq!(leftovers(&disk, Path::new(ROOT)), 0);

        let refused = put(&store, blob_id(3), &bytes, PIECE, None).await;
        assert!(matches!(refused, Err(BlobError::Failed(_))), "{refused:?}");
        assert_eq!(get(&store, kept, 0..9).await.unwrap(), bytes[..9]);
    }
}

#[tokio::test]
async fn a_writer_that_began_before_a_failed_sync_is_not_acknowledged() {
    let disk = SimDisk::new();
    let (options, _) = counting();
    let store = LocalBlobs::open(ROOT.into(), Arc::new(disk.clone()), options).unwrap();
    let mut early = store.create(blob_id(1), None).await.unwrap();
    early.write(content(1, 10)).await.unwrap();
    disk.fail_sync_after(0);
    put(&store, blob_id(2), &content(2, 10), 10, None)
        .await
        .unwrap_err();
    assert!(matches!(early.finish().await, Err(BlobError::Failed(_))));
}

#[tokio::test]
async fn the_reserve_is_left_alone() {
    let disk = SimDisk::new();
    let (mut options, failures) = counting();
    options.reserve = 3 << 20;
    disk.set_capacity(Some(8 << 20));
    let store = LocalBlobs::open(ROOT.into(), Arc::new(disk.clone()), options).unwrap();
    let said = store.create(blob_id(1), Some(6 << 20)).await;
    assert!(matches!(said.err(), Some(BlobError::Full)));
    let bytes = content(2, 4 * PIECE);
    put(&store, blob_id(2), &bytes, PIECE, Some(4 << 20))
        .await
        .unwrap();
    let mut written = Vec::new();
    for n in 3..100 {
        let outcome = put(&store, blob_id(n), &content(n, PIECE / 8), PIECE, None).await;
        if let Err(error) = outcome {
            assert!(matches!(error, BlobError::Full), "{error:?}");
            break;
        }
        written.push(n);
        // A reading of the free space may be 100 ms old.
        tokio::time::sleep(std::time::Duration::from_millis(110)).await;
    }
    assert!(
        written.len() > 2,
        "1 MiB above the reserve takes some blobs"
    );
    assert!(disk.free_space(Path::new(ROOT)).unwrap() >= (3 << 20) - PIECE as u64 / 8);
    assert_eq!(failures.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn growth_nobody_announced_leaves_the_reserve_alone() {
    let disk = SimDisk::new();
    let (mut options, _) = counting();
    options.reserve = 3 << 20;
    disk.set_capacity(Some(8 << 20));
    let store = LocalBlobs::open(ROOT.into(), Arc::new(disk.clone()), options).unwrap();
    let mut writer = store.create(blob_id(1), None).await.unwrap();
    for n in 0..8 {
        if let Err(error) = writer.write(content(n, PIECE)).await {
            assert!(matches!(error, BlobError::Full), "{error:?}");
            return;
        }
        assert!(disk.free_space(Path::new(ROOT)).unwrap() >= 3 << 20);
        // A reading of the free space may be 100 ms old.
        tokio::time::sleep(std::time::Duration::from_millis(110)).await;
    }
    panic!("8 MiB above a reserve of 3 MiB were written to a disk of 8 MiB");
}

#[tokio::test]
async fn damage_in_one_block_spares_the_others() {
    let subject = Real::new();
    let (id, bytes) = (blob_id(1), content(1, 5 * BLOCK));
    put(&*subject.store, id, &bytes, PIECE, None).await.unwrap();
    subject.flip_bit(id, (2 * BLOCK as u64 + 5) * 8);
    let block = BLOCK as u64;
    for (range, whole) in [
        (0..2 * block, true),
        (3 * block..5 * block, true),
        (2 * block..2 * block + 1, false),
        (3 * block - 1..3 * block, false),
        (0..5 * block, false),
    ] {
        let read = get(&*subject.store, id, range.clone()).await;
        assert_eq!(read.is_ok(), whole, "{range:?}");
    }
}

#[tokio::test]
async fn a_file_of_another_length_or_name_is_damaged() {
    let subject = Real::new();
    let (one, two, bytes) = (blob_id(1), blob_id(2), content(1, BLOCK + 100));
    put(&*subject.store, one, &bytes, PIECE, None)
        .await
        .unwrap();
    let whole = std::fs::read(path_below(subject.root.path(), one)).unwrap();
    let shorter = [0, 1, 51, 52, 56, BLOCK, whole.len() - 1].map(|len| whole[..len].to_vec());
    let longer = [&whole[..], &[0]].concat();
    let misplaced = whole.clone();
    for content in shorter.into_iter().chain([longer, misplaced]) {
        std::fs::write(path_below(subject.root.path(), two), &content).unwrap();
        let read = get(&*subject.store, two, 0..1).await;
        let damaged = matches!(read, Err(BlobError::Damaged(_)));
        assert!(damaged, "{} bytes: {read:?}", content.len());
        let listed = subject.store.scan(None, 10).await.unwrap();
        assert!(
            listed.iter().any(|info| info.id == two),
            "it can be removed"
        );
    }
}

#[tokio::test]
async fn files_of_others_are_left_alone() {
    let mut subject = Real::new();
    let root = subject.root.path().to_owned();
    let foreign = [
        "blobs/ab/notes.txt",
        "blobs/lost+found",
        "blobs/ab/ABababababababababababababababab-0000000000000000",
        "blobs/00/abababababababababababababababab-0000000000000000",
    ];
    for name in foreign {
        std::fs::write(root.join(name), b"x").unwrap();
    }
    subject.reopen();
    assert_eq!(subject.store.scan(None, 10).await.unwrap(), []);
    assert!(foreign.iter().all(|name| root.join(name).exists()));
}

/// What a run of random operations knows when the power fails.
#[derive(Default)]
struct Known {
    finished: BTreeMap<BlobId, Bytes>,
    /// Begun, or being deleted: there or not, but never other bytes.
    open: BTreeMap<BlobId, Bytes>,
}

/// Random operations until the power fails at a random moment.
async fn run_until_cut(store: &LocalBlobs, seed: &mut Seed, known: &mut Known, next: &mut u64) {
    loop {
        *next += 1;
        let large = if seed.below(16) == 0 { 2 * PIECE } else { 0 };
        let len = seed.below(BLOCK as u64 * 3 / 2) + large as u64;
        let (id, len) = (blob_id(*next), usize::try_from(len).expect("it is small"));
        let bytes = content(*next, len);
        let said = seed.coin().then_some(len as u64);
        let outcome = match seed.below(5) {
            0 => match known.finished.pop_first() {
                Some((victim, bytes)) => {
                    known.open.insert(victim, bytes);
                    store.delete(victim).await
                }
                None => Ok(()),
            },
            1 => match store.create(id, said).await {
                Ok(mut writer) => writer.write(bytes).await,
                Err(error) => Err(error),
            },
            _ => {
                known.open.insert(id, bytes.clone());
                let outcome = put(store, id, &bytes, PIECE, said).await;
                if outcome.is_ok() {
                    known.open.remove(&id);
                    known.finished.insert(id, bytes);
                }
                outcome
            }
        };
        if outcome.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn whenever_the_power_fails_finished_blobs_are_whole_and_others_not_seen_in_part() {
    for number in 0..100 {
        let mut seed = Seed::new(number);
        let mut disk = SimDisk::new();
        let mut known = Known::default();
        let mut next = 0;
        for life in 0..3 {
            let (options, _) = counting();
            let opened = LocalBlobs::open(ROOT.into(), Arc::new(disk.clone()), options);
            let store = opened.unwrap();
            check(&store, &mut known, &format!("seed {number}, life {life}")).await;
            assert_eq!(leftovers(&disk, Path::new(ROOT)), 0, "seed {number}");
            disk.cut_after(seed.below(60));
            run_until_cut(&store, &mut seed, &mut known, &mut next).await;
            disk = disk.crash(seed.draw());
        }
    }
}

/// Everything finished is there; everything listed has the bytes that were written.
async fn check(store: &LocalBlobs, known: &mut Known, when: &str) {
    let listed = store.scan(None, usize::MAX).await;
    let listed = listed.expect("a scan succeeds");
    let listed: BTreeMap<_, _> = listed.into_iter().map(|info| (info.id, info.len)).collect();
    let missing = known.finished.keys().find(|id| !listed.contains_key(id));
    assert_eq!(missing, None, "{when}");
    for (id, len) in listed {
        let expected = known.finished.get(&id).or_else(|| known.open.get(&id));
        let expected = expected.unwrap_or_else(|| panic!("{when}: {id} was never begun"));
        let read = get(store, id, 0..len).await;
        let read = read.expect("what is listed is read");
        assert!(read == *expected, "{when}: {id} has other bytes");
    }
    known.open.retain(|id, _| !known.finished.contains_key(id));
}

#[tokio::test]
async fn a_start_that_loses_power_can_be_repeated() {
    for cut in 0..600 {
        let disk = SimDisk::new();
        disk.cut_after(cut);
        let (options, _) = counting();
        let first = LocalBlobs::open(ROOT.into(), Arc::new(disk.clone()), options);
        let disk = disk.crash(cut);
        let (options, _) = counting();
        let store = LocalBlobs::open(ROOT.into(), Arc::new(disk), options).unwrap();
        put(&store, blob_id(1), &content(1, 10), 10, None)
            .await
            .unwrap();
        if first.is_ok() {
            return;
        }
    }
    panic!("a start changes less than that");
}
