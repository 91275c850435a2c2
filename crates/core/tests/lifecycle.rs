//! Lifecycle rules carried out: what they name goes, what they do not name stays, events tell of it,
//! every step may run twice, and removed rules do nothing any more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Duration;

use cohong_core::engine::{
    Attributes, BucketPolicy, Conditions, CreateUpload, Cx, Engine, GetObject, ObjectChange,
    VersionChoice,
};
use cohong_core::model::{
    Action, Actions, BucketName, Due, Effect, EventKind, Lifecycle, LifecycleFilter, LifecycleRule,
    ObjectKey, Principals, Statement, StorageClass, Timestamp, Transition, VersionTag, Versioning,
};
use cohong_core::ports::{Clock as _, MetadataStore, Table, Txn};
use cohong_core::records::{WorkKind, WorkRecord, decode};
use cohong_core::{ErrorKind, limits, work};
use common::{World, body, owner, put, run, target};

const DAY: Duration = Duration::from_hours(24);

fn rule() -> LifecycleRule {
    LifecycleRule {
        id: "rule".into(),
        enabled: true,
        ..LifecycleRule::default()
    }
}

/// Deletes current objects below `prefix` after some days.
fn expire(prefix: &str, days: u32) -> LifecycleRule {
    LifecycleRule {
        filter: LifecycleFilter {
            prefix: prefix.into(),
            ..LifecycleFilter::default()
        },
        expire: Some(Due::Days(days)),
        ..rule()
    }
}

async fn set(world: &World, bucket: &BucketName, rules: &[LifecycleRule]) {
    let rules = Lifecycle {
        rules: rules.to_vec(),
        may_overlap: true,
    };
    let stored = world.engine.put_bucket_doc(&owner(), bucket, &rules).await;
    stored.unwrap();
}

async fn work(world: &World) -> usize {
    work::run_due_once(&world.engine).await.unwrap()
}

async fn keys(world: &World, table: Table) -> Vec<String> {
    let rows = world.rows(table).await;
    let name = |key: &[u8]| String::from_utf8_lossy(&key[8..]).into_owned();
    rows.iter().map(|(key, _)| name(key)).collect()
}

/// How many pieces of work wait for a next turn.
async fn duties(world: &World) -> usize {
    let rows = world.rows(Table::Work).await;
    let kinds = rows.iter().map(|(_, row)| {
        let record: WorkRecord = decode(&row.bytes).unwrap();
        record.kind
    });
    let duties = kinds.filter(|kind| matches!(kind, WorkKind::Lifecycle { .. }));
    duties.count()
}

#[test]
fn objects_expire_at_the_midnight_after_their_days_and_events_tell() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.rule(&bucket).await;
        for key in ["logs/a", "logs/b", "data/a"] {
            world.put(&bucket, key, "body").await;
        }
        set(&world, &bucket, &[expire("logs/", 2)]).await;
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await.len(), 3);
        // The world begins at 22:13 on a day: two days later is before the third midnight.
        world.clock.advance(2 * DAY);
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await.len(), 3);
        world.clock.advance(Duration::from_hours(2));
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await, ["data/a"]);
        let events = world.events(&bucket).await;
        let expired: Vec<_> = events.iter().skip(3).map(|one| &one.event).collect();
        assert_eq!(expired.len(), 2);
        for (event, key) in expired.iter().zip(["logs/a", "logs/b"]) {
            assert_eq!(event.kind, EventKind::ExpiredDelete);
            assert_eq!(event.key.as_str(), key);
            assert_eq!(event.version, VersionTag::Unversioned);
            assert_eq!(event.principal.as_ref().map(|p| &*p.0), Some("owner"));
        }
        assert_eq!(events.last().map(|one| one.hits.len()), Some(1));
        assert_eq!(duties(&world).await, 1);
    });
}

