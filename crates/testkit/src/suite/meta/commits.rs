//! Commits: expectations, atomicity, order, revisions.

use std::collections::BTreeSet;

use bytes::Bytes;
use cohong_core::limits::{BATCH_MEMBERS_MAX, RECORD_KEY_BYTES_MAX};
use cohong_core::ports::{CommitError, Expect, Position, Revision, StoreError, Txn, When, Write};

use super::{
    Subject, append, blob, commit, get, is_conflict, key, put, revision, soon, tail, txn, value,
    write,
};

/// `Absent` and `Revision` hold or conflict as the state is; all of them must hold.
pub async fn expectations_decide(subject: &mut dyn Subject) {
    let store = subject.store();
    write(&*store, vec![put("old", "1"), put("there", "1")]).await;
    let old = revision(&*store, "old").await;
    write(&*store, vec![put("old", "2")]).await;
    let current = revision(&*store, "old").await;
    let there = revision(&*store, "there").await;
    let is = |name: &str, at: Revision| Expect::Revision(key(name), at);
    let absent = |name: &str| Expect::Absent(key(name));
    let cases = [
        (vec![], true),
        (vec![absent("x")], true),
        (vec![absent("old")], false),
        (vec![is("old", current)], true),
        (vec![is("old", old)], false),
        (vec![is("x", old)], false),
        (
            vec![is("old", current), absent("x"), is("there", there)],
            true,
        ),
        (vec![is("old", current), absent("there")], false),
        (vec![absent("there"), is("old", current)], false),
    ];
    for (expect, holds) in cases {
        let answer = commit(&*store, txn(expect.clone(), vec![put("w", "1")])).await;
        assert_eq!(
            (answer.is_ok(), is_conflict(&answer)),
            (holds, !holds),
            "{expect:?}"
        );
        let check = commit(&*store, txn(expect.clone(), vec![])).await;
        assert_eq!(
            (check.is_ok(), is_conflict(&check)),
            (holds, !holds),
            "check of {expect:?}"
        );
    }
    write(&*store, vec![Write::Delete(key("old"))]).await;
    assert!(is_conflict(
        &commit(&*store, txn(vec![is("old", current)], vec![])).await
    ));
    commit(&*store, txn(vec![absent("old")], vec![]))
        .await
        .expect("a deleted record is absent");
}

