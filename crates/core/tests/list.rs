//! Listings through the engine: what each shows, who may see it, and what it costs.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use cohong_core::ErrorKind;
use cohong_core::engine::{
    BucketChange, Engine, ListObjects, ListParts, ListUploads, ListVersions, Listing, ListingEntry,
    Ports, PutPart, UploadTarget, VersionChoice,
};
use cohong_core::model::{
    Acl, BlobId, BucketName, Grant, Grantee, ObjectKey, Permission, UploadId, VersionTag,
    Versioning,
};
use cohong_core::ports::{
    CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    StoreError, Tail, Txn,
};
use common::{World, anonymous, body, owner, run};
use proptest::prelude::*;

fn objects(bucket: &BucketName) -> ListObjects {
    ListObjects {
        bucket: bucket.clone(),
        prefix: String::new(),
        delimiter: String::new(),
        after: String::new(),
        reverse: false,
        limit: 1000,
    }
}

fn versions(bucket: &BucketName) -> ListVersions {
    ListVersions {
        bucket: bucket.clone(),
        prefix: String::new(),
        delimiter: String::new(),
        key_marker: String::new(),
        version_marker: None,
        limit: 1000,
    }
}

fn uploads(bucket: &BucketName) -> ListUploads {
    ListUploads {
        bucket: bucket.clone(),
        prefix: String::new(),
        delimiter: String::new(),
        key_marker: String::new(),
        upload_marker: None,
        limit: 1000,
    }
}

fn names(listing: &Listing) -> Vec<String> {
    let name = |entry: &ListingEntry| match entry {
        ListingEntry::Object(object) => object.key.to_string(),
        ListingEntry::Prefix(prefix) => format!("{prefix}*"),
    };
    listing.entries.iter().map(name).collect()
}

async fn switch(world: &World, bucket: &BucketName, versioning: Versioning) {
    let change = BucketChange::Versioning(versioning);
    world
        .engine
        .change_bucket(&owner(), bucket, change)
        .await
        .unwrap();
}

#[test]
fn objects_are_listed_with_what_is_known_of_them() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let stored = world.put(&bucket, "b/1", "hello").await.stored;
        for key in ["a", "b/2", "é", "中"] {
            world.put(&bucket, key, "x").await;
        }
        world.put(&bucket, "gone", "x").await;
        world
            .delete(&bucket, "gone", VersionChoice::Current)
            .await
            .unwrap();

        let all = world
            .engine
            .list_objects(&owner(), objects(&bucket))
            .await
            .unwrap();
        assert_eq!(names(&all), ["a", "b/1", "b/2", "é", "中"]);
        assert_eq!(all.next, None);
        let ListingEntry::Object(b1) = &all.entries[1] else {
            panic!("an object")
        };
        assert_eq!(
            (&b1.etag, b1.crc64, b1.size),
            (&stored.etag, stored.crc64, 5)
        );
        assert_eq!((b1.written_at, &*b1.owner.0), (stored.written_at, "owner"));

        let req = ListObjects {
            delimiter: "/".into(),
            limit: 2,
            ..objects(&bucket)
        };
        let page = world
            .engine
            .list_objects(&owner(), req.clone())
            .await
            .unwrap();
        assert_eq!(
            (names(&page), page.next.as_deref()),
            (vec!["a".into(), "b/*".into()], Some("b/"))
        );
        let req = ListObjects {
            after: page.next.unwrap(),
            ..req
        };
        let page = world.engine.list_objects(&owner(), req).await.unwrap();
        assert_eq!(
            (names(&page), page.next),
            (vec!["é".into(), "中".into()], None)
        );

        let req = ListObjects {
            prefix: "b/".into(),
            reverse: true,
            ..objects(&bucket)
        };
        let page = world.engine.list_objects(&owner(), req).await.unwrap();
        assert_eq!(names(&page), ["b/2", "b/1"]);

        let req = ListObjects {
            limit: 0,
            ..objects(&bucket)
        };
        let page = world.engine.list_objects(&owner(), req).await.unwrap();
        assert_eq!((names(&page), page.next), (vec![], None));
    });
}

#[test]
fn a_bucket_shows_nothing_of_its_neighbours() {
    run(async {
        let world = World::new();
        let (one, two) = (world.bucket("one").await, world.bucket("two").await);
        switch(&world, &two, Versioning::Enabled).await;
        for key in ["k", "k"] {
            world.put(&two, key, "x").await;
        }
        for reverse in [false, true] {
            let req = ListObjects {
                reverse,
                ..objects(&one)
            };
            let page = world.engine.list_objects(&owner(), req).await.unwrap();
            assert!(page.entries.is_empty());
        }
        let page = world
            .engine
            .list_versions(&owner(), versions(&one))
            .await
            .unwrap();
        assert!(page.versions.is_empty());
    });
}

