//! Jobs: making and showing them. How they do what they do is in `run`, what they give in `output`.
//!
//! A retrieval needs nobody to do it: the job holds the bytes from the commit that makes it, and may give them
//! from an instant on. What it has come to is computed from its record and the time, as with a restored object.

use bytes::Bytes;

use super::Found;
use crate::engine::buckets::now;
use crate::engine::{CreateJob, Cx, Engine, JobListing, JobOrder, VaultPage};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, JOBS_MAX};
use crate::model::{
    Archive, ArchiveId, Job, JobId, JobKind, JobOutcome, JobResult, JobStatus, VaultId,
};
use crate::ports::{CommitError, Expect, Revision, StoreError, Write};
use crate::records::{WorkKind, decode, encode, keys};
use crate::rules::vault::{check_text, retrieved};
use crate::work;

impl Engine {
    /// Makes a job: `NoSuchVault`, `NoSuchArchive`, `InvalidArgument` for its description and a range that is
    /// not aligned, `Busy` when the vault has as many jobs as it may. Whether an object may be read or
    /// written is found out when the job is done.
    pub async fn create_job(&self, cx: &Cx, req: CreateJob) -> Result<JobId, Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let _pass = self.gates.enter_one(req.vault).await;
            let found = self.own_vault(cx, req.vault).await?;
            check_text(&req.description)?;
            if found.usage.jobs >= JOBS_MAX {
                return Err(Error::new(
                    ErrorKind::Busy,
                    "the vault has as many jobs as it may; wait until some are forgotten",
                ));
            }
            let (kind, taken) = self.kind_of(req.vault, &req.order).await?;
            let id = JobId(self.ports.ids.work().0);
            let (expect, write) = self.beginning_job(cx, &found, id, &req, kind);
            let expect = expect.into_iter().chain(taken).collect();
            if self.commit_one(now(expect, write)).await? {
                self.work_bell.ring();
                return Ok(id);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// What a job is to do, and that the archive it takes is as it was read.
    async fn kind_of(
        &self,
        vault: VaultId,
        order: &JobOrder,
    ) -> Result<(JobKind, Option<Expect>), Error> {
        let take = async |id: ArchiveId| -> Result<(Archive, Expect), Error> {
            let (archive, revision) = self.find_archive(vault, id).await?;
            let as_read = Expect::Revision(keys::archive(vault, id), revision);
            Ok((archive, as_read))
        };
        Ok(match order {
            JobOrder::Retrieval { archive, range } => {
                let (archive, as_read) = take(*archive).await?;
                let range = retrieved(*range, archive.size)?;
                let tree = self.tree_of(&archive, &range).await?;
                let kind = JobKind::Retrieval {
                    archive,
                    range,
                    tree,
                };
                (kind, Some(as_read))
            }
            JobOrder::Inventory => (JobKind::Inventory, None),
            JobOrder::Pull { bucket, key } => {
                let (bucket, key) = (bucket.clone(), key.clone());
                (JobKind::Pull { bucket, key }, None)
            }
            JobOrder::Push {
                archive,
                bucket,
                key,
            } => {
                let (archive, as_read) = take(*archive).await?;
                let kind = JobKind::Push {
                    archive,
                    bucket: bucket.clone(),
                    key: key.clone(),
                };
                (kind, Some(as_read))
            }
        })
    }

    fn beginning_job(
        &self,
        cx: &Cx,
        found: &Found,
        id: JobId,
        req: &CreateJob,
        kind: JobKind,
    ) -> (Vec<Expect>, Vec<Write>) {
        let created_at = self.ports.clock.now();
        let ready_at = created_at.plus(self.vault_settings.job_delay);
        let is_inventory = matches!(kind, JobKind::Inventory);
        let mut write = vec![found.counting(|usage| {
            usage.jobs = usage.jobs.saturating_add(1);
            if is_inventory {
                usage.inventory_at = Some(created_at);
            }
        })];
        if let Some(archive) = kind.archive() {
            let holder = keys::held_by_job(archive.id.payload(), req.vault, id);
            write.push(Write::Put(holder, encode(&())));
        }
        let outcome = match kind {
            JobKind::Retrieval { .. } => Some(JobOutcome {
                at: ready_at,
                result: JobResult::Retrieved,
            }),
            JobKind::Inventory | JobKind::Pull { .. } | JobKind::Push { .. } => {
                // An inventory is written at once, and shown when its time has come.
                let due = if is_inventory { created_at } else { ready_at };
                let work = doing(req.vault, id, &kind);
                write.extend(work::put(&*self.ports.ids, work, due, created_at));
                None
            }
        };
        let job = Job {
            id,
            kind,
            description: req.description.clone(),
            created_at,
            ready_at,
            principal: cx.principal.clone(),
            request_id: cx.request_id.clone(),
            via: cx.dialect,
            outcome,
        };
        let at = keys::job(req.vault, id);
        write.push(Write::Put(at.clone(), encode(&job)));
        let expect = vec![found.is_there(), found.is_unchanged(), Expect::Absent(at)];
        (expect, write)
    }

    /// A job that is not forgotten; ask [`Job::status`] what it has come to: `NoSuchVault`, `NoSuchJob`.
    pub async fn job(&self, cx: &Cx, vault: VaultId, id: JobId) -> Result<Job, Error> {
        self.own_vault(cx, vault).await?;
        let found = self.find_job(vault, id).await?.map(|(job, _)| job);
        let now = self.ports.clock.now();
        let known = found.filter(|job| job.status(now) != JobStatus::Expired);
        known.ok_or_else(no_such_job)
    }

    /// A page of the jobs of a vault that are not forgotten, by id, from the first one that is not before
    /// `from`; at most `limit` and [`crate::limits::PAGE_MAX`]: `NoSuchVault`.
    pub async fn list_jobs(
        &self,
        cx: &Cx,
        vault: VaultId,
        from: Option<JobId>,
        limit: usize,
    ) -> Result<JobListing, Error> {
        self.own_vault(cx, vault).await?;
        let range = keys::jobs_range(vault);
        let from = from.map(|id| keys::job(vault, id));
        let (rows, next) = self.vault_rows(range, from, limit).await?;
        let now = self.ports.clock.now();
        let mut entries = Vec::with_capacity(rows.len());
        for (_, stored) in rows {
            let job: Job = decode(&stored.bytes)?;
            if job.status(now) != JobStatus::Expired {
                entries.push(job);
            }
        }
        let id_of = |at: Bytes| {
            let ids = keys::vault_of_job(&at);
            ids.map(|(_, id)| id)
                .ok_or_else(|| StoreError::Damaged("key of a job".into()))
        };
        let next = next.map(id_of).transpose()?;
        Ok(VaultPage { entries, next })
    }

    /// A job as it is stored.
    pub(super) async fn find_job(
        &self,
        vault: VaultId,
        id: JobId,
    ) -> Result<Option<(Job, Revision)>, Error> {
        let Some(stored) = self.get_one(keys::job(vault, id)).await? else {
            return Ok(None);
        };
        Ok(Some((decode(&stored.bytes)?, stored.revision)))
    }
}

/// The work that does a job.
pub(super) fn doing(vault: VaultId, job: JobId, kind: &JobKind) -> WorkKind {
    WorkKind::RunJob {
        vault,
        job,
        reads: matches!(kind, JobKind::Pull { .. }),
    }
}

/// There is no job of that id, or not any more.
pub(super) fn no_such_job() -> Error {
    Error::new(
        ErrorKind::NoSuchJob,
        "there is no such job; jobs are forgotten a day after they ended",
    )
}
