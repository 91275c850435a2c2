//! Logged events.

use serde::{Deserialize, Serialize};

use crate::model::{BucketId, BucketName, Event, NotificationRule, RuleSetVersion};

/// A destination that a logged event goes to: indexes into the rule set the event names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Which rule.
    pub rule: u16,
    /// Which of its destinations.
    pub destination: u16,
}

/// What the log of a bucket holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedEvent {
    /// The change.
    pub event: Event,
    /// The rules in force when it was committed.
    pub rule_set: RuleSetVersion,
    /// Who is to be told; none when no rule matched.
    pub hits: Vec<Hit>,
}

/// The rules of a bucket under one version; written once, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSetRecord {
    /// Bucket they belong to.
    pub bucket: BucketId,
    /// Its name, owner and region, for messages that outlive the bucket.
    pub name: BucketName,
    /// Its owner.
    pub owner: Box<str>,
    /// Region it reports.
    pub region: Box<str>,
    /// The rules.
    pub rules: Vec<NotificationRule>,
}
