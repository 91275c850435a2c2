//! The end of a run: nothing fails any more, time passes, and then nothing is owed, lost or left over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cohong_core::limits::PAGE_MAX;
use cohong_core::model::{BlobId, BucketId, PayloadRef, Place, UploadId, WorkId};
use cohong_core::ports::{BlobStore, MetadataStore, Position, Table};
use cohong_core::records::{
    CurrentRecord, DeadRecord, LoggedEvent, PayloadRecord, PayloadState, ReplayState, SubRecord,
    decode,
};
use cohong_core::work::sweep::sweep_now;
use futures_util::FutureExt;

use super::model::{Op, Says};
use super::oracle::{FUNCTIONS, OWNER};
use super::ports::{is_poison, places};
use super::quiet;
use super::world::World;

/// Steps of waiting until everything is delivered: each event of a poison key takes half an hour, one
/// after the other.
const STEP: Duration = Duration::from_hours(1);
/// Steps at most.
const STEPS_MAX: u32 = 24;
/// Failures after which a replay passes a message.
const REPLAY_TRIES: u32 = 3;
/// Longer than any request of a run takes from its blob to its commit.
const SWEEP_AGE: Duration = Duration::from_mins(2);

/// Drains and checks.
pub(super) fn check(world: &World) {
    let client = world.client.clone();
    world.wait_for(async move {
        for name in FUNCTIONS {
            client
                .perform(Op::AddFunction(name.to_owned()), Says::of(OWNER))
                .await;
        }
        // Rules would be carried out for ever.
        let buckets = client.oracle.look(|model| model.buckets.clone());
        for (name, bucket) in buckets.into_iter().filter(|(_, b)| b.expires.is_some()) {
            client
                .perform(Op::Lifecycle(name, None), Says::of(bucket.owner))
                .await;
        }
    });
    drain(world);
    let engine = world.client.engine.clone();
    world.wait_for(async move {
        for _ in 0..2 {
            sweep_now(&engine, SWEEP_AGE).await.expect("nothing fails");
        }
    });
    world.wait_for(quiet::look(world.client.clone()));
    settled(world);
    told(world);
    replays(world);
    logs(world);
    now(left_over(world));
    now(world.meta.check_all_places());
    world.sim.note("the end");
}

/// What memory answers, it answers at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("memory does not wait")
}

/// Lets time pass until everything is delivered, and then what it takes to tidy up.
fn drain(world: &World) {
    for _ in 0..STEPS_MAX {
        world.pass(STEP);
        let delivery = world.client.delivery.clone();
        let settled = Arc::new(AtomicBool::new(false));
        let told = settled.clone();
        world.wait_for(async move {
            let report = delivery.wait(Duration::ZERO).await.expect("nothing fails");
            told.store(report.settled, Ordering::SeqCst);
        });
        if settled.load(Ordering::SeqCst) {
            return world.pass(STEP);
        }
    }
    panic!("a day is not enough to deliver what is owed");
}

/// Nothing is set aside, to be done, or subscribed to by nobody.
fn settled(world: &World) {
    for table in [Table::Held, Table::Work, Table::WorkDue] {
        let rows = now(world.meta.rows(table));
        assert!(
            rows.is_empty(),
            "{table:?} has {} rows: {rows:?}",
            rows.len()
        );
    }
    world.oracle.look(|model| {
        let open = model.fetches.values().find(|fetch| !fetch.ended);
        assert!(open.is_none(), "{open:?} has no end");
    });
    let named: BTreeSet<(BucketId, String)> = world.oracle.look(|model| {
        let buckets = model.buckets.values();
        let rules = buckets.flat_map(|bucket| bucket.rules.iter().map(|rule| (bucket.id, rule)));
        rules
            .flat_map(|(id, rule)| rule.to.iter().map(move |to| (id, to.id())))
            .collect()
    });
    let subs = now(world.meta.rows(Table::Subs))
        .into_iter()
        .map(|(_, record)| {
            let sub: SubRecord = decode(&record.bytes).expect("records can be read");
            (sub.bucket, sub.destination.id())
        });
    assert_eq!(subs.collect::<BTreeSet<_>>(), named, "subscriptions");
}