#[test]
fn only_who_may_read_the_bucket_lists_it() {
    run(async {
        let world = World::new();
        let closed = world.bucket("closed").await;
        let grants = vec![Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Read,
        }];
        let open = world.bucket_with("open", Acl { grants }).await;
        let absent = BucketName::new("absent").unwrap();
        for (bucket, expected) in [
            (&closed, Some(ErrorKind::Denied)),
            (&open, None),
            (&absent, Some(ErrorKind::NoSuchBucket)),
        ] {
            let cx = anonymous();
            let outcomes = [
                world.engine.list_objects(&cx, objects(bucket)).await.err(),
                world
                    .engine
                    .list_versions(&cx, versions(bucket))
                    .await
                    .err(),
                world.engine.list_uploads(&cx, uploads(bucket)).await.err(),
            ];
            for outcome in outcomes {
                assert_eq!(outcome.map(|error| error.kind()), expected, "{bucket}");
            }
        }
    });
}

type Line = (String, VersionTag, bool, bool);

/// All pages of `limit` entries one after the other: key, version, latest, marker.
async fn version_lines(world: &World, bucket: &BucketName, limit: usize) -> Vec<Line> {
    let mut req = ListVersions {
        limit,
        ..versions(bucket)
    };
    let mut all = Vec::new();
    loop {
        let page = world
            .engine
            .list_versions(&owner(), req.clone())
            .await
            .unwrap();
        assert!(page.versions.len() == limit || page.next.is_none());
        all.extend(page.versions.into_iter().map(|v| {
            (
                v.key.to_string(),
                v.version,
                v.is_latest,
                v.object.is_none(),
            )
        }));
        let Some((key, version)) = page.next else {
            return all;
        };
        (req.key_marker, req.version_marker) = (key, version);
    }
}

#[test]
fn versions_come_newest_first_with_markers_and_null_versions() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        world.put(&bucket, "a", "null").await;
        assert_eq!(
            version_lines(&world, &bucket, 10).await,
            [("a".into(), VersionTag::Unversioned, true, false)]
        );
        switch(&world, &bucket, Versioning::Enabled).await;
        let one = world.put(&bucket, "a", "1").await.stored.version;
        let marker = world
            .delete(&bucket, "a", VersionChoice::Current)
            .await
            .unwrap()
            .version
            .unwrap();
        let b = world.put(&bucket, "a!", "1").await.stored.version;
        let expected: Vec<Line> = vec![
            ("a".into(), marker, true, true),
            ("a".into(), one, false, false),
            ("a".into(), VersionTag::Null, false, false),
            ("a!".into(), b, true, false),
        ];
        for limit in 1..=5 {
            assert_eq!(
                version_lines(&world, &bucket, limit).await,
                expected,
                "pages of {limit}"
            );
        }
        let req = ListVersions {
            delimiter: "!".into(),
            limit: 4,
            ..versions(&bucket)
        };
        let page = world.engine.list_versions(&owner(), req).await.unwrap();
        assert_eq!(
            (page.versions.len(), page.prefixes, page.next),
            (3, vec!["a!".into()], None)
        );
    });
}

#[test]
fn removing_what_each_page_shows_leaves_nothing() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        for key in ["a", "b"] {
            world.put(&bucket, key, "null").await;
        }
        switch(&world, &bucket, Versioning::Enabled).await;
        for key in ["a", "b", "a", "b"] {
            world.put(&bucket, key, "x").await;
        }
        let mut req = ListVersions {
            limit: 2,
            ..versions(&bucket)
        };
        loop {
            let page = world
                .engine
                .list_versions(&owner(), req.clone())
                .await
                .unwrap();
            for version in &page.versions {
                let choice = match version.version {
                    VersionTag::Id(id) => VersionChoice::Id(id),
                    VersionTag::Null | VersionTag::Unversioned => VersionChoice::Null,
                };
                world
                    .delete(&bucket, version.key.as_str(), choice)
                    .await
                    .unwrap();
            }
            let Some((key, version)) = page.next else {
                break;
            };
            (req.key_marker, req.version_marker) = (key, version);
        }
        assert_eq!(version_lines(&world, &bucket, 10).await, []);
    });
}

#[test]
fn a_marker_that_is_gone_or_newer_than_everything_repeats_rather_than_misses() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        switch(&world, &bucket, Versioning::Enabled).await;
        for key in ["a", "a", "b"] {
            world.put(&bucket, key, "x").await;
        }
        for (key, version, expected) in [
            ("a", Some(VersionTag::Null), 3),
            (
                "a",
                Some(VersionTag::Id(cohong_core::model::VersionId(u64::MAX))),
                3,
            ),
            (
                "a",
                Some(VersionTag::Id(cohong_core::model::VersionId(0))),
                1,
            ),
            ("a", None, 1),
            ("0", Some(VersionTag::Null), 3),
            ("", Some(VersionTag::Null), 3),
            ("b", Some(VersionTag::Unversioned), 0),
            ("a\0", None, 1),
            ("a\0", Some(VersionTag::Null), 1),
        ] {
            let req = ListVersions {
                key_marker: key.into(),
                version_marker: version,
                ..versions(&bucket)
            };
            let page = world.engine.list_versions(&owner(), req).await.unwrap();
            assert_eq!(page.versions.len(), expected, "{key:?} {version:?}");
        }
    });
}

