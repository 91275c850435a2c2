//! What keeps versions as they are, how much a bucket may hold, and with whose key bytes are encrypted.

use std::time::Duration;

use cohong_core::ErrorKind;
use cohong_core::engine::BucketChange;
use cohong_core::model::{
    Kept, KeyHolder, Lock, LockMode, Locks, Retention, Seal, Timestamp, Versioning,
};
use cohong_core::rules::lock::LockStep;
use cohong_core::rules::retention::RetentionStep;

use super::{Bucket, Version};

const DAY: Duration = Duration::from_hours(24);

/// Who asks, and what a request says beside what it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Says {
    /// The account.
    pub(crate) by: &'static str,
    /// That the server encrypts.
    pub(crate) seal: bool,
    /// The client's key of what it reads or writes.
    pub(crate) key: Option<u8>,
    /// The client's key of what it copies from.
    pub(crate) source_key: Option<u8>,
    /// That it passes over what keeps versions.
    pub(crate) bypass: bool,
    /// What keeps the version it writes.
    pub(crate) lock: Lock,
}

impl Says {
    /// Nothing but who asks.
    pub(crate) fn of(by: &'static str) -> Self {
        Self {
            by,
            seal: false,
            key: None,
            source_key: None,
            bypass: false,
            lock: Lock::default(),
        }
    }

    /// How it has encrypted what it writes.
    pub(crate) fn sealed(&self) -> Sealed {
        match self.key {
            Some(key) => Sealed::Client(key),
            None if self.seal => Sealed::Server,
            None => Sealed::No,
        }
    }
}

/// With whose key bytes are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sealed {
    /// They are not.
    #[default]
    No,
    Server,
    Client(u8),
}

impl Sealed {
    /// What a record says of it, to whoever opened it with this key.
    pub(crate) fn of(seal: Option<&Seal>, key: Option<u8>) -> Self {
        match (seal.map(|seal| &seal.encryption.holder), key) {
            (None, _) => Self::No,
            (Some(KeyHolder::Customer), Some(key)) => Self::Client(key),
            (Some(_), _) => Self::Server,
        }
    }

    /// Whether a record says the same; it does not say which key.
    pub(crate) fn is(self, seal: Option<&Seal>) -> bool {
        Self::of(seal, self.key()) == self
    }

    /// The client's key.
    pub(crate) fn key(self) -> Option<u8> {
        match self {
            Self::Client(key) => Some(key),
            Self::No | Self::Server => None,
        }
    }

    /// Refuses a request that does not bring the key.
    pub(crate) fn opens(self, key: Option<u8>) -> Result<(), ErrorKind> {
        match (self.key(), key) {
            (Some(own), Some(key)) if own != key => Err(ErrorKind::KeyWrong),
            (Some(_), None) => Err(ErrorKind::KeyMissing),
            (None, Some(_)) => Err(ErrorKind::KeyUnasked),
            _ => Ok(()),
        }
    }
}

impl Bucket {
    /// How what is written is encrypted.
    pub(crate) fn sealed(&self, asked: Sealed) -> Sealed {
        match asked {
            Sealed::No => self.seals,
            asked => asked,
        }
    }

    /// Bytes of all versions and parts.
    pub(crate) fn held(&self) -> u64 {
        let versions = self.keys.values().flat_map(|key| &key.versions);
        let objects = versions.filter_map(|version| version.object.as_ref());
        let parts = self.uploads.values().flat_map(|open| open.parts.values());
        let bytes = objects.map(|object| &object.bytes).chain(parts);
        bytes.map(|bytes| bytes.len() as u64).sum()
    }

    /// Refuses so many bytes more where they are too many.
    pub(crate) fn room(&self, bytes: u64) -> Result<(), ErrorKind> {
        let over = |quota| self.held() + bytes > quota;
        if bytes > 0 && self.quota.is_some_and(over) {
            return Err(ErrorKind::OverQuota);
        }
        Ok(())
    }

    /// The lock of a version that is written at a time.
    pub(crate) fn new_lock(&self, asked: Lock, at: Timestamp) -> Lock {
        let default = self
            .locks
            .and_then(|locks| locks.default)
            .map(|default| default.from(at));
        Lock {
            kept: asked.kept.or(default),
            ..asked
        }
    }

    /// Refuses a lock that no new version gets.
    pub(crate) fn may_lock(&self, asked: Lock, now: Timestamp) -> Result<(), ErrorKind> {
        if self.locks.is_none() && asked != Lock::default() {
            return Err(ErrorKind::LockUnsupported);
        }
        asked.kept.map_or(Ok(()), |kept| to_come(kept, now))
    }

    /// Refuses to take away a version that something keeps.
    pub(crate) fn frees(
        &self,
        version: &Version,
        bypass: bool,
        now: Timestamp,
    ) -> Result<(), ErrorKind> {
        let Some(object) = &version.object else {
            return Ok(());
        };
        let by_bucket = self
            .retained(now)
            .is_some_and(|one| now < version.at.plus(DAY * one.days));
        let by_lock = |kept: Kept| now < kept.until && !passed(kept, bypass);
        let held = object.lock.held == Some(true);
        if by_bucket || held || object.lock.kept.is_some_and(by_lock) {
            return Err(ErrorKind::Retained);
        }
        Ok(())
    }

    /// Refuses to write a key where that would take away a version that something keeps.
    pub(crate) fn frees_null(
        &self,
        key: &str,
        bypass: bool,
        now: Timestamp,
    ) -> Result<(), ErrorKind> {
        let versions = self.keys.get(key).into_iter().flat_map(|key| &key.versions);
        let replaced = versions.filter(|version| version.null);
        let mut replaced = replaced.filter(|_| self.versioning != Versioning::Enabled);
        replaced
            .next()
            .map_or(Ok(()), |version| self.frees(version, bypass, now))
    }

