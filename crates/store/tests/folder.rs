//! A data folder as the first version of its format has it, kept in `fixtures/folder-1`: whatever changes, it opens and
//! gives what was put into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::model::{BlobId, BucketId, PayloadId};
use cohong_core::ports::{
    BlobStore, Key, Limit, LogId, MetadataStore, Position, Sealer, Table, Txn, When, Write,
};
use cohong_store::blob::{self, LocalBlobs};
use cohong_store::disk::RealDisk;
use cohong_store::meta::{EmbeddedMeta, Options};
use cohong_store::seal::FileSealer;
use futures_util::StreamExt;

const LOG: LogId = LogId(BucketId(3));

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/folder-1")
}

fn key(table: Table) -> Key {
    Key {
        table,
        bytes: Bytes::from_static(b"a key"),
    }
}

fn blob(n: u64) -> BlobId {
    BlobId {
        payload: PayloadId([5; 16]),
        n,
    }
}

fn body(len: u8) -> Bytes {
    (0..len).cycle().take(usize::from(len) * 300).collect()
}

fn meta(data: &Path) -> EmbeddedMeta {
    let options = Options {
        reserve_bytes: 0,
        ..Options::default()
    };
    EmbeddedMeta::open(&data.join("meta"), options).expect("the metadata opens")
}

fn blobs(data: &Path) -> LocalBlobs {
    let options = blob::Options {
        reserve: 0,
        ..blob::Options::new(Arc::new(|error| panic!("{error}")))
    };
    LocalBlobs::open(data.to_owned(), Arc::new(RealDisk), options).expect("the blobs open")
}

/// One record in each table, by one transaction each; a log record and a small body with each.
async fn fill(store: &EmbeddedMeta, tables: &[Table]) {
    for (n, table) in (1..).zip(tables) {
        let put = Write::Put(key(*table), Bytes::from(format!("{table:?}")));
        let append = Write::Append(LOG, Bytes::from(format!("log of {table:?}")));
        let txn = Txn {
            when: When::Now,
            expect: vec![],
            write: vec![put, append],
            payloads: vec![(blob(n), body(7))],
        };
        store.commit(vec![txn]).await.remove(0).expect("a commit");
    }
}

/// The tables that were there when the folder was made, in two halves: one in tables of the engine, one in its journal.
fn halves() -> (&'static [Table], &'static [Table]) {
    Table::ALL[..37].split_at(20)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

/// Makes such a folder.
async fn make(data: &Path) {
    let scratch = tempfile::tempdir().expect("a folder");
    let (first, second) = halves();
    let store = meta(scratch.path());
    fill(&store, first).await;
    drop(store.copy_to(&data.join("meta")).expect("a copy"));
    fill(&meta(data), second).await;
    // Cuts off what the journal reserved.
    drop(meta(data));
    let store = blobs(data);
    let mut writer = store.create(blob(0), None).await.expect("a blob");
    writer.write(body(250)).await.expect("written");
    writer.finish().await.expect("finished");
    let sealer = FileSealer::open(data).expect("a key");
    fs::write(data.join("sealed"), sealer.seal(b"a secret")).expect("written");
}

#[tokio::test]
async fn the_first_format_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&fixture(), folder.path());
    check(folder.path()).await;
}

/// With `COHONG_FOLDER` it is left there: until the first release the fixture may be made anew.
#[tokio::test]
async fn what_is_written_today_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path()).await;
    if let Some(to) = std::env::var_os("COHONG_FOLDER") {
        copy(folder.path(), Path::new(&to));
    }
    check(folder.path()).await;
}

async fn check(data: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(data.join("server.key"), private).expect("set");
    let store = meta(data);
    let (first, second) = halves();
    let tail = store
        .tail(
            LOG,
            Position(0),
            Limit {
                rows: 100,
                bytes: usize::MAX,
            },
        )
        .await;
    let mut log = tail.expect("a log").records.into_iter();
    for half in [first, second] {
        for (n, table) in (1..).zip(half) {
            let found = store
                .get_many(&[key(*table)])
                .await
                .expect("a read")
                .remove(0);
            assert_eq!(found.expect("a record").bytes, format!("{table:?}"));
            let (_, bytes) = log.next().expect("a log record");
            assert_eq!(bytes, format!("log of {table:?}"));
            let small = store
                .payload(blob(n), 0..7 * 300)
                .await
                .expect("a small body");
            assert_eq!(small, body(7));
        }
    }
    assert_eq!(log.next(), None);
    let mut stream = blobs(data)
        .read(blob(0), 0..250 * 300)
        .await
        .expect("a blob");
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.expect("a piece"));
    }
    assert!(bytes == body(250), "the blob");
    let sealer = FileSealer::open(data).expect("a key");
    let secret = fs::read(data.join("sealed")).expect("a secret");
    assert_eq!(sealer.open(&secret).expect("opened"), b"a secret");
}
