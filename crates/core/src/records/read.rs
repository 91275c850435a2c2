//! Notes of when versions were read.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// When a version was read last, to the day: the time of one of the reads of that day (UTC). It goes with its
/// version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRecord {
    /// When.
    pub at: Timestamp,
}
