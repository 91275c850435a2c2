//! What is found after an end.

use bytes::Bytes;
use cohong_core::ports::{Position, StoreError, Txn, Write};

use super::{
    Subject, append, blob, commit, get, key, log, put, revision, soon, tail, texts, txn, value,
    write,
};

/// Everything answered `Now` is found again, as it was: records with their revisions, deletions,
/// logs with their positions, trims, payloads, and settled positions.
pub async fn everything_answered_survives(subject: &mut dyn Subject) {
    let store = subject.store();
    let takes_payloads = store.small_payload_max() >= 4;
    write(&*store, vec![put("a", "1"), put("b", "1"), put("c", "1")]).await;
    write(
        &*store,
        ["x", "y", "z"].map(|text| append(1, text)).to_vec(),
    )
    .await;
    let first = tail(&*store, 1, Position(0)).await.records[0].0;
    let gone = vec![
        put("b", "2"),
        Write::Delete(key("c")),
        Write::Trim(log(1), first),
    ];
    write(&*store, gone).await;
    if takes_payloads {
        let payloads = [1, 2]
            .map(|n| (blob(n), Bytes::from_static(b"body")))
            .to_vec();
        commit(
            &*store,
            Txn {
                payloads,
                ..txn(vec![], vec![])
            },
        )
        .await
        .expect("payloads");
        write(&*store, vec![Write::DropPayload(blob(2))]).await;
    }
    let before = (get(&*store, "a").await, get(&*store, "b").await);
    let log_before = tail(&*store, 1, Position(0)).await;
    drop(store);
    for round in 0..3 {
        subject.reopen();
        let store = subject.store();
        assert_eq!(
            (get(&*store, "a").await, get(&*store, "b").await),
            before,
            "round {round}"
        );
        assert_eq!(get(&*store, "c").await, None);
        let log_now = tail(&*store, 1, Position(0)).await;
        assert_eq!(log_now.records, log_before.records);
        assert!(log_now.settled >= log_before.settled, "settled went back");
        if takes_payloads {
            assert_eq!(
                store.payload(blob(1), 0..4).await.expect("the payload"),
                "body"
            );
            assert!(matches!(
                store.payload(blob(2), 0..4).await,
                Err(StoreError::NoSuchPayload)
            ));
        }
        write(&*store, vec![put("other", round.to_string())]).await;
    }
}

/// A `Soon` transaction is durable when a later `Now` one is.
pub async fn soon_is_durable_with_the_next_now(subject: &mut dyn Subject) {
    let store = subject.store();
    commit(&*store, soon(vec![put("soon", "1")]))
        .await
        .expect("a soon commit");
    write(&*store, vec![put("now", "1")]).await;
    drop(store);
    subject.reopen();
    let store = subject.store();
    assert_eq!(value(&*store, "soon").await.as_deref(), Some(&b"1"[..]));
}

/// L3, L4: positions and revisions after an end are greater than, or unlike, all before it, also
/// those of transactions that were lost.
pub async fn numbers_never_go_back(subject: &mut dyn Subject) {
    let mut newest = Position(0);
    let mut revisions = Vec::new();
    for round in 0..4 {
        let store = subject.store();
        write(&*store, vec![append(1, round.to_string()), put("a", "1")]).await;
        let all = tail(&*store, 1, Position(0)).await;
        let (position, _) = all.records.last().expect("the record just appended");
        assert!(
            *position > newest,
            "round {round}: {position:?} after {newest:?}"
        );
        newest = all.settled;
        revisions.push(revision(&*store, "a").await);
        for _ in 0..10 {
            commit(&*store, soon(vec![put("a", "2")]))
                .await
                .expect("a soon commit");
            revisions.push(revision(&*store, "a").await);
        }
        drop(store);
        subject.reopen();
    }
    for (n, revision) in revisions.iter().enumerate() {
        assert!(
            !revisions[..n].contains(revision),
            "revision {n} was used before"
        );
    }
    let store = subject.store();
    assert_eq!(
        texts(&tail(&*store, 1, Position(0)).await),
        ["0", "1", "2", "3"]
    );
}
