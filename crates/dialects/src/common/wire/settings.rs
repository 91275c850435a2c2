//! Bodies about settings of buckets that are one word.

use serde::{Deserialize, Serialize};

use crate::gate::fault::Fault;

/// Payer of a bucket, when it is whoever asks.
const REQUESTER: &str = "Requester";
/// Payer of a bucket, when it is its owner.
const OWNER: &str = "BucketOwner";

/// Body of the operations about who pays.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PaymentBody {
    payer: String,
}

impl PaymentBody {
    /// Who pays.
    pub(crate) fn new(requester_pays: bool) -> Self {
        Self {
            payer: if requester_pays { REQUESTER } else { OWNER }.to_owned(),
        }
    }

    /// Whether the requester pays.
    pub(crate) fn requester_pays(&self) -> Result<bool, Fault> {
        match self.payer.as_str() {
            REQUESTER => Ok(true),
            OWNER => Ok(false),
            _ => Err(Fault::Body("Payer is BucketOwner or Requester".into())),
        }
    }
}

/// Body of the operations about versions.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VersioningBody {
    /// Absent where it was never switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    /// Whether deleting needs a second factor, with vendors that have one.
    #[serde(skip_serializing)]
    pub(crate) mfa_delete: Option<String>,
}

/// Whether a policy lets everybody do something.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyStatus {
    /// The answer.
    pub(crate) is_public: bool,
}
