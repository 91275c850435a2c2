//! Deleting, copying and changing objects, with and without versions.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use cohong_core::engine::{
    Conditions, CopyObject, CopySource, DeleteObject, DeleteReceipt, Deletion, ETagMatch, NewMeta,
    ObjectChange, VersionChoice,
};
use cohong_core::limits::{DELETE_BATCH, DELETE_KEYS_MAX};
use cohong_core::memory::{BlobStep, Fate};
use cohong_core::model::{
    Acl, BucketName, EventKind, Grant, Grantee, ObjectKey, Permission, StoredHeaders, VersionTag,
    Versioning,
};
use cohong_core::ports::{BlobStore, MetadataStore, Table, Write};
use cohong_core::rules::access::Action;
use cohong_core::{Error, ErrorKind};
use common::{World, account, anonymous, owner, put, run, target};

const CURRENT: VersionChoice = VersionChoice::Current;

fn id(tag: VersionTag) -> VersionChoice {
    match tag {
        VersionTag::Id(id) => VersionChoice::Id(id),
        VersionTag::Null => VersionChoice::Null,
        VersionTag::Unversioned => CURRENT,
    }
}

fn copy(from: &BucketName, key: &str, to: &BucketName, to_key: &str) -> CopyObject {
    CopyObject {
        expires_days: None,
        lock: cohong_core::model::Lock::default(),
        source: CopySource {
            object: target(from, key, CURRENT),
            conditions: Conditions::default(),
        },
        bucket: to.clone(),
        key: ObjectKey::new(to_key).unwrap(),
        replace: None,
        tags: None,
        class: None,
        acl: None,
        conditions: Conditions::default(),
        checksum: None,
    }
}

async fn kinds(world: &World, bucket: &BucketName) -> Vec<(EventKind, VersionTag)> {
    let logged = world.events(bucket).await.into_iter();
    logged.map(|l| (l.event.kind, l.event.version)).collect()
}

#[test]
fn deletes_without_versions() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.rule(&bucket).await;
        world.put(&bucket, "a", "x").await;
        let plain = DeleteReceipt {
            trash: None,
            version: None,
            marker: false,
        };
        for choice in [CURRENT, CURRENT, VersionChoice::Null] {
            assert_eq!(world.delete(&bucket, "a", choice).await, Ok(plain.clone()));
        }
        assert_eq!(
            world.get(&bucket, "a", CURRENT).await,
            Err(ErrorKind::NoSuchKey)
        );
        let none = VersionTag::Unversioned;
        let wanted = [
            (EventKind::CreatedPut, none),
            (EventKind::RemovedDelete, none),
        ];
        assert_eq!(
            kinds(&world, &bucket).await,
            wanted,
            "an absent key is silent"
        );
        for table in [
            Table::Heads,
            Table::Graves,
            Table::Versions,
            Table::PayloadRefs,
        ] {
            assert!(world.rows(table).await.is_empty(), "{table:?}");
        }
    });
}

#[test]
fn deletes_with_versions() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "null").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.rule(&bucket).await;
        let first = world.put(&bucket, "a", "first").await.stored.version;
        let deleted = world.delete(&bucket, "a", CURRENT).await.unwrap();
        assert!(deleted.marker);
        let marker = deleted.version.unwrap();
        assert_eq!(
            world.get(&bucket, "a", CURRENT).await,
            Err(ErrorKind::NoSuchKey)
        );
        assert_eq!(world.get(&bucket, "a", id(first)).await.unwrap(), b"first");

        assert_eq!(world.delete(&bucket, "a", id(marker)).await, Ok(deleted));
        assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"first");
        assert_eq!(
            world
                .delete(&bucket, "a", id(marker))
                .await
                .map(|r| r.marker),
            Ok(false)
        );

        let removed = DeleteReceipt {
            trash: None,
            version: Some(first),
            marker: false,
        };
        assert_eq!(world.delete(&bucket, "a", id(first)).await, Ok(removed));
        assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"null");
        let null = VersionTag::Null;
        let removed = DeleteReceipt {
            trash: None,
            version: Some(null),
            marker: false,
        };
        assert_eq!(
            world.delete(&bucket, "a", VersionChoice::Null).await,
            Ok(removed)
        );
        let wanted = [
            (EventKind::CreatedPut, first),
            (EventKind::RemovedMarker, marker),
            (EventKind::RemovedDelete, marker),
            (EventKind::RemovedDelete, first),
            (EventKind::RemovedDelete, null),
        ];
        assert_eq!(kinds(&world, &bucket).await, wanted);
        for table in [
            Table::Heads,
            Table::Graves,
            Table::Versions,
            Table::PayloadRefs,
        ] {
            assert!(world.rows(table).await.is_empty(), "{table:?}");
        }
        assert_eq!(
            world.rows(Table::Work).await.len(),
            2,
            "one drop for each body"
        );
    });
}

