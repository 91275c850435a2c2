//! Giving an object another key. Its bytes stay where they are and change their holder; both keys change in
//! one transaction, so nobody sees the object under both of them, or under none. A directory of a hierarchical
//! bucket moves with all that lies in it, in one transaction too.

use super::buckets::now;
use super::commit::{bare_event, overwritten, unmet};
use super::holding::holder_of;
use super::key::{Draft, Seen, current_writes, expect, unnote};
use super::quota::Room;
use super::read::refusal_of;
use super::tree::{Missing, no_such_key};
use super::{Cx, Engine, RenameObject};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, MOVED_ROWS_MAX};
use crate::model::{
    Bucket, BucketId, Event, EventKind, Form, Lock, ObjectKey, ObjectRecord, ObjectVersion,
    VersionId, Versioning,
};
use crate::ports::{CommitError, Revision, Write};
use crate::records::{CurrentRecord, encode};
use crate::rules::access::{Action, Bypass, On, Permit, allow};
use crate::rules::conditions::check_write;
use crate::rules::restore::check_readable;
use crate::rules::version::{self, Act, Change, Stamp};
use crate::rules::{lock, object_set, path, replication, retention};

/// A key that gives up what it holds, and the one that gets it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    pub(super) from: (&'a ObjectKey, &'a Seen),
    pub(super) to: (&'a ObjectKey, &'a Seen),
    pub(super) stamp: Stamp,
    /// Passes over a retention.
    pub(super) bypass: Option<Bypass>,
}

