//! Buckets: creating and reading. Changing their settings and removing them have files of their own.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::limits::{BUCKETS_MAX, CONFLICT_RETRIES_MAX, PAGE_MAX, REMOVAL_POLL, REMOVAL_WAIT_MAX};
use crate::model::{
    AccountId, Bucket, BucketId, BucketKind, BucketName, BucketState, DialectId, DocKind, Locks,
    LogFields, Referers, RuleSetVersion, StorageClass, Tags, Versioning,
};
use crate::ports::{
    CommitError, Expect, KeyRange, Limit, Order, Record, Revision, Table, Txn, When, Write,
};
use crate::records::{decode, encode, keys};
use crate::rules::access::{Action, On, allow, allow_account, check_public, is_for_everybody};
use crate::rules::attributes::{check_acl, check_bucket_tags, check_labels};

use super::key::unchanged;
use super::{CreateBucket, Cx, Engine, sealing};

/// The record that counts buckets: every creation expects and rewrites it, so a bucket's id is never
/// drawn twice and the number of an account's buckets is exact.
pub(super) const LAST_BUCKET: &str = "last-bucket";

/// Bytes read at once when all buckets are looked through.
const SCAN_BYTES: usize = 1 << 20;

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
        check_kind(&req)?;
        check_labels(&req.labels)?;
        cx.encrypting.with.as_ref().map_or(Ok(()), sealing::check)?;
        check_bucket_tags(&req.tags)?;
        let mut bucket = Bucket {
            id: BucketId(0),
            name: req.name,
            owner: account.clone(),
            created_at: self.ports.clock.now(),
            region: req.region,
            home: cx.dialect,
            state: BucketState::Live,
            versioning: if req.locks {
                Versioning::Enabled
            } else {
                Versioning::Off
            },
            acl: req.acl,
            default_class: req.default_class,
            labels: req.labels,
            rules: Vec::new(),
            rule_set: RuleSetVersion(0),
            policy: Vec::new(),
            requester_pays: false,
            has_cors: false,
            lifecycle: None,
            retention: None,
            encryption: cx.encrypting.with.clone(),
            referers: Referers::default(),
            has_website: false,
            has_mirrors: false,
            access_log: None,
            log_fields: LogFields::default(),
            access_monitor: None,
            replicated: Vec::new(),
            blocks_public: false,
            account_blocks_public: false,
            reads_archive: false,
            renames: false,
            quota: None,
            domains: Vec::new(),
            expires: false,
            locks: req.locks.then(Locks::default),
            tls: None,
            kept: Vec::new(),
            sets: None,
            kind: req.kind,
            trash: None,
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            if let Some((found, _)) = self.settled_bucket(&bucket.name).await? {
                return Err(taken(&found, account));
            }
            let last = self.get_one(keys::server(LAST_BUCKET)).await?;
            let (record, seen) = self.account(account).await?;
            bucket.account_blocks_public = record.blocks_public;
            check_public(&bucket, is_for_everybody(&bucket.acl))?;
            if self.buckets_of(account).await?.len() >= BUCKETS_MAX {
                return Err(Error::new(
                    ErrorKind::TooManyBuckets,
                    "the account has as many buckets as it may; delete one first",
                ));
            }
            let mut txn = creation(&mut bucket, &req.tags, last.as_ref())?;
            txn.expect.push(unchanged(keys::account(account), seen));
            if self.commit_one(txn).await? {
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
        allow(cx, &bucket, action, On::Bucket)?;
        Ok(Arc::unwrap_or_clone(bucket))
    }

    /// The dialect a bucket was made through; `None` when there is no such bucket. Open to everybody:
    /// that a name is taken is told to whoever tries to take it, too.
    pub async fn bucket_home(&self, name: &BucketName) -> Result<Option<DialectId>, Error> {
        let found = self.find_bucket(name).await?;
        let live = found.filter(|(bucket, _)| bucket.state == BucketState::Live);
        Ok(live.map(|(bucket, _)| bucket.home))
    }

    /// The account that owns a bucket; `None` when there is no such bucket. For comparing with what the
    /// asker believes, before anything is allowed; not to be told.
    pub async fn bucket_owner(&self, name: &BucketName) -> Result<Option<AccountId>, Error> {
        let found = self.find_bucket(name).await?;
        let live = found.filter(|(bucket, _)| bucket.state == BucketState::Live);
        Ok(live.map(|(bucket, _)| bucket.owner.clone()))
    }

    /// Buckets of the asking account, in name order.
    pub async fn list_buckets(&self, cx: &Cx) -> Result<Vec<Bucket>, Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        let mut buckets = self.buckets_of(account).await?;
        buckets.retain(|(bucket, _)| bucket.state == BucketState::Live);
        Ok(buckets.into_iter().map(|(bucket, _)| bucket).collect())
    }

    /// A bucket for a reader; one that is being removed reads as absent.
    pub(crate) async fn read_live_bucket(
        &self,
        name: &BucketName,
    ) -> Result<(Arc<Bucket>, Revision), Error> {
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
    ) -> Result<(Arc<Bucket>, Revision), Error> {
        self.settled_bucket(name).await?.ok_or_else(no_such_bucket)
    }

    /// A bucket that is not being removed, if there is one. `Busy` when a removal takes too long.
    async fn settled_bucket(
        &self,
        name: &BucketName,
    ) -> Result<Option<(Arc<Bucket>, Revision)>, Error> {
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
    ) -> Result<Option<(Arc<Bucket>, Revision)>, Error> {
        match self.get_one(keys::bucket(name)).await? {
            Some(record) => Ok(Some((self.known.read(name, &record)?, record.revision))),
            None => Ok(None),
        }
    }

    /// Every bucket of an account, in name order and in whichever state.
    pub(super) async fn buckets_of(
        &self,
        account: &AccountId,
    ) -> Result<Vec<(Bucket, Revision)>, Error> {
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
                    buckets.push((bucket, record.revision));
                }
            }
            match page.rows.last() {
                Some((last, _)) if page.more => range.start = [last, &[0][..]].concat().into(),
                _ => return Ok(buckets),
            }
        }
    }
}

/// The transaction that creates a bucket with its tags; gives the bucket its id.
fn creation(bucket: &mut Bucket, tags: &Tags, last: Option<&Record>) -> Result<Txn, Error> {
    let counter = keys::server(LAST_BUCKET);
    let before = match last {
        Some(record) => decode(&record.bytes)?,
        None => BucketId(0),
    };
    bucket.id = BucketId(before.0 + 1);
    let at = keys::bucket(&bucket.name);
    let mut write = vec![
        Write::Put(at.clone(), encode(bucket)),
        Write::Put(counter.clone(), encode(&bucket.id)),
    ];
    let doc = keys::bucket_doc(bucket.id, DocKind::Encryption);
    let encryption = bucket.encryption.as_ref();
    write.extend(encryption.map(|encryption| Write::Put(doc, encode(encryption))));
    if !tags.is_empty() {
        let own = keys::bucket_doc(bucket.id, DocKind::Tags);
        write.push(Write::Put(own, encode(tags)));
    }
    Ok(now(
        vec![
            Expect::Absent(at),
            unchanged(counter, last.map(|record| record.revision)),
        ],
        write,
    ))
}

/// What a hierarchical bucket does not have.
fn check_kind(req: &CreateBucket) -> Result<(), Error> {
    if req.kind == BucketKind::Flat {
        return Ok(());
    }
    if req.locks || req.default_class != StorageClass::Standard {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "a hierarchical bucket locks nothing, and its default class is the standard one",
        ));
    }
    Ok(())
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
