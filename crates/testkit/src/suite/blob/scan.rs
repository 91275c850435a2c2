//! Listing.

use std::collections::BTreeMap;

use cohong_core::model::BlobId;
use cohong_core::ports::BlobStore;

use super::{Subject, blob_id, content, put_ok};

/// In order of id, without gap or repetition, whatever their size; with true lengths.
pub async fn pages_follow_each_other_in_order(subject: &mut impl Subject) {
    let store = subject.store();
    let mut expected = BTreeMap::new();
    for n in 0..60_u64 {
        // Some payloads have several blobs, and some ids begin alike.
        let mut id = blob_id(n / 3);
        id.n = [0, 1, u64::MAX][(n % 3) as usize];
        let len = [0, 1, 65_536, 70_000][(n % 4) as usize];
        put_ok(&*store, id, &content(n, len)).await;
        expected.insert(id, len as u64);
    }
    for limit in [1, 7, 60, 1000] {
        let seen = all_pages(&*store, limit).await;
        assert!(
            seen.iter().copied().eq(expected.clone()),
            "pages of {limit}"
        );
    }
    store.delete(blob_id(5)).await.expect("a blob is deleted");
    expected.remove(&blob_id(5));
    let seen = all_pages(&*store, 7).await;
    assert!(seen.into_iter().eq(expected));
}

async fn all_pages(store: &dyn BlobStore, limit: usize) -> Vec<(BlobId, u64)> {
    let mut seen: Vec<(BlobId, u64)> = Vec::new();
    loop {
        let after = seen.last().map(|(id, _)| *id);
        let page = store.scan(after, limit).await.expect("a scan succeeds");
        assert!(page.len() <= limit);
        if page.is_empty() {
            return seen;
        }
        seen.extend(page.into_iter().map(|info| (info.id, info.len)));
    }
}

/// A page of nothing is empty, and so is one behind the last id.
pub async fn pages_are_bounded(subject: &mut impl Subject) {
    let store = subject.store();
    let empty = store.scan(None, 10).await.expect("a scan succeeds");
    assert_eq!(empty, []);
    let mut last = blob_id(1);
    last.payload.0 = [0xff; 16];
    last.n = u64::MAX;
    put_ok(&*store, last, &content(1, 10)).await;
    for (after, limit, expected) in [(None, 0, 0), (None, 1, 1), (Some(last), 10, 0)] {
        let page = store.scan(after, limit).await.expect("a scan succeeds");
        assert_eq!(page.len(), expected);
    }
}
