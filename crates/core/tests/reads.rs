//! When objects were read: noted where that is switched on, to the day, beside the version and no longer than it;
//! and what lifecycle rules make of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Duration;

use cohong_core::engine::{
    BucketChange, Conditions, GetObject, ObjectChange, PutSymlink, RenameObject, VersionChoice,
};
use cohong_core::model::{
    Acl, BucketName, Lifecycle, LifecycleRule, LinkTarget, ObjectKey, StorageClass, Timestamp,
    UnreadMove, VersionTag, Versioning,
};
use cohong_core::ports::{Clock as _, Table};
use cohong_core::records::{CurrentRecord, ReadRecord, decode, keys};
use cohong_core::{Error, ErrorKind, limits, work};
use common::{World, account, owner, put, run, target};

const DAY: Duration = Duration::from_hours(24);
const CURRENT: VersionChoice = VersionChoice::Current;

/// What is not read for ten days is kept for infrequent access.
fn rule(comes_back: bool) -> LifecycleRule {
    let one = UnreadMove {
        days: 10,
        class: StorageClass::Infrequent,
        comes_back,
        small: true,
    };
    LifecycleRule {
        id: "unread".into(),
        enabled: true,
        unread: vec![one],
        older_unread: vec![one],
        ..LifecycleRule::default()
    }
}

async fn set(world: &World, bucket: &BucketName, rule: LifecycleRule) -> Result<(), Error> {
    let rules = Lifecycle {
        rules: vec![rule],
        may_overlap: false,
    };
    world.engine.put_bucket_doc(&owner(), bucket, &rules).await
}

async fn monitor(world: &World, bucket: &BucketName, on: bool) -> Result<(), Error> {
    let change = BucketChange::AccessMonitor(on);
    let changed = world.engine.change_bucket(&owner(), bucket, change).await;
    changed.map(drop)
}

/// A world with a bucket that notes reads.
async fn noting() -> (World, BucketName) {
    let world = World::new();
    let bucket = world.bucket("album").await;
    monitor(&world, &bucket, true).await.unwrap();
    (world, bucket)
}

/// Days pass, and lifecycle rules are carried out on each.
async fn pass(world: &World, days: u32) {
    for _ in 0..days {
        world.clock.advance(DAY);
        work::run_due_once(&world.engine).await.unwrap();
    }
}

async fn read(world: &World, bucket: &BucketName, key: &str) {
    world.get(bucket, key, CURRENT).await.unwrap();
}

async fn head(world: &World, bucket: &BucketName, key: &str) -> (StorageClass, Option<Timestamp>) {
    let req = GetObject {
        target: target(bucket, key, CURRENT),
        range: None,
        conditions: Conditions::default(),
    };
    let info = world.engine.head_object(&owner(), req).await.unwrap();
    (info.record.class, info.read_at)
}

/// Lets the server run until what waits is noted, and stops it.
async fn write_notes(world: &World) {
    let workers = work::start(&world.engine);
    let stop = workers.stop();
    let tasks = world.tasks.take().into_iter().map(|(_, task)| task);
    futures_util::future::join(stop, futures_util::future::join_all(tasks)).await;
}

async fn notes(world: &World) -> Vec<Timestamp> {
    let rows = world.rows(Table::Reads).await;
    let at = rows
        .iter()
        .map(|(_, row)| decode::<ReadRecord>(&row.bytes).unwrap().at);
    at.collect()
}

#[test]
fn what_nobody_reads_is_moved_and_what_is_read_stays() {
    run(async {
        let (world, bucket) = noting().await;
        for key in ["hot", "cold"] {
            world.put(&bucket, key, "body").await;
        }
        set(&world, &bucket, rule(false)).await.unwrap();
        pass(&world, 8).await;
        read(&world, &bucket, "hot").await;
        pass(&world, 3).await;
        assert_eq!(head(&world, &bucket, "hot").await.0, StorageClass::Standard);
        assert_eq!(
            head(&world, &bucket, "cold").await.0,
            StorageClass::Infrequent
        );
        pass(&world, 8).await;
        assert_eq!(
            head(&world, &bucket, "hot").await.0,
            StorageClass::Infrequent
        );
        read(&world, &bucket, "hot").await;
        write_notes(&world).await;
        assert_eq!(
            head(&world, &bucket, "hot").await.0,
            StorageClass::Infrequent
        );
    });
}

