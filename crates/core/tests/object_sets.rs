//! Object sets: what is made of them comes back, and their quotas, rates and lifecycle rules hold for the keys that are in
//! them and for no others.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Duration;

use cohong_core::engine::{
    Body, BucketChange, Conditions, Deletion, ExpectedDigests, GetObject, ListObjectSets,
    ListObjects, PutPart, RenameObject, SetChange, VersionChoice,
};
use cohong_core::model::{
    BucketName, Due, Lifecycle, LifecycleFilter, LifecycleRule, ObjectKey, SetLayout,
    SetLifecycleRule, SetLifecycles, SetQuotaRule, SetQuotas, SetRates, StorageClass, Tags,
    UnreadMove,
};
use cohong_core::ports::Table;
use cohong_core::{Error, ErrorKind, limits, work};
use futures_util::future::join;

use common::{World, account, body, owner, put, run, target};

const DAY: Duration = Duration::from_hours(24);

fn layout() -> SetLayout {
    SetLayout {
        levels: 1,
        delimiter: "/".into(),
        rest: false,
        quota: None,
        rates: SetRates::default(),
        by_tag: false,
        has_rules: false,
    }
}

fn tags(all: &[(&str, &str)]) -> Tags {
    let boxed = |(name, value): &(&str, &str)| (Box::from(*name), Box::from(*value));
    all.iter().map(boxed).collect()
}

fn kind<T>(done: Result<T, Error>) -> Result<(), ErrorKind> {
    done.map(drop).map_err(|error| error.kind())
}

async fn divide(world: &World, bucket: &BucketName, layout: SetLayout) -> Result<(), ErrorKind> {
    let change = BucketChange::Sets(layout);
    kind(world.engine.change_bucket(&owner(), bucket, change).await)
}

async fn change(
    world: &World,
    bucket: &BucketName,
    set: &str,
    change: SetChange,
) -> Result<(), ErrorKind> {
    let (engine, by) = (&world.engine, owner());
    kind(engine.change_object_set(&by, bucket, set, change).await)
}

async fn make(world: &World, bucket: &BucketName, set: &str, of: &[(&str, &str)]) {
    let made = change(world, bucket, set, SetChange::Make(tags(of))).await;
    made.unwrap();
}

/// A bucket whose keys are divided, with the sets `a/` and `b/`.
async fn divided(world: &World, layout: SetLayout) -> BucketName {
    let bucket = world.bucket("sets").await;
    divide(world, &bucket, layout).await.unwrap();
    make(world, &bucket, "a", &[("team", "one")]).await;
    make(world, &bucket, "b", &[]).await;
    bucket
}

async fn store(
    world: &World,
    bucket: &BucketName,
    key: &str,
    bytes: usize,
) -> Result<(), ErrorKind> {
    let text = "x".repeat(bytes);
    kind(world.try_put(&owner(), put(bucket, key), &text).await)
}

async fn keys(world: &World) -> Vec<String> {
    let rows = world.rows(Table::Heads).await;
    let name = |key: &[u8]| String::from_utf8_lossy(&key[8..]).into_owned();
    rows.iter().map(|(key, _)| name(key)).collect()
}

async fn listed(world: &World, bucket: &BucketName, req: ListObjectSets) -> (Vec<String>, bool) {
    let page = world.engine.list_object_sets(&owner(), bucket, &req).await;
    let page = page.unwrap();
    let names = page.sets.iter().map(|(name, _)| name.to_string());
    (names.collect(), page.more)
}

fn all() -> ListObjectSets {
    ListObjectSets {
        prefix: "".into(),
        tags: Tags::new(),
        after: "".into(),
        limit: 10,
    }
}