#[test]
fn only_what_the_client_means_is_deleted() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let old = world.put(&bucket, "a", "old").await.stored;
        let new = world.put(&bucket, "a", "new").await.stored;
        let delete = async |key: &str, version, etag: &str| {
            let req = DeleteObject {
                how: Deletion::default(),
                target: target(&bucket, key, version),
                if_match: Some(ETagMatch::OneOf(vec![etag.into()])),
            };
            let done = world.engine.delete_object(&owner(), req).await;
            done.map(|receipt| receipt.marker)
                .map_err(|error| (error.kind(), error.is_about_nothing()))
        };
        let (old_tag, new_tag) = (old.etag.to_string(), new.etag.to_string());
        let refused = Err((ErrorKind::PreconditionFailed, false));
        let nothing = Err((ErrorKind::PreconditionFailed, true));
        assert_eq!(delete("a", CURRENT, &old_tag).await, refused);
        assert_eq!(delete("a", id(old.version), &new_tag).await, refused);
        assert_eq!(delete("b", CURRENT, &old_tag).await, nothing);
        assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"new");
        assert_eq!(delete("a", id(new.version), &new_tag).await, Ok(false));
        assert_eq!(delete("a", CURRENT, &old_tag).await, Ok(true));
        assert_eq!(delete("a", CURRENT, &old_tag).await, nothing);
        assert_eq!(delete("a", id(old.version), &old_tag).await, Ok(false));
    });
}

#[test]
fn suspended_writes_replace_the_null_version_wherever_it_is() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "old null").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let kept = world.put(&bucket, "a", "kept").await.stored.version;
        world.versioning(&bucket, Versioning::Suspended).await;
        let stored = world.put(&bucket, "a", "new null").await.stored.version;
        assert_eq!(stored, VersionTag::Null);
        assert_eq!(world.rows(Table::Versions).await.len(), 1);
        let null = VersionChoice::Null;
        assert_eq!(world.get(&bucket, "a", null).await.unwrap(), b"new null");
        assert_eq!(world.get(&bucket, "a", id(kept)).await.unwrap(), b"kept");
        let marked = world.delete(&bucket, "a", CURRENT).await.unwrap();
        assert_eq!(marked.version, Some(VersionTag::Null));
        assert!(marked.marker);
        assert_eq!(world.rows(Table::Versions).await.len(), 1);
    });
}

