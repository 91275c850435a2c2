//! Deleting in hierarchical buckets: directories go when nothing lies in them, or with all that does, and what is
//! deleted is moved into the trash where the bucket has one.

use super::commit::bare_event;
use super::delete::{Asked, action, check_match, nothing_there, receipt};
use super::rename::Move;
use super::tree::Missing;
use super::{Cx, DeleteReceipt, Deletion, Engine, VersionChoice};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, PRUNED_ROWS_MAX, SCAN_BYTES_MAX, WORK_PAGE};
use crate::model::{Bucket, BucketName, ObjectKey, Trash, Versioning, WorkId};
use crate::ports::{CommitError, Limit, Order, Table};
use crate::records::keys;
use crate::rules::access::{Action, On, Permit, allow, allow_lifecycle, bypass};
use crate::rules::path;
use crate::rules::version::{self, Act};

/// How one request deletes.
#[derive(Clone, Copy, Debug)]
struct Pruning {
    how: Deletion,
    /// Names the deletion in the trash, so that what goes together lies together.
    deletion: u64,
}

impl Engine {
    /// Deletes what a key of a hierarchical bucket names. `DirectoryNotEmpty`; `Busy` when a directory holds more
    /// than one request deletes, and then the next one goes on.
    pub(super) async fn prune(
        &self,
        cx: &Cx,
        name: &BucketName,
        asked: &Asked,
        how: Deletion,
    ) -> Result<DeleteReceipt, Error> {
        let (bucket, _) = self.bucket_for_change(name).await?;
        let key = self.key_meant(&bucket, &asked.key).await?;
        let pruning = Pruning {
            how,
            deletion: self.stamp(None).id.0,
        };
        let asked = Asked {
            key,
            ..asked.clone()
        };
        if !path::names_directory(asked.key.as_str()) {
            return self.prune_object(cx, name, &asked, pruning).await;
        }
        if matches!(asked.choice, VersionChoice::Id(_)) {
            allow(cx, &bucket, action(asked.choice), On::Key(&asked.key))?;
            return Ok(nothing_there(&bucket, asked.choice));
        }
        let trash = trash_of(&bucket, &asked.key, how).cloned();
        if how.recursive {
            self.prune_below(cx, &bucket, &asked.key, pruning).await?;
        }
        let receipt = self.remove_directory(cx, name, &asked, None).await?;
        let went = trash.filter(|_| how.recursive);
        // What lay in a directory whose key is too long for the trash is not there either.
        let moved = went
            .and_then(|trash| path::in_trash(&trash, pruning.deletion, asked.key.as_str()).ok());
        let trash = match moved {
            Some(moved) if self.see_one(bucket.id, &moved).await?.current.is_some() => Some(moved),
            _ => None,
        };
        Ok(DeleteReceipt { trash, ..receipt })
    }

    async fn prune_object(
        &self,
        cx: &Cx,
        name: &BucketName,
        asked: &Asked,
        pruning: Pruning,
    ) -> Result<DeleteReceipt, Error> {
        if !matches!(asked.choice, VersionChoice::Id(_)) {
            let put_away = self.put_away(cx, name, asked, pruning).await?;
            if let Some(receipt) = put_away {
                return Ok(receipt);
            }
        }
        let asked = std::slice::from_ref(asked);
        let outcomes = self.delete_asked(cx, name, asked).await?;
        let conflict = || Err(CommitError::Conflict.into());
        outcomes.into_iter().next().unwrap_or_else(conflict)
    }

