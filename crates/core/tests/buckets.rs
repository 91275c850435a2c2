//! Buckets: creating, changing, removing.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use cohong_core::ErrorKind;
use cohong_core::engine::{Attributes, BucketChange, Conditions, CreateUpload, VersionChoice};
use cohong_core::limits::{BUCKETS_MAX, GRANTS_MAX, REMOVAL_WAIT_MAX, RULES_MAX};
use cohong_core::memory::Fate;
use cohong_core::model::{
    Acl, Bucket, BucketName, BucketState, Grant, Grantee, NotificationRule, ObjectKey, Permission,
    RuleSetVersion, Versioning,
};
use cohong_core::ports::{Clock, MetadataStore, Table, Txn, When, Write};
use cohong_core::records::{RuleSetRecord, WorkKind, WorkRecord, decode, encode, keys};
use cohong_core::rules::access::Action;
use common::{World, account, anonymous, create_bucket, owner, put, rule, run};

const CURRENT: VersionChoice = VersionChoice::Current;

async fn read(world: &World, name: &BucketName) -> Result<Bucket, ErrorKind> {
    let cx = owner();
    let found = world.engine.read_bucket(&cx, name, Action::ReadBucket);
    found.await.map_err(|e| e.kind())
}

async fn create(world: &World, who: &str, name: &str) -> Result<(), ErrorKind> {
    let req = create_bucket(name, Acl::default());
    let created = world.engine.create_bucket(&account(who), req).await;
    created.map_err(|e| e.kind())
}

async fn remove(world: &World, name: &BucketName) -> Result<(), ErrorKind> {
    let removed = world.engine.delete_bucket(&owner(), name).await;
    removed.map_err(|e| e.kind())
}

async fn change(world: &World, name: &BucketName, to: BucketChange) -> Result<(), ErrorKind> {
    let changed = world.engine.change_bucket(&owner(), name, to).await;
    changed.map(drop).map_err(|e| e.kind())
}

fn rules(rules: Vec<NotificationRule>) -> BucketChange {
    BucketChange::Rules { rules, seen: None }
}

#[test]
fn a_name_is_taken_once() {
    run(async {
        let world = World::new();
        create(&world, "owner", "photos").await.unwrap();
        let again = create(&world, "owner", "photos").await;
        assert_eq!(again, Err(ErrorKind::BucketAlreadyOwned));
        let other = create(&world, "other", "photos").await;
        assert_eq!(other, Err(ErrorKind::BucketExists));
        let unsigned = create_bucket("videos", Acl::default());
        let unsigned = world.engine.create_bucket(&anonymous(), unsigned).await;
        assert_eq!(unsigned.unwrap_err().kind(), ErrorKind::Denied);
    });
}

#[test]
fn a_bucket_created_again_is_another_one() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        let first = read(&world, &name).await.unwrap();
        remove(&world, &name).await.unwrap();
        assert_eq!(read(&world, &name).await, Err(ErrorKind::NoSuchBucket));
        world.bucket("videos").await;
        world.bucket("photos").await;
        let second = read(&world, &name).await.unwrap();
        assert!(second.id > first.id);
    });
}

#[test]
fn i6_an_account_has_a_limited_number_of_buckets() {
    run(async {
        let world = World::new();
        for n in 0..BUCKETS_MAX {
            create(&world, "owner", &format!("bucket-{n}"))
                .await
                .unwrap();
        }
        let more = create(&world, "owner", "one-more").await;
        assert_eq!(more, Err(ErrorKind::TooManyBuckets));
        create(&world, "other", "one-more").await.unwrap();
        let listed = world.engine.list_buckets(&owner()).await.unwrap();
        assert_eq!(listed.len(), BUCKETS_MAX);
        assert!(listed.is_sorted_by(|a, b| a.name < b.name));
    });
}

#[test]
fn i6_settings_are_limited() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        let grant = Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Read,
        };
        let grants = vec![grant; GRANTS_MAX + 1];
        let many: Vec<_> = (0..=RULES_MAX).map(|n| rule(&n.to_string(), "")).collect();
        let mut nobody = rule("nobody", "");
        nobody.destinations.clear();
        let cases = [
            BucketChange::Acl(Acl { grants }),
            rules(many),
            rules(vec![nobody]),
        ];
        world.meta.applied();
        for case in cases {
            let refused = change(&world, &name, case).await;
            assert_eq!(refused, Err(ErrorKind::InvalidArgument));
        }
        assert!(world.meta.applied().is_empty());
    });
}

