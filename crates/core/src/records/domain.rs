//! Domains of buckets.

use serde::{Deserialize, Serialize};

use crate::model::{BucketId, BucketName, DialectId};

/// The bucket that a domain stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainRecord {
    /// This life of it.
    pub bucket: BucketId,
    /// Its name.
    pub name: BucketName,
    /// The tongue of requests that do not tell theirs.
    pub dialect: DialectId,
}