#[test]
fn an_object_that_is_read_comes_back_without_an_event() {
    run(async {
        let (world, bucket) = noting().await;
        world.rule(&bucket).await;
        world.put(&bucket, "a", "body").await;
        let written = world.rows(Table::Heads).await;
        set(&world, &bucket, rule(true)).await.unwrap();
        pass(&world, 11).await;
        assert_eq!(head(&world, &bucket, "a").await.0, StorageClass::Infrequent);
        read(&world, &bucket, "a").await;
        write_notes(&world).await;
        assert_eq!(head(&world, &bucket, "a").await.0, StorageClass::Standard);
        let now = world.rows(Table::Heads).await;
        assert_eq!(written[0].1.bytes, now[0].1.bytes, "all else is as before");
        assert_eq!(world.events(&bucket).await.len(), 1);
        pass(&world, 10).await;
        assert_eq!(head(&world, &bucket, "a").await.0, StorageClass::Standard);
        pass(&world, 1).await;
        assert_eq!(head(&world, &bucket, "a").await.0, StorageClass::Infrequent);
    });
}

#[test]
fn older_versions_count_their_own_reads() {
    run(async {
        let (world, bucket) = noting().await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let mut tags = Vec::new();
        for body in ["one", "two", "three"] {
            tags.push(world.put(&bucket, "a", body).await.stored.version);
        }
        set(&world, &bucket, rule(true)).await.unwrap();
        let by_id = |tag: VersionTag| match tag {
            VersionTag::Id(id) => VersionChoice::Id(id),
            tag => panic!("{tag:?}"),
        };
        pass(&world, 5).await;
        world.get(&bucket, "a", by_id(tags[0])).await.unwrap();
        pass(&world, 6).await;
        let class = async |tag| {
            let req = GetObject {
                target: target(&bucket, "a", by_id(tag)),
                range: None,
                conditions: Conditions::default(),
            };
            let info = world.engine.head_object(&owner(), req).await.unwrap();
            info.record.class
        };
        assert_eq!(class(tags[0]).await, StorageClass::Standard);
        assert_eq!(class(tags[1]).await, StorageClass::Infrequent);
        assert_eq!(class(tags[2]).await, StorageClass::Infrequent);
        world.get(&bucket, "a", by_id(tags[1])).await.unwrap();
        write_notes(&world).await;
        assert_eq!(class(tags[1]).await, StorageClass::Standard);
        assert_eq!(class(tags[2]).await, StorageClass::Infrequent);
    });
}

#[test]
fn a_day_and_version_have_one_note_and_a_read_writes_nothing() {
    run(async {
        let (world, bucket) = noting().await;
        for key in ["a", "b"] {
            world.put(&bucket, key, "body").await;
        }
        let heads = world.rows(Table::Heads).await;
        for _ in 0..3 {
            read(&world, &bucket, "a").await;
        }
        assert!(notes(&world).await.is_empty());
        let first = world.clock.now();
        write_notes(&world).await;
        assert_eq!(notes(&world).await, [first]);
        world.clock.advance(Duration::from_mins(5));
        read(&world, &bucket, "a").await;
        world.meta.applied();
        write_notes(&world).await;
        assert_eq!(world.meta.applied(), [], "it is the same day");
        assert_eq!(head(&world, &bucket, "a").await.1, Some(first));
        world.clock.advance(DAY);
        read(&world, &bucket, "a").await;
        assert_eq!(head(&world, &bucket, "a").await.1, Some(world.clock.now()));
        write_notes(&world).await;
        assert_eq!(notes(&world).await, [world.clock.now()]);
        assert_eq!(
            world.rows(Table::Heads).await,
            heads,
            "what writers expect stays"
        );
    });
}

