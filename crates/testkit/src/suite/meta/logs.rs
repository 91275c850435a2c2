//! Logs: positions, tails, trims.

use bytes::Bytes;
use cohong_core::ports::{Limit, Position, Txn, Write};

use super::{Subject, WIDE, append, get, log, put, tail, texts, txn, write};

/// A tail has the records after the position, oldest first.
pub async fn a_log_is_read_after_a_position(subject: &mut dyn Subject) {
    let store = subject.store();
    assert!(tail(&*store, 1, Position(0)).await.records.is_empty());
    for text in ["a", "b", "c"] {
        write(&*store, vec![append(1, text)]).await;
    }
    let all = tail(&*store, 1, Position(0)).await;
    assert_eq!(texts(&all), ["a", "b", "c"]);
    assert!(all.records.is_sorted_by(|(a, _), (b, _)| a < b));
    assert!(
        all.records[0].0 > Position(0),
        "position 0 is before everything"
    );
    assert!(!all.more);
    for n in 0..3 {
        let rest = tail(&*store, 1, all.records[n].0).await;
        assert_eq!(rest.records, all.records[n + 1..]);
    }
}

/// What is appended to one log is not in another.
pub async fn logs_are_apart(subject: &mut dyn Subject) {
    let store = subject.store();
    write(
        &*store,
        vec![append(1, "one"), append(2, "two"), append(u64::MAX, "last")],
    )
    .await;
    for (n, text) in [(1, "one"), (2, "two"), (u64::MAX, "last")] {
        assert_eq!(texts(&tail(&*store, n, Position(0)).await), [text]);
    }
    assert!(tail(&*store, 0, Position(0)).await.records.is_empty());
    write(&*store, vec![Write::Trim(log(1), Position(u64::MAX))]).await;
    assert_eq!(texts(&tail(&*store, 2, Position(0)).await), ["two"]);
}

/// A tail is bounded in rows and bytes, says whether there is more, and has at least one record.
pub async fn a_tail_is_bounded(subject: &mut dyn Subject) {
    let store = subject.store();
    write(
        &*store,
        ["a", "b", "c", "d"].map(|text| append(1, text)).to_vec(),
    )
    .await;
    let cases = [
        (
            Limit {
                rows: 2,
                bytes: 1000,
            },
            vec!["a", "b"],
            true,
        ),
        (
            Limit {
                rows: 4,
                bytes: 1000,
            },
            vec!["a", "b", "c", "d"],
            false,
        ),
        (Limit { rows: 0, bytes: 0 }, vec!["a"], true),
        (
            Limit {
                rows: 100,
                bytes: 1,
            },
            vec!["a"],
            true,
        ),
    ];
    for (limit, found, more) in cases {
        let tail = store
            .tail(log(1), Position(0), limit)
            .await
            .expect("a tail");
        assert_eq!(
            (texts(&tail), tail.more),
            (found.iter().map(ToString::to_string).collect(), more)
        );
    }
    let large = vec![
        append(2, vec![1; 600]),
        append(2, vec![2; 600]),
        append(2, vec![3; 600]),
    ];
    write(&*store, large).await;
    let limit = Limit {
        rows: 100,
        bytes: 1500,
    };
    let bounded = store
        .tail(log(2), Position(0), limit)
        .await
        .expect("a tail");
    assert_eq!((bounded.records.len(), bounded.more), (2, true));
}

/// `settled` is at least the position asked for and every position returned, and never goes back.
pub async fn settled_is_not_below_what_was_asked_or_returned(subject: &mut dyn Subject) {
    let store = subject.store();
    let mut settled = tail(&*store, 1, Position(0)).await.settled;
    for n in 0..10 {
        write(&*store, vec![append(n % 2, "x"), append(n % 2, "y")]).await;
        let limit = Limit {
            rows: 1 + usize::from(n % 3 == 0),
            bytes: 1000,
        };
        let now = store.tail(log(1), settled, limit).await.expect("a tail");
        assert!(now.settled >= settled, "settled went back");
        assert!(now.records.iter().all(|(at, _)| *at <= now.settled));
        settled = now.settled;
        let again = tail(&*store, 1, settled).await;
        assert!(again.settled >= settled);
    }
    let quiet = tail(&*store, 99, Position(0)).await;
    assert!(
        quiet.settled >= settled,
        "a quiet log settles with the others"
    );
}

