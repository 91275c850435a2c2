//! What is owed to whom, what was given up, and sending the past once more.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use cohong_core::delivery::{DeadSelection, ReplayRequest, SeenEvent, SubActivity, SubStatus};
use cohong_core::model::{BucketId, Destination, WorkId};
use cohong_core::ports::Position;
use cohong_core::records::{ReplayRecord, ReplaySource, ReplayState};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Answer, Asked, Input, Problem, bucket_id, instant, parse_instant};
use super::destination;
use super::shown;

/// Events of a log in one answer.
const PAGE: usize = 1000;
/// Dead events in one answer.
const DEAD_MAX: usize = 1000;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/events/subs", get(subs))
        .route("/events/log", get(log))
        .route("/events/dead", get(dead))
        .route("/events/redrive", post(redrive))
        .route("/events/replays", get(replays).post(replay))
        .route("/events/cancel", post(cancel))
}

async fn subs(State(admin): State<Arc<Admin>>) -> Answer {
    let subs = admin.delivery.subs().await?;
    Ok(Json(subs.iter().map(sub).collect::<Vec<Value>>().into()))
}

fn sub(sub: &SubStatus) -> Value {
    let mut line = json!({
        "bucket": sub.bucket_name.as_ref().map(cohong_core::model::BucketName::as_str),
        "destination": sub.destination,
        "state": "active",
        "cursor": sub.cursor.0,
        "end": sub.settled.0,
        "lag": sub.lag,
        "oldest_ms": sub.oldest.map(shown::millis),
        "held": sub.held,
        "dead": sub.dead,
        "in_flight": sub.in_flight,
    });
    match &sub.activity {
        SubActivity::Active => {}
        SubActivity::Draining => line["state"] = "draining".into(),
        SubActivity::Cancelling => line["state"] = "cancelling".into(),
        SubActivity::Paused {
            since,
            why,
            next_probe_in,
        } => {
            line["state"] = "paused".into();
            line["since"] = instant(*since).into();
            line["why"] = why.as_ref().into();
            line["next_try_in_ms"] = shown::millis(*next_probe_in).into();
        }
    }
    line
}

#[derive(Deserialize)]
struct Log {
    bucket: String,
    after: Option<u64>,
    limit: Option<usize>,
}

/// Events after a position. Without one: the newest ones.
async fn log(State(admin): State<Arc<Admin>>, Asked(asked): Asked<Log>) -> Answer {
    let bucket = bucket_id(&admin, &asked.bucket).await?;
    let limit = asked.limit.unwrap_or(100).clamp(1, PAGE);
    let (seen, next) = match asked.after {
        Some(after) => {
            let seen = admin
                .delivery
                .tail_events(bucket, Position(after), limit)
                .await?;
            let next = seen.last().map_or(Position(after), |last| last.position);
            (seen, next)
        }
        None => newest(&admin, bucket, limit).await?,
    };
    let events: Vec<Value> = seen
        .iter()
        .map(|seen| shown::event(&asked.bucket, seen))
        .collect();
    Ok(Json(json!({ "events": events, "next": next.0 })))
}

