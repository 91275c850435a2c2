//! Configuration documents of a bucket: one record a kind, beside the bucket's own. What every request
//! needs of them stands in the bucket's record too, which is rewritten with each: whoever expects the
//! bucket as it was notices.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::buckets::now;
use super::{BucketPolicy, Cx, Engine, sealing};
use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{
    Bucket, BucketName, Cors, DocKind, Encryption, Lifecycle, MirrorRule, NamedCallback, Tags,
    Website,
};
use crate::ports::{CommitError, Expect, Ids, Revision, Write};
use crate::records::{LifecycleStep, WorkKind, decode, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::{access, attributes, callback, cors, lifecycle, website};
use crate::work;

/// A document that buckets have at most one of.
pub trait Document: Serialize + DeserializeOwned + Send + Sync {
    /// Which one it is.
    const KIND: DocKind;

    /// Says what is wrong with it.
    fn check(&self) -> Result<(), Error>;

    /// Says why the bucket cannot have it as it is.
    fn check_within(&self, _: &Bucket) -> Result<(), Error> {
        Ok(())
    }

    /// Whether it allows everybody something, which buckets may block.
    fn is_public(&self) -> bool {
        false
    }

    /// Puts what every request needs of it into the bucket's record; `None` when it is removed.
    fn mark(doc: Option<&Self>, bucket: &mut Bucket, ids: &dyn Ids);
}

impl Document for BucketPolicy {
    const KIND: DocKind = DocKind::Policy;

    fn check(&self) -> Result<(), Error> {
        access::check_policy(&self.text, &self.statements)
    }

    fn is_public(&self) -> bool {
        access::is_public(&self.statements)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, _: &dyn Ids) {
        bucket.policy = doc.map_or_else(Vec::new, |doc| doc.statements.clone());
    }
}

impl Document for Cors {
    const KIND: DocKind = DocKind::Cors;

    fn check(&self) -> Result<(), Error> {
        cors::check(self)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, _: &dyn Ids) {
        bucket.has_cors = doc.is_some();
    }
}

/// Lifecycle rules. Each new document begins a new duty, so that the one of the document before finds
/// itself replaced and ends. Without any the duty goes on where objects say themselves when they end, object sets
/// have rules, or there is a trash to clean.
impl Document for Lifecycle {
    const KIND: DocKind = DocKind::Lifecycle;

    fn check(&self) -> Result<(), Error> {
        lifecycle::check(&self.rules)
    }

    fn check_within(&self, bucket: &Bucket) -> Result<(), Error> {
        lifecycle::check_reads(&self.rules, bucket)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, ids: &dyn Ids) {
        let goes_on = bucket.expires || bucket.has_set_rules() || bucket.trash.is_some();
        bucket.lifecycle = (doc.is_some() || goes_on).then(|| ids.work());
    }
}

/// Tags of the bucket itself.
impl Document for Tags {
    const KIND: DocKind = DocKind::Tags;

    fn check(&self) -> Result<(), Error> {
        attributes::check_bucket_tags(self)
    }

    fn mark(_: Option<&Self>, _: &mut Bucket, _: &dyn Ids) {}
}

/// How objects are encrypted whose writers say nothing of it.
impl Document for Encryption {
    const KIND: DocKind = DocKind::Encryption;

    fn check(&self) -> Result<(), Error> {
        sealing::check(self)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, _: &dyn Ids) {
        bucket.encryption = doc.cloned();
    }
}

impl Document for Website {
    const KIND: DocKind = DocKind::Website;

    fn check(&self) -> Result<(), Error> {
        website::check_website(self)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, _: &dyn Ids) {
        bucket.has_website = doc.is_some();
    }
}

/// Callbacks that uploads order by name.
impl Document for Vec<NamedCallback> {
    const KIND: DocKind = DocKind::Callbacks;

    fn check(&self) -> Result<(), Error> {
        callback::check_named(self)
    }

    fn mark(_: Option<&Self>, _: &mut Bucket, _: &dyn Ids) {}
}

/// Rules for origins.
impl Document for Vec<MirrorRule> {
    const KIND: DocKind = DocKind::Mirrors;

    fn check(&self) -> Result<(), Error> {
        website::check_mirrors(self)
    }

    fn mark(doc: Option<&Self>, bucket: &mut Bucket, _: &dyn Ids) {
        bucket.has_mirrors = doc.is_some();
    }
}

impl Engine {
    /// Puts a document in the place of the one before, if there was one.
    pub async fn put_bucket_doc<D: Document>(
        &self,
        cx: &Cx,
        name: &BucketName,
        doc: &D,
    ) -> Result<(), Error> {
        doc.check()?;
        self.replace_doc(cx, name, Some(doc)).await
    }

    /// Removes a document; that there is none is success.
    pub async fn delete_bucket_doc<D: Document>(
        &self,
        cx: &Cx,
        name: &BucketName,
    ) -> Result<(), Error> {
        self.replace_doc::<D>(cx, name, None).await
    }

    /// Takes some tags off a bucket, whether it has them or not.
    pub async fn delete_bucket_tags(
        &self,
        cx: &Cx,
        name: &BucketName,
        gone: &[&str],
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, Action::DeleteBucketTags, On::Bucket)?;
            let Some(mut tags) = self.read_doc::<Tags>(&bucket).await? else {
                return Ok(());
            };
            tags.retain(|(name, _)| !gone.contains(&&**name));
            if self
                .commit_doc(bucket, revision, Some(&tags), Vec::new())
                .await?
            {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Buckets of the asking account that have tags of all these names, with these values where some are
    /// given; in name order.
    pub async fn list_buckets_tagged(
        &self,
        cx: &Cx,
        wanted: &[(String, Option<String>)],
    ) -> Result<Vec<Bucket>, Error> {
        let mut found = Vec::new();
        for bucket in self.list_buckets(cx).await? {
            let tags = self.read_doc::<Tags>(&bucket).await?.unwrap_or_default();
            let has = |(name, value): &(String, Option<String>)| {
                tags.iter().any(|(n, v)| {
                    **n == **name && value.as_deref().is_none_or(|value| **v == *value)
                })
            };
            if wanted.iter().all(has) {
                found.push(bucket);
            }
        }
        Ok(found)
    }

    /// Reads a document: `NoSuchDocument` when the bucket has none of its kind.
    pub async fn get_bucket_doc<D: Document>(
        &self,
        cx: &Cx,
        name: &BucketName,
    ) -> Result<D, Error> {
        let bucket = self.read_bucket(cx, name, actions(D::KIND).read).await?;
        self.read_doc(&bucket).await?.ok_or_else(|| {
            Error::new(
                ErrorKind::NoSuchDocument(D::KIND),
                "the bucket has no such configuration",
            )
        })
    }

    /// Whether a bucket may have rules for pages of other origins, without asking the store: no, only if it
    /// was read last without them.
    pub fn may_have_cors(&self, name: &BucketName) -> bool {
        self.known.last(name).is_none_or(|bucket| bucket.has_cors)
    }

    /// The rules for pages of other origins; `None` when the bucket has none or there is no bucket.
    /// Asks nobody's rights: browsers ask before they sign.
    pub async fn cors_of(&self, name: &BucketName) -> Result<Option<Cors>, Error> {
        match self.read_live_bucket(name).await {
            Ok((bucket, _)) if bucket.has_cors => self.read_doc(&bucket).await,
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NoSuchBucket => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A callback of a bucket that an upload orders by its name. Asks nobody's rights: whoever may order one may
    /// order it in full.
    pub async fn named_callback(
        &self,
        bucket: &BucketName,
        name: &str,
    ) -> Result<Option<NamedCallback>, Error> {
        let (bucket, _) = self.read_live_bucket(bucket).await?;
        let all = self.read_doc::<Vec<NamedCallback>>(&bucket).await?;
        let mut all = all.unwrap_or_default().into_iter();
        Ok(all.find(|one| *one.name == *name))
    }

    /// A document of a bucket, whoever asks.
    pub(crate) async fn read_doc<D: Document>(&self, bucket: &Bucket) -> Result<Option<D>, Error> {
        let at = keys::bucket_doc(bucket.id, D::KIND);
        let found = self.get_one(at).await?;
        Ok(found.map(|found| decode(&found.bytes)).transpose()?)
    }

    async fn replace_doc<D: Document>(
        &self,
        cx: &Cx,
        name: &BucketName,
        doc: Option<&D>,
    ) -> Result<(), Error> {
        let actions = actions(D::KIND);
        let action = doc.map_or(actions.delete, |_| actions.write);
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, action, On::Bucket)?;
            access::check_public(&bucket, doc.is_some_and(D::is_public))?;
            doc.map_or(Ok(()), |doc| doc.check_within(&bucket))?;
            if self.commit_doc(bucket, revision, doc, Vec::new()).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Commits a document, or its removal, with the bucket as it was read and what else belongs to it; false
    /// when somebody else was faster.
    pub(super) async fn commit_doc<D: Document>(
        &self,
        mut bucket: Arc<Bucket>,
        revision: Revision,
        doc: Option<&D>,
        also: Vec<Write>,
    ) -> Result<bool, Error> {
        D::mark(doc, Arc::make_mut(&mut bucket), &*self.ports.ids);
        let (at, own) = (
            keys::bucket(&bucket.name),
            keys::bucket_doc(bucket.id, D::KIND),
        );
        let mut write = vec![
            Write::Put(at.clone(), encode(&*bucket)),
            match doc {
                Some(doc) => Write::Put(own, encode(doc)),
                None => Write::Delete(own),
            },
        ];
        if matches!(D::KIND, DocKind::Lifecycle | DocKind::SetLifecycles) {
            write.extend(self.lifecycle_duty(&bucket));
        }
        write.extend(also);
        let expect = vec![Expect::Revision(at, revision)];
        let done = self.commit_one(now(expect, write)).await;
        self.known.forget(&bucket.name);
        done
    }

    /// Puts the duty to carry out the lifecycle rules of a bucket; the first turn is now.
    pub(super) fn lifecycle_duty(&self, bucket: &Bucket) -> Vec<Write> {
        let time = self.ports.clock.now();
        let put = bucket.lifecycle.map(|duty| {
            let kind = WorkKind::Lifecycle {
                bucket: bucket.id,
                name: bucket.name.clone(),
                duty,
                step: LifecycleStep::begin(time),
            };
            work::put(&*self.ports.ids, kind, time, time)
        });
        put.into_iter().flatten().collect()
    }
}

struct DocActions {
    read: Action,
    write: Action,
    delete: Action,
}

fn actions(kind: DocKind) -> DocActions {
    let of = |read, write, delete| DocActions {
        read,
        write,
        delete,
    };
    match kind {
        DocKind::Policy => of(
            Action::ReadPolicy,
            Action::WritePolicy,
            Action::DeletePolicy,
        ),
        DocKind::Cors => of(Action::ReadCors, Action::WriteCors, Action::DeleteCors),
        DocKind::Lifecycle => of(
            Action::ReadLifecycle,
            Action::WriteLifecycle,
            Action::DeleteLifecycle,
        ),
        DocKind::Tags => of(
            Action::ReadBucketTags,
            Action::WriteBucketTags,
            Action::DeleteBucketTags,
        ),
        DocKind::Encryption => of(
            Action::ReadEncryption,
            Action::WriteEncryption,
            Action::DeleteEncryption,
        ),
        DocKind::Callbacks => of(
            Action::ReadCallbacks,
            Action::WriteCallbacks,
            Action::DeleteCallbacks,
        ),
        // Origins are part of a website with some vendors.
        DocKind::Website | DocKind::Mirrors => of(
            Action::ReadWebsite,
            Action::WriteWebsite,
            Action::DeleteWebsite,
        ),
        DocKind::SetQuotas | DocKind::SetLifecycles => of(
            Action::ReadObjectSets,
            Action::WriteObjectSets,
            Action::DeleteObjectSets,
        ),
        DocKind::Inventories => of(
            Action::ReadInventory,
            Action::WriteInventory,
            Action::DeleteInventory,
        ),
        DocKind::Replication => of(
            Action::ReadReplication,
            Action::WriteReplication,
            Action::DeleteReplication,
        ),
    }
}
