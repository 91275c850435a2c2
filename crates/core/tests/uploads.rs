//! Multipart uploads from begin to end: parts, copies, completion and its races, abortion.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::engine::{
    Attributes, Body, CompleteReceipt, CompleteUpload, Conditions, CopyPart, CopySource,
    CreateUpload, ETagMatch, Engine, ExpectedDigests, GetObject, NamedPart, PartReceipt, Ports,
    PutPart, RangeSpec, UploadTarget, VersionChoice,
};
use cohong_core::memory::{BlobStep, Fate};
use cohong_core::model::{
    Acl, BlobId, BodyType, BucketName, CallbackSpec, CallbackStyle, EventKind, Grant, Grantee,
    PayloadRef, Permission, VersionTag, Versioning,
};
use cohong_core::ports::{
    BlobError, BlobStore, CommitError, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page,
    Position, Record, StoreError, Table, Tail, Txn, Write,
};
use cohong_core::records::{CurrentRecord, PayloadRecord, PayloadState, decode};
use cohong_core::rules::access::Action;
use cohong_core::{Error, ErrorKind, limits, work};
use common::{WatchedMeta, World, account, anonymous, body, owner, run, target};
use futures_util::StreamExt;
use futures_util::future::{join, join_all, join3};
use tokio::task::yield_now;

/// A world with one bucket and one open upload of the key "k".
struct Upload {
    world: World,
    bucket: BucketName,
    target: UploadTarget,
}

async fn begin() -> Upload {
    begin_in(World::new(), Versioning::Off).await
}

async fn begin_in(world: World, versioning: Versioning) -> Upload {
    let bucket = world.bucket("uploads").await;
    if versioning != Versioning::Off {
        world.versioning(&bucket, versioning).await;
    }
    let target = world.begin_upload(&bucket, "k").await;
    Upload {
        world,
        bucket,
        target,
    }
}

impl Upload {
    async fn part(&self, number: u32, bytes: &[u8]) -> Result<PartReceipt, ErrorKind> {
        self.part_of(number, body(bytes)).await
    }

    async fn part_of(&self, number: u32, body: Body) -> Result<PartReceipt, ErrorKind> {
        let req = PutPart {
            target: self.target.clone(),
            number,
            digests: ExpectedDigests::default(),
        };
        let receipt = self.world.engine.put_part(&owner(), req, body).await;
        receipt.map_err(|error| error.kind())
    }

    fn request(&self) -> CompleteUpload {
        CompleteUpload {
            target: self.target.clone(),
            parts: None,
            part_bytes_min: 0,
            acl: None,
            conditions: Conditions::default(),
            callback: None,
            checksum: None,
            size: None,
        }
    }

    async fn complete(&self) -> Result<CompleteReceipt, ErrorKind> {
        self.complete_as(self.request()).await
    }

    async fn complete_as(&self, req: CompleteUpload) -> Result<CompleteReceipt, ErrorKind> {
        let receipt = self.world.engine.complete_upload(&owner(), req).await;
        receipt.map_err(|error| error.kind())
    }

    async fn abort(&self) -> Result<(), ErrorKind> {
        let aborted = self.world.engine.abort_upload(&owner(), &self.target).await;
        aborted.map_err(|error| error.kind())
    }

    async fn read(&self) -> Result<Vec<u8>, ErrorKind> {
        self.world
            .get(&self.bucket, "k", VersionChoice::Current)
            .await
    }

    async fn read_range(&self, range: RangeSpec) -> Vec<u8> {
        let req = GetObject {
            target: target(&self.bucket, "k", VersionChoice::Current),
            range: Some(range),
            conditions: Conditions::default(),
        };
        let reader = self.world.engine.get_object(&owner(), req).await.unwrap();
        let pieces: Vec<Bytes> = reader.body.map(Result::unwrap).collect().await;
        pieces.concat()
    }

