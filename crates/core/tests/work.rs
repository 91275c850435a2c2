//! Durable work and the sweep: what is owed is a record, every step may run twice, and a blob goes
//! only after every record that named it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::engine::{
    CompleteUpload, Conditions, CopyObject, CopySource, Engine, ExpectedDigests, Ports, PutPart,
    UploadTarget, VersionChoice,
};
use cohong_core::memory::{Fate, MemoryBlobs};
use cohong_core::model::{BlobId, BucketName, ObjectKey, PayloadId, Timestamp, WorkId};
use cohong_core::ports::{
    BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, CommitError, Key, KeyRange, Limit,
    LogId, MetadataStore, Order, Page, Position, Record, StoreError, Table, Tail, Txn, When, Write,
};
use cohong_core::records::{WorkKind, WorkRecord, keys};
use cohong_core::work::sweep::{SweepReport, Sweeper, sweep_now};
use cohong_core::{Error, ErrorKind, limits, work};
use common::{World, body, owner, put, run, target};

/// The least time that passes.
const MOMENT: Duration = Duration::from_millis(1);

async fn blobs(world: &World) -> usize {
    world.blobs.scan(None, 1000).await.unwrap().len()
}

async fn count(world: &World, table: Table) -> usize {
    world.rows(table).await.len()
}

async fn work(world: &World) -> usize {
    work::run_due_once(&world.engine).await.unwrap()
}

/// The same stores after the process died: what was not synced is gone, nothing is claimed.
fn crashed(world: &World) -> World {
    let meta = world.meta.inner.crash();
    world.blobs.crash();
    let after = World::on(meta, world.blobs.clone());
    after.clock.advance(2 * limits::DROP_GRACE);
    after
}

/// Things that owe work, each begun in a world of its own; all of them end with nothing but `left`
/// payloads.
const SCENES: [(&str, usize); 4] = [
    ("overwritten", 1),
    ("deleted", 0),
    ("aborted", 0),
    ("completed", 1),
];

async fn scene(name: &str) -> World {
    let world = World::without_small_bodies();
    let bucket = world.bucket("scene").await;
    match name {
        "overwritten" => {
            world.put(&bucket, "k", "old").await;
            world.put(&bucket, "k", "new").await;
        }
        "deleted" => {
            world.put(&bucket, "k", "body").await;
            let current = VersionChoice::Current;
            world.delete(&bucket, "k", current).await.unwrap();
        }
        "aborted" => {
            let target = upload(&world, &bucket, 3).await;
            world.engine.abort_upload(&owner(), &target).await.unwrap();
        }
        _ => {
            let target = upload(&world, &bucket, 3).await;
            complete(&world, target).await;
        }
    }
    world
}

/// An open upload of "k" with parts that were each sent twice.
async fn upload(world: &World, bucket: &BucketName, parts: u32) -> UploadTarget {
    let target = world.begin_upload(bucket, "k").await;
    for number in (1..=parts).chain(1..=parts) {
        let req = PutPart {
            target: target.clone(),
            number,
            digests: ExpectedDigests::default(),
        };
        let part = world.engine.put_part(&owner(), req, body(b"part")).await;
        assert!(part.is_ok());
    }
    target
}

async fn complete(world: &World, target: UploadTarget) {
    try_complete(world, target).await.unwrap();
}

async fn try_complete(world: &World, target: UploadTarget) -> Result<(), Error> {
    let req = CompleteUpload {
        target,
        parts: None,
        part_bytes_min: 0,
        acl: None,
        conditions: Conditions::default(),
        callback: None,
        checksum: None,
        size: None,
    };
    world.engine.complete_upload(&owner(), req).await.map(drop)
}

/// Nothing is left but `payloads` payloads that are held, with their blobs.
async fn assert_clean(world: &World, payloads: usize, what: &str) {
    for table in [Table::Work, Table::WorkDue, Table::Parts, Table::Uploads] {
        assert_eq!(count(world, table).await, 0, "{what}: {table:?}");
    }
    for table in [Table::Heads, Table::Payloads, Table::PayloadRefs] {
        assert_eq!(count(world, table).await, payloads, "{what}: {table:?}");
    }
    let bucket = BucketName::new("scene").unwrap();
    let read = world.get(&bucket, "k", VersionChoice::Current).await;
    match payloads {
        0 => {
            assert_eq!(read, Err(ErrorKind::NoSuchKey), "{what}");
            assert_eq!(blobs(world).await, 0, "{what}");
        }
        _ => assert!(read.is_ok(), "{what}: {read:?}"),
    }
}