#[test]
fn objects_count_from_when_reads_were_noted_first_or_they_were_written() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("album").await;
        world.put(&bucket, "old", "body").await;
        read(&world, &bucket, "old").await;
        assert_eq!(head(&world, &bucket, "old").await.1, None);
        world.clock.advance(DAY);
        monitor(&world, &bucket, true).await.unwrap();
        let since = world.clock.now();
        assert_eq!(head(&world, &bucket, "old").await.1, Some(since));
        world.clock.advance(DAY);
        world.put(&bucket, "new", "body").await;
        let written = world.clock.now();
        monitor(&world, &bucket, true).await.unwrap();
        assert_eq!(
            head(&world, &bucket, "old").await.1,
            Some(since),
            "it was on"
        );
        assert_eq!(head(&world, &bucket, "new").await.1, Some(written));
        read(&world, &bucket, "new").await;
        write_notes(&world).await;
        monitor(&world, &bucket, false).await.unwrap();
        assert_eq!(head(&world, &bucket, "new").await.1, None);
        world.clock.advance(DAY);
        read(&world, &bucket, "new").await;
        monitor(&world, &bucket, true).await.unwrap();
        let again = world.clock.now();
        assert_eq!(head(&world, &bucket, "new").await.1, Some(again));
    });
}

#[test]
fn notes_go_with_their_versions() {
    run(async {
        let (world, bucket) = noting().await;
        let change = BucketChange::Renames(true);
        let cx = owner();
        let renames = world.engine.change_bucket(&cx, &bucket, change);
        renames.await.unwrap();
        for key in ["deleted", "overwritten", "renamed", "kept"] {
            world.put(&bucket, key, "body").await;
            read(&world, &bucket, key).await;
        }
        write_notes(&world).await;
        assert_eq!(notes(&world).await.len(), 4);
        assert_eq!(world.engine.mismatches().await.unwrap(), []);
        // Switched off meanwhile, all the same.
        monitor(&world, &bucket, false).await.unwrap();
        world.delete(&bucket, "deleted", CURRENT).await.unwrap();
        world.put(&bucket, "overwritten", "other").await;
        let rename = RenameObject {
            bucket: bucket.clone(),
            from: ObjectKey::new("renamed").unwrap(),
            to: ObjectKey::new("other").unwrap(),
            conditions: Conditions::default(),
            makes_parents: false,
        };
        world.engine.rename_object(&owner(), rename).await.unwrap();
        let left = world.rows(Table::Reads).await;
        let left: Vec<_> = left
            .iter()
            .map(|(at, _)| keys::version_of_read(at).unwrap().1)
            .collect();
        assert_eq!(left, [ObjectKey::new("kept").unwrap()]);
        assert_eq!(world.engine.mismatches().await.unwrap(), []);
    });
}

#[test]
fn a_note_does_not_outlive_a_version_that_goes_while_it_waits() {
    run(async {
        let (world, bucket) = noting().await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let tag = world.put(&bucket, "a", "body").await.stored.version;
        read(&world, &bucket, "a").await;
        world.delete(&bucket, "a", CURRENT).await.unwrap();
        let VersionTag::Id(id) = tag else {
            panic!("{tag:?}");
        };
        world.put(&bucket, "b", "body").await;
        read(&world, &bucket, "b").await;
        world.delete(&bucket, "b", CURRENT).await.unwrap();
        world
            .delete(&bucket, "a", VersionChoice::Id(id))
            .await
            .unwrap();
        write_notes(&world).await;
        let left = world.rows(Table::Reads).await;
        let left: Vec<_> = left
            .iter()
            .map(|(at, _)| keys::version_of_read(at).unwrap().1)
            .collect();
        assert_eq!(
            left,
            [ObjectKey::new("b").unwrap()],
            "it is there behind its marker"
        );
        assert_eq!(world.engine.mismatches().await.unwrap(), []);
    });
}