#[test]
fn a_fresh_turn_comes_every_day() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        set(&world, &bucket, &[expire("", 1)]).await;
        for day in 0..5 {
            world.put(&bucket, &format!("day-{day}"), "body").await;
            world.clock.advance(DAY);
            work(&world).await;
        }
        // Written at 22:13; one day and the midnight after it are over for all but the last two.
        assert_eq!(keys(&world, Table::Heads).await, ["day-4"]);
    });
}

#[test]
fn the_newest_of_the_older_versions_are_kept() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        for key in ["a", "b"] {
            for body in ["1", "2", "3", "4", "5"] {
                world.put(&bucket, key, body).await;
            }
        }
        let rule = LifecycleRule {
            expire: None,
            expire_older: Some(Due::Days(1)),
            keep_older: 2,
            ..expire("", 1)
        };
        set(&world, &bucket, &[rule]).await;
        for _ in 0..4 {
            world.clock.advance(DAY);
            work(&world).await;
        }
        let left = keys(&world, Table::Versions).await;
        assert_eq!(left.len(), 4, "{left:?}");
        let current = world.get(&bucket, "a", VersionChoice::Current).await;
        assert_eq!(current, Ok(b"5".to_vec()));
    });
}

#[test]
fn with_versions_a_marker_is_made_and_the_rest_follows() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.rule(&bucket).await;
        world.put(&bucket, "k", "one").await;
        world.clock.advance(DAY);
        world.put(&bucket, "k", "two").await;
        let all = LifecycleRule {
            expire_older: Some(Due::Days(3)),
            expire_markers: true,
            ..expire("", 1)
        };
        set(&world, &bucket, &[all]).await;
        // (days until, live, markers, older versions)
        let steps = [(0, 1, 0, 1), (2, 0, 1, 2), (2, 0, 1, 1), (2, 0, 0, 0)];
        for (days, live, markers, older) in steps {
            world.clock.advance(days * DAY);
            work(&world).await;
            let found = [
                keys(&world, Table::Heads).await.len(),
                keys(&world, Table::Graves).await.len(),
                keys(&world, Table::Versions).await.len(),
            ];
            assert_eq!(found, [live, markers, older], "{days}");
        }
        let kinds: Vec<EventKind> = world
            .events(&bucket)
            .await
            .iter()
            .map(|one| one.event.kind)
            .collect();
        let (marked, gone) = (EventKind::ExpiredMarker, EventKind::ExpiredDelete);
        assert_eq!(kinds[2..], [marked, gone, gone, gone]);
        world.clock.advance(limits::DROP_GRACE);
        work(&world).await;
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
    });
}

#[test]
fn a_suspended_bucket_gets_a_null_marker() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.put(&bucket, "k", "one").await;
        world.versioning(&bucket, Versioning::Suspended).await;
        world.put(&bucket, "k", "null").await;
        set(&world, &bucket, &[expire("", 1)]).await;
        world.clock.advance(2 * DAY);
        work(&world).await;
        assert_eq!(keys(&world, Table::Graves).await, ["k"]);
        assert_eq!(world.rows(Table::Versions).await.len(), 1);
        let missing = world.get(&bucket, "k", VersionChoice::Null).await;
        assert_eq!(missing, Err(ErrorKind::MethodNotAllowed));
    });
}

#[test]
fn uploads_are_given_up() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        let begin = async |key: &str| {
            let req = CreateUpload {
                bucket: bucket.clone(),
                key: ObjectKey::new(key).unwrap(),
                attributes: Attributes::default(),
                conditions: Conditions::default(),
                sequential: false,
                checksum: None,
            };
            world.engine.create_upload(&owner(), req).await.unwrap();
        };
        begin("old").await;
        world.clock.advance(2 * DAY);
        begin("new").await;
        let abort = LifecycleRule {
            abort: Some(Due::Days(1)),
            ..rule()
        };
        set(&world, &bucket, &[abort]).await;
        work(&world).await;
        let left = keys(&world, Table::Uploads).await;
        assert_eq!(left.len(), 1);
        assert!(left[0].starts_with("new\0"));
        assert_eq!(world.rows(Table::Payloads).await.len(), 1);
    });
}

