//! Hierarchical buckets: directories come with what is written into them and go when nothing is left, have other
//! names with all that lies in them, and what is deleted lies in the trash for a while.

use std::time::Duration;

use cohong_core::engine::{
    AppendObject, Attributes, BucketChange, Conditions, CopyObject, CopySource, CreateBucket,
    DeleteObject, DeleteReceipt, Deletion, ExpectedDigests, GetObject, ListObjects, ListingEntry,
    ObjectChange, PutSymlink, RenameObject, VersionChoice,
};
use cohong_core::model::{
    Acl, BucketKind, BucketName, EventKind, ObjectKey, SetLayout, SetRates, StorageClass,
    Timestamp, Trash, Versioning,
};
use cohong_core::ports::Table;
use cohong_core::{ErrorKind, limits, work};
use futures_util::future::join;

use crate::common::{World, account, body, create_bucket, owner, put, run, target};

const CURRENT: VersionChoice = VersionChoice::Current;
const DAY: Duration = Duration::from_hours(24);
const RECURSIVE: Deletion = Deletion {
    recursive: true,
    past_trash: false,
};
const FOR_GOOD: Deletion = Deletion {
    recursive: true,
    past_trash: true,
};

async fn hierarchical(world: &World) -> BucketName {
    let req = CreateBucket {
        kind: BucketKind::Hierarchical,
        ..create_bucket("tree", Acl::default())
    };
    let name = req.name.clone();
    world.engine.create_bucket(&owner(), req).await.unwrap();
    name
}

/// All keys, in order.
async fn keys(world: &World) -> Vec<String> {
    let rows = world.rows(Table::Heads).await;
    let name = |key: &[u8]| String::from_utf8_lossy(&key[8..]).into_owned();
    rows.iter().map(|(key, _)| name(key)).collect()
}

async fn try_put(world: &World, bucket: &BucketName, key: &str) -> Result<(), ErrorKind> {
    let done = world.try_put(&owner(), put(bucket, key), "body").await;
    done.map(drop).map_err(|error| error.kind())
}

async fn make(world: &World, bucket: &BucketName, directory: &str) {
    let made = world.try_put(&owner(), put(bucket, directory), "").await;
    made.unwrap();
}

async fn delete(
    world: &World,
    bucket: &BucketName,
    key: &str,
    how: Deletion,
) -> Result<DeleteReceipt, ErrorKind> {
    let req = DeleteObject {
        target: target(bucket, key, CURRENT),
        if_match: None,
        how,
    };
    let done = world.engine.delete_object(&owner(), req).await;
    done.map_err(|error| error.kind())
}

async fn rename(world: &World, bucket: &BucketName, from: &str, to: &str) -> Result<(), ErrorKind> {
    let req = RenameObject {
        bucket: bucket.clone(),
        from: ObjectKey::new(from).unwrap(),
        to: ObjectKey::new(to).unwrap(),
        conditions: Conditions::default(),
        makes_parents: to.contains("made/"),
    };
    let done = world.engine.rename_object(&owner(), req).await;
    done.map_err(|error| error.kind())
}

async fn change(world: &World, bucket: &BucketName, change: BucketChange) -> Result<(), ErrorKind> {
    let done = world.engine.change_bucket(&owner(), bucket, change).await;
    done.map(drop).map_err(|error| error.kind())
}

fn trash(path: &str, days: u32, enabled: bool) -> BucketChange {
    BucketChange::Trash(Trash {
        path: path.into(),
        days,
        enabled,
    })
}

/// Whether what is read under a key is a directory.
async fn is_directory(world: &World, bucket: &BucketName, key: &str) -> Result<bool, ErrorKind> {
    let req = GetObject {
        target: target(bucket, key, CURRENT),
        range: None,
        conditions: Conditions::default(),
    };
    let head = world.engine.head_object(&owner(), req).await;
    head.map(|info| info.record.is_directory())
        .map_err(|error| error.kind())
}

