//! Removing a bucket: close it, look whether it is empty, and remove or reopen it. While it is closed
//! nothing can be written into it, so what the look finds is what the removal meets. A piece of work
//! written with the closing finishes what a crash leaves undone.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{BucketId, BucketName, BucketState, DocKind};
use crate::ports::{CommitError, Expect, Limit, Order, Table, Write};
use crate::records::{WorkKind, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::work;

use super::buckets::now;
use super::domains::without_domains;
use super::{Cx, Engine};

/// How a removal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Removed,
    NotEmpty,
}

impl Engine {
    /// Removes an empty bucket. `BucketNotEmpty` while it holds any version, delete marker or open
    /// upload. Its event log stays until everything in it is delivered.
    pub async fn delete_bucket(&self, cx: &Cx, name: &BucketName) -> Result<(), Error> {
        let bucket = self.close_bucket(cx, name).await?;
        match self.decide_removal(bucket, name).await? {
            Verdict::Removed => Ok(()),
            Verdict::NotEmpty => Err(not_empty()),
        }
    }

    /// Finishes a removal that was begun; nothing to do is success. For the work item of the closing.
    pub(crate) async fn finish_bucket_removal(
        &self,
        bucket: BucketId,
        name: &BucketName,
    ) -> Result<(), Error> {
        self.decide_removal(bucket, name).await.map(|_| ())
    }

    /// Closes a bucket that looks empty, so that an ordinary refusal disturbs nobody.
    async fn close_bucket(&self, cx: &Cx, name: &BucketName) -> Result<BucketId, Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, Action::DeleteBucket, On::Bucket)?;
            if !self.is_empty(bucket.id).await? {
                return Err(not_empty());
            }
            Arc::make_mut(&mut bucket).state = BucketState::Deleting;
            let at = keys::bucket(name);
            let kind = WorkKind::RemoveBucket {
                bucket: bucket.id,
                name: name.clone(),
            };
            let time = self.ports.clock.now();
            let [item, due] = work::put(self.ports.ids.as_ref(), kind, time, time);
            let txn = now(
                vec![Expect::Revision(at.clone(), revision)],
                vec![Write::Put(at, encode(&*bucket)), item, due],
            );
            if self.commit_one(txn).await? {
                self.work_bell.ring();
                return Ok(bucket.id);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Removes or reopens a closed bucket. Two may run at once: they decide the same, and whoever comes
    /// second reads what the first did.
    async fn decide_removal(&self, id: BucketId, name: &BucketName) -> Result<Verdict, Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut bucket, revision) = match self.find_bucket(name).await? {
                Some((bucket, revision)) if bucket.id == id => (bucket, revision),
                _ => return Ok(Verdict::Removed),
            };
            if bucket.state == BucketState::Live {
                return Ok(Verdict::NotEmpty);
            }
            let at = keys::bucket(name);
            let (verdict, write) = if self.is_empty(id).await? {
                let docs = DocKind::ALL.map(|kind| Write::Delete(keys::bucket_doc(id, kind)));
                let mut write = vec![Write::Delete(at.clone())];
                write.extend(docs);
                write.extend(without_domains(&bucket));
                write.extend(self.without_sets(&bucket).await?);
                (Verdict::Removed, write)
            } else {
                Arc::make_mut(&mut bucket).state = BucketState::Live;
                let reopened = Write::Put(at.clone(), encode(&*bucket));
                (Verdict::NotEmpty, vec![reopened])
            };
            let txn = now(vec![Expect::Revision(at, revision)], write);
            if self.commit_one(txn).await? {
                if verdict == Verdict::Removed {
                    self.usages.forget(id);
                }
                return Ok(verdict);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Whether a bucket holds no version, no delete marker and no upload.
    async fn is_empty(&self, bucket: BucketId) -> Result<bool, Error> {
        let ranges = [
            keys::current_range(Table::Heads, bucket, ""),
            keys::current_range(Table::Graves, bucket, ""),
            keys::versions_range(bucket, ""),
            keys::uploads_range(bucket, ""),
        ];
        let one = Limit { rows: 1, bytes: 0 };
        let pages = self.ports.meta.scan(&ranges, Order::Ascending, one).await?;
        Ok(pages.iter().all(|page| page.rows.is_empty()))
    }
}

fn not_empty() -> Error {
    Error::new(
        ErrorKind::BucketNotEmpty,
        "the bucket still holds versions, delete markers or open uploads; remove them first",
    )
}
