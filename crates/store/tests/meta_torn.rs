//! The embedded store after a power cut in the middle of a sync: the last batch lacks some of its
//! bytes. It was never answered, so the store must open without it and with everything before it.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use cohong_core::ports::{Key, MetadataStore, Table, Txn, When, Write};
use cohong_store::meta::{EmbeddedMeta, OpenError, Options};

const RECORD: usize = 20_000;

fn open(dir: &Path) -> Result<EmbeddedMeta, OpenError> {
    EmbeddedMeta::open(
        dir,
        Options {
            reserve_bytes: 0,
            ..Options::default()
        },
    )
}

fn key(n: u8) -> Key {
    Key {
        table: Table::Heads,
        bytes: vec![n].into(),
    }
}

async fn put(store: &EmbeddedMeta, n: u8) {
    let write = vec![Write::Put(key(n), Bytes::from(vec![n; RECORD]))];
    let txn = Txn {
        when: When::Now,
        expect: vec![],
        write,
        payloads: vec![],
    };
    store.commit(vec![txn]).await.remove(0).expect("a commit");
}

async fn found(store: &EmbeddedMeta) -> Vec<u8> {
    let keys: Vec<_> = (1..=4).map(key).collect();
    let records = store.get_many(&keys).await.expect("a read");
    records
        .into_iter()
        .flatten()
        .map(|record| record.bytes[0])
        .collect()
}

/// The journal, and where the record of `n` begins in it.
fn in_journal(dir: &Path, n: u8) -> (PathBuf, usize) {
    let path = dir.join("fjall").join("0.jnl");
    let bytes = std::fs::read(&path).expect("the journal");
    let record = vec![n; RECORD];
    let at = bytes.windows(RECORD).position(|window| window == record);
    (path, at.expect("the record is in the journal"))
}

fn change(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("a file");
    edit(&mut bytes);
    std::fs::write(path, bytes).expect("a file");
}

/// A folder with the records 1, 2 and 3, each a batch.
async fn three() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).expect("a new store");
    for n in 1..=3 {
        put(&store, n).await;
    }
    let note = std::fs::read(dir.path().join("durable")).expect("a note");
    drop(store);
    // The power went before an orderly end could note what is durable.
    std::fs::write(dir.path().join("durable"), note).expect("a note");
    dir
}

#[tokio::test]
async fn a_torn_last_batch_is_dropped_and_the_store_goes_on() {
    type Tear = fn(&mut Vec<u8>, usize);
    let tears: [(&str, Tear); 4] = [
        ("a page is missing", |bytes, at| {
            bytes[at + 4096..at + 8192].fill(0);
        }),
        ("one bit", |bytes, at| bytes[at + 100] ^= 1),
        ("everything from the middle on", |bytes, at| {
            bytes[at + 5000..].fill(0);
        }),
        ("the file ends in the middle", |bytes, at| {
            bytes.truncate(at + 5000);
        }),
    ];
    for (name, tear) in tears {
        let dir = three().await;
        let (journal, at) = in_journal(dir.path(), 3);
        change(&journal, |bytes| tear(bytes, at));
        let store = open(dir.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found(&store).await, [1, 2], "{name}");
        put(&store, 4).await;
        drop(store);
        let store = open(dir.path()).unwrap_or_else(|error| panic!("{name}, again: {error}"));
        assert_eq!(found(&store).await, [1, 2, 4], "{name}");
    }
}

#[tokio::test]
async fn damage_before_a_whole_batch_is_refused_and_left_alone() {
    let dir = three().await;
    let (journal, at) = in_journal(dir.path(), 2);
    change(&journal, |bytes| bytes[at + 100] ^= 1);
    let refused = open(dir.path()).expect_err("an answered batch is damaged");
    assert!(matches!(refused, OpenError::Engine { .. }), "{refused}");
    change(&journal, |bytes| bytes[at + 100] ^= 1);
    let store = open(dir.path()).expect("whole again");
    assert_eq!(found(&store).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_store_that_was_half_made_is_made_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()).expect("a new store"));
    // The power went after the first file and before the name that the engine gets when it is whole.
    std::fs::remove_dir_all(dir.path().join("fjall")).expect("removed");
    let half = dir.path().join("fjall.new");
    std::fs::create_dir(&half).expect("a folder");
    std::fs::write(half.join("0.jnl"), [0; 4096]).expect("a file");
    let store = open(dir.path()).expect("made anew");
    put(&store, 1).await;
    assert_eq!(found(&store).await, [1]);
    assert!(!half.exists());
}

#[tokio::test]
async fn a_last_batch_that_was_there_at_an_orderly_end_is_missed() {
    let dir = three().await;
    drop(open(dir.path()).expect("a store"));
    let (journal, at) = in_journal(dir.path(), 3);
    change(&journal, |bytes| bytes[at + 100] ^= 1);
    let refused = open(dir.path()).expect_err("an answered batch is damaged");
    assert!(matches!(refused, OpenError::Engine { .. }), "{refused}");
    let len = std::fs::metadata(&journal).expect("the journal").len();
    change(&journal, |bytes| bytes[at + 100] ^= 1);
    let whole = std::fs::metadata(&journal).expect("the journal").len();
    assert_eq!(len, whole, "and is left alone");
    drop(open(dir.path()).expect("whole again"));
    change(&journal, |bytes| bytes.truncate(at - 100));
    let refused = open(dir.path()).expect_err("an answered batch is gone");
    assert!(
        matches!(
            refused,
            OpenError::Engine { .. } | OpenError::Missing { .. }
        ),
        "{refused}"
    );
}
