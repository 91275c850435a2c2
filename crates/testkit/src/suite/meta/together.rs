//! Many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cohong_core::ports::{Expect, MetadataStore, Position, Write};
use tokio::task::JoinSet;

use super::{Subject, append, commit, get, is_conflict, key, put, tail, txn, value, write};

/// Writers that read, add one and expect what they read lose no addition.
pub async fn a_counter_of_many_writers_ends_exact(subject: &mut dyn Subject) {
    const WRITERS: u64 = 8;
    const ROUNDS: u64 = 25;
    let store = subject.store();
    write(&*store, vec![put("n", "0")]).await;
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for _ in 0..ROUNDS {
                while !add_one(&*store).await {}
            }
        });
    }
    writers.join_all().await;
    let expected = (WRITERS * ROUNDS).to_string();
    assert_eq!(value(&*store, "n").await, Some(expected.clone().into()));
    assert_eq!(
        tail(&*store, 1, Position(0))
            .await
            .records
            .len()
            .to_string(),
        expected
    );
}

/// False after a conflict, which must have a state that can be read.
async fn add_one(store: &dyn MetadataStore) -> bool {
    let seen = get(store, "n").await.expect("the counter");
    let n: u64 = str::from_utf8(&seen.bytes)
        .expect("digits")
        .parse()
        .expect("a number");
    let expect = vec![Expect::Revision(key("n"), seen.revision)];
    let write = vec![put("n", (n + 1).to_string()), append(1, "+")];
    let answer = commit(store, txn(expect, write)).await;
    if is_conflict(&answer) {
        let now = get(store, "n").await.expect("the counter");
        assert_ne!(
            now.revision, seen.revision,
            "a conflict with nothing to see"
        );
        return false;
    }
    answer.expect("an addition");
    true
}

/// Of many that create a record one wins, and every other one can read what it lost against.
pub async fn one_of_many_creators_wins_and_the_others_see_it(subject: &mut dyn Subject) {
    let store = subject.store();
    for round in 0..10 {
        let name = format!("k{round}");
        let mut creators = JoinSet::new();
        for n in 0..8 {
            let (store, name) = (Arc::clone(&store), name.clone());
            creators.spawn(async move {
                let expect = vec![Expect::Absent(key(&name))];
                let answer = commit(&*store, txn(expect, vec![put(&name, n.to_string())])).await;
                let seen = value(&*store, &name).await.expect("a record, whoever won");
                if !is_conflict(&answer) {
                    answer.expect("a creation");
                    assert_eq!(seen, n.to_string());
                    return 1;
                }
                0
            });
        }
        assert_eq!(
            creators.join_all().await.iter().sum::<i32>(),
            1,
            "winners of round {round}"
        );
    }
}

/// Two records always written together are never read apart, by point reads or by ranges.
pub async fn a_read_is_one_snapshot(subject: &mut dyn Subject) {
    let store = subject.store();
    let both = |n: u64| vec![put("a", n.to_string()), put("z", n.to_string())];
    write(&*store, both(0)).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        readers.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let pair = store.get_many(&[key("a"), key("z")]).await.expect("a read");
                assert_eq!(pair[0], pair[1]);
                assert!(pair[0].is_some());
                let ranges = [super::range("a", Some("b")), super::range("z", None)];
                let order = cohong_core::ports::Order::Ascending;
                let pages = store
                    .scan(&ranges, order, super::WIDE)
                    .await
                    .expect("a scan");
                assert_eq!(pages[0].rows[0].1, pages[1].rows[0].1);
                tokio::task::yield_now().await;
            }
        });
    }
    for n in 1..100 {
        write(&*store, both(n)).await;
    }
    done.store(true, Ordering::Relaxed);
    readers.join_all().await;
}

/// L2: a reader that goes on from `settled` misses nothing, however many append.
pub async fn nothing_appears_at_or_below_settled(subject: &mut dyn Subject) {
    const WRITERS: u64 = 6;
    const ROUNDS: u64 = 40;
    let store = subject.store();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for n in 0..ROUNDS {
                // A second log, so that positions advance without the log that is read.
                let text = format!("{writer}-{n}");
                write(
                    &*store,
                    vec![append(2, &text), append(1, &text), put(text, "")],
                )
                .await;
            }
        });
    }
    let mut seen = Vec::new();
    let mut after = Position(0);
    while !writers.is_empty() {
        while writers.try_join_next().is_some() {}
        after = follow(&*store, after, &mut seen).await;
        tokio::task::yield_now().await;
    }
    follow(&*store, after, &mut seen).await;
    let all = tail(&*store, 1, Position(0)).await;
    assert_eq!(
        all.records.len(),
        usize::try_from(WRITERS * ROUNDS).expect("fits")
    );
    assert_eq!(seen, all.records);
    write(&*store, vec![Write::Trim(super::log(1), after)]).await;
}

async fn follow(
    store: &dyn MetadataStore,
    after: Position,
    seen: &mut Vec<(Position, bytes::Bytes)>,
) -> Position {
    let tail = tail(store, 1, after).await;
    assert!(!tail.more, "the limit is wide");
    seen.extend(tail.records);
    tail.settled
}
