//! How fast a sync task may read.

use serde::{Deserialize, Serialize};

/// A part of every day in which a sync task reads at most so many bytes a second, all its copies together.
/// Outside of all its spans a task reads as fast as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandwidthSpan {
    /// Its first minute, counted from midnight UTC.
    pub first_minute: u16,
    /// Its last minute, which belongs to it; not before the first.
    pub last_minute: u16,
    /// Bytes a second, from 1.
    pub bytes_per_s: u64,
}

impl BandwidthSpan {
    /// Minutes of a day.
    pub const MINUTES: u16 = 24 * 60;

    /// The whole of every day.
    pub fn always(bytes_per_s: u64) -> Self {
        Self {
            first_minute: 0,
            last_minute: Self::MINUTES - 1,
            bytes_per_s,
        }
    }
}
