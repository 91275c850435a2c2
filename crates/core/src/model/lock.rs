//! What keeps single versions as they are, by order of whoever wrote them or of their bucket.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

const DAY: Duration = Duration::from_hours(24);
const DAYS_OF_YEAR: u32 = 365;

/// How firmly a version is kept until its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockMode {
    /// From those who have no right to pass over it, or do not ask to.
    Governance,
    /// From everybody.
    Compliance,
}

/// That a version is kept until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// How firmly.
    pub mode: LockMode,
    /// Until when.
    pub until: Timestamp,
}

/// What keeps a version as it is; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// A time before which it is not changed or removed.
    pub kept: Option<Kept>,
    /// Whether a hold keeps it until that is taken back; `None` where nobody said.
    pub held: Option<bool>,
}

/// How long new versions are kept whose writers say nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultLock {
    /// How firmly.
    pub mode: LockMode,
    /// How long, from when they were written.
    pub span: LockSpan,
}

/// A time as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockSpan {
    /// Days, 1 to [`crate::limits::LOCK_DAYS_MAX`].
    Days(u32),
    /// Years of 365 days, 1 to [`crate::limits::LOCK_YEARS_MAX`].
    Years(u32),
}

/// The locks of a bucket: that there may be any. They are never switched off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locks {
    /// What is in force for versions whose writers say nothing.
    pub default: Option<DefaultLock>,
}

impl DefaultLock {
    /// What keeps a version that is written now.
    pub fn from(self, now: Timestamp) -> Kept {
        let days = match self.span {
            LockSpan::Days(days) => days,
            LockSpan::Years(years) => years.saturating_mul(DAYS_OF_YEAR),
        };
        Kept {
            mode: self.mode,
            until: now.plus(DAY * days),
        }
    }
}
