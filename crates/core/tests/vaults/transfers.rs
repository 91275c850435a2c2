//! Archives of objects, and objects of archives.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::engine::{
    Attributes, CreateJob, Engine, JobOrder, Ports, PutObject, VersionChoice,
};
use cohong_core::limits::{DROP_GRACE, JOB_TRIED_MAX, LONG_WORK_AT_ONCE};
use cohong_core::model::{
    AccessKeyId, Acl, ArchiveId, BlobId, BucketName, Cipher, Encryption, Etag, EventKind, JobId,
    JobResult, KeyHolder, ObjectKey, Principal, StorageClass, Versioning,
};
use cohong_core::ports::{BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, Clock, Table};
use cohong_core::records::WorkKind;
use cohong_core::{ErrorKind, work};

use crate::common::{World, account, owner, put, run, target};
use crate::{MIB, Vaults, body, noise, tree};

impl Vaults {
    async fn pull(&self, bucket: &BucketName, key: &str) -> JobId {
        let order = JobOrder::Pull {
            bucket: bucket.clone(),
            key: ObjectKey::new(key).unwrap(),
        };
        self.job(order).await.unwrap()
    }

    async fn push(&self, archive: ArchiveId, bucket: &BucketName, key: &str) -> JobId {
        let order = JobOrder::Push {
            archive,
            bucket: bucket.clone(),
            key: ObjectKey::new(key).unwrap(),
        };
        self.job(order).await.unwrap()
    }

    async fn object(&self, bucket: &BucketName, key: &str, bytes: &[u8]) {
        let req = PutObject {
            attributes: Attributes::default(),
            ..put(bucket, key)
        };
        let stored = self.engine.put_object(&self.cx, req, body(bytes)).await;
        stored.unwrap();
    }

    async fn failure(&self, job: JobId) -> String {
        match self.outcome(job).await.unwrap().result {
            JobResult::Failed { why } => why.into(),
            other => panic!("{other:?}"),
        }
    }
}

async fn get(world: &World, bucket: &BucketName, key: &str) -> Result<Vec<u8>, ErrorKind> {
    world.get(bucket, key, VersionChoice::Current).await
}

#[test]
fn an_object_becomes_an_archive_of_its_own() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        // In the commit, in a blob, over several blocks.
        for len in [1, 1000, 100_000, 2 * MIB + 3] {
            let bytes = noise(len);
            it.object(&bucket, "cat", &bytes).await;
            let job = it.pull(&bucket, "cat").await;
            assert_eq!(it.outcome(job).await, None);
            it.work().await;
            let outcome = it.outcome(job).await.unwrap();
            let JobResult::Pulled {
                archive,
                size,
                tree: root,
            } = outcome.result
            else {
                panic!("{outcome:?}");
            };
            assert_eq!((size, root), (len, tree(&bytes)));
            it.object(&bucket, "cat", b"another cat").await;
            let stored = it.engine.archive(&it.cx, it.vault, archive).await.unwrap();
            assert_eq!(&*stored.description, "photos/cat");
            assert_eq!((stored.size, stored.tree), (len, root));
            let read = it.retrieve(archive, None).await.unwrap();
            assert!(it.output(read, None).await.unwrap().1 == bytes);
            let none = it.output(job, None).await.map(drop);
            assert_eq!(none, Err(ErrorKind::InvalidArgument));
        }
        assert_eq!(it.usage().await.0, 4);
    });
}

#[test]
fn an_archive_becomes_an_object_and_both_stay() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        it.world.versioning(&bucket, Versioning::Enabled).await;
        it.world.rule(&bucket).await;
        let bytes = noise(MIB + 3);
        let archive = it.put(&bytes).await;
        it.object(&bucket, "cat", b"before").await;
        let job = it.push(archive.id, &bucket, "cat").await;
        let delete = it.engine.delete_archive(&it.cx, it.vault, archive.id);
        delete.await.unwrap();
        it.work().await;
        let outcome = it.outcome(job).await.unwrap();
        assert_eq!(outcome.result, JobResult::Pushed);
        assert!(get(&it.world, &bucket, "cat").await.unwrap() == bytes);
        let events = it.world.events(&bucket).await;
        let last = events.last().unwrap();
        assert_eq!(last.event.kind, EventKind::CreatedPut);
        assert_eq!(last.event.etag, Some(Etag::Md5(crate::md5(&bytes))));
        it.world.clock.advance(2 * DROP_GRACE);
        it.work().await;
        assert!(get(&it.world, &bucket, "cat").await.unwrap() == bytes);
        let inspected = it.engine.inspect().await.unwrap();
        assert_eq!((inspected.versions, inspected.damaged), (2, 0));
        // And back again: a pulled archive has bytes of its own.
        let job = it.pull(&bucket, "cat").await;
        it.work().await;
        let outcome = it.outcome(job).await.unwrap();
        assert!(matches!(outcome.result, JobResult::Pulled { .. }));
    });
}

