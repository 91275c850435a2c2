//! Bodies on their way in and out: lengths, limits, digests, memory, ranges, conditions, damage.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::engine::{
    Body, Conditions, ETagMatch, Engine, ExpectedDigests, GetObject, Ports, RangeSpec,
    VersionChoice,
};
use cohong_core::memory::BlobStep;
use cohong_core::model::{
    Acl, BlobId, BucketName, Grant, Grantee, Permission, VersionTag, Versioning,
};
use cohong_core::ports::{
    BlobError, BlobStore, BodyError, CommitError, Key, KeyRange, Limit, LogId, MetadataStore,
    Order, Page, Position, Record, StoreError, Table, Tail, Txn,
};
use cohong_core::{BodyDigest, Error, ErrorKind, limits};
use common::{World, account, anonymous, owner, put, run, target};
use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};

/// A body in pieces of `piece` bytes.
fn pieces(bytes: &[u8], piece: usize, len: Option<u64>) -> Body {
    let chunks: Vec<_> = bytes
        .chunks(piece)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    Body {
        stream: Box::pin(stream::iter(chunks)),
        len,
    }
}

fn some_bytes(len: usize) -> Vec<u8> {
    (0..len).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

async fn store(world: &World, bucket: &BucketName, body: Body) -> Result<(), ErrorKind> {
    let stored = world
        .engine
        .put_object(&owner(), put(bucket, "k"), body)
        .await;
    stored.map(drop).map_err(|error| error.kind())
}

async fn blobs(world: &World) -> usize {
    world.blobs.scan(None, 100).await.unwrap().len()
}

async fn read(
    world: &World,
    bucket: &BucketName,
    range: Option<RangeSpec>,
    conditions: Conditions,
) -> Result<(Vec<u8>, Option<Range<u64>>), Error> {
    let req = GetObject {
        target: target(bucket, "k", VersionChoice::Current),
        range,
        conditions,
    };
    let mut reader = world.engine.get_object(&owner(), req).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = reader.body.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok((bytes, reader.range))
}

#[test]
fn bodies_of_every_size_come_back_as_they_went_in() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        let sizes = [0, 1, 65_536, 65_537, 262_144, 262_145, 2_500_000];
        for size in sizes {
            for declared in [true, false] {
                for piece in [1, 1000, 65_536, 1 << 20] {
                    // Byte by byte is slow; the small sizes show what it does.
                    if piece == 1 && size > 70_000 {
                        continue;
                    }
                    let bytes = some_bytes(size);
                    let len = declared.then_some(size as u64);
                    let body = pieces(&bytes, piece, len);
                    store(&world, &bucket, body).await.unwrap();
                    let (found, _) = read(&world, &bucket, None, Conditions::default())
                        .await
                        .unwrap();
                    assert!(found == bytes, "{size} bytes in pieces of {piece}");
                }
            }
        }
    });
}

#[test]
fn small_bodies_become_no_blob() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        let most = 64 << 10;
        for (size, expected) in [(0, 0), (1, 0), (most, 0), (most + 1, 1)] {
            let body = pieces(&some_bytes(size), 5000, None);
            store(&world, &bucket, body).await.unwrap();
            assert_eq!(blobs(&world).await, expected, "{size} bytes");
        }
    });
}

#[test]
fn bytes_that_come_singly_are_written_in_large_pieces() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        let writes = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&writes);
        world.blobs.set_fault(move |step, _| {
            *counted.lock().unwrap() += usize::from(step == BlobStep::Write);
            None
        });
        let size = 3 * limits::INGEST_WRITE_BYTES + 1;
        let body = pieces(&some_bytes(size), 1, None);
        store(&world, &bucket, body).await.unwrap();
        assert_eq!(*writes.lock().unwrap(), 4);
    });
}

#[test]
fn a_body_of_another_length_than_declared_is_refused() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        // (bytes, declared, outcome)
        let cases = [
            (10, 11, ErrorKind::IncompleteBody),
            (10, 9, ErrorKind::InvalidArgument),
            (0, 1, ErrorKind::IncompleteBody),
            (1, 0, ErrorKind::InvalidArgument),
            (100_000, 100_001, ErrorKind::IncompleteBody),
            (100_000, 99_999, ErrorKind::InvalidArgument),
            (10, limits::BODY_BYTES_MAX + 1, ErrorKind::TooLarge),
        ];
        for (size, declared, wanted) in cases {
            let body = pieces(&some_bytes(size), 30_000, Some(declared));
            let outcome = store(&world, &bucket, body).await;
            assert_eq!(outcome, Err(wanted), "{size} bytes, {declared} declared");
        }
        assert_eq!(blobs(&world).await, 0);
        assert!(world.rows(Table::Heads).await.is_empty());
    });
}