#[test]
fn versioning_is_never_switched_off() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        for (to, good) in [
            (Versioning::Off, true),
            (Versioning::Enabled, true),
            (Versioning::Off, false),
            (Versioning::Suspended, true),
            (Versioning::Off, false),
        ] {
            let changed = change(&world, &name, BucketChange::Versioning(to)).await;
            assert_eq!(changed.is_ok(), good, "{to:?}");
        }
    });
}

#[test]
fn only_the_owner_changes_and_removes() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        let other = account("other");
        for to in [
            BucketChange::Versioning(Versioning::Enabled),
            BucketChange::Acl(Acl::default()),
            rules(Vec::new()),
        ] {
            let changed = world.engine.change_bucket(&other, &name, to).await;
            assert_eq!(changed.unwrap_err().kind(), ErrorKind::Denied);
        }
        let removed = world.engine.delete_bucket(&other, &name).await;
        assert_eq!(removed.unwrap_err().kind(), ErrorKind::Denied);
    });
}

#[test]
fn a_bucket_with_anything_in_it_stays() {
    run(async {
        let world = World::new();
        world.bucket("photos").await;
        let name = world.bucket("photos-2").await;
        world.versioning(&name, Versioning::Enabled).await;

        let first = world.put(&name, "a", "x").await.stored.version;
        world.meta.applied();
        assert_eq!(remove(&world, &name).await, Err(ErrorKind::BucketNotEmpty));
        assert!(
            world.meta.applied().is_empty(),
            "an ordinary refusal closes nothing"
        );
        let marker = world.delete(&name, "a", CURRENT).await.unwrap();
        assert_eq!(remove(&world, &name).await, Err(ErrorKind::BucketNotEmpty));
        for tag in [first, marker.version.unwrap()] {
            let cohong_core::model::VersionTag::Id(id) = tag else {
                panic!("{tag:?} in a bucket with versions");
            };
            assert_eq!(remove(&world, &name).await, Err(ErrorKind::BucketNotEmpty));
            world
                .delete(&name, "a", VersionChoice::Id(id))
                .await
                .unwrap();
        }
        let upload = CreateUpload {
            bucket: name.clone(),
            key: ObjectKey::new("b").unwrap(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
            sequential: false,
            checksum: None,
        };
        let upload = world
            .engine
            .create_upload(&owner(), upload)
            .await
            .unwrap()
            .upload;
        assert_eq!(remove(&world, &name).await, Err(ErrorKind::BucketNotEmpty));
        let target = cohong_core::engine::UploadTarget {
            bucket: name.clone(),
            key: ObjectKey::new("b").unwrap(),
            upload,
        };
        world.engine.abort_upload(&owner(), &target).await.unwrap();
        remove(&world, &name).await.unwrap();
        assert_eq!(read(&world, &name).await, Err(ErrorKind::NoSuchBucket));
    });
}

/// A world whose removal of a bucket stopped after the closing, as by a crash.
async fn half_removed(world: &World) -> BucketName {
    let name = world.bucket("photos").await;
    let mut commits = 0;
    world.meta.inner.on_commit(move |_| {
        commits += 1;
        if commits == 2 {
            Fate::Unavailable
        } else {
            Fate::Proceed
        }
    });
    assert_eq!(remove(world, &name).await, Err(ErrorKind::Unavailable));
    name
}

#[test]
fn a_removal_cut_short_is_owed_and_the_bucket_reads_as_absent() {
    run(async {
        let world = World::new();
        let name = half_removed(&world).await;
        assert_eq!(read(&world, &name).await, Err(ErrorKind::NoSuchBucket));
        assert!(
            world
                .engine
                .list_buckets(&owner())
                .await
                .unwrap()
                .is_empty()
        );
        let work = world.rows(Table::Work).await;
        let record: WorkRecord = decode(&work[0].1.bytes).unwrap();
        assert!(matches!(record.kind, WorkKind::RemoveBucket { name: found, .. } if found == name));
    });
}

#[test]
fn a_writer_waits_for_the_verdict_but_not_for_ever() {
    run(async {
        let world = World::new();
        let name = half_removed(&world).await;
        world.clock.sleeping_moves_it();
        let before = world.clock.mono();
        let late = world.try_put(&owner(), put(&name, "a"), "x").await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Busy);
        assert!(world.clock.mono() >= before + REMOVAL_WAIT_MAX);
        assert_eq!(
            create(&world, "owner", "photos").await,
            Err(ErrorKind::Busy)
        );
    });
}

/// The bucket as stored, in another state.
async fn in_state(world: &World, name: &BucketName, state: BucketState) -> Txn {
    let at = keys::bucket(name);
    let found = world
        .meta
        .get_many(std::slice::from_ref(&at))
        .await
        .unwrap();
    let mut bucket: Bucket = decode(&found[0].as_ref().unwrap().bytes).unwrap();
    bucket.state = state;
    Txn {
        when: When::Now,
        expect: Vec::new(),
        write: vec![Write::Put(at, encode(&bucket))],
        payloads: Vec::new(),
    }
}

