//! What the retention of a bucket forbids, and how it changes.

use crate::error::{Error, ErrorKind};
use crate::limits::RETENTION_DAYS_MAX;
use crate::model::{Bucket, ObjectVersion, Retention, Timestamp, Versioning};

use super::access::Bypass;
use super::lock;

/// A change of a bucket's retention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetentionStep {
    /// Make one, of so many days.
    Begin(u32),
    /// Take back the one that is not locked.
    Abort,
    /// Lock the one of this name.
    Lock(Box<str>),
    /// Make the locked one of this name longer: so many days.
    Extend(Box<str>, u32),
}

/// The retention of a bucket, as long as it counts.
pub fn in_force(bucket: &Bucket, now: Timestamp) -> Option<&Retention> {
    bucket.retention.as_ref().filter(|one| one.in_force(now))
}

/// Refuses with `Retained` what changes or removes a version that is still kept, by its bucket or by its own lock.
/// Delete markers are not.
pub fn check(
    bucket: &Bucket,
    version: &ObjectVersion,
    bypass: Option<Bypass>,
    now: Timestamp,
) -> Result<(), Error> {
    let kept = bucket.retention.as_ref();
    if version.object().is_none() || !kept.is_some_and(|r| r.keeps(version.written_at, now)) {
        return lock::check(version, bypass, now);
    }
    Err(Error::new(
        ErrorKind::Retained,
        "the object is kept by its bucket's retention and cannot be changed or deleted yet",
    ))
}

/// The retention after a step; `id` names a new one. Fails with `NoSuchRetention` where there is none of that name,
/// `RetentionLocked` where it is locked already, `InvalidRetention` where the step is none of its state, and
/// `InvalidArgument` where days or the bucket's versioning do not fit.
pub fn after(
    current: Option<&Retention>,
    versioning: Versioning,
    step: &RetentionStep,
    id: Box<str>,
    now: Timestamp,
) -> Result<Option<Retention>, Error> {
    let current = current.filter(|one| one.in_force(now));
    match step {
        RetentionStep::Begin(days) => begin(versioning, current, *days, id, now).map(Some),
        RetentionStep::Abort if current.ok_or_else(missing)?.locked => Err(locked()),
        RetentionStep::Abort => Ok(None),
        RetentionStep::Lock(id) => {
            let retention = named(current, id)?;
            if retention.locked {
                return Err(locked());
            }
            Ok(Some(Retention {
                locked: true,
                ..retention.clone()
            }))
        }
        RetentionStep::Extend(id, days) => {
            let retention = named(current, id)?;
            if !retention.locked || *days <= retention.days {
                return Err(Error::new(
                    ErrorKind::InvalidRetention,
                    "only a locked retention is extended, and only to more days",
                ));
            }
            Ok(Some(Retention {
                days: checked(*days)?,
                ..retention.clone()
            }))
        }
    }
}

fn begin(
    versioning: Versioning,
    current: Option<&Retention>,
    days: u32,
    id: Box<str>,
    now: Timestamp,
) -> Result<Retention, Error> {
    match current {
        Some(retention) if retention.locked => return Err(locked()),
        Some(_) => {
            return Err(Error::new(
                ErrorKind::InvalidRetention,
                "the bucket has a retention; abort or lock it first",
            ));
        }
        None => {}
    }
    if versioning == Versioning::Suspended {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "a bucket whose versioning is suspended takes no retention; enable it first",
        ));
    }
    Ok(Retention {
        id,
        days: checked(days)?,
        since: now,
        locked: false,
    })
}

fn checked(days: u32) -> Result<u32, Error> {
    if (1..=RETENTION_DAYS_MAX).contains(&days) {
        return Ok(days);
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!("a retention has 1 to {RETENTION_DAYS_MAX} days"),
    ))
}

fn named<'a>(current: Option<&'a Retention>, id: &str) -> Result<&'a Retention, Error> {
    current.filter(|one| &*one.id == id).ok_or_else(missing)
}

fn missing() -> Error {
    Error::new(
        ErrorKind::NoSuchRetention,
        "the bucket has no such retention, or it ended because it was not locked within a day",
    )
}

fn locked() -> Error {
    Error::new(
        ErrorKind::RetentionLocked,
        "the bucket's retention is locked; it can only be extended",
    )
}

#[cfg(test)]
mod tests;
