//! Replication: what is written is copied once, in order, with what stands beside it, as rules say, wherever the server
//! dies; copies go no further; what cannot be copied is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Duration;

use cohong_core::engine::{
    AppendObject, BucketChange, CreateBucket, Cx, Encrypting, ObjectInfo, VersionChoice,
};
use cohong_core::model::{
    Acl, BucketKind, BucketName, Cipher, ClassSource, DocKind, Encryption, EventKind, Grant,
    Grantee, KeyHolder, ObjectKey, Permission, ReplicaTarget, Replicated, Replication,
    ReplicationRule, StorageClass, VersionId, VersionTag, Versioning, WorkId,
};
use cohong_core::ports::Table;
use cohong_core::records::{WorkKind, WorkRecord, decode};
use cohong_core::rules::access::Action;
use cohong_core::{Error, ErrorKind, work};
use common::{World, account, body, owner, put, run, target};

fn rule(into: &BucketName, prefixes: &[&str]) -> ReplicationRule {
    ReplicationRule {
        id: "".into(),
        enabled: true,
        prefixes: prefixes.iter().map(|prefix| (*prefix).into()).collect(),
        tags: Vec::new(),
        target: ReplicaTarget {
            bucket: into.clone(),
            region: "cn-beijing".into(),
            class: None,
            inherits: Some(ClassSource::Object),
        },
        history: false,
        entrusts: false,
        since: VersionId(0),
        duty: WorkId([0; 16]),
    }
}

async fn try_set(
    world: &World,
    cx: &Cx,
    from: &BucketName,
    rules: Vec<ReplicationRule>,
) -> Result<(), Error> {
    let all = Replication {
        role: "role".into(),
        rules,
    };
    world.engine.put_replication(cx, from, &all).await
}

async fn set(world: &World, from: &BucketName, rules: Vec<ReplicationRule>) {
    try_set(world, &owner(), from, rules).await.unwrap();
}

async fn work_on(world: &World) {
    work::run_due_once(&world.engine).await.unwrap();
}

async fn text(world: &World, bucket: &BucketName, key: &str) -> Option<String> {
    let bytes = world.get(bucket, key, VersionChoice::Current).await.ok()?;
    Some(String::from_utf8(bytes).unwrap())
}

async fn info(world: &World, bucket: &BucketName, key: &str) -> ObjectInfo {
    let (cx, target) = (owner(), target(bucket, key, VersionChoice::Current));
    let info = world
        .engine
        .inspect_object(&cx, &target, Action::ReadObject);
    info.await.unwrap()
}

async fn state(world: &World, bucket: &BucketName, key: &str) -> Replicated {
    info(world, bucket, key).await.record.replicated
}

async fn owed(world: &World) -> Vec<WorkRecord> {
    let rows = world.rows(Table::Work).await;
    let all = rows.iter().map(|(_, row)| decode(&row.bytes).unwrap());
    all.filter(|one: &WorkRecord| matches!(one.kind, WorkKind::Replicate(_)))
        .collect()
}

/// How far the only rule of a bucket was followed.
async fn history(world: &World, from: &BucketName) -> u16 {
    let all = world.engine.get_replication(&owner(), from, None).await;
    let rules = all.unwrap().rules;
    let cx = owner();
    let progress = world.engine.replication_progress(&cx, from, &rules);
    progress.await.unwrap()[0].history_permille
}