#[test]
fn sets_are_made_found_listed_and_removed() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("sets").await;
        let none = world.engine.set_layout(&owner(), &bucket).await;
        assert_eq!(kind(none), Err(ErrorKind::NoSuchObjectSet));
        let early = change(&world, &bucket, "a", SetChange::Make(Tags::new())).await;
        assert_eq!(early, Err(ErrorKind::NoSuchObjectSet));
        divide(&world, &bucket, layout()).await.unwrap();
        make(&world, &bucket, "a", &[("team", "one"), ("env", "test")]).await;
        make(&world, &bucket, "b/", &[("team", "one")]).await;
        make(&world, &bucket, "ba", &[]).await;
        let (name, set) = world
            .engine
            .object_set(&owner(), &bucket, "a")
            .await
            .unwrap();
        assert_eq!((&*name, set.tags.len()), ("a/", 2));
        let tagged = |of| ListObjectSets {
            tags: tags(of),
            ..all()
        };
        let after = |name: &str, limit| ListObjectSets {
            after: name.into(),
            limit,
            ..all()
        };
        let begins = ListObjectSets {
            prefix: "b".into(),
            ..all()
        };
        let cases = [
            (all(), vec!["a/", "b/", "ba/"], false),
            (begins, vec!["b/", "ba/"], false),
            (tagged(&[("team", "one")]), vec!["a/", "b/"], false),
            (
                tagged(&[("team", "one"), ("env", "test")]),
                vec!["a/"],
                false,
            ),
            (tagged(&[("team", "two")]), vec![], false),
            (after("", 2), vec!["a/", "b/"], true),
            (after("b/", 2), vec!["ba/"], false),
            (after("", 3), vec!["a/", "b/", "ba/"], false),
        ];
        for (req, wanted, more) in cases {
            let told = format!("{req:?}");
            let found = listed(&world, &bucket, req).await;
            assert_eq!(
                (
                    found.0.iter().map(String::as_str).collect::<Vec<_>>(),
                    found.1
                ),
                (wanted, more),
                "{told}"
            );
        }
        change(&world, &bucket, "a", SetChange::Quota(7))
            .await
            .unwrap();
        change(&world, &bucket, "a", SetChange::Tags(Tags::new()))
            .await
            .unwrap();
        let (_, set) = world
            .engine
            .object_set(&owner(), &bucket, "a")
            .await
            .unwrap();
        assert_eq!((set.tags.len(), set.quota), (0, Some(7)));
        change(&world, &bucket, "a", SetChange::Remove)
            .await
            .unwrap();
        for again in [
            SetChange::Remove,
            SetChange::Quota(1),
            SetChange::Tags(Tags::new()),
        ] {
            let gone = change(&world, &bucket, "a", again).await;
            assert_eq!(gone, Err(ErrorKind::NoSuchObjectSet));
        }
        let gone = world.engine.object_set(&owner(), &bucket, "a").await;
        assert_eq!(kind(gone), Err(ErrorKind::NoSuchObjectSet));
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
        assert!(world.rows(Table::ObjectSets).await.is_empty());
    });
}

#[test]
fn what_makes_no_sense_is_refused_and_so_are_strangers() {
    run(async {
        let world = World::new();
        let bucket = divided(&world, layout()).await;
        let other = SetLayout {
            levels: 2,
            ..layout()
        };
        let state = Err(ErrorKind::InvalidBucketState);
        assert_eq!(divide(&world, &bucket, other.clone()).await, state);
        let wrong = SetLayout {
            levels: 0,
            ..layout()
        };
        let refused = Err(ErrorKind::InvalidArgument);
        assert_eq!(divide(&world, &bucket, wrong).await, refused);
        for name in ["", "a/b", "/"] {
            let made = change(&world, &bucket, name, SetChange::Make(Tags::new())).await;
            assert_eq!(made, refused, "{name:?}");
        }
        let none = SetQuotas::default();
        let put = world
            .engine
            .put_set_quotas(&owner(), &bucket, Some(&none))
            .await;
        assert_eq!(kind(put), refused);
        let stranger = account("other");
        let denied = Err(ErrorKind::Denied);
        let engine = &world.engine;
        let seen = engine.object_set(&stranger, &bucket, "a").await;
        assert_eq!(kind(seen), denied);
        let made = engine
            .change_object_set(&stranger, &bucket, "a", SetChange::Remove)
            .await;
        assert_eq!(kind(made), denied);
        let put = engine.put_set_quotas(&stranger, &bucket, None).await;
        assert_eq!(kind(put), denied);
        for name in ["a", "b"] {
            change(&world, &bucket, name, SetChange::Remove)
                .await
                .unwrap();
        }
        divide(&world, &bucket, other).await.unwrap();
        make(&world, &bucket, "a/b", &[]).await;
    });
}

