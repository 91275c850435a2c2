//! Bodies about the retention of a bucket, which the vendor calls WORM (sheet section 6).

use serde::{Deserialize, Serialize};

use cohong_core::model::Retention;

use crate::oss::words::OSS;

/// Body of `InitiateBucketWorm` and `ExtendBucketWorm`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct WormPeriod {
    /// How long objects are kept.
    pub(in crate::oss) retention_period_in_days: u32,
}

/// Answer of `GetBucketWorm`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct WormConfiguration {
    worm_id: String,
    state: &'static str,
    retention_period_in_days: u32,
    creation_date: String,
}

impl WormConfiguration {
    pub(in crate::oss) fn new(retention: &Retention) -> Self {
        Self {
            worm_id: retention.id.to_string(),
            state: if retention.locked {
                "Locked"
            } else {
                "InProgress"
            },
            retention_period_in_days: retention.days,
            creation_date: OSS.date(retention.since),
        }
    }
}
