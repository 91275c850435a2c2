//! Restoring archived objects: what is refused before, what is told, and for how long it lasts.

use std::sync::Arc;
use std::time::Duration;

use cohong_core::engine::{
    Attributes, Conditions, CopyObject, CopyPart, CopySource, CreateUpload, Engine, GetObject,
    ListObjects, ListingEntry, UploadTarget, VersionChoice,
};
use cohong_core::limits::RESTORE_DAYS_MAX;
use cohong_core::model::{
    BucketName, EventKind, ObjectKey, RestoreState, StorageClass, VersionTag, Versioning,
};
use cohong_core::ports::{Clock, Table};
use cohong_core::rules::restore::Accepted;
use cohong_core::{ErrorKind, work};

use crate::common::{World, anonymous, owner, put, run, target};

const DAY: Duration = Duration::from_hours(24);

/// A world whose restores take so long, with an object "cold" of a class in a bucket that tells all.
async fn begin(class: StorageClass, delay: Duration) -> (World, Engine, BucketName) {
    let world = World::new();
    let bucket = world.bucket("archive").await;
    world.rule(&bucket).await;
    let mut req = put(&bucket, "cold");
    req.attributes.class = Some(class);
    world.try_put(&owner(), req, "bytes").await.unwrap();
    let engine = Engine::new(world.engine.ports().clone()).with_restore_delay(delay);
    (world, engine, bucket)
}

async fn restore(engine: &Engine, bucket: &BucketName, days: u32) -> Result<Accepted, ErrorKind> {
    let cold = target(bucket, "cold", VersionChoice::Current);
    let receipt = engine.restore_object(&owner(), &cold, days).await;
    receipt.map(|r| r.accepted).map_err(|error| error.kind())
}

async fn state(engine: &Engine, bucket: &BucketName) -> Option<RestoreState> {
    let req = GetObject {
        target: target(bucket, "cold", VersionChoice::Current),
        range: None,
        conditions: Conditions::default(),
    };
    let seen = engine.head_object(&owner(), req).await.unwrap().restore;
    let req = ListObjects {
        bucket: bucket.clone(),
        prefix: String::new(),
        delimiter: String::new(),
        after: String::new(),
        reverse: false,
        limit: 1,
    };
    let page = engine.list_objects(&owner(), req).await.unwrap();
    let Some(ListingEntry::Object(listed)) = page.entries.first() else {
        panic!("there is an object");
    };
    assert_eq!(listed.restore, seen, "a listing and a head say the same");
    seen
}

async fn kinds(world: &World, bucket: &BucketName) -> Vec<EventKind> {
    let events = world.events(bucket).await;
    events.iter().map(|logged| logged.event.kind).collect()
}

#[test]
fn bytes_of_an_archived_object_are_read_while_it_is_restored() {
    run(async {
        for class in StorageClass::ALL
            .into_iter()
            .filter(|class| class.is_frozen())
        {
            let (world, engine, bucket) = begin(class, Duration::ZERO).await;
            let get = || world.get(&bucket, "cold", VersionChoice::Current);
            assert_eq!(get().await, Err(ErrorKind::NotRestored));
            assert_eq!(state(&engine, &bucket).await, None);
            assert_eq!(restore(&engine, &bucket, 2).await, Ok(Accepted::Begun));
            let until = world.clock.now().plus(2 * DAY);
            let restored = Some(RestoreState::Until(until));
            assert_eq!(state(&engine, &bucket).await, restored);
            assert_eq!(get().await, Ok(b"bytes".to_vec()));
            assert_eq!(restore(&engine, &bucket, 1).await, Ok(Accepted::Extended));
            assert_eq!(state(&engine, &bucket).await, restored, "never shorter");
            world.clock.advance(DAY);
            assert_eq!(restore(&engine, &bucket, 3).await, Ok(Accepted::Extended));
            world.clock.advance(2 * DAY);
            assert_eq!(get().await, Ok(b"bytes".to_vec()));
            world.clock.advance(DAY);
            assert_eq!(state(&engine, &bucket).await, None);
            assert_eq!(get().await, Err(ErrorKind::NotRestored));
            assert_eq!(restore(&engine, &bucket, 1).await, Ok(Accepted::Begun));
        }
    });
}

#[test]
fn a_restore_takes_its_time_and_is_told_once() {
    run(async {
        let hours = Duration::from_hours(5);
        let (world, engine, bucket) = begin(StorageClass::ColdArchive, hours).await;
        assert_eq!(restore(&engine, &bucket, 1).await, Ok(Accepted::Begun));
        let running = Some(RestoreState::Running);
        for _ in 0..10 {
            work::run_due_once(&engine).await.unwrap();
            assert_eq!(state(&engine, &bucket).await, running);
            let again = restore(&engine, &bucket, 1).await;
            assert_eq!(again, Err(ErrorKind::RestoreInProgress));
            world.clock.advance(hours / 10);
        }
        let until = world.clock.now().plus(DAY);
        let done = Some(RestoreState::Until(until));
        assert_eq!(state(&engine, &bucket).await, done);
        // What lies far ahead is looked at in steps of a quarter of an hour.
        world.clock.advance(Duration::from_mins(15));
        for _ in 0..2 {
            work::run_due_once(&engine).await.unwrap();
        }
        assert!(world.rows(Table::Work).await.is_empty());
        let wanted = [
            EventKind::CreatedPut,
            EventKind::RestorePost,
            EventKind::RestoreCompleted,
        ];
        assert_eq!(kinds(&world, &bucket).await, wanted);
        let told = world.events(&bucket).await.pop().unwrap().event;
        assert_eq!((told.size, &*told.request_id), (5, "request-1"));
    });
}