    async fn blobs(&self) -> BTreeSet<BlobId> {
        let found = self.world.blobs.scan(None, 20_000).await.unwrap();
        found.into_iter().map(|info| info.id).collect()
    }

    async fn work(&self) -> usize {
        work::run_due_once(&self.world.engine).await.unwrap()
    }

    async fn rows(&self, table: Table) -> usize {
        self.world.rows(table).await.len()
    }

    /// Everything that upload and object leave in tables and blobs is gone.
    async fn assert_nothing_left(&self) {
        for table in [
            Table::Heads,
            Table::Uploads,
            Table::Parts,
            Table::Extents,
            Table::Payloads,
            Table::PayloadRefs,
            Table::Work,
            Table::WorkDue,
        ] {
            assert_eq!(self.rows(table).await, 0, "{table:?}");
        }
        assert!(self.blobs().await.is_empty());
    }
}

fn named(number: u32, part: &PartReceipt) -> NamedPart {
    NamedPart {
        number,
        etag: hex::encode(part.md5).into(),
        checksum: None,
    }
}

#[test]
fn parts_become_an_object_and_what_is_unused_goes() {
    run(async {
        let upload = begin().await;
        let first = upload.part(1, b"old").await.unwrap();
        let third = upload.part(3, b"world").await.unwrap();
        upload.part(2, b"unused").await.unwrap();
        let again = upload.part(1, b"hello ").await.unwrap();
        assert_ne!(first.md5, again.md5);
        let mut req = upload.request();
        req.parts = Some(vec![named(1, &again), named(3, &third)]);
        let done = upload.complete_as(req.clone()).await.unwrap();
        assert_eq!(Some(done.parts), req.parts);
        assert_eq!(done.stored.size, 11);
        assert_eq!(
            done.stored.crc64,
            crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, b"hello world")
        );
        assert_eq!(done.stored.version, VersionTag::Unversioned);
        assert_eq!(upload.read().await.unwrap(), b"hello world");
        assert_eq!(upload.blobs().await.len(), 4, "until the work is done");
        assert_eq!(upload.work().await, 1);
        assert_eq!(upload.read().await.unwrap(), b"hello world");
        assert_eq!(upload.blobs().await.len(), 2);
        assert_eq!(upload.rows(Table::Parts).await, 0);
        assert_eq!(upload.rows(Table::Uploads).await, 0);
        assert_eq!(upload.rows(Table::Work).await, 0);
    });
}

#[test]
fn completing_is_one_event_and_one_commit() {
    run(async {
        let upload = begin().await;
        upload.world.rule(&upload.bucket).await;
        upload.part(1, b"a").await.unwrap();
        upload.world.meta.applied();
        upload.complete().await.unwrap();
        let applied = upload.world.meta.applied();
        let visible = applied.iter().filter(|txn| {
            let heads =
                |write: &Write| matches!(write, Write::Put(at, _) if at.table == Table::Heads);
            txn.write.iter().any(heads)
        });
        assert_eq!(visible.count(), 1);
        assert_eq!(applied.len(), 2, "the fence and the commit");
        let events = upload.world.events(&upload.bucket).await;
        let kinds: Vec<EventKind> = events.iter().map(|logged| logged.event.kind).collect();
        assert_eq!(kinds, [EventKind::CreatedComplete]);
    });
}

