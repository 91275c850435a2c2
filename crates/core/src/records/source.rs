//! Registered sources.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Where a kind of store is read. Plain texts that only who opens sources understands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Kind of the store, as sync tasks name it.
    pub cloud: Box<str>,
    /// Where it is, as sync tasks name it; `*` for every place.
    pub region: Box<str>,
    /// How it is spoken to.
    pub speech: Box<str>,
    /// Its absolute http or https URL.
    pub endpoint: Box<str>,
    /// Whether buckets stand in paths, not in host names.
    pub path_style: bool,
    /// The region that signatures name, where it is another than `region`.
    pub signing_region: Option<Box<str>>,
    /// When it was registered so.
    pub added_at: Timestamp,
}
