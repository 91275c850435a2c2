//! Reading and deleting.

use cohong_core::ports::BlobError;
use futures_util::StreamExt;
use futures_util::future::join_all;

use super::{PIECE, Subject, assert_absent, assert_holds, blob_id, content, drain, get, put_ok};

/// At the edges of blocks and pieces, the first and the last byte, nothing and everything.
pub async fn ranges_are_exact(subject: &mut impl Subject) {
    let (block, piece, len) = (64 << 10, PIECE as u64, 2 * PIECE + 70_001);
    let (id, bytes) = (blob_id(1), content(1, len));
    let store = subject.store();
    put_ok(&*store, id, &bytes).await;
    let len = len as u64;
    let edges = [
        0,
        1,
        block - 1,
        block,
        block + 1,
        piece - 1,
        piece,
        piece + 1,
        2 * piece + block,
    ];
    let edges: Vec<u64> = edges.into_iter().chain([len - 1, len]).collect();
    for (i, start) in edges.iter().enumerate() {
        for end in &edges[i..] {
            let read = get(&*store, id, *start..*end)
                .await
                .expect("a range is read");
            let expected = &bytes[offset(*start)..offset(*end)];
            assert!(read == expected, "range {start}..{end}");
        }
    }
    let empty = blob_id(2);
    put_ok(&*store, empty, &content(2, 0)).await;
    let read = get(&*store, empty, 0..0).await.expect("nothing is read");
    assert!(read.is_empty());
}

fn offset(at: u64) -> usize {
    usize::try_from(at).expect("the blob is in memory")
}

/// With an error, not with fewer bytes.
pub async fn a_range_outside_the_blob_is_refused(subject: &mut impl Subject) {
    let store = subject.store();
    put_ok(&*store, blob_id(1), &content(1, 100)).await;
    let backwards = std::ops::Range { start: 60, end: 40 };
    for range in [0..101, 100..101, 101..101, 500..600, 0..u64::MAX, backwards] {
        let read = get(&*store, blob_id(1), range.clone()).await;
        assert!(
            matches!(read, Err(BlobError::Failed(_))),
            "{range:?}: {read:?}"
        );
    }
}

/// Also when a blob of the same payload exists.
pub async fn an_unknown_blob_is_absent(subject: &mut impl Subject) {
    let store = subject.store();
    let mut other = blob_id(1);
    assert_absent(&*store, other).await;
    put_ok(&*store, other, &content(1, 10)).await;
    other.n = 1;
    assert_absent(&*store, other).await;
}

/// Deleting takes the name; who has found the blob reads it to its end.
pub async fn a_reader_outlives_its_blob(subject: &mut impl Subject) {
    let (id, bytes) = (blob_id(1), content(1, 5 * PIECE + 3));
    let store = subject.store();
    put_ok(&*store, id, &bytes).await;
    let opened = store.read(id, 0..bytes.len() as u64).await;
    let mut stream = opened.expect("a blob is read");
    let first = stream.next().await.expect("it has bytes");
    let mut read = first.expect("its bytes are whole").to_vec();
    store.delete(id).await.expect("a blob is deleted");
    assert_absent(&*store, id).await;
    let rest = drain(stream, &mut read).await;
    rest.expect("the rest is read");
    assert!(read == bytes);
}

/// Deletion touches one blob, and an absent one is success.
pub async fn a_deleted_blob_is_absent_and_deleting_again_succeeds(subject: &mut impl Subject) {
    let store = subject.store();
    let (kept, bytes) = (blob_id(2), content(2, 70_000));
    store.delete(blob_id(1)).await.expect("absent is success");
    put_ok(&*store, blob_id(1), &content(1, 70_000)).await;
    put_ok(&*store, kept, &bytes).await;
    for _ in 0..2 {
        store.delete(blob_id(1)).await.expect("a blob is deleted");
        assert_absent(&*store, blob_id(1)).await;
    }
    assert_holds(&*store, kept, &bytes).await;
}

/// More readers than a store has threads, all at once, some of which stop early.
pub async fn readers_do_not_disturb_each_other(subject: &mut impl Subject) {
    let (id, bytes) = (blob_id(1), content(1, 3 * PIECE));
    let store = subject.store();
    put_ok(&*store, id, &bytes).await;
    let reads = (0..200_u64).map(|n| {
        let (store, bytes) = (&*store, &bytes);
        async move {
            let (start, end) = (n * 1000, (3 << 20) - n);
            let opened = store.read(id, start..end).await;
            let mut stream = opened.expect("a range is read");
            if n % 3 == 0 {
                stream
                    .next()
                    .await
                    .expect("it has bytes")
                    .expect("they are whole");
                return;
            }
            let mut read = Vec::new();
            drain(stream, &mut read).await.expect("they are whole");
            assert!(read == bytes[offset(start)..offset(end)], "reader {n}");
        }
    });
    join_all(reads).await;
}