#[test]
fn what_is_written_is_copied_with_what_stands_beside_it() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        world.put(&from, "in/before", "before").await;
        set(&world, &from, vec![rule(&into, &["in/"])]).await;
        world.rule(&into).await;
        let cx = Cx {
            encrypting: Encrypting {
                with: Some(Encryption {
                    cipher: Cipher::Aes256,
                    holder: KeyHolder::Server,
                }),
                ..Encrypting::default()
            },
            ..owner()
        };
        let mut request = put(&from, "in/a");
        request.attributes.user_meta = vec![("name".into(), "value".into())];
        request.attributes.tags = vec![("tag".into(), "red".into())];
        request.attributes.class = Some(StorageClass::Infrequent);
        let everybody = Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Read,
        };
        request.attributes.acl = Some(Acl {
            grants: vec![everybody],
        });
        world.try_put(&cx, request, "one").await.unwrap();
        world.put(&from, "out/b", "two").await;
        assert_eq!(state(&world, &from, "in/a").await, Replicated::Pending);
        assert_eq!(state(&world, &from, "out/b").await, Replicated::No);
        assert_eq!(owed(&world).await.len(), 1, "owed with the object (I3)");
        world.clock.advance(Duration::from_secs(1));
        work_on(&world).await;
        assert!(owed(&world).await.is_empty());
        assert_eq!(text(&world, &into, "in/a").await.unwrap(), "one");
        assert_eq!(text(&world, &into, "out/b").await, None);
        assert_eq!(text(&world, &into, "in/before").await, None);
        let (old, new) = (
            info(&world, &from, "in/a").await,
            info(&world, &into, "in/a").await,
        );
        assert_eq!(old.record.replicated, Replicated::Complete);
        assert!(matches!(new.record.replicated, Replicated::Copy(_)));
        assert_eq!(old.written_at, new.written_at);
        assert_eq!(old.record.encryption(), new.record.encryption());
        assert!(new.record.encryption().is_some());
        let beside = |info: &ObjectInfo| {
            let record = &info.record;
            (
                (record.user_meta.clone(), record.tags.clone(), record.class),
                (
                    record.acl.clone(),
                    record.owner.clone(),
                    record.etag.clone(),
                ),
            )
        };
        assert_eq!(beside(&old), beside(&new));
        let events = world.events(&into).await;
        assert_eq!(events[0].event.kind, EventKind::ReplicatedCreated);
        world.put(&from, "in/a", "three").await;
        work_on(&world).await;
        assert_eq!(text(&world, &into, "in/a").await.unwrap(), "three");
        let events = world.events(&into).await;
        assert_eq!(events[1].event.kind, EventKind::ReplicatedModified);
        world
            .delete(&from, "in/a", VersionChoice::Current)
            .await
            .unwrap();
        work_on(&world).await;
        assert_eq!(
            text(&world, &into, "in/a").await.unwrap(),
            "three",
            "deletions stay"
        );
    });
}

#[test]
fn copies_of_large_bodies_share_them_and_outlive_them() {
    run(async {
        let world = World::without_small_bodies();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        set(&world, &from, vec![rule(&into, &[])]).await;
        world.put(&from, "a", "large").await;
        work_on(&world).await;
        assert_eq!(world.rows(Table::Payloads).await.len(), 1);
        world
            .delete(&from, "a", VersionChoice::Current)
            .await
            .unwrap();
        world.clock.advance(Duration::from_hours(48));
        work_on(&world).await;
        assert_eq!(text(&world, &into, "a").await.unwrap(), "large");
    });
}

#[test]
fn what_grows_is_copied_as_it_is() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        set(&world, &from, vec![rule(&into, &[])]).await;
        let append = async |position: u64, piece: &str| {
            let cx = owner();
            let request = AppendObject {
                bucket: from.clone(),
                key: ObjectKey::new("log").unwrap(),
                position,
                ..common_append()
            };
            let appended = world
                .engine
                .append_object(&cx, request, body(piece.as_bytes()));
            appended.await.unwrap();
        };
        append(0, "one").await;
        work_on(&world).await;
        append(3, "two").await;
        append(6, "three").await;
        assert_eq!(text(&world, &into, "log").await.unwrap(), "one");
        work_on(&world).await;
        assert_eq!(text(&world, &into, "log").await.unwrap(), "onetwothree");
        assert_eq!(state(&world, &from, "log").await, Replicated::Complete);
    });
}

fn common_append() -> AppendObject {
    AppendObject {
        bucket: BucketName::new("photos").unwrap(),
        key: ObjectKey::new("log").unwrap(),
        attributes: cohong_core::engine::Attributes::default(),
        position: 0,
        digests: cohong_core::engine::ExpectedDigests::default(),
        modifies: false,
        if_match: None,
    }
}

#[test]
fn versions_are_copied_in_their_order_under_their_ids() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        for bucket in [&from, &into] {
            world.versioning(bucket, Versioning::Enabled).await;
        }
        set(&world, &from, vec![rule(&into, &[])]).await;
        let mut ids = Vec::new();
        for bytes in ["one", "two", "three"] {
            let stored = world.put(&from, "a", bytes).await.stored;
            let VersionTag::Id(id) = stored.version else {
                panic!("a version has an id");
            };
            ids.push((id, bytes));
        }
        world
            .delete(&from, "a", VersionChoice::Current)
            .await
            .unwrap();
        work_on(&world).await;
        assert_eq!(
            text(&world, &into, "a").await.unwrap(),
            "three",
            "no marker"
        );
        for (id, bytes) in ids {
            let copy = world.get(&into, "a", VersionChoice::Id(id)).await.unwrap();
            assert_eq!(copy, bytes.as_bytes());
        }
        assert_eq!(world.rows(Table::Versions).await.len(), 3 + 2);
    });
}

