//! Deleting keys and versions, one or many: each key in a transaction of its own.

use std::collections::{BTreeSet, VecDeque};

use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, DELETE_BATCH, DELETE_KEYS_MAX};
use crate::model::{Bucket, BucketName, ObjectKey, ObjectVersion, VersionTag, Versioning};
use crate::ports::{CommitError, Revision};
use crate::rules::access::{Action, On, allow, bypass};
use crate::rules::conditions::check_part_source;
use crate::rules::version::{self, Act, Change, Look, means};

use super::buckets::owner_of;
use super::commit::{bare_event, unmet};
use super::key::{Draft, Seen};
use super::lifecycle::Judged;
use super::{
    Conditions, Cx, DeleteObject, DeleteReceipt, Deletion, ETagMatch, Engine, VersionChoice,
};

/// One thing to delete.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) key: ObjectKey,
    pub(super) choice: VersionChoice,
    /// What the etag of what is deleted must match.
    pub(super) if_match: Option<ETagMatch>,
    /// When it is a lifecycle rule that orders it: what was judged. `None` for requests.
    pub(super) judged: Option<Judged>,
}

/// What became of one key; `None` when it has to be tried again.
type Outcome = Option<Result<DeleteReceipt, Error>>;

/// A key's delete, planned.
enum Step {
    /// There is nothing to commit.
    Done(Result<DeleteReceipt, Error>),
    /// To be committed; the receipt holds once it stands.
    Commit(Draft, DeleteReceipt),
}

impl Engine {
    /// Deletes a key or one version of it. What does not exist is deleted successfully and silently. In a
    /// hierarchical bucket `DirectoryNotEmpty` for a directory, unless it is deleted with what it holds.
    pub async fn delete_object(&self, cx: &Cx, req: DeleteObject) -> Result<DeleteReceipt, Error> {
        let target = req.target;
        let asked = Asked {
            key: target.key,
            choice: target.version,
            if_match: req.if_match,
            judged: None,
        };
        let (bucket, _) = self.bucket_for_change(&target.bucket).await?;
        self.may_delete(cx, &bucket, &asked).await?;
        if bucket.is_hierarchical() {
            return self.prune(cx, &target.bucket, &asked, req.how).await;
        }
        let outcomes = self.delete_asked(cx, &target.bucket, &[asked]).await?;
        outcomes
            .into_iter()
            .next()
            .unwrap_or_else(|| Err(CommitError::Conflict.into()))
    }

