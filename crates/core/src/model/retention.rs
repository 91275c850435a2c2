//! How long objects of a bucket are kept from everybody.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// That no object of a bucket is changed or removed before it is so many days old, by whomever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Its name, given when it was made.
    pub id: Box<str>,
    /// Days from the last change of an object, 1 to [`crate::limits::RETENTION_DAYS_MAX`].
    pub days: u32,
    /// When it was made.
    pub since: Timestamp,
    /// Whether it can only be made longer; one that was not locked can be taken back, and ends by itself after a day.
    pub locked: bool,
}

impl Retention {
    /// Whether it counts.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.locked || now < self.since.plus(DAY)
    }

    /// Whether it keeps what was written last at `written`.
    pub fn keeps(&self, written: Timestamp, now: Timestamp) -> bool {
        self.in_force(now) && now < written.plus(DAY * self.days)
    }
}
