//! Appending: positions, what the object becomes, versions, races, and that no byte is lost or left over
//! however an object grew.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::engine::{
    AppendObject, Attributes, Conditions, CopyObject, CopySource, Cx, ExpectedDigests, GetObject,
    NewVersion, ObjectInfo, VersionChoice,
};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    BucketName, EventKind, ObjectKey, ObjectType, StorageClass, VersionTag, Versioning,
};
use cohong_core::ports::{BlobStore, Table};
use cohong_core::{Error, ErrorKind, work};
use crc_fast::{CrcAlgorithm, checksum};
use futures_util::future::join;
use proptest::prelude::*;

use crate::common::{World, anonymous, body, owner, run, target};

/// Bodies up to so many bytes travel in commits.
const SMALL_MAX: usize = 8;

fn world() -> World {
    let meta = MemoryMeta::with_small_payload_max(SMALL_MAX);
    World::on(meta, Arc::new(MemoryBlobs::new()))
}

fn request(bucket: &BucketName, key: &str, position: u64) -> AppendObject {
    AppendObject {
        modifies: false,
        if_match: None,
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        position,
        attributes: Attributes::default(),
        digests: ExpectedDigests::default(),
    }
}

async fn append(
    world: &World,
    bucket: &BucketName,
    key: &str,
    position: u64,
    bytes: &[u8],
) -> Result<NewVersion, Error> {
    send(world, &owner(), request(bucket, key, position), bytes).await
}

async fn send(
    world: &World,
    cx: &Cx,
    req: AppendObject,
    bytes: &[u8],
) -> Result<NewVersion, Error> {
    world.engine.append_object(cx, req, body(bytes)).await
}

async fn head(world: &World, bucket: &BucketName, key: &str) -> ObjectInfo {
    let req = GetObject {
        target: target(bucket, key, VersionChoice::Current),
        range: None,
        conditions: Conditions::default(),
    };
    world.engine.head_object(&owner(), req).await.unwrap()
}

async fn read(world: &World, bucket: &BucketName, key: &str) -> Vec<u8> {
    world
        .get(bucket, key, VersionChoice::Current)
        .await
        .unwrap()
}

async fn copy(world: &World, bucket: &BucketName, from: &str, to: &str) {
    let req = CopyObject {
        expires_days: None,
        lock: cohong_core::model::Lock::default(),
        source: CopySource {
            object: target(bucket, from, VersionChoice::Current),
            conditions: Conditions::default(),
        },
        bucket: bucket.clone(),
        key: ObjectKey::new(to).unwrap(),
        replace: None,
        tags: None,
        class: None,
        acl: None,
        conditions: Conditions::default(),
        checksum: None,
    };
    world.engine.copy_object(&owner(), req).await.unwrap();
}

/// Does what is due once everything is.
async fn tidy(world: &World) {
    world.clock.advance(Duration::from_hours(1));
    work::run_due_once(&world.engine).await.unwrap();
}

#[test]
fn pieces_make_an_object_that_tells_its_type_and_digests() {
    run(async {
        let world = world();
        let bucket = world.bucket("logs").await;
        world.rule(&bucket).await;
        let mut req = request(&bucket, "log", 0);
        req.attributes.user_meta = vec![("n".into(), "1".into())];
        req.attributes.class = Some(StorageClass::Infrequent);
        let first = send(&world, &owner(), req, b"12345").await.unwrap();
        assert_eq!(first.size, 5);
        let mut req = request(&bucket, "log", 5);
        req.attributes.user_meta = vec![("n".into(), "2".into())];
        req.attributes.class = Some(StorageClass::Archive);
        let second = send(&world, &owner(), req, b"6789").await.unwrap();
        let crc = checksum(CrcAlgorithm::Crc64Xz, b"123456789");
        assert_eq!((second.size, second.crc64), (9, crc));
        assert_ne!(first.etag, second.etag);
        let info = head(&world, &bucket, "log").await;
        assert_eq!(info.record.object_type(), ObjectType::Appendable);
        assert_eq!(info.record.etag, second.etag);
        assert_eq!(info.record.class, StorageClass::Infrequent);
        assert_eq!(info.record.user_meta, [("n".into(), "1".into())]);
        assert_eq!(read(&world, &bucket, "log").await, b"123456789");
        let events = world.events(&bucket).await.into_iter();
        let seen: Vec<_> = events
            .map(|logged| (logged.event.kind, logged.event.size, logged.event.etag))
            .collect();
        let kind = EventKind::CreatedAppend;
        let wanted = [(kind, 5, Some(first.etag)), (kind, 9, Some(second.etag))];
        assert_eq!(seen, wanted);
    });
}

