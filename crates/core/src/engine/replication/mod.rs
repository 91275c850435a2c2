//! Replication: rules that have what is written into a bucket copied into other buckets of its owner, and how far that
//! has come. What is owed is put with the object (see [`super::key`]); the copying stands in [`copy`].

mod copy;

use super::{Cx, Document, Engine, RuleProgress, Walk};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, REPLICATION_HISTORY_DELAY, REPLICATION_OWED_SEEN_MAX};
use crate::model::{
    Bucket, BucketName, DocKind, ObjectKey, Replication, ReplicationRule, Timestamp,
};
use crate::ports::{CommitError, Ids, Table, Write};
use crate::records::{HistoryStep, OwedCopy, WorkKind, WorkRecord, decode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::replication::{adopt, check, covers, ranges, watched};
use crate::work;

/// In whose key's name copies are written.
const RULES: &str = "replication";

/// What a rule without prefix is judged by when it is set.
const ANY_KEY: &str = "replica";

impl Document for Replication {
    const KIND: DocKind = DocKind::Replication;

    fn check(&self) -> Result<(), Error> {
        check(self)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, _: &dyn Ids) {
        bucket.replicated = watched(doc);
    }
}

impl Engine {
    /// Sets the replication rules of a bucket, in the place of those before: `InvalidArgument`, `NoTargetBucket`,
    /// `Denied` for buckets of others and for what the asker may not read or write. A rule that stays as it was goes
    /// on; any other begins anew, and what was there before it is copied, if it says so, after
    /// [`REPLICATION_HISTORY_DELAY`].
    pub async fn put_replication(
        &self,
        cx: &Cx,
        name: &BucketName,
        new: &Replication,
    ) -> Result<(), Error> {
        check(new)?;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, Action::WriteReplication, On::Bucket)?;
            for rule in &new.rules {
                self.check_replica(cx, &bucket, rule).await?;
            }
            let old: Option<Replication> = self.read_doc(&bucket).await?;
            let since = self.stamp(None).id;
            let all = adopt(new.clone(), old.as_ref(), since, || self.ports.ids.work());
            let begun = all.rules.iter().filter(|rule| rule.since == since);
            let duties = begun.flat_map(|rule| self.history_duty(&bucket, rule));
            let duties = duties.collect();
            if self
                .commit_doc(bucket, revision, Some(&all), duties)
                .await?
            {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// The replication rules of a bucket, or the one of an id: `NoSuchDocument`.
    pub async fn get_replication(
        &self,
        cx: &Cx,
        name: &BucketName,
        id: Option<&str>,
    ) -> Result<Replication, Error> {
        let mut all: Replication = self.get_bucket_doc(cx, name).await?;
        if let Some(id) = id {
            all.rules.retain(|rule| &*rule.id == id);
            if all.rules.is_empty() {
                return Err(Error::new(
                    ErrorKind::NoSuchDocument(DocKind::Replication),
                    "the bucket has no replication rule of this id",
                ));
            }
        }
        Ok(all)
    }

    /// How far the rules of a bucket were followed, one answer each.
    pub async fn replication_progress(
        &self,
        cx: &Cx,
        name: &BucketName,
        rules: &[ReplicationRule],
    ) -> Result<Vec<RuleProgress>, Error> {
        let bucket = self.read_bucket(cx, name, Action::ReadReplication).await?;
        let now = self.ports.clock.now();
        let owed = self.copies_still_owed(&bucket).await?;
        let mut all = Vec::with_capacity(rules.len());
        for rule in rules {
            let oldest = owed.as_ref().map(|owed| {
                let of_rule = owed.iter().filter(|(key, _)| covers(rule, key));
                of_rule.map(|(_, since)| *since).min().unwrap_or(now)
            });
            all.push(RuleProgress {
                history_permille: self.history_permille(rule).await?,
                new_until: oldest.filter(|_| rule.enabled),
            });
        }
        Ok(all)
    }

    /// The work of a rule is there until it is done, under the duty's id.
    async fn history_permille(&self, rule: &ReplicationRule) -> Result<u16, Error> {
        if !(rule.enabled && rule.history) {
            return Ok(0);
        }
        let Some(stored) = self.get_one(keys::work(rule.duty)).await? else {
            return Ok(1000);
        };
        let work: WorkRecord = decode(&stored.bytes)?;
        Ok(match work.kind {
            WorkKind::ReplicateHistory { step, .. } if step.counted => permille(&step),
            _ => 0,
        })
    }

    /// Keys of a bucket with something that is still to be copied, and since when; `None` where there is so much work
    /// that it is not looked through.
    async fn copies_still_owed(
        &self,
        bucket: &Bucket,
    ) -> Result<Option<Vec<(ObjectKey, Timestamp)>>, Error> {
        let mut owed = Vec::new();
        let mut seen = 0;
        let mut rows = Walk::over(keys::prefix_range(Table::Work, &[]));
        while let Some(page) = rows.page(&*self.ports.meta).await? {
            seen += page.len();
            if seen > REPLICATION_OWED_SEEN_MAX {
                return Ok(None);
            }
            for (_, stored) in page {
                let work: WorkRecord = decode(&stored.bytes)?;
                match work.kind {
                    WorkKind::Replicate(one) if one.bucket == bucket.id && !work.dead => {
                        let OwedCopy { key, .. } = *one;
                        owed.push((key, work.created_at));
                    }
                    _ => {}
                }
            }
        }
        Ok(Some(owed))
    }

    /// Whether whoever asks may have what a rule is about copied to where it says, and the owner of the bucket may.
    async fn check_replica(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        rule: &ReplicationRule,
    ) -> Result<(), Error> {
        let into = &rule.target.bucket;
        let invalid = |why| Err(Error::new(ErrorKind::InvalidArgument, why));
        if *into == bucket.name {
            return invalid("a bucket is not copied into itself; name another one");
        }
        for prefix in ranges(rule) {
            let text = if prefix.is_empty() { ANY_KEY } else { &*prefix };
            let key = ObjectKey::new(text)?;
            allow(cx, bucket, Action::ReadObject, On::Key(&key))?;
            self.check_writes(cx, bucket, into, &key, RULES).await?;
        }
        let (target, _) = self.read_live_bucket(into).await?;
        if target.owner != bucket.owner {
            return Err(not_ours());
        }
        if bucket.is_hierarchical() || target.is_hierarchical() {
            return Err(Error::new(
                ErrorKind::MethodNotAllowed,
                "hierarchical buckets are not replicated, and hold no copies",
            ));
        }
        if rule.target.region != target.region {
            return invalid("the bucket to copy into is in another region than the rule says");
        }
        Ok(())
    }

    /// Puts the duty to copy what was there before a rule, if it says so.
    fn history_duty(&self, bucket: &Bucket, rule: &ReplicationRule) -> Vec<Write> {
        if !(rule.enabled && rule.history) {
            return Vec::new();
        }
        let now = self.ports.clock.now();
        let kind = WorkKind::ReplicateHistory {
            bucket: bucket.id,
            name: bucket.name.clone(),
            duty: rule.duty,
            step: HistoryStep::default(),
        };
        let begins = now.plus(REPLICATION_HISTORY_DELAY);
        work::put_as(rule.duty, kind, begins, now).into()
    }
}

/// How much of what was counted was looked after; never all of it, which only the end is.
fn permille(step: &HistoryStep) -> u16 {
    let done = step.done.saturating_mul(1000).checked_div(step.total);
    u16::try_from(done.unwrap_or(0).min(999)).unwrap_or(999)
}

fn not_ours() -> Error {
    Error::new(
        ErrorKind::Denied,
        "the bucket to copy into belongs to somebody else",
    )
}
