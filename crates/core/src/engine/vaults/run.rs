//! Doing jobs: lists of archives, archives of objects and objects of archives. The commit that makes the result
//! visible also marks the job as done, so it is done once whatever dies.

use super::jobs::{doing, no_such_job};
use crate::engine::buckets::now;
use crate::engine::commit::{Also, Unwritten, VersionWrite};
use crate::engine::holding::NewBytes;
use crate::engine::ingest::Tree;
use crate::engine::uploads::payload_in;
use crate::engine::{
    Body, Conditions, Cx, Engine, ExpectedDigests, ObjectTarget, VersionChoice, Walk,
};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    ARCHIVE_TEXT_BYTES_MAX, INGEST_WRITE_BYTES, JOB_TRIED_MAX, PULL_BYTES_MAX, WORK_BACKOFF_MAX,
};
use crate::model::{
    Archive, BlobId, BucketName, DialectId, EventKind, Extent, Form, Job, JobId, JobKind,
    JobOutcome, JobResult, Lock, ObjectKey, ObjectRecord, PayloadRef, Place, Principal, Replicated,
    StoredHeaders, SyncPast, Timestamp, VaultId,
};
use crate::ports::{BlobWriter, Expect, Key, Revision, Write};
use crate::records::{PayloadState, decode, encode, keys};
use crate::work;

/// A job at work.
struct Running {
    vault: VaultId,
    job: Job,
    at: Key,
    revision: Revision,
}

impl Running {
    /// That nobody has touched the job.
    fn is_unchanged(&self) -> Expect {
        Expect::Revision(self.at.clone(), self.revision)
    }

    /// The write that says how it ended.
    fn ended(&self, at: Timestamp, result: JobResult) -> Write {
        let job = Job {
            outcome: Some(JobOutcome {
                at: at.max(self.job.ready_at),
                result,
            }),
            ..self.job.clone()
        };
        Write::Put(self.at.clone(), encode(&job))
    }
}

impl Engine {
    /// Does what a job is to do, unless it was done or is gone; gives the work that looks again when its time
    /// has not come. What is the server's own trouble is an error, to be tried again, for
    /// [`JOB_TRIED_MAX`]; anything else is what the client is told.
    pub(crate) async fn run_job(&self, vault: VaultId, id: JobId) -> Result<Vec<Write>, Error> {
        let Some((job, revision)) = self.find_job(vault, id).await? else {
            return Ok(Vec::new());
        };
        if job.outcome.is_some() {
            return Ok(Vec::new());
        }
        let now = self.ports.clock.now();
        if now < job.ready_at && !matches!(job.kind, JobKind::Inventory) {
            // The queue holds nothing for long.
            let due = job.ready_at.min(now.plus(WORK_BACKOFF_MAX));
            let kind = doing(vault, id, &job.kind);
            return Ok(work::put(&*self.ports.ids, kind, due, now).into());
        }
        let running = Running {
            vault,
            at: keys::job(vault, id),
            job,
            revision,
        };
        let done = match &running.job.kind {
            JobKind::Retrieval { .. } => Ok(()),
            JobKind::Inventory => self.list_archives(&running).await,
            JobKind::Pull { bucket, key } => self.pull(&running, bucket, key).await,
            JobKind::Push {
                archive,
                bucket,
                key,
            } => self.push(&running, archive, bucket, key).await,
        };
        let Err(error) = done else {
            return Ok(Vec::new());
        };
        let tried = now.since(running.job.ready_at);
        let ours = matches!(
            error.kind(),
            ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::Full
        );
        if ours && tried < JOB_TRIED_MAX {
            return Err(error);
        }
        self.fail(&running, &error).await
    }

    async fn fail(&self, running: &Running, error: &Error) -> Result<Vec<Write>, Error> {
        let why = error.message().into();
        let ended = running.ended(self.ports.clock.now(), JobResult::Failed { why });
        // Whoever touched the job meanwhile ended it.
        let _ended: bool = self
            .commit_one(now(vec![running.is_unchanged()], vec![ended]))
            .await?;
        Ok(Vec::new())
    }

