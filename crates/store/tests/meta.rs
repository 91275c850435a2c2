//! The metadata suite on the embedded store, and what that store promises beyond the port.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::model::{BlobId, BucketId, PayloadId};
use cohong_core::ports::{
    Key, Limit, LogId, MetadataStore, Position, StoreError, Table, Txn, When, Write,
};
use cohong_store::meta::{EmbeddedMeta, OpenError, Options};
use cohong_testkit::suite::meta::Subject;
use tempfile::TempDir;

/// It reopens by an orderly end; ends by force are in `meta_kill.rs`.
struct Embedded {
    store: Option<Arc<EmbeddedMeta>>,
    dir: TempDir,
}

fn open(dir: &Path) -> EmbeddedMeta {
    EmbeddedMeta::open(dir, options()).expect("the store opens")
}

fn options() -> Options {
    Options {
        reserve_bytes: 0,
        ..Options::default()
    }
}

impl Embedded {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        Self {
            store: Some(Arc::new(open(dir.path()))),
            dir,
        }
    }
}

impl Subject for Embedded {
    fn store(&self) -> Arc<dyn MetadataStore> {
        Arc::<EmbeddedMeta>::clone(self.store.as_ref().expect("open"))
    }

    fn reopen(&mut self) {
        let store = self.store.take().expect("open");
        assert_eq!(
            Arc::strong_count(&store),
            1,
            "a case kept a handle over the end"
        );
        drop(store);
        self.store = Some(Arc::new(open(self.dir.path())));
    }
}

cohong_testkit::meta_suite!(Embedded::new());

fn put(when: When, bytes: &'static [u8]) -> Txn {
    let key = Key {
        table: Table::Server,
        bytes: Bytes::from_static(b"k"),
    };
    let write = vec![Write::Put(key, Bytes::from_static(bytes))];
    Txn {
        when,
        expect: vec![],
        write,
        payloads: vec![],
    }
}

async fn commit(store: &EmbeddedMeta, txn: Txn) {
    store.commit(vec![txn]).await.remove(0).expect("a commit");
}

#[tokio::test]
async fn a_second_opener_is_refused_while_the_first_lives() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let refused = EmbeddedMeta::open(dir.path(), options()).unwrap_err();
    assert!(matches!(&refused, OpenError::Locked { .. }), "{refused}");
    store.close();
    assert!(
        EmbeddedMeta::open(dir.path(), options()).is_err(),
        "closed, but its files are open"
    );
    drop(store);
    open(dir.path());
}

#[tokio::test]
async fn a_closed_store_reads_and_does_not_write() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    commit(&store, put(When::Now, b"v")).await;
    store.close();
    store.close();
    assert!(
        store
            .commit(vec![put(When::Now, b"w")])
            .await
            .remove(0)
            .is_err()
    );
    let key = Key {
        table: Table::Server,
        bytes: Bytes::from_static(b"k"),
    };
    let found = store.get_many(&[key]).await.unwrap().remove(0).unwrap();
    assert_eq!(found.bytes, "v");
}

#[tokio::test]
async fn soon_alone_becomes_durable_without_another_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let before = store.stats().syncs;
    commit(&store, put(When::Soon, b"v")).await;
    while store.stats().syncs == before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn stats_count_what_happened() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for _ in 0..3 {
        commit(&store, put(When::Now, b"v")).await;
    }
    let stats = store.stats();
    assert_eq!(
        (stats.batches, stats.members, stats.syncs, stats.queued),
        (3, 3, 3, 0)
    );
    assert_eq!(stats.conflicts, 0);
}

/// Enough writes to be flushed from memory several times over, then read from files.
#[tokio::test]
async fn what_was_flushed_is_read_like_what_was_not() {
    let dir = tempfile::tempdir().unwrap();
    let blob = |n| BlobId {
        payload: PayloadId([3; 16]),
        n,
    };
    let body = |n: u64| Bytes::from(vec![n.to_le_bytes()[0]; 60_000]);
    let key = |n: u64| Key {
        table: Table::Heads,
        bytes: Bytes::from(n.to_be_bytes().to_vec()),
    };
    let log = LogId(BucketId(1));
    let mut store = open(dir.path());
    for batch in 0..20_u64 {
        let member = |i| {
            let n = batch * 40 + i;
            let write = vec![
                Write::Put(key(n), Bytes::from(vec![7; 20_000])),
                Write::Append(log, Bytes::from(vec![8; 10_000])),
                Write::Put(key(n / 2), Bytes::from_static(b"again")),
            ];
            Txn {
                when: When::Now,
                expect: vec![],
                write,
                payloads: vec![(blob(n), body(n))],
            }
        };
        for answer in store.commit((0..40).map(member).collect()).await {
            answer.unwrap();
        }
    }
    for round in 0..2 {
        for n in 0..800 {
            let record = store.get_many(&[key(n)]).await.unwrap().remove(0).unwrap();
            assert_eq!(
                record.bytes.len(),
                if n < 400 { 5 } else { 20_000 },
                "record {n}"
            );
            assert_eq!(
                store.payload(blob(n), 1000..60_000).await.unwrap(),
                body(n)[1000..]
            );
        }
        let limit = Limit {
            rows: 1000,
            bytes: 1 << 30,
        };
        let tail = store.tail(log, Position(0), limit).await.unwrap();
        assert_eq!(tail.records.len(), 800, "round {round}");
        drop(store);
        store = open(dir.path());
    }
}

#[tokio::test]
async fn flipped_bytes_on_disk_are_damage_and_never_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    let blob = BlobId {
        payload: PayloadId([3; 16]),
        n: 1,
    };
    let body = Bytes::from(vec![0xa5; 50_000]);
    let store = open(dir.path());
    // Payloads until the first one is in a file of its own rather than in memory.
    let fill = |n| {
        let id = BlobId {
            payload: PayloadId([4; 16]),
            n,
        };
        Txn {
            payloads: vec![(id, Bytes::from(vec![1; 60_000]))],
            write: vec![],
            ..put(When::Now, b"")
        }
    };
    let first = Txn {
        payloads: vec![(blob, body.clone())],
        ..put(When::Now, b"v")
    };
    commit(&store, first).await;
    let mut n = 0;
    while blob_files(dir.path()).is_empty() {
        commit(&store, fill(n)).await;
        n += 1;
        assert!(n < 3000, "payloads were never flushed");
    }
    drop(store);
    let mut flipped = 0;
    for path in blob_files(dir.path()) {
        let mut bytes = std::fs::read(&path).unwrap();
        if let Some(at) = bytes
            .windows(1000)
            .position(|window| window == &body[..1000])
        {
            bytes[at + 20_000] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            flipped += 1;
        }
    }
    assert_eq!(flipped, 1, "the payload is in one file");
    let store = open(dir.path());
    let read = store.payload(blob, 0..10).await;
    assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
}

/// The engine's files of values that are kept apart from their keys.
fn blob_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .parent()
                .is_some_and(|parent| parent.ends_with("blobs"))
            {
                found.push(path);
            }
        }
    }
    found
}
