//! Buckets: creating, reading, changing. Their removal is next door.

use crate::delivery::subscription_writes;
use crate::error::{Error, ErrorKind};
use crate::limits::{BUCKETS_MAX, CONFLICT_RETRIES_MAX, PAGE_MAX, REMOVAL_POLL, REMOVAL_WAIT_MAX};
use crate::model::{
    AccountId, Bucket, BucketId, BucketName, BucketState, NotificationRule, ObjectRecord,
    RuleSetVersion, Versioning,
};
use crate::ports::{
    CommitError, Expect, KeyRange, Limit, Order, Record, Revision, Table, Txn, When, Write,
};
use crate::records::{RuleSetRecord, decode, encode, keys};
use crate::rules::access::{self, Action, Permit, Resource, allow_account};
use crate::rules::attributes::{check_acl, check_labels, check_rules};

use super::commit::nanos;
use super::key::unchanged;
use super::{BucketChange, CreateBucket, Cx, Engine};

/// The record that counts buckets: every creation expects and rewrites it, so a bucket's id is never
/// drawn twice and the number of an account's buckets is exact.
const LAST_BUCKET: &str = "last-bucket";

/// Bytes read at once when all buckets are looked through.
const SCAN_BYTES: usize = 1 << 20;

/// Asks whether a request may do something with a bucket, or with an object of it.
pub(crate) fn authorize(
    cx: &Cx,
    bucket: &Bucket,
    action: Action,
    object: Option<&ObjectRecord>,
) -> Result<Permit, Error> {
    let resource = Resource {
        bucket_owner: &bucket.owner,
        bucket_acl: &bucket.acl,
        object: object.map(|record| (&record.owner, record.acl.as_ref())),
    };
    access::allow(&cx.principal, action, &resource)
}

/// Who owns what a request writes: its account, or the bucket's owner when nobody signed.
pub(crate) fn owner_of(cx: &Cx, bucket: &Bucket) -> AccountId {
    cx.principal.account().unwrap_or(&bucket.owner).clone()
}

impl Engine {
    /// Creates a bucket for the asking account. Fails with `BucketAlreadyOwned`, `BucketExists`,
    /// `TooManyBuckets`; `Busy` when a bucket of that name is still being removed.
    pub async fn create_bucket(&self, cx: &Cx, req: CreateBucket) -> Result<(), Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        check_acl(&req.acl)?;
        check_labels(&req.labels)?;
        let mut bucket = Bucket {
            id: BucketId(0),
            name: req.name,
            owner: account.clone(),
            created_at: self.ports.clock.now(),
            region: req.region,
            home: cx.dialect,
            state: BucketState::Live,
            versioning: Versioning::Off,
            acl: req.acl,
            default_class: req.default_class,
            labels: req.labels,
            rules: Vec::new(),
            rule_set: RuleSetVersion(0),
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            if let Some((found, _)) = self.settled_bucket(&bucket.name).await? {
                return Err(taken(&found, account));
            }
            let found = self
                .ports
                .meta
                .get_many(&[keys::server(LAST_BUCKET)])
                .await?;
            let last = found.into_iter().next().flatten();
            if self.buckets_of(account).await?.len() >= BUCKETS_MAX {
                return Err(Error::new(
                    ErrorKind::TooManyBuckets,
                    "the account has as many buckets as it may; delete one first",
                ));
            }
            if self
                .commit_one(creation(&mut bucket, last.as_ref())?)
                .await?
            {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Reads a bucket for one purpose: HEAD, location, grants, versioning, rules.
    pub async fn read_bucket(
        &self,
        cx: &Cx,
        name: &BucketName,
        action: Action,
    ) -> Result<Bucket, Error> {
        let (bucket, _) = self.read_live_bucket(name).await?;
        authorize(cx, &bucket, action, None)?;
        Ok(bucket)
    }

    /// Buckets of the asking account, in name order.
    pub async fn list_buckets(&self, cx: &Cx) -> Result<Vec<Bucket>, Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        let mut buckets = self.buckets_of(account).await?;
        buckets.retain(|bucket| bucket.state == BucketState::Live);
        Ok(buckets)
    }

    /// Changes one setting of a bucket.
    pub async fn change_bucket(
        &self,
        cx: &Cx,
        name: &BucketName,
        change: BucketChange,
    ) -> Result<(), Error> {
        let action = match &change {
            BucketChange::Versioning(_) => Action::WriteVersioning,
            BucketChange::Acl(acl) => {
                check_acl(acl)?;
                Action::WriteBucketAcl
            }
            BucketChange::Rules { rules, .. } => {
                check_rules(rules)?;
                Action::WriteNotification
            }
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut bucket, revision) = self.bucket_for_change(name).await?;
            authorize(cx, &bucket, action, None)?;
            let (mut expect, mut write) = self.apply(&mut bucket, &change).await?;
            let at = keys::bucket(name);
            expect.push(Expect::Revision(at.clone(), revision));
            write.push(Write::Put(at, encode(&bucket)));
            if self.commit_one(now(expect, write)).await? {
                if action == Action::WriteNotification {
                    self.bell.changed(bucket.id);
                }
                return Ok(());
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
            BucketChange::Versioning(versioning) => {
                if *versioning == Versioning::Off && bucket.versioning != Versioning::Off {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "versioning cannot be removed once it was on; suspend it",
                    ));
                }
                bucket.versioning = *versioning;
            }
            BucketChange::Acl(acl) => bucket.acl.clone_from(acl),
            BucketChange::Rules { rules, seen } => {
                return self.apply_rules(bucket, rules, *seen).await;
            }
        }
        Ok((Vec::new(), Vec::new()))
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

