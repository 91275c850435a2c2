//! Bodies about logs of requests.

use cohong_core::model::{AccessLog, BucketName, DialectId};
use serde::{Deserialize, Serialize};

use crate::gate::fault::Fault;

/// Root of the document.
pub(crate) const LOGGING: &str = "BucketLoggingStatus";

/// Which logs a bucket has; nothing where it has none.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LoggingBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    logging_enabled: Option<Enabled>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Enabled {
    target_bucket: String,
    #[serde(default)]
    target_prefix: String,
    #[serde(skip_serializing)]
    target_grants: Option<Grants>,
    #[serde(skip_serializing)]
    target_object_key_format: Option<KeyFormat>,
    /// The role in whose name the vendor's service writes: here it is the bucket's owner.
    #[serde(skip_serializing)]
    logging_role: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Grants {
    grant: Option<Vec<Grant>>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Grant {}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyFormat {
    partitioned_prefix: Option<Partitioned>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Partitioned {}

impl LoggingBody {
    /// What it asks for, in the words of this dialect.
    pub(crate) fn read(self, via: DialectId) -> Result<Option<AccessLog>, Fault> {
        let Some(enabled) = self.logging_enabled else {
            return Ok(None);
        };
        let granted = enabled.target_grants.and_then(|grants| grants.grant);
        if granted.is_some_and(|grants| !grants.is_empty()) {
            return Err(Fault::NotServed("TargetGrants".into()));
        }
        let format = enabled.target_object_key_format;
        if format.is_some_and(|format| format.partitioned_prefix.is_some()) {
            return Err(Fault::NotServed("PartitionedPrefix".into()));
        }
        let bucket = BucketName::new(&enabled.target_bucket).map_err(|_| {
            let why = "TargetBucket cannot be the name of a bucket";
            Fault::argument("TargetBucket", &enabled.target_bucket, why)
        })?;
        Ok(Some(AccessLog {
            bucket,
            prefix: enabled.target_prefix.into(),
            via,
        }))
    }

    /// What is in force.
    pub(crate) fn new(log: Option<&AccessLog>) -> Self {
        let enabled = |log: &AccessLog| Enabled {
            target_bucket: log.bucket.to_string(),
            target_prefix: log.prefix.to_string(),
            target_grants: None,
            target_object_key_format: None,
            logging_role: None,
        };
        Self {
            logging_enabled: log.map(enabled),
        }
    }
}
