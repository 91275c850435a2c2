//! What clients do with the vault, and what they were told. Everything is noted before it is asked, because an
//! answer may be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cohong_core::engine::{
    Attributes, Body, CompleteArchive, Conditions, CreateArchiveUpload, CreateJob, Cx, Engine,
    ExpectedDigests, JobOrder, PutArchive, PutArchivePart, PutObject,
};
use cohong_core::model::{
    ArchiveId, BucketName, EventKind, JobId, ObjectKey, TreeHash, UploadId, VaultId,
};
use cohong_core::rules::tree::{Leaves, combine};
use cohong_core::{Error, ErrorKind};
use cohong_testkit::seed::Seed;
use cohong_testkit::sim::exec::Sim;
use md5::{Digest, Md5};

/// Length of parts: the least there is.
pub(crate) const PART: usize = 1 << 20;

/// An upload that was begun.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) id: UploadId,
    pub(crate) bytes: Bytes,
}

/// What a job was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Bytes(Bytes),
    Inventory,
    Pull(Bytes),
    Push(ObjectKey),
}

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Every body that was ever sent, by the description of its archive; each is sent once, or as parts of
    /// one upload.
    pub(crate) sent: BTreeMap<String, Bytes>,
    /// Archives that were acknowledged.
    pub(crate) kept: BTreeMap<ArchiveId, Bytes>,
    /// Archives whose removal was asked for.
    pub(crate) removed: BTreeSet<ArchiveId>,
    /// Uploads that may be open.
    pub(crate) uploads: Vec<Upload>,
    pub(crate) jobs: BTreeMap<JobId, Asked>,
    /// Objects that pushes were to write.
    pub(crate) pushed: BTreeMap<ObjectKey, Bytes>,
    numbers: usize,
}

/// A client; clones share what they know.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) sim: Sim,
    pub(crate) engine: Arc<Engine>,
    pub(crate) cx: Cx,
    pub(crate) vault: VaultId,
    pub(crate) bucket: BucketName,
    pub(crate) known: Arc<Mutex<Known>>,
}

impl Client {
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    /// Does something.
    pub(crate) async fn act(&self) {
        match self.sim.random(16) {
            0..3 => self.put().await,
            3 => self.remove().await,
            4..6 => self.upload().await,
            6 => self.resume().await,
            7 => self.abort().await,
            8..10 => self.retrieve().await,
            10 => {
                self.ask("inventory", JobOrder::Inventory, Asked::Inventory)
                    .await;
            }
            11..13 => self.pull().await,
            13..15 => self.push().await,
            _ => self.look().await,
        }
    }

    /// A name that nobody else has, with new bytes.
    fn new_body(&self, what: &str, len: usize) -> (String, Bytes) {
        let mut known = self.known();
        known.numbers += 1;
        let name = format!("{what}-{}", known.numbers);
        let bytes = noise(len + known.numbers, known.numbers as u64);
        known.sent.insert(name.clone(), bytes.clone());
        (name, bytes)
    }

    async fn put(&self) {
        let len = usize::try_from(self.sim.random(3000)).unwrap();
        let (name, bytes) = self.new_body("put", len);
        let req = PutArchive {
            vault: self.vault,
            description: name.into(),
            md5: md5(&bytes),
            tree: tree(&bytes),
        };
        let put = self.engine.put_archive(&self.cx, req, body(&bytes)).await;
        if let Some(archive) = unless_down(put) {
            self.known().kept.insert(archive.id, bytes);
        }
    }

    fn some_archive(&self) -> Option<(ArchiveId, Bytes)> {
        let known = self.known();
        let all: Vec<_> = known.kept.iter().collect();
        let (id, bytes) = self.sim.pick(&all)?;
        Some((**id, (*bytes).clone()))
    }

    async fn remove(&self) {
        let Some((id, _)) = self.some_archive() else {
            return;
        };
        self.known().removed.insert(id);
        let removed = self.engine.delete_archive(&self.cx, self.vault, id).await;
        // Another may have done it, or this one before its answer was lost.
        unless(removed, &[ErrorKind::NoSuchArchive]);
    }

    async fn upload(&self) {
        let parts = usize::try_from(self.sim.random(3)).unwrap();
        let (name, bytes) = self.new_body("upload", parts * PART);
        let req = CreateArchiveUpload {
            vault: self.vault,
            description: name.into(),
            part_size: PART as u64,
        };
        let begun = self.engine.create_archive_upload(&self.cx, req).await;
        let Some(id) = unless_down(begun) else { return };
        let upload = Upload { id, bytes };
        self.known().uploads.push(upload.clone());
        self.finish(&upload).await;
    }

    fn some_upload(&self) -> Option<Upload> {
        let uploads = self.known().uploads.clone();
        self.sim.pick(&uploads).cloned()
    }

    async fn resume(&self) {
        if let Some(upload) = self.some_upload() {
            self.finish(&upload).await;
        }
    }

    async fn abort(&self) {
        let Some(Upload { id, .. }) = self.some_upload() else {
            return;
        };
        let aborted = self
            .engine
            .abort_archive_upload(&self.cx, self.vault, id)
            .await;
        if unless(aborted, &[ErrorKind::NoSuchUpload]).is_some() {
            self.known().uploads.retain(|upload| upload.id != id);
        }
    }