#[test]
fn a_manifest_of_many_rows_is_read_in_ranges() {
    run(async {
        let upload = begin().await;
        let count = u32::try_from(limits::EXTENTS_PER_ROW).unwrap() + 3;
        for number in 1..=count {
            upload.part(number, &number.to_be_bytes()).await.unwrap();
        }
        let done = upload.complete().await.unwrap();
        assert_eq!(done.stored.size, u64::from(count) * 4);
        assert!(done.stored.etag.to_string().ends_with(&format!("-{count}")));
        assert_eq!(upload.rows(Table::Extents).await, 2);
        upload.work().await;
        let whole: Vec<u8> = (1..=count).flat_map(u32::to_be_bytes).collect();
        assert!(upload.read().await.unwrap() == whole);
        // Only the blobs that a range touches are opened.
        let opened = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = opened.clone();
        upload.world.blobs.set_fault(move |step, blob| {
            if step == BlobStep::Read {
                seen.lock().unwrap().insert(blob);
            }
            None
        });
        let at = 4 * limits::EXTENTS_PER_ROW - 2;
        let range = RangeSpec::From(at as u64, Some(at as u64 + 3));
        let found = upload.read_range(range).await;
        assert_eq!(found, whole[at..at + 4]);
        assert_eq!(opened.lock().unwrap().len(), 2);
    });
}

#[test]
fn a_single_part_stands_in_the_record_and_an_empty_one_needs_no_blob() {
    run(async {
        for (bytes, payloads) in [(b"one".as_slice(), 1), (b"", 0)] {
            let upload = begin().await;
            upload.part(7, bytes).await.unwrap();
            let done = upload.complete().await.unwrap();
            assert!(done.stored.etag.to_string().ends_with("-1"));
            let head = upload.world.rows(Table::Heads).await.remove(0).1;
            let head: CurrentRecord = decode(&head.bytes).unwrap();
            let payload = &head.version.object().unwrap().payload;
            let expected = if bytes.is_empty() { "Empty" } else { "One" };
            assert!(format!("{payload:?}").starts_with(expected), "{payload:?}");
            assert!(!matches!(payload, PayloadRef::Manifest { .. }));
            upload.work().await;
            assert_eq!(upload.read().await.unwrap(), bytes);
            assert_eq!(upload.rows(Table::Payloads).await, payloads);
            upload
                .world
                .delete(&upload.bucket, "k", VersionChoice::Current)
                .await
                .unwrap();
            upload.world.clock.advance(limits::DROP_GRACE);
            upload.work().await;
            upload.assert_nothing_left().await;
        }
    });
}

#[test]
fn a_failed_check_opens_the_upload_again() {
    run(async {
        let upload = begin().await;
        let small = upload.part(1, b"small").await.unwrap();
        let last = upload.part(2, b"last").await.unwrap();
        let good = || vec![named(1, &small), named(2, &last)];
        let request = |parts, least, conditions| CompleteUpload {
            parts: Some(parts),
            part_bytes_min: least,
            conditions,
            ..upload.request()
        };
        let mut other = named(1, &small);
        other.etag = named(2, &last).etag;
        let must_match = Conditions {
            if_match: Some(ETagMatch::Any),
            ..Conditions::default()
        };
        let any = Conditions::default;
        let cases = [
            (request(vec![], 0, any()), ErrorKind::InvalidPart),
            (request(vec![other], 0, any()), ErrorKind::InvalidPart),
            (
                request(good().into_iter().rev().collect(), 0, any()),
                ErrorKind::InvalidPartOrder,
            ),
            (request(good(), 6, any()), ErrorKind::PartTooSmall),
            (
                request(good(), 0, must_match),
                ErrorKind::PreconditionFailed,
            ),
        ];
        for (req, wanted) in cases {
            assert_eq!(upload.complete_as(req).await.err(), Some(wanted));
            upload.part(3, b"goes").await.unwrap();
        }
        assert_eq!(upload.rows(Table::Heads).await, 0);
        assert!(upload.complete().await.is_ok());
    });
}