#[test]
fn a_note_that_meets_a_writer_is_made_after_it() {
    run(async {
        let (world, bucket) = noting().await;
        world.put(&bucket, "a", "body").await;
        read(&world, &bucket, "a").await;
        let meanwhile = world.touch(Table::Heads).await;
        world.meta.overtake(meanwhile);
        write_notes(&world).await;
        assert_eq!(notes(&world).await.len(), 1);
    });
}

#[test]
fn reads_through_links_and_changes_of_grants_count_and_looks_do_not() {
    run(async {
        let (world, bucket) = noting().await;
        let links = world.bucket("links").await;
        for key in ["target", "granted", "looked", "refused", "far"] {
            world.put(&bucket, key, "body").await;
        }
        for (of, to) in [(&bucket, "target"), (&links, "far")] {
            let link = PutSymlink {
                bucket: of.clone(),
                key: ObjectKey::new("link").unwrap(),
                to: LinkTarget {
                    bucket: Some(bucket.clone()),
                    key: ObjectKey::new(to).unwrap(),
                },
                attributes: put(of, "link").attributes,
                conditions: Conditions::default(),
            };
            world.engine.put_symlink(&owner(), link).await.unwrap();
            read(&world, of, "link").await;
        }
        let acl = ObjectChange::Acl(Some(Acl::default()));
        let granted = target(&bucket, "granted", CURRENT);
        let granted = world.engine.change_object(&owner(), &granted, acl).await;
        granted.unwrap();
        head(&world, &bucket, "looked").await;
        let refused = GetObject {
            target: target(&bucket, "refused", CURRENT),
            range: None,
            conditions: Conditions::default(),
        };
        let refused = world.engine.get_object(&account("stranger"), refused).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
        write_notes(&world).await;
        let rows = world.rows(Table::Reads).await;
        let heads = world.rows(Table::Heads).await;
        let found: Vec<_> = rows
            .iter()
            .map(|(at, _)| {
                let (bucket, key, id) = keys::version_of_read(at).unwrap();
                let head = keys::head(bucket, &key).bytes;
                let (_, row) = heads.iter().find(|(at, _)| *at == head).unwrap();
                let current: CurrentRecord = decode(&row.bytes).unwrap();
                assert_eq!(current.version.id, id);
                key.as_str().to_owned()
            })
            .collect();
        assert_eq!(found, ["far", "granted", "target"]);
    });
}

#[test]
fn reads_that_wait_are_bounded() {
    run(async {
        let (world, bucket) = noting().await;
        let many = limits::READS_WAITING_MAX + 1;
        for n in 0..many {
            let key = format!("{n:05}");
            world.put(&bucket, &key, "").await;
            read(&world, &bucket, &key).await;
        }
        write_notes(&world).await;
        assert_eq!(notes(&world).await.len(), many - 1);
    });
}

#[test]
fn rules_and_notes_need_each_other() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("album").await;
        monitor(&world, &bucket, false).await.unwrap();
        let early = set(&world, &bucket, rule(false)).await;
        assert_eq!(early.unwrap_err().kind(), ErrorKind::ReadsNotNoted);
        monitor(&world, &bucket, true).await.unwrap();
        set(&world, &bucket, rule(false)).await.unwrap();
        let early = monitor(&world, &bucket, false).await;
        assert_eq!(early.unwrap_err().kind(), ErrorKind::ReadsNeeded);
        let cx = owner();
        let removed = world.engine.delete_bucket_doc::<Lifecycle>(&cx, &bucket);
        removed.await.unwrap();
        monitor(&world, &bucket, false).await.unwrap();
    });
}

#[test]
fn whether_reads_are_noted_is_the_owners_business() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("album").await;
        let change = BucketChange::AccessMonitor(true);
        let changed = world
            .engine
            .change_bucket(&account("stranger"), &bucket, change)
            .await;
        assert_eq!(changed.unwrap_err().kind(), ErrorKind::Denied);
    });
}
