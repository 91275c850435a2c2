//! Registered functions.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// A function that notification rules can name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionRecord {
    /// Where it is invoked: an absolute http or https URL.
    pub url: Box<str>,
    /// When this URL was registered.
    pub added_at: Timestamp,
}