    /// A bucket for a reader; one that is being removed reads as absent.
    pub(crate) async fn read_live_bucket(
        &self,
        name: &BucketName,
    ) -> Result<(Bucket, Revision), Error> {
        match self.find_bucket(name).await? {
            Some((bucket, revision)) if bucket.state == BucketState::Live => Ok((bucket, revision)),
            _ => Err(no_such_bucket()),
        }
    }

    /// A bucket for a writer, whose transaction is to expect the revision. Waits for the outcome of a
    /// removal; nobody who holds a gate may ask.
    pub(crate) async fn bucket_for_change(
        &self,
        name: &BucketName,
    ) -> Result<(Bucket, Revision), Error> {
        self.settled_bucket(name).await?.ok_or_else(no_such_bucket)
    }

    /// A bucket that is not being removed, if there is one. `Busy` when a removal takes too long.
    async fn settled_bucket(&self, name: &BucketName) -> Result<Option<(Bucket, Revision)>, Error> {
        let clock = &self.ports.clock;
        let deadline = clock.mono().saturating_add(REMOVAL_WAIT_MAX);
        loop {
            match self.find_bucket(name).await? {
                Some((bucket, _)) if bucket.state == BucketState::Deleting => {}
                found => return Ok(found),
            }
            if clock.mono() >= deadline {
                return Err(Error::new(
                    ErrorKind::Busy,
                    "the bucket is being removed; try again",
                ));
            }
            clock
                .sleep_until(clock.mono().saturating_add(REMOVAL_POLL))
                .await;
        }
    }

    /// A bucket as it is stored, in whichever state.
    pub(super) async fn find_bucket(
        &self,
        name: &BucketName,
    ) -> Result<Option<(Bucket, Revision)>, Error> {
        let found = self.ports.meta.get_many(&[keys::bucket(name)]).await?;
        match found.into_iter().next().flatten() {
            Some(record) => Ok(Some((decode(&record.bytes)?, record.revision))),
            None => Ok(None),
        }
    }

    /// Every bucket of an account, in name order and in whichever state.
    async fn buckets_of(&self, account: &AccountId) -> Result<Vec<Bucket>, Error> {
        let mut range = KeyRange {
            table: Table::Buckets,
            start: bytes::Bytes::new(),
            end: None,
        };
        let limit = Limit {
            rows: PAGE_MAX,
            bytes: SCAN_BYTES,
        };
        let mut buckets = Vec::new();
        loop {
            let ranges = std::slice::from_ref(&range);
            let pages = self
                .ports
                .meta
                .scan(ranges, Order::Ascending, limit)
                .await?;
            let Some(page) = pages.into_iter().next() else {
                return Ok(buckets);
            };
            for (_, record) in &page.rows {
                let bucket: Bucket = decode(&record.bytes)?;
                if bucket.owner == *account {
                    buckets.push(bucket);
                }
            }
            match page.rows.last() {
                Some((last, _)) if page.more => range.start = [last, &[0][..]].concat().into(),
                _ => return Ok(buckets),
            }
        }
    }
}

/// The transaction that creates a bucket; gives the bucket its id.
fn creation(bucket: &mut Bucket, last: Option<&Record>) -> Result<Txn, Error> {
    let counter = keys::server(LAST_BUCKET);
    let before = match last {
        Some(record) => decode(&record.bytes)?,
        None => BucketId(0),
    };
    bucket.id = BucketId(before.0 + 1);
    let at = keys::bucket(&bucket.name);
    Ok(now(
        vec![
            Expect::Absent(at.clone()),
            unchanged(counter.clone(), last.map(|record| record.revision)),
        ],
        vec![
            Write::Put(at, encode(bucket)),
            Write::Put(counter, encode(&bucket.id)),
        ],
    ))
}

/// A transaction that is durable before it is answered.
pub(super) fn now(expect: Vec<Expect>, write: Vec<Write>) -> Txn {
    Txn {
        when: When::Now,
        expect,
        write,
        payloads: Vec::new(),
    }
}

fn taken(found: &Bucket, account: &AccountId) -> Error {
    if found.owner == *account {
        Error::new(
            ErrorKind::BucketAlreadyOwned,
            "you already have a bucket of this name",
        )
    } else {
        Error::new(
            ErrorKind::BucketExists,
            "the bucket name is taken by another account; choose another",
        )
    }
}

fn no_such_bucket() -> Error {
    Error::new(ErrorKind::NoSuchBucket, "there is no bucket of this name")
}