#[test]
fn what_is_refused_changes_nothing_and_leaves_no_blob() {
    run(async {
        let world = world();
        let bucket = world.bucket("logs").await;
        append(&world, &bucket, "log", 0, b"12345").await.unwrap();
        world.put(&bucket, "plain", "abc").await;
        let long = [b'x'; 2 * SMALL_MAX];
        // (key, position, refusal, length it tells)
        let cases = [
            ("log", 4, ErrorKind::PositionMismatch, Some(5)),
            ("log", 6, ErrorKind::PositionMismatch, Some(5)),
            ("none", 1, ErrorKind::PositionMismatch, Some(0)),
            ("plain", 3, ErrorKind::NotAppendable, None),
            ("plain", 0, ErrorKind::NotAppendable, None),
        ];
        for (key, position, kind, length) in cases {
            let refused = append(&world, &bucket, key, position, &long).await;
            let refused = refused.unwrap_err();
            assert_eq!((refused.kind(), refused.length()), (kind, length), "{key}");
        }
        let mut wrong = request(&bucket, "log", 5);
        wrong.digests.md5 = Some([0; 16]);
        let refused = send(&world, &owner(), wrong, &long).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BadDigest);
        let req = request(&bucket, "log", 5);
        let refused = send(&world, &anonymous(), req, &long).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Denied);
        assert_eq!(read(&world, &bucket, "log").await, b"12345");
        assert!(world.blobs.scan(None, 10).await.unwrap().is_empty());
    });
}

#[test]
fn of_two_that_append_at_once_one_wins() {
    run(async {
        for (position, before) in [(0, ""), (5, "12345")] {
            for long in [1, 10] {
                let world = world();
                let bucket = world.bucket("logs").await;
                if position > 0 {
                    let first = append(&world, &bucket, "log", 0, before.as_bytes());
                    first.await.unwrap();
                }
                let (a, b) = ("a".repeat(long), "b".repeat(long));
                let (one, two) = join(
                    append(&world, &bucket, "log", position, a.as_bytes()),
                    append(&world, &bucket, "log", position, b.as_bytes()),
                )
                .await;
                let (winner, loser) = match (one, two) {
                    (Ok(_), Err(lost)) => (a, lost),
                    (Err(lost), Ok(_)) => (b, lost),
                    other => panic!("{other:?}"),
                };
                assert_eq!(loser.kind(), ErrorKind::PositionMismatch);
                assert_eq!(loser.length(), Some(position + long as u64));
                let bytes = read(&world, &bucket, "log").await;
                assert_eq!(bytes, format!("{before}{winner}").into_bytes());
                let blobs = world.blobs.scan(None, 10).await.unwrap().len();
                assert!(blobs <= 2, "the loser's blob is removed");
            }
        }
    });
}

#[test]
fn an_append_changes_the_current_version_in_place() {
    run(async {
        let world = world();
        let bucket = world.bucket("logs").await;
        append(&world, &bucket, "log", 0, b"null ").await.unwrap();
        world.versioning(&bucket, Versioning::Enabled).await;
        let grown = append(&world, &bucket, "log", 5, b"grows").await.unwrap();
        assert_eq!(grown.version, VersionTag::Null);
        world
            .delete(&bucket, "log", VersionChoice::Current)
            .await
            .unwrap();
        let anew = append(&world, &bucket, "log", 0, b"anew").await.unwrap();
        let VersionTag::Id(id) = anew.version else {
            panic!("the bucket keeps versions");
        };
        world.versioning(&bucket, Versioning::Suspended).await;
        let grown = append(&world, &bucket, "log", 4, b" again").await.unwrap();
        assert_eq!(grown.version, anew.version);
        let versions = [
            (VersionChoice::Current, "anew again"),
            (VersionChoice::Id(id), "anew again"),
            (VersionChoice::Null, "null grows"),
        ];
        for (choice, bytes) in versions {
            let found = world.get(&bucket, "log", choice).await.unwrap();
            assert_eq!(found, bytes.as_bytes(), "{choice:?}");
        }
    });
}

