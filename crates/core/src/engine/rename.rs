//! Giving an object another key. Its bytes stay where they are and change their holder; both keys change in
//! one transaction, so nobody sees the object under both of them, or under none.

use super::buckets::now;
use super::commit::{bare_event, overwritten, unmet};
use super::holding::holder_of;
use super::key::{Draft, Seen, current_writes, expect, unnote};
use super::quota::Room;
use super::read::{NO_SUCH_KEY, refusal_of};
use super::{Cx, Engine, RenameObject};
use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{Bucket, Event, EventKind, Lock, ObjectVersion, Versioning};
use crate::ports::{CommitError, Revision, Write};
use crate::records::{CurrentRecord, encode};
use crate::rules::access::{Action, On, allow};
use crate::rules::conditions::check_write;
use crate::rules::restore::check_readable;
use crate::rules::version::{self, Act, Change};
use crate::rules::{lock, object_set, replication, retention};

impl Engine {
    /// Gives an object another key of its bucket, where that is switched on: else `MethodNotAllowed`. It takes
    /// the rights to read and delete it, and to write the other key. What was there is overwritten, as by
    /// any write. `NotRestored` for an archived object. Others are told of a copy and a removal.
    pub async fn rename_object(&self, cx: &Cx, req: RenameObject) -> Result<(), Error> {
        if req.from == req.to {
            let message = "the object has this key already; name another one";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        for tried in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&req.bucket).await?;
            allow(cx, &bucket, Action::DeleteObject, On::Key(&req.from))?;
            self.take_write(tried, &bucket, &req.to).await?;
            let keys = [&req.from, &req.to];
            let _pass = self.gates.enter(&req.bucket, keys).await;
            let seen = self.see(bucket.id, &keys).await?;
            let [from, to] = seen.as_slice() else {
                return Err(Error::new(ErrorKind::Internal, "two keys were asked for"));
            };
            let _room = self.room_to_rename(&bucket, &req, from).await?;
            let draft = self.plan_rename(cx, (&bucket, revision), &req, (from, to))?;
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
            return Err(Error::new(ErrorKind::NoSuchKey, NO_SUCH_KEY));
        };
        let on = On::object(&req.from, record);
        allow(cx, bucket, Action::ReadObject, on)?;
        if !bucket.renames {
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
        let mut moved_record = record.clone();
        moved_record.lock = lock::of_new(bucket, Lock::default(), stamp.at)?;
        moved_record.replicated = replication::of_new(bucket, EventKind::CreatedCopy, &req.to);
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
            ..bare_event(cx, EventKind::CreatedCopy, &req.to, tag, stamp.at)
        };
        let mut txn = now(
            expect(bucket, revision, &req.from, from),
            current_writes(bucket.id, &req.from, from, None),
        );
        txn.write.extend(moved(bucket, req, old, id));
        txn.write.extend(unnote(bucket, &req.from, old));
        let draft = Draft::telling(
            txn,
            bucket,
            bare_event(cx, EventKind::RemovedDelete, &req.from, tag, stamp.at),
        );
        let other = self.draft((bucket, revision), &req.to, to, (&plan, None), told)?;
        Ok(draft.and(other))
    }
}

/// The newer one of what two keys hold: the version that both become comes after it.
fn newer<'a>(from: &'a Seen, to: &'a Seen) -> Option<&'a CurrentRecord> {
    let both = from.current.iter().chain(&to.current);
    both.max_by_key(|current| current.version.id)
}

/// Writes that make the new version hold the bytes in place of the old one. Small bodies have no holder
/// beside the record that names them.
fn moved(
    bucket: &Bucket,
    req: &RenameObject,
    old: &ObjectVersion,
    new: crate::model::VersionId,
) -> Vec<Write> {
    let before = holder_of(bucket.id, &req.from, old);
    let after = ObjectVersion {
        id: new,
        ..old.clone()
    };
    let after = holder_of(bucket.id, &req.to, &after);
    let delete = before.map(Write::Delete);
    let put = after.map(|at| Write::Put(at, encode(&())));
    delete.into_iter().chain(put).collect()
}
