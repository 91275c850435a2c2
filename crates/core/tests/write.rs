//! Writing objects, and the invariants that writes keep.

mod common;

use std::pin::pin;

use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{Body, Conditions, ETagMatch, VersionChoice};
use cohong_core::limits::{BODY_BYTES_MAX, TAGS_MAX};
use cohong_core::memory::{BlobStep, Fate};
use cohong_core::model::{
    BodyType, CallbackSpec, CallbackStyle, EventKind, Grant, Grantee, Permission, VersionTag,
    Versioning,
};
use cohong_core::ports::{BlobError, BlobStore, Table, When, Write};
use cohong_core::records::{CurrentRecord, WorkKind, WorkRecord, decode};
use common::{World, account, anonymous, body, owner, put, run};
use futures_util::future::join_all;

const CURRENT: VersionChoice = VersionChoice::Current;

#[test]
fn bodies_of_every_kind_come_back() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("photos").await;
            for text in ["", "x", &"large ".repeat(100_000)] {
                let stored = world.put(&bucket, "a/b", text).await.stored;
                assert_eq!(stored.size, text.len() as u64);
                assert_eq!(stored.version, VersionTag::Unversioned);
                let read = world.get(&bucket, "a/b", CURRENT).await.unwrap();
                assert_eq!(read, text.as_bytes());
            }
        }
    });
}

#[test]
fn i1_one_commit_per_visible_change() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("photos").await;
            world.rule(&bucket).await;
            world.versioning(&bucket, Versioning::Enabled).await;
            world.meta.applied();
            for text in ["one", "two"] {
                world.put(&bucket, "a", text).await;
                let applied = world.meta.applied();
                assert_eq!(applied.len(), 1);
                assert_eq!(applied[0].when, When::Now);
                let appends = applied[0].write.iter();
                let appends = appends.filter(|w| matches!(w, Write::Append(..))).count();
                assert_eq!(appends, 1, "the event is part of the change");
            }
            world.delete(&bucket, "a", CURRENT).await.unwrap();
            assert_eq!(world.meta.applied().len(), 1);
        }
    });
}

#[test]
fn i2_no_record_without_its_blob() {
    run(async {
        for step in [BlobStep::Create, BlobStep::Write, BlobStep::Finish] {
            let world = World::without_small_bodies();
            let bucket = world.bucket("photos").await;
            world.meta.applied();
            world
                .blobs
                .set_fault(move |at, _| (at == step).then_some(BlobError::Full));
            let failed = world.try_put(&owner(), put(&bucket, "a"), "text").await;
            assert_eq!(failed.unwrap_err().kind(), ErrorKind::Full, "{step:?}");
            assert!(world.meta.applied().is_empty());
        }
    });
}

#[test]
fn i2_a_blob_stays_while_a_record_may_name_it() {
    run(async {
        let cases = [
            (Fate::Full, ErrorKind::Full, 0, false),
            (Fate::Unavailable, ErrorKind::Unavailable, 1, false),
            (Fate::AnswerLost, ErrorKind::Unavailable, 1, true),
        ];
        for (fate, kind, blobs, written) in cases {
            let world = World::without_small_bodies();
            let bucket = world.bucket("photos").await;
            world.meta.inner.fail_commits(1, fate);
            let failed = world.try_put(&owner(), put(&bucket, "a"), "text").await;
            assert_eq!(failed.unwrap_err().kind(), kind);
            assert_eq!(
                world.blobs.scan(None, 10).await.unwrap().len(),
                blobs,
                "{fate:?}"
            );
            let read = world.get(&bucket, "a", CURRENT).await;
            assert_eq!(read.is_ok(), written, "{fate:?}");
        }
    });
}

#[test]
fn i3_what_is_replaced_is_released_by_the_same_commit() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "one").await;
        assert!(world.rows(Table::Work).await.is_empty());
        let held = world.rows(Table::PayloadRefs).await;
        world.meta.applied();
        world.put(&bucket, "a", "two").await;
        assert_eq!(world.meta.applied().len(), 1);
        let work = world.rows(Table::Work).await;
        let work: Vec<WorkRecord> = work
            .iter()
            .map(|(_, r)| decode(&r.bytes).unwrap())
            .collect();
        let [
            WorkRecord {
                kind: WorkKind::DropPayload { payload },
                ..
            },
        ] = &work[..]
        else {
            panic!("one payload is to be dropped, not {work:?}");
        };
        assert!(held[0].0.starts_with(&payload.0));
        let holders = world.rows(Table::PayloadRefs).await;
        assert_eq!(holders.len(), 1);
        assert!(!holders[0].0.starts_with(&payload.0));
    });
}

