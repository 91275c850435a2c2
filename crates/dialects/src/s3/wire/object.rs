//! The body that restores an object (sheet section 7, restore).

use serde::Deserialize;

use crate::gate::fault::Fault;
use crate::s3::error::S3Error;

/// Body of `RestoreObject`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct RestoreBody {
    days: Option<u32>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    tier: Option<String>,
    glacier_job_parameters: Option<JobParameters>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JobParameters {
    tier: Option<String>,
}

impl RestoreBody {
    /// How long the bytes are to be readable.
    pub(in crate::s3) fn days(&self) -> Result<u32, S3Error> {
        if let Some(kind) = &self.kind {
            return Err(S3Error::not_implemented("restoring with a query").with("Type", kind));
        }
        let job = self.glacier_job_parameters.as_ref();
        let tiers = [
            job.and_then(|job| job.tier.as_deref()),
            self.tier.as_deref(),
        ];
        let known = ["Standard", "Expedited", "Bulk"];
        if let Some(word) = tiers
            .into_iter()
            .flatten()
            .find(|word| !known.contains(word))
        {
            let why = "Tier is Standard, Expedited or Bulk";
            return Err(Fault::argument("Tier", word, why).into());
        }
        Ok(self.days.unwrap_or(1))
    }
}