#[test]
fn sizes_outside_the_bounds_of_the_request_are_refused() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        // (size, outcome) with 5 to 10 bytes allowed
        let cases = [
            (4, Some(ErrorKind::PartTooSmall)),
            (5, None),
            (10, None),
            (11, Some(ErrorKind::TooLarge)),
        ];
        for (size, wanted) in cases {
            for declared in [true, false] {
                let mut req = put(&bucket, "k");
                req.size = Some((5, 10));
                let len = declared.then_some(size as u64);
                let body = pieces(&some_bytes(size), 3, len);
                let outcome = world.engine.put_object(&owner(), req, body).await;
                assert_eq!(outcome.err().map(|error| error.kind()), wanted, "{size}");
            }
        }
    });
}

#[test]
fn digests_must_be_those_of_the_body() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        for size in [0, 10, 300_000] {
            let bytes = some_bytes(size);
            let md5: [u8; 16] = md5::Md5::digest(&bytes).into();
            let sha256: [u8; 32] = Sha256::digest(&bytes).into();
            let crc64 = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, &bytes);
            let right = || ExpectedDigests {
                md5: Some(md5),
                sha256: Some(sha256),
                crc64: Some(crc64),
                further: None,
            };
            let mut flipped = (md5, sha256);
            flipped.0[15] ^= 1;
            flipped.1[31] ^= 1;
            let wrong_md5 = ExpectedDigests {
                md5: Some(flipped.0),
                ..right()
            };
            let wrong_sha256 = ExpectedDigests {
                sha256: Some(flipped.1),
                ..right()
            };
            let wrong_crc64 = ExpectedDigests {
                crc64: Some(crc64 ^ 1),
                ..right()
            };
            let cases = [
                (right(), None),
                (wrong_md5, Some(BodyDigest::Md5)),
                (wrong_sha256, Some(BodyDigest::Sha256)),
                (wrong_crc64, Some(BodyDigest::Crc64)),
            ];
            for (digests, wanted) in cases {
                let mut req = put(&bucket, "k");
                req.digests = digests;
                let before = blobs(&world).await;
                let body = pieces(&bytes, 7777, None);
                let outcome = world.engine.put_object(&owner(), req, body).await;
                let refused = outcome.err().map(|error| (error.kind(), error.digest()));
                let wanted = wanted.map(|digest| (ErrorKind::BadDigest, Some(digest)));
                assert_eq!(refused, wanted, "{size}");
                if wanted.is_some() {
                    assert_eq!(
                        blobs(&world).await,
                        before,
                        "nothing is left of {size} bytes"
                    );
                }
            }
        }
    });
}

#[test]
fn a_body_that_breaks_off_leaves_nothing() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        let refused = || Error::new(ErrorKind::Denied, "a chunk has another signature");
        let cases: [(BodyError, ErrorKind); 3] = [
            (BodyError::Aborted("gone".into()), ErrorKind::IncompleteBody),
            (BodyError::Refused(refused()), ErrorKind::Denied),
            (BodyError::Stored(BlobError::Full), ErrorKind::Full),
        ];
        for (error, wanted) in cases {
            let first = Ok(Bytes::from(some_bytes(500_000)));
            let body = Body {
                stream: Box::pin(stream::iter([first, Err(error)])),
                len: None,
            };
            assert_eq!(store(&world, &bucket, body).await, Err(wanted));
            assert_eq!(blobs(&world).await, 0);
            assert!(world.rows(Table::Heads).await.is_empty());
        }
    });
}

#[test]
fn i2_blob_before_record_a_blob_that_fails_leaves_nothing_visible() {
    run(async {
        for broken in [BlobStep::Create, BlobStep::Write, BlobStep::Finish] {
            let world = World::new();
            let bucket = world.bucket("bodies").await;
            world.blobs.set_fault(move |step, _| {
                (step == broken).then(|| BlobError::Failed("broken disk".into()))
            });
            let body = pieces(&some_bytes(500_000), 100_000, None);
            let outcome = store(&world, &bucket, body).await;
            assert_eq!(outcome, Err(ErrorKind::Unavailable), "{broken:?}");
            world.blobs.clear_fault();
            for table in [Table::Heads, Table::Payloads, Table::PayloadRefs] {
                assert!(world.rows(table).await.is_empty(), "{broken:?} {table:?}");
            }
            assert_eq!(blobs(&world).await, 0);
        }
    });
}

