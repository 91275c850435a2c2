//! Objects that come in one piece.

use std::time::Duration;

use bytes::Bytes;
use cohong_core::model::{AccountId, ContentCheck, Overwrite, StorageClass, SyncState};
use cohong_core::ports::{SourceFault, Table};
use cohong_testkit::source::{Mishap, Publishes};

use crate::world::{World, noise, outcomes, owner};

const SOON: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_mins(5);

fn broken() -> Mishap {
    Mishap::Fault(SourceFault::Broken("no route".into()))
}

#[test]
fn named_objects_are_brought_exactly() {
    let world = World::new(1);
    let big = noise(300_000, 1);
    let objects: [(&str, Bytes); 6] = [
        ("test/001.txt", Bytes::from_static(b"one")),
        ("test+001.txt", Bytes::from_static(b"plus")),
        ("test 001.txt", Bytes::from_static(b"blank")),
        ("folder/", Bytes::new()),
        ("/a//../b ", Bytes::from_static(b"odd")),
        ("big", big),
    ];
    for (key, bytes) in &objects {
        world.source.put(key, bytes.clone());
    }
    world.source.put("not named", "x");
    let task = world.task(|_| {});
    let names = objects.each_ref().map(|(key, _)| *key);
    world.accept(task, &names);
    world.settle(task, SOON);
    for (key, bytes) in &objects {
        let (info, brought) = world.get(key).unwrap();
        assert_eq!(brought, *bytes, "{key}");
        assert_eq!(
            info.record.headers.content_type.as_deref(),
            Some("text/x-source")
        );
        assert_eq!(info.record.headers.cache_control, None);
        assert_eq!(info.record.class, StorageClass::Infrequent);
        assert_eq!(info.record.owner, AccountId("owner".into()));
    }
    assert_eq!(world.bytes("not named"), None);
    let counts = world.counts(task);
    assert_eq!(outcomes(counts), (6, 0, 0));
    let all: usize = objects.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(counts.bytes, all as u64);
    assert_eq!(world.rows(Table::SyncItems), 0);
}

#[test]
fn metadata_and_class_come_along_as_the_task_says() {
    let world = World::new(2);
    world.source.put("a", "bytes");
    let task = world.task(|settings| {
        settings.metadata = true;
        settings.class = Some(StorageClass::Archive);
    });
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    let engine = world.engine.clone();
    let bucket = world.bucket.clone();
    let listed = world.wait(async move {
        let req = cohong_core::engine::ListObjects {
            bucket,
            prefix: String::new(),
            delimiter: String::new(),
            after: String::new(),
            reverse: false,
            limit: 10,
        };
        engine.list_objects(&owner(), req).await.unwrap().entries
    });
    let [cohong_core::engine::ListingEntry::Object(object)] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    assert_eq!(object.class, StorageClass::Archive);
    assert_eq!(object.user_meta, [("from".into(), "source".into())]);
}

#[test]
fn requests_for_one_key_share_a_copy_and_each_has_an_outcome() {
    let world = World::new(3);
    world.source.put("a", "1");
    let task = world.task(|_| {});
    world.accept(task, &["a", "a", "a"]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (1, 0, 2));
    assert_eq!(world.source.reads().len(), 1);
}

#[test]
fn what_is_there_already_is_left_alone() {
    let world = World::new(4);
    world.source.put("a", "1");
    let task = world.task(|_| {});
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (1, 0, 1));
    assert_eq!(world.source.reads().len(), 1);
    world.pass(Duration::from_secs(2));
    world.source.put("a", "2");
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (2, 0, 1));
    assert_eq!(world.bytes("a").unwrap(), "2");
}

#[test]
fn an_event_during_a_copy_means_another() {
    let world = World::new(5);
    let old = noise(200_000, 5);
    world.source.put("a", old);
    world
        .source
        .fail("a", [Mishap::Slow(Duration::from_secs(1))]);
    let task = world.task(|_| {});
    world.accept(task, &["a"]);
    world.pass(Duration::from_millis(1500));
    let new = noise(100, 6);
    world.source.put("a", new.clone());
    world.accept(task, &["a"]);
    world.settle(task, LATE);
    assert_eq!(world.bytes("a").unwrap(), new);
    assert_eq!(outcomes(world.counts(task)), (2, 0, 0));
}