#[test]
fn what_is_written_or_copied_over_takes_no_pieces() {
    run(async {
        let world = world();
        let bucket = world.bucket("logs").await;
        append(&world, &bucket, "a", 0, b"aaaa").await.unwrap();
        append(&world, &bucket, "b", 0, b"bbbb").await.unwrap();
        copy(&world, &bucket, "a", "copy").await;
        copy(&world, &bucket, "a", "a").await;
        world.put(&bucket, "b", "bbbb").await;
        for key in ["a", "b", "copy"] {
            let info = head(&world, &bucket, key).await;
            assert_eq!(info.record.object_type(), ObjectType::Normal, "{key}");
            let refused = append(&world, &bucket, key, 4, b"more").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::NotAppendable, "{key}");
        }
    });
}

#[test]
fn many_small_pieces_make_few_blobs() {
    run(async {
        let world = world();
        let bucket = world.bucket("logs").await;
        let mut position = 0;
        for _ in 0..400 {
            position = append(&world, &bucket, "log", position, b"abc")
                .await
                .unwrap()
                .size;
        }
        tidy(&world).await;
        let blobs = world.blobs.scan(None, 1000).await.unwrap().len();
        assert!(blobs <= 1200 / SMALL_MAX + 1, "{blobs} blobs");
        assert_eq!(read(&world, &bucket, "log").await, b"abc".repeat(400));
    });
}

/// Lengths of pieces around every limit there is.
fn pieces() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![0..SMALL_MAX + 2, 0..40_usize], 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// However an object grew: it and every copy taken on the way have the bytes they should, and when
    /// they are deleted nothing is left.
    #[test]
    fn bytes_are_neither_lost_nor_left_over(
        pieces in pieces(),
        copies in proptest::collection::btree_set(0..30_usize, 0..4),
        copies_go_first: bool,
    ) {
        run(async {
            let world = world();
            let bucket = world.bucket("logs").await;
            let mut bytes = Vec::new();
            let mut taken = Vec::new();
            for (n, len) in pieces.into_iter().enumerate() {
                let fresh: Vec<u8> = (n..n + len).map(|at| u8::try_from(at % 251).unwrap()).collect();
                let stored = append(&world, &bucket, "log", bytes.len() as u64, &fresh).await.unwrap();
                bytes.extend(fresh);
                assert_eq!(stored.crc64, checksum(CrcAlgorithm::Crc64Xz, &bytes));
                if copies.contains(&n) {
                    let name = format!("copy-{n}");
                    copy(&world, &bucket, "log", &name).await;
                    taken.push((name, Bytes::from(bytes.clone())));
                }
                if n % 7 == 6 {
                    tidy(&world).await;
                }
            }
            taken.push(("log".into(), bytes.into()));
            let found = world.engine.inspect().await.unwrap();
            assert_eq!(found.damage, []);
            if !copies_go_first {
                taken.reverse();
            }
            while let Some((key, _)) = taken.last() {
                for (key, bytes) in &taken {
                    assert_eq!(&read(&world, &bucket, key).await, bytes, "{key}");
                }
                world.delete(&bucket, key, VersionChoice::Current).await.unwrap();
                taken.pop();
                tidy(&world).await;
            }
            assert!(world.blobs.scan(None, 10).await.unwrap().is_empty());
            for table in [Table::Heads, Table::Extents, Table::Payloads, Table::PayloadRefs, Table::Work] {
                assert!(world.rows(table).await.is_empty(), "{table:?}");
            }
        });
    }
}