/// The last events of a log. Positions are shared with other logs, so one looks back further and
/// further.
async fn newest(
    admin: &Admin,
    bucket: BucketId,
    limit: usize,
) -> Result<(Vec<SeenEvent>, Position), Problem> {
    let subs = admin.delivery.subs().await?;
    let end = subs
        .iter()
        .filter(|sub| sub.bucket == bucket)
        .map(|sub| sub.settled)
        .max();
    let end = end.unwrap_or_default();
    let mut back = 1024;
    loop {
        let from = Position(end.0.saturating_sub(back));
        let (mut after, mut seen) = (from, Vec::new());
        loop {
            let page = admin.delivery.tail_events(bucket, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            seen.extend(page);
            seen.drain(..seen.len().saturating_sub(limit));
        }
        if seen.len() >= limit || from == Position(0) {
            return Ok((seen, after.max(end)));
        }
        back = back.saturating_mul(16);
    }
}

#[derive(Deserialize)]
struct Of {
    bucket: Option<String>,
}

async fn optional(admin: &Admin, bucket: Option<&str>) -> Result<Option<BucketId>, Problem> {
    match bucket {
        Some(name) => bucket_id(admin, name).await.map(Some),
        None => Ok(None),
    }
}

async fn dead(State(admin): State<Arc<Admin>>, Asked(of): Asked<Of>) -> Answer {
    let bucket = optional(&admin, of.bucket.as_deref()).await?;
    let names = shown::bucket_names(&admin).await?;
    let dead = admin.delivery.dead(bucket, DEAD_MAX).await?;
    let lines = dead.iter().map(|dead| {
        json!({
            "bucket": names.get(&dead.bucket),
            "key": dead.record.logged.event.key.as_str(),
            "id": dead.position.0,
            "kind": shown::kind(dead.record.logged.event.kind),
            "destination": dead.record.destination.id(),
            "attempts": dead.record.attempts,
            "errors": dead.record.errors,
            "died_at": instant(dead.record.died_at),
            "cancelled": dead.record.cancelled,
        })
    });
    Ok(Json(lines.collect::<Vec<Value>>().into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redrive {
    bucket: Option<String>,
    destination: Option<String>,
    id: Option<u64>,
}

async fn redrive(State(admin): State<Arc<Admin>>, Input(order): Input<Redrive>) -> Answer {
    let selection = DeadSelection {
        bucket: optional(&admin, order.bucket.as_deref()).await?,
        destination: order.destination,
        position: order.id.map(Position),
    };
    let started = admin.delivery.redrive(&selection).await?;
    let ids: Vec<String> = started.iter().map(id).collect();
    Ok(Json(json!({ "replays": ids })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    bucket: String,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    prefix: Box<str>,
    #[serde(default)]
    suffix: Box<str>,
    destination: Option<String>,
}

async fn replay(State(admin): State<Arc<Admin>>, Input(order): Input<Replay>) -> Answer {
    let bucket = bucket_id(&admin, &order.bucket).await?;
    let destination = match order.destination {
        Some(text) => Some(destination::checked(&admin, &text).await?),
        None => None,
    };
    let request = ReplayRequest {
        since: order.from.as_deref().map(parse_instant).transpose()?,
        until: order.to.as_deref().map(parse_instant).transpose()?,
        prefix: order.prefix,
        suffix: order.suffix,
        destination,
        ..ReplayRequest::default()
    };
    let started = admin.delivery.replay(bucket, request).await?;
    Ok(Json(json!({ "replay": id(&started) })))
}

async fn replays(State(admin): State<Arc<Admin>>) -> Answer {
    let names = shown::bucket_names(&admin).await?;
    let replays = admin.delivery.replays().await?;
    let lines = replays.iter().map(|replay| {
        json!({
            "replay": id(&replay.id),
            "bucket": names.get(&replay.bucket),
            "source": source(replay),
            "state": match replay.state {
                ReplayState::Running => "running",
                ReplayState::Done => "done",
            },
            "accepted": replay.accepted,
            "refused": replay.refused,
            "created_at": instant(replay.created_at),
        })
    });
    Ok(Json(lines.collect::<Vec<Value>>().into()))
}

fn source(replay: &ReplayRecord) -> String {
    match &replay.source {
        ReplaySource::Dead { destination } => format!("dead events of {}", destination.id()),
        ReplaySource::Log {
            destination: Some(to),
            ..
        } => format!("log, to {}", to.id()),
        ReplaySource::Log {
            destination: None, ..
        } => "log".into(),
    }
}

fn id(id: &WorkId) -> String {
    hex::encode(id.0)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    bucket: String,
    destination: String,
}

async fn cancel(State(admin): State<Arc<Admin>>, Input(order): Input<Cancel>) -> Answer {
    let bucket = bucket_id(&admin, &order.bucket).await?;
    let destination: Destination = destination::parse(&order.destination)?;
    admin.delivery.cancel(bucket, &destination).await?;
    Ok(Json(json!({ "cancelled": destination.id() })))
}
