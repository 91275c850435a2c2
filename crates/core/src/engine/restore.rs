//! Restoring objects of classes that are not read at once. The state is in the record of the version and
//! follows from the time; work that is put with it tells that the restore has finished, once.

use std::time::Duration;

use super::change::in_place;
use super::commit::bare_event;
use super::key::{Draft, Seen};
use super::{Cx, Engine, ObjectTarget, RestoreReceipt};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, RESTORE_DAYS_MAX};
use crate::model::{
    Bucket, Event, EventKind, ObjectVersion, Principal, Restore, SyncPast, Timestamp, VersionKind,
    VersionTag,
};
use crate::ports::{CommitError, Write};
use crate::records::{OwedRestore, WorkKind};
use crate::rules::access::Action;
use crate::rules::restore::{Accepted, Told, end, plan, tell};
use crate::rules::version::{Look, tag};
use crate::work;

impl Engine {
    /// Makes the bytes of an archived object readable for so many days, 1 to [`RESTORE_DAYS_MAX`], or for
    /// longer than they are: `NotArchived`, `RestoreInProgress`, and errors about the object.
    pub async fn restore_object(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        days: u32,
    ) -> Result<RestoreReceipt, Error> {
        if !(1..=RESTORE_DAYS_MAX).contains(&days) {
            let message = format!("an object is restored for 1 to {RESTORE_DAYS_MAX} days");
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let time = Duration::from_hours(24 * u64::from(days));
        for tried in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&target.bucket).await?;
            let _pass = self.gates.enter(&target.bucket, [&target.key]).await;
            let found = self
                .find_allowed(cx, &bucket, target, Action::RestoreObject)
                .await?;
            self.take_write(tried, &bucket, &target.key).await?;
            let seen = self.see_one(bucket.id, &target.key).await?;
            let now = self.ports.clock.now();
            let planned = plan(found.object(), time, self.restore_delay, now);
            let (restore, accepted) = planned.map_err(refused)?;
            let version = restored(&found.version, restore);
            let changed = in_place((&bucket, revision), &target.key, &seen, &version);
            let Some(mut txn) = changed else { continue };
            txn.expect.push(found.unchanged());
            let draft = match accepted {
                Accepted::Extended => Draft::silent(txn),
                Accepted::Begun => {
                    let owed = OwedRestore {
                        bucket: bucket.id,
                        name: bucket.name.clone(),
                        key: target.key.clone(),
                        version: version.id,
                        request_id: cx.request_id.clone(),
                        dialect: cx.dialect,
                    };
                    txn.write.extend(self.owe(owed, restore.ready_at, now));
                    let kind = EventKind::RestorePost;
                    let event = bare_event(cx, kind, &target.key, found.tag, now);
                    Draft::telling(txn, &bucket, of_version(event, &version))
                }
            };
            if self.commit_draft(bucket.id, draft).await? {
                return Ok(RestoreReceipt {
                    accepted,
                    version: found.tag,
                });
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Ends the restore of an object before its time; its bytes are not read any more. `RestoreInProgress`,
    /// `NotRestored`, `NotArchived`, and errors about the object.
    pub async fn end_restore(&self, cx: &Cx, target: &ObjectTarget) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&target.bucket).await?;
            let _pass = self.gates.enter(&target.bucket, [&target.key]).await;
            let found = self
                .find_allowed(cx, &bucket, target, Action::RestoreObject)
                .await?;
            let seen = self.see_one(bucket.id, &target.key).await?;
            let ended = end(found.object(), self.ports.clock.now()).map_err(refused)?;
            let version = restored(&found.version, ended);
            let changed = in_place((&bucket, revision), &target.key, &seen, &version);
            let Some(mut txn) = changed else { continue };
            txn.expect.push(found.unchanged());
            if self.commit_draft(bucket.id, Draft::silent(txn)).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Tells that a restore has finished, unless it was told or the version is gone. Gives the work that
    /// looks again when the restore has not finished yet.
    pub(crate) async fn tell_restored(&self, owed: &OwedRestore) -> Result<Vec<Write>, Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = match self.bucket_for_change(&owed.name).await {
                Ok(found) if found.0.id == owed.bucket => found,
                Err(error) if error.kind() != ErrorKind::NoSuchBucket => return Err(error),
                Ok(_) | Err(_) => return Ok(Vec::new()),
            };
            let _pass = self.gates.enter(&owed.name, [&owed.key]).await;
            let seen = self.see_one(bucket.id, &owed.key).await?;
            let Some(version) = self.owed_version(&bucket, owed, &seen).await? else {
                return Ok(Vec::new());
            };
            let now = self.ports.clock.now();
            let restore = match tell(version.object(), now) {
                Told::Nothing => return Ok(Vec::new()),
                Told::Later(at) => return Ok(self.owe(owed.clone(), at, now).into()),
                Told::Now(restore) => restore,
            };
            let version = restored(&version, restore);
            let event = finished(owed, tag(&bucket, &version), now);
            let changed = in_place((&bucket, revision), &owed.key, &seen, &version);
            let Some(txn) = changed else { continue };
            let draft = Draft::telling(txn, &bucket, of_version(event, &version));
            if self.commit_draft(bucket.id, draft).await? {
                return Ok(Vec::new());
            }
        }
        Err(CommitError::Conflict.into())
    }

    fn owe(&self, owed: OwedRestore, due: Timestamp, now: Timestamp) -> [Write; 2] {
        work::put(&*self.ports.ids, WorkKind::TellRestored(owed), due, now)
    }

    async fn owed_version(
        &self,
        bucket: &Bucket,
        owed: &OwedRestore,
        seen: &Seen,
    ) -> Result<Option<ObjectVersion>, Error> {
        let current = seen.current.as_ref().map(|current| &current.version);
        if let Some(current) = current.filter(|version| version.id == owed.version) {
            return Ok(Some(current.clone()));
        }
        let look = Look::At(owed.version);
        self.peek(bucket.id, &owed.key, look).await
    }
}

fn restored(version: &ObjectVersion, restore: Restore) -> ObjectVersion {
    let mut version = version.clone();
    if let VersionKind::Object(record) = &mut version.kind {
        record.restore = Some(restore);
    }
    version
}

fn of_version(event: Event, version: &ObjectVersion) -> Event {
    let record = version.object();
    Event {
        size: record.map_or(0, |record| record.size),
        etag: record.map(|record| record.etag.clone()),
        ..event
    }
}

/// That a restore has finished: nobody's doing, but named after the request that began it.
fn finished(owed: &OwedRestore, version: VersionTag, at: Timestamp) -> Event {
    let cx = Cx {
        principal: Principal::Anonymous,
        request_id: owed.request_id.clone(),
        source: None,
        dialect: owed.dialect,
        at,
        secure: true,
        tls: None,
        user_agent: None,
        referer: None,
        pays: false,
        by_link: false,
        bypasses: false,
        past: SyncPast::None,
        encrypting: crate::engine::Encrypting::default(),
    };
    bare_event(&cx, EventKind::RestoreCompleted, &owed.key, version, at)
}

fn refused(kind: ErrorKind) -> Error {
    let message = match kind {
        ErrorKind::RestoreInProgress => "the object is being restored; wait until it is",
        ErrorKind::NotRestored => "the object is not restored; there is nothing to end",
        _ => "the object is not archived; it can be read as it is",
    };
    Error::new(kind, message)
}