#[test]
fn an_archive_becomes_an_encrypted_object_and_the_other_way_round() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        let rule = Encryption {
            cipher: Cipher::Aes256,
            holder: KeyHolder::Server,
        };
        let put = it.engine.put_bucket_doc(&owner(), &bucket, &rule).await;
        put.unwrap();
        for bytes in [noise(MIB + 3), b"few".to_vec()] {
            let archive = it.put(&bytes).await;
            let job = it.push(archive.id, &bucket, "cat").await;
            it.work().await;
            assert_eq!(it.outcome(job).await.unwrap().result, JobResult::Pushed);
            let delete = it.engine.delete_archive(&it.cx, it.vault, archive.id);
            delete.await.unwrap();
            it.world.clock.advance(2 * DROP_GRACE);
            it.work().await;
            assert!(get(&it.world, &bucket, "cat").await.unwrap() == bytes);
            let at = target(&bucket, "cat", VersionChoice::Current);
            let read = cohong_core::rules::access::Action::ReadObject;
            let info = it.engine.inspect_object(&owner(), &at, read).await.unwrap();
            assert_eq!(info.record.encryption(), Some(&rule));
            let job = it.pull(&bucket, "cat").await;
            it.work().await;
            let JobResult::Pulled {
                size, tree: pulled, ..
            } = it.outcome(job).await.unwrap().result
            else {
                panic!("not pulled");
            };
            assert_eq!((size, pulled), (bytes.len() as u64, tree(&bytes)));
        }
    });
}

#[test]
fn an_archive_of_parts_becomes_an_object() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        let bytes = noise(2 * MIB + 9);
        let upload = it.begin(MIB).await;
        for (n, part) in bytes.chunks(1 << 20).enumerate() {
            it.part(upload, n as u64 * MIB, part).await.unwrap();
        }
        let req = cohong_core::engine::CompleteArchive {
            vault: it.vault,
            upload,
            size: bytes.len() as u64,
            tree: tree(&bytes),
        };
        let archive = it.engine.complete_archive(&it.cx, &req).await.unwrap();
        it.push(archive.id, &bucket, "cat").await;
        it.work().await;
        assert!(get(&it.world, &bucket, "cat").await.unwrap() == bytes);
        let inspected = it.engine.inspect().await.unwrap();
        assert_eq!((inspected.versions, inspected.damaged), (1, 0));
        let delete = it.engine.delete_archive(&it.cx, it.vault, archive.id);
        delete.await.unwrap();
        it.world.clock.advance(2 * DROP_GRACE);
        it.work().await;
        assert!(get(&it.world, &bucket, "cat").await.unwrap() == bytes);
    });
}

#[test]
fn what_cannot_be_read_or_written_ends_the_job() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        it.object(&bucket, "empty", b"").await;
        let mut cold = put(&bucket, "cold");
        cold.attributes.class = Some(StorageClass::Archive);
        let cold = it.engine.put_object(&it.cx, cold, body(b"cold")).await;
        cold.unwrap();
        let others = crate::common::create_bucket("others", Acl::default());
        let name = others.name.clone();
        let created = it.engine.create_bucket(&account("other"), others).await;
        created.unwrap();
        let nowhere = BucketName::new("nowhere").unwrap();
        let archive = it.put(b"bytes").await.id;
        let jobs = [
            (it.pull(&bucket, "missing").await, "no object"),
            (it.pull(&bucket, "empty").await, "at least one byte"),
            (it.pull(&bucket, "cold").await, "restore"),
            (it.pull(&name, "cat").await, "may not"),
            (it.pull(&nowhere, "cat").await, "no bucket"),
            (it.push(archive, &nowhere, "cat").await, "no bucket"),
            (it.push(archive, &name, "cat").await, "may not"),
        ];
        it.work().await;
        for (job, wanted) in jobs {
            let why = it.failure(job).await;
            assert!(why.contains(wanted), "{why}");
        }
        assert_eq!(it.usage().await, (1, 5));
        assert_eq!(it.count(Table::Work).await, 0, "nothing is tried again");
    });
}

#[test]
fn a_job_whose_key_is_gone_does_nothing() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        it.object(&bucket, "cat", b"bytes").await;
        let cx = cohong_core::engine::Cx {
            principal: Principal::Account {
                account: it.cx.principal.account().unwrap().clone(),
                key: AccessKeyId("gone".into()),
            },
            ..it.cx.clone()
        };
        let req = CreateJob {
            vault: it.vault,
            description: "".into(),
            order: JobOrder::Pull {
                bucket,
                key: ObjectKey::new("cat").unwrap(),
            },
        };
        let job = it.engine.create_job(&cx, req).await.unwrap();
        it.work().await;
        assert!(it.failure(job).await.contains("access key"));
        assert_eq!(it.usage().await, (0, 0));
    });
}

