//! Bodies of settings of buckets that are one word (sheet section 6).

use serde::{Deserialize, Serialize};

use crate::common::xml;

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
