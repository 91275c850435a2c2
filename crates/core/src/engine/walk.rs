//! Reads a range of records page by page. Pages come from different snapshots: for rows that nobody
//! changes meanwhile, or where a miss is harmless.

use bytes::{BufMut, Bytes, BytesMut};

use crate::limits;
use crate::ports::{KeyRange, Limit, MetadataStore, Order, Record, StoreError};

/// Bytes of one page: far below a batch, and enough for most ranges at once.
const PAGE_BYTES: usize = 1 << 20;

/// A range being read.
pub(crate) struct Walk {
    rest: Option<KeyRange>,
}

impl Walk {
    /// Reads `range`, smallest key first.
    pub(crate) fn over(range: KeyRange) -> Self {
        Self { rest: Some(range) }
    }

    /// What is left of the range; `None` at the end.
    pub(crate) fn rest(self) -> Option<KeyRange> {
        self.rest
    }

    /// The next rows (key within the table, record); `None` at the end.
    pub(crate) async fn page(
        &mut self,
        meta: &dyn MetadataStore,
    ) -> Result<Option<Vec<(Bytes, Record)>>, StoreError> {
        let Some(range) = self.rest.take() else {
            return Ok(None);
        };
        let limit = Limit {
            rows: limits::WORK_PAGE,
            bytes: PAGE_BYTES,
        };
        let ranges = [range];
        let page = meta.scan(&ranges, Order::Ascending, limit).await?.pop();
        let [range] = ranges;
        let Some(page) = page.filter(|page| !page.rows.is_empty()) else {
            return Ok(None);
        };
        if page.more {
            let start = page.rows.last().map(|(key, _)| after(key));
            self.rest = start.map(|start| KeyRange { start, ..range });
        }
        Ok(Some(page.rows))
    }

    /// All rows; for ranges whose length has a limit.
    pub(crate) async fn all(
        mut self,
        meta: &dyn MetadataStore,
    ) -> Result<Vec<(Bytes, Record)>, StoreError> {
        let mut all = Vec::new();
        while let Some(rows) = self.page(meta).await? {
            all.extend(rows);
        }
        Ok(all)
    }
}

/// The first key after `key`.
pub(super) fn after(key: &[u8]) -> Bytes {
    let mut next = BytesMut::with_capacity(key.len() + 1);
    next.put_slice(key);
    next.put_u8(0);
    next.freeze()
}
