//! Jobs as answers show them (sheet section 4.16).

use cohong_core::model::{Job, JobKind, JobResult, JobStatus, Timestamp, TreeHash};
use serde::Serialize;

use super::shown::capitals;
use crate::common::date;
use crate::oas::words::action;

/// A page of jobs.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct JobList {
    pub(crate) marker: String,
    pub(crate) job_list: Vec<ShownJob>,
}

/// A job. Clients read every member of it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShownJob {
    action: &'static str,
    archive_id: String,
    archive_size_in_bytes: i64,
    tree_etag: String,
    archive_tree_etag: String,
    /// As `ArchiveTreeEtag`: the name of it in one manual of the vendor (sheet section 6).
    archive_content_etag: String,
    completed: bool,
    completion_date: String,
    creation_date: String,
    inventory_size_in_bytes: i64,
    job_description: String,
    job_id: String,
    retrieval_byte_range: String,
    status_code: &'static str,
    status_message: String,
}

/// What is told of an archive when the job about it has succeeded.
struct About {
    size: u64,
    whole: TreeHash,
    /// Of the bytes that were asked for, where they are a node of the tree.
    asked: Option<TreeHash>,
}

impl ShownJob {
    /// A job as it is at an instant.
    pub(crate) fn new(job: &Job, now: Timestamp) -> Self {
        let outcome = match job.status(now) {
            JobStatus::Done(outcome) => Some(outcome),
            JobStatus::InProgress | JobStatus::Expired => None,
        };
        let result = outcome.map(|outcome| &outcome.result);
        let about = result.and_then(|result| about(&job.kind, result));
        let whole = about.as_ref().map(|about| capitals(about.whole));
        let asked = about.as_ref().and_then(|about| about.asked);
        let inventory = match result {
            Some(JobResult::Listed { size, .. }) => Some(*size),
            _ => None,
        };
        let (status_code, status_message) = match result {
            None => ("InProgress", String::new()),
            Some(JobResult::Failed { why }) => ("Failed", why.to_string()),
            Some(_) => ("Succeeded", "Succeeded".into()),
        };
        Self {
            action: action(&job.kind),
            archive_id: archive_id(&job.kind, result),
            archive_size_in_bytes: size(about.as_ref().map(|about| about.size)),
            tree_etag: asked.map(capitals).unwrap_or_default(),
            archive_content_etag: whole.clone().unwrap_or_default(),
            archive_tree_etag: whole.unwrap_or_default(),
            completed: outcome.is_some(),
            completion_date: outcome.map(|end| date::http(end.at)).unwrap_or_default(),
            creation_date: date::http(job.created_at),
            inventory_size_in_bytes: size(inventory),
            job_description: job.description.to_string(),
            job_id: capitals(job.id),
            retrieval_byte_range: byte_range(&job.kind),
            status_code,
            status_message,
        }
    }
}

/// Sizes that are not known are -1.
fn size(size: Option<u64>) -> i64 {
    size.map_or(-1, |size| i64::try_from(size).unwrap_or(i64::MAX))
}

fn archive_id(kind: &JobKind, result: Option<&JobResult>) -> String {
    match (kind, result) {
        (_, Some(JobResult::Pulled { archive, .. })) => capitals(archive),
        (kind, _) => kind
            .archive()
            .map(|archive| capitals(archive.id))
            .unwrap_or_default(),
    }
}

fn byte_range(kind: &JobKind) -> String {
    match kind {
        JobKind::Retrieval { range, .. } => {
            format!("{}-{}", range.start, range.end.saturating_sub(1))
        }
        JobKind::Inventory | JobKind::Pull { .. } | JobKind::Push { .. } => String::new(),
    }
}

fn about(kind: &JobKind, result: &JobResult) -> Option<About> {
    match (kind, result) {
        (_, JobResult::Failed { .. } | JobResult::Listed { .. }) => None,
        (_, JobResult::Pulled { size, tree, .. }) => Some(About {
            size: *size,
            whole: *tree,
            asked: Some(*tree),
        }),
        (JobKind::Retrieval { archive, tree, .. }, _) => Some(About {
            size: archive.size,
            whole: archive.tree,
            asked: *tree,
        }),
        (kind, _) => kind.archive().map(|archive| About {
            size: archive.size,
            whole: archive.tree,
            asked: Some(archive.tree),
        }),
    }
}