#[test]
fn a_repeated_complete_answers_the_same_while_the_version_exists() {
    run(async {
        for versioning in [Versioning::Off, Versioning::Enabled] {
            let upload = begin_in(World::new(), versioning).await;
            upload.part(1, b"body").await.unwrap();
            let first = upload.complete().await.unwrap().stored;
            let same = |again: CompleteReceipt| {
                let again = again.stored;
                assert_eq!(again.etag, first.etag);
                assert_eq!(again.version, first.version);
                assert_eq!(again.crc64, first.crc64);
                assert_eq!(again.written_at, first.written_at);
            };
            same(upload.complete().await.unwrap());
            upload.work().await;
            same(upload.complete().await.unwrap());
            upload.world.put(&upload.bucket, "k", "newer").await;
            match versioning {
                Versioning::Enabled => same(upload.complete().await.unwrap()),
                _ => assert_eq!(upload.complete().await.err(), Some(ErrorKind::NoSuchUpload)),
            }
            assert_eq!(upload.read().await.unwrap(), b"newer");
            assert_eq!(upload.abort().await, Err(ErrorKind::NoSuchUpload));
            assert_eq!(
                upload.part(2, b"late").await.err(),
                Some(ErrorKind::NoSuchUpload)
            );
        }
    });
}

/// A store that lets other tasks go first, at every call: requests of one thread interleave.
#[derive(Debug)]
struct Polite(Arc<WatchedMeta>);

#[async_trait]
impl MetadataStore for Polite {
    async fn get_many(&self, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        yield_now().await;
        self.0.get_many(at).await
    }

    async fn scan(&self, r: &[KeyRange], o: Order, l: Limit) -> Result<Vec<Page>, StoreError> {
        yield_now().await;
        self.0.scan(r, o, l).await
    }

    async fn commit(&self, txns: Vec<Txn>) -> Vec<Result<(), CommitError>> {
        yield_now().await;
        self.0.commit(txns).await
    }

    async fn payload(&self, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.0.payload(id, range).await
    }

    async fn tail(&self, log: LogId, after: Position, l: Limit) -> Result<Tail, StoreError> {
        self.0.tail(log, after, l).await
    }

    fn small_payload_max(&self) -> usize {
        self.0.small_payload_max()
    }
}

/// Completes, failing Completes and parts of one upload, all at once: one version, and everybody is
/// told of that one.
#[test]
fn racing_completes_make_one_version_and_answer_the_same() {
    run(async {
        for (spoilers, bytes) in (0..4).flat_map(|n| [(n, "body"), (n, "")]) {
            let mut upload = begin_in(World::new(), Versioning::Enabled).await;
            upload.part(1, bytes.as_bytes()).await.unwrap();
            let ports = upload.world.engine.ports().clone();
            let meta = Arc::new(Polite(upload.world.meta.clone()));
            upload.world.engine = Arc::new(Engine::new(Ports { meta, ..ports }));
            let wrong = CompleteUpload {
                parts: Some(Vec::new()),
                ..upload.request()
            };
            let good = join_all((0..4).map(|_| upload.complete()));
            let bad = join_all((0..spoilers).map(|_| upload.complete_as(wrong.clone())));
            let more = join_all((0..spoilers).map(|_| upload.part(1, bytes.as_bytes())));
            let (good, _, _) = join3(good, bad, more).await;
            let told: Vec<VersionTag> = good
                .into_iter()
                .map(|done| done.unwrap().stored.version)
                .collect();
            assert_eq!(told, vec![told[0]; 4], "{spoilers} spoilers, {bytes:?}");
            assert_eq!(upload.rows(Table::Versions).await, 0, "{bytes:?}");
            let held = usize::from(!bytes.is_empty());
            assert_eq!(upload.rows(Table::PayloadRefs).await, held);
            upload.work().await;
            assert_eq!(upload.read().await.unwrap(), bytes.as_bytes());
            assert_eq!(upload.blobs().await.len(), held);
        }
    });
}