impl Engine {
    /// Gives an object another key of its bucket, where that is switched on: else `MethodNotAllowed`. It takes
    /// the rights to read and delete it, and to write the other key. What was there is overwritten, as by
    /// any write. `NotRestored` for an archived object. Others are told of a copy and a removal. In a
    /// hierarchical bucket it is always switched on, for directories too, which must not be there under the
    /// new name: `DirectoryExists`, `IntoItself`, `RenameMismatch`, `UnderObject`, and `TooLarge` for one with more
    /// than [`MOVED_ROWS_MAX`] rows.
    pub async fn rename_object(&self, cx: &Cx, req: RenameObject) -> Result<(), Error> {
        if req.from == req.to {
            return Err(same_key());
        }
        for tried in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&req.bucket).await?;
            allow(cx, &bucket, Action::DeleteObject, On::Key(&req.from))?;
            self.take_write(tried, &bucket, &req.to).await?;
            let from = self.key_meant(&bucket, &req.from).await?;
            if bucket.is_hierarchical() && path::names_directory(from.as_str()) {
                return self.rename_directory(cx, &req, &from).await;
            }
            if bucket.is_hierarchical() && path::names_directory(req.to.as_str()) {
                return Err(unlike());
            }
            let keys = [&req.from, &req.to];
            let _pass = self.gates.enter(&req.bucket, keys).await;
            let seen = self.see(bucket.id, &keys).await?;
            let [from, to] = seen.as_slice() else {
                return Err(Error::new(ErrorKind::Internal, "two keys were asked for"));
            };
            let _room = self.room_to_rename(&bucket, &req, from).await?;
            let mut draft = self.plan_rename(cx, (&bucket, revision), &req, (from, to))?;
            let branch = self.branch((&bucket, &bucket.owner), &req.to, missing(&req));
            branch.await.map_err(renamed)?.join(&mut draft.txn);
            if self.commit_draft(bucket.id, draft).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Room in the object set of the new key, where that is another one than before.
    async fn room_to_rename(
        &self,
        bucket: &Bucket,
        req: &RenameObject,
        from: &Seen,
    ) -> Result<Option<Room<'_>>, Error> {
        let Some(layout) = &bucket.sets else {
            return Ok(None);
        };
        let name = |key| object_set::name_of(layout, key);
        if name(req.from.as_str()) == name(req.to.as_str()) {
            return Ok(None);
        }
        let version = from.current.as_ref().map(|current| &current.version);
        let bytes = version.and_then(|version| version.object());
        let bytes = bytes.map_or(0, |record| record.size);
        self.make_room_in_set(bucket, &req.to, bytes).await
    }

    fn plan_rename(
        &self,
        cx: &Cx,
        (bucket, revision): (&Bucket, Revision),
        req: &RenameObject,
        (from, to): (&Seen, &Seen),
    ) -> Result<Draft, Error> {
        let permit = allow(cx, bucket, Action::WriteObject, On::Key(&req.to))?;
        let old = from.current.as_ref().map(|current| &current.version);
        let found = old.and_then(|version| Some((version, version.object()?)));
        let Some((old, record)) = found else {
            allow(cx, bucket, Action::ListObjects, On::Bucket)?;
            return Err(no_such_key());
        };
        let on = On::object(&req.from, record);
        allow(cx, bucket, Action::ReadObject, on)?;
        if !bucket.renames && !bucket.is_hierarchical() {
            return Err(Error::new(
                ErrorKind::MethodNotAllowed,
                "objects of this bucket are not renamed; switch that on first",
            ));
        }
        let stamp = self.stamp(newer(from, to));
        check_readable(record, bucket.reads_archive, stamp.at).map_err(refusal_of)?;
        retention::check(bucket, old, None, stamp.at)?;
        let there = overwritten(to.current.as_ref());
        check_write(&req.conditions, bucket.versioning, there)
            .map_err(|kind| unmet(kind, there.is_some()))?;
        let step = Move {
            from: (&req.from, from),
            to: (&req.to, to),
            stamp,
            bypass: None,
        };
        self.move_draft(cx, permit, (bucket, revision), &step)
    }

    /// The transaction that gives what one key holds to another one; `NoSuchKey` where that is nothing, and
    /// `Retained`.
    pub(super) fn move_draft(
        &self,
        cx: &Cx,
        permit: Permit,
        (bucket, revision): (&Bucket, Revision),
        step: &Move<'_>,
    ) -> Result<Draft, Error> {
        let Move {
            from: (from_key, from),
            to: (to_key, to),
            stamp,
            bypass,
        } = *step;
        let old = from.current.as_ref().map(|current| &current.version);
        let found = old.and_then(|version| Some((version, version.object()?)));
        let (old, record) = found.ok_or_else(no_such_key)?;
        retention::check(bucket, old, bypass, stamp.at)?;
        let moved_record = ObjectRecord {
            lock: lock::of_new(bucket, Lock::default(), stamp.at)?,
            form: match &record.form {
                Form::Directory { .. } => Form::Directory { leaving: false },
                form => form.clone(),
            },
            nanos: 0,
            replicated: replication::of_new(bucket, EventKind::CreatedCopy, to_key),
            ..record.clone()
        };
        let act = Act::Write(Box::new(moved_record));
        let current = to.current.clone();
        // There are no other versions: both settings exclude each other.
        let plan = version::plan(permit, Versioning::Off, current, None, act, stamp)
            .expect("a write always has something to do");
        let Change::Written(id, tag) = plan.change else {
            unreachable!("a write writes");
        };
        let told = Event {
            size: record.size,
            etag: Some(record.etag.clone()),
            ..bare_event(cx, EventKind::CreatedCopy, to_key, tag, stamp.at)
        };
        let mut txn = now(
            expect(bucket, revision, from_key, from),
            current_writes(bucket.id, from_key, from, None),
        );
        txn.write
            .extend(moved(bucket.id, (from_key, to_key), old, id));
        txn.write.extend(unnote(bucket, from_key, old));
        let draft = Draft::telling(
            txn,
            bucket,
            bare_event(cx, EventKind::RemovedDelete, from_key, tag, stamp.at),
        );
        let other = self.draft((bucket, revision), to_key, to, (&plan, None), told)?;
        Ok(draft.and(other))
    }

    /// Gives a directory of a hierarchical bucket another name, and all that lies in it with it.
    async fn rename_directory(
        &self,
        cx: &Cx,
        req: &RenameObject,
        from: &ObjectKey,
    ) -> Result<(), Error> {
        let to = req.to.as_str().trim_end_matches('/');
        let to = ObjectKey::new(&format!("{to}/"))?;
        if to == *from {
            return Err(same_key());
        }
        if to.as_str().starts_with(from.as_str()) {
            return Err(Error::new(
                ErrorKind::IntoItself,
                "a directory cannot be moved into itself",
            ));
        }
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&req.bucket).await?;
            let at = (&*bucket, revision);
            if self.see_one(bucket.id, &to).await?.current.is_some() {
                return Err(Error::new(
                    ErrorKind::DirectoryExists,
                    "a directory of the new name is there; move into it instead",
                ));
            }
            let Some(rows) = self.closed_rows(cx, at, from).await? else {
                continue;
            };
            let mut draft = Draft::silent(now(Vec::new(), Vec::new()));
            for (key, seen) in &rows {
                let step = self.plan_row(cx, at, (key, seen), (from, &to)).await?;
                draft = draft.and(step);
            }
            let branch = self.branch((&bucket, &bucket.owner), &to, missing(req));
            branch.await.map_err(renamed)?.join(&mut draft.txn);
            if self.commit_draft(bucket.id, draft).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// All rows of a directory, itself first, of which nobody can miss one that is written meanwhile; `None` when
    /// somebody was faster.
    async fn closed_rows(
        &self,
        cx: &Cx,
        (bucket, revision): (&Bucket, Revision),
        directory: &ObjectKey,
    ) -> Result<Option<Vec<(ObjectKey, Seen)>>, Error> {
        let before = self.rows_in(bucket.id, directory).await?;
        if before.first() != Some(directory) {
            allow(cx, bucket, Action::ListObjects, On::Bucket)?;
            return Err(no_such_key());
        }
        // Who may not remove all of it does not touch any of it.
        for key in &before {
            allow(cx, bucket, Action::DeleteObject, On::Key(key))?;
        }
        let directories = directories(&before);
        let Some(closed) = self.close((bucket, revision), &directories).await? else {
            return Ok(None);
        };
        let after = self.rows_in(bucket.id, directory).await?;
        if self::directories(&after) != directories {
            return Ok(None);
        }
        let objects = after
            .iter()
            .filter(|key| !path::names_directory(key.as_str()));
        let objects: Vec<&ObjectKey> = objects.collect();
        let seen = self.see(bucket.id, &objects).await?;
        let both = directories.iter().copied().zip(closed);
        let both = both.chain(objects.iter().copied().zip(seen));
        let rows = both.map(|(key, seen)| (key.clone(), seen));
        Ok(Some(
            rows.filter(|(_, seen)| seen.current.is_some()).collect(),
        ))
    }

    async fn rows_in(
        &self,
        bucket: BucketId,
        directory: &ObjectKey,
    ) -> Result<Vec<ObjectKey>, Error> {
        let rows = self.keys_in(bucket, directory, MOVED_ROWS_MAX).await?;
        if rows.len() > MOVED_ROWS_MAX {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "a directory with more than 1000 objects and directories is not renamed; rename those in it",
            ));
        }
        Ok(rows)
    }

    /// Moves one row of a directory.
    async fn plan_row(
        &self,
        cx: &Cx,
        (bucket, revision): (&Bucket, Revision),
        (key, seen): (&ObjectKey, &Seen),
        (from, to): (&ObjectKey, &ObjectKey),
    ) -> Result<Draft, Error> {
        let new = path::moved(key.as_str(), from.as_str(), to.as_str());
        let new = new.unwrap_or_else(|| Err(no_such_key()))?;
        let version = seen.current.as_ref().map(|current| &current.version);
        if let Some(record) = version.and_then(ObjectVersion::object) {
            allow(cx, bucket, Action::ReadObject, On::object(key, record))?;
        }
        let permit = allow(cx, bucket, Action::WriteObject, On::Key(&new))?;
        let there = self.see_one(bucket.id, &new).await?;
        let step = Move {
            from: (key, seen),
            to: (&new, &there),
            stamp: self.stamp(newer(seen, &there)),
            bypass: None,
        };
        self.move_draft(cx, permit, (bucket, revision), &step)
    }
}

