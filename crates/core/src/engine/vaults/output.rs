//! What jobs make readable.

use super::jobs::no_such_job;
use crate::engine::body_out::prefetch;
use crate::engine::{Cx, Engine, JobOutput};
use crate::error::{Error, ErrorKind};
use crate::model::{Archive, Job, JobId, JobKind, JobResult, JobStatus, PayloadRef, VaultId};
use crate::rules::tree::is_aligned;

/// The bytes that a job gives, and of which archive they are.
struct Given<'a> {
    payload: &'a PayloadRef,
    /// Where the output begins in them.
    start: u64,
    size: u64,
    /// The archive, where the output is a node of its tree.
    of: Option<&'a Archive>,
}

impl Engine {
    /// Reads what a job made readable, or a range of it (first and last byte of the output, at multiples of
    /// 1 MiB or the end): `NoSuchVault`, `NoSuchJob`, `JobNotReady`, `JobFailed`, `InvalidArgument` for jobs
    /// that give nothing, `InvalidRange`.
    pub async fn job_output(
        &self,
        cx: &Cx,
        vault: VaultId,
        id: JobId,
        range: Option<(u64, u64)>,
    ) -> Result<JobOutput, Error> {
        self.own_vault(cx, vault).await?;
        let (job, _) = self.find_job(vault, id).await?.ok_or_else(no_such_job)?;
        let now = self.ports.clock.now();
        let result = match job.status(now) {
            JobStatus::Expired => return Err(no_such_job()),
            JobStatus::InProgress => {
                let message = "the job has not ended yet; ask again later";
                return Err(Error::new(ErrorKind::JobNotReady, message));
            }
            JobStatus::Done(outcome) => &outcome.result,
        };
        let given = given(&job, result)?;
        let (first, last) = range.unwrap_or((0, given.size.saturating_sub(1)));
        let range = first..last.saturating_add(1);
        if !is_aligned(&range, given.size) {
            let message = "a range begins and ends at multiples of 1048576 or at the output's end";
            return Err(Error::new(ErrorKind::InvalidRange, message).at_length(given.size));
        }
        let bytes = given.start + range.start..given.start + range.end;
        let tree = match given.of {
            Some(archive) => self.tree_of(archive, &bytes).await?,
            None => None,
        };
        let body = prefetch(self.open_payload(given.payload, None, bytes)).await?;
        let size = given.size;
        Ok(JobOutput {
            job,
            size,
            range,
            tree,
            body,
        })
    }
}

fn given<'a>(job: &'a Job, result: &'a JobResult) -> Result<Given<'a>, Error> {
    match (result, &job.kind) {
        (
            JobResult::Retrieved,
            JobKind::Retrieval {
                archive,
                range,
                tree,
            },
        ) => Ok(Given {
            payload: &archive.payload,
            start: range.start,
            size: range.end - range.start,
            of: tree.map(|_| archive),
        }),
        (JobResult::Listed { output, size }, _) => Ok(Given {
            payload: output,
            start: 0,
            size: *size,
            of: None,
        }),
        (JobResult::Failed { why }, _) => {
            let message = format!("the job failed: {why}");
            Err(Error::new(ErrorKind::JobFailed, message))
        }
        (JobResult::Retrieved | JobResult::Pulled { .. } | JobResult::Pushed, _) => {
            let message = "a job of this kind gives nothing to read; describe it instead";
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
    }
}
