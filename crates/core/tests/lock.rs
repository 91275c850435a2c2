//! Locked versions stay, whoever asks and in whatever way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Duration;

use cohong_core::engine::{
    BucketChange, CreateBucket, Cx, DeleteObject, Deletion, GetObject, ObjectChange, VersionChoice,
};
use cohong_core::model::{
    Acl, BucketName, DefaultLock, Due, Kept, Lifecycle, LifecycleFilter, LifecycleRule, Lock,
    LockMode, LockSpan, VersionId, VersionTag, Versioning,
};
use cohong_core::ports::Table;
use cohong_core::rules::lock::LockStep;
use cohong_core::{ErrorKind, work};
use common::{World, create_bucket, owner, put, run, target};

const DAY: Duration = Duration::from_hours(24);

async fn locking(world: &World, default: Option<DefaultLock>) -> BucketName {
    let req = CreateBucket {
        locks: true,
        ..create_bucket("locked", Acl::default())
    };
    let name = req.name.clone();
    world.engine.create_bucket(&owner(), req).await.unwrap();
    let change = BucketChange::Locks {
        default,
        versioned: true,
    };
    let changed = world.engine.change_bucket(&owner(), &name, change).await;
    assert_eq!(changed.unwrap().versioning, Versioning::Enabled);
    name
}

fn days(mode: LockMode, days: u32) -> DefaultLock {
    let span = LockSpan::Days(days);
    DefaultLock { mode, span }
}

fn passing() -> Cx {
    Cx {
        bypasses: true,
        ..owner()
    }
}

fn id(tag: VersionTag) -> VersionId {
    match tag {
        VersionTag::Id(id) => id,
        other => panic!("{other:?} is no id"),
    }
}

async fn delete(
    world: &World,
    cx: &Cx,
    bucket: &BucketName,
    version: VersionId,
) -> Result<(), ErrorKind> {
    let req = DeleteObject {
        target: target(bucket, "a", VersionChoice::Id(version)),
        if_match: None,
        how: Deletion::default(),
    };
    let gone = world.engine.delete_object(cx, req).await;
    gone.map(drop).map_err(|error| error.kind())
}

async fn step(
    world: &World,
    cx: &Cx,
    bucket: &BucketName,
    step: LockStep,
) -> Result<(), ErrorKind> {
    let at = target(bucket, "a", VersionChoice::Current);
    let changed = world
        .engine
        .change_object(cx, &at, ObjectChange::Lock(step));
    changed.await.map(drop).map_err(|error| error.kind())
}

async fn write(world: &World, bucket: &BucketName, key: &str) -> Result<(), ErrorKind> {
    let written = world.try_put(&owner(), put(bucket, key), "two").await;
    written.map(drop).map_err(|error| error.kind())
}

#[test]
fn a_version_is_free_when_its_time_is_over() {
    run(async {
        for (mode, passed) in [(LockMode::Governance, true), (LockMode::Compliance, false)] {
            let world = World::new();
            let bucket = locking(&world, Some(days(mode, 2))).await;
            let first = id(world.put(&bucket, "a", "one").await.stored.version);
            let second = id(world.put(&bucket, "a", "two").await.stored.version);
            let kept = Err(ErrorKind::Retained);
            assert_eq!(delete(&world, &owner(), &bucket, first).await, kept);
            assert_eq!(delete(&world, &owner(), &bucket, second).await, kept);
            let rows = world.rows(Table::Versions).await.len();
            // A marker takes nothing away.
            world
                .delete(&bucket, "a", VersionChoice::Current)
                .await
                .unwrap();
            assert_eq!(world.rows(Table::Versions).await.len(), rows + 1);
            let wanted = if passed { Ok(()) } else { kept };
            assert_eq!(delete(&world, &passing(), &bucket, second).await, wanted);
            world.clock.advance(DAY * 2);
            assert_eq!(delete(&world, &owner(), &bucket, first).await, Ok(()));
        }
    });
}

#[test]
fn what_a_writer_asks_for_goes_before_the_default() {
    run(async {
        let world = World::new();
        let bucket = locking(&world, Some(days(LockMode::Compliance, 9))).await;
        let mut req = put(&bucket, "a");
        let until = world.engine.ports().clock.now().plus(DAY);
        let mode = LockMode::Governance;
        let lock = Lock {
            kept: Some(Kept { mode, until }),
            held: Some(true),
        };
        req.attributes.lock = lock;
        let written = world.try_put(&owner(), req, "one").await.unwrap();
        let get = GetObject {
            target: target(&bucket, "a", VersionChoice::Current),
            range: None,
            conditions: cohong_core::engine::Conditions::default(),
        };
        let told = world.engine.head_object(&owner(), get).await.unwrap();
        assert_eq!(told.record.lock, lock);
        let version = id(written.stored.version);
        let kept = Err(ErrorKind::Retained);
        assert_eq!(delete(&world, &passing(), &bucket, version).await, kept);
        assert_eq!(
            step(&world, &owner(), &bucket, LockStep::Hold(false)).await,
            Ok(())
        );
        assert_eq!(delete(&world, &owner(), &bucket, version).await, kept);
        assert_eq!(
            step(&world, &owner(), &bucket, LockStep::Keep(None)).await,
            kept
        );
        assert_eq!(
            step(&world, &passing(), &bucket, LockStep::Keep(None)).await,
            Ok(())
        );
        assert_eq!(delete(&world, &owner(), &bucket, version).await, Ok(()));
    });
}

#[test]
fn where_no_versions_are_kept_a_locked_object_is_not_overwritten() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("plain").await;
        let change = BucketChange::Locks {
            default: Some(days(LockMode::Compliance, 1)),
            versioned: false,
        };
        world.put(&bucket, "before", "one").await;
        world
            .engine
            .change_bucket(&owner(), &bucket, change)
            .await
            .unwrap();
        world.put(&bucket, "a", "one").await;
        assert_eq!(write(&world, &bucket, "before").await, Ok(()));
        let refused = write(&world, &bucket, "a").await;
        assert_eq!(refused, Err(ErrorKind::Retained));
        let gone = world.delete(&bucket, "a", VersionChoice::Current).await;
        assert_eq!(gone.map(drop), Err(ErrorKind::Retained));
        let suspend = BucketChange::Versioning(Versioning::Suspended);
        let suspended = world.engine.change_bucket(&owner(), &bucket, suspend).await;
        assert_eq!(suspended.unwrap_err().kind(), ErrorKind::InvalidBucketState);
        world.clock.advance(DAY);
        assert_eq!(write(&world, &bucket, "a").await, Ok(()));
    });
}

#[test]
fn lifecycle_rules_wait_for_locks() {
    run(async {
        let world = World::new();
        let bucket = locking(&world, Some(days(LockMode::Governance, 9))).await;
        world.put(&bucket, "a", "one").await;
        world.put(&bucket, "a", "two").await;
        let doc = Lifecycle {
            rules: vec![LifecycleRule {
                id: "rule".into(),
                enabled: true,
                filter: LifecycleFilter::default(),
                expire_older: Some(Due::Days(1)),
                ..LifecycleRule::default()
            }],
            ..Lifecycle::default()
        };
        let stored = world.engine.put_bucket_doc(&owner(), &bucket, &doc).await;
        stored.unwrap();
        for (days, left) in [(4, 1), (4, 1), (3, 0)] {
            for _ in 0..days {
                world.clock.advance(DAY);
                while work::run_due_once(&world.engine).await.unwrap() > 0 {}
            }
            let rows = world.rows(Table::Versions).await.len();
            assert_eq!(rows, left, "after {days} more");
        }
    });
}
