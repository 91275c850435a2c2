//! How inventories of buckets are written.

use std::time::Duration;

use crate::limits::{INVENTORY_DAY, INVENTORY_LINES_MAX};

/// What is the same for the inventories of all buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InventorySettings {
    /// How long a day is: lists are written at its multiples.
    pub day: Duration,
    /// Most lines of one file.
    pub lines_max: usize,
}

impl Default for InventorySettings {
    fn default() -> Self {
        Self {
            day: INVENTORY_DAY,
            lines_max: INVENTORY_LINES_MAX,
        }
    }
}