    /// Moves an object into the trash; `None` where there is none for it.
    async fn put_away(
        &self,
        cx: &Cx,
        name: &BucketName,
        asked: &Asked,
        mut pruning: Pruning,
    ) -> Result<Option<DeleteReceipt>, Error> {
        let key = &asked.key;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(name).await?;
            let Some(trash) = trash_of(&bucket, key, pruning.how) else {
                return Ok(None);
            };
            let permit = allow(cx, &bucket, action(asked.choice), On::Key(key))?;
            let to = path::in_trash(trash, pruning.deletion, key.as_str())?;
            let _pass = self.gates.enter(name, [key, &to]).await;
            let seen = self.see(bucket.id, &[key, &to]).await?;
            let [from, there] = seen.as_slice() else {
                return Err(Error::new(ErrorKind::Internal, "two keys were asked for"));
            };
            if asked.if_match.is_some() {
                check_match(asked, from, None)?;
            }
            if from.current.is_none() {
                return Ok(Some(nothing_there(&bucket, asked.choice)));
            }
            if there.current.is_some() {
                // The clock was set back and the name of a deletion came again.
                pruning.deletion = self.stamp(there.current.as_ref()).id.0;
                continue;
            }
            let step = Move {
                from: (key, from),
                to: (&to, there),
                stamp: self.stamp(from.current.as_ref()),
                bypass: bypass(cx, &bucket, key),
            };
            let mut draft = self.move_draft(cx, permit, (&bucket, revision), &step)?;
            let at = (&*bucket, &bucket.owner);
            let branch = self.branch(at, &to, Missing::Made).await?;
            branch.join(&mut draft.txn);
            if self.commit_draft(bucket.id, draft).await? {
                return Ok(Some(DeleteReceipt {
                    trash: Some(to),
                    ..DeleteReceipt::default()
                }));
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Deletes all that lies in a directory, the deepest first.
    async fn prune_below(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        directory: &ObjectKey,
        pruning: Pruning,
    ) -> Result<(), Error> {
        let holds_trash = |trash: &Trash| trash.path.starts_with(directory.as_str());
        if trash_of(bucket, directory, pruning.how).is_some_and(holds_trash) {
            return Err(Error::new(
                ErrorKind::DirectoryNotEmpty,
                "the directory holds the trash of the bucket; delete it past the trash",
            ));
        }
        let mut range = keys::current_range(Table::Heads, bucket.id, directory.as_str());
        let mut left = PRUNED_ROWS_MAX;
        loop {
            let limit = Limit {
                rows: WORK_PAGE,
                bytes: SCAN_BYTES_MAX,
            };
            let ranges = std::slice::from_ref(&range);
            let pages = self
                .ports
                .meta
                .scan(ranges, Order::Descending, limit)
                .await?;
            let Some(page) = pages.into_iter().next() else {
                return Ok(());
            };
            for (at, _) in &page.rows {
                let key = keys::object_of_current(at).ok_or_else(super::list::damaged_key)?;
                if key == *directory {
                    return Ok(());
                }
                left = left.checked_sub(1).ok_or_else(more_left)?;
                let asked = Asked {
                    key,
                    choice: VersionChoice::Current,
                    if_match: None,
                    judged: None,
                };
                if path::names_directory(asked.key.as_str()) {
                    self.remove_directory(cx, &bucket.name, &asked, None)
                        .await?;
                } else {
                    self.prune_object(cx, &bucket.name, &asked, pruning).await?;
                }
            }
            match page.rows.last() {
                Some((last, _)) if page.more => range.end = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    /// Removes a directory in which nothing lies: `DirectoryNotEmpty`. With a `duty` it is the bucket's trash
    /// that is cleaned.
    pub(super) async fn remove_directory(
        &self,
        cx: &Cx,
        name: &BucketName,
        asked: &Asked,
        duty: Option<WorkId>,
    ) -> Result<DeleteReceipt, Error> {
        let key = &asked.key;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(name).await?;
            let Some(permit) = permit_for(cx, &bucket, asked, duty)? else {
                return Ok(nothing_there(&bucket, asked.choice));
            };
            let seen = self.see_one(bucket.id, key).await?;
            if asked.if_match.is_some() {
                check_match(asked, &seen, None)?;
            }
            if seen.current.is_none() {
                return Ok(nothing_there(&bucket, asked.choice));
            }
            // Before anything is said of it, so that an ordinary refusal disturbs nobody.
            self.check_empty(&bucket, key).await?;
            let Some(closed) = self.close((&bucket, revision), &[key]).await? else {
                continue;
            };
            self.check_empty(&bucket, key).await?;
            let Some(seen) = closed.into_iter().next() else {
                continue;
            };
            let stamp = self.stamp(seen.current.as_ref());
            let act = Act::Delete {
                choice: VersionChoice::Current,
                by: bucket.owner.clone(),
            };
            let current = seen.current.clone();
            let Some(plan) = version::plan(permit, Versioning::Off, current, None, act, stamp)
            else {
                continue;
            };
            let (kind, tag) = match duty {
                None => plan.change.of_delete(),
                Some(_) => plan.change.of_expiry(),
            };
            let event = bare_event(cx, kind, key, tag, stamp.at);
            let passes = bypass(cx, &bucket, key);
            let draft = self.draft((&bucket, revision), key, &seen, (&plan, passes), event)?;
            if self.commit_draft(bucket.id, draft).await? {
                return Ok(receipt(plan.change));
            }
        }
        Err(CommitError::Conflict.into())
    }

    async fn check_empty(&self, bucket: &Bucket, directory: &ObjectKey) -> Result<(), Error> {
        let found = self.keys_in(bucket.id, directory, 1).await?;
        if found.iter().any(|key| key != directory) {
            return Err(Error::new(
                ErrorKind::DirectoryNotEmpty,
                "the directory is not empty; delete what lies in it first, or ask for that too",
            ));
        }
        Ok(())
    }
}

/// The right to remove a directory; `None` when the rules that order it are not those of the bucket any more.
fn permit_for(
    cx: &Cx,
    bucket: &Bucket,
    asked: &Asked,
    duty: Option<WorkId>,
) -> Result<Option<Permit>, Error> {
    match duty {
        Some(duty) => Ok(allow_lifecycle(bucket, duty)),
        None => allow(cx, bucket, Action::DeleteObject, On::Key(&asked.key)).map(Some),
    }
}

/// The trash that something is moved into when it is deleted: what lies there is deleted for good.
fn trash_of<'a>(bucket: &'a Bucket, key: &ObjectKey, how: Deletion) -> Option<&'a Trash> {
    let trash = bucket.trash_in_use().filter(|_| !how.past_trash);
    trash.filter(|trash| !key.as_str().starts_with(&*trash.path))
}

fn more_left() -> Error {
    Error::new(
        ErrorKind::Busy,
        "the directory holds more than one request deletes; delete it again",
    )
}
