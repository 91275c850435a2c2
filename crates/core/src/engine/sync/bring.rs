//! Writing what a sync task brings, through the ordinary path of objects. The commit that makes an
//! object visible also marks the item of its key as done, so that it is counted exactly once.

use super::super::buckets::now;
use super::super::commit::{Also, Unwritten, VersionWrite};
use super::super::ingest::{ANY_SIZE, IngestSpec, Tree, ingest};
use super::super::put::{new_bytes, new_record};
use crate::engine::{
    Body, Conditions, Cx, DeleteObject, Deletion, ETagMatch, Engine, ObjectTarget, VersionChoice,
};
use crate::error::Error;
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{
    BlobId, BucketName, EventKind, ObjectKey, Principal, SyncOutcome, SyncPast, SyncTask,
    SyncTaskId,
};
use crate::ports::{CommitError, Expect, Revision, SourceObject, Write};
use crate::records::{SyncDone, SyncItemRecord, SyncResume, decode, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::sync::{There, carried, expected};

/// A copy to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bringing<'a> {
    /// The task.
    pub(crate) task: &'a SyncTask,
    /// In whose name.
    pub(crate) cx: &'a Cx,
    /// The key at the source, and of the item.
    pub(crate) key: &'a ObjectKey,
    /// The key at the destination.
    pub(crate) to: &'a ObjectKey,
    /// Requests that it answers.
    pub(crate) owed: u64,
    /// The object at the source.
    pub(crate) source: &'a SourceObject,
    /// What was there when it was decided to copy.
    pub(crate) there: Option<&'a There>,
}

/// Why nothing was brought.
#[derive(Debug)]
pub(crate) enum Unbrought {
    /// The item is done already, or its task is gone.
    Done,
    /// Anything else.
    Failed(Error),
}

impl From<Error> for Unbrought {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Bringing<'_> {
    /// That what is there is still what was seen.
    pub(super) fn conditions(&self) -> Conditions {
        let (if_match, if_none_match) = match self.there {
            Some(there) => {
                let etag = there.etag.to_string().into();
                (Some(ETagMatch::OneOf(vec![etag])), None)
            }
            None => (None, Some(ETagMatch::Any)),
        };
        Conditions {
            if_match,
            if_none_match,
            ..Conditions::default()
        }
    }

    /// What it is once it stands.
    pub(super) fn success(&self) -> SyncOutcome {
        SyncOutcome::Success {
            bytes: self.source.size,
            checked: expected(self.task.settings.check, self.source).1,
        }
    }
}

impl Engine {
    /// In whose name a task writes, and what its writing carries on.
    pub(crate) fn sync_cx(&self, task: &SyncTask, past: SyncPast) -> Cx {
        Cx {
            principal: Principal::Account {
                account: task.writer.clone(),
                key: task.writer_key.clone(),
            },
            request_id: format!("sync-{}", task.id).into(),
            source: None,
            dialect: task.via,
            at: self.ports.clock.now(),
            secure: true,
            tls: None,
            user_agent: None,
            referer: None,
            // Whoever made the task ordered it.
            pays: true,
            by_link: false,
            bypasses: false,
            past,
            encrypting: crate::engine::Encrypting::default(),
        }
    }

    /// What a task has to do about a key; `None` when that is nothing.
    pub(crate) async fn sync_item(
        &self,
        task: SyncTaskId,
        key: &ObjectKey,
    ) -> Result<Option<(SyncItemRecord, Revision)>, Error> {
        let place = keys::sync_item(task, key);
        let Some(stored) = self.get_one(place).await? else {
            return Ok(None);
        };
        Ok(Some((decode(&stored.bytes)?, stored.revision)))
    }