#[test]
fn small_bodies_are_dropped_by_the_commit_that_replaces_them() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "one").await;
        world.meta.applied();
        world.put(&bucket, "a", "two").await;
        let applied = world.meta.applied();
        let drops = applied[0].write.iter();
        assert_eq!(
            drops.filter(|w| matches!(w, Write::DropPayload(_))).count(),
            1
        );
        assert!(world.rows(Table::Work).await.is_empty());
        assert!(world.rows(Table::Payloads).await.is_empty());
    });
}

#[test]
fn i4_acknowledged_means_durable() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "one").await;
        let after = World::on(world.meta.inner.crash(), world.blobs.clone());
        assert_eq!(after.get(&bucket, "a", CURRENT).await.unwrap(), b"one");
    });
}

/// A body that fails the test when it is read.
fn unread(len: u64) -> Body {
    let never = futures_util::stream::poll_fn(|_| -> std::task::Poll<Option<_>> {
        panic!("the body was read although the request could be refused without it")
    });
    let never = futures_util::StreamExt::map(never, |()| Ok(Bytes::new()));
    Body {
        stream: Box::pin(never),
        len: Some(len),
    }
}

#[test]
fn what_can_be_refused_early_is_refused_before_the_body_is_read() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "there", "text").await;
        let there = || put(&bucket, "there");
        let mut no_bucket = there();
        no_bucket.bucket = cohong_core::model::BucketName::new("nowhere").unwrap();
        let mut exists = there();
        exists.conditions.if_none_match = Some(ETagMatch::Any);
        let mut other = there();
        other.conditions.if_match = Some(ETagMatch::OneOf(vec!["00".into()]));
        let mut tags = there();
        tags.attributes.tags = vec![("a".into(), "b".into()); TAGS_MAX + 1];
        let mut callback = there();
        callback.callback = Some(CallbackSpec {
            urls: Vec::new(),
            host: None,
            body: "".into(),
            body_type: BodyType::Form,
            vars: Vec::new(),
            headers: Vec::new(),
            style: CallbackStyle::default(),
        });
        let cases = [
            (owner(), no_bucket, 1, ErrorKind::NoSuchBucket),
            (owner(), exists, 1, ErrorKind::ObjectExists),
            (owner(), other, 1, ErrorKind::PreconditionFailed),
            (owner(), tags, 1, ErrorKind::InvalidArgument),
            (owner(), callback, 1, ErrorKind::InvalidArgument),
            (owner(), there(), BODY_BYTES_MAX + 1, ErrorKind::TooLarge),
            (account("other"), there(), 1, ErrorKind::Denied),
            (anonymous(), there(), 1, ErrorKind::Denied),
        ];
        world.meta.applied();
        for (cx, req, len, kind) in cases {
            let refused = world.engine.put_object(&cx, req, unread(len)).await;
            assert_eq!(refused.unwrap_err().kind(), kind);
        }
        assert!(world.meta.applied().is_empty());
    });
}

#[test]
fn a_write_that_was_overtaken_is_planned_again() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = world.bucket("photos").await;
            world.put(&bucket, "a", "one").await;
            for table in [Table::Buckets, Table::Heads] {
                world.meta.overtake(world.touch(table).await);
                world.put(&bucket, "a", "two").await;
            }
            assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"two");
        }
    });
}

#[test]
fn a_condition_is_checked_again_by_the_commit() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "one").await;
        let elsewhere = world.touch(Table::Heads).await;
        world.delete(&bucket, "a", CURRENT).await.unwrap();
        world.meta.overtake(elsewhere);
        let mut req = put(&bucket, "a");
        req.conditions.if_none_match = Some(ETagMatch::Any);
        let refused = world.try_put(&owner(), req, "two").await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ObjectExists);
    });
}

#[test]
fn of_many_first_writers_one_wins() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let writers = (0..50).map(|n| {
            let mut req = put(&bucket, "a");
            req.conditions = Conditions {
                if_none_match: Some(ETagMatch::Any),
                ..Conditions::default()
            };
            let (world, owner) = (&world, owner());
            async move { world.try_put(&owner, req, &n.to_string()).await.is_ok() }
        });
        let won = join_all(writers)
            .await
            .into_iter()
            .filter(|won| *won)
            .count();
        assert_eq!(won, 1);
    });
}