#[test]
fn i3_owed_work_is_a_record() {
    run(async {
        for (name, _) in SCENES {
            let world = crashed(&scene(name).await);
            let owed = world.engine.list_work(10).await.unwrap();
            assert_eq!(owed.len(), 1, "{name}: {owed:?}");
            let purge = matches!(owed[0].1.kind, WorkKind::PurgeParts { .. });
            assert_eq!(purge, name == "aborted" || name == "completed", "{name}");
        }
    });
}

#[test]
fn owed_work_survives_a_crash_and_is_done_once_due() {
    run(async {
        for (name, left) in SCENES {
            let world = scene(name).await;
            world.clock.advance(limits::DROP_GRACE);
            assert_eq!(work(&world).await, 1, "{name}");
            assert_eq!(work(&world).await, 0, "{name}");
            assert_clean(&world, left, name).await;
            let world = crashed(&scene(name).await);
            assert_eq!(work(&world).await, 1, "{name} and crashed");
            assert_clean(&world, left, name).await;
        }
    });
}

#[test]
fn dropped_bytes_stay_for_a_while() {
    run(async {
        let world = scene("overwritten").await;
        assert_eq!(work(&world).await, 0);
        world
            .clock
            .advance(limits::DROP_GRACE.saturating_sub(MOMENT));
        assert_eq!(work(&world).await, 0);
        assert_eq!(blobs(&world).await, 2);
        world.clock.advance(MOMENT);
        assert_eq!(work(&world).await, 1);
        assert_eq!(blobs(&world).await, 1);
    });
}

/// The finish is durable with the next sync only: a crash brings the work back, and it runs again on
/// what it left.
#[test]
fn i5_repeating_is_harmless() {
    run(async {
        for (name, left) in SCENES {
            let mut world = crashed(&scene(name).await);
            for _ in 0..3 {
                assert_eq!(work(&world).await, 1, "{name}");
                assert_clean(&world, left, name).await;
                world = crashed(&world);
                assert_eq!(count(&world, Table::Work).await, 1, "{name}");
            }
        }
    });
}

/// A crash in front of each commit that the work makes.
#[test]
fn i5_a_crash_before_any_commit_is_harmless() {
    run(async {
        for (name, left) in SCENES {
            for steps in 0..4 {
                let world = crashed(&scene(name).await);
                let mut passed = 0;
                world.meta.inner.on_commit(move |_| {
                    passed += 1;
                    if passed > steps {
                        Fate::Unavailable
                    } else {
                        Fate::Proceed
                    }
                });
                let cut = work::run_due_once(&world.engine).await;
                assert_eq!(cut.is_err(), steps < commits_of(name), "{name} {steps}");
                let world = crashed(&world);
                work(&world).await;
                assert_clean(&world, left, name).await;
            }
        }
    });
}

/// Commits that the work of a scene makes, the finish included.
fn commits_of(scene: &str) -> u32 {
    match scene {
        "overwritten" | "deleted" => 2,
        _ => 1,
    }
}

/// A crash in front of each removal of a blob that the work makes.
#[test]
fn i5_a_crash_before_any_removal_is_harmless() {
    run(async {
        for (name, left) in SCENES {
            for passing in 0..8 {
                let world = crashed(&scene(name).await);
                let engine = Stuck::engine(&world, passing, |n, passing| n >= passing);
                assert_eq!(work::run_due_once(&engine).await.unwrap(), 1);
                let world = crashed(&world);
                assert_eq!(work(&world).await, 1, "{name}: owed after {passing}");
                assert_clean(&world, left, name).await;
            }
        }
    });
}

