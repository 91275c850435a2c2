//! Bodies about the retention of a bucket, which the vendor calls WORM (sheet section 6).

use serde::{Deserialize, Serialize};

use cohong_core::engine::BucketChange;
use cohong_core::model::{Locks, Retention};

use crate::common::lock::LockWords;
use crate::common::wire::lock::{LocksBody as Shared, Rule};
use crate::gate::fault::Fault;
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

/// The locks of a bucket's objects: the family's, under another name.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct LocksBody {
    object_worm_enabled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
}

impl LocksBody {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "ObjectWormConfiguration";

    /// What it asks for.
    pub(in crate::oss) fn change(self, words: LockWords) -> Result<BucketChange, Fault> {
        let shared = Shared {
            object_lock_enabled: self.object_worm_enabled,
            rule: self.rule,
        };
        shared.change(words)
    }

    /// The locks as they are.
    pub(in crate::oss) fn new(locks: Locks) -> Self {
        let shared = Shared::new(locks);
        Self {
            object_worm_enabled: shared.object_lock_enabled,
            rule: shared.rule,
        }
    }
}