#[test]
fn directories_come_with_what_is_written_into_them() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        world.rule(&bucket).await;
        drop(world.meta.applied());
        world.put(&bucket, "a/b/c", "x").await;
        assert_eq!(world.meta.applied().len(), 1);
        assert_eq!(keys(&world).await, ["a/", "a/b/", "a/b/c"]);
        world.put(&bucket, "a/d", "y").await;
        make(&world, &bucket, "e/f/").await;
        make(&world, &bucket, "e/f/").await;
        assert_eq!(
            keys(&world).await,
            ["a/", "a/b/", "a/b/c", "a/d", "e/", "e/f/"]
        );
        // Only what was asked for is told.
        let told = world.events(&bucket).await;
        let told: Vec<&str> = told.iter().map(|one| one.event.key.as_str()).collect();
        assert_eq!(told, ["a/b/c", "a/d", "e/f/"]);
        for (key, wanted) in [
            ("a", Ok(true)),
            ("a/", Ok(true)),
            ("a/b", Ok(true)),
            ("a/d", Ok(false)),
            ("a/d/", Err(ErrorKind::NoSuchKey)),
            ("b", Err(ErrorKind::NoSuchKey)),
        ] {
            assert_eq!(is_directory(&world, &bucket, key).await, wanted, "{key}");
        }
        assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"");
    });
}

#[test]
fn objects_and_directories_do_not_stand_in_each_other_s_place() {
    run(async {
        use ErrorKind::{DirectoryMismatch, InvalidKey, UnderObject};
        let world = World::new();
        let bucket = hierarchical(&world).await;
        world.put(&bucket, "a/b/c", "x").await;
        for (key, wanted) in [
            ("a", DirectoryMismatch),
            ("a/b", DirectoryMismatch),
            ("a/b/", DirectoryMismatch),
            ("a/b/c/", DirectoryMismatch),
            ("a/b/c/d", UnderObject),
            ("a/b/c/d/e", UnderObject),
            ("a//d", InvalidKey),
            ("/d", InvalidKey),
        ] {
            assert_eq!(try_put(&world, &bucket, key).await, Err(wanted), "{key}");
        }
        let deep = format!("{}x", "d/".repeat(limits::DIRECTORY_LEVELS_MAX - 1));
        assert_eq!(try_put(&world, &bucket, &deep).await, Ok(()));
        // A flat bucket knows nothing of that.
        let flat = world.bucket("flat").await;
        for key in ["a", "a/", "a/b", "a//b"] {
            assert_eq!(try_put(&world, &flat, key).await, Ok(()), "{key}");
        }
    });
}

#[test]
fn every_way_to_write_makes_directories() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        world.put(&bucket, "a", "body").await;
        let link = PutSymlink {
            bucket: bucket.clone(),
            key: ObjectKey::new("links/l").unwrap(),
            to: ObjectKey::new("a").unwrap().into(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
        };
        world.engine.put_symlink(&owner(), link).await.unwrap();
        let copy = CopyObject {
            source: CopySource {
                object: target(&bucket, "a", CURRENT),
                conditions: Conditions::default(),
            },
            bucket: bucket.clone(),
            key: ObjectKey::new("copies/c").unwrap(),
            replace: None,
            tags: None,
            class: None,
            acl: None,
            checksum: None,
            conditions: Conditions::default(),
            expires_days: None,
            lock: cohong_core::model::Lock::default(),
        };
        world.engine.copy_object(&owner(), copy).await.unwrap();
        world.begin_upload(&bucket, "parts/p").await;
        append(&world, &bucket, ("logs/l", false), 0, b"x")
            .await
            .unwrap();
        let wanted = [
            "a", "copies/", "copies/c", "links/", "links/l", "logs/", "logs/l",
        ];
        assert_eq!(keys(&world).await, wanted);
    });
}

async fn append(
    world: &World,
    bucket: &BucketName,
    (key, modifies): (&str, bool),
    position: u64,
    bytes: &[u8],
) -> Result<u64, ErrorKind> {
    let req = AppendObject {
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        position,
        attributes: Attributes::default(),
        digests: ExpectedDigests::default(),
        modifies,
        if_match: None,
    };
    let done = world.engine.append_object(&owner(), req, body(bytes)).await;
    done.map(|stored| stored.size).map_err(|error| error.kind())
}

