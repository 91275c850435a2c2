//! Writing a new version of a key: the one way objects come into being, whoever brings them.

use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{
    Bucket, BucketId, BucketName, CallbackSpec, Etag, Event, EventKind, Lock, ObjectKey,
    ObjectRecord, ObjectVersion, Replicated, StorageClass, Timestamp, VersionId, VersionTag,
};
use crate::ports::{CommitError, Expect, Revision, StoreError, Txn, Write};
use crate::records::CurrentRecord;
use crate::rules::access::{Action, On, Permit, allow, allow_lock};
use crate::rules::conditions::check_write;
use crate::rules::version::{self, Act, Change, Stamp};
use crate::rules::{lock, path, replication};

use super::callback::owed_call;
use super::holding::NewBytes;
use super::key::Draft;
use super::tree::Missing;
use super::{Conditions, Cx, Engine, NewVersion};

/// A version to be written.
#[derive(Debug)]
pub(crate) struct VersionWrite<'a> {
    pub(crate) bucket: &'a BucketName,
    pub(crate) key: &'a ObjectKey,
    /// The object; its class is set from `class`.
    pub(crate) record: ObjectRecord,
    /// Its class; `None` takes the bucket's default.
    pub(crate) class: Option<StorageClass>,
    /// Where its bytes come from.
    pub(crate) bytes: NewBytes,
    /// What others are told it was.
    pub(crate) kind: EventKind,
    /// Conditions on what is overwritten.
    pub(crate) conditions: &'a Conditions,
    /// A callback owed once it is written.
    pub(crate) callback: Option<&'a CallbackSpec>,
    /// What else belongs to the same transaction.
    pub(crate) also: Also,
}

/// Further parts of a transaction, of the caller's own planning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Also {
    pub(crate) expect: Vec<Expect>,
    pub(crate) write: Vec<Write>,
    /// The life of the bucket that is meant: another one of its name is `Stale`.
    pub(crate) within: Option<BucketId>,
    /// Id and time of the version when it is the copy of one, as far as the key has none that is newer.
    pub(crate) stamp: Option<Stamp>,
}

/// A version that was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) stored: NewVersion,
    pub(crate) id: VersionId,
    pub(crate) bucket: BucketId,
}

/// Why a version was not written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// Something the caller stated is not so any more: read it again.
    Stale,
    /// Anything else.
    Failed(Error),
}

impl From<Unwritten> for Error {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Stale => CommitError::Conflict.into(),
            Unwritten::Failed(error) => error,
        }
    }
}

impl From<Error> for Unwritten {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Engine {
    /// Writes a version in one transaction. `Stale` when something in `also.expect` or the source of a
    /// shared payload changed; `Busy` when others changed the key again and again. After `Unavailable`
    /// it may or may not have been written; after any other failure it was not.
    pub(crate) async fn write_version(
        &self,
        cx: &Cx,
        w: &VersionWrite<'_>,
    ) -> Result<Written, Unwritten> {
        if w.record.expires_at.is_some() {
            self.await_expiries(w.bucket).await?;
        }
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(w.bucket).await?;
            if w.also.within.is_some_and(|id| id != bucket.id) {
                return Err(Unwritten::Stale);
            }
            let permit = allow(cx, &bucket, Action::WriteObject, On::Key(w.key))?;
            if w.record.upload.is_none() {
                // Of an upload that was decided when it began.
                self.may_lock(cx, &bucket, w.key, w.record.lock)?;
            }
            // The parts of an upload are counted already.
            let bytes = w.record.upload.map_or(w.record.size, |_| 0);
            let _room = self.make_room(&bucket, w.key, bytes).await?;
            let pass = self.gates.enter(w.bucket, [w.key]).await;
            let written = self.write_once(cx, w, permit, (&bucket, revision)).await?;
            if let Some(written) = written {
                return Ok(written);
            }
            drop(pass);
            self.check_stated(w).await?;
        }
        Err(Error::from(CommitError::Conflict).into())
    }

    /// Reads, plans and commits once; `None` after a conflict.
    async fn write_once(
        &self,
        cx: &Cx,
        w: &VersionWrite<'_>,
        permit: Permit,
        (bucket, revision): (&Bucket, Revision),
    ) -> Result<Option<Written>, Unwritten> {
        let seen = self.see_one(bucket.id, w.key).await?;
        let current = overwritten(seen.current.as_ref());
        check_write(w.conditions, bucket.versioning, current)
            .map_err(|kind| unmet(kind, current.is_some()))?;
        let mut record = w.record.clone();
        let new = self.stamp(seen.current.as_ref());
        let stamp = w.also.stamp.unwrap_or(new);
        record.class = w.class.unwrap_or(bucket.default_class);
        record.lock = lock::of_new(bucket, record.lock, new.at)?;
        if record.replicated == Replicated::No {
            record.replicated = replication::of_new(bucket, w.kind, w.key);
        }
        if bucket.is_hierarchical() {
            record = path::settled(w.key.as_str(), record)?;
            if let Some(there) = seen.current.as_ref().filter(|_| record.is_directory()) {
                return Ok(Some(already_there(bucket, &there.version, w)));
            }
        }
        let owner = record.owner.clone();
        let act = Act::Write(Box::new(record));
        let look = version::look(bucket.versioning, seen.current.as_ref(), &act);
        let looked = self.peek(bucket.id, w.key, look).await?;
        let (now, current) = (new.at, seen.current.clone());
        let plan = version::plan(permit, bucket.versioning, current, looked, act, stamp)
            .expect("a write always has something to do");
        let Change::Written(id, tag) = plan.change else {
            unreachable!("a write writes");
        };
        let stored = NewVersion {
            etag: w.record.etag.clone(),
            crc64: w.record.checksums.crc64,
            further: w.record.checksums.further,
            size: w.record.size,
            version: tag,
            written_at: stamp.at,
            encryption: w.record.encryption().cloned(),
        };
        let event = written_event(cx, w, &stored, now);
        let mut draft = self.draft((bucket, revision), w.key, &seen, (&plan, None), event)?;
        let holding = self.hold(bucket.id, w.key, id, &w.bytes).await?;
        draft.txn.expect.extend(holding.expect);
        draft.txn.expect.extend(w.also.expect.iter().cloned());
        draft.txn.write.extend(holding.write);
        draft.txn.write.extend(w.also.write.iter().cloned());
        draft.txn.write.extend(
            w.callback
                .map(|spec| owed_call(spec, bucket.id, w.key, id, &cx.request_id, self.boot, now)),
        );
        draft.txn.payloads = holding.payloads;
        let branch = self.branch((bucket, &owner), w.key, Missing::Made).await?;
        branch.join(&mut draft.txn);
        if !self.commit_draft(bucket.id, draft).await? {
            return Ok(None);
        }
        Ok(Some(Written {
            stored,
            id,
            bucket: bucket.id,
        }))
    }