/// A mishap of the source, how often, and what becomes of the key: brought or failed, and how many looks
/// at the source that took.
#[test]
fn what_passes_is_tried_again_and_what_does_not_fails() {
    let cases = [
        ("503", Mishap::Fault(SourceFault::Busy(None)), 2, true, 3),
        (
            "503 with a time",
            Mishap::Fault(SourceFault::Busy(Some(SOON))),
            1,
            true,
            2,
        ),
        ("unreachable", broken(), 3, true, 4),
        ("cut", Mishap::Cut(40_000), 2, true, 3),
        ("empty", Mishap::Cut(0), 1, true, 2),
        ("too long", Mishap::TooLong, 1, true, 2),
        ("wrong once", Mishap::WrongByte, 1, true, 2),
        ("changed", Mishap::Replaced(noise(90_000, 9)), 1, true, 1),
        ("slow", Mishap::Slow(Duration::from_secs(20)), 1, true, 1),
        ("missing", Mishap::Fault(SourceFault::Missing), 1, false, 1),
        ("denied", Mishap::Fault(SourceFault::Denied), 1, false, 1),
        ("unreachable for ever", broken(), 99, false, 7),
        ("wrong for ever", Mishap::WrongByte, 99, false, 7),
        ("cut for ever", Mishap::Cut(1), 99, false, 7),
    ];
    for (what, mishap, times, brought, looks) in cases {
        let world = World::new(6);
        world.source.put("a", noise(100_000, 7));
        world.source.fail("a", std::iter::repeat_n(mishap, times));
        let task = world.task(|_| {});
        world.accept(task, &["a"]);
        let begun = world.now();
        world.settle(task, LATE);
        let took = world.now().saturating_sub(begun);
        assert!(took < Duration::from_secs(95), "{what}: {took:?}");
        let wanted = if brought { (1, 0, 0) } else { (0, 1, 0) };
        assert_eq!(outcomes(world.counts(task)), wanted, "{what}");
        assert_eq!(world.source.stats(), looks, "{what}");
        let there = world.bytes("a");
        assert_eq!(there, world.source.get("a").filter(|_| brought), "{what}");
        assert_eq!(world.rows(Table::SyncItems), 0, "{what}");
    }
}

/// What is looked at first, because something is there, is another object when its bytes are asked for.
#[test]
fn an_object_that_changes_between_look_and_read_is_looked_at_again() {
    let world = World::new(16);
    world.source.put("a", "1");
    let task = world.task(|_| {});
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    world.pass(Duration::from_secs(2));
    world.source.put("a", "second");
    let third = Bytes::from_static(b"the third");
    world.source.fail("a", [Mishap::Replaced(third.clone())]);
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    assert_eq!(world.bytes("a").unwrap(), third);
    assert_eq!(outcomes(world.counts(task)), (2, 0, 0));
    assert_eq!(world.source.stats(), 3);
}

#[test]
fn wrong_bytes_never_replace_what_was_there() {
    for publishes in [Publishes::Md5, Publishes::Crc64] {
        let world = World::new(7);
        world.source.publish(publishes);
        world.source.put("a", "good");
        let task = world.task(|_| {});
        world.accept(task, &["a"]);
        world.settle(task, SOON);
        world.pass(Duration::from_secs(2));
        world.source.put("a", "newer");
        world.source.fail_always("a", Some(Mishap::WrongByte));
        world.accept(task, &["a"]);
        world.settle(task, LATE);
        assert_eq!(outcomes(world.counts(task)), (1, 1, 0));
        assert_eq!(world.bytes("a").unwrap(), "good");
    }
}

#[test]
fn without_a_digest_only_the_length_is_known() {
    let world = World::new(8);
    world.source.publish(Publishes::Nothing);
    world.source.put("a", "good");
    world.source.fail("a", [Mishap::WrongByte]);
    let task = world.task(|_| {});
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (1, 0, 0));
    assert_ne!(world.bytes("a").unwrap(), "good");
}

#[test]
fn archived_objects_are_restored_where_the_task_may() {
    for (restore, wanted) in [(false, (0, 1, 0)), (true, (1, 0, 0))] {
        let world = World::new(9);
        world.source.put("a", "cold");
        world.source.archive("a");
        let task = world.task(|settings| settings.restore = restore);
        world.accept(task, &["a"]);
        world.settle(task, LATE);
        assert_eq!(outcomes(world.counts(task)), wanted);
        assert_eq!(world.bytes("a").is_some(), restore);
    }
}

#[test]
fn revoked_credentials_fail_and_new_ones_work() {
    let world = World::new(10);
    world.source.put("a", "1");
    let task = world.task(|_| {});
    world.source.refuse(true);
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (0, 1, 0));
    world.source.refuse(false);
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (1, 1, 0));
    let (engine, key) = (world.engine.clone(), world.key.clone());
    world.wait(async move { engine.remove_key(&key).await.unwrap() });
    world.source.put("b", "2");
    world.accept(task, &["b"]);
    world.settle(task, SOON);
    assert_eq!(
        outcomes(world.counts(task)),
        (1, 2, 0),
        "nobody may write any more"
    );
    assert_eq!(world.bytes("b"), None);
}

#[test]
fn overwriting_follows_the_task() {
    let cases = [
        (Overwrite::Never, ContentCheck::SizeAndTime, "old"),
        (Overwrite::Always, ContentCheck::SizeAndTime, "new"),
        (Overwrite::OtherCrc64, ContentCheck::Crc64, "new"),
    ];
    for (overwrite, check, wanted) in cases {
        let world = World::new(11);
        world.source.publish(Publishes::Crc64);
        world.source.put("a", "new");
        let all = world.task(|_| {});
        world.source.put("b", "old");
        world.accept(all, &["b"]);
        world.settle(all, SOON);
        let (engine, bucket) = (world.engine.clone(), world.bucket.clone());
        world.wait(async move { copy(&engine, &bucket, "b", "a").await });
        let task = world.task(|settings| {
            settings.overwrite = overwrite;
            settings.check = check;
        });
        world.accept(task, &["a"]);
        world.settle(task, SOON);
        assert_eq!(world.bytes("a").unwrap(), wanted, "{overwrite:?}");
    }
}