#[test]
fn objects_move_to_another_class_in_place() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.put(&bucket, "k", "old").await;
        world.put(&bucket, "k", "body").await;
        let to = |days, class| Transition {
            due: Due::Days(days),
            class,
        };
        let moves = LifecycleRule {
            transitions: vec![to(1, StorageClass::Infrequent)],
            older_transitions: vec![to(1, StorageClass::ArchiveInstant)],
            ..rule()
        };
        set(&world, &bucket, &[moves]).await;
        world.clock.advance(2 * DAY);
        work(&world).await;
        let versions = world.rows(Table::Versions).await;
        let old: cohong_core::model::ObjectVersion = decode(&versions[0].1.bytes).unwrap();
        let cases = [
            (VersionChoice::Current, StorageClass::Infrequent, "body"),
            (
                VersionChoice::Id(old.id),
                StorageClass::ArchiveInstant,
                "old",
            ),
        ];
        for (choice, class, bytes) in cases {
            let req = GetObject {
                target: target(&bucket, "k", choice),
                range: None,
                conditions: Conditions::default(),
            };
            let info = world.engine.head_object(&owner(), req).await.unwrap();
            assert_eq!(info.record.class, class);
            let read = world.get(&bucket, "k", choice).await;
            assert_eq!(read.as_deref(), Ok(bytes.as_bytes()));
        }
        assert_eq!(versions.len(), 1);
    });
}

#[test]
fn what_has_changed_since_it_was_judged_stays() {
    run(async {
        for (versioning, change) in [
            (Versioning::Off, "overwritten"),
            (Versioning::Enabled, "overwritten"),
            (Versioning::Off, "tagged"),
            (Versioning::Off, "rules removed"),
            (Versioning::Off, "rules replaced"),
        ] {
            let world = World::new();
            let bucket = world.bucket("life").await;
            if versioning != Versioning::Off {
                world.versioning(&bucket, versioning).await;
            }
            world.put(&bucket, "k", "old").await;
            set(&world, &bucket, &[expire("", 1)]).await;
            work(&world).await;
            // What a client commits just ahead of the rule's own commit.
            let other = after(&world, 1, &[]).await;
            match change {
                "overwritten" => drop(other.put(&bucket, "k", "new").await),
                "tagged" => {
                    let tags = ObjectChange::Tags(vec![("a".into(), "b".into())]);
                    let at = target(&bucket, "k", VersionChoice::Current);
                    let changed = other.engine.change_object(&owner(), &at, tags).await;
                    changed.unwrap();
                }
                "rules removed" => {
                    let removed = other
                        .engine
                        .delete_bucket_doc::<Lifecycle>(&owner(), &bucket)
                        .await;
                    removed.unwrap();
                }
                _ => set(&other, &bucket, &[expire("elsewhere", 1)]).await,
            }
            let ahead = other.meta.applied().into_iter();
            let ahead = ahead.map(|txn| Txn {
                expect: Vec::new(),
                ..txn
            });
            let world = after(&world, 2, &[]).await;
            world.meta.overtake(ahead.collect());
            work(&world).await;
            let read = world.get(&bucket, "k", VersionChoice::Current).await;
            assert!(read.is_ok(), "{versioning:?} {change}");
        }
    });
}

#[test]
fn a_policy_does_not_stop_the_rules_of_its_bucket() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.put(&bucket, "k", "body").await;
        set(&world, &bucket, &[expire("", 1)]).await;
        let deny = BucketPolicy {
            text: "{}".into(),
            statements: vec![Statement {
                effect: Effect::Deny,
                principals: Principals::Everyone,
                actions: Actions::of(Action::ALL),
                resources: vec!["*".into()],
                conditions: Vec::new(),
            }],
        };
        world
            .engine
            .put_bucket_doc(&owner(), &bucket, &deny)
            .await
            .unwrap();
        world.clock.advance(2 * DAY);
        work(&world).await;
        assert!(world.rows(Table::Heads).await.is_empty());
    });
}