#[test]
fn there_are_so_many_sets() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("sets").await;
        divide(&world, &bucket, layout()).await.unwrap();
        for n in 0..limits::OBJECT_SETS_MAX {
            make(&world, &bucket, &n.to_string(), &[]).await;
        }
        let more = change(&world, &bucket, "more", SetChange::Make(Tags::new())).await;
        assert_eq!(more, Err(ErrorKind::TooManyObjectSets));
        make(&world, &bucket, "0", &[]).await;
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
        assert!(world.rows(Table::ObjectSets).await.is_empty());
    });
}

#[test]
fn a_set_holds_no_more_than_its_quota() {
    run(async {
        let world = World::new();
        let bucket = divided(&world, layout()).await;
        store(&world, &bucket, "a/before", 30).await.unwrap();
        change(&world, &bucket, "a", SetChange::Quota(100))
            .await
            .unwrap();
        store(&world, &bucket, "a/1", 60).await.unwrap();
        let full = Err(ErrorKind::OverQuota);
        assert_eq!(store(&world, &bucket, "a/2", 11).await, full);
        store(&world, &bucket, "b/2", 1000).await.unwrap();
        store(&world, &bucket, "elsewhere", 1000).await.unwrap();
        store(&world, &bucket, "a/2", 10).await.unwrap();
        assert_eq!(store(&world, &bucket, "a/3", 1).await, full);
        let stat = world.engine.object_set_stat(&owner(), &bucket, "a").await;
        assert_eq!(stat.unwrap().bytes(), 100);
        world
            .delete(&bucket, "a/1", VersionChoice::Current)
            .await
            .unwrap();
        store(&world, &bucket, "a/3", 60).await.unwrap();
        assert_eq!(store(&world, &bucket, "a/4", 1).await, full);
        change(&world, &bucket, "a", SetChange::Quota(0))
            .await
            .unwrap();
        store(&world, &bucket, "a/4", 1000).await.unwrap();
        change(&world, &bucket, "a", SetChange::Quota(100))
            .await
            .unwrap();
        assert_eq!(
            store(&world, &bucket, "a/5", 1).await,
            full,
            "it holds too much"
        );
        change(&world, &bucket, "a", SetChange::Remove)
            .await
            .unwrap();
        store(&world, &bucket, "a/5", 1).await.unwrap();
    });
}

#[test]
fn parts_and_renamed_objects_count() {
    run(async {
        let world = World::new();
        let bucket = divided(&world, layout()).await;
        change(&world, &bucket, "a", SetChange::Quota(100))
            .await
            .unwrap();
        let upload = world.begin_upload(&bucket, "a/parts").await;
        let part = |number, bytes: usize| {
            let req = PutPart {
                target: upload.clone(),
                number,
                digests: ExpectedDigests::default(),
            };
            let text = vec![b'x'; bytes];
            let world = &world;
            async move { kind(world.engine.put_part(&owner(), req, body(&text)).await) }
        };
        part(1, 60).await.unwrap();
        let full = Err(ErrorKind::OverQuota);
        assert_eq!(part(2, 41).await, full);
        assert_eq!(store(&world, &bucket, "a/x", 41).await, full);
        let renames = BucketChange::Renames(true);
        world
            .engine
            .change_bucket(&owner(), &bucket, renames)
            .await
            .unwrap();
        store(&world, &bucket, "b/x", 41).await.unwrap();
        store(&world, &bucket, "b/y", 40).await.unwrap();
        let rename = async |from: &str, to: &str| {
            let req = RenameObject {
                bucket: bucket.clone(),
                from: ObjectKey::new(from).unwrap(),
                to: ObjectKey::new(to).unwrap(),
                conditions: Conditions::default(),
                makes_parents: false,
            };
            kind(world.engine.rename_object(&owner(), req).await)
        };
        assert_eq!(rename("b/x", "a/x").await, full);
        rename("b/y", "a/y").await.unwrap();
        rename("a/y", "a/z").await.unwrap();
        assert_eq!(store(&world, &bucket, "a/x", 1).await, full);
        rename("a/z", "b/z").await.unwrap();
        store(&world, &bucket, "a/x", 40).await.unwrap();
    });
}