#[test]
fn a_directory_goes_when_nothing_lies_in_it_or_with_all_that_does() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        for key in ["a/b/c", "a/b/d", "a/e", "f"] {
            world.put(&bucket, key, "x").await;
        }
        let once = Deletion::default();
        for key in ["a", "a/", "a/b"] {
            let refused = delete(&world, &bucket, key, once).await;
            assert_eq!(refused, Err(ErrorKind::DirectoryNotEmpty), "{key}");
        }
        delete(&world, &bucket, "a/b/", RECURSIVE).await.unwrap();
        assert_eq!(keys(&world).await, ["a/", "a/e", "f"]);
        delete(&world, &bucket, "a/e", once).await.unwrap();
        assert_eq!(keys(&world).await, ["a/", "f"]);
        // It was said to leave before, when it did not.
        world.put(&bucket, "a/g", "x").await;
        let refused = delete(&world, &bucket, "a", once).await;
        assert_eq!(refused, Err(ErrorKind::DirectoryNotEmpty));
        delete(&world, &bucket, "a/g", once).await.unwrap();
        delete(&world, &bucket, "a", once).await.unwrap();
        assert_eq!(keys(&world).await, ["f"]);
        for key in ["a", "a/", "absent"] {
            let gone = delete(&world, &bucket, key, RECURSIVE).await.unwrap();
            assert_eq!(gone, DeleteReceipt::default(), "{key}");
        }
        let stranger = DeleteObject {
            target: target(&bucket, "f", CURRENT),
            if_match: None,
            how: RECURSIVE,
        };
        let denied = world
            .engine
            .delete_object(&account("other"), stranger)
            .await;
        assert_eq!(denied.unwrap_err().kind(), ErrorKind::Denied);
    });
}

#[test]
fn a_directory_does_not_go_while_something_comes() {
    run(async {
        for _ in 0..8 {
            let world = World::new();
            let bucket = hierarchical(&world).await;
            make(&world, &bucket, "a/b/").await;
            let write = try_put(&world, &bucket, "a/b/c");
            let remove = delete(&world, &bucket, "a/b/", Deletion::default());
            let (written, removed) = join(write, remove).await;
            assert_eq!(written, Ok(()));
            let stands = keys(&world).await;
            assert_eq!(stands, ["a/", "a/b/", "a/b/c"], "{removed:?}");
        }
        // Between what the remover says and what it does.
        let world = World::new();
        let bucket = hierarchical(&world).await;
        make(&world, &bucket, "a/").await;
        world.meta.overtake(world.touch(Table::Heads).await);
        delete(&world, &bucket, "a", Deletion::default())
            .await
            .unwrap();
        assert!(keys(&world).await.is_empty());
    });
}

#[test]
fn a_directory_gets_another_name_with_all_that_lies_in_it() {
    run(async {
        use ErrorKind::{
            DirectoryExists, IntoItself, InvalidArgument, NoSuchKey, RenameMismatch, UnderObject,
        };
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = hierarchical(&world).await;
            for key in ["a/b/c", "a/d", "x/y"] {
                world.put(&bucket, key, key).await;
            }
            for (from, to, wanted) in [
                ("a", "a/", InvalidArgument),
                ("a", "a/b/e", IntoItself),
                ("a", "x", DirectoryExists),
                ("a/b", "x/y", RenameMismatch),
                ("a/d", "x", RenameMismatch),
                ("a/d", "e/", RenameMismatch),
                ("a/d", "absent/e", NoSuchKey),
                ("a", "absent/e", NoSuchKey),
                ("a/d", "x/y/z", NoSuchKey),
                ("absent/", "e", NoSuchKey),
                ("a/d", "x/y/made/z", UnderObject),
            ] {
                let refused = rename(&world, &bucket, from, to).await;
                assert_eq!(refused, Err(wanted), "{from} to {to}");
            }
            rename(&world, &bucket, "a", "made/n").await.unwrap();
            let wanted = [
                "made/",
                "made/n/",
                "made/n/b/",
                "made/n/b/c",
                "made/n/d",
                "x/",
                "x/y",
            ];
            assert_eq!(keys(&world).await, wanted);
            rename(&world, &bucket, "made/n/d", "x/d").await.unwrap();
            // Bytes went along, and none is left over.
            world.clock.advance(DAY);
            work::run_due_once(&world.engine).await.unwrap();
            for (key, bytes) in [("made/n/b/c", "a/b/c"), ("x/d", "a/d"), ("x/y", "x/y")] {
                let read = world.get(&bucket, key, CURRENT).await.unwrap();
                assert_eq!(read, bytes.as_bytes());
            }
            // It can be written into again.
            world.put(&bucket, "made/n/b/e", "x").await;
        }
    });
}

#[test]
fn a_directory_is_renamed_while_others_write_into_it() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        world.put(&bucket, "a/b/c", "x").await;
        let write = try_put(&world, &bucket, "a/b/d");
        let (written, renamed) = join(write, rename(&world, &bucket, "a", "n")).await;
        assert_eq!((written, renamed), (Ok(()), Ok(())));
        // Whoever came after the rename made the directories anew.
        let all = keys(&world).await;
        for key in &all {
            for directory in cohong_core::rules::path::above(key) {
                assert!(
                    all.iter().any(|one| one == directory),
                    "{directory} of {all:?}"
                );
            }
        }
        assert_eq!(all.iter().filter(|key| !key.ends_with('/')).count(), 2);
    });
}