    /// Refuses a lock that a new version does not get, or that the principal may not set.
    pub(crate) fn may_lock(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        key: &ObjectKey,
        lock: Lock,
    ) -> Result<(), Error> {
        allow_lock(cx, bucket, key, lock)?;
        lock::check_new(bucket, lock, self.ports.clock.now())
    }

    /// Commits one transaction; `false` after a conflict.
    pub(crate) async fn commit_one(&self, txn: Txn) -> Result<bool, Error> {
        let moving = self.usages.moving(txn.write.iter()).await?;
        let outcomes = self.ports.meta.commit(vec![txn]).await;
        drop(moving);
        match outcomes.into_iter().next() {
            Some(Ok(())) => Ok(true),
            Some(Err(CommitError::Conflict)) => Ok(false),
            Some(Err(error)) => Err(error.into()),
            None => Err(unanswered()),
        }
    }

    /// Commits a draft and wakes whom it concerns; `false` after a conflict.
    pub(crate) async fn commit_draft(&self, bucket: BucketId, draft: Draft) -> Result<bool, Error> {
        let wakes = draft.wakes();
        let stands = self.commit_one(draft.txn).await?;
        if stands {
            self.wake(bucket, wakes);
        }
        Ok(stands)
    }

    /// Time and least id of a version that comes after `current`. No id is given twice while the
    /// process runs.
    pub(crate) fn stamp(&self, current: Option<&CurrentRecord>) -> Stamp {
        use std::sync::atomic::Ordering::Relaxed;
        let at = self.ports.clock.now();
        let newest = current.map_or(0, |record| record.version.id.0);
        let least = nanos(at).max(newest.saturating_add(1));
        let next = |last: u64| Some(least.max(last.saturating_add(1)));
        let before = self
            .versions
            .fetch_update(Relaxed, Relaxed, next)
            .expect("the update always gives a value");
        let id = VersionId(least.max(before.saturating_add(1)));
        Stamp { id, at }
    }
}

/// The answer to who makes a directory that is there: it stays as it is.
fn already_there(bucket: &Bucket, there: &ObjectVersion, w: &VersionWrite<'_>) -> Written {
    Written {
        stored: NewVersion {
            etag: w.record.etag.clone(),
            crc64: w.record.checksums.crc64,
            further: None,
            size: 0,
            version: version::tag(bucket, there),
            written_at: there.written_at,
            encryption: None,
        },
        id: there.id,
        bucket: bucket.id,
    }
}

/// A commit whose answer is missing.
pub(crate) fn unanswered() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the server did not learn whether the change was stored; look before trying again",
    )
}

/// The wall clock in nanoseconds, as far as it tells them.
pub(crate) fn nanos(at: Timestamp) -> u64 {
    at.millis().saturating_mul(1_000_000)
}

/// What a write's conditions are about: the current version, when it is an object.
pub(crate) fn overwritten(current: Option<&CurrentRecord>) -> Option<(&Etag, Timestamp)> {
    let version = &current?.version;
    Some((&version.object()?.etag, version.written_at))
}

/// A condition of a write that does not hold, as an error; `there` says whether something was there.
pub(crate) fn unmet(kind: ErrorKind, there: bool) -> Error {
    let message = match kind {
        ErrorKind::ObjectExists => "the object exists and the request forbids overwriting it",
        _ => "a condition of the request does not hold; read the object again",
    };
    let error = Error::new(kind, message);
    if there { error } else { error.at_nothing() }
}

fn written_event(cx: &Cx, w: &VersionWrite<'_>, stored: &NewVersion, now: Timestamp) -> Event {
    Event {
        size: stored.size,
        etag: Some(stored.etag.clone()),
        vars: w.callback.map_or_else(Vec::new, |spec| spec.vars.clone()),
        ..bare_event(cx, w.kind, w.key, stored.version, now)
    }
}

/// An event without an object.
pub(crate) fn bare_event(
    cx: &Cx,
    kind: EventKind,
    key: &ObjectKey,
    version: VersionTag,
    time: Timestamp,
) -> Event {
    Event {
        kind,
        key: key.clone(),
        version,
        size: 0,
        etag: None,
        time,
        principal: cx.principal.account().cloned(),
        source: cx.source,
        request_id: cx.request_id.clone(),
        dialect: cx.dialect,
        vars: Vec::new(),
        past: cx.past.clone(),
    }
}