/// Those of some keys that name directories.
fn directories(keys: &[ObjectKey]) -> Vec<&ObjectKey> {
    let named = keys
        .iter()
        .filter(|key| path::names_directory(key.as_str()));
    named.collect()
}

fn missing(req: &RenameObject) -> Missing {
    if req.makes_parents {
        Missing::Made
    } else {
        Missing::Refused
    }
}

/// What stands in the way of a new name, where that is of the other kind.
fn renamed(error: Error) -> Error {
    match error.kind() {
        ErrorKind::DirectoryMismatch => unlike(),
        _ => error,
    }
}

fn unlike() -> Error {
    Error::new(
        ErrorKind::RenameMismatch,
        "an object does not take the name of a directory, nor a directory that of an object",
    )
}

fn same_key() -> Error {
    let message = "the object has this key already; name another one";
    Error::new(ErrorKind::InvalidArgument, message)
}

/// The newer one of what two keys hold: the version that both become comes after it.
fn newer<'a>(from: &'a Seen, to: &'a Seen) -> Option<&'a CurrentRecord> {
    let both = from.current.iter().chain(&to.current);
    both.max_by_key(|current| current.version.id)
}

/// Writes that make the new version hold the bytes in place of the old one. Small bodies have no holder
/// beside the record that names them.
fn moved(
    bucket: BucketId,
    (from, to): (&ObjectKey, &ObjectKey),
    old: &ObjectVersion,
    new: VersionId,
) -> Vec<Write> {
    let before = holder_of(bucket, from, old);
    let after = ObjectVersion {
        id: new,
        ..old.clone()
    };
    let after = holder_of(bucket, to, &after);
    let delete = before.map(Write::Delete);
    let put = after.map(|at| Write::Put(at, encode(&())));
    delete.into_iter().chain(put).collect()
}
