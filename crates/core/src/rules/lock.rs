//! What the lock of a version forbids, and how it changes.
//!
//! A version is kept until a time, or held, or both; whichever forbids a change counts. A time of the lesser
//! mode is passed over by those who ask for it and may ([`bypass`](super::access::bypass)), nothing else is.
//! Times are made longer by whoever may set them and shorter by nobody, that right apart. Delete markers have
//! no lock, and making one takes nothing away: where versions are kept, keys may be deleted.

use crate::error::{Error, ErrorKind};
use crate::limits::{LOCK_DAYS_MAX, LOCK_YEARS_MAX};
use crate::model::{
    Bucket, DefaultLock, Kept, Lock, LockMode, LockSpan, Locks, ObjectVersion, Timestamp,
    Versioning,
};

use super::access::Bypass;

/// A change of the lock of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStep {
    /// Keep it until a time; `None` takes that back.
    Keep(Option<Kept>),
    /// Hold it, or let it go.
    Hold(bool),
}

/// Refuses with `Retained` what changes or removes a version that is locked.
pub fn check(version: &ObjectVersion, bypass: Option<Bypass>, now: Timestamp) -> Result<(), Error> {
    let Some(Lock { kept, held }) = version.object().map(|record| record.lock) else {
        return Ok(());
    };
    if held == Some(true) {
        return Err(locked("a legal hold keeps the object; take it back first"));
    }
    match in_force(kept, now) {
        Some(kept) if !is_passed(kept, bypass) => Err(locked(
            "the object is locked and cannot be changed or deleted yet",
        )),
        _ => Ok(()),
    }
}

/// The lock that a new version gets: what its writer asks for, and what its bucket says where that is
/// nothing. `LockUnsupported` where the bucket locks nothing and its writer asked for it.
pub fn of_new(bucket: &Bucket, asked: Lock, now: Timestamp) -> Result<Lock, Error> {
    let Some(locks) = &bucket.locks else {
        if asked == Lock::default() {
            return Ok(asked);
        }
        return Err(unsupported());
    };
    let default = locks.default.map(|default| default.from(now));
    Ok(Lock {
        kept: asked.kept.or(default),
        ..asked
    })
}

/// Refuses a lock that no new version gets: one that is over already, `InvalidArgument`, or any in a bucket that
/// locks nothing, `LockUnsupported`.
pub fn check_new(bucket: &Bucket, asked: Lock, now: Timestamp) -> Result<(), Error> {
    of_new(bucket, asked, now)?;
    asked.kept.map_or(Ok(()), |kept| check_time(kept, now))
}

/// The lock of a version after a step: `LockUnsupported` where the bucket locks nothing, `InvalidArgument` for a
/// time that is over, `Retained` where it would keep the version less firmly, or not as long.
pub fn after(
    bucket: &Bucket,
    current: Lock,
    step: LockStep,
    bypass: Option<Bypass>,
    now: Timestamp,
) -> Result<Lock, Error> {
    check_locks(bucket)?;
    let kept = match step {
        LockStep::Hold(held) => {
            return Ok(Lock {
                held: Some(held),
                ..current
            });
        }
        LockStep::Keep(kept) => kept,
    };
    kept.map_or(Ok(()), |kept| check_time(kept, now))?;
    let longer = |old: Kept| kept.is_some_and(|new| new.mode == old.mode && new.until >= old.until);
    match in_force(current.kept, now) {
        Some(old) if !longer(old) && !is_passed(old, bypass) => {
            Err(locked("the object is locked; that can only be made longer"))
        }
        _ => Ok(Lock { kept, ..current }),
    }
}

/// Refuses with `LockUnsupported` a bucket that locks nothing.
pub fn check_locks(bucket: &Bucket) -> Result<(), Error> {
    if bucket.locks.is_none() {
        return Err(unsupported());
    }
    Ok(())
}

/// The locks of a bucket with this default. `InvalidBucketState` where its versioning is suspended, or off and
/// `versioned` asks for it; `InvalidRetention` for a time beyond the limits.
pub fn enabled(
    versioning: Versioning,
    versioned: bool,
    default: Option<DefaultLock>,
) -> Result<Locks, Error> {
    let fits = match versioning {
        Versioning::Enabled => true,
        Versioning::Off => !versioned,
        Versioning::Suspended => false,
    };
    if !fits {
        return Err(Error::new(
            ErrorKind::InvalidBucketState,
            "versioning must be enabled before objects are locked",
        ));
    }
    let (number, most) = match default.map(|default| default.span) {
        None => return Ok(Locks { default }),
        Some(LockSpan::Days(days)) => (days, LOCK_DAYS_MAX),
        Some(LockSpan::Years(years)) => (years, LOCK_YEARS_MAX),
    };
    if !(1..=most).contains(&number) {
        return Err(Error::new(
            ErrorKind::InvalidRetention,
            format!(
                "objects are kept for 1 to {LOCK_DAYS_MAX} days, or 1 to {LOCK_YEARS_MAX} years"
            ),
        ));
    }
    Ok(Locks { default })
}

/// Refuses a state of versioning in which what is locked could not be kept: `InvalidBucketState`.
pub fn check_versioning(bucket: &Bucket, wanted: Versioning) -> Result<(), Error> {
    if bucket.locks.is_some() && wanted == Versioning::Suspended {
        return Err(Error::new(
            ErrorKind::InvalidBucketState,
            "the bucket locks objects, so its versioning cannot be suspended",
        ));
    }
    Ok(())
}

fn in_force(kept: Option<Kept>, now: Timestamp) -> Option<Kept> {
    kept.filter(|kept| now < kept.until)
}

fn is_passed(kept: Kept, bypass: Option<Bypass>) -> bool {
    kept.mode == LockMode::Governance && bypass.is_some()
}

fn check_time(kept: Kept, now: Timestamp) -> Result<(), Error> {
    if now < kept.until {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        "the retain until date must be in the future",
    ))
}

fn locked(why: &'static str) -> Error {
    Error::new(ErrorKind::Retained, why)
}

fn unsupported() -> Error {
    Error::new(
        ErrorKind::LockUnsupported,
        "the bucket locks no objects; switch that on first",
    )
}

#[cfg(test)]
mod tests;
