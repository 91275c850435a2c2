//! Settings of buckets that bound or name them: quotas, and domains of their own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use bytes::Bytes;
use cohong_core::engine::{
    Body, BucketChange, CompleteUpload, Conditions, CopyObject, CopySource, ExpectedDigests,
    PutPart, UploadTarget, VersionChoice,
};
use cohong_core::model::{BucketDomain, BucketName, DialectId, ObjectKey, Versioning};
use cohong_core::ports::Table;
use cohong_core::records::{CurrentRecord, decode};
use cohong_core::{Error, ErrorKind, limits};
use common::{World, account, body, owner, put, run, target};

async fn change(world: &World, bucket: &BucketName, change: BucketChange) -> Result<(), ErrorKind> {
    let changed = world.engine.change_bucket(&owner(), bucket, change).await;
    changed.map(drop).map_err(|error| error.kind())
}

async fn bounded(world: &World, quota: u64) -> BucketName {
    let bucket = world.bucket("bounded").await;
    change(world, &bucket, BucketChange::Quota(Some(quota)))
        .await
        .unwrap();
    bucket
}

async fn fits(world: &World, bucket: &BucketName, key: &str, bytes: usize) -> bool {
    let text = "x".repeat(bytes);
    is_fine(world.try_put(&owner(), put(bucket, key), &text).await)
}

/// Whether something was done; it may be refused for one reason only.
fn is_fine<T>(done: Result<T, Error>) -> bool {
    match done {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::OverQuota, "{error}");
            false
        }
    }
}

#[test]
fn a_bucket_holds_no_more_than_its_quota() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        assert!(fits(&world, &bucket, "a", 60).await);
        assert!(!fits(&world, &bucket, "b", 41).await);
        assert!(fits(&world, &bucket, "b", 40).await);
        assert!(!fits(&world, &bucket, "c", 1).await);
        assert!(fits(&world, &bucket, "empty", 0).await);
        world
            .delete(&bucket, "a", VersionChoice::Current)
            .await
            .unwrap();
        assert!(fits(&world, &bucket, "c", 60).await, "there is room again");
        change(&world, &bucket, BucketChange::Quota(None))
            .await
            .unwrap();
        assert!(
            fits(&world, &bucket, "d", 1000).await,
            "the bound is lifted"
        );
        change(&world, &bucket, BucketChange::Quota(Some(100)))
            .await
            .unwrap();
        assert!(
            !fits(&world, &bucket, "e", 1).await,
            "it holds too much already"
        );
        let other = world.bucket("unbounded").await;
        assert!(fits(&world, &other, "a", 1000).await);
    });
}

#[test]
fn a_body_of_unknown_length_is_measured() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        for (bytes, there_is_room) in [(101, false), (100, true)] {
            let unknown = Body {
                len: None,
                ..body(&vec![b'x'; bytes])
            };
            let req = put(&bucket, "a");
            let done = world.engine.put_object(&owner(), req, unknown).await;
            assert_eq!(is_fine(done), there_is_room, "{bytes}");
        }
    });
}

#[test]
fn what_is_over_the_quota_is_refused_before_the_body_is_read() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        let never = futures_util::stream::once(async {
            panic!("the body was read");
            #[expect(unreachable_code, reason = "gives the stream its type")]
            Ok(Bytes::new())
        });
        let body = Body {
            len: Some(101),
            stream: Box::pin(never),
        };
        let req = put(&bucket, "a");
        assert!(!is_fine(world.engine.put_object(&owner(), req, body).await));
    });
}

#[test]
fn versions_and_parts_count() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        world.versioning(&bucket, Versioning::Enabled).await;
        assert!(fits(&world, &bucket, "a", 30).await);
        assert!(fits(&world, &bucket, "a", 30).await);
        world
            .delete(&bucket, "a", VersionChoice::Current)
            .await
            .unwrap();
        assert!(
            !fits(&world, &bucket, "b", 41).await,
            "older versions are there"
        );
        let target = world.begin_upload(&bucket, "k").await;
        let part = |number, bytes| put_part(&world, &target, number, bytes);
        assert!(part(1, 30).await);
        assert!(!part(2, 11).await);
        assert!(part(2, 10).await);
        assert!(!fits(&world, &bucket, "b", 1).await);
        let req = complete(&target);
        let done = world.engine.complete_upload(&owner(), req).await;
        assert!(is_fine(done), "its parts were counted before");
        assert!(!fits(&world, &bucket, "b", 1).await);
    });
}