#[test]
fn uploads_are_listed_by_key_then_by_age() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let mut expected = Vec::new();
        for key in ["a", "d/1", "b", "a", "d/2", "a"] {
            let target = world.begin_upload(&bucket, key).await;
            expected.push((key.to_owned(), target.upload));
        }
        let gone = world.begin_upload(&bucket, "a").await;
        world.engine.abort_upload(&owner(), &gone).await.unwrap();
        expected.sort();
        for limit in 1..=7 {
            let mut req = ListUploads {
                limit,
                ..uploads(&bucket)
            };
            let mut all: Vec<(String, UploadId)> = Vec::new();
            loop {
                let page = world
                    .engine
                    .list_uploads(&owner(), req.clone())
                    .await
                    .unwrap();
                all.extend(
                    page.uploads
                        .into_iter()
                        .map(|u| (u.key.to_string(), u.upload)),
                );
                let Some((key, upload)) = page.next else {
                    break;
                };
                (req.key_marker, req.upload_marker) = (key, upload);
            }
            assert_eq!(all, expected, "pages of {limit}");
        }
        let req = ListUploads {
            delimiter: "/".into(),
            key_marker: "a".into(),
            limit: 2,
            ..uploads(&bucket)
        };
        let page = world.engine.list_uploads(&owner(), req).await.unwrap();
        assert_eq!(
            (page.uploads.len(), page.prefixes, page.next),
            (1, vec!["d/".into()], None)
        );
    });
}

#[test]
fn parts_are_listed_by_number() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        let target = world.begin_upload(&bucket, "a").await;
        for number in [3, 1, 10_000, 2] {
            let req = PutPart {
                target: target.clone(),
                number,
                digests: <_>::default(),
            };
            world
                .engine
                .put_part(&owner(), req, body(b"part"))
                .await
                .unwrap();
        }
        let list = |after, limit| {
            let req = ListParts {
                target: target.clone(),
                after,
                limit,
            };
            let engine = Arc::clone(&world.engine);
            async move {
                let page = engine.list_parts(&owner(), req).await.unwrap();
                let numbers: Vec<u32> = page.parts.iter().map(|part| part.number).collect();
                (numbers, page.next)
            }
        };
        for (after, limit, numbers, next) in [
            (0, 1000, vec![1, 2, 3, 10_000], None),
            (0, 4, vec![1, 2, 3, 10_000], None),
            (0, 2, vec![1, 2], Some(2)),
            (2, 2, vec![3, 10_000], None),
            (10_000, 10, vec![], None),
            (70_000, 10, vec![], None),
            (0, 0, vec![], None),
        ] {
            assert_eq!(
                list(after, limit).await,
                (numbers, next),
                "after {after}, {limit}"
            );
        }
        let unknown = UploadTarget {
            key: ObjectKey::new("b").unwrap(),
            ..target.clone()
        };
        let req = ListParts {
            target: unknown,
            after: 0,
            limit: 10,
        };
        let refused = world.engine.list_parts(&owner(), req).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NoSuchUpload);
        let req = ListParts {
            target,
            after: 0,
            limit: 10,
        };
        let refused = world
            .engine
            .list_parts(&anonymous(), req)
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Denied);
    });
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Put,
    Delete,
    DeleteNull,
    Switch(Versioning),
}