    /// The retention, while it counts.
    fn retained(&self, now: Timestamp) -> Option<&Retention> {
        let one = self.retention.as_ref();
        one.filter(|one| one.locked || now < one.since.plus(DAY))
    }

    /// Refuses a change of a setting.
    pub(crate) fn may_change(
        &self,
        change: &BucketChange,
        now: Timestamp,
    ) -> Result<(), ErrorKind> {
        let retained = self.retained(now);
        match change {
            BucketChange::Versioning(wanted) => {
                let suspends = *wanted == Versioning::Suspended;
                if suspends && retained.is_some() {
                    return Err(ErrorKind::InvalidArgument);
                }
                if suspends && self.locks.is_some() {
                    return Err(ErrorKind::InvalidBucketState);
                }
                refuse(self.renames, ErrorKind::InvalidArgument)
            }
            BucketChange::Renames(on) => {
                let unfit = *on && self.versioning != Versioning::Off;
                refuse(unfit, ErrorKind::InvalidArgument)
            }
            BucketChange::Locks { versioned, .. } => {
                let fits = match self.versioning {
                    Versioning::Enabled => true,
                    Versioning::Off => !versioned,
                    Versioning::Suspended => false,
                };
                refuse(!fits, ErrorKind::InvalidBucketState)
            }
            BucketChange::Retention(step) => self.may_retain(step, retained),
            BucketChange::Acl(acl) => {
                let shut = self.public.is_shut() && !acl.grants.is_empty();
                refuse(shut, ErrorKind::Denied)
            }
            _ => Ok(()),
        }
    }

    fn may_retain(
        &self,
        step: &RetentionStep,
        current: Option<&Retention>,
    ) -> Result<(), ErrorKind> {
        let locked = current.is_some_and(|one| one.locked);
        let named = |id: &str| {
            current
                .filter(|one| &*one.id == id)
                .ok_or(ErrorKind::NoSuchRetention)
        };
        match step {
            RetentionStep::Begin(_) => {
                refuse(locked, ErrorKind::RetentionLocked)?;
                refuse(current.is_some(), ErrorKind::InvalidRetention)?;
                let suspended = self.versioning == Versioning::Suspended;
                refuse(suspended, ErrorKind::InvalidArgument)
            }
            RetentionStep::Abort => {
                refuse(current.is_none(), ErrorKind::NoSuchRetention)?;
                refuse(locked, ErrorKind::RetentionLocked)
            }
            RetentionStep::Lock(id) => {
                let locked = named(id)?.locked;
                refuse(locked, ErrorKind::RetentionLocked)
            }
            RetentionStep::Extend(id, days) => {
                let one = named(id)?;
                let unfit = !one.locked || *days <= one.days;
                refuse(unfit, ErrorKind::InvalidRetention)
            }
        }
    }

    /// Changes a setting; `made` is the retention as it is stored, which has its name and time.
    pub(crate) fn set(&mut self, change: &BucketChange, made: Option<&Retention>) {
        match change {
            BucketChange::Versioning(versioning) => self.versioning = *versioning,
            BucketChange::Renames(on) => self.renames = *on,
            BucketChange::Quota(quota) => self.quota = *quota,
            BucketChange::Locks { default, .. } => self.locks = Some(Locks { default: *default }),
            BucketChange::Retention(step) => self.retain(step, made),
            BucketChange::Acl(acl) => self.public.granted = !acl.grants.is_empty(),
            BucketChange::BlocksPublic(blocks) => self.public.blocked = *blocks,
            other => panic!("the model does not know {other:?}"),
        }
    }

    fn retain(&mut self, step: &RetentionStep, made: Option<&Retention>) {
        match (step, &mut self.retention) {
            (RetentionStep::Begin(days), retention) => {
                *retention = made.map(|made| Retention {
                    days: *days,
                    locked: false,
                    ..made.clone()
                });
            }
            (RetentionStep::Abort, retention) => *retention = None,
            (RetentionStep::Lock(_), Some(retention)) => retention.locked = true,
            (RetentionStep::Extend(_, days), Some(retention)) => retention.days = *days,
            (step, None) => panic!("{step:?} of no retention"),
        }
    }

    /// Refuses a step of the lock of a version.
    pub(crate) fn may_step(
        &self,
        lock: Lock,
        (step, bypass): (LockStep, bool),
        now: Timestamp,
    ) -> Result<(), ErrorKind> {
        refuse(self.locks.is_none(), ErrorKind::LockUnsupported)?;
        let LockStep::Keep(kept) = step else {
            return Ok(());
        };
        kept.map_or(Ok(()), |kept| to_come(kept, now))?;
        let Some(old) = lock.kept.filter(|old| now < old.until) else {
            return Ok(());
        };
        let longer = kept.is_some_and(|new| new.mode == old.mode && new.until >= old.until);
        refuse(!longer && !passed(old, bypass), ErrorKind::Retained)
    }
}

/// The lock after a step.
pub(crate) fn stepped(lock: Lock, step: LockStep) -> Lock {
    match step {
        LockStep::Keep(kept) => Lock { kept, ..lock },
        LockStep::Hold(held) => Lock {
            held: Some(held),
            ..lock
        },
    }
}

fn passed(kept: Kept, bypass: bool) -> bool {
    bypass && kept.mode == LockMode::Governance
}

fn to_come(kept: Kept, now: Timestamp) -> Result<(), ErrorKind> {
    refuse(kept.until <= now, ErrorKind::InvalidArgument)
}

/// Refuses what is hindered.
pub(crate) fn refuse(hindered: bool, kind: ErrorKind) -> Result<(), ErrorKind> {
    if hindered { Err(kind) } else { Ok(()) }
}