#[test]
fn what_was_written_as_a_whole_grows_and_its_copies_stay() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = hierarchical(&world).await;
            world.put(&bucket, "a", "whole").await;
            let absent = append(&world, &bucket, ("b", true), 0, b"x").await;
            assert_eq!(absent, Err(ErrorKind::NoSuchKey));
            let wrong = append(&world, &bucket, ("a", true), 1, b"x").await;
            assert_eq!(wrong, Err(ErrorKind::PositionMismatch));
            let plain = append(&world, &bucket, ("a", false), 5, b"x").await;
            assert_eq!(plain, Err(ErrorKind::NotAppendable));
            let copy = CopyObject {
                source: CopySource {
                    object: target(&bucket, "a", CURRENT),
                    conditions: Conditions::default(),
                },
                bucket: bucket.clone(),
                key: ObjectKey::new("copy").unwrap(),
                replace: None,
                tags: None,
                class: None,
                acl: None,
                checksum: None,
                conditions: Conditions::default(),
                expires_days: None,
                lock: cohong_core::model::Lock::default(),
            };
            world.engine.copy_object(&owner(), copy).await.unwrap();
            assert_eq!(append(&world, &bucket, ("a", true), 5, b"").await, Ok(5));
            assert_eq!(append(&world, &bucket, ("a", true), 5, b"-1").await, Ok(7));
            assert_eq!(
                append(&world, &bucket, ("copy", true), 5, b"+2").await,
                Ok(7)
            );
            assert_eq!(append(&world, &bucket, ("a", true), 7, b"-3").await, Ok(9));
            assert_eq!(
                append(&world, &bucket, ("a", false), 9, b"-4").await,
                Ok(11)
            );
            for _ in 0..3 {
                world.clock.advance(DAY);
                work::run_due_once(&world.engine).await.unwrap();
            }
            let got = |key| world.get(&bucket, key, CURRENT);
            assert_eq!(got("a").await.unwrap(), b"whole-1-3-4");
            assert_eq!(got("copy").await.unwrap(), b"whole+2");
            let flat = world.bucket("flat").await;
            world.put(&flat, "a", "x").await;
            let refused = append(&world, &flat, ("a", true), 1, b"x").await;
            assert_eq!(refused, Err(ErrorKind::MethodNotAllowed));
        }
    });
}