    /// What is there under a key that a task is about to write: `NoSuchBucket`, `Denied`.
    pub(crate) async fn sync_there(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<Option<There>, Error> {
        let (bucket, _) = self.bucket_for_change(bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(key))?;
        let seen = self.see_one(bucket.id, key).await?;
        let version = seen.current.map(|current| current.version);
        let there = version.as_ref().and_then(|version| {
            let record = version.object()?;
            Some(There {
                size: record.size,
                etag: record.etag.clone(),
                written_at: version.written_at,
                crc64: record.checksums.crc64,
            })
        });
        Ok(there)
    }

    /// Removes what a task saw under a key: `PreconditionFailed` when it was changed meanwhile.
    pub(crate) async fn sync_remove(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        key: &ObjectKey,
        there: &There,
    ) -> Result<(), Error> {
        let target = ObjectTarget {
            bucket: bucket.clone(),
            key: key.clone(),
            version: VersionChoice::Current,
        };
        let etag = there.etag.to_string().into();
        let if_match = Some(ETagMatch::OneOf(vec![etag]));
        let req = DeleteObject {
            target,
            if_match,
            how: Deletion::default(),
        };
        self.delete_object(cx, req).await?;
        Ok(())
    }

    /// Stores an object whose bytes come in one piece. Nothing is visible unless all of it came and has
    /// the digests that the source publishes: `IncompleteBody`, `BadDigest`; `ObjectExists` or
    /// `PreconditionFailed` when what is there was changed meanwhile; else errors as of a put.
    pub(crate) async fn bring(&self, b: Bringing<'_>, body: Body) -> Result<(), Unbrought> {
        let attributes = carried(&b.task.settings, b.source);
        let id = BlobId {
            payload: self.ports.ids.payload(),
            n: 0,
        };
        let bucket = &b.task.settings.bucket;
        let (found, _) = self.bucket_for_change(bucket).await?;
        let sealing = self.new_sealing(b.cx, &found);
        let spec = IngestSpec {
            id,
            digests: expected(b.task.settings.check, b.source).0.expected(),
            size: ANY_SIZE,
            small_max: self.small_max(sealing.as_ref()),
            tree: Tree::None,
            sealing,
        };
        let ingested = ingest(&self.ports, spec, body).await?;
        let record = new_record(b.cx, &found, &attributes, id, &ingested);
        let mut write = VersionWrite {
            bucket,
            key: b.to,
            record,
            class: attributes.class,
            bytes: new_bytes(id, &ingested),
            kind: EventKind::CreatedPut,
            conditions: &b.conditions(),
            callback: None,
            also: Also::default(),
        };
        let outcome = self.write_and_mark(b, &mut write).await;
        if let Err(Unbrought::Failed(error)) = &outcome {
            self.discard_refused(&write.bytes, error).await;
        }
        outcome
    }

    /// Writes a version and marks the item. Requests that were accepted meanwhile stay owed.
    async fn write_and_mark(
        &self,
        b: Bringing<'_>,
        write: &mut VersionWrite<'_>,
    ) -> Result<(), Unbrought> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            write.also = self.marking(b).await?;
            match self.write_version(b.cx, write).await {
                Ok(_) => return Ok(()),
                Err(Unwritten::Stale) => {}
                Err(Unwritten::Failed(error)) => return Err(error.into()),
            }
        }
        Err(Error::from(CommitError::Conflict).into())
    }

    /// What marks the item of a copy as done.
    pub(super) async fn marking(&self, b: Bringing<'_>) -> Result<Also, Unbrought> {
        let found = self.sync_item(b.task.id, b.key).await?;
        let open = found.filter(|(item, _)| item.done.is_none());
        let (item, revision) = open.ok_or(Unbrought::Done)?;
        let marked = SyncItemRecord {
            owed: item.owed.saturating_sub(b.owed),
            done: Some(SyncDone {
                requests: b.owed,
                at: self.ports.clock.now(),
                outcome: b.success(),
            }),
            resume: None,
            ..item
        };
        let place = keys::sync_item(b.task.id, b.key);
        Ok(Also {
            within: None,
            stamp: None,
            expect: vec![Expect::Revision(place.clone(), revision)],
            write: vec![Write::Put(place, encode(&marked))],
        })
    }

    /// Forgets how far the copy of a large object came, when it is not to be gone on with.
    pub(crate) async fn forget_resume(
        &self,
        task: &SyncTask,
        key: &ObjectKey,
        resume: &SyncResume,
    ) -> Result<(), Error> {
        let bucket = &task.settings.bucket;
        self.give_up_copy(bucket, &resume.key, resume.upload)
            .await?;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let found = self.sync_item(task.id, key).await?;
            let Some((item, revision)) = found.filter(|(item, _)| item.resume.is_some()) else {
                return Ok(());
            };
            let item = SyncItemRecord {
                resume: None,
                ..item
            };
            let place = keys::sync_item(task.id, key);
            let expect = vec![Expect::Revision(place.clone(), revision)];
            let txn = now(expect, vec![Write::Put(place, encode(&item))]);
            if self.commit_one(txn).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }
}