async fn put_part(world: &World, target: &UploadTarget, number: u32, bytes: usize) -> bool {
    let req = PutPart {
        target: target.clone(),
        number,
        digests: ExpectedDigests::default(),
    };
    let body = body(&vec![b'x'; bytes]);
    is_fine(world.engine.put_part(&owner(), req, body).await)
}

#[test]
fn an_empty_part_in_the_place_of_another_makes_room() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        let upload = world.begin_upload(&bucket, "k").await;
        assert!(put_part(&world, &upload, 1, 60).await);
        assert!(!fits(&world, &bucket, "a", 41).await);
        assert!(put_part(&world, &upload, 1, 0).await);
        assert!(fits(&world, &bucket, "a", 100).await);
    });
}

fn complete(target: &UploadTarget) -> CompleteUpload {
    CompleteUpload {
        target: target.clone(),
        parts: None,
        part_bytes_min: 0,
        acl: None,
        conditions: Conditions::default(),
        callback: None,
        checksum: None,
        size: None,
    }
}

#[test]
fn copies_count_where_they_go() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        let source = world.bucket("source").await;
        world.put(&source, "a", &"x".repeat(60)).await;
        let copy = |to: &'static str| {
            let req = CopyObject {
                bucket: bucket.clone(),
                key: ObjectKey::new(to).unwrap(),
                source: CopySource {
                    object: target(&source, "a", VersionChoice::Current),
                    conditions: Conditions::default(),
                },
                replace: None,
                class: None,
                acl: None,
                tags: None,
                conditions: Conditions::default(),
                checksum: None,
                expires_days: None,
                lock: cohong_core::model::Lock::default(),
            };
            async { is_fine(world.engine.copy_object(&owner(), req).await) }
        };
        assert!(copy("a").await);
        assert!(!copy("b").await);
    });
}

#[test]
fn a_quota_holds_after_a_start() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        assert!(fits(&world, &bucket, "a", 60).await);
        let again = cohong_core::engine::Engine::new(world.engine.ports().clone());
        for (bytes, there_is_room) in [(41, false), (40, true)] {
            let (req, body) = (put(&bucket, "b"), body(&vec![b'x'; bytes]));
            let done = again.put_object(&owner(), req, body).await;
            assert_eq!(is_fine(done), there_is_room, "{bytes}");
        }
    });
}

#[test]
fn writers_at_once_do_not_get_past_a_quota() {
    run(async {
        let world = World::new();
        let bucket = bounded(&world, 100).await;
        let keys: Vec<String> = (0..20).map(|n| format!("k{n}")).collect();
        let puts = keys.iter().map(|key| fits(&world, &bucket, key, 9));
        let done = futures_util::future::join_all(puts).await;
        assert_eq!(done.into_iter().filter(|done| *done).count(), 11);
        let stat = world.engine.bucket_stat(&owner(), &bucket).await.unwrap();
        let held: u64 = stat.classes.values().map(|usage| usage.bytes).sum();
        assert_eq!(held, 99);
    });
}

/// More than any of these requests gives way.
const TURNS: u32 = 40;

/// Begins when others have had so many turns.
async fn later<T>(turns: u32, what: impl Future<Output = T>) -> T {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    what.await
}

/// Whoever writes has read the settings of the bucket before, and may not know the quota.
#[test]
fn what_is_written_while_a_quota_is_set_counts() {
    run(async {
        for turns in 0..TURNS {
            let world = World::new();
            let bucket = world.bucket("bounded").await;
            let target = world.begin_upload(&bucket, "k").await;
            let quota = || change(&world, &bucket, BucketChange::Quota(Some(100)));
            let put = later(turns, fits(&world, &bucket, "a", 30));
            let part = later(turns, put_part(&world, &target, 1, 30));
            let set = later(TURNS / 2, quota());
            let (put, part, set) = tokio::join!(put, part, set);
            assert!(put && part, "there is room for both");
            set.unwrap();
            assert!(!fits(&world, &bucket, "b", 41).await, "after {turns}");
            assert!(fits(&world, &bucket, "b", 40).await, "after {turns}");
        }
    });
}