/// When a blob goes, no durable record may name it any more: checked by stopping just before.
#[test]
fn i2_record_before_blob_removal() {
    run(async {
        let world = scene("deleted").await;
        world.clock.advance(limits::DROP_GRACE);
        // No commit passes: the payload cannot be closed, so its blob must stay.
        world.meta.inner.fail_commits(usize::MAX, Fate::Unavailable);
        assert!(work::run_due_once(&world.engine).await.is_err());
        assert_eq!(blobs(&world).await, 1);
        world.meta.inner.fail_commits(0, Fate::Proceed);
        world.meta.applied();
        assert_eq!(work(&world).await, 1);
        let closed = |txn: &Txn| txn.when == When::Now;
        assert!(world.meta.applied().first().is_some_and(closed));
        assert_eq!(blobs(&world).await, 0);
    });
}

#[test]
fn a_payload_that_is_still_held_stays() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("scene").await;
        world.put(&bucket, "k", "body").await;
        let req = CopyObject {
            expires_days: None,
            lock: cohong_core::model::Lock::default(),
            source: CopySource {
                object: target(&bucket, "k", VersionChoice::Current),
                conditions: Conditions::default(),
            },
            bucket: bucket.clone(),
            key: ObjectKey::new("copy").unwrap(),
            replace: None,
            tags: None,
            class: None,
            acl: None,
            conditions: Conditions::default(),
            checksum: None,
        };
        world.engine.copy_object(&owner(), req).await.unwrap();
        assert_eq!(blobs(&world).await, 1, "a copy moves no bytes");
        for (key, left) in [("copy", 1), ("k", 0)] {
            let current = VersionChoice::Current;
            world.delete(&bucket, key, current).await.unwrap();
            world.clock.advance(limits::DROP_GRACE);
            assert_eq!(work(&world).await, 1);
            assert_eq!(blobs(&world).await, left, "{key}");
        }
        assert_eq!(count(&world, Table::Payloads).await, 0);
    });
}

/// Makes removals of blobs fail, by their number: the memory store has no such fault, a disk has.
struct Stuck {
    inner: Arc<MemoryBlobs>,
    removals: AtomicU64,
    fails: fn(u64, u64) -> bool,
    bound: u64,
}

impl Stuck {
    /// An engine of the world's on which removal `n` fails when `fails(n, bound)`.
    fn engine(world: &World, bound: u64, fails: fn(u64, u64) -> bool) -> Engine {
        let blobs = Arc::new(Self {
            inner: world.blobs.clone(),
            removals: AtomicU64::new(0),
            fails,
            bound,
        });
        let ports = world.engine.ports().clone();
        Engine::new(Ports { blobs, ..ports })
    }
}

impl std::fmt::Debug for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stuck(..)")
    }
}

#[async_trait]
impl BlobStore for Stuck {
    async fn create(&self, id: BlobId, len: Option<u64>) -> Result<Box<dyn BlobWriter>, BlobError> {
        self.inner.create(id, len).await
    }

    async fn read(&self, id: BlobId, range: Range<u64>) -> Result<ByteStream, BlobError> {
        self.inner.read(id, range).await
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        let n = self.removals.fetch_add(1, SeqCst);
        if (self.fails)(n, self.bound) {
            return Err(BlobError::Failed("stuck".into()));
        }
        self.inner.delete(id).await
    }

    async fn scan(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobInfo>, BlobError> {
        self.inner.scan(after, limit).await
    }
}

/// A blob of a completed upload that its object does not use: a part that came too late, or one whose
/// removal a power cut took back.
#[test]
fn the_sweep_removes_what_a_completed_upload_does_not_use() {
    run(async {
        let world = scene("completed").await;
        world.clock.advance(limits::DROP_GRACE);
        while work(&world).await > 0 {}
        let used = world.blobs.scan(None, 1000).await.unwrap();
        let payload = used[0].id.payload;
        for n in [u64::MAX - 1, u64::MAX] {
            let stray = world
                .blobs
                .create(BlobId { payload, n }, None)
                .await
                .unwrap();
            stray.finish().await.unwrap();
        }
        world.clock.sleeping_moves_it();
        let report = sweep_now(&world.engine, MOMENT).await.unwrap();
        assert_eq!((report.orphans, report.removed), (2, 2));
        assert_eq!(world.blobs.scan(None, 1000).await.unwrap(), used);
        assert_clean(&world, 1, "completed").await;
    });
}

/// Another Complete may have been faster, and its work may have removed the parts.
#[test]
fn a_complete_that_cannot_look_again_blames_no_part() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("scene").await;
        let target = upload(&world, &bucket, 0).await;
        let mut commits = 0;
        world.meta.inner.on_commit(move |_| {
            commits += 1;
            let fence = commits == 1;
            if fence {
                Fate::Proceed
            } else {
                Fate::Unavailable
            }
        });
        let completed = try_complete(&world, target).await;
        assert_eq!(completed.unwrap_err().kind(), ErrorKind::Unavailable);
    });
}

