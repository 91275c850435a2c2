//! Jobs and what they made readable (sheet sections 4.14 to 4.17).

use cohong_core::ErrorKind;
use cohong_core::engine::{CreateJob, JobOutput};
use cohong_core::model::{JobId, JobKind};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::{Answer, Call, made};
use crate::gate::OutBody;
use crate::gate::body::{outbound, read_whole};
use crate::gate::service::json;
use crate::oas::Oas;
use crate::oas::error::OasError;
use crate::oas::limits::{JOB_BYTES_MAX, PAGE};
use crate::oas::wire::job::{JobList, ShownJob};
use crate::oas::wire::said::{self, TREE_ETAG};
use crate::oas::wire::shown::capitals;
use crate::oas::wire::{order, page};

/// Makes a job.
pub(super) async fn create(call: &Call<'_>, oas: &Oas) -> Answer {
    let vault = call.vault()?;
    let body = read_whole(&call.headers, call.body.stream(), JOB_BYTES_MAX).await?;
    let (order, description) = order::read(&body, &oas.options.oss_hosts)?;
    let request = CreateJob {
        vault,
        description,
        order,
    };
    let id = oas.engine.create_job(&call.cx, request).await?;
    let (vault, id) = (capitals(vault), capitals(id));
    let path = format!("/vaults/{vault}/jobs/{id}");
    Ok(made(StatusCode::ACCEPTED, "x-oas-job-id", &id, &path))
}

/// Lists the jobs that have not expired.
pub(super) async fn list(call: &Call<'_>, oas: &Oas) -> Answer {
    let asked = page::read(&call.query, PAGE, JobId::parse)?;
    let listed = oas
        .engine
        .list_jobs(&call.cx, call.vault()?, asked.marker, asked.limit)
        .await?;
    let shown = |job| ShownJob::new(job, call.cx.at);
    let list = JobList {
        marker: listed.next.map(capitals).unwrap_or_default(),
        job_list: listed.entries.iter().map(shown).collect(),
    };
    Ok(json(StatusCode::OK, &list))
}

/// Shows a job.
pub(super) async fn describe(call: &Call<'_>, oas: &Oas) -> Answer {
    let job = oas.engine.job(&call.cx, call.vault()?, job(call)?).await?;
    Ok(json(StatusCode::OK, &ShownJob::new(&job, call.cx.at)))
}

/// Gives what a job made readable, all of it or a range.
pub(super) async fn output(call: &Call<'_>, oas: &Oas) -> Answer {
    let range = said::output_range(&call.headers)?;
    let output = oas
        .engine
        .job_output(&call.cx, call.vault()?, job(call)?, range)
        .await?;
    Ok(sent(output, range.is_some()))
}

/// The job in the path. An id that cannot be one names no job.
fn job(call: &Call<'_>) -> Result<JobId, OasError> {
    let absent = || {
        let why = "there is no such job in the vault; it may have expired";
        OasError::absent(ErrorKind::NoSuchJob, why)
    };
    JobId::parse(&call.id).ok_or_else(absent)
}

/// An output as clients read it: the type of the bytes has to be exact (sheet section 1.3).
fn sent(output: JobOutput, in_part: bool) -> Response<OutBody> {
    let JobOutput {
        job,
        size,
        range,
        tree,
        body,
    } = output;
    let kind = match job.kind {
        JobKind::Inventory => "application/json",
        JobKind::Retrieval { .. } | JobKind::Pull { .. } | JobKind::Push { .. } => {
            "application/octet-stream"
        }
    };
    let mut response = Response::new(outbound(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LENGTH, (range.end - range.start).into());
    let ascii = |text: &str| HeaderValue::from_str(text).expect("digits are ASCII");
    if in_part {
        let (first, last) = (range.start, range.end.saturating_sub(1));
        let text = format!("bytes {first}-{last}/{size}");
        headers.insert(CONTENT_RANGE, ascii(&text));
    }
    if let Some(tree) = tree {
        headers.insert(HeaderName::from_static(TREE_ETAG), ascii(&capitals(tree)));
    }
    if in_part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}