#[test]
fn a_callback_is_judged_before_and_made_after_the_commit_once() {
    run(async {
        let callback = || {
            Some(CallbackSpec {
                urls: vec!["http://127.0.0.1:1/".into()],
                host: None,
                body: "size=${size}".into(),
                body_type: BodyType::Form,
                vars: Vec::new(),
                headers: Vec::new(),
                style: CallbackStyle::default(),
            })
        };
        let upload = begin().await;
        upload.part(1, b"body").await.unwrap();
        let mut req = upload.request();
        req.callback = callback();
        upload.world.callbacks.refuse("not there");
        let refused = upload.complete_as(req).await;
        assert_eq!(refused.err(), Some(ErrorKind::InvalidArgument));
        upload.part(2, b"the upload is open").await.unwrap();
        assert_eq!(upload.rows(Table::Heads).await, 0);

        let upload = begin().await;
        upload.part(1, b"body").await.unwrap();
        let mut req = upload.request();
        req.callback = callback();
        let done = upload.complete_as(req.clone()).await.unwrap();
        assert!(done.callback.is_some());
        assert_eq!(upload.rows(Table::Calls).await, 1);
        let again = upload.complete_as(req).await.unwrap();
        assert_eq!(again.callback, None, "nobody is called twice");
        let sent = upload.world.callbacks.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].body, "size=4");
    });
}

#[test]
fn complete_and_abort_do_not_both_succeed() {
    run(async {
        let mut upload = begin().await;
        upload.part(1, b"body").await.unwrap();
        let ports = upload.world.engine.ports().clone();
        let meta = Arc::new(Polite(upload.world.meta.clone()));
        upload.world.engine = Arc::new(Engine::new(Ports { meta, ..ports }));
        let (done, aborted) = join(upload.complete(), upload.abort()).await;
        assert_ne!(done.is_ok(), aborted.is_ok());
        upload.work().await;
        assert_eq!(upload.read().await.is_ok(), done.is_ok());
        assert_eq!(upload.blobs().await.len(), usize::from(done.is_ok()));
    });
}

