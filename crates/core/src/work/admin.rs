//! What operators see of the queue, and may do with it.

use crate::engine::Engine;
use crate::error::Error;
use crate::limits;
use crate::model::WorkId;
use crate::ports::{Expect, Limit, Order, StoreError, Table, Txn, When};
use crate::records::{WorkRecord, decode, keys};

use super::queue::{read, revived};

impl Engine {
    /// Work that is open or dead, in order of its id, at most `limit` (and [`limits::WORK_PAGE`]).
    pub async fn list_work(&self, limit: usize) -> Result<Vec<(WorkId, WorkRecord)>, Error> {
        let all = keys::prefix_range(Table::Work, &[]);
        let limit = Limit {
            rows: limit.min(limits::WORK_PAGE),
            bytes: usize::MAX,
        };
        if limit.rows == 0 {
            return Ok(Vec::new());
        }
        let pages = self
            .ports()
            .meta
            .scan(&[all], Order::Ascending, limit)
            .await?;
        let rows = pages.into_iter().flat_map(|page| page.rows);
        rows.map(|(key, stored)| {
            let id = <[u8; 16]>::try_from(&*key)
                .map_err(|_| StoreError::Damaged("key of work".into()))?;
            Ok((WorkId(id), decode(&stored.bytes)?))
        })
        .collect()
    }

    /// Makes dead work due now, with all its tries before it. `false` when there is no such work, or
    /// it is not dead.
    pub async fn reopen_work(&self, id: WorkId) -> Result<bool, Error> {
        let Some((record, revision)) = read(self, id).await?.filter(|(record, _)| record.dead)
        else {
            return Ok(false);
        };
        let now = self.ports().clock.now();
        let txn = Txn {
            when: When::Now,
            expect: vec![Expect::Revision(keys::work(id), revision)],
            write: revived(id, record, now),
            payloads: Vec::new(),
        };
        let reopened = self.commit_one(txn).await?;
        self.work_bell.ring();
        Ok(reopened)
    }
}
