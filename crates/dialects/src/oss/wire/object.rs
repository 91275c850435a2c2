//! The body that restores an object (sheet section 5, Restore).

use cohong_core::model::StorageClass;
use serde::Deserialize;

use crate::gate::fault::Fault;
use crate::oss::error::OssError;

/// Body of `RestoreObject`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct RestoreBody {
    days: Option<u32>,
    job_parameters: Option<JobParameters>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JobParameters {
    tier: Option<String>,
}

impl RestoreBody {
    /// How long the bytes are to be readable.
    pub(in crate::oss) fn days(&self) -> u32 {
        self.days.unwrap_or(1)
    }

    /// How urgent it is, where that is said.
    pub(in crate::oss) fn tier(&self) -> Result<Option<&'static str>, OssError> {
        const STANDARD: &str = "Standard";
        let Some(job) = &self.job_parameters else {
            return Ok(None);
        };
        let word = job.tier.as_deref().unwrap_or(STANDARD);
        let mut known = [STANDARD, "Expedited", "Bulk"].into_iter();
        let tier = known
            .find(|tier| *tier == word)
            .ok_or_else(|| Fault::argument("Tier", word, "Tier is Standard, Expedited or Bulk"))?;
        Ok(Some(tier))
    }

    /// Whether the vendor lets a restore of this class be urgent.
    pub(in crate::oss) fn fits(&self, class: StorageClass) -> bool {
        self.job_parameters.is_none() || class != StorageClass::Archive
    }
}