#[test]
fn a_writer_goes_on_when_the_bucket_is_reopened() {
    run(async {
        let world = World::new();
        let name = half_removed(&world).await;
        world.clock.sleeping_moves_it();
        let reopened = in_state(&world, &name, BucketState::Live).await;
        let cx = owner();
        let writer = world.try_put(&cx, put(&name, "a"), "x");
        let opener = async {
            tokio::task::yield_now().await;
            world.meta.inner.commit(vec![reopened]).await
        };
        let (written, _) = futures_util::future::join(writer, opener).await;
        written.unwrap();
        assert_eq!(world.get(&name, "a", CURRENT).await.unwrap(), b"x");
    });
}

#[test]
fn a_write_that_meets_a_closing_does_not_slip_in() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        world.clock.sleeping_moves_it();
        let closed = in_state(&world, &name, BucketState::Deleting).await;
        world.meta.overtake(vec![closed]);
        let late = world.try_put(&owner(), put(&name, "a"), "x").await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Busy);
        assert!(world.rows(Table::Heads).await.is_empty());
    });
}

#[test]
fn an_object_that_slipped_in_before_the_closing_reopens_the_bucket() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        let head = keys::head(
            read(&world, &name).await.unwrap().id,
            &ObjectKey::new("a").unwrap(),
        );
        let slip = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![Write::Put(head, encode(&0_u8))],
            payloads: Vec::new(),
        };
        world.meta.overtake(vec![slip]);
        assert_eq!(remove(&world, &name).await, Err(ErrorKind::BucketNotEmpty));
        assert_eq!(read(&world, &name).await.unwrap().state, BucketState::Live);
    });
}

#[test]
fn rules_are_versioned_kept_and_expected() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        change(&world, &name, rules(Vec::new())).await.unwrap();
        assert!(!read(&world, &name).await.unwrap().logs_changes());

        change(&world, &name, rules(vec![rule("one", "")]))
            .await
            .unwrap();
        let first = read(&world, &name).await.unwrap();
        assert_eq!(first.rule_set.0, world.clock.now().millis() * 1_000_000);
        change(&world, &name, rules(vec![rule("two", "")]))
            .await
            .unwrap();
        let second = read(&world, &name).await.unwrap();
        assert_eq!(second.rule_set.0, first.rule_set.0 + 1, "within one tick");

        for (seen, good) in [
            (first.rule_set, false),
            (RuleSetVersion(0), false),
            (second.rule_set, true),
        ] {
            let to = BucketChange::Rules {
                rules: Vec::new(),
                seen: Some(seen),
            };
            let expected = if good { Ok(()) } else { Err(ErrorKind::Busy) };
            assert_eq!(change(&world, &name, to).await, expected);
        }
        let kept = world.rows(Table::RuleSets).await;
        let ids: Vec<Vec<String>> = kept
            .iter()
            .map(|(_, record)| {
                let set: RuleSetRecord = decode(&record.bytes).unwrap();
                set.rules.iter().map(|rule| rule.id.0.to_string()).collect()
            })
            .collect();
        assert_eq!(ids, [vec!["one"], vec!["two"], vec![]]);
    });
}

#[test]
fn a_bucket_logs_from_its_first_rule_on() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        world.put(&name, "before", "x").await;
        change(&world, &name, rules(vec![rule("some", "a/")]))
            .await
            .unwrap();
        world.put(&name, "a/match", "x").await;
        world.put(&name, "b/other", "x").await;
        change(&world, &name, rules(Vec::new())).await.unwrap();
        world.put(&name, "a/after", "x").await;
        let logged = world.events(&name).await;
        let logged: Vec<(&str, usize)> = logged
            .iter()
            .map(|l| (l.event.key.as_str(), l.hits.len()))
            .collect();
        assert_eq!(logged, [("a/match", 1), ("b/other", 0), ("a/after", 0)]);
    });
}

#[test]
fn a_write_between_reading_and_committing_rules_uses_the_rules_in_force() {
    run(async {
        let world = World::new();
        let name = world.bucket("photos").await;
        let plain = in_state(&world, &name, BucketState::Live).await;
        change(&world, &name, rules(vec![rule("all", "")]))
            .await
            .unwrap();
        let ruled = in_state(&world, &name, BucketState::Live).await;
        world.meta.inner.commit(vec![plain]).await;
        world.meta.overtake(vec![ruled]);
        world.put(&name, "a", "x").await;
        assert_eq!(world.events(&name).await.len(), 1);
    });
}