#[test]
fn new_rules_end_the_duty_of_the_old_ones() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        for _ in 0..3 {
            set(&world, &bucket, &[expire("", 9)]).await;
        }
        assert_eq!(duties(&world).await, 3);
        work(&world).await;
        assert_eq!(duties(&world).await, 1);
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
        world.clock.advance(2 * DAY);
        work(&world).await;
        assert_eq!(duties(&world).await, 0);
        assert!(world.rows(Table::Work).await.is_empty());
    });
}

/// The `nth` process on a store, two days later: it dies, and these transactions were committed.
async fn after(world: &World, nth: u64, txns: &[Txn]) -> World {
    let next = World::on(world.meta.inner.crash(), world.blobs.clone());
    next.clock.advance(2 * DAY);
    // Every process draws ids of its own.
    for _ in 0..nth * 10_000 {
        next.engine.ports().ids.work();
    }
    for txn in txns.iter().cloned() {
        let expect = Vec::new();
        let outcome = next.meta.commit(vec![Txn { expect, ..txn }]).await;
        assert!(outcome.iter().all(Result::is_ok));
    }
    next
}

/// The process dies between any two commits of a turn of two pages: the rest is done after the restart,
/// and nothing is done that the rules do not order.
#[test]
fn a_crash_anywhere_in_a_turn_loses_nothing() {
    run(async {
        let many = limits::WORK_PAGE + 5;
        let begun = World::new();
        let bucket = begun.bucket("life").await;
        begun.versioning(&bucket, Versioning::Enabled).await;
        for n in 0..many {
            begun.put(&bucket, &format!("k{n:04}"), "x").await;
        }
        begun.put(&bucket, "stays", "x").await;
        set(&begun, &bucket, &[expire("k", 1)]).await;
        work(&begun).await;
        let whole = after(&begun, 1, &[]).await;
        whole.meta.applied();
        work(&whole).await;
        let turn = whole.meta.applied();
        assert!(turn.len() > many);
        let halfway = limits::WORK_PAGE / 2;
        for died_after in [
            0,
            1,
            halfway,
            limits::WORK_PAGE,
            limits::WORK_PAGE + 1,
            turn.len(),
        ] {
            let world = after(&begun, 2, &turn[..died_after]).await;
            work(&world).await;
            assert_eq!(keys(&world, Table::Heads).await, ["stays"], "{died_after}");
            assert_eq!(world.rows(Table::Graves).await.len(), many, "{died_after}");
            assert_eq!(
                world.rows(Table::Versions).await.len(),
                many,
                "{died_after}"
            );
            assert_eq!(duties(&world).await, 1, "{died_after}");
        }
    });
}

#[test]
fn a_wall_clock_set_back_parks_no_turn() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        let later = 100 * 365;
        let at_once = LifecycleRule {
            expire: Some(Due::WrittenBefore(Timestamp::default().plus(later * DAY))),
            ..rule()
        };
        set(&world, &bucket, &[at_once]).await;
        work(&world).await;
        world.clock.set_wall(1_600_000_000_000);
        world.put(&bucket, "k", "body").await;
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await, ["k"]);
        world.clock.advance(limits::WORK_BACKOFF_MAX);
        work(&world).await;
        assert!(world.rows(Table::Heads).await.is_empty());
        assert_eq!(duties(&world).await, 1);
    });
}