/// Every message that is owed was accepted, or is dead after as many tries as it has; poison always is.
fn told(world: &World) {
    let book = world.receivers.book();
    let buried: BTreeSet<(BucketId, String, Position)> = now(world.meta.rows(Table::Dead))
        .into_iter()
        .map(|(at, record)| {
            let record: DeadRecord = decode(&record.bytes).expect("records can be read");
            let bucket = at.first_chunk().copied().expect("eight bytes");
            let position = at.last_chunk().copied().expect("eight bytes");
            let position = Position(u64::from_be_bytes(position));
            (
                BucketId(u64::from_be_bytes(bucket)),
                record.destination.id(),
                position,
            )
        })
        .collect();
    for (bucket, to, at) in &buried {
        assert!(
            book.may_be_dead(to, *at),
            "{at:?} of {bucket:?} was given up early for {to}"
        );
    }
    world.oracle.look(|model| {
        for ((bucket, at), event) in &model.log {
            for (to, rule) in &event.hits {
                let sent = (to.clone(), *at, rule.clone());
                let arrived = book.accepted.contains(&sent) && !is_poison(to, &event.key);
                let dead = buried.contains(&(*bucket, to.clone(), *at));
                assert!(arrived || dead, "{sent:?} never arrived: {event:?}");
            }
        }
    });
}

/// Replays that were promised are done, and every event they select was sent.
fn replays(world: &World) {
    let (delivery, oracle) = (world.client.delivery.clone(), world.oracle.clone());
    let receivers = world.receivers.clone();
    world.wait_for(async move {
        let all = delivery.replays().await.expect("nothing fails");
        for id in oracle.replays() {
            let found = all.iter().find(|replay| hex::encode(replay.id.0) == id);
            let replay = found.unwrap_or_else(|| panic!("replay {id} is forgotten"));
            assert_eq!(replay.state, ReplayState::Done, "replay {id}");
            let WorkId(mark) = replay.id;
            let cohong_core::records::ReplaySource::Log { destination, .. } = &replay.source else {
                panic!("a replay of something else");
            };
            let book = receivers.book();
            oracle.look(|model| {
                let range = (replay.bucket, Position(0))..=(replay.bucket, replay.upto);
                for ((_, at), event) in model.log.range(range) {
                    let to: Vec<String> = match destination {
                        Some(to) => vec![to.id()],
                        None => event.hits.iter().map(|(to, _)| to.clone()).collect(),
                    };
                    for to in to {
                        let sent = (hex::encode(mark), *at, to);
                        let tries = book.replayed.get(&sent).copied();
                        let enough = tries.is_some_and(|t| t.is_none_or(|t| t >= REPLAY_TRIES));
                        assert!(enough, "{sent:?} was not replayed: {tries:?}");
                    }
                }
            });
        }
    });
}

/// Logs hold what happened, each change once; those of removed buckets may be gone.
fn logs(world: &World) {
    let model = world.oracle.look(|model| {
        let lives: BTreeSet<BucketId> = model.buckets.values().map(|bucket| bucket.id).collect();
        (lives, model.log.clone())
    });
    let (lives, log) = model;
    let buckets: BTreeSet<BucketId> = log.keys().map(|(bucket, _)| *bucket).collect();
    for bucket in buckets {
        let limit = cohong_core::ports::Limit {
            rows: 100 * PAGE_MAX,
            bytes: usize::MAX,
        };
        let log_id = cohong_core::ports::LogId(bucket);
        let tail = now(world.meta.inner.tail(log_id, Position(0), limit)).expect("memory");
        let seen: Vec<(Position, String)> = tail
            .records
            .iter()
            .map(|(at, bytes)| {
                let logged: LoggedEvent = decode(bytes).expect("records can be read");
                (*at, logged.event.request_id.to_string())
            })
            .collect();
        let of = log.iter().filter(|((of, _), _)| *of == bucket);
        let wanted: Vec<(Position, String)> = of
            .map(|((_, at), event)| (*at, event.request.clone()))
            .collect();
        let forgotten = seen.is_empty() && !lives.contains(&bucket);
        assert!(
            forgotten || seen == wanted,
            "log of {bucket:?}: {seen:?}, not {wanted:?}"
        );
    }
}

