//! Bodies about archived objects, and about what an object is (sheet section 7).

use cohong_core::engine::ObjectInfo;
use cohong_core::model::ObjectKey;
use serde::{Deserialize, Serialize};

use crate::tos::error::TosError;
use crate::tos::words::TOS;

/// Body of `RestoreObject`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct RestoreBody {
    days: Option<u32>,
    #[serde(rename = "restorejobparameters")]
    job: Option<Job>,
}

#[derive(Debug, Deserialize)]
struct Job {
    tier: Option<String>,
}

impl RestoreBody {
    /// How long the bytes are to be readable; a day where nothing is said.
    pub(in crate::tos) fn days(&self) -> Result<u32, TosError> {
        let tier = self.job.as_ref().and_then(|job| job.tier.as_deref());
        match tier {
            None | Some("Standard" | "Expedited" | "Bulk") => Ok(self.days.unwrap_or(1)),
            Some(_) => Err(TosError::invalid_argument(
                "Tier is Standard, Expedited or Bulk",
            )),
        }
    }
}

/// Answer of `GetFileStatus`. There is no CRC-32 of objects here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct FileStatus<'a> {
    key: &'a str,
    size: u64,
    last_modified: String,
    #[serde(rename = "CRC64")]
    crc64: String,
    #[serde(rename = "ETag")]
    etag: String,
    r#type: &'static str,
}

impl<'a> FileStatus<'a> {
    pub(in crate::tos) fn new(key: &'a ObjectKey, info: &ObjectInfo) -> Self {
        let record = &info.record;
        Self {
            key: key.as_str(),
            size: record.size,
            last_modified: TOS.date(info.written_at),
            crc64: record.checksums.crc64.to_string(),
            etag: TOS.quoted(&record.etag),
            r#type: TOS.kind(record.object_type()),
        }
    }
}