#[test]
fn the_end_of_a_restore_is_told_of_the_version_wherever_it_is_by_then() {
    run(async {
        let hour = Duration::from_hours(1);
        let (world, engine, bucket) = begin(StorageClass::Archive, hour).await;
        world.versioning(&bucket, Versioning::Enabled).await;
        restore(&engine, &bucket, 1).await.unwrap();
        world.put(&bucket, "cold", "newer").await;
        let engine = Arc::new(engine);
        let mut told = Vec::new();
        for _ in 0..8 {
            world.clock.advance(hour / 4);
            work::run_due_once(&engine).await.unwrap();
            told = world.events(&bucket).await;
        }
        let last = &told.last().unwrap().event;
        assert_eq!(last.kind, EventKind::RestoreCompleted);
        assert_eq!(last.version, VersionTag::Null);
        let null = world.get(&bucket, "cold", VersionChoice::Null).await;
        assert_eq!(null, Ok(b"bytes".to_vec()));
    });
}

#[test]
fn a_version_that_is_gone_owes_nobody_anything() {
    run(async {
        let hour = Duration::from_hours(1);
        let (world, engine, bucket) = begin(StorageClass::Archive, hour).await;
        restore(&engine, &bucket, 1).await.unwrap();
        world
            .delete(&bucket, "cold", VersionChoice::Current)
            .await
            .unwrap();
        for _ in 0..8 {
            world.clock.advance(hour);
            work::run_due_once(&engine).await.unwrap();
        }
        assert!(world.rows(Table::Work).await.is_empty());
        let seen = kinds(&world, &bucket).await;
        assert!(!seen.contains(&EventKind::RestoreCompleted), "{seen:?}");
    });
}

#[test]
fn archived_bytes_are_not_copied_unless_restored() {
    run(async {
        let (world, engine, bucket) = begin(StorageClass::DeepColdArchive, Duration::ZERO).await;
        let source = || CopySource {
            object: target(&bucket, "cold", VersionChoice::Current),
            conditions: Conditions::default(),
        };
        let copy = || CopyObject {
            expires_days: None,
            lock: cohong_core::model::Lock::default(),
            source: source(),
            bucket: bucket.clone(),
            key: ObjectKey::new("warm").unwrap(),
            replace: None,
            tags: None,
            class: Some(StorageClass::Standard),
            acl: None,
            conditions: Conditions::default(),
            checksum: None,
        };
        let key = ObjectKey::new("parts").unwrap();
        let create = CreateUpload {
            bucket: bucket.clone(),
            key: key.clone(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
            sequential: false,
            checksum: None,
        };
        let upload = engine.create_upload(&owner(), create).await.unwrap().upload;
        let part = || CopyPart {
            target: UploadTarget {
                bucket: bucket.clone(),
                key: key.clone(),
                upload,
            },
            number: 1,
            source: source(),
            range: None,
            checksum: None,
        };
        let both = async || {
            let copied = engine.copy_object(&owner(), copy()).await.err();
            let part = engine.copy_part(&owner(), part()).await.err();
            [copied, part].map(|error| error.map(|error| error.kind()))
        };
        assert_eq!(both().await, [Some(ErrorKind::NotRestored); 2]);
        restore(&engine, &bucket, 1).await.unwrap();
        assert_eq!(both().await, [None; 2]);
        let warm = world.get(&bucket, "warm", VersionChoice::Current).await;
        assert_eq!(warm, Ok(b"bytes".to_vec()), "the copy is not archived");
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    run(async {
        for class in StorageClass::ALL
            .into_iter()
            .filter(|class| !class.is_frozen())
        {
            let (_world, engine, bucket) = begin(class, Duration::ZERO).await;
            let refused = restore(&engine, &bucket, 1).await;
            assert_eq!(refused, Err(ErrorKind::NotArchived), "{class:?}");
        }
        let (world, engine, bucket) = begin(StorageClass::Archive, Duration::ZERO).await;
        for days in [0, RESTORE_DAYS_MAX + 1] {
            let refused = restore(&engine, &bucket, days).await;
            assert_eq!(refused, Err(ErrorKind::InvalidArgument), "{days} days");
        }
        let cold = target(&bucket, "cold", VersionChoice::Current);
        let refused = engine.restore_object(&anonymous(), &cold, 1).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
        let none = target(&bucket, "none", VersionChoice::Current);
        let refused = engine.restore_object(&owner(), &none, 1).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NoSuchKey);
        assert_eq!(kinds(&world, &bucket).await, [EventKind::CreatedPut]);
    });
}
