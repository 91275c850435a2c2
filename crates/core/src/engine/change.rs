//! Changing what stands beside an object's bytes. No new version, no event.

use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{
    Bucket, Lock, ObjectKey, ObjectVersion, StorageClass, Timestamp, VersionKind, VersionTag,
};
use crate::ports::{CommitError, Revision, Txn, Write};
use crate::records::{encode, keys};
use crate::rules::access::{Action, allow_lifecycle, bypass};
use crate::rules::attributes::{check_acl, check_expiry, check_meta, check_tags};
use crate::rules::lifecycle::end_of;
use crate::rules::lock::{self, LockStep};
use crate::rules::retention;

use super::buckets::now;
use super::key::{Seen, current_writes, expect};
use super::lifecycle::Judged;
use super::read::{Found, tells_of_keys};
use super::{Cx, Engine, ObjectChange, ObjectTarget};

impl Engine {
    /// Changes an object in place and says which version it was. As with every change of a version,
    /// the key's current record is written anew.
    pub async fn change_object(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        change: ObjectChange,
    ) -> Result<VersionTag, Error> {
        let action = check_change(&change)?;
        if matches!(change, ObjectChange::Expires(Some(_))) {
            let (bucket, _) = self.bucket_for_change(&target.bucket).await?;
            self.find_allowed(cx, &bucket, target, action).await?;
            self.await_expiries(&target.bucket).await?;
        }
        for tried in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&target.bucket).await?;
            let _pass = self.gates.enter(&target.bucket, [&target.key]).await;
            let found = self.find_allowed(cx, &bucket, target, action).await?;
            self.take_write(tried, &bucket, &target.key).await?;
            let seen = self.see_one(bucket.id, &target.key).await?;
            if matches!(change, ObjectChange::Meta(..) | ObjectChange::Written(..)) {
                retention::check(&bucket, &found.version, None, self.ports.clock.now())?;
            }
            let lock = match change {
                ObjectChange::Lock(step) => {
                    let (old, now) = (found.object().lock, self.ports.clock.now());
                    let bypass = bypass(cx, &bucket, &target.key);
                    lock::after(&bucket, old, step, bypass, now)?
                }
                _ => found.object().lock,
            };
            let tag = found.tag;
            let alter = |version: &mut ObjectVersion| alter(version, &change, lock, cx.at);
            let Some(txn) = changed(target, (&bucket, revision), &seen, &found, alter) else {
                continue;
            };
            if self.commit_one(txn).await? {
                // To the vendors who note reads, this is one.
                if matches!(change, ObjectChange::Acl(_)) {
                    self.note_read(&bucket, &target.key, found.version.id);
                }
                return Ok(tag);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Keeps an object in another class, by order of a lifecycle rule; not if it, or the rules, are not
    /// any more what was judged.
    pub(super) async fn move_to_class(
        &self,
        target: &ObjectTarget,
        judged: &Judged,
        class: StorageClass,
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&target.bucket).await?;
            if allow_lifecycle(&bucket, judged.duty).is_none() {
                return Ok(());
            }
            let _pass = self.gates.enter(&target.bucket, [&target.key]).await;
            let found = self.find_version(&bucket, &target.key, target.version);
            let found = match found.await {
                Err(error) if tells_of_keys(error.kind()) => return Ok(()),
                found => found?,
            };
            let is_current = found.at == keys::head(bucket.id, &target.key);
            if found.version != judged.version || is_current != judged.is_current() {
                return Ok(());
            }
            let seen = self.see_one(bucket.id, &target.key).await?;
            let alter = |version: &mut ObjectVersion| {
                if let VersionKind::Object(record) = &mut version.kind {
                    record.class = class;
                }
            };
            let Some(txn) = changed(target, (&bucket, revision), &seen, &found, alter) else {
                continue;
            };
            if self.commit_one(txn).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }
}

fn check_change(change: &ObjectChange) -> Result<Action, Error> {
    match change {
        ObjectChange::Meta(headers, user_meta) => {
            check_meta(headers, user_meta)?;
            Ok(Action::WriteObjectMeta)
        }
        ObjectChange::Tags(tags) if tags.is_empty() => Ok(Action::DeleteObjectTags),
        ObjectChange::Tags(tags) => {
            check_tags(tags)?;
            Ok(Action::WriteObjectTags)
        }
        ObjectChange::Acl(acl) => {
            acl.as_ref().map_or(Ok(()), check_acl)?;
            Ok(Action::WriteObjectAcl)
        }
        ObjectChange::Expires(days) => {
            check_expiry(*days)?;
            Ok(Action::WriteObjectMeta)
        }
        ObjectChange::Written(_, nanos) if *nanos >= 1_000_000 => Err(Error::new(
            ErrorKind::InvalidArgument,
            "there are less than 1000000 nanoseconds beyond a millisecond",
        )),
        ObjectChange::Written(..) => Ok(Action::WriteObjectMeta),
        ObjectChange::Lock(LockStep::Keep(_)) => Ok(Action::WriteObjectRetention),
        ObjectChange::Lock(LockStep::Hold(_)) => Ok(Action::WriteLegalHold),
    }
}

/// The transaction of a change; `None` when the key lost its versions since the version was found.
fn changed(
    target: &ObjectTarget,
    at: (&Bucket, Revision),
    seen: &Seen,
    found: &Found,
    alter: impl FnOnce(&mut ObjectVersion),
) -> Option<Txn> {
    let mut version = found.version.clone();
    alter(&mut version);
    let mut txn = in_place(at, &target.key, seen, &version)?;
    txn.expect.push(found.unchanged());
    Some(txn)
}

/// The transaction that stores a version anew where it is; `None` when the key has no versions.
pub(super) fn in_place(
    (bucket, revision): (&Bucket, Revision),
    key: &ObjectKey,
    seen: &Seen,
    version: &ObjectVersion,
) -> Option<Txn> {
    let mut current = seen.current.clone()?;
    let mut write = Vec::new();
    if current.version.id == version.id {
        current.version = version.clone();
    } else {
        let at = keys::version(bucket.id, key, version.id);
        write.push(Write::Put(at, encode(version)));
    }
    write.extend(current_writes(bucket.id, key, seen, Some(&current)));
    Some(now(expect(bucket, revision, key, seen), write))
}

/// Makes a change; `lock` is what keeps the version afterwards.
fn alter(version: &mut ObjectVersion, change: &ObjectChange, lock: Lock, now: Timestamp) {
    let VersionKind::Object(record) = &mut version.kind else {
        return;
    };
    match change {
        ObjectChange::Meta(headers, user_meta) => {
            record.headers.clone_from(headers);
            record.user_meta.clone_from(user_meta);
        }
        ObjectChange::Tags(tags) => record.tags.clone_from(tags),
        ObjectChange::Acl(acl) => record.acl.clone_from(acl),
        ObjectChange::Expires(days) => record.expires_at = days.map(|days| end_of(now, days)),
        ObjectChange::Written(at, nanos) => {
            version.written_at = *at;
            record.nanos = *nanos;
        }
        ObjectChange::Lock(_) => record.lock = lock,
    }
}