#[test]
fn ranges_are_read_from_small_and_large_objects() {
    use RangeSpec::{From, Last};
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        for size in [100_u64, 3_000_000] {
            let bytes = some_bytes(usize::try_from(size).unwrap());
            let body = pieces(&bytes, 50_000, Some(size));
            store(&world, &bucket, body).await.unwrap();
            let cases = [
                (From(0, Some(0)), 0..1),
                (From(10, Some(19)), 10..20),
                (From(10, None), 10..size),
                (From(10, Some(u64::MAX)), 10..size),
                (Last(7), size - 7..size),
                (Last(size + 1), 0..size),
            ];
            for (spec, wanted) in cases {
                let (found, range) = read(&world, &bucket, Some(spec), Conditions::default())
                    .await
                    .unwrap();
                let at = |n| usize::try_from(n).unwrap();
                assert_eq!(range, Some(wanted.clone()), "{spec:?}");
                assert!(found == bytes[at(wanted.start)..at(wanted.end)], "{spec:?}");
            }
            for spec in [From(size, None), Last(0)] {
                let outcome = read(&world, &bucket, Some(spec), Conditions::default()).await;
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidRange);
                assert_eq!(error.length(), Some(size));
            }
        }
    });
}

#[test]
fn conditions_are_checked_before_bytes_are_read() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("bodies").await;
        let stored = world.put(&bucket, "k", "body").await.stored;
        let etag = stored.etag.to_string();
        world.blobs.set_fault(|step, _| {
            (step == BlobStep::Read).then(|| BlobError::Failed("must not be read".into()))
        });
        let same = Conditions {
            if_none_match: Some(ETagMatch::OneOf(vec![etag.into()])),
            ..Conditions::default()
        };
        let other = Conditions {
            if_match: Some(ETagMatch::OneOf(vec!["other".into()])),
            ..Conditions::default()
        };
        let cases = [
            (same, ErrorKind::NotModified, Some(&stored.etag)),
            (other, ErrorKind::PreconditionFailed, None),
            (Conditions::default(), ErrorKind::Unavailable, None),
        ];
        for (conditions, wanted, etag) in cases {
            let error = read(&world, &bucket, None, conditions).await.unwrap_err();
            assert_eq!((error.kind(), error.etag()), (wanted, etag));
        }
    });
}

#[test]
fn damage_and_loss_are_an_error_before_the_first_byte() {
    run(async {
        let world = World::without_small_bodies();
        let bucket = world.bucket("bodies").await;
        world.put(&bucket, "k", "body").await;
        let blob = world.blobs.scan(None, 1).await.unwrap()[0].id;
        assert!(world.blobs.flip_bit(blob, 9));
        let open = || world.get(&bucket, "k", VersionChoice::Current);
        assert_eq!(open().await, Err(ErrorKind::Internal));
        world.blobs.delete(blob).await.unwrap();
        assert_eq!(open().await, Err(ErrorKind::Internal));
    });
}

/// A store on which an overwrite comes between a record and the small body it names.
struct Overtaken {
    world: World,
    bucket: BucketName,
    done: AtomicBool,
}

impl fmt::Debug for Overtaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Overtaken(..)")
    }
}

#[async_trait]
impl MetadataStore for Overtaken {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.world.meta.get_many(at).await
    }

    async fn scan(&self, r: &[KeyRange], o: Order, l: Limit) -> Result<Vec<Page>, StoreError> {
        self.world.meta.scan(r, o, l).await
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        self.world.meta.commit(txns).await
    }

    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
        if !self.done.swap(true, SeqCst) {
            self.world.put(&self.bucket, "k", "new").await;
        }
        self.world.meta.payload(id, range).await
    }

    async fn tail(&self, log: LogId, after: Position, l: Limit) -> Result<Tail, StoreError> {
        self.world.meta.tail(log, after, l).await
    }

    fn small_payload_max(&self) -> usize {
        self.world.meta.small_payload_max()
    }
}