#[test]
fn listings_tell_when_directories_were_made() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        world.put(&bucket, "a/b/c", "x").await;
        world.clock.advance(DAY);
        world.put(&bucket, "d/e", "x").await;
        let list = async |delimiter: &str, reverse| {
            let req = ListObjects {
                bucket: bucket.clone(),
                prefix: String::new(),
                delimiter: delimiter.into(),
                after: String::new(),
                reverse,
                limit: 10,
            };
            world.engine.list_objects(&owner(), req).await
        };
        for reverse in [false, true] {
            let page = list("/", reverse).await.unwrap();
            assert_eq!(page.entries.len(), 2);
            let made: Vec<(&str, Timestamp)> = page
                .made
                .iter()
                .map(|(key, at)| (key.as_str(), *at))
                .collect();
            let [("a/", a), ("d/", d)] = made[..] else {
                panic!("{made:?}");
            };
            assert_eq!(d.since(a), DAY);
        }
        let all = list("", false).await.unwrap();
        assert!(all.made.is_empty() && all.entries.len() == 5);
        let object = |entry: &ListingEntry| matches!(entry, ListingEntry::Object(_));
        assert!(all.entries.iter().all(object));
        let refused = list("b", false).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn what_such_a_bucket_does_not_have() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        for refused in [
            BucketChange::Versioning(Versioning::Enabled),
            BucketChange::Renames(false),
            BucketChange::Locks {
                default: None,
                versioned: false,
            },
            BucketChange::AccessMonitor(true),
            BucketChange::Sets(SetLayout {
                levels: 1,
                delimiter: "/".into(),
                rest: false,
                quota: None,
                rates: SetRates::default(),
                by_tag: false,
                has_rules: false,
            }),
        ] {
            let refused = change(&world, &bucket, refused).await;
            assert_eq!(refused, Err(ErrorKind::MethodNotAllowed));
        }
        for bad in [
            CreateBucket {
                locks: true,
                kind: BucketKind::Hierarchical,
                ..create_bucket("bad", Acl::default())
            },
            CreateBucket {
                default_class: StorageClass::Infrequent,
                kind: BucketKind::Hierarchical,
                ..create_bucket("bad", Acl::default())
            },
        ] {
            let refused = world.engine.create_bucket(&owner(), bad).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
        let flat = world.bucket("flat").await;
        let refused = change(&world, &flat, trash("t", 1, true)).await;
        assert_eq!(refused, Err(ErrorKind::MethodNotAllowed));
        let at = target(&bucket, "k", CURRENT);
        world.put(&bucket, "k", "x").await;
        let beyond = ObjectChange::Written(Timestamp::from_millis(7), 1_000_000);
        let refused = world.engine.change_object(&owner(), &at, beyond).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn what_is_deleted_lies_in_the_trash_for_its_days() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        world.rule(&bucket).await;
        change(&world, &bucket, trash(".trash", 2, true))
            .await
            .unwrap();
        assert_eq!(keys(&world).await, [".trash/"]);
        for key in ["a/b", "a/c/d", "a/c/e", "f"] {
            world.put(&bucket, key, key).await;
        }
        let gone = delete(&world, &bucket, "f", Deletion::default())
            .await
            .unwrap();
        let at = gone.trash.unwrap();
        assert!(at.as_str().starts_with(".trash/") && at.as_str().ends_with("/f"));
        assert_eq!(
            world.get(&bucket, at.as_str(), CURRENT).await.unwrap(),
            b"f"
        );
        let gone = delete(&world, &bucket, "a", RECURSIVE).await.unwrap();
        let at = gone.trash.unwrap();
        let moved = format!("{at}c/d");
        assert_eq!(world.get(&bucket, &moved, CURRENT).await.unwrap(), b"a/c/d");
        let all = keys(&world).await;
        assert!(all.iter().all(|key| key.starts_with(".trash/")), "{all:?}");
        // Past the trash, and from it, things go for good.
        world.put(&bucket, "g", "x").await;
        let gone = delete(&world, &bucket, "g", FOR_GOOD).await.unwrap();
        assert_eq!(gone.trash, None);
        let gone = delete(&world, &bucket, &moved, Deletion::default())
            .await
            .unwrap();
        assert_eq!(gone.trash, None);
        assert!(!keys(&world).await.contains(&moved));

        world.clock.advance(2 * DAY);
        work::run_due_once(&world.engine).await.unwrap();
        assert!(keys(&world).await.len() > 3);
        world.clock.advance(DAY);
        work::run_due_once(&world.engine).await.unwrap();
        assert_eq!(keys(&world).await, [".trash/"]);
        let events = world.events(&bucket).await;
        let expired = events
            .iter()
            .filter(|one| one.event.kind == EventKind::ExpiredDelete);
        assert!(expired.count() >= 3);
    });
}

#[test]
fn a_trash_that_is_off_takes_nothing_and_keeps_what_it_has() {
    run(async {
        let world = World::new();
        let bucket = hierarchical(&world).await;
        for bad in [
            trash("", 1, true),
            trash("t", 0, true),
            trash("a//b", 1, true),
        ] {
            assert!(change(&world, &bucket, bad).await.is_err());
        }
        change(&world, &bucket, trash("a/t", 1, true))
            .await
            .unwrap();
        world.put(&bucket, "f", "x").await;
        world.put(&bucket, "a/g", "x").await;
        let held = delete(&world, &bucket, "a", RECURSIVE).await;
        assert_eq!(
            held,
            Err(ErrorKind::DirectoryNotEmpty),
            "it holds the trash"
        );
        delete(&world, &bucket, "f", Deletion::default())
            .await
            .unwrap();
        change(&world, &bucket, trash("a/t", 1, false))
            .await
            .unwrap();
        let before = keys(&world).await;
        world.put(&bucket, "h", "x").await;
        let gone = delete(&world, &bucket, "h", Deletion::default())
            .await
            .unwrap();
        assert_eq!(gone.trash, None);
        for _ in 0..3 {
            world.clock.advance(DAY);
            work::run_due_once(&world.engine).await.unwrap();
        }
        assert_eq!(keys(&world).await, before);
        // And goes on when it is on again.
        change(&world, &bucket, trash("a/t", 1, true))
            .await
            .unwrap();
        world.clock.advance(2 * DAY);
        work::run_due_once(&world.engine).await.unwrap();
        assert_eq!(keys(&world).await, ["a/", "a/g", "a/t/"]);
        delete(&world, &bucket, "a", FOR_GOOD).await.unwrap();
        assert!(keys(&world).await.is_empty());
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
    });
}
