//! The leaves of archives, in rows beside the payload. Rows go with the payload.

use bytes::Bytes;

use crate::engine::buckets::now;
use crate::engine::{Engine, Walk};
use crate::error::Error;
use crate::model::{Archive, PayloadId, TreeHash};
use crate::ports::{Key, KeyRange, StoreError, Table, Txn, When, Write};
use crate::records::keys;
use crate::rules::tree::{Combiner, is_node, leaves_in, leaves_of};

/// Bytes of a leaf.
const LEAF: usize = 16;

/// Writes that keep leaves as rows of `per_row`, the first one under the number `first`.
pub(super) fn rows(
    payload: PayloadId,
    first: u32,
    leaves: &[TreeHash],
    per_row: u32,
) -> impl Iterator<Item = Write> {
    let per_row = usize::try_from(per_row).unwrap_or(usize::MAX).max(1);
    let rows = (first..).zip(leaves.chunks(per_row));
    rows.map(move |(row, leaves)| {
        let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
        Write::Put(keys::leaves(payload, row), Bytes::from(bytes))
    })
}

impl Engine {
    /// The tree hash of a range of an archive that is made of whole blocks; `None` when it is no node of
    /// the archive's tree.
    pub(super) async fn tree_of(
        &self,
        archive: &Archive,
        range: &std::ops::Range<u64>,
    ) -> Result<Option<TreeHash>, Error> {
        if !is_node(range, archive.size) {
            return Ok(None);
        }
        if *range == (0..archive.size) {
            return Ok(Some(archive.tree));
        }
        let root = self
            .root_of_leaves(
                archive.id.payload(),
                archive.leaves_per_row,
                leaves_in(range),
            )
            .await?;
        Ok(Some(root))
    }

    /// The tree hash of all bytes of a payload, from its leaves.
    pub(super) async fn root_of_all(
        &self,
        payload: PayloadId,
        per_row: u32,
        size: u64,
    ) -> Result<TreeHash, Error> {
        self.root_of_leaves(payload, per_row, 0..leaves_of(size))
            .await
    }

    async fn root_of_leaves(
        &self,
        payload: PayloadId,
        per_row: u32,
        wanted: std::ops::Range<u64>,
    ) -> Result<TreeHash, Error> {
        let per_row = u64::from(per_row.max(1));
        let row = |leaf: u64| u32::try_from(leaf / per_row).map_err(|_| damaged());
        let (first, last) = (row(wanted.start)?, row(wanted.end.saturating_sub(1))?);
        let mut walk = Walk::over(KeyRange {
            start: keys::leaves(payload, first).bytes,
            end: Some(keys::leaves(payload, last.saturating_add(1)).bytes),
            ..keys::leaves_range(payload)
        });
        let mut combiner = Combiner::default();
        let mut at = u64::from(first) * per_row;
        let mut taken = 0;
        while let Some(rows) = walk.page(&*self.ports.meta).await? {
            for (_, stored) in rows {
                for leaf in stored.bytes.chunks_exact(LEAF) {
                    if wanted.contains(&at) {
                        let leaf = leaf.try_into().map_err(|_| damaged())?;
                        combiner.push(TreeHash(leaf));
                        taken += 1;
                    }
                    at += 1;
                }
            }
        }
        let root = combiner.finish();
        let root = root.filter(|_| taken == wanted.end - wanted.start);
        Ok(root.ok_or_else(damaged)?)
    }

    /// Removes the leaves of a payload that nothing holds, page by page.
    pub(crate) async fn drop_leaves(&self, payload: PayloadId) -> Result<(), Error> {
        let mut rows = Walk::over(keys::leaves_range(payload));
        while let Some(page) = rows.page(&*self.ports.meta).await? {
            let gone = |(bytes, _)| {
                Write::Delete(Key {
                    table: Table::Leaves,
                    bytes,
                })
            };
            let txn = Txn {
                when: When::Soon,
                ..now(Vec::new(), page.into_iter().map(gone).collect())
            };
            self.commit_one(txn).await?;
        }
        Ok(())
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged("leaves of an archive are missing".into())
}
