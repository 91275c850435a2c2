//! Object sets of a bucket: making, changing and reading them, and what they mean for a key.
//!
//! Every change of a set, or of what bounds sets, rewrites the record of the bucket. Whoever writes an object expects
//! that record, so what was read of the sets after it is what holds when the object is committed. Where lifecycle rules
//! of sets are in force a change also begins a new duty to carry them out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::buckets::now;
use super::key::unchanged;
use super::quota::{Share, What};
use super::{BucketStat, Cx, Document, Engine, ListObjectSets, ObjectSetListing, SetChange, Walk};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, OBJECT_SETS_MAX};
use crate::model::{
    Bucket, BucketName, DocKind, Lifecycle, LifecycleRule, ObjectKey, ObjectSet, SetLayout,
    SetLifecycles, SetQuotas,
};
use crate::ports::{CommitError, Expect, Ids, Key, Record, StoreError, Table, Write};
use crate::records::{decode, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::lifecycle;
use crate::rules::object_set::{
    self, Bounds, RuleBook, bounds, check_lifecycles, check_quotas, name_of, rules_of,
};

/// Names of the object sets of a bucket, in order.
pub(super) struct SetNames(Vec<Box<[u8]>>);

impl SetNames {
    /// Whether what has this key in a table of the bucket's is in one of them. No name begins with another one, so the
    /// last name that is not behind the key is the one it may begin with.
    pub(super) fn hold(&self, at: &[u8]) -> bool {
        let key = at.get(8..).unwrap_or_default();
        let behind = self.0.partition_point(|name| **name <= *key);
        let before = behind.checked_sub(1).and_then(|n| self.0.get(n));
        before.is_some_and(|name| key.starts_with(name))
    }
}

/// Bounds of sets by their tags.
impl Document for SetQuotas {
    const KIND: DocKind = DocKind::SetQuotas;

    fn check(&self) -> Result<(), Error> {
        check_quotas(self)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, _: &dyn Ids) {
        if let Some(layout) = &mut bucket.sets {
            layout.by_tag = doc.is_some();
        }
    }
}

/// Lifecycle rules of sets by their tags. As with those of a bucket, each new document begins a new duty.
impl Document for SetLifecycles {
    const KIND: DocKind = DocKind::SetLifecycles;

    fn check(&self) -> Result<(), Error> {
        check_lifecycles(self)
    }

    fn check_within(&self, bucket: &Bucket) -> Result<(), Error> {
        let rules = self.tags.iter().flat_map(|one| &one.rules);
        lifecycle::check_reads(rules, bucket)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, ids: &dyn Ids) {
        if let Some(layout) = &mut bucket.sets {
            layout.has_rules |= doc.is_some();
        }
        renew(bucket, ids);
    }
}

/// Begins a new duty to carry out lifecycle rules where those of sets are in force.
fn renew(bucket: &mut Bucket, ids: &dyn Ids) {
    if bucket.has_set_rules() {
        bucket.lifecycle = Some(ids.work());
    }
}

impl Engine {
    /// How the keys of a bucket are divided into sets, and what bounds them: `NoSuchObjectSet` where they are not.
    pub async fn set_layout(&self, cx: &Cx, name: &BucketName) -> Result<SetLayout, Error> {
        let bucket = self.read_bucket(cx, name, Action::ReadObjectSets).await?;
        bucket.sets.ok_or_else(no_sets)
    }

    /// Makes, changes or removes a set: `NoSuchObjectSet`, `TooManyObjectSets`, `InvalidArgument` for a name that does
    /// not fit the layout. Making one that is there replaces its tags. Objects stay what they are: those of a set that
    /// is removed are in no set any more.
    pub async fn change_object_set(
        &self,
        cx: &Cx,
        name: &BucketName,
        set: &str,
        change: SetChange,
    ) -> Result<(), Error> {
        let action = match &change {
            SetChange::Make(tags) | SetChange::Tags(tags) => {
                object_set::check_tags(tags)?;
                Action::WriteObjectSets
            }
            SetChange::Rules { rules, .. } if !rules.is_empty() => {
                object_set::check_rules(rules)?;
                Action::WriteObjectSets
            }
            SetChange::Remove | SetChange::Rules { .. } => Action::DeleteObjectSets,
            SetChange::Quota(_) => Action::WriteObjectSets,
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, action, On::Bucket)?;
            let layout = bucket.sets.as_ref().ok_or_else(no_sets)?;
            let set_name = object_set::name(layout, set)?;
            if let SetChange::Rules { rules, .. } = &change {
                lifecycle::check_reads(rules, &bucket)?;
            }
            let _turn = self
                .doubt_sets(&bucket, change.quota().is_some_and(|quota| quota > 0))
                .await?;
            let at = keys::object_set(bucket.id, &set_name);
            let seen = self.get_one(at.clone()).await?;
            let after = self.set_after(&bucket, seen.as_ref(), &change).await?;
            let changed = Arc::make_mut(&mut bucket);
            if let (SetChange::Rules { rules, .. }, Some(layout)) = (&change, &mut changed.sets) {
                layout.has_rules |= !rules.is_empty();
            }
            renew(changed, &*self.ports.ids);
            let (own, seen) = (keys::bucket(name), seen.map(|seen| seen.revision));
            let expect = vec![
                Expect::Revision(own.clone(), revision),
                unchanged(at.clone(), seen),
            ];
            let mut write = vec![Write::Put(own, encode(&*bucket))];
            write.push(match after {
                Some(set) => Write::Put(at, encode(&set)),
                None => Write::Delete(at),
            });
            if bucket.has_set_rules() {
                write.extend(self.lifecycle_duty(&bucket));
            }
            let done = self.commit_one(now(expect, write)).await;
            self.known.forget(name);
            if done? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A set after a change; `None` when it is removed.
    async fn set_after(
        &self,
        bucket: &Bucket,
        seen: Option<&Record>,
        change: &SetChange,
    ) -> Result<Option<ObjectSet>, Error> {
        let set: Option<ObjectSet> = seen.map(|seen| decode(&seen.bytes)).transpose()?;
        if let SetChange::Make(tags) = change {
            if set.is_none() && self.set_names(bucket).await?.0.len() >= OBJECT_SETS_MAX {
                return Err(Error::new(
                    ErrorKind::TooManyObjectSets,
                    "the bucket has as many object sets as it may; delete one first",
                ));
            }
            return Ok(Some(ObjectSet {
                tags: tags.clone(),
                ..set.unwrap_or_default()
            }));
        }
        let mut set = set.ok_or_else(no_such_set)?;
        match change {
            SetChange::Remove => return Ok(None),
            SetChange::Make(tags) | SetChange::Tags(tags) => set.tags.clone_from(tags),
            SetChange::Quota(quota) => set.quota = Some(*quota),
            SetChange::Rules { rules, may_overlap } => {
                set.rules.clone_from(rules);
                set.may_overlap = *may_overlap;
            }
        }
        Ok(Some(set))
    }

    /// A set and its whole name: `NoSuchObjectSet`.
    pub async fn object_set(
        &self,
        cx: &Cx,
        name: &BucketName,
        set: &str,
    ) -> Result<(Box<str>, ObjectSet), Error> {
        let bucket = self.read_bucket(cx, name, Action::ReadObjectSets).await?;
        let (name, set, _) = self.find_set(&bucket, set).await?;
        Ok((name, set))
    }

    /// What a set holds, counted when asked: `NoSuchObjectSet`, and `Unsupported` for more than is counted at once.
    pub async fn object_set_stat(
        &self,
        cx: &Cx,
        name: &BucketName,
        set: &str,
    ) -> Result<BucketStat, Error> {
        let bucket = self.read_bucket(cx, name, Action::ReadObjectSets).await?;
        let (.., share) = self.find_set(&bucket, set).await?;
        self.stat_of_share(&bucket, &share).await
    }

    async fn find_set(
        &self,
        bucket: &Bucket,
        set: &str,
    ) -> Result<(Box<str>, ObjectSet, Share), Error> {
        let layout = bucket.sets.as_ref().ok_or_else(no_sets)?;
        let name = object_set::name(layout, set)?;
        let found = self.get_one(keys::object_set(bucket.id, &name)).await?;
        let found = decode(&found.ok_or_else(no_such_set)?.bytes)?;
        let share = Share {
            bucket: bucket.id,
            what: What::Set(name.clone()),
        };
        Ok((name, found, share))
    }

    /// A page of the sets of a bucket, by name.
    pub async fn list_object_sets(
        &self,
        cx: &Cx,
        name: &BucketName,
        req: &ListObjectSets,
    ) -> Result<ObjectSetListing, Error> {
        let bucket = self.read_bucket(cx, name, Action::ReadObjectSets).await?;
        if bucket.sets.is_none() {
            return Err(no_sets());
        }
        let mut sets = Vec::new();
        for (name, set) in self.sets_of(&bucket, &req.prefix).await? {
            let has = |tag| set.tags.contains(tag);
            if *name <= *req.after || !req.tags.iter().all(has) {
                continue;
            }
            if sets.len() == req.limit {
                return Ok(ObjectSetListing { sets, more: true });
            }
            sets.push((name, set));
        }
        Ok(ObjectSetListing { sets, more: false })
    }

    /// Puts bounds of sets by their tags in the place of those before; `None` removes them: `NoSuchObjectSet` where the
    /// bucket has no sets.
    pub async fn put_set_quotas(
        &self,
        cx: &Cx,
        name: &BucketName,
        quotas: Option<&SetQuotas>,
    ) -> Result<(), Error> {
        let action = quotas.map_or(Action::DeleteObjectSets, |_| Action::WriteObjectSets);
        let bucket = self.bucket_with_sets(cx, name, action).await?;
        let sets_one = |all: &SetQuotas| all.rules.iter().any(|rule| rule.quota.is_some());
        let _turn = self
            .doubt_sets(&bucket, quotas.is_some_and(sets_one))
            .await?;
        match quotas {
            Some(quotas) => self.put_bucket_doc(cx, name, quotas).await,
            None => self.delete_bucket_doc::<SetQuotas>(cx, name).await,
        }
    }

    /// Puts lifecycle rules of sets by their tags in the place of those before: `NoSuchObjectSet` where the bucket has
    /// no sets.
    pub async fn put_set_lifecycles(
        &self,
        cx: &Cx,
        name: &BucketName,
        rules: &SetLifecycles,
    ) -> Result<(), Error> {
        self.bucket_with_sets(cx, name, Action::WriteObjectSets)
            .await?;
        self.put_bucket_doc(cx, name, rules).await
    }

    /// A bucket that has sets, which it never loses.
    async fn bucket_with_sets(
        &self,
        cx: &Cx,
        name: &BucketName,
        action: Action,
    ) -> Result<Arc<Bucket>, Error> {
        let (bucket, _) = self.bucket_for_change(name).await?;
        allow(cx, &bucket, action, On::Bucket)?;
        if bucket.sets.is_none() {
            return Err(no_sets());
        }
        Ok(bucket)
    }

    /// Divides the keys of a bucket: `InvalidBucketState` for another division than before while there are sets, whose
    /// names would not fit it.
    pub(super) async fn divide(
        &self,
        bucket: &mut Bucket,
        layout: &SetLayout,
    ) -> Result<(), Error> {
        let mut layout = layout.clone();
        if let Some(before) = &bucket.sets {
            let same = before.levels == layout.levels && before.delimiter == layout.delimiter;
            if !same && !self.set_names(bucket).await?.0.is_empty() {
                return Err(Error::new(
                    ErrorKind::InvalidBucketState,
                    "the bucket has object sets, whose names have other parts; delete them first",
                ));
            }
            layout.by_tag = before.by_tag;
            layout.has_rules = before.has_rules;
        }
        bucket.sets = Some(layout);
        Ok(())
    }

    /// Removes the sets of a bucket that is removed.
    pub(super) async fn without_sets(&self, bucket: &Bucket) -> Result<Vec<Write>, Error> {
        let rows = Walk::over(keys::object_sets_range(bucket.id, ""));
        let rows = rows.all(&*self.ports.meta).await?;
        let table = Table::ObjectSets;
        let delete = |(bytes, _)| Write::Delete(Key { table, bytes });
        Ok(rows.into_iter().map(delete).collect())
    }

    /// Names of the sets of a bucket.
    pub(super) async fn set_names(&self, bucket: &Bucket) -> Result<SetNames, Error> {
        let rows = Walk::over(keys::object_sets_range(bucket.id, ""));
        let rows = rows.all(&*self.ports.meta).await?;
        let name = |(at, _): &(bytes::Bytes, Record)| at.get(8..).map(Box::from);
        Ok(SetNames(rows.iter().filter_map(name).collect()))
    }

    /// The sets of a bucket whose names begin with `prefix`.
    async fn sets_of(
        &self,
        bucket: &Bucket,
        prefix: &str,
    ) -> Result<BTreeMap<Box<str>, ObjectSet>, Error> {
        let rows = Walk::over(keys::object_sets_range(bucket.id, prefix));
        let rows = rows.all(&*self.ports.meta).await?;
        let set = |(at, record): &(bytes::Bytes, Record)| {
            let name = keys::name_of_set(at).ok_or_else(damaged_key)?;
            Ok((name.into(), decode(&record.bytes)?))
        };
        rows.iter().map(set).collect()
    }

    /// The set that a key is in, and what bounds it; `None` where nothing bounds the key.
    pub(super) async fn bounds_of(
        &self,
        bucket: &Bucket,
        key: &str,
    ) -> Result<Option<(Share, Bounds)>, Error> {
        let Some(layout) = &bucket.sets else {
            return Ok(None);
        };
        let (mut set, mut quotas, mut what) = (None, None, What::Rest);
        if let Some(name) = name_of(layout, key) {
            let mut at = vec![keys::object_set(bucket.id, name)];
            if layout.by_tag {
                at.push(keys::bucket_doc(bucket.id, DocKind::SetQuotas));
            }
            let mut found = self.ports.meta.get_many(&at).await?.into_iter();
            if let Some(record) = found.next().flatten() {
                set = Some(decode::<ObjectSet>(&record.bytes)?);
                what = What::Set(name.into());
            }
            let rules = found.next().flatten();
            quotas = rules
                .map(|rules| decode::<SetQuotas>(&rules.bytes))
                .transpose()?;
        }
        let bounds = bounds(layout, set.as_ref(), quotas.as_ref());
        let bucket = bucket.id;
        Ok((bounds != Bounds::default()).then_some((Share { bucket, what }, bounds)))
    }

    /// The set that a key is in and its quota, where it has one.
    pub(super) async fn quota_of_set(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
    ) -> Result<Option<(Share, u64)>, Error> {
        let found = self.bounds_of(bucket, key.as_str()).await?;
        Ok(found.and_then(|(share, bounds)| Some((share, bounds.quota?))))
    }

    /// Every lifecycle rule of a bucket.
    pub(super) async fn rule_book(&self, bucket: &Bucket) -> Result<RuleBook, Error> {
        let doc = self.read_doc::<Lifecycle>(bucket).await?;
        let book = RuleBook::new(doc.unwrap_or_default().rules);
        let Some(layout) = bucket.sets.as_ref().filter(|layout| layout.has_rules) else {
            return Ok(book);
        };
        let tagged = self.read_doc::<SetLifecycles>(bucket).await?;
        let sets = self.sets_of(bucket, "").await?.into_iter();
        let sets = sets.map(|(name, set)| {
            let rules = rules_of(&name, &set, tagged.as_ref());
            (name, rules)
        });
        let sets = sets.filter(|(_, rules)| !rules.is_empty()).collect();
        Ok(book.with_sets(layout.clone(), sets))
    }

    /// The lifecycle rules of a bucket that a key may be under.
    pub(super) async fn rules_about(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
    ) -> Result<Vec<LifecycleRule>, Error> {
        let doc = self.read_doc::<Lifecycle>(bucket).await?;
        let mut rules = doc.unwrap_or_default().rules;
        let layout = bucket.sets.as_ref().filter(|layout| layout.has_rules);
        let name = layout.and_then(|layout| name_of(layout, key.as_str()));
        let Some(name) = name else {
            return Ok(rules);
        };
        if let Some(found) = self.get_one(keys::object_set(bucket.id, name)).await? {
            let tagged = self.read_doc::<SetLifecycles>(bucket).await?;
            let set = decode(&found.bytes)?;
            rules.extend(rules_of(name, &set, tagged.as_ref()));
        }
        Ok(rules)
    }
}

fn no_sets() -> Error {
    Error::new(
        ErrorKind::NoSuchObjectSet,
        "the keys of the bucket are not divided into object sets; configure that first",
    )
}

fn no_such_set() -> Error {
    Error::new(
        ErrorKind::NoSuchObjectSet,
        "the bucket has no object set of this name",
    )
}

fn damaged_key() -> StoreError {
    StoreError::Damaged("key of an object set".into())
}
