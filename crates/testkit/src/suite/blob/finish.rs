//! What is finished stays; what is not finished never was.

use cohong_core::ports::BlobError;
use futures_util::future::join_all;

use super::{
    PIECE, Subject, assert_absent, assert_holds, blob_id, content, eventually, put, put_ok, write,
};

const BLOCK: usize = 64 << 10;

/// Of any length, in chunks of any size, whether the length was said beforehand or not.
pub async fn a_finished_blob_is_read_also_after_a_crash(subject: &mut impl Subject) {
    let lens = [
        0,
        1,
        BLOCK - 1,
        BLOCK,
        BLOCK + 1,
        PIECE - 1,
        PIECE,
        PIECE + 1,
        3 * PIECE + 5,
    ];
    let steps = [1000, BLOCK, PIECE, 5 * PIECE];
    let mut written = Vec::new();
    for (n, (len, step)) in lens
        .iter()
        .flat_map(|len| steps.map(|step| (*len, step)))
        .enumerate()
    {
        let n = n as u64;
        let (id, bytes) = (blob_id(n), content(n, len));
        let said = n.is_multiple_of(2).then_some(len as u64);
        let outcome = put(&*subject.store(), id, &bytes, step, said).await;
        outcome.expect("a blob is written");
        assert_holds(&*subject.store(), id, &bytes).await;
        written.push((id, bytes));
    }
    subject.reopen();
    for (id, bytes) in &written {
        assert_holds(&*subject.store(), *id, bytes).await;
    }
    assert_eq!(subject.leftovers(), 0);
}

/// Neither while it is written, nor after a crash.
pub async fn an_unfinished_blob_is_never_seen(subject: &mut impl Subject) {
    let ids = [(blob_id(1), 10), (blob_id(2), 3 * PIECE)];
    let mut writers = Vec::new();
    for (id, len) in ids {
        let store = subject.store();
        let mut writer = store.create(id, None).await.expect("a blob is begun");
        let outcome = write(&mut *writer, &content(1, len), PIECE / 2).await;
        outcome.expect("bytes are written");
        assert_absent(&*store, id).await;
        writers.push(writer);
    }
    subject.reopen();
    for (id, _) in ids {
        assert_absent(&*subject.store(), id).await;
    }
    assert_eq!(subject.leftovers(), 0);
}

/// Also when much of it was written, and others go on.
pub async fn a_dropped_writer_leaves_nothing(subject: &mut impl Subject) {
    let store = subject.store();
    for (n, len) in [(1, 0), (2, 10), (3, PIECE + 1), (4, 4 * PIECE)] {
        let mut writer = store
            .create(blob_id(n), None)
            .await
            .expect("a blob is begun");
        let outcome = write(&mut *writer, &content(n, len), PIECE).await;
        outcome.expect("bytes are written");
        drop(writer);
        assert_absent(&*store, blob_id(n)).await;
    }
    let (id, bytes) = (blob_id(9), content(9, 2 * PIECE));
    put_ok(&*store, id, &bytes).await;
    let subject = &*subject;
    eventually("nothing is left of dropped blobs", || async {
        subject.leftovers() == 0
    })
    .await;
    assert_holds(&*store, id, &bytes).await;
}

/// A writer that outlived a crash fails, or what it finishes is whole; it does not harm a new one.
pub async fn a_writer_of_a_former_life_makes_nothing_visible(subject: &mut impl Subject) {
    let (id, bytes) = (blob_id(1), content(1, 2 * PIECE + 1));
    let store = subject.store();
    let mut writer = store.create(id, None).await.expect("a blob is begun");
    let outcome = write(&mut *writer, &bytes, PIECE).await;
    outcome.expect("bytes are written");
    subject.reopen();
    let finished = writer.finish().await;
    assert!(finished.is_err(), "the blob's bytes are gone: {finished:?}");
    assert_absent(&*subject.store(), id).await;
    put_ok(&*subject.store(), id, &bytes).await;
    assert_holds(&*subject.store(), id, &bytes).await;
}

/// Many blobs written at the same time, chunk by chunk in turn.
pub async fn writers_do_not_disturb_each_other(subject: &mut impl Subject) {
    let lens = (0..16).zip((200_000..).step_by(200_000));
    let blobs: Vec<_> = lens.map(|(n, len)| (blob_id(n), content(n, len))).collect();
    let store = subject.store();
    let puts = blobs
        .iter()
        .map(|(id, bytes)| put(&*store, *id, bytes, 30_000, None));
    for outcome in join_all(puts).await {
        outcome.expect("a blob is written");
    }
    subject.reopen();
    for (id, bytes) in &blobs {
        assert_holds(&*subject.store(), *id, bytes).await;
    }
}

/// The engine never uses an id twice; if it did, the first bytes would stay.
pub async fn a_name_is_never_written_twice(subject: &mut impl Subject) {
    let (id, first) = (blob_id(1), content(1, 100));
    let store = subject.store();
    put_ok(&*store, id, &first).await;
    let second = put(&*store, id, &content(2, 100), 100, None).await;
    assert!(matches!(second, Err(BlobError::Failed(_))), "{second:?}");
    assert_holds(&*store, id, &first).await;
}

/// It only helps to reserve space.
pub async fn the_length_said_beforehand_decides_nothing(subject: &mut impl Subject) {
    let store = subject.store();
    for (n, said) in [(1, 0), (2, 10), (3, PIECE), (4, 9 * PIECE)] {
        let (id, bytes) = (blob_id(n), content(n, 2 * PIECE + 7));
        let outcome = put(&*store, id, &bytes, PIECE, Some(said as u64)).await;
        outcome.expect("a blob is written");
        assert_holds(&*store, id, &bytes).await;
    }
}