#[test]
fn copies_go_no_further_and_what_is_newer_there_stays() {
    run(async {
        let world = World::new();
        let (a, b) = (
            world.bucket("bucket-a").await,
            world.bucket("bucket-b").await,
        );
        let c = world.bucket("bucket-c").await;
        set(&world, &a, vec![rule(&b, &[])]).await;
        set(&world, &b, vec![rule(&a, &[]), rule(&c, &[])]).await;
        world.put(&a, "k", "of a").await;
        work_on(&world).await;
        assert_eq!(text(&world, &b, "k").await.unwrap(), "of a");
        assert_eq!(text(&world, &c, "k").await, None);
        assert!(owed(&world).await.is_empty());
        world.put(&b, "k", "of b").await;
        work_on(&world).await;
        for bucket in [&a, &c] {
            assert_eq!(text(&world, bucket, "k").await.unwrap(), "of b");
        }
        world.put(&a, "late", "older").await;
        world.put(&b, "late", "newer").await;
        work_on(&world).await;
        for bucket in [&a, &b] {
            assert_eq!(text(&world, bucket, "late").await.unwrap(), "newer");
        }
    });
}

#[test]
fn work_done_twice_changes_nothing() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        set(&world, &from, vec![rule(&into, &[])]).await;
        world.put(&from, "a", "one").await;
        let before = world.touch(Table::Work).await;
        let turns = world.touch(Table::WorkDue).await;
        work_on(&world).await;
        let heads = world.rows(Table::Heads).await;
        // A crash lost what says that it was done.
        world
            .meta
            .overtake(before.into_iter().chain(turns).collect());
        world.put(&into, "other", "x").await;
        assert_eq!(owed(&world).await.len(), 1);
        work_on(&world).await;
        let again = world.rows(Table::Heads).await;
        assert!(heads.iter().all(|row| again.contains(row)));
    });
}

#[test]
fn rules_choose_by_tags_and_copies_can_be_entrusted() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        let mut tagged = rule(&into, &[]);
        tagged.tags = vec![("keep".into(), "yes".into())];
        tagged.entrusts = true;
        tagged.target.inherits = None;
        tagged.target.class = Some(StorageClass::ArchiveInstant);
        set(&world, &from, vec![tagged]).await;
        world.put(&from, "plain", "x").await;
        let mut request = put(&from, "kept");
        request.attributes.tags = vec![("keep".into(), "yes".into())];
        request.attributes.acl = Some(Acl::default());
        world.try_put(&owner(), request, "y").await.unwrap();
        work_on(&world).await;
        assert_eq!(text(&world, &into, "plain").await, None);
        assert_eq!(state(&world, &from, "plain").await, Replicated::No);
        let copy = info(&world, &into, "kept").await.record;
        assert_eq!((copy.acl, copy.class), (None, StorageClass::ArchiveInstant));
    });
}

#[test]
fn what_was_there_before_is_copied_when_the_rule_says_so() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        world.versioning(&from, Versioning::Enabled).await;
        world.versioning(&into, Versioning::Enabled).await;
        for n in 0..250 {
            world.put(&from, &format!("in/{n}"), "first").await;
        }
        world.put(&from, "in/0", "second").await;
        world.put(&from, "out", "x").await;
        let mut old = rule(&into, &["in/"]);
        old.history = true;
        set(&world, &from, vec![old.clone()]).await;
        assert_eq!(history(&world, &from).await, 0);
        work_on(&world).await;
        assert_eq!(
            history(&world, &from).await,
            0,
            "it is given time to be taken back"
        );
        world.clock.advance(Duration::from_secs(5));
        work_on(&world).await;
        assert_eq!(history(&world, &from).await, 1000);
        let id = world
            .engine
            .read_bucket(&owner(), &into, Action::ReadBucket)
            .await;
        let id = id.unwrap().id.0.to_be_bytes();
        let rows = |rows: Vec<(bytes::Bytes, _)>| {
            rows.iter().filter(|(at, _)| at.starts_with(&id)).count()
        };
        assert_eq!(rows(world.rows(Table::Heads).await), 250);
        assert_eq!(
            rows(world.rows(Table::Versions).await),
            1,
            "older versions too"
        );
        assert_eq!(state(&world, &from, "in/7").await, Replicated::Complete);
        // The same rule goes on; a changed one begins anew.
        let stored = world
            .engine
            .get_replication(&owner(), &from, None)
            .await
            .unwrap();
        set(&world, &from, stored.rules.clone()).await;
        assert_eq!(history(&world, &from).await, 1000);
        let mut changed = stored.rules;
        changed[0].target.class = Some(StorageClass::Standard);
        set(&world, &from, changed).await;
        assert_eq!(history(&world, &from).await, 0);
        let gone = world
            .engine
            .delete_bucket_doc::<Replication>(&owner(), &from)
            .await;
        gone.unwrap();
        world.clock.advance(Duration::from_secs(5));
        work_on(&world).await;
        assert!(
            world.rows(Table::Work).await.is_empty(),
            "its work has ended"
        );
        let none = world.engine.get_replication(&owner(), &from, None).await;
        let kind = ErrorKind::NoSuchDocument(DocKind::Replication);
        assert_eq!(none.unwrap_err().kind(), kind);
    });
}