/// A count reads one place after the other.
#[test]
fn what_changes_its_place_while_it_is_counted_counts() {
    run(async {
        for turns in 0..TURNS {
            let world = World::new();
            let bucket = world.bucket("bounded").await;
            world.versioning(&bucket, Versioning::Enabled).await;
            let target = world.begin_upload(&bucket, "k").await;
            assert!(put_part(&world, &target, 1, 40).await);
            assert!(fits(&world, &bucket, "a", 40).await);
            world
                .delete(&bucket, "a", VersionChoice::Current)
                .await
                .unwrap();
            let versions = world.rows(Table::Graves).await;
            assert_eq!(versions.len(), 1, "a marker is current");
            let marker: CurrentRecord = decode(&versions[0].1.bytes).unwrap();
            let marker = VersionChoice::Id(marker.version.id);
            let quota = BucketChange::Quota(Some(100));
            change(&world, &bucket, quota).await.unwrap();
            let by = owner();
            let back = later(turns, world.delete(&bucket, "a", marker));
            let done = later(turns, world.engine.complete_upload(&by, complete(&target)));
            let over = later(TURNS / 2, fits(&world, &bucket, "b", 21));
            let (back, done, over) = tokio::join!(back, done, over);
            back.unwrap();
            done.unwrap();
            assert!(!over, "after {turns}");
            assert!(fits(&world, &bucket, "b", 20).await, "after {turns}");
        }
    });
}

fn domain(name: &str, dialect: DialectId) -> BucketDomain {
    BucketDomain {
        name: name.into(),
        dialect,
    }
}

#[test]
fn a_domain_stands_for_one_bucket() {
    run(async {
        let world = World::new();
        let (one, other) = (world.bucket("one").await, world.bucket("other").await);
        let engine = &world.engine;
        let found = |name: &'static str| async { engine.bucket_of_domain(name).await.unwrap() };
        let add = |dialect| BucketChange::AddDomain(domain("files.example.com", dialect));
        assert_eq!(found("files.example.com").await, None);
        change(&world, &one, add(DialectId::Tos)).await.unwrap();
        assert_eq!(
            found("files.example.com").await,
            Some((one.clone(), DialectId::Tos))
        );
        let taken = change(&world, &other, add(DialectId::Tos)).await;
        assert_eq!(taken, Err(ErrorKind::DomainTaken));
        change(&world, &one, add(DialectId::S3)).await.unwrap();
        assert_eq!(
            found("files.example.com").await,
            Some((one.clone(), DialectId::S3)),
            "it has another tongue now"
        );
        let stranger = engine
            .change_bucket(&account("stranger"), &other, add(DialectId::Tos))
            .await;
        assert_eq!(stranger.unwrap_err().kind(), ErrorKind::Denied);
        let remove = || BucketChange::RemoveDomain("files.example.com".into());
        change(&world, &other, remove()).await.unwrap();
        assert!(found("files.example.com").await.is_some(), "it is not its");
        change(&world, &one, remove()).await.unwrap();
        assert_eq!(found("files.example.com").await, None);
        change(&world, &other, add(DialectId::Tos)).await.unwrap();
    });
}

#[test]
fn a_bucket_takes_its_domains_along() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("gone").await;
        let before = world.rows(Table::Server).await.len();
        let add = BucketChange::AddDomain(domain("files.example.com", DialectId::Tos));
        change(&world, &bucket, add).await.unwrap();
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
        assert_eq!(world.rows(Table::Server).await.len(), before);
    });
}

#[test]
fn domains_are_bounded_and_are_names() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("many").await;
        let add = |name: String| BucketChange::AddDomain(domain(&name, DialectId::Tos));
        for n in 0..limits::BUCKET_DOMAINS_MAX {
            let name = format!("d{n}.example.com");
            change(&world, &bucket, add(name)).await.unwrap();
        }
        for name in ["one-more.example.com", "example", "Files.example.com"] {
            let refused = change(&world, &bucket, add(name.into())).await;
            assert_eq!(refused, Err(ErrorKind::InvalidArgument), "{name}");
        }
        let again = change(&world, &bucket, add("d0.example.com".into())).await;
        assert_eq!(again, Ok(()), "it is one of them already");
    });
}
