//! Changing one setting of a bucket.

use std::sync::Arc;

use crate::delivery::subscription_writes;
use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{
    AccessMonitor, Bucket, BucketName, NotificationRule, ObjectKey, RuleSetVersion, Trash,
    Versioning,
};
use crate::ports::{CommitError, Expect, Write};
use crate::records::{RuleSetRecord, encode, keys};
use crate::rules::access::{Action, On, allow, check_public, check_tls, is_for_everybody};
use crate::rules::attributes::{check_acl, check_labels, check_rules};
use crate::rules::{lifecycle, lock, object_set, overwrite, path, referer, retention};

use super::access_log::check_log_fields;
use super::buckets::now;
use super::commit::nanos;
use super::domains::{check_domain, remove_domain};
use super::{BucketChange, Cx, Engine};

impl Engine {
    /// Changes one setting of a bucket and gives the bucket as it is then.
    pub async fn change_bucket(
        &self,
        cx: &Cx,
        name: &BucketName,
        change: BucketChange,
    ) -> Result<Arc<Bucket>, Error> {
        let action = match &change {
            BucketChange::Versioning(_) => Action::WriteVersioning,
            BucketChange::RequesterPays(_) => Action::WritePayment,
            BucketChange::Retention(_) | BucketChange::Locks { .. } => Action::WriteRetention,
            BucketChange::BlocksPublic(_) => Action::WriteAccessBlock,
            BucketChange::ReadsArchive(_) => Action::WriteArchiveReads,
            BucketChange::Label(..) => Action::WriteBucketLabel,
            BucketChange::Acl(acl) => {
                check_acl(acl)?;
                Action::WriteBucketAcl
            }
            BucketChange::Referers(referers) => {
                referer::check(referers)?;
                Action::WriteReferers
            }
            BucketChange::Rules { rules, .. } => {
                check_rules(rules)?;
                Action::WriteNotification
            }
            BucketChange::DefaultClass(_) => Action::WriteDefaultClass,
            BucketChange::Renames(_) => Action::WriteRename,
            BucketChange::Quota(_) => Action::WriteQuota,
            BucketChange::AddDomain(domain) => {
                check_domain(&domain.name)?;
                Action::WriteDomains
            }
            BucketChange::RemoveDomain(_) => Action::WriteDomains,
            BucketChange::Tls(versions) => {
                check_tls(versions.as_deref())?;
                Action::WriteTls
            }
            BucketChange::Overwrites(rules) => {
                overwrite::check_rules(rules)?;
                Action::WriteOverwrites
            }
            BucketChange::AccessMonitor(_) => Action::WriteAccessMonitor,
            BucketChange::Sets(layout) => {
                object_set::check_layout(layout)?;
                Action::WriteObjectSets
            }
            // Both say what becomes of objects in time.
            BucketChange::Trash(_) => Action::WriteLifecycle,
            BucketChange::AccessLog(Some(_)) => Action::WriteAccessLog,
            BucketChange::AccessLog(None) => Action::DeleteAccessLog,
            BucketChange::LogFields(fields) => {
                check_log_fields(fields)?;
                if fields.is_empty() {
                    Action::DeleteAccessLog
                } else {
                    Action::WriteAccessLog
                }
            }
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut bucket, revision) = self.bucket_for_change(name).await?;
            allow(cx, &bucket, action, On::Bucket)?;
            if let BucketChange::AccessLog(Some(log)) = &change {
                self.check_access_log(cx, &bucket, log).await?;
            }
            let _turn = match &change {
                BucketChange::Quota(quota) => Some(self.doubt_usage(&bucket, *quota).await?),
                BucketChange::Sets(layout) => {
                    let quota = layout.quota.is_some_and(|quota| quota > 0);
                    Some(self.doubt_sets(&bucket, quota).await?)
                }
                _ => None,
            };
            let (mut expect, mut write) = self.apply(Arc::make_mut(&mut bucket), &change).await?;
            let at = keys::bucket(name);
            expect.push(Expect::Revision(at.clone(), revision));
            write.push(Write::Put(at, encode(&*bucket)));
            if self.commit_one(now(expect, write)).await? {
                self.known.forget(name);
                if action == Action::WriteNotification {
                    self.bell.changed(bucket.id);
                }
                if action == Action::WriteLifecycle {
                    self.work_bell.ring();
                }
                return Ok(bucket);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Makes a change in the record of a bucket and gives what else belongs to its transaction.
    async fn apply(
        &self,
        bucket: &mut Bucket,
        change: &BucketChange,
    ) -> Result<(Vec<Expect>, Vec<Write>), Error> {
        match change {
            BucketChange::Versioning(_)
            | BucketChange::Locks { .. }
            | BucketChange::Renames(_)
            | BucketChange::AccessMonitor(_)
            | BucketChange::Sets(_)
                if bucket.is_hierarchical() =>
            {
                return Err(Error::new(
                    ErrorKind::MethodNotAllowed,
                    "a hierarchical bucket keeps no versions, locks nothing, always renames, notes no reads, and \
                     has no object sets",
                ));
            }
            BucketChange::Versioning(versioning) => {
                if *versioning == Versioning::Off && bucket.versioning != Versioning::Off {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "versioning cannot be removed once it was on; suspend it",
                    ));
                }
                let now = self.ports.clock.now();
                if *versioning == Versioning::Suspended
                    && retention::in_force(bucket, now).is_some()
                {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "versioning cannot be suspended while the bucket has a retention",
                    ));
                }
                lock::check_versioning(bucket, *versioning)?;
                if *versioning != Versioning::Off && bucket.renames {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "the bucket lets objects be renamed; switch that off before versioning",
                    ));
                }
                bucket.versioning = *versioning;
            }
            BucketChange::Acl(acl) => {
                check_public(bucket, is_for_everybody(acl))?;
                bucket.acl.clone_from(acl);
            }
            BucketChange::RequesterPays(pays) => bucket.requester_pays = *pays,
            BucketChange::Retention(step) => {
                let id = hex::encode_upper(self.ports.ids.work().0).into();
                let now = self.ports.clock.now();
                let (current, versioning) = (bucket.retention.as_ref(), bucket.versioning);
                bucket.retention = retention::after(current, versioning, step, id, now)?;
            }
            BucketChange::Referers(referers) => bucket.referers.clone_from(referers),
            BucketChange::BlocksPublic(blocks) => bucket.blocks_public = *blocks,
            BucketChange::ReadsArchive(reads) => bucket.reads_archive = *reads,
            BucketChange::Label(name, value) => {
                bucket.labels.retain(|(label, _)| label != name);
                bucket.labels.push((name.clone(), value.clone()));
                check_labels(&bucket.labels)?;
            }
            BucketChange::Rules { rules, seen } => {
                return self.apply_rules(bucket, rules, *seen).await;
            }
            BucketChange::DefaultClass(class) => bucket.default_class = *class,
            BucketChange::Renames(renames) => {
                if *renames && bucket.versioning != Versioning::Off {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "the bucket keeps versions, or has kept some; use one that never did",
                    ));
                }
                bucket.renames = *renames;
            }
            BucketChange::Quota(quota) => bucket.quota = *quota,
            BucketChange::AddDomain(domain) => return self.add_domain(bucket, domain).await,
            BucketChange::RemoveDomain(name) => return Ok(remove_domain(bucket, name)),
            BucketChange::Locks { default, versioned } => {
                bucket.locks = Some(lock::enabled(bucket.versioning, *versioned, *default)?);
            }
            BucketChange::Tls(versions) => bucket.tls.clone_from(versions),
            BucketChange::Overwrites(rules) => bucket.kept.clone_from(rules),
            BucketChange::Sets(layout) => self.divide(bucket, layout).await?,
            BucketChange::AccessLog(log) => bucket.access_log.clone_from(log),
            BucketChange::LogFields(fields) => bucket.log_fields.clone_from(fields),
            BucketChange::AccessMonitor(on) => self.monitor(bucket, *on).await?,
            BucketChange::Trash(trash) => return self.apply_trash(bucket, trash).await,
        }
        Ok((Vec::new(), Vec::new()))
    }

    /// Begins or ends to note when objects are read. Whoever sets lifecycle rules meanwhile rewrites the record of
    /// the bucket too, so what is checked here stands.
    async fn monitor(&self, bucket: &mut Bucket, on: bool) -> Result<(), Error> {
        lifecycle::check_monitor(self.rule_book(bucket).await?.all(), on)?;
        match &mut bucket.access_monitor {
            Some(monitor) if !on => monitor.on = false,
            Some(monitor) if monitor.on => {}
            None if !on => {}
            monitor => {
                let since = self.ports.clock.now();
                *monitor = Some(AccessMonitor { on, since });
            }
        }
        Ok(())
    }

    /// Says where deleted objects go. Their directory is there from then on, and the duty that cleans it.
    async fn apply_trash(
        &self,
        bucket: &mut Bucket,
        trash: &Trash,
    ) -> Result<(Vec<Expect>, Vec<Write>), Error> {
        if !bucket.is_hierarchical() {
            return Err(Error::new(
                ErrorKind::MethodNotAllowed,
                "only hierarchical buckets have a trash",
            ));
        }
        let trash = path::check_trash(trash)?;
        let directory = ObjectKey::new(&trash.path)?;
        let mut branch = self.directory(bucket, &directory).await?;
        bucket.trash = Some(trash);
        if bucket.lifecycle.is_none() {
            bucket.lifecycle = Some(self.ports.ids.work());
            branch.write.extend(self.lifecycle_duty(bucket));
        }
        Ok((branch.expect, branch.write))
    }

    /// Puts rules in force under the next version, which also tells when that was: the wall clock in
    /// nanoseconds, or one more than before.
    async fn apply_rules(
        &self,
        bucket: &mut Bucket,
        rules: &[NotificationRule],
        seen: Option<RuleSetVersion>,
    ) -> Result<(Vec<Expect>, Vec<Write>), Error> {
        if seen.is_some_and(|seen| seen != bucket.rule_set) {
            return Err(Error::new(
                ErrorKind::Busy,
                "the notification rules were changed since they were read; read them again",
            ));
        }
        if rules.is_empty() && !bucket.logs_changes() {
            return Ok((Vec::new(), Vec::new()));
        }
        let next = nanos(self.ports.clock.now()).max(bucket.rule_set.0.saturating_add(1));
        bucket.rule_set = RuleSetVersion(next);
        bucket.rules = rules.to_vec();
        let record = RuleSetRecord {
            bucket: bucket.id,
            name: bucket.name.clone(),
            owner: bucket.owner.0.clone(),
            region: bucket.region.clone(),
            rules: rules.to_vec(),
        };
        let meta = self.ports.meta.as_ref();
        let (expect, mut write) = subscription_writes(meta, bucket.id, rules).await?;
        let at = keys::rule_set(bucket.id, bucket.rule_set);
        write.push(Write::Put(at, encode(&record)));
        Ok((expect, write))
    }
}
