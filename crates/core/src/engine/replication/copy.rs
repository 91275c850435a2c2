//! Copying what replication rules want. A copy is written only while object, rules and the bucket of copies are as they
//! were read, all in one transaction, so copies follow the order of the versions of their key whatever order the work
//! is done in, and doing it again changes nothing. Work that is owed for one version looks after the whole key.

use super::super::change::in_place;
use super::super::commit::{Also, Unwritten, VersionWrite};
use super::super::inventory::is_ours;
use super::super::read::Found;
use super::super::walk::after;
use super::super::{Conditions, Cx, Encrypting, Engine};
use super::{RULES, not_ours};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    CONFLICT_RETRIES_MAX, REPLICATION_PAGE, SCAN_BYTES_MAX, WORK_BACKOFF_MIN, WORK_PAGE,
};
use crate::model::{
    Bucket, BucketId, BucketName, EventKind, ObjectKey, ObjectVersion, Replicated, Replication,
    ReplicationRule, SyncPast, VersionId, VersionKind, WorkId,
};
use crate::ports::{
    BlobError, BodyError, CommitError, Expect, Key, KeyRange, Limit, Order, Page, Revision,
    StoreError, Table, When, Write,
};
use crate::records::{CurrentRecord, HistoryStep, OwedCopy, WorkKind, decode, keys};
use crate::rules::replication::{class_of, copy_of, covers, is_behind, ranges, wants};
use crate::rules::version::{self, Look, Stamp};
use crate::work;
use std::sync::Arc;

/// A bucket as it was read, with its rules.
struct Source {
    bucket: Arc<Bucket>,
    revision: Revision,
    rules: Vec<ReplicationRule>,
}

/// A version of a key, object or not, and where its record is.
struct Version {
    version: ObjectVersion,
    at: Key,
    revision: Revision,
}

