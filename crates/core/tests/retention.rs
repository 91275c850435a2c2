//! What a bucket's retention keeps, and until when: by the clock, for whoever asks.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Duration;

use cohong_core::engine::{BucketChange, VersionChoice};
use cohong_core::model::{BucketName, Due, Lifecycle, LifecycleFilter, LifecycleRule, Versioning};
use cohong_core::ports::{Key, MetadataStore as _, Table, Txn, When, Write};
use cohong_core::rules::retention::RetentionStep;
use cohong_core::{ErrorKind, work};
use common::{World, account, owner, put, run};

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);
const ALMOST_A_DAY: Duration = Duration::from_mins(24 * 60 - 1);

async fn step(
    world: &World,
    bucket: &BucketName,
    step: RetentionStep,
) -> Result<Box<str>, ErrorKind> {
    let change = BucketChange::Retention(step);
    let changed = world.engine.change_bucket(&owner(), bucket, change).await;
    let changed = changed.map_err(|error| error.kind())?;
    Ok(changed
        .retention
        .as_ref()
        .map_or("".into(), |one| one.id.clone()))
}

async fn locked(world: &World, bucket: &BucketName, days: u32) {
    let id = step(world, bucket, RetentionStep::Begin(days))
        .await
        .unwrap();
    step(world, bucket, RetentionStep::Lock(id)).await.unwrap();
}

async fn delete(world: &World, bucket: &BucketName, key: &str) -> Result<(), ErrorKind> {
    let gone = world.delete(bucket, key, VersionChoice::Current).await;
    gone.map(drop)
}

async fn write(world: &World, bucket: &BucketName, key: &str) -> Result<(), ErrorKind> {
    let written = world.try_put(&owner(), put(bucket, key), "other").await;
    written.map(drop).map_err(|error| error.kind())
}

#[test]
fn an_object_is_free_when_its_days_are_over() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("kept").await;
        world.put(&bucket, "a", "bytes").await;
        world.put(&bucket, "b", "bytes").await;
        locked(&world, &bucket, 2).await;
        world.clock.advance(DAY + ALMOST_A_DAY);
        assert_eq!(delete(&world, &bucket, "a").await, Err(ErrorKind::Retained));
        assert_eq!(write(&world, &bucket, "b").await, Err(ErrorKind::Retained));
        assert_eq!(write(&world, &bucket, "new").await, Ok(()));
        world.clock.advance(MINUTE);
        assert_eq!(delete(&world, &bucket, "a").await, Ok(()));
        assert_eq!(write(&world, &bucket, "b").await, Ok(()));
        // What was written since has days of its own.
        assert_eq!(delete(&world, &bucket, "b").await, Err(ErrorKind::Retained));
        assert_eq!(
            delete(&world, &bucket, "new").await,
            Err(ErrorKind::Retained)
        );
    });
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("kept").await;
        world.rule(&bucket).await;
        world.put(&bucket, "a", "bytes").await;
        locked(&world, &bucket, 1).await;
        let (heads, events) = (
            world.rows(Table::Heads).await,
            world.events(&bucket).await.len(),
        );
        assert_eq!(write(&world, &bucket, "a").await, Err(ErrorKind::Retained));
        assert_eq!(delete(&world, &bucket, "a").await, Err(ErrorKind::Retained));
        assert_eq!(world.rows(Table::Heads).await, heads);
        assert_eq!(world.events(&bucket).await.len(), events);
        let read = world.get(&bucket, "a", VersionChoice::Current).await;
        assert_eq!(read, Ok(b"bytes".to_vec()));
    });
}

#[test]
fn one_that_nobody_locks_counts_for_a_day() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("kept").await;
        let id = step(&world, &bucket, RetentionStep::Begin(9))
            .await
            .unwrap();
        world.put(&bucket, "a", "bytes").await;
        world.clock.advance(ALMOST_A_DAY);
        assert_eq!(delete(&world, &bucket, "a").await, Err(ErrorKind::Retained));
        world.clock.advance(MINUTE);
        let lock = step(&world, &bucket, RetentionStep::Lock(id)).await;
        assert_eq!(lock, Err(ErrorKind::NoSuchRetention));
        assert_eq!(delete(&world, &bucket, "a").await, Ok(()));
    });
}

#[test]
fn only_the_owner_makes_one() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("kept").await;
        let change = BucketChange::Retention(RetentionStep::Begin(1));
        let engine = &world.engine;
        let refused = engine
            .change_bucket(&account("other"), &bucket, change)
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
    });
}

#[test]
fn lifecycle_rules_wait_until_it_is_free() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("kept").await;
        world.put(&bucket, "a", "bytes").await;
        locked(&world, &bucket, 9).await;
        let rules = vec![LifecycleRule {
            id: "rule".into(),
            enabled: true,
            filter: LifecycleFilter::default(),
            expire: Some(Due::Days(1)),
            ..LifecycleRule::default()
        }];
        let doc = Lifecycle {
            rules,
            ..Lifecycle::default()
        };
        let stored = world.engine.put_bucket_doc(&owner(), &bucket, &doc).await;
        stored.unwrap();
        for (days, left) in [(3, 1), (5, 1), (3, 0)] {
            for _ in 0..days {
                world.clock.advance(DAY);
                while work::run_due_once(&world.engine).await.unwrap() > 0 {}
            }
            assert_eq!(
                world.rows(Table::Heads).await.len(),
                left,
                "after {days} more"
            );
        }
    });
}

#[test]
fn versions_are_kept_and_markers_are_not() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("kept").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let first = world.put(&bucket, "a", "bytes").await.stored.version;
        locked(&world, &bucket, 1).await;
        assert_eq!(write(&world, &bucket, "a").await, Ok(()));
        assert_eq!(delete(&world, &bucket, "a").await, Ok(()));
        let cohong_core::model::VersionTag::Id(first) = first else {
            panic!("it has an id");
        };
        let gone = world.delete(&bucket, "a", VersionChoice::Id(first)).await;
        assert_eq!(gone.map(drop), Err(ErrorKind::Retained));
        let suspend = BucketChange::Versioning(Versioning::Suspended);
        let refused = world.engine.change_bucket(&owner(), &bucket, suspend).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
        world.clock.advance(DAY);
        let gone = world.delete(&bucket, "a", VersionChoice::Id(first)).await;
        assert_eq!(gone.map(drop), Ok(()));
    });
}

/// A record that tells nothing any more may be one that keeps the object.
#[test]
fn what_cannot_be_read_is_not_removed() {
    run(async {
        for table in [Table::Heads, Table::Buckets] {
            let world = World::new();
            let bucket = world.bucket("kept").await;
            world.put(&bucket, "a", "bytes").await;
            locked(&world, &bucket, 1).await;
            let (bytes, _) = world.rows(table).await.remove(0);
            let garbage = Write::Put(Key { table, bytes }, vec![1, 0xff, 0xff, 0xff].into());
            let txn = Txn {
                when: When::Now,
                expect: Vec::new(),
                write: vec![garbage],
                payloads: Vec::new(),
            };
            assert!(world.meta.commit(vec![txn]).await.remove(0).is_ok());
            world.clock.advance(3 * DAY);
            let rows = world.rows(table).await;
            for refused in [
                delete(&world, &bucket, "a").await,
                write(&world, &bucket, "a").await,
            ] {
                assert_eq!(refused, Err(ErrorKind::Internal), "{table:?}");
            }
            assert_eq!(world.rows(table).await, rows, "{table:?}");
        }
    });
}
