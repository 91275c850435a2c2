//! The embedded store with damage on its disk: what is damaged is told, and the rest goes on. And copies of it.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cohong_core::model::BucketId;
use cohong_core::ports::{Key, Limit, LogId, MetadataStore, Position, Table, Txn, When, Write};
use cohong_store::meta::{EmbeddedMeta, Options, RowsFrom, raise_numbers};
use cohong_testkit::seed::Seed;

const LOG: LogId = LogId(BucketId(7));
const RECORDS: usize = 60;
const WIDE: Limit = Limit {
    rows: 1000,
    bytes: usize::MAX,
};

fn open(dir: &Path) -> EmbeddedMeta {
    let options = Options {
        reserve_bytes: 0,
        ..Options::default()
    };
    EmbeddedMeta::open(dir, options).expect("the store opens")
}

async fn write(store: &EmbeddedMeta, write: Write) {
    let txn = Txn {
        when: When::Now,
        expect: vec![],
        write: vec![write],
        payloads: vec![],
    };
    store.commit(vec![txn]).await.remove(0).expect("a commit");
}

async fn tail(store: &EmbeddedMeta) -> Vec<(Position, Bytes)> {
    let tail = store.tail(LOG, Position(0), WIDE).await.expect("a tail");
    tail.records
}

fn key() -> Key {
    Key {
        table: Table::Heads,
        bytes: Bytes::from_static(b"another"),
    }
}

/// Bytes that no compression makes shorter.
fn record(n: usize) -> Bytes {
    let mut dice = Seed::new(n as u64);
    (0..1000).map(|_| dice.draw().to_le_bytes()[0]).collect()
}

/// A store with a log in tables, its folder below `dir`.
async fn copied(dir: &Path) -> PathBuf {
    let store = open(&dir.join("first"));
    for n in 0..RECORDS {
        write(&store, Write::Append(LOG, record(n))).await;
    }
    write(&store, Write::Put(key(), Bytes::from_static(b"whole"))).await;
    let copy = dir.join("copy");
    store.copy_to(&copy).expect("a copy");
    copy
}

/// Flips a bit in the middle of these bytes, wherever a table has them.
fn harm(store: &Path, bytes: &[u8]) {
    let keyspaces = fs::read_dir(store.join("fjall/keyspaces")).expect("a folder");
    let tables = keyspaces.flat_map(|tree| {
        let tables = tree.expect("an entry").path().join("tables");
        fs::read_dir(tables).expect("a folder")
    });
    for table in tables {
        let path = table.expect("an entry").path();
        let mut file = fs::read(&path).expect("a table");
        let piece = &bytes[400..464];
        if let Some(at) = file.windows(64).position(|window| window == piece) {
            file[at + 32] ^= 1;
            return fs::write(path, file).expect("written");
        }
    }
    panic!("no table has the bytes");
}

#[tokio::test]
async fn e13_a_damaged_log_record_is_told_and_the_rest_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let copy = copied(dir.path()).await;
    let whole = tail(&open(&copy)).await;
    assert_eq!(whole.len(), RECORDS);
    harm(&copy, &record(30));

    let store = open(&copy);
    let found = tail(&store).await;
    let told: Vec<Position> = found
        .iter()
        .filter(|(_, bytes)| bytes.is_empty())
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(told.len(), 1, "the damage is told once");
    assert!(told[0] >= whole[30].0 && told[0] < whole[40].0, "{told:?}");
    let read: Vec<_> = found
        .into_iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    assert!(read.iter().all(|record| whole.contains(record)));
    assert!(!read.contains(&whole[30]));
    assert!(read.len() > RECORDS - 10, "one block: {}", read.len());
    assert_eq!((&read[0], read.last()), (&whole[0], whole.last()));

    let records = store
        .get_many(&[key()])
        .await
        .expect("other records are read");
    assert!(records[0].is_some());
    write(&store, Write::Append(LOG, record(99))).await;
    assert_eq!(
        tail(&store).await.last().map(|(_, bytes)| bytes.clone()),
        Some(record(99))
    );
}

#[tokio::test]
async fn a_look_finds_damaged_rows_and_damaged_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let copy = copied(dir.path()).await;
    let look = |store: &EmbeddedMeta| {
        let (mut rows, mut damage, mut from) = (0, Vec::new(), Some(RowsFrom::default()));
        while let Some(next) = from {
            let (found, on) = store.examine_rows(next, 7);
            rows += found.rows;
            damage.extend(found.damage);
            from = on;
        }
        let files = store.table_files().expect("files");
        assert!(files.len() >= 3, "{files:?}");
        let files = files
            .iter()
            .map(|file| store.examine_file(file).expect("a file"));
        let files: Vec<String> = files.flat_map(|found| found.damage).collect();
        (rows, damage, files)
    };
    let (rows, damage, files) = look(&open(&copy));
    assert!(rows > RECORDS as u64, "{rows}");
    assert_eq!((damage, files), (vec![], vec![]));
    harm(&copy, &record(30));
    let (_, damage, files) = look(&open(&copy));
    assert_eq!((damage.len(), files.len()), (1, 1), "{damage:?} {files:?}");
}

#[tokio::test]
async fn numbers_go_on_behind_those_of_the_days_that_are_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let copy = copied(dir.path()).await;
    let far = 1 << 50;
    raise_numbers(&copy, far).expect("raised");
    let store = open(&copy);
    let before = tail(&store).await;
    assert_eq!(before.len(), RECORDS);
    write(&store, Write::Append(LOG, record(61))).await;
    let (last, _) = tail(&store).await.remove(RECORDS);
    assert!(last > Position(far), "{last:?}");
    drop(store);
    raise_numbers(&copy, 1).expect("raised");
    assert_eq!(tail(&open(&copy)).await.len(), RECORDS + 1);
}