#[test]
fn every_version_of_a_contended_key_is_kept_in_order() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        world.rule(&bucket).await;
        let writers = (0..50).map(|n| {
            let (world, bucket) = (&world, &bucket);
            async move { world.put(bucket, "a", &n.to_string()).await.stored.version }
        });
        let mut versions = join_all(writers).await;
        versions.sort_by_key(|version| match version {
            VersionTag::Id(id) => id.0,
            other => panic!("{other:?} in a bucket with versions"),
        });
        versions.dedup();
        assert_eq!(versions.len(), 50);
        let logged = world.events(&bucket).await;
        let logged: Vec<VersionTag> = logged.iter().map(|l| l.event.version).collect();
        assert_eq!(logged, versions, "the log has the order of the key");
    });
}

#[test]
fn ids_do_not_repeat_within_one_tick() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let VersionTag::Id(id) = world.put(&bucket, "a", "x").await.stored.version else {
                panic!("the bucket has versions");
            };
            world
                .delete(&bucket, "a", VersionChoice::Id(id))
                .await
                .unwrap();
            seen.push(id);
        }
        world.clock.set_wall(1);
        let VersionTag::Id(id) = world.put(&bucket, "a", "x").await.stored.version else {
            panic!("the bucket has versions");
        };
        seen.push(id);
        assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    });
}

#[test]
fn what_nobody_signed_belongs_to_the_bucket() {
    run(async {
        let world = World::new();
        let write = Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Write,
        };
        let acl = cohong_core::model::Acl {
            grants: vec![write],
        };
        let bucket = world.bucket_with("public", acl).await;
        world
            .try_put(&anonymous(), put(&bucket, "a"), "x")
            .await
            .unwrap();
        world
            .try_put(&account("other"), put(&bucket, "b"), "x")
            .await
            .unwrap();
        let owners: Vec<String> = world
            .rows(Table::Heads)
            .await
            .iter()
            .map(|(_, record)| {
                let head: CurrentRecord = decode(&record.bytes).unwrap();
                head.version.object().unwrap().owner.to_string()
            })
            .collect();
        assert_eq!(owners, ["owner", "other"]);
    });
}

#[test]
fn a_callback_is_owed_by_the_commit_and_never_refuses_the_object() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.rule(&bucket).await;
        world.meta.applied();
        let mut req = put(&bucket, "a");
        req.callback = Some(CallbackSpec {
            urls: vec!["http://app.test/cb".into()],
            host: None,
            body: "key=${object}".into(),
            body_type: BodyType::Form,
            vars: vec![("x:user".into(), "7".into())],
            headers: Vec::new(),
            style: CallbackStyle::default(),
        });
        let receipt = world.try_put(&owner(), req, "text").await.unwrap();
        assert_eq!(receipt.callback.unwrap().answer, None);
        let first = &world.meta.applied()[0];
        let owes = |w: &Write| matches!(w, Write::Put(key, _) if key.table == Table::Calls);
        assert!(first.write.iter().any(owes));
        assert_eq!(world.callbacks.sent.lock().unwrap().len(), 1);
        assert_eq!(world.get(&bucket, "a", CURRENT).await.unwrap(), b"text");
        let event = &world.events(&bucket).await[0].event;
        assert_eq!(event.kind, EventKind::CreatedPut);
        assert_eq!(event.vars, [("x:user".into(), "7".into())]);
    });
}

#[test]
fn an_abandoned_write_leaves_nothing() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("photos").await;
        let cx = owner();
        let mut started = pin!(world.engine.put_object(
            &cx,
            put(&bucket, "a"),
            Body {
                stream: Box::pin(futures_util::stream::pending()),
                len: Some(10),
            },
        ));
        for _ in 0..20 {
            assert!(futures_util::poll!(&mut started).is_pending());
        }
        let ended = world.engine.put_object(
            &cx,
            put(&bucket, "b"),
            Body {
                len: Some(11),
                ..body(b"too short")
            },
        );
        assert_eq!(ended.await.unwrap_err().kind(), ErrorKind::IncompleteBody);
        assert!(world.rows(Table::Heads).await.is_empty());
        assert!(world.blobs.scan(None, 10).await.unwrap().is_empty());
    });
}