#[test]
fn failing_work_is_put_off_then_buried_and_can_be_reopened() {
    run(async {
        let world = scene("deleted").await;
        let tries = u64::from(limits::WORK_ATTEMPTS_MAX);
        let engine = Stuck::engine(&world, tries, |n, tries| n < tries);
        let run_due = || work::run_due_once(&engine);
        let only = || async { engine.list_work(10).await.unwrap().remove(0) };
        world.clock.advance(limits::DROP_GRACE);
        for attempt in 1..=tries {
            assert_eq!(run_due().await.unwrap(), 1, "try {attempt}");
            assert_eq!(run_due().await.unwrap(), 0, "not at once again");
            let (_, record): (_, WorkRecord) = only().await;
            assert_eq!(u64::from(record.attempt), attempt);
            let why = record.last_error.unwrap();
            assert!(why.ends_with("stuck"), "{why}");
            assert_eq!(record.dead, attempt == tries);
            world.clock.advance(limits::WORK_BACKOFF_MAX);
        }
        assert_eq!(run_due().await.unwrap(), 0, "dead work rests");
        assert_eq!(blobs(&world).await, 1);
        let (id, _) = only().await;
        assert!(engine.reopen_work(id).await.unwrap());
        assert!(!engine.reopen_work(id).await.unwrap(), "it is open already");
        assert_eq!(run_due().await.unwrap(), 1);
        assert_eq!(blobs(&world).await, 0);
        assert!(engine.list_work(10).await.unwrap().is_empty());
        assert!(!engine.reopen_work(id).await.unwrap(), "it is done");
    });
}

#[test]
fn work_that_cannot_be_read_holds_up_no_other() {
    run(async {
        let world = scene("deleted").await;
        for (n, due) in [(7, 0), (8, u64::MAX)] {
            let (id, due) = (WorkId([n; 16]), Timestamp::from_millis(due));
            let txn = Txn {
                when: When::Now,
                expect: Vec::new(),
                write: vec![
                    Write::Put(keys::work(id), Bytes::from_static(b"\xffno work")),
                    Write::Put(keys::work_due(due, id), Bytes::new()),
                ],
                payloads: Vec::new(),
            };
            world.meta.commit(vec![txn]).await.remove(0).unwrap();
        }
        world.clock.advance(limits::DROP_GRACE);
        let told = work::run_due_once(&world.engine).await.unwrap_err();
        assert_eq!(told.kind(), ErrorKind::Internal);
        assert_eq!(blobs(&world).await, 0, "the other work is done");
    });
}

#[test]
fn a_wall_clock_set_back_parks_no_work() {
    run(async {
        let world = scene("deleted").await;
        world.clock.set_wall(1_000_000);
        assert_eq!(work(&world).await, 0);
        world
            .clock
            .advance(limits::WORK_BACKOFF_MAX.saturating_sub(MOMENT));
        assert_eq!(work(&world).await, 0);
        world.clock.advance(MOMENT);
        assert_eq!(work(&world).await, 1);
        assert_eq!(blobs(&world).await, 0);
    });
}

#[test]
fn workers_do_what_is_due_and_stop_between_units() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("scene").await;
        let handle = work::start(&world.engine);
        let tasks = world.tasks.take();
        assert_eq!(tasks.len(), limits::WORK_WORKERS + 2);
        let tasks = futures_util::future::join_all(tasks.into_iter().map(|(_, task)| task));
        let story = async {
            for n in 0..5 {
                let target = upload(&world, &bucket, n).await;
                world.engine.abort_upload(&owner(), &target).await.unwrap();
            }
            // The workers are other tasks of this thread: they get turns until all is done.
            while handle.report().finished < 5 {
                tokio::task::yield_now().await;
            }
            handle.stop().await;
        };
        futures_util::future::join(tasks, story).await;
        let report = handle.report();
        assert_eq!((report.running, report.failed), (0, 0));
        assert_eq!(report.trouble, None);
        assert_eq!(blobs(&world).await, 0);
    });
}

