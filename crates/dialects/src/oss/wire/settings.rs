//! Bodies of settings of buckets that are one word (sheet section 6).

use serde::{Deserialize, Serialize};

use crate::common::lifecycle::{is_enabled, status};
use crate::common::xml;
use crate::gate::fault::Fault;

/// Whether public access is blocked.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct AccessBlock {
    #[serde(rename = "BlockPublicAccess", deserialize_with = "xml::flag")]
    pub(in crate::oss) blocks: bool,
}

impl AccessBlock {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "PublicAccessBlockConfiguration";
}

/// Whether archived objects are read without having been restored.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct ArchiveReads {
    #[serde(rename = "Enabled", deserialize_with = "xml::flag")]
    pub(in crate::oss) enabled: bool,
}

impl ArchiveReads {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "ArchiveDirectReadConfiguration";
}

/// Whether it is noted when objects are read: `Enabled` or `Disabled`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct AccessMonitor {
    status: String,
    /// Whether reads of copies count, which the vendor's newest clients may ask for.
    #[serde(default, skip_serializing)]
    allow_copy: Option<xml::Flag>,
}

impl AccessMonitor {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "AccessMonitorConfiguration";

    pub(in crate::oss) fn new(on: bool) -> Self {
        Self {
            status: status(on).to_owned(),
            allow_copy: None,
        }
    }

    /// Whether it is switched on.
    pub(in crate::oss) fn is_on(&self) -> Result<bool, Fault> {
        if self.allow_copy.is_some_and(|flag| flag.0) {
            return Err(Fault::NotServed("AllowCopy".into()));
        }
        is_enabled(&self.status)
    }
}

/// The resource group that a bucket belongs to.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct ResourceGroup {
    #[serde(rename = "ResourceGroupId", default)]
    pub(in crate::oss) id: String,
}

impl ResourceGroup {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "BucketResourceGroupConfiguration";
}