/// No payload, reference, part or blob without a user, and none missing.
async fn left_over(world: &World) {
    let meta = &world.meta;
    let (mut used, mut small) = (BTreeSet::new(), BTreeSet::new());
    let mut held = BTreeSet::new();
    for table in [Table::Heads, Table::Versions] {
        for (_, record) in meta.rows(table).await {
            for extent in places(table, &record.bytes) {
                match extent.at {
                    Place::Hot(blob) => drop(used.insert(blob)),
                    Place::Meta(blob) => drop(small.insert(blob)),
                }
            }
            held.extend(payload_of(table, &record.bytes).map(|id| (id.0, table)));
        }
    }
    let payloads: BTreeSet<[u8; 16]> = held.iter().map(|(id, _)| *id).collect();
    let open: BTreeSet<UploadId> = world.oracle.look(|model| {
        let uploads = model
            .buckets
            .values()
            .flat_map(|bucket| bucket.uploads.keys());
        uploads.copied().collect()
    });
    let is_open = |id: &[u8]| open.iter().any(|upload| id.starts_with(&upload.0));
    for (at, record) in meta.rows(Table::Extents).await {
        assert!(
            payloads.iter().any(|id| at.starts_with(id)),
            "a manifest without an object"
        );
        for extent in places(Table::Extents, &record.bytes) {
            if let Place::Hot(blob) = extent.at {
                used.insert(blob);
            }
        }
    }
    for (at, _) in meta.rows(Table::Parts).await {
        assert!(is_open(&at), "a part without an upload");
    }
    for (at, record) in meta.rows(Table::Payloads).await {
        let record: PayloadRecord = decode(&record.bytes).expect("records can be read");
        let right = match record.state {
            // A piece that was appended is held by its manifest.
            PayloadState::Live => {
                let pieces = used.iter().map(|blob| blob.payload.0);
                payloads
                    .iter()
                    .copied()
                    .chain(pieces)
                    .any(|id| at == id[..])
            }
            PayloadState::Open => is_open(&at),
            PayloadState::Dropping => false,
            // A crash of the sweep leaves its mark behind, of a payload without blobs.
            PayloadState::Doomed => true,
        };
        assert!(right, "payload {} is {:?}", hex::encode(&at), record.state);
    }
    let refs = meta.rows(Table::PayloadRefs).await;
    let referred: BTreeSet<[u8; 16]> = refs
        .iter()
        .filter_map(|(at, _)| at.first_chunk().copied())
        .collect();
    assert_eq!(referred, payloads, "holders of payloads");
    check_blobs(world, &used, &is_open).await;
    for id in meta.small() {
        let there = meta.inner.payload(id, 0..0).await.is_ok();
        assert_eq!(there, small.contains(&id), "small payload {id}");
    }
}

async fn check_blobs(world: &World, used: &BTreeSet<BlobId>, is_open: &dyn Fn(&[u8]) -> bool) {
    let blobs = world.blobs.scan(None, usize::MAX).await.expect("memory");
    let blobs: BTreeSet<BlobId> = blobs.into_iter().map(|info| info.id).collect();
    let lost: Vec<&BlobId> = used.difference(&blobs).collect();
    assert!(lost.is_empty(), "blobs are lost: {lost:?}");
    let orphans: Vec<&BlobId> = blobs
        .difference(used)
        .filter(|blob| !is_open(&blob.payload.0))
        .collect();
    assert!(orphans.is_empty(), "blobs without a record: {orphans:?}");
}

/// The payload in the blob store that a version holds.
fn payload_of(table: Table, bytes: &[u8]) -> Option<cohong_core::model::PayloadId> {
    let version = match table {
        Table::Heads => {
            decode::<CurrentRecord>(bytes)
                .expect("records can be read")
                .version
        }
        _ => decode(bytes).expect("records can be read"),
    };
    match &version.object()?.payload {
        PayloadRef::Empty => None,
        PayloadRef::One { extent, .. } if matches!(extent.at, Place::Meta(_)) => None,
        PayloadRef::One { id, .. } | PayloadRef::Manifest { id, .. } => Some(*id),
    }
}
