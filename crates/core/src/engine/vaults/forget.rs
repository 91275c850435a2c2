//! Removing jobs that are forgotten, and what a deleted vault leaves behind.

use crate::engine::buckets::now;
use crate::engine::key::let_go;
use crate::engine::{Engine, Walk};
use crate::error::Error;
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{Job, JobId, JobResult, JobStatus, PayloadRef, VaultId};
use crate::ports::{CommitError, Expect, StoreError, Table, Write};
use crate::records::{decode, keys};

impl Engine {
    /// Removes all jobs whose time is over, and lets go of what they hold.
    pub(crate) async fn expire_jobs(&self) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let mut rows = Walk::over(keys::prefix_range(Table::Jobs, &[]));
        while let Some(page) = rows.page(&*self.ports.meta).await? {
            for (at, stored) in page {
                let job: Job = decode(&stored.bytes)?;
                if job.status(now) == JobStatus::Expired {
                    let (vault, id) = keys::vault_of_job(&at).ok_or_else(damaged)?;
                    self.remove_job(vault, id).await?;
                }
            }
        }
        Ok(())
    }

    /// Removes the uploads and jobs of a deleted vault. Nobody puts any more: whoever does expects the vault.
    pub(crate) async fn forget_vault(&self, vault: VaultId) -> Result<Vec<Write>, Error> {
        let mut rows = Walk::over(keys::archive_uploads_range(vault));
        while let Some(page) = rows.page(&*self.ports.meta).await? {
            for (at, _) in page {
                let upload = keys::upload_of_archive(&at).ok_or_else(damaged)?;
                self.forget_upload(vault, upload).await?;
            }
        }
        let mut rows = Walk::over(keys::jobs_range(vault));
        while let Some(page) = rows.page(&*self.ports.meta).await? {
            for (at, _) in page {
                let (vault, id) = keys::vault_of_job(&at).ok_or_else(damaged)?;
                self.remove_job(vault, id).await?;
            }
        }
        Ok(Vec::new())
    }

    async fn forget_upload(
        &self,
        vault: VaultId,
        upload: crate::model::UploadId,
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let Some(found) = self.find_archive_upload(vault, upload).await? else {
                return Ok(());
            };
            let txn = self.giving_up(vault, upload, found.revision);
            if self.commit_one(txn).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    async fn remove_job(&self, vault: VaultId, id: JobId) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let Some((job, revision)) = self.find_job(vault, id).await? else {
                return Ok(());
            };
            let at = keys::job(vault, id);
            let mut expect = vec![Expect::Revision(at.clone(), revision)];
            let mut write = vec![Write::Delete(at)];
            if let Some(found) = self.find_vault(vault).await? {
                expect.push(found.is_unchanged());
                write.push(found.counting(|usage| usage.jobs = usage.jobs.saturating_sub(1)));
            }
            let time = self.ports.clock.now();
            let output = match job.outcome.as_ref().map(|outcome| &outcome.result) {
                Some(JobResult::Listed {
                    output: PayloadRef::One { id, .. },
                    ..
                }) => Some(*id),
                _ => None,
            };
            let taken = job.kind.archive().map(|archive| archive.id.payload());
            for payload in output.into_iter().chain(taken) {
                let holder = keys::held_by_job(payload, vault, id);
                write.extend(let_go(&*self.ports.ids, payload, holder, time));
            }
            if self.commit_one(now(expect, write)).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged("key of a vault".into())
}