#[test]
fn a_read_that_is_overtaken_by_an_overwrite_finds_the_new_bytes() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        world.put(&bucket, "k", "old").await;
        let ports = world.engine.ports().clone();
        let meta = Arc::new(Overtaken {
            world,
            bucket: bucket.clone(),
            done: AtomicBool::new(false),
        });
        let engine = Engine::new(Ports { meta, ..ports });
        let req = GetObject {
            target: target(&bucket, "k", VersionChoice::Current),
            range: None,
            conditions: Conditions::default(),
        };
        let mut reader = engine.get_object(&owner(), req).await.unwrap();
        assert_eq!(reader.body.next().await.unwrap().unwrap(), "new");
    });
}

#[test]
fn missing_keys_and_delete_markers_are_told_apart() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let head = |key: &str, version| {
            let req = GetObject {
                target: target(&bucket, key, version),
                range: None,
                conditions: Conditions::default(),
            };
            let world = &world;
            async move { world.engine.head_object(&owner(), req).await }
        };
        let missing = head("k", VersionChoice::Current).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NoSuchKey);
        assert_eq!(missing.delete_marker(), None);
        let VersionTag::Id(first) = world.put(&bucket, "k", "1").await.stored.version else {
            panic!("the bucket keeps versions");
        };
        let marker = world.delete(&bucket, "k", VersionChoice::Current).await;
        let marker = marker.unwrap().version;
        let Some(VersionTag::Id(deleted)) = marker else {
            panic!("a marker was made");
        };
        // (version, kind, delete marker)
        let cases = [
            (VersionChoice::Current, ErrorKind::NoSuchKey, marker),
            (
                VersionChoice::Id(deleted),
                ErrorKind::MethodNotAllowed,
                marker,
            ),
            (VersionChoice::Null, ErrorKind::NoSuchVersion, None),
        ];
        for (version, kind, marker) in cases {
            let error = head("k", version).await.unwrap_err();
            assert_eq!((error.kind(), error.delete_marker()), (kind, marker));
        }
        let found = head("k", VersionChoice::Id(first)).await.unwrap();
        assert_eq!(found.version, VersionTag::Id(first));
        world.put(&bucket, "k", "2").await;
        assert!(head("k", VersionChoice::Current).await.is_ok());
        assert_eq!(
            world.get(&bucket, "k", VersionChoice::Id(first)).await,
            Ok(b"1".to_vec())
        );
    });
}

#[test]
fn the_null_version_is_found_wherever_it_is() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("bodies").await;
        world.put(&bucket, "k", "null").await;
        world.versioning(&bucket, Versioning::Enabled).await;
        let null = || world.get(&bucket, "k", VersionChoice::Null);
        assert_eq!(null().await, Ok(b"null".to_vec()));
        world.put(&bucket, "k", "newer").await;
        assert_eq!(null().await, Ok(b"null".to_vec()));
        world
            .delete(&bucket, "k", VersionChoice::Null)
            .await
            .unwrap();
        assert_eq!(null().await, Err(ErrorKind::NoSuchVersion));
    });
}

#[test]
fn who_may_not_list_learns_nothing_about_keys() {
    run(async {
        let world = World::new();
        let grant = |permission| Acl {
            grants: vec![Grant {
                grantee: Grantee::AllUsers,
                permission,
            }],
        };
        let open = world.bucket_with("open", grant(Permission::Read)).await;
        let quiet = world
            .bucket_with("quiet", grant(Permission::ReadNonList))
            .await;
        let closed = world.bucket("closed").await;
        // (bucket, reading "k", reading a missing key)
        let cases = [
            (&open, None, ErrorKind::NoSuchKey),
            (&quiet, None, ErrorKind::Denied),
            (&closed, Some(ErrorKind::Denied), ErrorKind::Denied),
        ];
        for (bucket, there, missing) in cases {
            world.put(bucket, "k", "body").await;
            for cx in [anonymous(), account("stranger")] {
                let outcome = |key| {
                    let req = GetObject {
                        target: target(bucket, key, VersionChoice::Current),
                        range: None,
                        conditions: Conditions::default(),
                    };
                    let (engine, cx) = (&world.engine, &cx);
                    async move { engine.get_object(cx, req).await.err().map(|e| e.kind()) }
                };
                assert_eq!(outcome("k").await, there, "{bucket}");
                assert_eq!(outcome("missing").await, Some(missing), "{bucket}");
            }
        }
    });
}
