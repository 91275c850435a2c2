//! How records look in answers.

use std::collections::BTreeMap;
use std::time::Duration;

use cohong_core::delivery::SeenEvent;
use cohong_core::model::{BucketId, DialectId, EventKind, VersionTag};
use serde_json::{Value, json};

use super::Admin;
use super::answer::{Problem, instant};

/// The words for what happened, the same for all dialects.
pub(super) fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::CreatedPut => "created:put",
        EventKind::CreatedPost => "created:post",
        EventKind::CreatedCopy => "created:copy",
        EventKind::CreatedComplete => "created:multipart",
        EventKind::CreatedFetch => "created:fetch",
        EventKind::CreatedOrigin => "created:origin",
        EventKind::RemovedDelete => "removed:delete",
        EventKind::RemovedMarker => "removed:marker",
        EventKind::ExpiredDelete => "expired:delete",
        EventKind::ExpiredMarker => "expired:marker",
        EventKind::ReplicatedCreated => "replicated:created",
        EventKind::ReplicatedModified => "replicated:modified",
        EventKind::RestorePost => "restore:post",
        EventKind::RestoreCompleted => "restore:completed",
        EventKind::Downloaded => "downloaded",
        EventKind::CreatedAppend => "created:append",
        EventKind::CreatedSymlink => "created:symlink",
    }
}

/// A version as clients know it; nothing where versions were never switched on.
pub(super) fn version(tag: VersionTag) -> Option<String> {
    match tag {
        VersionTag::Unversioned => None,
        VersionTag::Null => Some("null".into()),
        VersionTag::Id(id) => Some(id.to_string()),
    }
}

/// The word for a dialect.
pub(super) fn dialect(dialect: DialectId) -> &'static str {
    match dialect {
        DialectId::Tos => "tos",
        DialectId::Oss => "oss",
        DialectId::S3 => "s3",
        DialectId::Oms => "oms",
        DialectId::Oas => "oas",
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn event(bucket: &str, seen: &SeenEvent) -> Value {
    let event = &seen.event;
    json!({
        "id": seen.position.0,
        "time": instant(event.time),
        "kind": kind(event.kind),
        "bucket": bucket,
        "key": event.key.as_str(),
        "version": version(event.version),
        "size": event.size,
        "etag": event.etag.as_ref().map(ToString::to_string),
        "account": event.principal.as_ref().map(|account| account.0.as_ref()),
        "source": event.source.map(|source| source.to_string()),
        "request_id": event.request_id,
        "dialect": dialect(event.dialect),
        "destinations": seen.destinations,
    })
}

/// Names of all buckets, also of removed ones that are still subscribed to.
pub(super) async fn bucket_names(admin: &Admin) -> Result<BTreeMap<BucketId, String>, Problem> {
    let subs = admin.delivery.subs().await?;
    let removed = subs
        .into_iter()
        .filter_map(|sub| Some((sub.bucket, sub.bucket_name?)));
    let buckets = admin.engine.all_buckets().await?;
    let live = buckets.into_iter().map(|bucket| (bucket.id, bucket.name));
    Ok(removed
        .chain(live)
        .map(|(id, name)| (id, name.to_string()))
        .collect())
}