/// L1: what was planned on a snapshot that shows A has greater positions than A, in every log.
pub async fn positions_follow_what_was_seen(subject: &mut dyn Subject) {
    let store = subject.store();
    let mut newest = Position(0);
    for n in 0..20_u64 {
        write(&*store, vec![put("a", n.to_string()), append(n % 4, "x")]).await;
        assert!(get(&*store, "a").await.is_some());
        let last = tail(&*store, n % 4, Position(0))
            .await
            .records
            .last()
            .cloned();
        let (position, _) = last.expect("the record just appended");
        assert!(
            position > newest,
            "append {n} at {position:?} after {newest:?}"
        );
        newest = position;
    }
}

/// Appends of one member keep their order; other writes between them do not matter.
pub async fn appends_of_a_member_are_in_order(subject: &mut dyn Subject) {
    let store = subject.store();
    let writes = vec![
        append(1, "a"),
        put("k", "v"),
        append(2, "b"),
        append(1, "c"),
        append(1, "d"),
    ];
    let members = vec![txn(vec![], writes), txn(vec![], vec![append(1, "e")])];
    for answer in store.commit(members).await {
        answer.expect("an append");
    }
    assert_eq!(
        texts(&tail(&*store, 1, Position(0)).await),
        ["a", "c", "d", "e"]
    );
    assert_eq!(texts(&tail(&*store, 2, Position(0)).await), ["b"]);
}

/// A trim forgets the records up to and including its position; an empty log may be trimmed.
pub async fn a_trim_forgets_up_to_and_including(subject: &mut dyn Subject) {
    let store = subject.store();
    write(
        &*store,
        vec![
            Write::Trim(log(1), Position(0)),
            Write::Trim(log(3), Position(9)),
        ],
    )
    .await;
    write(
        &*store,
        ["a", "b", "c", "d"].map(|text| append(1, text)).to_vec(),
    )
    .await;
    let all = tail(&*store, 1, Position(0)).await;
    let trim = |n: usize| Write::Trim(log(1), all.records[n].0);
    for (n, left) in [(1, vec!["c", "d"]), (0, vec!["c", "d"]), (2, vec!["d"])] {
        write(&*store, vec![trim(n)]).await;
        assert_eq!(texts(&tail(&*store, 1, Position(0)).await), left);
    }
    let soon = Txn {
        when: cohong_core::ports::When::Soon,
        ..txn(vec![], vec![trim(3)])
    };
    super::commit(&*store, soon)
        .await
        .expect("a trim that may be repeated");
    assert!(tail(&*store, 1, Position(0)).await.records.is_empty());
}

/// A trim forgets nothing that is appended after it, whatever position it names.
pub async fn a_trim_spares_later_appends(subject: &mut dyn Subject) {
    let store = subject.store();
    let everything = || Write::Trim(log(1), Position(u64::MAX));
    write(&*store, vec![append(1, "a"), everything(), append(1, "b")]).await;
    assert_eq!(texts(&tail(&*store, 1, Position(0)).await), ["b"]);
    write(&*store, vec![everything()]).await;
    write(&*store, vec![append(1, "c")]).await;
    assert_eq!(texts(&tail(&*store, 1, Position(0)).await), ["c"]);
    drop(store);
    subject.reopen();
    let store = subject.store();
    write(&*store, vec![append(1, "d")]).await;
    assert_eq!(texts(&tail(&*store, 1, Position(0)).await), ["c", "d"]);
}

/// A trim of more records than any batch would remove is seen as a whole, also after an end.
pub async fn a_trim_of_many_records_is_whole(subject: &mut dyn Subject) {
    let store = subject.store();
    let thousand = || {
        (0..1000)
            .map(|_| Write::Append(log(1), Bytes::from_static(b"x")))
            .collect()
    };
    for _ in 0..12 {
        write(&*store, thousand()).await;
    }
    write(&*store, vec![append(1, "last"), append(2, "other")]).await;
    let all = store
        .tail(
            log(1),
            Position(0),
            Limit {
                rows: 20_000,
                ..WIDE
            },
        )
        .await
        .expect("a tail");
    assert_eq!(all.records.len(), 12_001);
    write(&*store, vec![Write::Trim(log(1), all.records[11_999].0)]).await;
    assert_eq!(texts(&tail(&*store, 1, Position(0)).await), ["last"]);
    drop(store);
    subject.reopen();
    let store = subject.store();
    assert_eq!(texts(&tail(&*store, 1, Position(0)).await), ["last"]);
    assert_eq!(texts(&tail(&*store, 2, Position(0)).await), ["other"]);
}
