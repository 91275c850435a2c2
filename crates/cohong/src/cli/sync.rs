//! `cohong sync`.

mod push;
mod wait;

use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::args::sync::{Create, Keys, Sync};
use super::client::{Client, escaped};
use super::failure::Failure;
use super::output::{Column, Output, text};

/// The store that is this server.
const HERE: &str = "local";

pub(super) async fn run(order: Sync, client: &Client, output: Output) -> Result<ExitCode, Failure> {
    match order {
        Sync::Create(order) => {
            let answer = client.post("/sync", &create(&order)?).await?;
            output.say(&answer, created)?;
        }
        Sync::Ls => output.list(&client.get("/sync").await?, TASKS, NO_TASKS)?,
        Sync::Show { task } => output.say(&client.get(&path(&task)).await?, told)?,
        Sync::Start { task, keys } => {
            let way = format!("{}/start", path(&task));
            let answer = client.post(&way, &with(&keys)?).await?;
            output.say(&answer, |_| format!("{task} runs"))?;
        }
        Sync::Stop { task } => {
            let way = format!("{}/stop", path(&task));
            let answer = client.post(&way, &json!({})).await?;
            let said = format!("{task} is stopped; start it again with `cohong sync start {task}`");
            output.say(&answer, |_| said)?;
        }
        Sync::Rm { task } => {
            let answer = client.delete(&path(&task)).await?;
            output.say(&answer, |_| format!("removed {task}"))?;
        }
        Sync::Push { task, keys } => push::run(client, output, &task, keys).await?,
        Sync::Wait {
            task,
            timeout,
            since,
        } => {
            return wait::run(client, output, &task, timeout, since).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn path(task: &str) -> String {
    format!("/sync/{}", escaped(task))
}

const NO_TASKS: &str = "no sync tasks; `cohong sync create SOURCE/BUCKET local/BUCKET` makes one";

const TASKS: [(&str, Column); 8] = [
    ("TASK", |line| text(line, "task")),
    ("STATE", |line| text(line, "state")),
    ("FROM", |line| text(line, "from")),
    ("TO", |line| text(line, "to")),
    ("WAITING", |line| text(line, "waiting")),
    ("SUCCESS", |line| text(line, "success")),
    ("FAILURE", |line| text(line, "failure")),
    ("SKIP", |line| text(line, "skip")),
];

fn create(order: &Create) -> Result<Value, Failure> {
    let (from, to) = (place(&order.from)?, place(&order.to)?);
    if !to.2.is_empty() {
        let error = format!("copies have the same keys, so {:?} has no prefix", order.to);
        return Err(Failure::usage(error));
    }
    if from.0 != HERE && to.0 != HERE {
        let error = "neither side is this server";
        return Err(Failure::usage(error).hint("write one of them as local/BUCKET"));
    }
    let side = |(store, bucket, prefix): (&str, &str, &str)| {
        let region = order.region.as_deref().filter(|_| store != HERE);
        json!({ "store": store, "region": region, "bucket": bucket, "prefix": prefix })
    };
    let overwrite = order.overwrite.to_possible_value();
    Ok(json!({
        "from": side(from),
        "to": side(to),
        "description": order.description,
        "overwrite": overwrite.map(|value| value.get_name().to_owned()),
        "deletes": order.deletes,
        "restore": order.restore,
        "with": with(&order.keys)?,
    }))
}

/// Store, bucket and prefix.
fn place(text: &str) -> Result<(&str, &str, &str), Failure> {
    let parts = text.split_once('/').map(|(store, rest)| {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        (store, bucket, prefix)
    });
    parts
        .filter(|(store, bucket, _)| !store.is_empty() && !bucket.is_empty())
        .ok_or_else(|| {
            Failure::usage(format!("{text:?} is not SOURCE/BUCKET or SOURCE/BUCKET/PREFIX"))
                .hint("write it as local/photos or, with a name of `cohong source ls`, as minio/photos/2026/")
        })
}

fn with(keys: &Keys) -> Result<Value, Failure> {
    let source = keys.source_key.as_ref().map(|key| {
        let (access, secret) = key.split_once(':').ok_or_else(|| {
            Failure::usage("--source-key is ACCESS:SECRET, with a colon between them")
        })?;
        Ok(json!({ "access": access, "secret": secret, "token": keys.source_token }))
    });
    let source: Option<Value> = source.transpose()?;
    Ok(json!({ "key": keys.using, "source_key": source }))
}

fn created(answer: &Value) -> String {
    let task = text(answer, "task");
    let (from, to) = (text(answer, "from"), text(answer, "to"));
    format!(
        "{task} copies from {from} to {to}\n\
         name keys for it: `cohong sync push {task} KEY`\n\
         or let a notification rule do so, with sync:{task} as its function"
    )
}

fn told(answer: &Value) -> String {
    let names = [
        "task",
        "state",
        "from",
        "to",
        "account",
        "key",
        "description",
        "overwrite",
        "deletes",
        "restore",
        "lists",
        "created_at",
        "started_at",
        "waiting",
        "requests",
        "success",
        "failure",
        "skip",
        "bytes",
    ];
    let lines = names.iter().map(|name| {
        let shown = name.replace('_', " ");
        format!("{shown:<12} {}", text(answer, name))
            .trim_end()
            .to_owned()
    });
    lines.chain(failures(answer)).collect::<Vec<_>>().join("\n")
}

/// Failures that are shown at once; lists have them all.
const FAILURES_SHOWN: usize = 20;

/// The last failures of a task, a line each.
fn failures(answer: &Value) -> Vec<String> {
    let all = answer["failures"].as_array().map_or(&[][..], Vec::as_slice);
    let mut lines: Vec<String> = all.iter().take(FAILURES_SHOWN).map(failed).collect();
    if all.len() > FAILURES_SHOWN {
        lines.push(format!("and {} more", all.len() - FAILURES_SHOWN));
    }
    lines
}

fn failed(line: &Value) -> String {
    let (time, key) = (text(line, "time"), text(line, "key"));
    let (stage, why) = (text(line, "stage"), text(line, "why"));
    format!("{time}  {key}: failed {stage}: {why}")
}