    /// Sends the parts that are missing and completes the upload, as far as it goes.
    async fn finish(&self, upload: &Upload) {
        let listed = self
            .engine
            .list_archive_parts(&self.cx, self.vault, upload.id, None, 100)
            .await;
        let ended = matches!(&listed, Err(error) if error.kind() == ErrorKind::NoSuchUpload);
        if !ended {
            let Some(listed) = unless_down(listed) else {
                return;
            };
            let there: Vec<u64> = listed.parts.iter().map(|part| part.range.start).collect();
            for (n, part) in upload.bytes.chunks(PART).enumerate() {
                let start = (n * PART) as u64;
                let again = self.sim.one_in(8);
                if (again || !there.contains(&start)) && !self.part(upload, start, part).await {
                    return;
                }
            }
        }
        let req = CompleteArchive {
            vault: self.vault,
            upload: upload.id,
            size: upload.bytes.len() as u64,
            tree: tree(&upload.bytes),
        };
        let completed = self.engine.complete_archive(&self.cx, &req).await;
        let Some(archive) = unless(completed, &[ErrorKind::NoSuchUpload]) else {
            return;
        };
        self.known().kept.insert(archive.id, upload.bytes.clone());
    }

    async fn part(&self, upload: &Upload, start: u64, bytes: &[u8]) -> bool {
        let req = PutArchivePart {
            vault: self.vault,
            upload: upload.id,
            range: start..start + bytes.len() as u64,
            md5: md5(bytes),
            tree: tree(bytes),
        };
        let bytes = Bytes::copy_from_slice(bytes);
        let put = self
            .engine
            .put_archive_part(&self.cx, req, body(&bytes))
            .await;
        unless(put, &[ErrorKind::NoSuchUpload]).is_some()
    }

    async fn ask(&self, description: &str, order: JobOrder, asked: Asked) {
        let req = CreateJob {
            vault: self.vault,
            description: description.into(),
            order,
        };
        let made = self.engine.create_job(&self.cx, req).await;
        if let Some(id) = unless(made, &[ErrorKind::NoSuchArchive]) {
            self.known().jobs.insert(id, asked);
        }
    }

    async fn retrieve(&self) {
        let Some((archive, bytes)) = self.some_archive() else {
            return;
        };
        let first_block = self.sim.one_in(2) && bytes.len() > PART;
        let (range, bytes) = if first_block {
            (Some((0, PART as u64 - 1)), bytes.slice(..PART))
        } else {
            (None, bytes)
        };
        let order = JobOrder::Retrieval { archive, range };
        self.ask("retrieval", order, Asked::Bytes(bytes)).await;
    }

    async fn pull(&self) {
        let len = usize::try_from(self.sim.random(200)).unwrap();
        let (name, bytes) = self.new_body("pull", len);
        let key = ObjectKey::new(&name).unwrap();
        let req = PutObject {
            bucket: self.bucket.clone(),
            key: key.clone(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
            digests: ExpectedDigests::default(),
            size: None,
            callback: None,
            kind: EventKind::CreatedPut,
        };
        let put = self.engine.put_object(&self.cx, req, body(&bytes)).await;
        if unless_down(put).is_none() {
            return;
        }
        let bucket = self.bucket.clone();
        let order = JobOrder::Pull { bucket, key };
        self.ask(&name, order, Asked::Pull(bytes)).await;
    }

    async fn push(&self) {
        let Some((archive, bytes)) = self.some_archive() else {
            return;
        };
        let key = {
            let mut known = self.known();
            known.numbers += 1;
            let key = ObjectKey::new(&format!("pushed-{}", known.numbers)).unwrap();
            known.pushed.insert(key.clone(), bytes);
            key
        };
        let order = JobOrder::Push {
            archive,
            bucket: self.bucket.clone(),
            key: key.clone(),
        };
        self.ask("push", order, Asked::Push(key)).await;
    }

    /// What was acknowledged is there, and nothing is counted below that.
    async fn look(&self) {
        let Some((id, bytes)) = self.some_archive() else {
            return;
        };
        let seen = self.engine.archive(&self.cx, self.vault, id).await;
        match seen.map_err(|error| error.kind()) {
            Ok(archive) => assert_eq!(archive.tree, tree(&bytes)),
            Err(ErrorKind::NoSuchArchive) => assert!(self.known().removed.contains(&id)),
            Err(kind) => assert_eq!(kind, ErrorKind::Unavailable),
        }
    }
}

/// What was answered, but for a server in trouble.
fn unless_down<T>(answer: Result<T, Error>) -> Option<T> {
    unless(answer, &[])
}

/// What was answered, but for a server in trouble and what may be.
fn unless<T>(answer: Result<T, Error>, may_be: &[ErrorKind]) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            let kind = error.kind();
            let trouble = [ErrorKind::Unavailable, ErrorKind::Full, ErrorKind::Busy];
            assert!(
                trouble.contains(&kind) || may_be.contains(&kind),
                "{kind:?}: {error}"
            );
            None
        }
    }
}

fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

pub(crate) fn tree(bytes: &[u8]) -> TreeHash {
    let mut leaves = Leaves::default();
    leaves.update(bytes);
    combine(leaves.finish()).unwrap()
}

fn body(bytes: &Bytes) -> Body {
    Body {
        len: Some(bytes.len() as u64),
        stream: Box::pin(futures_util::stream::iter([Ok(bytes.clone())])),
    }
}

fn noise(len: usize, seed: u64) -> Bytes {
    let mut seed = Seed::new(seed);
    let mut bytes = vec![0; len];
    for chunk in bytes.chunks_mut(8) {
        let n = seed.draw().to_le_bytes();
        chunk.copy_from_slice(&n[..chunk.len()]);
    }
    bytes.into()
}