fn op() -> impl Strategy<Value = (Op, &'static str)> {
    let op = prop_oneof![
        5 => Just(Op::Put),
        2 => Just(Op::Delete),
        1 => Just(Op::DeleteNull),
        1 => Just(Op::Switch(Versioning::Enabled)),
        1 => Just(Op::Switch(Versioning::Suspended)),
    ];
    (op, prop::sample::select(vec!["a", "a/", "a/b", "b", "中"]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn pages_of_any_size_make_up_the_same_listing(ops in prop::collection::vec(op(), 1..25)) {
        run(async {
            let world = World::new();
            let bucket = world.bucket("photos").await;
            for (op, key) in ops {
                match op {
                    Op::Put => drop(world.put(&bucket, key, "x").await),
                    Op::Delete => drop(world.delete(&bucket, key, VersionChoice::Current).await),
                    Op::DeleteNull => drop(world.delete(&bucket, key, VersionChoice::Null).await),
                    Op::Switch(versioning) => switch(&world, &bucket, versioning).await,
                }
            }
            let whole = version_lines(&world, &bucket, 1000).await;
            for limit in 1..5 {
                assert_eq!(version_lines(&world, &bucket, limit).await, whole, "pages of {limit}");
            }
            // What is current and no marker is what a plain listing shows.
            let listed = world.engine.list_objects(&owner(), objects(&bucket)).await.unwrap();
            let current: Vec<String> = whole
                .iter()
                .filter(|(_, _, latest, marker)| *latest && !marker)
                .map(|(key, ..)| key.clone())
                .collect();
            assert_eq!(names(&listed), current);
            // Each key has one latest version, and it comes first.
            for chunk in whole.chunk_by(|a, b| a.0 == b.0) {
                let latest: Vec<bool> = chunk.iter().map(|line| line.2).collect();
                assert!(latest[0] && !latest[1..].contains(&true), "{chunk:?}");
            }
        });
    }
}

/// Counts the rows that scans return.
#[derive(Debug)]
struct Counting {
    inner: Arc<dyn MetadataStore>,
    rows: AtomicUsize,
}

#[async_trait::async_trait]
impl MetadataStore for Counting {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.inner.get_many(at).await
    }

    async fn scan(
        &self,
        ranges: &[KeyRange],
        order: Order,
        limit: Limit,
    ) -> Result<Vec<Page>, StoreError> {
        let pages = self.inner.scan(ranges, order, limit).await?;
        let rows = pages.iter().map(|page| page.rows.len()).sum();
        self.rows.fetch_add(rows, SeqCst);
        Ok(pages)
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        self.inner.commit(txns).await
    }

    async fn payload(
        &self,
        id: BlobId,
        range: std::ops::Range<u64>,
    ) -> Result<bytes::Bytes, StoreError> {
        self.inner.payload(id, range).await
    }

    async fn tail(&self, log: LogId, after: Position, limit: Limit) -> Result<Tail, StoreError> {
        self.inner.tail(log, after, limit).await
    }

    fn small_payload_max(&self) -> usize {
        self.inner.small_payload_max()
    }
}

/// Rows read by a page of objects and a page of versions of a bucket with so many keys in each of 12
/// folders.
async fn rows_read(keys: usize, delimiter: &str) -> [usize; 2] {
    let world = World::new();
    let bucket = world.bucket("photos").await;
    switch(&world, &bucket, Versioning::Enabled).await;
    for dir in 0..12 {
        for n in 0..keys {
            let key = format!("{dir:02}/{n:04}");
            world.put(&bucket, &key, "x").await;
            world.put(&bucket, &key, "y").await;
        }
    }
    let counting = Arc::new(Counting {
        inner: world.meta.clone(),
        rows: AtomicUsize::new(0),
    });
    let ports = Ports {
        meta: counting.clone(),
        ..world.engine.ports().clone()
    };
    let engine = Engine::new(ports);
    let req = ListObjects {
        delimiter: delimiter.into(),
        limit: 10,
        ..objects(&bucket)
    };
    let page = engine.list_objects(&owner(), req).await.unwrap();
    assert!(page.entries.len() == 10 && page.next.is_some());
    let read = counting.rows.swap(0, SeqCst);
    let req = ListVersions {
        delimiter: delimiter.into(),
        limit: 10,
        ..versions(&bucket)
    };
    let page = engine.list_versions(&owner(), req).await.unwrap();
    assert!(page.versions.len() + page.prefixes.len() == 10 && page.next.is_some());
    [read, counting.rows.swap(0, SeqCst)]
}

#[test]
fn a_page_costs_the_same_in_a_small_and_in_a_large_bucket() {
    run(async {
        for (delimiter, objects_max, versions_max) in [("", 11, 33), ("/", 11 * 16, 3 * 11 * 16)] {
            let small = rows_read(40, delimiter).await;
            let large = rows_read(150, delimiter).await;
            assert_eq!(small, large, "delimiter {delimiter:?}");
            assert!(
                small[0] <= objects_max && small[1] <= versions_max,
                "{small:?}"
            );
        }
    });
}

#[test]
fn a_marker_no_key_can_be_does_not_stand_still() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("photos").await;
        switch(&world, &bucket, Versioning::Enabled).await;
        for _ in 0..40 {
            world.put(&bucket, "a", "x").await;
        }
        world.put(&bucket, "b", "x").await;
        for (prefix, key_marker, expected) in [("", "a\0b", 1), ("a\0", "", 0), ("", "b\0", 0)] {
            let req = ListVersions {
                prefix: prefix.into(),
                key_marker: key_marker.into(),
                delimiter: "/".into(),
                ..versions(&bucket)
            };
            let page = world.engine.list_versions(&owner(), req).await.unwrap();
            assert_eq!(page.versions.len(), expected, "{prefix:?} {key_marker:?}");
        }
    });
}