/// Nothing of a transaction that conflicts is seen: no record, no log record, no payload.
pub async fn a_conflict_leaves_nothing_behind(subject: &mut dyn Subject) {
    let store = subject.store();
    let payload = (blob(2), Bytes::from_static(b"kept"));
    let first = Txn {
        payloads: vec![payload],
        ..txn(vec![], vec![put("a", "1"), put("b", "1")])
    };
    commit(&*store, first).await.expect("the first commit");
    let writes = vec![
        put("b", "2"),
        put("c", "2"),
        Write::Delete(key("a")),
        append(1, "x"),
        Write::DropPayload(blob(2)),
    ];
    let payloads = vec![(blob(1), Bytes::from_static(b"body"))];
    let refused = Txn {
        payloads,
        ..txn(vec![Expect::Absent(key("a"))], writes)
    };
    assert!(is_conflict(&commit(&*store, refused).await));
    assert_eq!(value(&*store, "a").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(value(&*store, "b").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(value(&*store, "c").await, None);
    assert!(tail(&*store, 1, Position(0)).await.records.is_empty());
    assert!(matches!(
        store.payload(blob(1), 0..4).await,
        Err(StoreError::NoSuchPayload)
    ));
    assert_eq!(
        store
            .payload(blob(2), 0..4)
            .await
            .expect("the payload kept"),
        "kept"
    );
}

/// Members of one call pass or fail alone, and each sees those before it.
pub async fn members_are_independent_and_in_order(subject: &mut dyn Subject) {
    let store = subject.store();
    let absent = || vec![Expect::Absent(key("a"))];
    let members = vec![
        txn(absent(), vec![put("a", "first"), append(1, "first")]),
        txn(absent(), vec![put("a", "second"), append(1, "second")]),
        txn(vec![], vec![Write::Delete(key("a"))]),
        txn(absent(), vec![put("a", "fourth"), append(1, "fourth")]),
        txn(vec![], vec![put("b", "fifth")]),
    ];
    let answers = store.commit(members).await;
    let passed: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(passed, [true, false, true, true, true], "{answers:?}");
    assert!(is_conflict(&answers[1]));
    assert_eq!(value(&*store, "a").await.as_deref(), Some(&b"fourth"[..]));
    assert_eq!(value(&*store, "b").await.as_deref(), Some(&b"fifth"[..]));
    assert_eq!(
        super::texts(&tail(&*store, 1, Position(0)).await),
        ["first", "fourth"]
    );
    assert!(store.commit(vec![]).await.is_empty());
}

/// Of several writes of one member to one key the last one counts; deleting nothing is fine.
pub async fn writes_of_a_member_are_in_order(subject: &mut dyn Subject) {
    let store = subject.store();
    let delete = |name| Write::Delete(key(name));
    write(&*store, vec![put("c", "0"), delete("nothing")]).await;
    let writes = vec![
        put("a", "1"),
        put("a", "2"),
        put("b", "1"),
        delete("b"),
        delete("c"),
        put("c", "3"),
        delete("d"),
    ];
    write(&*store, writes).await;
    let mut found = Vec::new();
    for name in ["a", "b", "c", "d"] {
        found.push(value(&*store, name).await);
    }
    let some = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
    assert_eq!(found, [some("2"), None, some("3"), None]);
    assert_eq!(
        revision(&*store, "a").await,
        revision(&*store, "c").await,
        "one revision a member"
    );
}

/// L4: a state never comes back under a revision it had, even with equal bytes or after a delete.
pub async fn a_revision_is_never_used_twice_for_a_key(subject: &mut dyn Subject) {
    let mut seen = BTreeSet::new();
    for round in 0..3 {
        let store = subject.store();
        for n in 0..10 {
            let when = if n % 2 == 0 { When::Now } else { When::Soon };
            commit(
                &*store,
                Txn {
                    when,
                    ..txn(vec![], vec![put("a", "same")])
                },
            )
            .await
            .expect("a put");
            assert!(
                seen.insert(revision(&*store, "a").await.0),
                "round {round}, put {n}"
            );
            if n % 3 == 0 {
                write(&*store, vec![Write::Delete(key("a"))]).await;
            }
        }
        drop(store);
        subject.reopen();
    }
}

/// One call may have more members, and more bytes, than one batch holds.
pub async fn more_members_than_a_batch_holds(subject: &mut dyn Subject) {
    let store = subject.store();
    let large = Bytes::from(vec![7; 24 << 10]);
    // Every other member finds what the one before it put.
    let member = |n: usize| {
        let name = key((n / 2).to_string());
        txn(
            vec![Expect::Absent(name.clone())],
            vec![Write::Put(name, large.clone())],
        )
    };
    let members = 2 * BATCH_MEMBERS_MAX + 10;
    let answers = store.commit((0..members).map(member).collect()).await;
    assert_eq!(answers.len(), members);
    for (n, answer) in answers.iter().enumerate() {
        let first = n % 2 == 0;
        assert_eq!(
            (answer.is_ok(), is_conflict(answer)),
            (first, !first),
            "member {n}"
        );
    }
    assert_eq!(
        value(&*store, (members / 2 - 1).to_string()).await,
        Some(large)
    );
}

/// Transactions that no correct caller makes are refused as `Unavailable` and change nothing.
pub async fn transactions_nobody_should_make_are_refused(subject: &mut dyn Subject) {
    let store = subject.store();
    let long = key(vec![b'k'; RECORD_KEY_BYTES_MAX + 1]);
    let body = vec![(blob(1), Bytes::from_static(b"body"))];
    let cases = [
        soon(vec![put("a", "1"), append(1, "x")]),
        Txn {
            payloads: body,
            ..soon(vec![put("a", "1")])
        },
        txn(vec![], vec![put("a", "1"), Write::Delete(long.clone())]),
        txn(vec![Expect::Absent(long)], vec![put("a", "1")]),
    ];
    for case in cases {
        let answer = commit(&*store, case.clone()).await;
        assert!(
            matches!(answer, Err(CommitError::Unavailable(_))),
            "{case:?}: {answer:?}"
        );
    }
    assert_eq!(get(&*store, "a").await, None);
    write(&*store, vec![put("a", "1")]).await;
}

/// A `Soon` transaction is read once it is answered.
pub async fn soon_is_read_once_answered(subject: &mut dyn Subject) {
    let store = subject.store();
    for n in 0..10 {
        let text = n.to_string();
        commit(&*store, soon(vec![put("a", &text)]))
            .await
            .expect("a soon commit");
        assert_eq!(value(&*store, "a").await, Some(text.into()));
    }
}

/// `Soon` has expectations too, and both kinds see each other.
pub async fn soon_conflicts_like_now(subject: &mut dyn Subject) {
    let store = subject.store();
    commit(&*store, soon(vec![put("a", "1")]))
        .await
        .expect("a soon commit");
    let absent = || vec![Expect::Absent(key("a"))];
    let refused = Txn {
        when: When::Soon,
        ..txn(absent(), vec![put("a", "2")])
    };
    assert!(is_conflict(&commit(&*store, refused).await));
    assert!(is_conflict(
        &commit(&*store, txn(absent(), vec![put("a", "3")])).await
    ));
    let at = revision(&*store, "a").await;
    let now = txn(vec![Expect::Revision(key("a"), at)], vec![put("a", "4")]);
    commit(&*store, now)
        .await
        .expect("a commit on what a soon one wrote");
    assert_eq!(value(&*store, "a").await.as_deref(), Some(&b"4"[..]));
}
