//! The committer on an engine that fails, stops and runs full when told to.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard, mpsc};
use std::thread::{JoinHandle, spawn};

use bytes::Bytes;
use cohong_core::ports::{Expect, Key, Revision, Table, When};
use tokio::sync::oneshot;

use super::super::queue::Queue;
use super::*;

#[derive(Default)]
struct Script {
    revisions: BTreeMap<Key, Revision>,
    /// Whether each batch was synced.
    applied: Vec<bool>,
    syncs: usize,
    tidies_left: usize,
    fail_apply: bool,
    fail_sync: bool,
    panic: bool,
    free: Option<u64>,
}

#[derive(Clone, Default)]
struct Fake {
    script: Arc<Mutex<Script>>,
    /// When set, every apply first waits for a word.
    gate: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
}

impl Fake {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }
}

impl State for Fake {
    fn revision(&self, key: &Key) -> Result<Option<Revision>, StoreError> {
        Ok(self.script().revisions.get(key).copied())
    }
}

impl Engine for Fake {
    fn apply(&mut self, batch: Sealed, sync: bool) -> Result<(), StoreError> {
        if let Some(gate) = &*self.gate.lock().unwrap() {
            gate.recv().unwrap();
        }
        let mut script = self.script();
        assert!(!script.panic, "told to");
        if script.fail_apply {
            return Err(StoreError::Unavailable("the disk is gone".into()));
        }
        for (key, record) in batch.effects.records {
            match record {
                Some(record) => script.revisions.insert(key, record.revision),
                None => script.revisions.remove(&key),
            };
        }
        script.applied.push(sync);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        let mut script = self.script();
        if script.fail_sync {
            return Err(StoreError::Unavailable("the disk is gone".into()));
        }
        script.syncs += 1;
        Ok(())
    }

    fn tidy(&mut self) -> Result<bool, StoreError> {
        let mut script = self.script();
        script.tidies_left = script.tidies_left.saturating_sub(1);
        Ok(script.tidies_left > 0)
    }

    fn free_space(&mut self) -> std::io::Result<u64> {
        Ok(self.script().free.unwrap_or(u64::MAX))
    }
}

struct Bench {
    fake: Fake,
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    fatal: Arc<Mutex<Vec<String>>>,
    thread: JoinHandle<bool>,
}

const RESERVE: u64 = 1000;

fn bench(fake: Fake) -> Bench {
    let (queue, inbox) = Queue::new();
    let shared = Arc::new(Shared::default());
    let fatal = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&fatal);
    let on_fatal: FatalHook = Arc::new(move |text| told.lock().unwrap().push(text.to_owned()));
    let engine = fake.clone();
    let limits = (100, RESERVE);
    let committer = Committer::new(engine, inbox, Arc::clone(&shared), on_fatal, limits, 10);
    let thread = spawn(|| committer.run());
    Bench {
        fake,
        queue: Arc::new(queue),
        shared,
        fatal,
        thread,
    }
}

impl Bench {
    async fn commit(&self, txn: Txn) -> Result<(), CommitError> {
        self.queue.commit(vec![txn]).await.remove(0)
    }

    fn settled(&self) -> u64 {
        self.shared.settled.load(Ordering::Acquire)
    }

    fn end(self) -> (Fake, Vec<String>) {
        self.queue.close();
        // A thread that was told to panic is part of a test.
        let _ = self.thread.join();
        let fatal = self.fatal.lock().unwrap().clone();
        (self.fake, fatal)
    }
}

fn key(name: &'static str) -> Key {
    Key {
        table: Table::Heads,
        bytes: Bytes::from_static(name.as_bytes()),
    }
}

fn put(name: &'static str) -> Txn {
    let write = vec![Write::Put(key(name), Bytes::new())];
    Txn {
        when: When::Now,
        expect: vec![],
        write,
        payloads: vec![],
    }
}

fn soon(name: &'static str) -> Txn {
    Txn {
        when: When::Soon,
        ..put(name)
    }
}

fn refused(answer: &Result<(), CommitError>) -> bool {
    matches!(answer, Err(CommitError::Unavailable(_)))
}

