//! `cohong job`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cohong_client::oas::{Api, Job, ToFile, range_size};
use serde_json::{Value, json};

use super::bar::{moved, waited};
use super::{failed, vault};
use crate::cli::args;
use crate::cli::bar::typed;
use crate::cli::failure::{Failure, OWED};
use crate::cli::output::{Column, Output, lines, text};

const COLUMNS: [(&str, Column); 5] = [
    ("CREATED", |line| text(line, "created")),
    ("ACTION", |line| text(line, "action")),
    ("STATUS", |line| text(line, "status")),
    ("DESCRIPTION", |line| text(line, "description")),
    ("JOB", |line| text(line, "job")),
];

pub(in crate::cli) async fn run(
    order: args::archive::Job,
    api: &Api,
    output: Output,
) -> Result<ExitCode, Failure> {
    match order {
        args::archive::Job::Ls { vault: name } => {
            let found = vault(api, &name).await?;
            let all = found.list_all_jobs().await.map_err(failed)?;
            let lines = all.iter().map(shown).collect::<Vec<_>>().into();
            output.list(&lines, COLUMNS, "no jobs")?;
        }
        args::archive::Job::Show { vault: name, job } => {
            output.say(&shown(&named(api, &name, &job).await?), lines)?;
        }
        args::archive::Job::Wait {
            vault: name,
            job,
            timeout,
        } => {
            let job = named(api, &name, &job).await?;
            return wait(&name, job, timeout, output).await;
        }
        args::archive::Job::Get {
            vault: name,
            job,
            file,
        } => {
            let job = named(api, &name, &job).await?;
            get(&name, job, &file, output).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn named(api: &Api, vault_name: &str, job: &str) -> Result<Job, Failure> {
    let found = vault(api, vault_name).await?.get_job(job).await;
    found.map_err(failed)
}

async fn wait(
    name: &str,
    mut job: Job,
    timeout: Option<Duration>,
    output: Output,
) -> Result<ExitCode, Failure> {
    let again = typed(&["cohong", "job", "wait", name, &job.id]);
    let ended = {
        let work = waited(&again, job.wait());
        match timeout {
            None => Some(work.await),
            Some(timeout) => tokio::time::timeout(timeout, work).await.ok(),
        }
    };
    let code = match ended {
        Some(ended) => ended.map(|()| ExitCode::SUCCESS)?,
        None => ExitCode::from(OWED),
    };
    output.say(&shown(&job), |answer| text(answer, "status"))?;
    Ok(code)
}

/// Writes the output of a job into a file, once it is ready.
pub(super) async fn get(
    name: &str,
    mut job: Job,
    file: &Path,
    output: Output,
) -> Result<(), Failure> {
    let shown = file.display().to_string();
    let again = typed(&["cohong", "job", "get", name, &job.id, &shown]);
    waited(&again, job.wait()).await?;
    let bytes = job.inventory_size.or(job.job_range.map(range_size));
    let (bytes, progress) = (bytes.unwrap_or(0), job.progress());
    let work = job.download_to_file(file, ToFile::default());
    moved(output, bytes, &progress, &again, work).await?;
    let answer = json!({ "job": job.id, "file": shown, "bytes": bytes });
    output.say(&answer, |_| format!("{bytes} bytes are in {shown}"))
}

fn shown(job: &Job) -> Value {
    let range = job.job_range.map(|(first, last)| format!("{first}-{last}"));
    json!({
        "job": job.id,
        "action": job.action,
        "status": job.status_code,
        "message": job.status_message,
        "completed": job.completed,
        "archive": job.archive_id,
        "description": job.description,
        "range": range,
        "archive_bytes": job.archive_size,
        "inventory_bytes": job.inventory_size,
        "etag": job.etag,
        "tree_etag": job.tree_etag,
        "created": job.creation_date,
        "ended": job.completion_date,
    })
}
