//! What every metadata store promises, case by case. An implementation runs them all with
//! [`meta_suite!`](crate::meta_suite), which makes one test of each.
//!
//! The cases know the port alone: no case looks behind it, and none asserts a duration.

mod commits;
mod logs;
mod model;
mod payloads;
mod reads;
mod reopen;
mod together;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::model::{BlobId, BucketId, PayloadId};
use cohong_core::ports::{
    CommitError, Expect, Key, KeyRange, Limit, LogId, MetadataStore, Position, Record, Revision,
    Table, Tail, Txn, When, Write,
};

pub use commits::*;
pub use logs::*;
pub use model::*;
pub use payloads::*;
pub use reads::*;
pub use reopen::*;
pub use together::*;

/// A store under test and the way to end and open it again.
pub trait Subject: Send {
    /// The store as it is open now. A case drops every handle before it reopens.
    fn store(&self) -> Arc<dyn MetadataStore>;

    /// Ends the store and opens what it left. Only what was durable must be found again.
    fn reopen(&mut self);
}

/// Makes one test of every case. The argument is an expression that makes an empty
/// [`Subject`](crate::suite::meta::Subject); it is evaluated once a case.
#[macro_export]
macro_rules! meta_suite {
    ($new:expr) => {
        $crate::meta_suite! { $new =>
            records_come_in_the_order_asked
            tables_are_apart
            keys_and_records_are_any_bytes
            a_range_has_its_start_and_not_its_end
            a_page_is_bounded_by_rows
            a_page_is_bounded_by_bytes
            a_page_has_a_row_whatever_its_size
            pages_follow_each_other_without_gap
            every_range_has_its_own_page
            an_answered_commit_is_read
            expectations_decide
            a_conflict_leaves_nothing_behind
            members_are_independent_and_in_order
            writes_of_a_member_are_in_order
            a_revision_is_never_used_twice_for_a_key
            more_members_than_a_batch_holds
            transactions_nobody_should_make_are_refused
            soon_is_read_once_answered
            soon_conflicts_like_now
            a_log_is_read_after_a_position
            logs_are_apart
            a_tail_is_bounded
            settled_is_not_below_what_was_asked_or_returned
            positions_follow_what_was_seen
            appends_of_a_member_are_in_order
            a_trim_forgets_up_to_and_including
            a_trim_spares_later_appends
            a_trim_of_many_records_is_whole
            a_payload_is_read_in_parts
            a_missing_payload_is_named_so
            a_payload_comes_with_its_records_or_not_at_all
            payloads_have_a_largest_size
            a_counter_of_many_writers_ends_exact
            one_of_many_creators_wins_and_the_others_see_it
            a_read_is_one_snapshot
            nothing_appears_at_or_below_settled
            everything_answered_survives
            soon_is_durable_with_the_next_now
            numbers_never_go_back
            many_steps_match_a_model
        }
    };
    ($new:expr => $($case:ident)*) => {$(
        #[test]
        fn $case() {
            let mut subject = $new;
            $crate::suite::meta::run($crate::suite::meta::$case(&mut subject));
        }
    )*};
}

/// Runs a case on a runtime with two threads.
pub fn run(case: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for a test");
    runtime.block_on(case);
}

const WIDE: Limit = Limit {
    rows: 10_000,
    bytes: 64 << 20,
};

fn key(name: impl AsRef<[u8]>) -> Key {
    Key {
        table: Table::Heads,
        bytes: Bytes::copy_from_slice(name.as_ref()),
    }
}

fn range(start: &'static str, end: Option<&'static str>) -> KeyRange {
    let end = end.map(|end| Bytes::from_static(end.as_bytes()));
    KeyRange {
        table: Table::Heads,
        start: Bytes::from_static(start.as_bytes()),
        end,
    }
}

fn put(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Write {
    Write::Put(key(name), Bytes::copy_from_slice(value.as_ref()))
}

fn log(n: u64) -> LogId {
    LogId(BucketId(n))
}

fn append(to: u64, text: impl AsRef<[u8]>) -> Write {
    Write::Append(log(to), Bytes::copy_from_slice(text.as_ref()))
}

fn blob(n: u64) -> BlobId {
    BlobId {
        payload: PayloadId([7; 16]),
        n,
    }
}

fn txn(expect: Vec<Expect>, write: Vec<Write>) -> Txn {
    Txn {
        when: When::Now,
        expect,
        write,
        payloads: Vec::new(),
    }
}

fn soon(write: Vec<Write>) -> Txn {
    Txn {
        when: When::Soon,
        ..txn(Vec::new(), write)
    }
}

async fn commit(store: &dyn MetadataStore, txn: Txn) -> Result<(), CommitError> {
    let mut answers = store.commit(vec![txn]).await;
    assert_eq!(answers.len(), 1, "one answer a member");
    answers.remove(0)
}

async fn write(store: &dyn MetadataStore, write: Vec<Write>) {
    commit(store, txn(Vec::new(), write))
        .await
        .expect("a commit without expectations");
}

async fn get(store: &dyn MetadataStore, name: impl AsRef<[u8]>) -> Option<Record> {
    let mut records = store.get_many(&[key(name)]).await.expect("a read");
    assert_eq!(records.len(), 1, "one answer a key");
    records.remove(0)
}

async fn value(store: &dyn MetadataStore, name: impl AsRef<[u8]>) -> Option<Bytes> {
    get(store, name).await.map(|record| record.bytes)
}

async fn revision(store: &dyn MetadataStore, name: &str) -> Revision {
    get(store, name).await.expect("a record").revision
}

async fn tail(store: &dyn MetadataStore, of: u64, after: Position) -> Tail {
    store.tail(log(of), after, WIDE).await.expect("a tail")
}

fn texts(tail: &Tail) -> Vec<String> {
    let text = |(_, bytes): &(_, Bytes)| String::from_utf8_lossy(bytes).into_owned();
    tail.records.iter().map(text).collect()
}

fn is_conflict(answer: &Result<(), CommitError>) -> bool {
    matches!(answer, Err(CommitError::Conflict))
}