#[test]
fn a_crash_behind_the_fence_is_taken_up_by_complete_or_abort() {
    run(async {
        for aborts in [false, true] {
            let upload = begin().await;
            upload.part(1, b"body").await.unwrap();
            // The fence passes; nothing after it does.
            let mut left = 1;
            upload.world.meta.inner.on_commit(move |_| {
                left -= 1;
                if left < 0 {
                    Fate::Unavailable
                } else {
                    Fate::Proceed
                }
            });
            let cut = upload.complete().await;
            assert_eq!(cut.err(), Some(ErrorKind::Unavailable));
            let meta = upload.world.meta.inner.crash();
            let world = World::on(meta, upload.world.blobs.clone());
            let upload = Upload { world, ..upload };
            assert_eq!(upload.part(2, b"x").await.err(), Some(ErrorKind::Busy));
            if aborts {
                upload.abort().await.unwrap();
                upload.work().await;
                upload.assert_nothing_left().await;
            } else {
                upload.complete().await.unwrap();
                assert_eq!(upload.read().await.unwrap(), b"body");
            }
        }
    });
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_by_the_next_complete() {
    run(async {
        let upload = begin().await;
        upload.part(1, b"body").await.unwrap();
        let mut left = 1;
        upload.world.meta.inner.on_commit(move |_| {
            left -= 1;
            if left == -1 {
                Fate::AnswerLost
            } else {
                Fate::Proceed
            }
        });
        let lost = upload.complete().await;
        assert_eq!(lost.err(), Some(ErrorKind::Unavailable));
        assert_eq!(upload.complete().await.unwrap().stored.size, 4);
        assert_eq!(upload.read().await.unwrap(), b"body");
        assert_eq!(upload.rows(Table::PayloadRefs).await, 1);
    });
}

#[test]
fn an_aborted_upload_leaves_nothing() {
    run(async {
        let upload = begin().await;
        upload.part(1, b"body").await.unwrap();
        upload.part(1, b"again").await.unwrap();
        upload.abort().await.unwrap();
        assert_eq!(upload.abort().await, Err(ErrorKind::NoSuchUpload));
        assert_eq!(upload.complete().await.err(), Some(ErrorKind::NoSuchUpload));
        let payload = upload.world.rows(Table::Payloads).await.remove(0).1;
        let payload: PayloadRecord = decode(&payload.bytes).unwrap();
        assert_eq!(payload.state, PayloadState::Dropping, "nobody can adopt it");
        assert_eq!(upload.work().await, 1);
        upload.assert_nothing_left().await;
    });
}

#[test]
fn a_part_that_comes_too_late_takes_its_blob_along() {
    run(async {
        let upload = begin().await;
        // The upload is aborted while the body comes in.
        let (engine, target) = (upload.world.engine.clone(), upload.target.clone());
        let bytes = futures_util::stream::once(async move {
            engine.abort_upload(&owner(), &target).await.unwrap();
            Ok(Bytes::from_static(b"late"))
        });
        let late = Body {
            stream: Box::pin(bytes),
            len: Some(4),
        };
        let outcome = upload.part_of(1, late).await;
        assert_eq!(outcome.err(), Some(ErrorKind::NoSuchUpload));
        assert!(upload.blobs().await.is_empty());
        upload.work().await;
        upload.assert_nothing_left().await;
    });
}

#[test]
fn part_numbers_and_failing_blobs_are_refused() {
    run(async {
        let upload = begin().await;
        for number in [0, limits::PARTS_MAX + 1, u32::MAX] {
            let outcome = upload.part(number, b"x").await;
            assert_eq!(outcome.err(), Some(ErrorKind::InvalidPartNumber));
        }
        for number in [1, limits::PARTS_MAX] {
            upload.part(number, b"x").await.unwrap();
        }
        for broken in [BlobStep::Create, BlobStep::Write, BlobStep::Finish] {
            upload
                .world
                .blobs
                .set_fault(move |step, _| (step == broken).then_some(BlobError::Full));
            assert_eq!(upload.part(5, b"x").await.err(), Some(ErrorKind::Full));
        }
        upload.world.blobs.clear_fault();
        upload.world.meta.inner.fail_commits(1, Fate::Full);
        assert_eq!(upload.part(5, b"x").await.err(), Some(ErrorKind::Full));
        assert_eq!(upload.rows(Table::Parts).await, 2);
        assert_eq!(upload.blobs().await.len(), 2);
    });
}

#[test]
fn parts_are_copied_from_objects() {
    run(async {
        let upload = begin().await;
        let source = upload
            .world
            .put(&upload.bucket, "source", "0123456789")
            .await;
        let copy = |number, range, conditions| {
            let req = CopyPart {
                target: upload.target.clone(),
                number,
                source: CopySource {
                    object: target(&upload.bucket, "source", VersionChoice::Current),
                    conditions,
                },
                range,
                checksum: None,
            };
            let engine = &upload.world.engine;
            async move { engine.copy_part(&owner(), req).await.map_err(|e| e.kind()) }
        };
        let any = Conditions::default;
        let first = copy(1, Some(RangeSpec::From(2, Some(4))), any())
            .await
            .unwrap();
        assert_eq!(first.size, 3);
        assert_eq!(first.source_version, Some(VersionTag::Unversioned));
        copy(2, None, any()).await.unwrap();
        let unchanged = Conditions {
            if_none_match: Some(ETagMatch::OneOf(vec![
                source.stored.etag.to_string().into(),
            ])),
            ..any()
        };
        let refused = [
            (
                copy(3, None, unchanged).await,
                ErrorKind::PreconditionFailed,
            ),
            (
                copy(3, Some(RangeSpec::From(10, None)), any()).await,
                ErrorKind::InvalidRange,
            ),
            (copy(0, None, any()).await, ErrorKind::InvalidPartNumber),
        ];
        for (outcome, wanted) in refused {
            assert_eq!(outcome.err(), Some(wanted));
        }
        upload.complete().await.unwrap();
        upload.work().await;
        upload
            .world
            .delete(&upload.bucket, "source", VersionChoice::Current)
            .await
            .unwrap();
        assert_eq!(upload.read().await.unwrap(), b"2340123456789");
    });
}

#[test]
fn who_may_not_write_may_not_upload() {
    run(async {
        let upload = begin().await;
        for cx in [anonymous(), account("stranger")] {
            let engine = &upload.world.engine;
            let create = CreateUpload {
                bucket: upload.bucket.clone(),
                key: upload.target.key.clone(),
                attributes: Attributes::default(),
                conditions: Conditions::default(),
                sequential: false,
                checksum: None,
            };
            let part = PutPart {
                target: upload.target.clone(),
                number: 1,
                digests: ExpectedDigests::default(),
            };
            let outcomes: [Option<Error>; 4] = [
                engine.create_upload(&cx, create).await.err(),
                engine.put_part(&cx, part, body(b"x")).await.err(),
                engine.complete_upload(&cx, upload.request()).await.err(),
                engine.abort_upload(&cx, &upload.target).await.err(),
            ];
            for outcome in outcomes {
                assert_eq!(outcome.unwrap().kind(), ErrorKind::Denied);
            }
        }
    });
}

#[test]
fn a_part_cannot_be_copied_from_what_may_not_be_read() {
    run(async {
        let world = World::new();
        let secret = world.bucket("secret").await;
        world.put(&secret, "k", "secret").await;
        let grants = vec![Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Write,
        }];
        let open = world.bucket_with("open", Acl { grants }).await;
        let req = CopyPart {
            target: world.begin_upload(&open, "k").await,
            number: 1,
            source: CopySource {
                object: target(&secret, "k", VersionChoice::Current),
                conditions: Conditions::default(),
            },
            range: None,
            checksum: None,
        };
        let outcome = world.engine.copy_part(&account("stranger"), req).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Denied);
    });
}