impl Engine {
    /// Looks after the copies of a key that something was written under, and notes that at the version.
    pub(crate) async fn copy_owed(&self, owed: &OwedCopy) -> Result<Vec<Write>, Error> {
        let Some(source) = self.replicated(owed.bucket, &owed.name).await? else {
            return Ok(Vec::new());
        };
        let mut failed = None;
        for rule in &source.rules {
            if let Err(error) = self.copy_key(&source, &owed.key, rule, &owed.past).await {
                // The other rules do not wait for it.
                failed.get_or_insert(error);
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        self.note_copies(owed, |version| {
            let wanted = |rule| wants(rule, &owed.key, version);
            if source.rules.iter().any(wanted) {
                Replicated::Complete
            } else {
                Replicated::No
            }
        })
        .await?;
        Ok(Vec::new())
    }

    /// Notes at a version that its copies were given up.
    pub(crate) async fn give_up_replica(&self, owed: &OwedCopy) -> Result<(), Error> {
        self.note_copies(owed, |_| Replicated::Failed).await
    }

    /// Does one step of the duty to copy what was there before a rule, and says what is next. `None` when it has ended:
    /// all is done, the bucket is gone, or the rule was removed or replaced. A key that cannot be copied becomes work
    /// of its own.
    pub(crate) async fn copy_history(
        &self,
        (id, name): (BucketId, &BucketName),
        duty: WorkId,
        step: &HistoryStep,
    ) -> Result<Option<(HistoryStep, Vec<Write>)>, Error> {
        let Some(source) = self.replicated(id, name).await? else {
            return Ok(None);
        };
        let mut rules = source.rules.iter();
        let Some(rule) = rules.find(|rule| rule.duty == duty && rule.enabled) else {
            return Ok(None);
        };
        let all = ranges(rule);
        let at = usize::try_from(step.range).unwrap_or(usize::MAX);
        let Some(prefix) = all.get(at) else {
            let copying = HistoryStep {
                counted: true,
                range: 0,
                ..step.clone()
            };
            return Ok((!step.counted).then_some((copying, Vec::new())));
        };
        let page = self.page_of_history(&source, prefix, step).await?;
        let mut next = step.clone();
        let mut effects = Vec::new();
        let looked = page.rows.len() as u64;
        if step.counted {
            for (at, row) in &page.rows {
                let key = key_of(at)?;
                let current: CurrentRecord = decode(&row.bytes)?;
                let left = self
                    .copy_old(&source, rule, (&key, &current.version))
                    .await?;
                effects.extend(left.into_iter().flatten());
            }
            next.done = next.done.saturating_add(looked);
        } else {
            next.total = next.total.saturating_add(looked);
        }
        next.after = match page.rows.last() {
            Some((at, _)) if page.more => Some(key_of(at)?),
            _ => None,
        };
        if next.after.is_none() {
            next.range = next.range.saturating_add(1);
        }
        Ok(Some((next, effects)))
    }

    async fn page_of_history(
        &self,
        source: &Source,
        prefix: &str,
        step: &HistoryStep,
    ) -> Result<Page, Error> {
        let id = source.bucket.id;
        let all = keys::current_range(Table::Heads, id, prefix);
        let rest = match &step.after {
            Some(key) => KeyRange {
                start: after(&keys::head(id, key).bytes),
                ..all
            },
            None => all,
        };
        let limit = Limit {
            rows: if step.counted {
                REPLICATION_PAGE
            } else {
                WORK_PAGE
            },
            bytes: SCAN_BYTES_MAX,
        };
        let meta = &self.ports.meta;
        let pages = meta.scan(&[rest], Order::Ascending, limit).await?;
        let page = pages.into_iter().next();
        page.ok_or_else(|| StoreError::Damaged("a scan without answer".into()).into())
    }

    /// Looks after the copy of a key that was there before a rule; gives the work that goes on with it where that does
    /// not succeed and does not pass by itself.
    async fn copy_old(
        &self,
        source: &Source,
        rule: &ReplicationRule,
        (key, current): (&ObjectKey, &ObjectVersion),
    ) -> Result<Option<[Write; 2]>, Error> {
        let state = current.object().map(|object| object.replicated);
        let has_own = !matches!(state, None | Some(Replicated::No | Replicated::Copy(_)));
        if has_own && current.id > rule.since {
            // What was written since has work of its own, which looks after the whole key.
            return Ok(None);
        }
        let owed = OwedCopy {
            bucket: source.bucket.id,
            name: source.bucket.name.clone(),
            key: key.clone(),
            version: current.id,
            size: current.object().map_or(0, |object| object.size),
            past: SyncPast::None,
        };
        match self.copy_key(source, key, rule, &SyncPast::None).await {
            Ok(()) => {
                if state == Some(Replicated::No) && wants(rule, key, current) {
                    self.note_copies(&owed, |_| Replicated::Complete).await?;
                }
                Ok(None)
            }
            Err(error) if is_ours(error.kind()) => Err(error),
            Err(_) => {
                let now = self.ports.clock.now();
                let kind = WorkKind::Replicate(Box::new(owed));
                let due = now.plus(WORK_BACKOFF_MIN);
                Ok(Some(work::put(&*self.ports.ids, kind, due, now)))
            }
        }
    }

    /// A bucket with its rules, as long as it is the one that is meant.
    async fn replicated(&self, id: BucketId, name: &BucketName) -> Result<Option<Source>, Error> {
        let (bucket, revision) = match self.bucket_for_change(name).await {
            Err(error) if error.kind() == ErrorKind::NoSuchBucket => return Ok(None),
            found => found?,
        };
        if bucket.id != id {
            return Ok(None);
        }
        let doc: Option<Replication> = self.read_doc(&bucket).await?;
        Ok(Some(Source {
            bucket,
            revision,
            rules: doc.map_or_else(Vec::new, |doc| doc.rules),
        }))
    }

    /// Copies what a rule wants of a key, oldest first.
    async fn copy_key(
        &self,
        source: &Source,
        key: &ObjectKey,
        rule: &ReplicationRule,
        past: &SyncPast,
    ) -> Result<(), Error> {
        if !covers(rule, key) {
            return Ok(());
        }
        let mut before = if rule.history {
            VersionId(0)
        } else {
            rule.since
        };
        let mut tries_left = CONFLICT_RETRIES_MAX;
        while let Some(next) = self.version_after(&source.bucket, key, before).await? {
            let id = next.version.id;
            if wants(rule, key, &next.version)
                && !self.copy_version(source, rule, (key, next), past).await?
            {
                tries_left = tries_left.saturating_sub(1);
                if tries_left == 0 {
                    return Err(CommitError::Conflict.into());
                }
                continue;
            }
            before = id;
        }
        Ok(())
    }

    /// The oldest version of a key that is newer than another one. The current one is read first: what becomes current
    /// meanwhile makes an older one of it, which is found then.
    async fn version_after(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        id: VersionId,
    ) -> Result<Option<Version>, Error> {
        let at = keys::head(bucket.id, key);
        let current = match self.get_one(at.clone()).await? {
            Some(head) => Some(Version {
                version: decode::<CurrentRecord>(&head.bytes)?.version,
                at,
                revision: head.revision,
            }),
            None => None,
        };
        let newer = KeyRange {
            end: Some(keys::version(bucket.id, key, id).bytes),
            ..keys::version_range(bucket.id, key)
        };
        let one = Limit { rows: 1, bytes: 0 };
        let meta = &self.ports.meta;
        let pages = meta.scan(&[newer], Order::Descending, one).await?;
        let row = pages.into_iter().flat_map(|page| page.rows).next();
        let older = match row {
            Some((bytes, row)) => Some(Version {
                version: decode(&row.bytes)?,
                at: Key {
                    table: Table::Versions,
                    bytes,
                },
                revision: row.revision,
            }),
            None => None,
        };
        let current = current.filter(|current| current.version.id > id);
        Ok(older
            .into_iter()
            .chain(current)
            .min_by_key(|one| one.version.id))
    }

    /// Copies a version, unless the bucket of copies has it or something newer; `false` when something changed
    /// meanwhile, so that all is to be read again.
    async fn copy_version(
        &self,
        source: &Source,
        rule: &ReplicationRule,
        (key, from): (&ObjectKey, Version),
        past: &SyncPast,
    ) -> Result<bool, Error> {
        let target = self.target_of(&source.bucket, rule).await?;
        let seen = self.see_one(target.id, key).await?;
        let there = seen.current.as_ref().map(|current| &current.version);
        if !is_behind(there, &from.version) {
            return Ok(true);
        }
        let kind = if there.is_some_and(|there| there.object().is_some()) {
            EventKind::ReplicatedModified
        } else {
            EventKind::ReplicatedCreated
        };
        let found = Found {
            id: from.version.id,
            linked: None,
            tag: version::tag(&source.bucket, &from.version),
            version: from.version,
            at: from.at,
            revision: from.revision,
        };
        let object = found.object();
        let cx = Cx {
            past: past.clone(),
            encrypting: Encrypting {
                with: object.encryption().cloned(),
                ..Encrypting::default()
            },
            ..self.rules_cx(&source.bucket, RULES)
        };
        let keys = (
            self.data_key(object.seal.as_ref(), None)?,
            self.new_sealing(&cx, &target),
        );
        let record = copy_of(rule, (found.version.id, object), &target);
        let (record, bytes) = match self.take(&found, record, keys, None).await {
            Err(BodyError::Stored(BlobError::NoSuchBlob)) => return Ok(false),
            taken => taken?,
        };
        let at = keys::bucket(&source.bucket.name);
        let mut expect = vec![Expect::Revision(at, source.revision), found.unchanged()];
        expect.extend(seen.unchanged(target.id, key));
        let write = VersionWrite {
            bucket: &target.name,
            key,
            record,
            class: class_of(rule, object),
            bytes,
            kind,
            conditions: &Conditions::default(),
            callback: None,
            also: Also {
                expect,
                write: Vec::new(),
                within: Some(target.id),
                stamp: Some(Stamp {
                    id: found.version.id,
                    at: found.version.written_at,
                }),
            },
        };
        match self.write_version(&cx, &write).await {
            Ok(_) => Ok(true),
            Err(Unwritten::Stale) => {
                let why = CommitError::Conflict.into();
                self.discard_refused(&write.bytes, &why).await;
                Ok(false)
            }
            Err(Unwritten::Failed(error)) => {
                self.discard_refused(&write.bytes, &error).await;
                Err(error)
            }
        }
    }

    /// The bucket that a rule copies into: `NoTargetBucket`, `Denied`.
    async fn target_of(
        &self,
        source: &Bucket,
        rule: &ReplicationRule,
    ) -> Result<Arc<Bucket>, Error> {
        let target = match self.bucket_for_change(&rule.target.bucket).await {
            Err(error) if error.kind() == ErrorKind::NoSuchBucket => {
                let message = "the bucket to copy into does not exist any more";
                return Err(Error::new(ErrorKind::NoTargetBucket, message));
            }
            found => found?.0,
        };
        if target.owner != source.owner {
            return Err(not_ours());
        }
        Ok(target)
    }

    /// Notes at a version what became of its copies, as long as it is what the copies are of. It may be noted again.
    async fn note_copies(
        &self,
        owed: &OwedCopy,
        state: impl Fn(&ObjectVersion) -> Replicated + Sync,
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = match self.bucket_for_change(&owed.name).await {
                Err(error) if error.kind() == ErrorKind::NoSuchBucket => return Ok(()),
                found => found?,
            };
            let _pass = self.gates.enter(&owed.name, [&owed.key]).await;
            let seen = self.see_one(bucket.id, &owed.key).await?;
            let current = seen.current.as_ref().map(|current| &current.version);
            let found = match current {
                Some(current) if current.id == owed.version => Some(current.clone()),
                _ => {
                    let older = Look::At(owed.version);
                    self.peek(bucket.id, &owed.key, older).await?
                }
            };
            let Some(mut version) = found.filter(|_| bucket.id == owed.bucket) else {
                return Ok(());
            };
            let state = state(&version);
            let VersionKind::Object(record) = &mut version.kind else {
                return Ok(());
            };
            let is_copy = matches!(record.replicated, Replicated::Copy(_));
            if is_copy || record.size != owed.size || record.replicated == state {
                return Ok(());
            }
            record.replicated = state;
            let place = (&*bucket, revision);
            let Some(mut txn) = in_place(place, &owed.key, &seen, &version) else {
                return Ok(());
            };
            txn.when = When::Soon;
            if self.commit_one(txn).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }
}

/// The key of a row of current versions.
fn key_of(at: &[u8]) -> Result<ObjectKey, StoreError> {
    keys::object_of_current(at).ok_or_else(|| StoreError::Damaged("key of an object".into()))
}