#[test]
fn turns_may_be_closer_than_a_day() {
    run(async {
        let world = World::new();
        let hour = Duration::from_hours(1);
        let hourly = Engine::new(world.engine.ports().clone()).with_lifecycle_interval(hour);
        let bucket = world.bucket("life").await;
        let later = 100 * 365;
        let at_once = LifecycleRule {
            expire: Some(Due::WrittenBefore(Timestamp::default().plus(later * DAY))),
            ..rule()
        };
        set(&world, &bucket, &[at_once]).await;
        for _ in 0..3 {
            work::run_due_once(&hourly).await.unwrap();
            assert!(world.rows(Table::Heads).await.is_empty());
            world.put(&bucket, "k", "body").await;
            work::run_due_once(&hourly).await.unwrap();
            assert_eq!(keys(&world, Table::Heads).await, ["k"]);
            world.clock.advance(hour);
        }
    });
}

/// Stores an object that is to be deleted after some days.
async fn put_for(world: &World, bucket: &BucketName, key: &str, days: u32) {
    let mut req = put(bucket, key);
    req.attributes.expires_days = Some(days);
    let stored = world
        .engine
        .put_object(&owner_at(world), req, body(b"body"))
        .await;
    stored.unwrap();
}

/// The owner, asking by the clock of the world.
fn owner_at(world: &World) -> Cx {
    Cx {
        at: world.clock.now(),
        ..owner()
    }
}

async fn order(world: &World, bucket: &BucketName, key: &str, days: Option<u32>) {
    let at = target(bucket, key, VersionChoice::Current);
    let change = ObjectChange::Expires(days);
    let cx = owner_at(world);
    let done = world.engine.change_object(&cx, &at, change);
    done.await.unwrap();
}

async fn told(world: &World, bucket: &BucketName, key: &str) -> Option<Timestamp> {
    let req = GetObject {
        target: target(bucket, key, VersionChoice::Current),
        range: None,
        conditions: Conditions::default(),
    };
    let info = world.engine.head_object(&owner(), req).await.unwrap();
    info.expires.map(|end| end.at)
}

#[test]
fn objects_end_by_their_own_order() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.rule(&bucket).await;
        put_for(&world, &bucket, "two", 2).await;
        put_for(&world, &bucket, "kept", 2).await;
        for key in ["never", "later"] {
            world.put(&bucket, key, "body").await;
        }
        order(&world, &bucket, "later", Some(4)).await;
        order(&world, &bucket, "kept", None).await;
        assert_eq!(told(&world, &bucket, "never").await, None);
        assert_eq!(told(&world, &bucket, "kept").await, None);
        let end = told(&world, &bucket, "two").await.unwrap();
        work(&world).await;
        let second = Duration::from_secs(1);
        let left = end.since(world.clock.now());
        world.clock.advance(left.saturating_sub(second));
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await.len(), 4);
        world.clock.advance(Duration::from_secs(1));
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await, ["kept", "later", "never"]);
        let events = world.events(&bucket).await;
        let last = &events.last().unwrap().event;
        let wanted = (EventKind::ExpiredDelete, "two");
        assert_eq!((last.kind, last.key.as_str()), wanted);
        world.clock.advance(2 * DAY);
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await, ["kept", "never"]);
        assert_eq!(duties(&world).await, 1);
    });
}

#[test]
fn own_orders_outlive_the_rules_and_leave_a_marker_where_versions_are_kept() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("life").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        set(&world, &bucket, &[expire("other/", 1)]).await;
        put_for(&world, &bucket, "k", 1).await;
        put_for(&world, &bucket, "replaced", 1).await;
        world
            .put(&bucket, "replaced", "a version without order")
            .await;
        let cx = owner();
        let removed = world.engine.delete_bucket_doc::<Lifecycle>(&cx, &bucket);
        removed.await.unwrap();
        world.clock.advance(3 * DAY);
        work(&world).await;
        assert_eq!(keys(&world, Table::Heads).await, ["replaced"]);
        assert_eq!(keys(&world, Table::Graves).await, ["k"]);
        assert_eq!(world.rows(Table::Versions).await.len(), 2);
        assert_eq!(duties(&world).await, 1);
    });
}
