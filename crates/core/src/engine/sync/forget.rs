//! Removing what a deleted sync task leaves behind.

use crate::engine::buckets::now;
use crate::engine::walk::Walk;
use crate::engine::{Engine, UploadTarget};
use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{BucketName, ObjectKey, SyncTaskId, UploadId};
use crate::ports::{CommitError, Key, Table, Write};
use crate::records::{SyncItemRecord, decode, keys};

impl Engine {
    /// Removes the rows of a deleted task, page by page, and gives up the uploads it had begun. Nobody
    /// puts any more: whoever does expects the task.
    pub(crate) async fn forget_sync(
        &self,
        task: SyncTaskId,
        bucket: &BucketName,
    ) -> Result<Vec<Write>, Error> {
        for table in [Table::SyncItems, Table::SyncCounts, Table::SyncLines] {
            let mut rows = Walk::over(keys::prefix_range(table, &[&task.0]));
            while let Some(page) = rows.page(&*self.ports.meta).await? {
                let mut write = Vec::with_capacity(page.len());
                for (bytes, stored) in page {
                    if table == Table::SyncItems {
                        let item: SyncItemRecord = decode(&stored.bytes)?;
                        if let Some(resume) = item.resume {
                            self.give_up_copy(bucket, &resume.key, resume.upload)
                                .await?;
                        }
                    }
                    write.push(Write::Delete(Key { table, bytes }));
                }
                self.commit_one(now(Vec::new(), write)).await?;
            }
        }
        Ok(Vec::new())
    }

    /// Gives up the upload of a copy, if it is there.
    pub(crate) async fn give_up_copy(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: UploadId,
    ) -> Result<(), Error> {
        let target = UploadTarget {
            bucket: bucket.clone(),
            key: key.clone(),
            upload,
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let bucket = match self.bucket_for_change(bucket).await {
                Err(error) if error.kind() == ErrorKind::NoSuchBucket => return Ok(()),
                found => found?.0,
            };
            let Some(found) = self.find_upload(&bucket, &target).await? else {
                return Ok(());
            };
            let ending = self.ending(&bucket, &target, &found);
            if self.commit_one(ending).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }
}