#[test]
fn a_body_of_unknown_length_is_measured() {
    run(async {
        let world = World::new();
        let bucket = divided(&world, layout()).await;
        change(&world, &bucket, "a", SetChange::Quota(100))
            .await
            .unwrap();
        for (bytes, wanted) in [(101, Err(ErrorKind::OverQuota)), (100, Ok(()))] {
            let unknown = Body {
                len: None,
                ..body(&vec![b'x'; bytes])
            };
            let (engine, by) = (&world.engine, owner());
            let stored = engine.put_object(&by, put(&bucket, "a/k"), unknown).await;
            assert_eq!(kind(stored), wanted, "{bytes}");
        }
    });
}

#[test]
fn bounds_by_tag_and_of_the_bucket() {
    run(async {
        let world = World::new();
        let general = SetLayout {
            quota: Some(50),
            ..layout()
        };
        let bucket = divided(&world, general.clone()).await;
        let full = Err(ErrorKind::OverQuota);
        assert_eq!(store(&world, &bucket, "a/k", 51).await, full);
        assert_eq!(store(&world, &bucket, "b/k", 51).await, full);
        store(&world, &bucket, "none/k", 51).await.unwrap();
        let quotas = SetQuotas {
            rules: vec![SetQuotaRule {
                tag: ("team".into(), "one".into()),
                quota: Some(100),
                rates: SetRates::default(),
            }],
        };
        let engine = &world.engine;
        engine
            .put_set_quotas(&owner(), &bucket, Some(&quotas))
            .await
            .unwrap();
        store(&world, &bucket, "a/k", 100).await.unwrap();
        assert_eq!(store(&world, &bucket, "a/l", 1).await, full);
        assert_eq!(store(&world, &bucket, "b/k", 51).await, full);
        let tagged = SetChange::Tags(tags(&[("team", "one")]));
        change(&world, &bucket, "b", tagged).await.unwrap();
        store(&world, &bucket, "b/k", 51).await.unwrap();
        engine
            .put_set_quotas(&owner(), &bucket, None)
            .await
            .unwrap();
        assert_eq!(store(&world, &bucket, "b/l", 1).await, full);
        let rest = SetLayout {
            rest: true,
            ..general
        };
        divide(&world, &bucket, rest).await.unwrap();
        assert_eq!(
            store(&world, &bucket, "none/l", 1).await,
            full,
            "51 are there"
        );
        world
            .delete(&bucket, "none/k", VersionChoice::Current)
            .await
            .unwrap();
        store(&world, &bucket, "none/l", 50).await.unwrap();
        assert_eq!(store(&world, &bucket, "k", 1).await, full);
        make(&world, &bucket, "none", &[]).await;
        store(&world, &bucket, "k", 50).await.unwrap();
    });
}

#[test]
fn requests_and_bytes_come_at_their_rates() {
    run(async {
        let world = World::new();
        let rates = SetRates {
            reads: Some(2),
            writes: Some(3),
            lists: Some(1),
            read_bytes: Some(10),
            written_bytes: None,
        };
        let bucket = divided(&world, SetLayout { rates, ..layout() }).await;
        let often = Err(ErrorKind::TooManyRequests);
        for n in 0..3 {
            store(&world, &bucket, &format!("a/{n}"), 15).await.unwrap();
        }
        assert_eq!(store(&world, &bucket, "a/3", 15).await, often);
        let deleted = world.delete(&bucket, "a/0", VersionChoice::Current).await;
        assert_eq!(deleted.map(drop), often);
        let key = |name: &str| (ObjectKey::new(name).unwrap(), VersionChoice::Current);
        let many = vec![key("a/0"), key("b/0"), key("a/1")];
        let (engine, how) = (&world.engine, Deletion::default());
        let many = engine.delete_objects(&owner(), &bucket, many, how).await;
        let many: Vec<_> = many.unwrap().into_iter().map(kind).collect();
        assert_eq!(many, [often, Ok(()), often]);
        store(&world, &bucket, "none/k", 15).await.unwrap();
        let read = async |key: &str| {
            let got = world.get(&bucket, key, VersionChoice::Current).await;
            got.map(|bytes| bytes.len())
        };
        assert_eq!(read("a/1").await, Ok(15));
        let owed = Err(ErrorKind::TooManyBytes);
        assert_eq!(
            read("a/1").await,
            owed,
            "a second may be used ahead, not more"
        );
        let head = async |key: &str| {
            let req = GetObject {
                target: target(&bucket, key, VersionChoice::Current),
                range: None,
                conditions: Conditions::default(),
            };
            kind(world.engine.head_object(&owner(), req).await)
        };
        assert_eq!(head("a/1").await, Ok(()));
        assert_eq!(head("a/1").await, often);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(read("a/1").await, Ok(15));
        assert_eq!(read("a/1").await, owed);
        assert_eq!(read("none/k").await, Ok(15));
        let list = async |prefix: &str| {
            let req = ListObjects {
                bucket: bucket.clone(),
                prefix: prefix.into(),
                delimiter: String::new(),
                after: String::new(),
                limit: 10,
                reverse: false,
            };
            kind(world.engine.list_objects(&owner(), req).await)
        };
        assert_eq!(list("a/").await, Ok(()));
        assert_eq!(list("a/x").await, often);
        assert_eq!(list("b/").await, Ok(()));
        assert_eq!(list("").await, Ok(()));
        assert_eq!(list("").await, Ok(()));
    });
}