#[test]
fn what_cannot_be_copied_is_tried_told_and_done_when_an_operator_says_so() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        let other = world.bucket("others").await;
        world.put(&from, "old", "old").await;
        let mut full = rule(&into, &[]);
        full.history = true;
        set(&world, &from, vec![full, rule(&other, &[])]).await;
        let quota = |most| BucketChange::Quota(most);
        let set_quota = async |most| {
            let changed = world
                .engine
                .change_bucket(&owner(), &into, quota(most))
                .await;
            changed.unwrap();
        };
        set_quota(Some(1)).await;
        world.put(&from, "a", "body").await;
        for _ in 0..25 {
            work_on(&world).await;
            world.clock.advance(Duration::from_mins(15));
        }
        assert_eq!(text(&world, &other, "a").await.unwrap(), "body");
        assert_eq!(text(&world, &into, "a").await, None);
        assert_eq!(state(&world, &from, "a").await, Replicated::Failed);
        let dead = world.engine.list_work(10).await.unwrap();
        assert_eq!(dead.len(), 2, "one for each key");
        assert!(
            dead.iter()
                .all(|(_, work)| work.dead && work.last_error.is_some())
        );
        set_quota(None).await;
        for (id, _) in dead {
            assert!(world.engine.reopen_work(id).await.unwrap());
        }
        work_on(&world).await;
        for (key, bytes) in [("a", "body"), ("old", "old")] {
            assert_eq!(text(&world, &into, key).await.unwrap(), bytes);
            assert_eq!(state(&world, &from, key).await, Replicated::Complete);
        }
    });
}

#[test]
fn nothing_is_copied_once_the_rule_is_gone() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        set(&world, &from, vec![rule(&into, &[])]).await;
        world.put(&from, "a", "one").await;
        let gone = world
            .engine
            .delete_bucket_doc::<Replication>(&owner(), &from)
            .await;
        gone.unwrap();
        work_on(&world).await;
        assert_eq!(text(&world, &into, "a").await, None);
        assert_eq!(state(&world, &from, "a").await, Replicated::No);
        world.put(&from, "b", "two").await;
        assert!(owed(&world).await.is_empty());
    });
}

#[test]
fn rules_lead_into_other_buckets_of_the_owner_only() {
    run(async {
        let world = World::new();
        let (from, into) = (world.bucket("photos").await, world.bucket("copies").await);
        let stranger = account("stranger");
        let theirs = common::create_bucket("theirs", Acl::default());
        world.engine.create_bucket(&stranger, theirs).await.unwrap();
        let everybody = Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::FullControl,
        };
        let open = Acl {
            grants: vec![everybody],
        };
        let open = common::create_bucket("open-theirs", open);
        world.engine.create_bucket(&stranger, open).await.unwrap();
        let named = |name: &str| BucketName::new(name).unwrap();
        let tree = CreateBucket {
            kind: BucketKind::Hierarchical,
            ..common::create_bucket("tree", Acl::default())
        };
        world.engine.create_bucket(&owner(), tree).await.unwrap();
        let mut elsewhere = rule(&into, &[]);
        elsewhere.target.region = "cn-shanghai".into();
        let cases = [
            (owner(), rule(&from, &[]), ErrorKind::InvalidArgument),
            (owner(), elsewhere, ErrorKind::InvalidArgument),
            (
                owner(),
                rule(&named("tree"), &[]),
                ErrorKind::MethodNotAllowed,
            ),
            (
                owner(),
                rule(&named("nowhere"), &[]),
                ErrorKind::NoTargetBucket,
            ),
            (owner(), rule(&named("theirs"), &[]), ErrorKind::Denied),
            (owner(), rule(&named("open-theirs"), &[]), ErrorKind::Denied),
            (stranger, rule(&into, &[]), ErrorKind::Denied),
        ];
        for (cx, rule, kind) in cases {
            let shown = format!("{rule:?}");
            let refused = try_set(&world, &cx, &from, vec![rule]).await;
            assert_eq!(refused.unwrap_err().kind(), kind, "{shown}");
        }
        let out = try_set(&world, &owner(), &named("tree"), vec![rule(&into, &[])]).await;
        assert_eq!(out.unwrap_err().kind(), ErrorKind::MethodNotAllowed);
        assert!(world.rows(Table::BucketDocs).await.is_empty());
    });
}