#[test]
fn many_keys_are_deleted_alone_and_in_order() {
    run(async {
        let world = World::new();
        let write = Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Write,
        };
        let acl = Acl {
            grants: vec![write],
        };
        let bucket = world.bucket_with("public", acl).await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let key = |n: usize| ObjectKey::new(&format!("key-{n}")).unwrap();
        let first = world.put(&bucket, "key-0", "x").await.stored.version;
        let mut asked: Vec<_> = (0..DELETE_BATCH + 20).map(|n| (key(n), CURRENT)).collect();
        asked.push((key(0), id(first)));
        asked.push((key(0), CURRENT));
        world.meta.overtake(world.touch(Table::Buckets).await);
        let done = world
            .engine
            .delete_objects(&anonymous(), &bucket, asked.clone(), Deletion::default())
            .await;
        let done: Vec<Result<DeleteReceipt, ErrorKind>> = done
            .unwrap()
            .into_iter()
            .map(|outcome| outcome.map_err(|e: Error| e.kind()))
            .collect();
        assert_eq!(done.len(), asked.len());
        for (n, outcome) in done.iter().enumerate() {
            if n == DELETE_BATCH + 20 {
                assert_eq!(*outcome, Err(ErrorKind::Denied), "versions are the owner's");
            } else {
                assert!(outcome.as_ref().unwrap().marker, "{n}");
            }
        }
        let tag = |n: usize| match done[n].as_ref().unwrap().version {
            Some(VersionTag::Id(id)) => id,
            other => panic!("{other:?}"),
        };
        assert!(
            tag(0) < tag(DELETE_BATCH + 21),
            "mentions of one key keep their order"
        );
        let many = vec![(key(0), CURRENT); DELETE_KEYS_MAX + 1];
        let refused = world
            .engine
            .delete_objects(&owner(), &bucket, many, Deletion::default())
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn deletes_that_are_overtaken_for_ever_end_as_busy() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let names = (0..250).map(|n| ObjectKey::new(&format!("k{n}")).unwrap());
        let keys = names.map(|key| (key, VersionChoice::Current)).collect();
        world.meta.overtake_always();
        let outcomes = world
            .engine
            .delete_objects(&owner(), &bucket, keys, Deletion::default())
            .await;
        let kinds = outcomes.unwrap().into_iter();
        let kinds: Vec<_> = kinds.map(|outcome| outcome.unwrap_err().kind()).collect();
        assert_eq!(kinds, [ErrorKind::Busy; 250]);
    });
}

#[test]
fn a_delete_that_fails_in_the_store_fails_alone() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        for key in ["a", "b", "c"] {
            world.put(&bucket, key, "x").await;
        }
        let mut n = 0;
        world.meta.inner.on_commit(move |_| {
            n += 1;
            if n == 2 { Fate::Full } else { Fate::Proceed }
        });
        let asked = ["a", "b", "c"].map(|k| (ObjectKey::new(k).unwrap(), CURRENT));
        let done = world
            .engine
            .delete_objects(&owner(), &bucket, asked.to_vec(), Deletion::default())
            .await;
        let good: Vec<bool> = done.unwrap().iter().map(Result::is_ok).collect();
        assert_eq!(good, [true, false, true]);
        assert!(world.get(&bucket, "b", CURRENT).await.is_ok());
    });
}

#[test]
fn a_copy_of_a_large_body_shares_it_and_outlives_its_source() {
    run(async {
        let world = World::without_small_bodies();
        let (from, to) = (world.bucket("photos").await, world.bucket("copies").await);
        world.put(&from, "a", "text").await;
        world.rule(&to).await;
        world.blobs.set_fault(|at, _| panic_unless_read(at));
        let req = copy(&from, "a", &to, "b");
        let copied = world.engine.copy_object(&owner(), req).await.unwrap();
        assert_eq!(copied.source_version, VersionTag::Unversioned);
        assert_eq!(world.blobs.scan(None, 10).await.unwrap().len(), 1);
        assert_eq!(world.rows(Table::PayloadRefs).await.len(), 2);
        world.delete(&from, "a", CURRENT).await.unwrap();
        assert_eq!(world.rows(Table::PayloadRefs).await.len(), 1);
        assert_eq!(world.get(&to, "b", CURRENT).await.unwrap(), b"text");
        let logged = kinds(&world, &to).await;
        assert_eq!(logged, [(EventKind::CreatedCopy, VersionTag::Unversioned)]);
    });
}

fn panic_unless_read(at: BlobStep) -> Option<cohong_core::ports::BlobError> {
    assert_eq!(at, BlobStep::Read, "a copy moves no bytes");
    None
}

#[test]
fn a_copy_of_a_small_body_is_its_own() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "text").await;
        world.put(&bucket, "empty", "").await;
        for (from, text) in [("a", "text"), ("empty", "")] {
            let req = copy(&bucket, from, &bucket, "copy");
            world.engine.copy_object(&owner(), req).await.unwrap();
            world.delete(&bucket, from, CURRENT).await.unwrap();
            let read = world.get(&bucket, "copy", CURRENT).await.unwrap();
            assert_eq!(read, text.as_bytes());
        }
    });
}