fn expire(prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: "rule".into(),
        enabled: true,
        filter: LifecycleFilter {
            prefix: prefix.into(),
            ..LifecycleFilter::default()
        },
        expire: Some(Due::Days(1)),
        ..LifecycleRule::default()
    }
}

fn rules(prefix: &str) -> SetChange {
    SetChange::Rules {
        rules: vec![expire(prefix)],
        may_overlap: false,
    }
}

async fn days_later(world: &World) {
    world.clock.advance(3 * DAY);
    work::run_due_once(&world.engine).await.unwrap();
}

#[test]
fn lifecycle_rules_of_a_set_are_about_its_objects() {
    run(async {
        let world = World::new();
        let bucket = divided(&world, layout()).await;
        for key in ["a/log/1", "a/x", "b/log/1", "log/1", "b/whole/1"] {
            store(&world, &bucket, key, 1).await.unwrap();
        }
        change(&world, &bucket, "a", rules("log/")).await.unwrap();
        change(&world, &bucket, "b", rules("b/whole/"))
            .await
            .unwrap();
        let req = GetObject {
            target: target(&bucket, "a/log/1", VersionChoice::Current),
            range: None,
            conditions: Conditions::default(),
        };
        let told = world.engine.head_object(&owner(), req).await.unwrap();
        assert_eq!(told.expires.map(|expiry| expiry.rule), Some("rule".into()));
        days_later(&world).await;
        assert_eq!(keys(&world).await, ["a/x", "b/log/1", "log/1"]);
        let none = SetChange::Rules {
            rules: Vec::new(),
            may_overlap: false,
        };
        change(&world, &bucket, "a", none).await.unwrap();
        store(&world, &bucket, "a/log/1", 1).await.unwrap();
        days_later(&world).await;
        assert_eq!(keys(&world).await.len(), 4, "removed rules do nothing");
        change(&world, &bucket, "a", rules("")).await.unwrap();
        change(&world, &bucket, "a", SetChange::Remove)
            .await
            .unwrap();
        days_later(&world).await;
        assert_eq!(keys(&world).await.len(), 4, "nor do those of a removed set");
    });
}