/// Holds every apply until the sender speaks.
fn gated() -> (Fake, mpsc::Sender<()>) {
    let (open, gate) = mpsc::channel();
    let fake = Fake::default();
    *fake.gate.lock().unwrap() = Some(gate);
    (fake, open)
}

#[tokio::test]
async fn those_who_wait_during_a_sync_share_the_next_one() {
    let (fake, open) = gated();
    let bench = bench(fake);
    let queue = Arc::clone(&bench.queue);
    let first = tokio::spawn(async move { queue.commit(vec![put("first")]).await });
    // Taken out of the queue: the committer is in its first batch.
    while bench.fake.gate.try_lock().is_ok() {
        tokio::task::yield_now().await;
    }
    let queue = Arc::clone(&bench.queue);
    let rest =
        tokio::spawn(async move { queue.commit((0..50).map(|_| put("rest")).collect()).await });
    while bench.queue.len() < 50 {
        tokio::task::yield_now().await;
    }
    open.send(()).unwrap();
    open.send(()).unwrap();
    assert!(first.await.unwrap()[0].is_ok());
    assert!(rest.await.unwrap().iter().all(Result::is_ok));
    assert_eq!(bench.settled(), 10 + 51);
    let stats = bench.shared.totals.read(0);
    assert_eq!((stats.batches, stats.members, stats.syncs), (2, 51, 2));
    assert_eq!(bench.end().0.script().applied, [true, true]);
}

#[tokio::test]
async fn a_conflict_is_answered_after_what_caused_it_is_visible() {
    let (fake, open) = gated();
    let bench = bench(fake);
    let answered = Arc::new(AtomicUsize::new(0));
    let creator = || {
        let (queue, answered) = (Arc::clone(&bench.queue), Arc::clone(&answered));
        tokio::spawn(async move {
            let absent = Txn {
                expect: vec![Expect::Absent(key("a"))],
                ..put("a")
            };
            let answer = queue.commit(vec![absent]).await.remove(0);
            answered.fetch_add(1, Ordering::SeqCst);
            answer
        })
    };
    let creators = [creator(), creator()];
    while bench.fake.gate.try_lock().is_ok() || bench.queue.len() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(answered.load(Ordering::SeqCst), 0, "nothing is visible yet");
    for _ in &creators {
        open.send(()).unwrap();
    }
    let mut passed = 0;
    for creator in creators {
        let answer = creator.await.unwrap();
        assert!(bench.fake.script().revisions.contains_key(&key("a")));
        assert!(matches!(answer, Ok(()) | Err(CommitError::Conflict)));
        passed += usize::from(answer.is_ok());
    }
    assert_eq!(passed, 1);
    assert_eq!(bench.shared.totals.read(0).conflicts, 1);
    bench.end();
}

#[tokio::test]
async fn a_failed_write_is_fatal_and_nobody_is_answered_well() {
    let fake = Fake::default();
    fake.script().fail_apply = true;
    let bench = bench(fake);
    let absent = Txn {
        expect: vec![Expect::Absent(key("a"))],
        ..put("a")
    };
    let answers = bench.queue.commit(vec![put("a"), absent]).await;
    assert!(answers.iter().all(refused), "{answers:?}");
    bench.fake.script().fail_apply = false;
    assert!(
        refused(&bench.commit(put("b")).await),
        "nothing is written after a failure"
    );
    assert_eq!(bench.settled(), 0);
    let (fake, fatal) = bench.end();
    assert!(fake.script().applied.is_empty());
    assert_eq!(fatal.len(), 1);
    assert!(fatal[0].contains("the disk is gone"), "{fatal:?}");
}

#[tokio::test]
async fn a_failed_sync_of_soon_is_fatal() {
    let fake = Fake::default();
    fake.script().fail_sync = true;
    let bench = bench(fake);
    bench.commit(soon("a")).await.unwrap();
    while bench.fatal.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(refused(&bench.commit(put("b")).await));
    assert_eq!(bench.settled(), 0);
    bench.end();
}

