//! `cohong events tail`: the log of a bucket, or of all that are subscribed to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::cli::client::{Client, escaped};
use crate::cli::failure::Failure;
use crate::cli::output::{Column, Output, print, table, text};

/// How often new events are asked for.
const POLL: Duration = Duration::from_millis(500);

pub(super) async fn run(
    client: &Client,
    output: Output,
    bucket: Option<String>,
    follow: bool,
    lines: u16,
) -> Result<(), Failure> {
    let mut cursors: BTreeMap<String, u64> = BTreeMap::new();
    let mut events = Vec::new();
    for name in buckets(client, bucket.as_ref()).await? {
        let (page, next) = page(client, &name, &format!("limit={lines}")).await?;
        events.extend(page);
        cursors.insert(name, next);
    }
    sort(&mut events);
    events.drain(..events.len().saturating_sub(lines.into()));
    if !follow {
        return output.list(&Value::from(events), COLUMNS, "no event was logged");
    }
    show(output, &events)?;
    loop {
        tokio::time::sleep(POLL).await;
        let mut fresh = Vec::new();
        for name in buckets(client, bucket.as_ref()).await? {
            let after = cursors.get(&name).copied().unwrap_or(0);
            let (page, next) = page(client, &name, &format!("after={after}&limit=1000")).await?;
            fresh.extend(page);
            cursors.insert(name, next);
        }
        sort(&mut fresh);
        show(output, &fresh)?;
    }
}

const COLUMNS: [(&str, Column); 6] = [
    ("TIME", |line| text(line, "time")),
    ("EVENT", |line| text(line, "id")),
    ("KIND", |line| text(line, "kind")),
    ("KEY", |line| {
        format!("{}/{}", text(line, "bucket"), text(line, "key"))
    }),
    ("SIZE", |line| text(line, "size")),
    ("FOR", told),
];

fn told(line: &Value) -> String {
    let names = line["destinations"].as_array().into_iter().flatten();
    let names: Vec<&str> = names.filter_map(Value::as_str).collect();
    names.join(" ")
}

async fn buckets(client: &Client, one: Option<&String>) -> Result<BTreeSet<String>, Failure> {
    if let Some(name) = one {
        return Ok([name.clone()].into());
    }
    let subs = client.get("/events/subs").await?;
    let names = subs.as_array().into_iter().flatten();
    Ok(names
        .filter_map(|line| line["bucket"].as_str().map(ToOwned::to_owned))
        .collect())
}

async fn page(client: &Client, bucket: &str, asked: &str) -> Result<(Vec<Value>, u64), Failure> {
    let path = format!("/events/log?bucket={}&{asked}", escaped(bucket));
    let mut answer = client.get(&path).await?;
    let next = answer["next"].as_u64().unwrap_or(0);
    let events = match answer["events"].take() {
        Value::Array(events) => events,
        _ => Vec::new(),
    };
    Ok((events, next))
}

/// Positions of all logs come from one counter.
fn sort(events: &mut [Value]) {
    events.sort_by_key(|event| event["id"].as_u64());
}

/// While following, programs get one document a line.
fn show(output: Output, events: &[Value]) -> Result<(), Failure> {
    if output.is_json() {
        return events
            .iter()
            .try_for_each(|event| print(&event.to_string()));
    }
    if events.is_empty() {
        return Ok(());
    }
    let text = table(events, COLUMNS);
    text.lines().skip(1).try_for_each(print)
}
