//! Small payloads. Stores that take none have nothing to show here.

use bytes::Bytes;
use cohong_core::ports::{CommitError, Expect, MetadataStore, StoreError, Txn, Write};

use super::{Subject, blob, commit, is_conflict, key, put, txn, value, write};

async fn store_payload(store: &dyn MetadataStore, n: u64, body: impl Into<Bytes>) {
    let payloads = vec![(blob(n), body.into())];
    commit(
        store,
        Txn {
            payloads,
            ..txn(vec![], vec![])
        },
    )
    .await
    .expect("a payload");
}

fn body(len: usize) -> Bytes {
    (0..len)
        .map(|n| (n * 7 + n / 251).to_le_bytes()[0])
        .collect()
}

/// Any range within a payload is read, also an empty one.
pub async fn a_payload_is_read_in_parts(subject: &mut dyn Subject) {
    let store = subject.store();
    let body = body(store.small_payload_max().min(50_000));
    let len = body.len();
    if len == 0 {
        return;
    }
    store_payload(&*store, 1, body.clone()).await;
    store_payload(&*store, 2, Bytes::new()).await;
    for part in [
        0..len,
        0..1,
        0..0,
        len - 1..len,
        len..len,
        len / 3..len / 2,
        4095.min(len)..len,
    ] {
        let range =
            u64::try_from(part.start).expect("fits")..u64::try_from(part.end).expect("fits");
        assert_eq!(
            store.payload(blob(1), range).await.expect("a part"),
            body[part]
        );
    }
    assert!(
        store
            .payload(blob(2), 0..0)
            .await
            .expect("an empty payload")
            .is_empty()
    );
    let beyond = store
        .payload(blob(1), 0..u64::try_from(len).expect("fits") + 1)
        .await;
    assert!(matches!(beyond, Err(StoreError::Damaged(_))), "{beyond:?}");
}

/// A payload that was never stored, or was dropped, is `NoSuchPayload`; dropping it again is fine.
pub async fn a_missing_payload_is_named_so(subject: &mut dyn Subject) {
    let store = subject.store();
    assert!(matches!(
        store.payload(blob(1), 0..0).await,
        Err(StoreError::NoSuchPayload)
    ));
    write(&*store, vec![Write::DropPayload(blob(1))]).await;
    if store.small_payload_max() < 4 {
        return;
    }
    store_payload(&*store, 1, "body").await;
    store_payload(&*store, 2, "next").await;
    write(&*store, vec![Write::DropPayload(blob(1))]).await;
    assert!(matches!(
        store.payload(blob(1), 0..4).await,
        Err(StoreError::NoSuchPayload)
    ));
    assert_eq!(
        store
            .payload(blob(2), 0..4)
            .await
            .expect("the other payload"),
        "next"
    );
}

/// Payloads and records of one member come together or not at all, replacing what was there.
pub async fn a_payload_comes_with_its_records_or_not_at_all(subject: &mut dyn Subject) {
    let store = subject.store();
    if store.small_payload_max() < 4 {
        return;
    }
    let replace = |from: u64, to: u64, expect| {
        let payloads = vec![(blob(to), Bytes::from(format!("{to:04}")))];
        let write = vec![put("head", to.to_string()), Write::DropPayload(blob(from))];
        Txn {
            payloads,
            ..txn(expect, write)
        }
    };
    commit(&*store, replace(0, 1, vec![Expect::Absent(key("head"))]))
        .await
        .expect("the first");
    commit(&*store, replace(1, 2, vec![]))
        .await
        .expect("the second");
    assert!(is_conflict(
        &commit(&*store, replace(2, 3, vec![Expect::Absent(key("head"))])).await
    ));
    assert_eq!(value(&*store, "head").await.as_deref(), Some(&b"2"[..]));
    assert_eq!(
        store
            .payload(blob(2), 0..4)
            .await
            .expect("the payload that is held"),
        "0002"
    );
    for gone in [1, 3] {
        assert!(matches!(
            store.payload(blob(gone), 0..4).await,
            Err(StoreError::NoSuchPayload)
        ));
    }
}

/// A payload of the largest size is taken, a larger one refused with nothing done.
pub async fn payloads_have_a_largest_size(subject: &mut dyn Subject) {
    let store = subject.store();
    let max = store.small_payload_max();
    let payloads = vec![(blob(1), body(max + 1))];
    let refused = Txn {
        payloads,
        ..txn(vec![], vec![put("a", "1")])
    };
    let answer = commit(&*store, refused).await;
    assert!(
        matches!(answer, Err(CommitError::Unavailable(_))),
        "{answer:?}"
    );
    assert_eq!(value(&*store, "a").await, None);
    if max > 0 {
        store_payload(&*store, 2, body(max)).await;
        let end = u64::try_from(max).expect("fits");
        assert_eq!(
            store.payload(blob(2), 0..end).await.expect("the largest"),
            body(max)
        );
    }
}