    /// Deletes up to [`DELETE_KEYS_MAX`] keys or versions: one outcome each, in order. Keys fail alone;
    /// those that are named more than once are handled in order.
    pub async fn delete_objects(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        keys: Vec<(ObjectKey, VersionChoice)>,
        how: Deletion,
    ) -> Result<Vec<Result<DeleteReceipt, Error>>, Error> {
        if keys.len() > DELETE_KEYS_MAX {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a request deletes at most 1000 keys",
            ));
        }
        let (found, _) = self.bucket_for_change(bucket).await?;
        let asked = keys.into_iter().map(|(key, choice)| Asked {
            key,
            choice,
            if_match: None,
            judged: None,
        });
        if found.is_hierarchical() {
            let mut outcomes = Vec::new();
            for one in asked {
                outcomes.push(self.prune(cx, bucket, &one, how).await);
            }
            return Ok(outcomes);
        }
        let (mut allowed, mut refused) = (Vec::new(), Vec::new());
        for (n, one) in asked.enumerate() {
            match self.may_delete(cx, &found, &one).await {
                Ok(()) => allowed.push(one),
                Err(error) => refused.push((n, error)),
            }
        }
        let mut outcomes = self.delete_asked(cx, bucket, &allowed).await?;
        // In the order of their places, so those before each stand already.
        for (n, error) in refused {
            outcomes.insert(n, Err(error));
        }
        Ok(outcomes)
    }

    /// Counts a deletion that is allowed for the object set of its key, and refuses one that is not.
    async fn may_delete(&self, cx: &Cx, bucket: &Bucket, asked: &Asked) -> Result<(), Error> {
        if bucket.sets.is_none() {
            return Ok(());
        }
        allow(cx, bucket, action(asked.choice), On::Key(&asked.key))?;
        self.take_write(0, bucket, &asked.key).await
    }

    /// Deletes what was asked for: one outcome each, in order.
    pub(super) async fn delete_asked(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        asked: &[Asked],
    ) -> Result<Vec<Result<DeleteReceipt, Error>>, Error> {
        let mut outcomes: Vec<Outcome> = asked.iter().map(|_| None).collect();
        let mut waiting: VecDeque<(usize, &Asked)> = asked.iter().enumerate().collect();
        let mut tries_left = CONFLICT_RETRIES_MAX;
        while !waiting.is_empty() {
            let (slots, round): (Vec<usize>, Vec<&Asked>) =
                next_round(&mut waiting).into_iter().unzip();
            let settled = match self.delete_round(cx, bucket, &round).await {
                Ok(settled) => settled,
                Err(error) => round.iter().map(|_| Some(Err(again(&error)))).collect(),
            };
            let overtaken = settled.iter().any(Option::is_none);
            tries_left = tries_left.saturating_sub(u32::from(overtaken));
            let asked = slots.into_iter().zip(round).zip(settled);
            for ((slot, asked), outcome) in asked.rev() {
                if outcome.is_none() && tries_left > 0 {
                    waiting.push_front((slot, asked));
                } else if let Some(place) = outcomes.get_mut(slot) {
                    *place = outcome;
                }
            }
        }
        let busy = || Err(CommitError::Conflict.into());
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(busy))
            .collect())
    }

    /// Deletes different keys, all of them in one submission.
    async fn delete_round(
        &self,
        cx: &Cx,
        name: &BucketName,
        round: &[&Asked],
    ) -> Result<Vec<Outcome>, Error> {
        let (bucket, revision) = self.bucket_for_change(name).await?;
        let keys: Vec<&ObjectKey> = round.iter().map(|asked| &asked.key).collect();
        let _pass = self.gates.enter(name, keys.iter().copied()).await;
        let seen = self.see(bucket.id, &keys).await?;
        let acts: Vec<Act> = round
            .iter()
            .map(|asked| Act::Delete {
                choice: asked.choice,
                by: owner_of(cx, &bucket),
            })
            .collect();
        let looks: Vec<(&ObjectKey, Look)> = keys
            .iter()
            .zip(&seen)
            .zip(&acts)
            .map(|((key, seen), act)| {
                let look = version::look(bucket.versioning, seen.current.as_ref(), act);
                (*key, look)
            })
            .collect();
        let looked = self.peek_all(bucket.id, &looks).await?;
        let steps: Vec<Step> = round
            .iter()
            .zip(seen)
            .zip(acts.into_iter().zip(looked))
            .map(|((asked, seen), (act, looked))| {
                self.plan_delete(cx, (&bucket, revision), asked, &seen, (act, looked))
                    .unwrap_or_else(|error| Step::Done(Err(error)))
            })
            .collect();
        self.commit_steps(&bucket, steps).await
    }

    fn plan_delete(
        &self,
        cx: &Cx,
        (bucket, revision): (&Bucket, Revision),
        asked: &Asked,
        seen: &Seen,
        (act, looked): (Act, Option<ObjectVersion>),
    ) -> Result<Step, Error> {
        let Asked {
            key,
            choice,
            if_match,
            judged,
        } = asked;
        let permit = match judged {
            None => allow(cx, bucket, action(*choice), On::Key(key))?,
            Some(judged) => {
                match judged.permit(bucket, *choice, seen.current.as_ref(), looked.as_ref()) {
                    Some(permit) => permit,
                    None => return Ok(Step::Done(Ok(nothing_there(bucket, *choice)))),
                }
            }
        };
        if if_match.is_some() {
            check_match(asked, seen, looked.as_ref())?;
        }
        let stamp = self.stamp(seen.current.as_ref());
        let current = seen.current.clone();
        let plan = version::plan(permit, bucket.versioning, current, looked, act, stamp);
        let Some(plan) = plan else {
            return Ok(Step::Done(Ok(nothing_there(bucket, *choice))));
        };
        let (kind, version) = match judged {
            None => plan.change.of_delete(),
            Some(_) => plan.change.of_expiry(),
        };
        let event = bare_event(cx, kind, key, version, stamp.at);
        let bypass = match judged {
            None => bypass(cx, bucket, key),
            Some(_) => None,
        };
        let drafted = self.draft((bucket, revision), key, seen, (&plan, bypass), event);
        let draft = match drafted {
            // A rule waits until it is free, which its next turns see.
            Err(error) if judged.is_some() && error.kind() == ErrorKind::Retained => {
                return Ok(Step::Done(Ok(nothing_there(bucket, *choice))));
            }
            draft => draft?,
        };
        Ok(Step::Commit(draft, receipt(plan.change)))
    }

    async fn commit_steps(&self, bucket: &Bucket, steps: Vec<Step>) -> Result<Vec<Outcome>, Error> {
        let mut txns = Vec::new();
        let mut planned = Vec::new();
        for step in steps {
            planned.push(match step {
                Step::Done(outcome) => Err(outcome),
                Step::Commit(draft, receipt) => {
                    let wakes = draft.wakes();
                    txns.push(draft.txn);
                    Ok((receipt, wakes))
                }
            });
        }
        let mut commits = if txns.is_empty() {
            Vec::new().into_iter()
        } else {
            let write = txns.iter().flat_map(|txn| &txn.write);
            let moving = self.usages.moving(write).await?;
            let commits = self.ports.meta.commit(txns).await;
            drop(moving);
            commits.into_iter()
        };
        let mut outcomes = Vec::with_capacity(planned.len());
        for step in planned {
            outcomes.push(match step {
                Err(done) => Some(done),
                Ok((receipt, wakes)) => match commits.next() {
                    Some(Ok(())) => {
                        self.wake(bucket.id, wakes);
                        Some(Ok(receipt))
                    }
                    Some(Err(CommitError::Conflict)) => None,
                    Some(Err(error)) => Some(Err(error.into())),
                    None => Some(Err(super::commit::unanswered())),
                },
            });
        }
        Ok(outcomes)
    }
}