#[test]
fn a_transfer_waits_for_its_time_in_steps() {
    run(async {
        let hours = Duration::from_hours(4);
        let it = Vaults::new(hours).await;
        let bucket = it.world.bucket("photos").await;
        it.object(&bucket, "cat", b"bytes").await;
        let job = it.pull(&bucket, "cat").await;
        for _ in 0..16 {
            it.work().await;
            assert_eq!(it.outcome(job).await, None);
            it.world.clock.advance(Duration::from_mins(15));
        }
        it.work().await;
        assert!(matches!(
            it.outcome(job).await.unwrap().result,
            JobResult::Pulled { .. }
        ));
    });
}

#[test]
fn the_servers_own_trouble_is_tried_again_and_told_in_the_end() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        it.object(&bucket, "cat", b"bytes").await;
        let job = it.pull(&bucket, "cat").await;
        let touched = it.world.touch(Table::Jobs).await;
        it.world.meta.overtake(touched);
        it.work().await;
        let owed = it.engine.list_work(10).await.unwrap();
        let again = owed
            .iter()
            .find(|(_, work)| matches!(work.kind, WorkKind::RunJob { reads: true, .. }));
        assert_eq!(again.unwrap().1.attempt, 1, "the job changed under it");
        assert_eq!(it.outcome(job).await, None);
        it.world.clock.advance(Duration::from_mins(1));
        it.work().await;
        assert!(matches!(
            it.outcome(job).await.unwrap().result,
            JobResult::Pulled { .. }
        ));
        assert_eq!(it.usage().await, (1, 5));
    });
}

#[test]
fn a_job_without_room_is_tried_for_an_hour() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        it.object(&bucket, "cat", b"bytes").await;
        it.world.blobs.set_room(Some(0));
        let job = it.pull(&bucket, "cat").await;
        let began = it.world.clock.now();
        while it.world.clock.now().since(began) < JOB_TRIED_MAX {
            it.work().await;
            assert_eq!(it.outcome(job).await, None);
            it.world.clock.advance(Duration::from_mins(1));
        }
        it.world.clock.advance(Duration::from_mins(15));
        it.work().await;
        let why = it.failure(job).await;
        assert!(why.contains("disk space"), "{why}");
        assert_eq!(it.count(Table::Work).await, 0);
    });
}

/// A store that never takes a blob.
#[derive(Debug)]
struct Stuck;

#[async_trait]
impl BlobStore for Stuck {
    async fn create(&self, _: BlobId, _: Option<u64>) -> Result<Box<dyn BlobWriter>, BlobError> {
        std::future::pending().await
    }

    async fn read(&self, _: BlobId, _: Range<u64>) -> Result<ByteStream, BlobError> {
        Err(BlobError::NoSuchBlob)
    }

    async fn delete(&self, _: BlobId) -> Result<(), BlobError> {
        Ok(())
    }

    async fn scan(&self, _: Option<BlobId>, _: usize) -> Result<Vec<BlobInfo>, BlobError> {
        Ok(Vec::new())
    }
}

/// Pulls that never end, far more than one look at the queue shows, hold up nothing but each other.
#[test]
fn short_work_does_not_wait_for_long_work() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bucket = it.world.bucket("photos").await;
        it.object(&bucket, "cat", b"bytes").await;
        for _ in 0..100 {
            it.pull(&bucket, "cat").await;
        }
        it.world.clock.advance(Duration::from_secs(1));
        let upload = it.begin(MIB).await;
        let abort = it.engine.abort_archive_upload(&it.cx, it.vault, upload);
        abort.await.unwrap();
        let engine = Arc::new(Engine::new(Ports {
            blobs: Arc::new(Stuck),
            ..it.engine.ports().clone()
        }));
        let handle = work::start(&engine);
        let tasks = it.world.tasks.take().into_iter().map(|(_, task)| task);
        let workers = futures_util::future::join_all(tasks);
        let done = async {
            for _ in 0..10_000 {
                let owed = it.engine.list_work(1000).await.unwrap();
                if owed.iter().all(|(_, work)| work.kind.is_long()) {
                    assert_eq!(handle.report().running, LONG_WORK_AT_ONCE);
                    return;
                }
                tokio::task::yield_now().await;
            }
            panic!("short work waits");
        };
        tokio::select! {
            _ = workers => panic!("the workers end"),
            () = done => {}
        }
    });
}
