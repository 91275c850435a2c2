//! Carrying out lifecycle rules: a turn looks through current objects, older versions, delete markers,
//! uploads and the trash, a page at a time, and does what the rules order through the ways of ordinary requests.
//!
//! What is judged may change before it is done: so a transaction of a rule states that the version is
//! still the one judged, and that the rules are still those of the bucket. Once the removal of the
//! rules was answered nothing expires any more. A page may be done twice: what is gone is gone.

mod judge;

use std::sync::Arc;

use super::delete::Asked;
use super::{Cx, Engine, ObjectTarget, UploadTarget, VersionChoice, Walk};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, WORK_BACKOFF_MIN};
use crate::model::{
    AccessKeyId, Bucket, BucketId, BucketName, BucketState, LifecycleRule, ObjectKey,
    ObjectVersion, Principal, StorageClass, SyncPast, Timestamp, UploadId, WorkId,
};
use crate::ports::{CommitError, Expect, KeyRange, Table, Write};
use crate::records::{CurrentRecord, LifecycleStage, LifecycleStep, encode, keys};
use crate::rules::access::{Permit, allow_lifecycle};
use crate::rules::lifecycle::{Standing, next_turn};
use crate::rules::object_set::RuleBook;
use crate::rules::version::means;
use crate::work::look_again;

/// A version as lifecycle rules judged it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// Names the rules.
    pub(super) duty: WorkId,
    /// The version.
    pub(super) version: ObjectVersion,
    /// Where it stood.
    pub(super) standing: Standing,
}

impl Judged {
    /// Whether the version stood at the place of the current one.
    pub(super) fn is_current(&self) -> bool {
        matches!(self.standing, Standing::Current { .. })
    }

    /// Permits to delete what `choice` means if it is what was judged; `looked` is the non-current
    /// version that the plan looks at.
    pub(super) fn permit(
        &self,
        bucket: &Bucket,
        choice: VersionChoice,
        current: Option<&CurrentRecord>,
        looked: Option<&ObjectVersion>,
    ) -> Option<Permit> {
        let current = &current?.version;
        let is_current = means(choice, current, true);
        let found = if is_current { Some(current) } else { looked };
        let as_judged = found == Some(&self.version) && is_current == self.is_current();
        as_judged.then(|| allow_lifecycle(bucket, self.duty))?
    }
}

/// What the rules order.
#[derive(Debug)]
enum Order {
    Expire(Asked),
    Move(ObjectTarget, Judged, StorageClass),
    Abort(ObjectKey, UploadId),
    /// Remove a directory of the trash, if nothing lies in it.
    Clear(ObjectKey),
}

impl Engine {
    /// Does one step of the duty to carry out the lifecycle rules of a bucket, and says what to do next
    /// and when. `None` when the duty has ended: the bucket is gone, or has no or other rules.
    pub(crate) async fn carry_out(
        &self,
        (id, name): (BucketId, &BucketName),
        duty: WorkId,
        step: &LifecycleStep,
    ) -> Result<Option<(LifecycleStep, Timestamp)>, Error> {
        let bucket = match self.find_bucket(name).await? {
            Some((bucket, _)) if bucket.id == id && bucket.lifecycle == Some(duty) => bucket,
            _ => return Ok(None),
        };
        let now = self.ports.clock.now();
        if bucket.state == BucketState::Deleting {
            return Ok(Some((step.clone(), now.plus(WORK_BACKOFF_MIN))));
        }
        if let Some(due) = look_again(step.begins, self.lifecycle_every, now) {
            return Ok(Some((step.clone(), due)));
        }
        let rules = self.rule_book(&bucket).await?;
        let after = self.look_through(&bucket, &rules, duty, step).await?;
        let next = match (after, next_stage(step.stage)) {
            (Some(after), _) => LifecycleStep {
                after,
                ..step.clone()
            },
            (None, Some(stage)) => LifecycleStep {
                stage,
                after: Box::default(),
                ..step.clone()
            },
            (None, None) => LifecycleStep::begin(next_turn(now, self.lifecycle_every)),
        };
        let due = look_again(next.begins, self.lifecycle_every, now).unwrap_or(now);
        Ok(Some((next, due)))
    }