#[tokio::test]
async fn a_panic_is_fatal() {
    let fake = Fake::default();
    fake.script().panic = true;
    let bench = bench(fake.clone());
    assert!(refused(&bench.commit(put("a")).await));
    fake.script.clear_poison();
    let (_, fatal) = bench.end();
    assert_eq!(fatal.len(), 1, "{fatal:?}");
}

#[tokio::test]
async fn soon_is_written_without_a_sync_and_synced_by_itself() {
    let bench = bench(Fake::default());
    bench.commit(soon("a")).await.unwrap();
    assert_eq!(bench.fake.script().applied, [false]);
    while bench.fake.script().syncs == 0 {
        tokio::task::yield_now().await;
    }
    while bench.settled() < 11 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.end().0.script().syncs, 1, "once is enough");
}

#[tokio::test]
async fn now_syncs_the_soon_before_it() {
    let bench = bench(Fake::default());
    let answers = bench.queue.commit(vec![soon("a"), put("b")]).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(bench.settled(), 12);
    let (fake, _) = bench.end();
    assert_eq!(fake.script().applied.last(), Some(&true));
    assert_eq!(
        fake.script().syncs,
        0,
        "nothing was left to sync at the end"
    );
}

#[tokio::test]
async fn closing_commits_what_waits_and_syncs_it() {
    let (fake, open) = gated();
    let bench = bench(fake);
    let (answer, waiting) = oneshot::channel();
    let queue = Arc::clone(&bench.queue);
    tokio::spawn(async move {
        let _ = answer.send(queue.commit(vec![soon("a"), soon("b"), soon("c")]).await);
    });
    while bench.fake.gate.try_lock().is_ok() {
        tokio::task::yield_now().await;
    }
    bench.queue.close();
    for _ in 0..3 {
        // Fewer batches than members are fine.
        let _ = open.send(());
    }
    let answers = waiting.await.unwrap();
    let entered = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(entered >= 1, "what was entered is committed: {answers:?}");
    let (fake, fatal) = bench.end();
    assert_eq!(fake.script().syncs, 1);
    assert!(fatal.is_empty());
}

#[tokio::test]
async fn short_of_space_only_removals_and_progress_pass_and_then_nothing() {
    let delete = || Txn {
        write: vec![Write::Delete(key("a"))],
        ..put("a")
    };
    let append = || {
        let log = cohong_core::ports::LogId(cohong_core::model::BucketId(1));
        let write = vec![Write::Append(log, Bytes::new()), Write::Delete(key("a"))];
        Txn { write, ..put("a") }
    };
    let body = || {
        let id = cohong_core::model::BlobId {
            payload: cohong_core::model::PayloadId([0; 16]),
            n: 0,
        };
        Txn {
            payloads: vec![(id, Bytes::new())],
            ..delete()
        }
    };
    let progress = || Txn {
        when: When::Soon,
        ..put("a")
    };
    let cases = [
        (RESERVE, [true, true, true, true, true]),
        (RESERVE - 1, [false, true, true, false, true]),
        (RESERVE / 4, [false, true, true, false, true]),
        (RESERVE / 4 - 1, [false, false, false, false, false]),
    ];
    for (free, passing) in cases {
        let fake = Fake::default();
        fake.script().free = Some(free);
        let bench = bench(fake);
        let answers = bench
            .queue
            .commit(vec![put("a"), delete(), append(), body(), progress()])
            .await;
        let passed: Vec<_> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(passed, passing, "{free} bytes free: {answers:?}");
        assert!(
            answers
                .iter()
                .all(|a| matches!(a, Ok(()) | Err(CommitError::Full)))
        );
        bench.fake.script().free = Some(RESERVE);
        while bench.commit(put("a")).await.is_err() {
            tokio::task::yield_now().await;
        }
        bench.end();
    }
}

#[tokio::test]
async fn tidying_goes_on_until_nothing_is_left() {
    let fake = Fake::default();
    fake.script().tidies_left = 20;
    let bench = bench(fake);
    while bench.fake.script().tidies_left > 0 {
        tokio::task::yield_now().await;
    }
    bench.commit(put("a")).await.unwrap();
    bench.end();
}