    async fn job_cx(&self, job: &Job) -> Result<Cx, Error> {
        self.acting_cx(&job.principal, &job.request_id, job.via)
            .await
    }

    /// In whose name jobs and tasks read and write, as long as the access key that made them is one:
    /// `Denied`.
    pub(in crate::engine) async fn acting_cx(
        &self,
        principal: &Principal,
        request_id: &str,
        via: DialectId,
    ) -> Result<Cx, Error> {
        let gone = || {
            let message = "the access key that ordered this is gone; order it again with another";
            Error::new(ErrorKind::Denied, message)
        };
        let Principal::Account { key, .. } = principal else {
            return Err(gone());
        };
        let at = self.ports.clock.now();
        let found = self.credential(key).await?;
        let stands = found.filter(|found| {
            found.principal == *principal && found.expires_at.is_none_or(|end| end > at)
        });
        Ok(Cx {
            principal: stands.ok_or_else(gone)?.principal,
            request_id: request_id.into(),
            source: None,
            dialect: via,
            at,
            secure: true,
            tls: None,
            pays: true,
            by_link: false,
            bypasses: false,
            user_agent: None,
            referer: None,
            past: SyncPast::None,
            encrypting: crate::engine::Encrypting::default(),
        })
    }

    async fn pull(
        &self,
        running: &Running,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<(), Error> {
        let job = &running.job;
        let cx = self.job_cx(job).await?;
        let target = ObjectTarget {
            bucket: bucket.clone(),
            key: key.clone(),
            version: VersionChoice::Current,
        };
        let opened = self
            .open_object(&cx, &target, None, None, &|_| Ok(()))
            .await?;
        let body = Body {
            len: Some(opened.found.object().size),
            stream: opened.body,
        };
        let description = match &*job.description {
            "" => named_after(bucket, key),
            given => given.to_owned(),
        };
        let digests = ExpectedDigests::default();
        let taken = self
            .take_archive(body, PULL_BYTES_MAX, digests, Tree::Leaves, &description)
            .await?;
        let result = JobResult::Pulled {
            archive: taken.archive.id,
            size: taken.archive.size,
            tree: taken.archive.tree,
        };
        let also = Also {
            within: None,
            stamp: None,
            expect: vec![running.is_unchanged()],
            write: vec![running.ended(self.ports.clock.now(), result)],
        };
        let kept = self.keep_archive(running.vault, &taken, also).await;
        self.unless_kept(&taken, kept).await
    }

    async fn push(
        &self,
        running: &Running,
        archive: &Archive,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<(), Error> {
        let cx = self.job_cx(&running.job).await?;
        let (found, _) = self.bucket_for_change(bucket).await?;
        let mut record = object_of(&cx, archive)?;
        let mut bytes = NewBytes::Shared {
            payload: archive.id.payload(),
            source: (running.at.clone(), running.revision),
        };
        let mut expect = Vec::new();
        if let Some(sealing) = self.new_sealing(&cx, &found) {
            expect.push(running.is_unchanged());
            let plain = self.open_payload(&archive.payload, None, 0..archive.size);
            (record, bytes) = self
                .sealed_again(record, plain, Some(sealing), None)
                .await?;
        }
        let write = VersionWrite {
            bucket,
            key,
            record,
            class: None,
            bytes,
            kind: EventKind::CreatedPut,
            conditions: &Conditions::default(),
            callback: None,
            also: Also {
                within: None,
                stamp: None,
                expect,
                write: vec![running.ended(self.ports.clock.now(), JobResult::Pushed)],
            },
        };
        match self.write_version(&cx, &write).await {
            Ok(_) => Ok(()),
            Err(unwritten) => {
                // Whoever touched the job meanwhile ended it.
                let is_ended = matches!(unwritten, Unwritten::Stale);
                let error = Error::from(unwritten);
                self.discard_refused(&write.bytes, &error).await;
                if is_ended { Ok(()) } else { Err(error) }
            }
        }
    }

    /// Writes the list of the archives that were there when the job was made, but for those deleted since.
    async fn list_archives(&self, running: &Running) -> Result<(), Error> {
        let Some(format) = self.inventories.get(&running.job.via) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "nobody here writes inventories for this kind of client",
            ));
        };
        let found = self.find_vault(running.vault).await?;
        let vault = found.ok_or_else(no_such_job)?.vault;
        let created_at = running.job.created_at;
        let mut out = Output::new(self).await?;
        out.add(&format.begin(&vault, created_at)).await?;
        let mut first = true;
        let mut rows = Walk::over(keys::archives_range(running.vault));
        while let Some(page) = rows.page(&*self.ports.meta).await? {
            for (_, stored) in page {
                let archive: Archive = decode(&stored.bytes)?;
                if archive.created_at <= created_at {
                    out.add(&format.archive(&archive, first)).await?;
                    first = false;
                }
            }
        }
        out.add(&format.end()).await?;
        let (output, blob, size) = out.finish().await?;
        let payload = blob.payload;
        let holder = keys::held_by_job(payload, running.vault, running.job.id);
        let result = JobResult::Listed { output, size };
        let txn = now(
            vec![
                running.is_unchanged(),
                Expect::Absent(keys::payload(payload)),
            ],
            vec![
                running.ended(self.ports.clock.now(), result),
                Write::Put(keys::payload(payload), payload_in(PayloadState::Live)),
                Write::Put(holder, encode(&())),
            ],
        );
        if !self.commit_one(txn).await? {
            // The job was ended meanwhile; failing is no harm, the sweep finds what is left.
            drop(self.ports.blobs.delete(blob).await);
        }
        Ok(())
    }
}

