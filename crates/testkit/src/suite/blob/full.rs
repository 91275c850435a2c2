//! Running out of space.

use cohong_core::ports::BlobError;

use super::{
    Bounded, PIECE, assert_absent, assert_holds, blob_id, content, eventually, put, put_ok, write,
};

/// Whether the length was said beforehand or not: "full", nothing is left of the blob, and the others
/// are read, listed and deleted.
pub async fn a_full_store_says_so_and_keeps_what_it_has(subject: &mut impl Bounded) {
    let (kept, bytes) = (blob_id(1), content(1, PIECE));
    put_ok(&*subject.store(), kept, &bytes).await;
    put_ok(&*subject.store(), blob_id(2), &bytes).await;
    let store = subject.store();
    for (n, room) in [(10, 0), (20, 1000), (30, 2 * PIECE), (40, 4 * PIECE - 1)] {
        subject.set_room(Some(room as u64));
        for (n, said) in [(n, None), (n + 1, Some(4 << 20)), (n + 2, Some(10))] {
            let outcome = put(&*store, blob_id(n), &content(n, 4 * PIECE), PIECE, said).await;
            assert!(
                matches!(outcome, Err(BlobError::Full)),
                "{room}, {said:?}: {outcome:?}"
            );
            assert_absent(&*store, blob_id(n)).await;
            let subject = &*subject;
            eventually("nothing is left", || async { subject.leftovers() == 0 }).await;
        }
    }
    assert_holds(&*store, kept, &bytes).await;
    store
        .delete(blob_id(2))
        .await
        .expect("a full store deletes");
    subject.reopen();
    assert_holds(&*subject.store(), kept, &bytes).await;
    assert_absent(&*subject.store(), blob_id(2)).await;
}

/// Without being opened again.
pub async fn a_full_store_takes_blobs_again_when_there_is_space(subject: &mut impl Bounded) {
    let store = subject.store();
    subject.set_room(Some(100));
    let bytes = content(1, 2 * PIECE);
    let refused = put(&*store, blob_id(1), &bytes, PIECE, None).await;
    assert!(matches!(refused, Err(BlobError::Full)), "{refused:?}");
    subject.set_room(None);
    let (store, bytes) = (&*store, &bytes);
    eventually("blobs are taken again", || async move {
        put(store, blob_id(2), bytes, PIECE, Some(bytes.len() as u64))
            .await
            .is_ok()
    })
    .await;
    assert_holds(store, blob_id(2), bytes).await;
}

/// A writer that has missed bytes never makes a blob of the others, whatever happens later.
pub async fn a_writer_that_failed_once_finishes_nothing(subject: &mut impl Bounded) {
    let store = subject.store();
    let mut writer = store
        .create(blob_id(1), None)
        .await
        .expect("a blob is begun");
    subject.set_room(Some(100));
    let refused = write(&mut *writer, &content(1, 4 * PIECE), PIECE).await;
    assert!(matches!(refused, Err(BlobError::Full)), "{refused:?}");
    subject.set_room(None);
    let (other, bytes) = (&*store, &content(2, 10));
    eventually("blobs are taken again", || async move {
        put(other, blob_id(2), bytes, 10, None).await.is_ok()
    })
    .await;
    let later = writer.write(content(2, 10)).await;
    let finished = writer.finish().await;
    assert!(finished.is_err(), "{later:?}, {finished:?}");
    assert_absent(&*store, blob_id(1)).await;
}
