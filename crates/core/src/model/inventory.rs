//! Inventories: lists of what a bucket holds that are written into a bucket at regular times.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BucketName, DialectId, Encryption, StorageClass, Timestamp, WorkId};

/// How often a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InventoryPeriod {
    /// Once a day, at midnight in UTC.
    Daily,
    /// Once a week, on Sundays.
    Weekly,
}

impl InventoryPeriod {
    /// How long it is where a day takes so long.
    pub fn length(self, day: Duration) -> Duration {
        match self {
            Self::Daily => day,
            Self::Weekly => day.saturating_mul(7),
        }
    }
}

/// What a list tells of an object beside its bucket and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InventoryField {
    /// Length, bytes.
    Size,
    /// When it was written.
    WrittenAt,
    /// Entity tag.
    Etag,
    /// How it is kept.
    Class,
    /// Whether it was made of the parts of an upload.
    IsMultipart,
    /// How it is encrypted.
    Encryption,
    /// What replication has to do with it.
    Replication,
    /// CRC-64/XZ.
    Crc64,
    /// How its further checksum was computed.
    ChecksumAlgorithm,
    /// Who wrote it.
    Owner,
    /// How many tags it has.
    TagCount,
    /// What it is.
    Kind,
    /// Who else may do what with it.
    Acl,
}

/// What is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryFilter {
    /// Keys that begin with this.
    pub prefix: Box<str>,
    /// Written at this instant or later.
    pub from: Option<Timestamp>,
    /// Written at this instant or earlier.
    pub until: Option<Timestamp>,
    /// Of this size or larger, bytes.
    pub at_least: Option<u64>,
    /// Of this size or smaller, bytes.
    pub at_most: Option<u64>,
    /// Of one of these classes; of any where there are none.
    pub classes: Vec<StorageClass>,
}

/// Where lists are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryTarget {
    /// The bucket.
    pub bucket: BucketName,
    /// What the keys of lists begin with.
    pub prefix: Box<str>,
    /// How lists are encrypted; `None` leaves it to the bucket.
    pub encryption: Option<Encryption>,
}

/// An inventory of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Its name, unique in its bucket.
    pub id: Box<str>,
    /// Whether lists are written.
    pub enabled: bool,
    /// What is listed.
    pub filter: InventoryFilter,
    /// Whether all versions are listed; else current objects are.
    pub all_versions: bool,
    /// How often.
    pub period: InventoryPeriod,
    /// What is told of an object, in the order of the columns.
    pub fields: Vec<InventoryField>,
    /// Where lists are written.
    pub target: InventoryTarget,
    /// Whether lists are compressed.
    pub compressed: bool,
    /// Whose words lists are written in.
    pub via: DialectId,
    /// Vendor words to give back: name and value.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// Names this state of it: what another one ordered is not done any more. Given by the engine.
    pub duty: WorkId,
}

/// What lines of access logs tell beside the fields that all of them have: at most
/// [`crate::limits::LOG_FIELDS_MAX`] names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFields {
    /// Headers of the request.
    pub headers: Vec<Box<str>>,
    /// Parameters of its query.
    pub parameters: Vec<Box<str>>,
}

impl LogFields {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.parameters.is_empty()
    }
}

/// Which access logs a bucket has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The bucket they are written into.
    pub bucket: BucketName,
    /// What their keys begin with.
    pub prefix: Box<str>,
    /// Whose words they are written in.
    pub via: DialectId,
}