/// A list on its way into a blob.
struct Output {
    blob: BlobId,
    writer: Box<dyn BlobWriter>,
    pending: String,
    size: u64,
}

impl Output {
    async fn new(engine: &Engine) -> Result<Self, Error> {
        let blob = BlobId {
            payload: engine.ports.ids.payload(),
            n: 0,
        };
        Ok(Self {
            blob,
            writer: engine.ports.blobs.create(blob, None).await?,
            pending: String::new(),
            size: 0,
        })
    }

    async fn add(&mut self, text: &str) -> Result<(), Error> {
        self.pending.push_str(text);
        if self.pending.len() < INGEST_WRITE_BYTES {
            return Ok(());
        }
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let piece = std::mem::take(&mut self.pending);
        self.size += piece.len() as u64;
        Ok(self.writer.write(piece.into()).await?)
    }

    async fn finish(mut self) -> Result<(PayloadRef, BlobId, u64), Error> {
        self.flush().await?;
        let id = self.writer.finish().await?.id;
        let extent = Extent {
            at: Place::Hot(id),
            offset: 0,
            len: self.size,
        };
        let payload = PayloadRef::One {
            id: id.payload,
            extent,
        };
        Ok((payload, self.blob, self.size))
    }
}

/// What an archive is said to be whose job says nothing.
fn named_after(bucket: &BucketName, key: &ObjectKey) -> String {
    let mut name = format!("{bucket}/{key}").replace(char::is_control, " ");
    let most = name.floor_char_boundary(ARCHIVE_TEXT_BYTES_MAX);
    name.truncate(most);
    name
}

/// The object that an archive becomes.
fn object_of(cx: &Cx, archive: &Archive) -> Result<ObjectRecord, Error> {
    let account = cx.principal.account();
    let owner = account.ok_or_else(|| Error::new(ErrorKind::Denied, "a job has an account"))?;
    Ok(ObjectRecord {
        size: archive.size,
        etag: archive.etag.clone(),
        checksums: archive.checksums,
        payload: archive.payload.clone(),
        headers: StoredHeaders::default(),
        user_meta: Vec::new(),
        tags: Vec::new(),
        class: crate::model::StorageClass::default(),
        upload: None,
        owner: owner.clone(),
        acl: None,
        form: Form::Normal,
        restore: None,
        seal: None,
        expires_at: None,
        lock: Lock::default(),
        replicated: Replicated::No,
        nanos: 0,
    })
}