/// Whether what is to be deleted is what the client believes: the version that is meant must be an object.
pub(super) fn check_match(
    asked: &Asked,
    seen: &Seen,
    looked: Option<&ObjectVersion>,
) -> Result<(), Error> {
    let current = seen.current.iter().map(|current| (&current.version, true));
    let mut all = current.chain(looked.map(|version| (version, false)));
    let meant = all.find(|(version, is_current)| means(asked.choice, version, *is_current));
    let object = meant.and_then(|(version, _)| Some((&version.object()?.etag, version.written_at)));
    let conditions = Conditions {
        if_match: asked.if_match.clone(),
        ..Conditions::default()
    };
    check_part_source(&conditions, object).map_err(|kind| unmet(kind, object.is_some()))
}

/// Takes the next keys that can go together: no key twice, and none before an earlier mention of it.
fn next_round<'a>(waiting: &mut VecDeque<(usize, &'a Asked)>) -> Vec<(usize, &'a Asked)> {
    let mut taken = BTreeSet::new();
    let mut round = Vec::new();
    let mut later = VecDeque::new();
    for (slot, asked) in waiting.drain(..) {
        if round.len() < DELETE_BATCH && taken.insert(&asked.key) {
            round.push((slot, asked));
        } else {
            later.push_back((slot, asked));
        }
    }
    *waiting = later;
    round
}

pub(super) fn action(choice: VersionChoice) -> Action {
    match choice {
        VersionChoice::Current => Action::DeleteObject,
        VersionChoice::Null | VersionChoice::Id(_) => Action::DeleteObjectVersion,
    }
}

/// The same error for another key of a round that failed as a whole.
fn again(error: &Error) -> Error {
    Error::new(error.kind(), error.message().to_owned())
}

pub(super) fn receipt(change: Change) -> DeleteReceipt {
    let (version, marker) = match change {
        Change::Written(_, version) => (version, false),
        Change::Marked(version) => (version, true),
        Change::Removed { version, marker } => (version, marker),
    };
    DeleteReceipt {
        version: (version != VersionTag::Unversioned).then_some(version),
        marker,
        trash: None,
    }
}

/// The answer to a delete of what does not exist: as if it had just been deleted.
pub(super) fn nothing_there(bucket: &Bucket, choice: VersionChoice) -> DeleteReceipt {
    let version = match choice {
        VersionChoice::Current => None,
        VersionChoice::Null => Some(VersionTag::Null),
        VersionChoice::Id(id) => Some(VersionTag::Id(id)),
    };
    let version = version.filter(|_| bucket.versioning != Versioning::Off);
    DeleteReceipt {
        version,
        marker: false,
        trash: None,
    }
}