#[test]
fn lifecycle_rules_by_tag_follow_the_tags() {
    run(async {
        let world = World::new();
        let bucket = divided(&world, layout()).await;
        for key in ["a/1", "b/1", "1"] {
            store(&world, &bucket, key, 1).await.unwrap();
        }
        let by_tag = SetLifecycles {
            tags: vec![SetLifecycleRule {
                tag: ("team".into(), "one".into()),
                rules: vec![expire("")],
            }],
            may_overlap: false,
        };
        let engine = &world.engine;
        engine
            .put_set_lifecycles(&owner(), &bucket, &by_tag)
            .await
            .unwrap();
        days_later(&world).await;
        assert_eq!(keys(&world).await, ["1", "b/1"]);
        let tagged = SetChange::Tags(tags(&[("team", "one")]));
        change(&world, &bucket, "b", tagged).await.unwrap();
        days_later(&world).await;
        assert_eq!(keys(&world).await, ["1"]);
        let of_bucket = Lifecycle {
            rules: vec![expire("1")],
            may_overlap: false,
        };
        engine
            .put_bucket_doc(&owner(), &bucket, &of_bucket)
            .await
            .unwrap();
        store(&world, &bucket, "a/2", 1).await.unwrap();
        days_later(&world).await;
        assert!(
            keys(&world).await.is_empty(),
            "the bucket's own rules go on too"
        );
        engine
            .delete_bucket_doc::<Lifecycle>(&owner(), &bucket)
            .await
            .unwrap();
        for key in ["a/3", "1"] {
            store(&world, &bucket, key, 1).await.unwrap();
        }
        days_later(&world).await;
        assert_eq!(keys(&world).await, ["1"], "those of sets stay in force");
        engine
            .delete_bucket_doc::<SetLifecycles>(&owner(), &bucket)
            .await
            .unwrap();
        store(&world, &bucket, "a/3", 1).await.unwrap();
        days_later(&world).await;
        assert_eq!(keys(&world).await, ["1", "a/3"]);
    });
}

#[test]
fn rules_of_a_set_count_reads_where_they_are_noted() {
    run(async {
        let world = World::new();
        let bucket = divided(&world, layout()).await;
        let unread = LifecycleRule {
            expire: None,
            unread: vec![UnreadMove {
                days: 5,
                class: StorageClass::Infrequent,
                comes_back: true,
                small: true,
            }],
            ..expire("")
        };
        let of_set = SetChange::Rules {
            rules: vec![unread.clone()],
            may_overlap: false,
        };
        let by_tag = SetLifecycles {
            tags: vec![SetLifecycleRule {
                tag: ("team".into(), "one".into()),
                rules: vec![unread],
            }],
            may_overlap: false,
        };
        let engine = &world.engine;
        let monitor = async |on| {
            let change = BucketChange::AccessMonitor(on);
            kind(engine.change_bucket(&owner(), &bucket, change).await)
        };
        let early = change(&world, &bucket, "a", of_set.clone()).await;
        assert_eq!(early, Err(ErrorKind::ReadsNotNoted));
        let early = engine.put_set_lifecycles(&owner(), &bucket, &by_tag).await;
        assert_eq!(kind(early), Err(ErrorKind::ReadsNotNoted));
        monitor(true).await.unwrap();
        change(&world, &bucket, "a", of_set).await.unwrap();
        assert_eq!(monitor(false).await, Err(ErrorKind::ReadsNeeded));
        store(&world, &bucket, "a/1", 1).await.unwrap();
        days_later(&world).await;
        days_later(&world).await;
        let class = async || {
            let req = GetObject {
                target: target(&bucket, "a/1", VersionChoice::Current),
                range: None,
                conditions: Conditions::default(),
            };
            let told = engine.head_object(&owner(), req).await.unwrap();
            told.record.class
        };
        assert_eq!(class().await, StorageClass::Infrequent);
        world
            .get(&bucket, "a/1", VersionChoice::Current)
            .await
            .unwrap();
        days_later(&world).await;
        assert_eq!(class().await, StorageClass::Standard, "it was read");
    });
}

/// Whoever writes has read the settings of the bucket before, and may not know the quota of the set.
#[test]
fn what_is_written_while_a_quota_is_set_counts() {
    run(async {
        for first in [true, false] {
            let world = World::new();
            let bucket = divided(&world, layout()).await;
            let quota = change(&world, &bucket, "a", SetChange::Quota(100));
            let write = store(&world, &bucket, "a/1", 60);
            if first {
                let (set, written) = join(quota, write).await;
                set.unwrap();
                written.unwrap();
            } else {
                let (written, set) = join(write, quota).await;
                set.unwrap();
                written.unwrap();
            }
            let more = store(&world, &bucket, "a/2", 41).await;
            assert_eq!(more, Err(ErrorKind::OverQuota), "{first}");
            store(&world, &bucket, "a/2", 40).await.unwrap();
        }
    });
}
