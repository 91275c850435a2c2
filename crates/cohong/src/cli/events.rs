//! `cohong events`.

mod tail;
mod wait;

use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::{Dead, Events, Replay};
use super::client::{Client, escaped};
use super::failure::Failure;
use super::output::{Column, Output, text};

pub(super) async fn run(
    order: Events,
    client: &Client,
    output: Output,
) -> Result<ExitCode, Failure> {
    match order {
        Events::Ls => output.list(&client.get("/events/subs").await?, SUBS, NO_SUBS)?,
        Events::Tail {
            bucket,
            follow,
            lines,
        } => {
            tail::run(client, output, bucket, follow, lines).await?;
        }
        Events::Dead { order: None } => dead(client, output, None).await?,
        Events::Dead {
            order: Some(Dead::Ls { bucket }),
        } => dead(client, output, bucket).await?,
        Events::Dead {
            order:
                Some(Dead::Redrive {
                    bucket,
                    destination,
                    id,
                }),
        } => {
            let order = json!({ "bucket": bucket, "destination": destination, "id": id });
            let answer = client.post("/events/redrive", &order).await?;
            output.say(&answer, redriven)?;
        }
        Events::Replay(order) => {
            let answer = client.post("/events/replays", &replay(&order)).await?;
            output.say(&answer, |answer| {
                format!(
                    "replay {} has begun; its messages carry that id",
                    text(answer, "replay")
                )
            })?;
        }
        Events::Wait { timeout } => return wait::run(client, output, timeout).await,
        Events::Cancel {
            bucket,
            destination,
        } => {
            let order = json!({ "bucket": bucket, "destination": destination });
            let answer = client.post("/events/cancel", &order).await?;
            output.say(&answer, |_| {
                format!("what {destination} was owed about {bucket} moves to the dead events")
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

const NO_SUBS: &str =
    "nobody is told about anything; set a notification rule on a bucket with an SDK";

const SUBS: [(&str, Column); 8] = [
    ("BUCKET", |line| text(line, "bucket")),
    ("DESTINATION", |line| text(line, "destination")),
    ("STATE", |line| text(line, "state")),
    ("WAITING", |line| text(line, "lag")),
    ("OLDEST", |line| age(&line["oldest_ms"])),
    ("HELD", |line| text(line, "held")),
    ("DEAD", |line| text(line, "dead")),
    ("WHY", |line| text(line, "why")),
];

fn age(millis: &Value) -> String {
    match millis.as_u64() {
        None => String::new(),
        Some(millis) if millis < 1000 => "<1s".into(),
        Some(millis) if millis < 120_000 => format!("{}s", millis / 1000),
        Some(millis) if millis < 7_200_000 => format!("{}m", millis / 60_000),
        Some(millis) => format!("{}h", millis / 3_600_000),
    }
}

async fn dead(client: &Client, output: Output, bucket: Option<String>) -> Result<(), Failure> {
    let columns: [(&str, Column); 7] = [
        ("DIED", |line| text(line, "died_at")),
        ("BUCKET", |line| text(line, "bucket")),
        ("KEY", |line| text(line, "key")),
        ("EVENT", |line| text(line, "id")),
        ("DESTINATION", |line| text(line, "destination")),
        ("TRIES", |line| text(line, "attempts")),
        ("WHY", why_dead),
    ];
    let path = bucket.map_or_else(
        || "/events/dead".to_owned(),
        |name| format!("/events/dead?bucket={}", escaped(&name)),
    );
    output.list(&client.get(&path).await?, columns, "no event was given up")
}

fn why_dead(line: &Value) -> String {
    let last = line["errors"].as_array().and_then(|errors| errors.last());
    let last = last.and_then(Value::as_str).unwrap_or_default();
    match (line["cancelled"] == true, last.is_empty()) {
        (true, true) => "cancelled".into(),
        (true, false) => format!("cancelled; {last}"),
        (false, _) => last.into(),
    }
}

fn redriven(answer: &Value) -> String {
    match answer["replays"].as_array().map_or(0, Vec::len) {
        0 => "no dead event matches".into(),
        n => format!(
            "sending them once more to {n} destination(s); `cohong events dead` shows what is left"
        ),
    }
}

fn replay(order: &Replay) -> Value {
    json!({
        "bucket": order.bucket,
        "from": order.from,
        "to": order.to,
        "prefix": order.prefix,
        "suffix": order.suffix,
        "destination": order.destination,
    })
}