#[test]
fn a_copy_onto_itself_replaces_what_stands_beside_the_bytes() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("photos").await;
            let mut req = put(&bucket, "a");
            req.attributes.tags = vec![("keep".into(), "me".into())];
            world.try_put(&owner(), req, "text").await.unwrap();
            let headers = StoredHeaders {
                content_type: Some("text/x-new".into()),
                ..StoredHeaders::default()
            };
            let mut req = copy(&bucket, "a", &bucket, "a");
            req.replace = Some(NewMeta {
                headers: headers.clone(),
                user_meta: vec![("n".into(), "v".into())],
                keeps_type: false,
            });
            world.engine.copy_object(&owner(), req).await.unwrap();
            let found = target(&bucket, "a", CURRENT);
            let found = world
                .engine
                .inspect_object(&owner(), &found, Action::ReadObject)
                .await;
            let record = found.unwrap().record;
            assert_eq!(record.headers, headers);
            assert_eq!(record.user_meta, [("n".into(), "v".into())]);
            assert_eq!(record.tags, [("keep".into(), "me".into())]);
            assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"text");
            assert!(world.rows(Table::PayloadRefs).await.len() <= 1);
        }
    });
}

#[test]
fn a_copy_whose_source_changes_reads_it_again() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "old").await;
        let gone = world.touch(Table::Heads).await;
        world.put(&bucket, "a", "new").await;
        let new = world.touch(Table::Heads).await;
        world.meta.inner.commit(gone).await;
        world.meta.overtake(new);
        let req = copy(&bucket, "a", &bucket, "b");
        world.engine.copy_object(&owner(), req).await.unwrap();
        assert_eq!(world.get(&bucket, "b", CURRENT).await.unwrap(), b"new");
    });
}

#[test]
fn a_copy_needs_the_right_to_read_and_the_right_to_write() {
    run(async {
        let world = World::new();
        let public = |permission| Acl {
            grants: vec![Grant {
                grantee: Grantee::AllUsers,
                permission,
            }],
        };
        let private = world.bucket("private").await;
        let readable = world
            .bucket_with("readable", public(Permission::ReadNonList))
            .await;
        let writable = world
            .bucket_with("writable", public(Permission::Write))
            .await;
        for bucket in [&private, &readable, &writable] {
            world.put(bucket, "a", "x").await;
        }
        let cases = [
            (&private, &writable, false),
            (&readable, &private, false),
            (&readable, &readable, false),
            (&writable, &writable, false),
            (&readable, &writable, true),
        ];
        for (from, to, good) in cases {
            let req = copy(from, "a", to, "b");
            let done = world.engine.copy_object(&account("other"), req).await;
            let done = done.map(|_| ()).map_err(|e| e.kind());
            let wanted = if good { Ok(()) } else { Err(ErrorKind::Denied) };
            assert_eq!(done, wanted, "{} to {}", from.as_str(), to.as_str());
        }
    });
}

#[test]
fn a_copy_minds_conditions_on_both_sides() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "x").await;
        let mut unmatched = copy(&bucket, "a", &bucket, "b");
        unmatched.source.conditions.if_match = Some(ETagMatch::OneOf(vec!["00".into()]));
        let mut unchanged = copy(&bucket, "a", &bucket, "b");
        unchanged.source.conditions.if_none_match = Some(ETagMatch::Any);
        let mut exists = copy(&bucket, "a", &bucket, "a");
        exists.conditions.if_none_match = Some(ETagMatch::Any);
        let mut absent = copy(&bucket, "a", &bucket, "b");
        absent.source.object = target(&bucket, "nothing", CURRENT);
        for (req, kind) in [
            (unmatched, ErrorKind::PreconditionFailed),
            (unchanged, ErrorKind::NotModified),
            (exists, ErrorKind::ObjectExists),
            (absent, ErrorKind::NoSuchKey),
        ] {
            let refused = world.engine.copy_object(&owner(), req).await;
            assert_eq!(refused.unwrap_err().kind(), kind);
        }
    });
}

