//! What the memory store has beyond the port: two stages, crashes and fates. The port's promises are
//! in the conformance suite.

use super::*;
use crate::ports::{Expect, Table, When, Write};

fn key(name: &'static str) -> Key {
    Key {
        table: Table::Server,
        bytes: Bytes::from_static(name.as_bytes()),
    }
}

fn put(name: &'static str, when: When) -> Txn {
    let write = vec![Write::Put(key(name), Bytes::from_static(b"v"))];
    Txn {
        when,
        expect: Vec::new(),
        write,
        payloads: Vec::new(),
    }
}

/// The port's futures are ready at once here, so no runtime is needed to drive them.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the memory store never waits"),
    }
}

fn commit(store: &MemoryMeta, txn: Txn) -> Result<(), CommitError> {
    now(store.commit(vec![txn])).remove(0)
}

fn get(store: &MemoryMeta, name: &'static str) -> Option<Record> {
    now(store.get_many(&[key(name)])).unwrap().remove(0)
}

#[test]
fn a_crash_keeps_now_and_loses_soon() {
    let store = MemoryMeta::new();
    commit(&store, put("now", When::Now)).unwrap();
    commit(&store, put("soon", When::Soon)).unwrap();
    assert!(
        get(&store, "soon").is_some(),
        "visible before it is durable"
    );
    let after = store.crash();
    assert_eq!(
        (get(&after, "now").is_some(), get(&after, "soon").is_some()),
        (true, false)
    );
}

#[test]
fn a_crash_may_keep_the_first_of_what_was_not_synced() {
    let names = ["first", "second"];
    for kept in 0..=2 {
        let store = MemoryMeta::new();
        for name in names {
            commit(&store, put(name, When::Soon)).unwrap();
        }
        assert_eq!(store.unsynced(), 2);
        let after = store.crash_keeping(kept);
        let found = names.map(|name| get(&after, name).is_some());
        assert_eq!(found, [kept > 0, kept > 1]);
    }
}

#[test]
fn a_store_that_does_not_sync_loses_what_it_answered() {
    let store = MemoryMeta::new();
    store.fail_commits(1, Fate::Unsynced);
    commit(&store, put("now", When::Now)).unwrap();
    assert!(get(&store, "now").is_some());
    assert!(get(&store.crash(), "now").is_none());
}

#[test]
fn soon_becomes_durable_with_the_next_now_or_a_sync() {
    let store = MemoryMeta::new();
    commit(&store, put("soon", When::Soon)).unwrap();
    commit(&store, put("now", When::Now)).unwrap();
    assert!(get(&store.crash(), "soon").is_some());

    let store = MemoryMeta::new();
    commit(&store, put("soon", When::Soon)).unwrap();
    store.sync();
    assert!(get(&store.crash(), "soon").is_some());
}

#[test]
fn a_crashed_store_answers_nothing_any_more() {
    let store = MemoryMeta::new();
    let after = store.crash();
    assert!(now(store.get_many(&[key("a")])).is_err());
    assert!(matches!(
        commit(&store, put("a", When::Now)),
        Err(CommitError::Unavailable(_))
    ));
    assert!(get(&after, "a").is_none());
}

#[test]
fn a_crash_burns_numbers() {
    let store = MemoryMeta::new();
    commit(&store, put("a", When::Soon)).unwrap();
    let lost = get(&store, "a").unwrap().revision;
    let after = store.crash();
    commit(&after, put("a", When::Now)).unwrap();
    assert!(get(&after, "a").unwrap().revision.0 > lost.0);
}

#[test]
fn fates_are_met_in_order() {
    let store = MemoryMeta::new();
    store.fail_commits(1, Fate::Full);
    assert!(matches!(
        commit(&store, put("full", When::Now)),
        Err(CommitError::Full)
    ));
    assert!(get(&store, "full").is_none());
    commit(&store, put("full", When::Now)).unwrap();

    store.fail_commits(1, Fate::Unavailable);
    assert!(matches!(
        commit(&store, put("refused", When::Now)),
        Err(CommitError::Unavailable(_))
    ));
    assert!(get(&store, "refused").is_none());

    store.fail_commits(1, Fate::AnswerLost);
    assert!(matches!(
        commit(&store, put("lost", When::Now)),
        Err(CommitError::Unavailable(_))
    ));
    assert!(
        get(&store.crash(), "lost").is_some(),
        "the answer was lost, not the commit"
    );
}

#[test]
fn a_lost_answer_is_still_a_conflict_when_expectations_fail() {
    let store = MemoryMeta::new();
    commit(&store, put("a", When::Now)).unwrap();
    store.fail_commits(1, Fate::AnswerLost);
    let txn = Txn {
        expect: vec![Expect::Absent(key("a"))],
        ..put("a", When::Now)
    };
    assert!(matches!(commit(&store, txn), Err(CommitError::Conflict)));
}