async fn orphan(world: &World, n: u8) -> BlobId {
    let id = BlobId {
        payload: PayloadId([n; 16]),
        n: 0,
    };
    let mut writer = world.blobs.create(id, None).await.unwrap();
    writer.write("orphan".into()).await.unwrap();
    writer.finish().await.unwrap();
    id
}

#[test]
fn the_sweep_removes_only_what_no_record_knows() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("scene").await;
        world.put(&bucket, "k", "body").await;
        let open = upload(&world, &bucket, 2).await;
        orphan(&world, 250).await;
        orphan(&world, 251).await;
        let report = sweep_now(&world.engine, Duration::ZERO).await.unwrap();
        let expected = SweepReport {
            seen: 7,
            orphans: 2,
            removed: 2,
        };
        assert_eq!(report, expected);
        assert_eq!(count(&world, Table::Payloads).await, 2, "no mark is left");
        let again = sweep_now(&world.engine, Duration::ZERO).await.unwrap();
        assert_eq!((again.seen, again.orphans), (5, 0));
        complete(&world, open).await;
        let read = world.get(&bucket, "k", VersionChoice::Current).await;
        assert_eq!(read, Ok(b"partpart".to_vec()));
    });
}

#[test]
fn an_orphan_goes_only_when_seen_twice_far_enough_apart() {
    run(async {
        let world = World::new();
        orphan(&world, 1).await;
        let mut sweeper = Sweeper::default();
        let age = limits::SWEEP_AGE;
        // (time that passes before the pass, removed)
        let passes = [
            (Duration::ZERO, 0),
            (age.saturating_sub(MOMENT), 0),
            (MOMENT, 1),
        ];
        for (pause, removed) in passes {
            world.clock.advance(pause);
            // What the wall clock says is nothing to it.
            world.clock.set_wall(0);
            let report = sweeper.pass(&world.engine, age).await.unwrap();
            assert_eq!((report.orphans, report.removed), (1, removed));
        }
        assert_eq!(count(&world, Table::Payloads).await, 1, "the mark stays");
        world.clock.advance(age);
        sweeper.pass(&world.engine, age).await.unwrap();
        assert_eq!(count(&world, Table::Payloads).await, 0);
        assert_eq!(blobs(&world).await, 0);
    });
}

/// A store on which the sweep passes twice between a blob and the commit that is to name it.
struct Swept {
    world: World,
    sweeper: tokio::sync::Mutex<Option<Sweeper>>,
}

impl std::fmt::Debug for Swept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Swept(..)")
    }
}

#[async_trait]
impl MetadataStore for Swept {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.world.meta.get_many(at).await
    }

    async fn scan(&self, r: &[KeyRange], o: Order, l: Limit) -> Result<Vec<Page>, StoreError> {
        self.world.meta.scan(r, o, l).await
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        if let Some(mut sweeper) = self.sweeper.lock().await.take() {
            for removed in [0, 1] {
                let pass = sweeper.pass(&self.world.engine, Duration::ZERO).await;
                assert_eq!(pass.unwrap().removed, removed);
            }
        }
        self.world.meta.commit(txns).await
    }

    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.world.meta.payload(id, range).await
    }

    async fn tail(&self, log: LogId, after: Position, l: Limit) -> Result<Tail, StoreError> {
        self.world.meta.tail(log, after, l).await
    }

    fn small_payload_max(&self) -> usize {
        self.world.meta.small_payload_max()
    }
}

#[test]
fn a_blob_that_was_swept_is_adopted_by_no_commit() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("scene").await;
        let ports = world.engine.ports().clone();
        let swept = Arc::new(Swept {
            world,
            sweeper: tokio::sync::Mutex::new(Some(Sweeper::default())),
        });
        let meta = swept.clone();
        let engine = Engine::new(Ports { meta, ..ports });
        let late = engine
            .put_object(&owner(), put(&bucket, "k"), body(b"body"))
            .await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Busy);
        assert_eq!(count(&swept.world, Table::Heads).await, 0);
        assert_eq!(blobs(&swept.world).await, 0);
    });
}