#[tokio::test]
async fn an_upload_that_must_not_overwrite_is_refused_at_once() {
    let upload = begin().await;
    let create = |if_none_match| CreateUpload {
        bucket: upload.bucket.clone(),
        key: upload.target.key.clone(),
        attributes: Attributes::default(),
        conditions: Conditions {
            if_none_match,
            ..Conditions::default()
        },
        sequential: false,
        checksum: None,
    };
    let new_only = || create(Some(ETagMatch::Any));
    let engine = &upload.world.engine;
    assert!(engine.create_upload(&owner(), new_only()).await.is_ok());
    upload.part(1, b"x").await.unwrap();
    upload.complete().await.unwrap();
    let refused = engine.create_upload(&owner(), new_only()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ObjectExists);
    assert!(engine.create_upload(&owner(), create(None)).await.is_ok());
}

#[tokio::test]
async fn grants_said_at_the_end_count_most() {
    let open = Acl {
        grants: vec![Grant {
            grantee: Grantee::AllUsers,
            permission: Permission::Read,
        }],
    };
    let shut = Acl { grants: Vec::new() };
    for (begun, said, wanted) in [
        (None, None, None),
        (Some(&open), None, Some(&open)),
        (None, Some(&open), Some(&open)),
        (Some(&open), Some(&shut), Some(&shut)),
    ] {
        let mut upload = begin().await;
        let create = CreateUpload {
            bucket: upload.bucket.clone(),
            key: upload.target.key.clone(),
            attributes: Attributes {
                acl: begun.cloned(),
                ..Attributes::default()
            },
            conditions: Conditions::default(),
            sequential: false,
            checksum: None,
        };
        let engine = upload.world.engine.clone();
        upload.target.upload = engine.create_upload(&owner(), create).await.unwrap().upload;
        upload.part(1, b"x").await.unwrap();
        let req = CompleteUpload {
            acl: said.cloned(),
            ..upload.request()
        };
        upload.complete_as(req).await.unwrap();
        let at = target(&upload.bucket, "k", VersionChoice::Current);
        let found = engine
            .inspect_object(&owner(), &at, Action::ReadObject)
            .await;
        assert_eq!(found.unwrap().record.acl.as_ref(), wanted);
    }
}
