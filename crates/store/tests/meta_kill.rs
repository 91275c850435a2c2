//! The embedded store under SIGKILL: a child process commits and says what was answered, the parent
//! kills it at some moment, opens what is left and compares. Several times on one folder.
//!
//! A program of its own rather than a test function, because it starts itself as the child.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::model::{BlobId, BucketId, PayloadId};
use cohong_core::ports::{
    Expect, Key, KeyRange, Limit, LogId, MetadataStore, Order, Position, StoreError, Table, Txn,
    When, Write,
};
use cohong_store::meta::{EmbeddedMeta, Options};

const ROUNDS: usize = 6;
const WRITERS: u64 = 6;
const LOG: LogId = LogId(BucketId(1));
const WIDE: Limit = Limit {
    rows: 1_000_000,
    bytes: 1 << 30,
};

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let arguments: Vec<_> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--child") {
        Some(at) => runtime.block_on(child(Path::new(&arguments[at + 1]), &arguments[at + 2])),
        None => runtime.block_on(parent()),
    }
}

fn open(dir: &Path) -> EmbeddedMeta {
    let options = Options {
        reserve_bytes: 0,
        ..Options::default()
    };
    EmbeddedMeta::open(dir, options).expect("the store opens")
}

/// The n-th transaction of a writer in a round: a record, a log record and a payload that belong
/// together.
fn name(round: &str, writer: u64, n: u64) -> String {
    format!("{round}-{writer}-{n:06}")
}

fn key(name: &str) -> Key {
    Key {
        table: Table::Heads,
        bytes: Bytes::copy_from_slice(name.as_bytes()),
    }
}

fn blob(name: &str) -> BlobId {
    let mut payload = [0; 16];
    payload[..name.len()].copy_from_slice(name.as_bytes());
    BlobId {
        payload: PayloadId(payload),
        n: 0,
    }
}

fn body(name: &str) -> Bytes {
    name.repeat(300).into()
}

/// Commits until killed and prints the name of each transaction once it was answered.
async fn child(dir: &Path, round: &str) {
    let store = Arc::new(open(dir));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, round) = (Arc::clone(&store), round.to_owned());
        writers.spawn(async move {
            for n in 0.. {
                let name = name(&round, writer, n);
                let text = Bytes::copy_from_slice(name.as_bytes());
                let txn = Txn {
                    when: When::Now,
                    expect: vec![Expect::Absent(key(&name))],
                    write: vec![
                        Write::Put(key(&name), text.clone()),
                        Write::Append(LOG, text),
                    ],
                    payloads: vec![(blob(&name), body(&name))],
                };
                let soon = vec![Write::Put(
                    key("~progress"),
                    Bytes::copy_from_slice(name.as_bytes()),
                )];
                let soon = Txn {
                    when: When::Soon,
                    expect: vec![],
                    write: soon,
                    payloads: vec![],
                };
                for answer in store.commit(vec![txn, soon]).await {
                    answer.expect("a commit");
                }
                let mut out = std::io::stdout().lock();
                writeln!(out, "{name}")
                    .and_then(|()| out.flush())
                    .expect("the parent listens");
            }
        });
    }
    writers.join_all().await;
}

async fn parent() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut answered = BTreeSet::new();
    let mut before = Vec::new();
    for round in 0..ROUNDS {
        // Killed after so many answers, which is at any moment of the batches after them.
        let answers = 20 + 173 * round % 400;
        answered.extend(run_and_kill(dir.path(), round, answers));
        before = check(dir.path(), &answered, &before).await;
    }
    assert!(
        answered.len() > 500,
        "the children hardly worked: {}",
        answered.len()
    );
}

fn run_and_kill(dir: &Path, round: usize, answers: usize) -> Vec<String> {
    let itself = std::env::current_exe().expect("this program");
    let mut command = Command::new(itself);
    command
        .arg("--child")
        .arg(dir)
        .arg(round.to_string())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut answered: Vec<String> = lines
        .by_ref()
        .take(answers)
        .map(|line| line.expect("a line"))
        .collect();
    child.kill().expect("a kill");
    child.wait().expect("an end");
    // What it said before it died counts; a line cut short does not occur in pipes of whole lines.
    answered.extend(lines.map(|line| line.expect("a line")));
    assert!(
        answered.len() >= answers,
        "the child ended by itself after {}",
        answered.len()
    );
    answered
}

/// Everything answered is there; everything that is there is whole; the log only grew. Returns the
/// log.
async fn check(
    dir: &Path,
    answered: &BTreeSet<String>,
    before: &[(Position, Bytes)],
) -> Vec<(Position, Bytes)> {
    let store = open(dir);
    let all = KeyRange {
        table: Table::Heads,
        start: Bytes::new(),
        end: Some("~".into()),
    };
    let pages = store
        .scan(&[all], Order::Ascending, WIDE)
        .await
        .expect("a scan");
    let found: BTreeMap<String, Bytes> = pages[0]
        .rows
        .iter()
        .map(|(key, record)| {
            (
                String::from_utf8_lossy(key).into_owned(),
                record.bytes.clone(),
            )
        })
        .collect();
    let lost: Vec<_> = answered
        .iter()
        .filter(|name| !found.contains_key(*name))
        .collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");

    let tail = store.tail(LOG, Position(0), WIDE).await.expect("a tail");
    assert!(tail.records.starts_with(before), "the log was rewritten");
    assert!(tail.records.is_sorted_by(|(a, _), (b, _)| a < b));
    let logged: BTreeSet<_> = tail.records.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(
        logged.len(),
        tail.records.len(),
        "a transaction was applied twice"
    );
    assert!(found.values().eq(&logged), "records and log differ");
    for name in found.keys() {
        let body = body(name);
        let payload = store.payload(blob(name), 0..body.len() as u64).await;
        assert_eq!(payload.expect("a payload"), body);
    }
    let never = store.payload(blob("never"), 0..0).await;
    assert!(matches!(never, Err(StoreError::NoSuchPayload)));
    tail.records
}
