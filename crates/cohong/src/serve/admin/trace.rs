//! What uploads of a key caused: versions, callbacks, events and deliveries as one chain.

mod carried;
mod chain;
mod delivered;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use cohong_core::delivery::SeenEvent;
use cohong_core::model::{BucketId, Destination, ObjectKey};
use cohong_core::ports::Position;
use serde::Deserialize;

use super::Admin;
use super::answer::{Answer, Asked, Problem, bucket_id, object_key};
use crate::serve::sources::HERE;
use carried::Carried;

/// Events of one key that are shown, newest ones.
const EVENTS_MAX: usize = 100;
/// Tries of one destination that are shown.
const ATTEMPTS_MAX: usize = 1000;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/trace", get(trace))
}

#[derive(Deserialize)]
struct Of {
    bucket: String,
    key: String,
}

async fn trace(State(admin): State<Arc<Admin>>, Asked(of): Asked<Of>) -> Answer {
    let bucket = bucket_id(&admin, &of.bucket).await?;
    let key = object_key(&of.key)?;
    let facts = gather(&admin, &of.bucket, bucket, &key).await?;
    if facts.is_empty() {
        return Err(
            Problem::not_found(format!("nothing is known of {}/{}", of.bucket, of.key))
                .hint("keys are exact, and events are kept for 35 days"),
        );
    }
    Ok(Json(chain::show(&of.bucket, &of.key, &facts)))
}

/// Everything that is known of a key.
async fn gather(
    admin: &Admin,
    named: &str,
    bucket: BucketId,
    key: &ObjectKey,
) -> Result<chain::Facts, Problem> {
    let delivery = &admin.delivery;
    let buckets = admin.engine.all_buckets().await?;
    let logs = buckets.iter().find(|found| found.id == bucket);
    let mut subs = delivery.subs().await?;
    subs.retain(|sub| sub.bucket == bucket);
    let events = events(admin, bucket, key).await?;
    let carried = carried(admin, named, key, &events).await?;
    Ok(chain::Facts {
        logs_events: logs.is_none_or(cohong_core::model::Bucket::logs_changes),
        versions: admin.engine.versions_of(bucket, key).await?,
        calls: admin.engine.calls_of(bucket, key).await?,
        events,
        carried,
        deliveries: delivered::Known {
            attempts: delivery.attempts_of(bucket, key, ATTEMPTS_MAX).await?,
            held: delivery.held_of(bucket, key).await?,
            dead: delivery.dead_of(bucket, key).await?,
            subs,
        },
    })
}

/// The sync tasks that read the bucket, write it, or were told of the key.
async fn carried(
    admin: &Admin,
    bucket: &str,
    key: &ObjectKey,
    events: &[SeenEvent],
) -> Result<Vec<Carried>, Problem> {
    let told: BTreeSet<&str> = events
        .iter()
        .flat_map(|event| &event.destinations)
        .map(|to| &**to)
        .collect();
    let mut carried = Vec::new();
    for task in admin.engine.every_sync_task().await? {
        let settings = &task.settings;
        let reads = &*settings.source.region == HERE && *settings.source.bucket == *bucket;
        let has_to_do = (reads || settings.bucket.as_str() == bucket)
            && key.as_str().starts_with(&*settings.source.prefix);
        let is_told = told.contains(&*Destination::Sync(task.id).id());
        if !has_to_do && !is_told {
            continue;
        }
        let seen = admin.engine.seen_by_sync(task.id, key).await?;
        let into = admin.delivery.bucket_id(&settings.bucket).await?;
        let copy = match into.filter(|_| !settings.out) {
            Some(bucket) => admin.engine.versions_of(bucket, key).await?,
            None => Vec::new(),
        };
        let copy = copy.into_iter().next();
        carried.push(Carried { task, seen, copy });
    }
    Ok(carried)
}

async fn events(
    admin: &Admin,
    bucket: BucketId,
    key: &ObjectKey,
) -> Result<Vec<SeenEvent>, Problem> {
    let mut events = Vec::new();
    let mut after = Some(Position(0));
    while let Some(from) = after {
        if *admin.draining.borrow() {
            return Err(Problem::draining());
        }
        let (page, next) = admin.delivery.events_of(bucket, key, from).await?;
        events.extend(page);
        events.drain(..events.len().saturating_sub(EVENTS_MAX));
        after = next;
    }
    Ok(events)
}