async fn copy(
    engine: &cohong_core::engine::Engine,
    bucket: &cohong_core::model::BucketName,
    from: &str,
    to: &str,
) {
    use cohong_core::engine::{Conditions, CopyObject, CopySource, ObjectTarget, VersionChoice};
    use cohong_core::model::ObjectKey;
    let object = ObjectTarget {
        bucket: bucket.clone(),
        key: ObjectKey::new(from).unwrap(),
        version: VersionChoice::Current,
    };
    let req = CopyObject {
        expires_days: None,
        lock: cohong_core::model::Lock::default(),
        source: CopySource {
            object,
            conditions: Conditions::default(),
        },
        bucket: bucket.clone(),
        key: ObjectKey::new(to).unwrap(),
        replace: None,
        tags: None,
        class: None,
        acl: None,
        checksum: None,
        conditions: Conditions::default(),
    };
    engine.copy_object(&owner(), req).await.unwrap();
}

#[test]
fn a_stopped_task_waits_and_goes_on_with_new_credentials() {
    let world = World::new(12);
    world.source.put("a", "1");
    world.source.fail_always("a", Some(broken()));
    let task = world.task(|_| {});
    world.accept(task, &["a"]);
    world.pass(Duration::from_secs(2));
    let engine = world.engine.clone();
    world.wait(async move { engine.stop_sync_task(&owner(), task).await.unwrap() });
    world.source.fail_always("a", None);
    world.pass(Duration::from_mins(10));
    assert_eq!(world.backlog(task), 1);
    assert_eq!(world.bytes("a"), None);
    let (engine, mut keys) = (world.engine.clone(), world.keys());
    keys.source.access = "other".into();
    let state = world.wait(async move {
        engine.start_sync_task(&owner(), task, keys).await.unwrap();
        engine.sync_task(&owner(), task).await.unwrap().state
    });
    assert_eq!(state, SyncState::Running);
    world.settle(task, SOON);
    assert_eq!(world.bytes("a").unwrap(), "1");
    assert_eq!(&*world.source.opened().last().unwrap().access, "other");
    assert_eq!(outcomes(world.counts(task)), (1, 0, 0));
}

/// One copy ends, with requests owed that came meanwhile, while another one is still under way.
#[test]
fn a_task_that_is_stopped_during_copies_rests() {
    let world = World::new(15);
    for (key, seconds) in [("a", 1), ("b", 5)] {
        world.source.put(key, key);
        let slow = Mishap::Slow(Duration::from_secs(seconds));
        world.source.fail(key, [slow]);
    }
    let task = world.task(|_| {});
    world.accept(task, &["a", "b"]);
    world.pass(Duration::from_millis(500));
    world.accept(task, &["a"]);
    let engine = world.engine.clone();
    world.wait(async move { engine.stop_sync_task(&owner(), task).await.unwrap() });
    world.pass(Duration::from_secs(10));
    assert_eq!(
        world.bytes("a").unwrap(),
        "a",
        "what was under way comes to its end"
    );
    assert_eq!(world.bytes("b").unwrap(), "b");
    assert_eq!((world.counts(task).success, world.backlog(task)), (2, 1));
    let (engine, keys) = (world.engine.clone(), world.keys());
    world.wait(async move { engine.start_sync_task(&owner(), task, keys).await.unwrap() });
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (2, 0, 1));
}

#[test]
fn keys_outside_the_prefix_fail() {
    let world = World::new(13);
    world.source.put("in/a", "1");
    world.source.put("out", "1");
    let task = world.task(|settings| settings.source.prefix = "in/".into());
    world.accept(task, &["in/a", "out"]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (1, 1, 0));
    assert_eq!(world.bytes("out"), None);
}

#[test]
fn many_keys_are_all_brought_also_after_a_clean_stop() {
    let mut world = World::new(14);
    let names: Vec<String> = (0..3000).map(|n| format!("key/{n:05}")).collect();
    for name in &names {
        world.source.put(name, name.clone());
    }
    let task = world.task(|_| {});
    for event in names.chunks(100) {
        let event: Vec<&str> = event.iter().map(|name| &**name).collect();
        world.accept(task, &event);
    }
    world.pass(Duration::from_millis(10));
    let sync = world.sync.clone();
    world.wait(async move { sync.stop().await });
    world = world.crash();
    world.settle(task, LATE);
    assert_eq!(outcomes(world.counts(task)), (3000, 0, 0));
    for name in names.iter().step_by(97) {
        assert_eq!(world.bytes(name).unwrap(), name.as_bytes());
    }
}