#[test]
fn new_metadata_of_a_copy_may_leave_the_content_type() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let typed = StoredHeaders {
            content_type: Some("a/b".into()),
            cache_control: Some("no-cache".into()),
            ..StoredHeaders::default()
        };
        let named = |content_type: Option<&str>| StoredHeaders {
            content_type: content_type.map(Into::into),
            ..StoredHeaders::default()
        };
        let cases = [
            (false, None, None),
            (true, None, Some("a/b")),
            (true, Some("c/d"), Some("c/d")),
        ];
        for (keeps_type, given, wanted) in cases {
            world.put(&bucket, "a", "x").await;
            let typed = ObjectChange::Meta(typed.clone(), Vec::new());
            let at = target(&bucket, "a", CURRENT);
            world
                .engine
                .change_object(&owner(), &at, typed)
                .await
                .unwrap();
            // Onto itself: the bytes stay, what stands beside them changes.
            let req = CopyObject {
                expires_days: None,
                lock: cohong_core::model::Lock::default(),
                replace: Some(NewMeta {
                    headers: named(given),
                    user_meta: Vec::new(),
                    keeps_type,
                }),
                ..copy(&bucket, "a", &bucket, "a")
            };
            world.engine.copy_object(&owner(), req).await.unwrap();
            let info = world
                .engine
                .inspect_object(&owner(), &at, Action::ReadObject)
                .await;
            assert_eq!(info.unwrap().record.headers, named(wanted));
        }
    });
}

#[test]
fn a_change_makes_no_version_and_no_event() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let old = world.put(&bucket, "a", "old").await.stored.version;
        let new = world.put(&bucket, "a", "new").await.stored.version;
        world.rule(&bucket).await;
        let tags = vec![("colour".into(), "red".into())];
        for (choice, tag) in [(CURRENT, new), (id(old), old), (id(new), new)] {
            let at = target(&bucket, "a", choice);
            let change = ObjectChange::Tags(tags.clone());
            world.meta.overtake(world.touch(Table::Heads).await);
            world.meta.applied();
            let changed = world.engine.change_object(&owner(), &at, change).await;
            assert_eq!(changed.unwrap(), tag);
            let applied = world.meta.applied();
            assert_eq!(applied.len(), 1);
            let head = |w: &Write| matches!(w, Write::Put(key, _) if key.table == Table::Heads);
            assert!(
                applied[0].write.iter().any(head),
                "every change rewrites the head"
            );
            let found = world
                .engine
                .inspect_object(&owner(), &at, Action::ReadObjectTags)
                .await;
            assert_eq!(found.unwrap().record.tags, tags);
        }
        assert!(world.events(&bucket).await.is_empty());
        assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"new");
        assert_eq!(world.rows(Table::Versions).await.len(), 1);
    });
}

#[test]
fn what_cannot_be_changed() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.put(&bucket, "a", "x").await;
        let marker = world
            .delete(&bucket, "a", CURRENT)
            .await
            .unwrap()
            .version
            .unwrap();
        world.put(&bucket, "there", "x").await;
        let crowd = Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Read,
        };
        let crowd = Acl {
            grants: vec![crowd; 101],
        };
        let cases = [
            ("a", CURRENT, ObjectChange::Acl(None), ErrorKind::NoSuchKey),
            (
                "a",
                id(marker),
                ObjectChange::Acl(None),
                ErrorKind::MethodNotAllowed,
            ),
            ("b", CURRENT, ObjectChange::Acl(None), ErrorKind::NoSuchKey),
            (
                "there",
                VersionChoice::Null,
                ObjectChange::Acl(None),
                ErrorKind::NoSuchVersion,
            ),
            (
                "there",
                CURRENT,
                ObjectChange::Acl(Some(crowd)),
                ErrorKind::InvalidArgument,
            ),
        ];
        world.meta.applied();
        for (key, choice, change, kind) in cases {
            let at = target(&bucket, key, choice);
            let refused = world.engine.change_object(&owner(), &at, change).await;
            assert_eq!(refused.unwrap_err().kind(), kind, "{key}");
        }
        let at = target(&bucket, "there", CURRENT);
        let other = account("other");
        let refused = world
            .engine
            .change_object(&other, &at, ObjectChange::Acl(None))
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
        assert!(world.meta.applied().is_empty());
    });
}