    /// Makes sure that the bucket has the duty which deletes objects that say when.
    pub(super) async fn await_expiries(&self, name: &BucketName) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut bucket, revision) = self.bucket_for_change(name).await?;
            if bucket.expires {
                return Ok(());
            }
            let has_duty = bucket.lifecycle.is_some();
            let changed = Arc::make_mut(&mut bucket);
            changed.expires = true;
            changed
                .lifecycle
                .get_or_insert_with(|| self.ports.ids.work());
            let at = keys::bucket(name);
            let mut write = vec![Write::Put(at.clone(), encode(&*bucket))];
            if !has_duty {
                write.extend(self.lifecycle_duty(&bucket));
            }
            let done = self
                .commit_one(super::buckets::now(
                    vec![Expect::Revision(at, revision)],
                    write,
                ))
                .await?;
            self.known.forget(name);
            if done {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Does a page of a stage. Gives the key of its last row; `None` at the end of the stage.
    async fn look_through(
        &self,
        bucket: &Bucket,
        rules: &RuleBook,
        duty: WorkId,
        step: &LifecycleStep,
    ) -> Result<Option<Box<[u8]>>, Error> {
        let own = bucket.expires && step.stage == LifecycleStage::Objects;
        let own = own || step.stage == LifecycleStage::Trash && bucket.trash_in_use().is_some();
        let orders = |rule: &LifecycleRule| rule.enabled && orders(rule, step.stage);
        if !own && !rules.all().any(orders) {
            return Ok(None);
        }
        let by_reads = |rule: &LifecycleRule| rule.enabled && counts_reads(rule, step.stage);
        let reads_since = bucket.notes_reads();
        let reads_since = reads_since.filter(|_| rules.all().any(by_reads));
        if reads_since.is_some() {
            self.write_reads().await?;
        }
        let mut rows = Walk::over(range(bucket, step));
        let Some(rows) = rows.page(&*self.ports.meta).await? else {
            return Ok(None);
        };
        let last = rows.last().map(|(at, _)| Box::from(&**at));
        let court = judge::Court {
            engine: self,
            bucket,
            rules,
            duty,
            reads_since,
            now: self.ports.clock.now(),
        };
        let orders = match step.stage {
            LifecycleStage::Objects => court.objects(&rows).await?,
            LifecycleStage::Older => court.older(&rows).await?,
            LifecycleStage::Markers => court.markers(&rows).await?,
            LifecycleStage::Uploads => court.uploads(&rows)?,
            LifecycleStage::Trash => court.trash(&rows)?,
        };
        self.execute(bucket, duty, orders).await?;
        Ok(last)
    }

    async fn execute(
        &self,
        bucket: &Bucket,
        duty: WorkId,
        orders: Vec<Order>,
    ) -> Result<(), Error> {
        let (mut asked, mut emptied) = (Vec::new(), Vec::new());
        for order in orders {
            match order {
                Order::Expire(one) => asked.push(one),
                Order::Move(target, judged, class) => {
                    self.move_to_class(&target, &judged, class).await?;
                }
                Order::Abort(key, upload) => {
                    let target = UploadTarget {
                        bucket: bucket.name.clone(),
                        key,
                        upload,
                    };
                    self.give_up(&target, duty).await?;
                }
                Order::Clear(key) => emptied.push(key),
            }
        }
        let cx = self.rules_cx(bucket, "lifecycle");
        let outcomes = self.delete_asked(&cx, &bucket.name, &asked).await?;
        outcomes.into_iter().try_for_each(|one| one.map(drop))?;
        // Those below come behind their directories, and go first.
        for key in emptied.into_iter().rev() {
            let asked = Asked {
                key,
                choice: VersionChoice::Current,
                if_match: None,
                judged: None,
            };
            let gone = self
                .remove_directory(&cx, &bucket.name, &asked, Some(duty))
                .await;
            match gone {
                Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => return Err(error),
                // A later turn meets it again.
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives an upload up, if it is there and the rules are still those of the bucket.
    async fn give_up(&self, target: &UploadTarget, duty: WorkId) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&target.bucket).await?;
            let Some(found) = self.find_upload(&bucket, target).await? else {
                return Ok(());
            };
            if allow_lifecycle(&bucket, duty).is_none() {
                return Ok(());
            }
            let mut ending = self.ending(&bucket, target, &found);
            let at = keys::bucket(&bucket.name);
            ending.expect.push(Expect::Revision(at, revision));
            if self.commit_one(ending).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// In whose name rules of a bucket act: its owner, who answers for them; `rules` says which.
    pub(super) fn rules_cx(&self, bucket: &Bucket, rules: &str) -> Cx {
        Cx {
            principal: Principal::Account {
                account: bucket.owner.clone(),
                key: AccessKeyId(rules.into()),
            },
            request_id: hex::encode(self.ports.ids.work().0).into(),
            source: None,
            dialect: bucket.home,
            at: self.ports.clock.now(),
            secure: true,
            tls: None,
            user_agent: None,
            referer: None,
            pays: false,
            by_link: false,
            bypasses: false,
            past: SyncPast::None,
            encrypting: crate::engine::Encrypting::default(),
        }
    }
}

fn next_stage(stage: LifecycleStage) -> Option<LifecycleStage> {
    match stage {
        LifecycleStage::Objects => Some(LifecycleStage::Older),
        LifecycleStage::Older => Some(LifecycleStage::Markers),
        LifecycleStage::Markers => Some(LifecycleStage::Uploads),
        LifecycleStage::Uploads => Some(LifecycleStage::Trash),
        LifecycleStage::Trash => None,
    }
}

/// Whether what a rule orders about what a stage looks through depends on when it was read.
fn counts_reads(rule: &LifecycleRule, stage: LifecycleStage) -> bool {
    match stage {
        LifecycleStage::Objects => !rule.unread.is_empty(),
        LifecycleStage::Older => !rule.older_unread.is_empty(),
        LifecycleStage::Markers | LifecycleStage::Uploads | LifecycleStage::Trash => false,
    }
}

/// Whether a rule orders anything about what a stage looks through.
fn orders(rule: &LifecycleRule, stage: LifecycleStage) -> bool {
    let own = match stage {
        LifecycleStage::Objects => rule.expire.is_some() || !rule.transitions.is_empty(),
        LifecycleStage::Older => rule.expire_older.is_some() || !rule.older_transitions.is_empty(),
        LifecycleStage::Markers => rule.expire_markers,
        LifecycleStage::Uploads => rule.abort.is_some(),
        LifecycleStage::Trash => false,
    };
    own || counts_reads(rule, stage)
}

/// What is left of a stage.
fn range(bucket: &Bucket, step: &LifecycleStep) -> KeyRange {
    let trash = bucket.trash.as_ref().map_or("", |trash| &trash.path);
    let bucket = bucket.id;
    let all = match step.stage {
        LifecycleStage::Objects => keys::current_range(Table::Heads, bucket, ""),
        LifecycleStage::Older => keys::versions_range(bucket, ""),
        LifecycleStage::Markers => keys::current_range(Table::Graves, bucket, ""),
        LifecycleStage::Uploads => keys::uploads_range(bucket, ""),
        LifecycleStage::Trash => keys::current_range(Table::Heads, bucket, trash),
    };
    if step.after.is_empty() {
        return all;
    }
    KeyRange {
        start: super::walk::after(&step.after),
        ..all
    }
}
