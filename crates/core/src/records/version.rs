//! Versions of keys.

use serde::{Deserialize, Serialize};

use crate::model::{ObjectVersion, VersionId};

/// The record of a key's current version (those that are not current are stored as [`ObjectVersion`]
/// alone, in `versions`), in `heads` for an object and in `graves` for a delete
/// marker. A key with any version has exactly one of the two, and every transaction that changes a
/// key or any of its versions expects and rewrites (or removes) it: the order of a key's changes is
/// the order of this record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentRecord {
    /// The current version.
    pub version: ObjectVersion,
    /// Where the null version is, current or not; `None` when the key has none.
    pub null_at: Option<VersionId>,
}
