//! Bodies of bucket operations (sheet section 5, Bucket).

use cohong_core::model::{AccountId, Bucket};
use serde::{Deserialize, Serialize};

use super::acl::Grants;
use super::region::place;
use crate::common::lifecycle::status;
use crate::common::owner::Owner;
use crate::common::settings::{label, versioning_word};
use crate::gate::fault::Fault;
use crate::oss::words::OSS;

/// Label under which a bucket keeps its resource group.
pub(in crate::oss) const GROUP: &str = "resource-group";
/// Label under which a bucket keeps its redundancy.
pub(in crate::oss) const REDUNDANCY: &str = "data-redundancy";
/// Redundancy of buckets that name none.
const DEFAULT_REDUNDANCY: &str = "LRS";
/// State of what is switched off, or not there at all.
const OFF: &str = "Disabled";
/// State of what is switched on.
const ON: &str = "Enabled";

/// The resource group of buckets that name none: the vendor gives every account one.
const DEFAULT_GROUP: &str = "rg-default";

/// The resource group of a bucket.
pub(in crate::oss) fn group(bucket: &Bucket) -> &str {
    Some(label(bucket, GROUP, ""))
        .filter(|group| !group.is_empty())
        .unwrap_or(DEFAULT_GROUP)
}

/// Body of `PutBucket`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct PutBucketBody {
    storage_class: Option<String>,
    data_redundancy_type: Option<String>,
}

impl PutBucketBody {
    /// The class of objects that name none.
    pub(in crate::oss) fn class(&self) -> Option<&str> {
        let class = self.storage_class.as_deref();
        class.filter(|word| !word.is_empty())
    }

    /// The redundancy, when one is named.
    pub(in crate::oss) fn redundancy(&self) -> Result<Option<&str>, Fault> {
        match self.data_redundancy_type.as_deref() {
            None | Some("") => Ok(None),
            Some(word @ ("LRS" | "ZRS")) => Ok(Some(word)),
            Some(word) => {
                let why = "DataRedundancyType is LRS or ZRS";
                Err(Fault::argument("DataRedundancyType", word, why))
            }
        }
    }
}

/// Answer of `ListBuckets`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct BucketList {
    owner: Owner,
    prefix: String,
    marker: String,
    max_keys: usize,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    buckets: Buckets,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Buckets {
    bucket: Vec<BucketLine>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BucketLine {
    name: String,
    location: String,
    region: String,
    creation_date: String,
    extranet_endpoint: String,
    intranet_endpoint: String,
    storage_class: &'static str,
    resource_group_id: String,
}

impl BucketList {
    pub(in crate::oss) fn new(owner: &AccountId, buckets: &[Bucket], endpoint: &str) -> Self {
        let line = |bucket: &Bucket| BucketLine {
            name: bucket.name.to_string(),
            location: place(&bucket.region),
            region: bucket.region.to_string(),
            creation_date: OSS.date(bucket.created_at),
            extranet_endpoint: endpoint.to_owned(),
            intranet_endpoint: endpoint.to_owned(),
            storage_class: OSS.class_word(bucket.default_class),
            resource_group_id: group(bucket).to_owned(),
        };
        Self {
            owner: Owner::new(owner),
            prefix: String::new(),
            marker: String::new(),
            max_keys: buckets.len(),
            is_truncated: false,
            next_marker: None,
            buckets: Buckets {
                bucket: buckets.iter().map(line).collect(),
            },
        }
    }

    /// With what was asked for.
    pub(in crate::oss) fn asked(
        self,
        prefix: &str,
        marker: &str,
        limit: usize,
        truncated: bool,
    ) -> Self {
        let last = self.buckets.bucket.last();
        Self {
            next_marker: last.filter(|_| truncated).map(|line| line.name.clone()),
            prefix: prefix.to_owned(),
            marker: marker.to_owned(),
            max_keys: limit,
            is_truncated: truncated,
            ..self
        }
    }
}

/// Answer of `ListCloudBoxes`: this server is no cloud box and knows none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct CloudBoxList {
    pub(in crate::oss) owner: Owner,
    pub(in crate::oss) prefix: String,
    pub(in crate::oss) marker: String,
    pub(in crate::oss) max_keys: usize,
    pub(in crate::oss) is_truncated: bool,
    pub(in crate::oss) cloud_boxes: &'static str,
}

/// Answer of `GetBucketLocation`.
#[derive(Debug, Serialize)]
pub(in crate::oss) struct Location {
    #[serde(rename = "$text")]
    place: String,
}

impl Location {
    pub(in crate::oss) fn new(bucket: &Bucket) -> Self {
        Self {
            place: place(&bucket.region),
        }
    }
}

/// Answer of `GetBucketInfo`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct BucketInfo {
    bucket: BucketFacts,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BucketFacts {
    access_monitor: &'static str,
    block_public_access: bool,
    comment: &'static str,
    creation_date: String,
    cross_region_replication: &'static str,
    data_redundancy_type: String,
    extranet_endpoint: String,
    intranet_endpoint: String,
    location: String,
    name: String,
    resource_group_id: String,
    storage_class: &'static str,
    transfer_acceleration: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    versioning: Option<&'static str>,
    owner: Owner,
    access_control_list: Grants,
    server_side_encryption_rule: EncryptionRule,
    bucket_policy: LogPolicy,
}

#[derive(Debug, Serialize)]
struct EncryptionRule {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: &'static str,
    #[serde(rename = "KMSMasterKeyID", skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(rename = "KMSDataEncryption", skip_serializing_if = "Option::is_none")]
    data: Option<&'static str>,
}

impl EncryptionRule {
    fn new(bucket: &Bucket) -> Self {
        let told = bucket.encryption.as_ref().map(|rule| OSS.told(rule));
        Self {
            algorithm: told.as_ref().map_or("None", |told| told.how),
            key_id: told
                .as_ref()
                .and_then(|told| told.key_id.map(ToOwned::to_owned)),
            data: told.and_then(|told| told.data),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LogPolicy {
    log_bucket: &'static str,
    log_prefix: &'static str,
}

impl BucketInfo {
    /// Public access is not blocked unless somebody said so, as most tutorials need it (sheet, trap 22).
    pub(in crate::oss) fn new(bucket: &Bucket, endpoint: &str) -> Self {
        Self {
            bucket: BucketFacts {
                access_monitor: status(bucket.notes_reads().is_some()),
                block_public_access: bucket.blocks_public,
                comment: "",
                creation_date: OSS.date(bucket.created_at),
                cross_region_replication: if bucket.replicated.is_empty() {
                    OFF
                } else {
                    ON
                },
                data_redundancy_type: label(bucket, REDUNDANCY, DEFAULT_REDUNDANCY).to_owned(),
                extranet_endpoint: endpoint.to_owned(),
                intranet_endpoint: endpoint.to_owned(),
                location: place(&bucket.region),
                name: bucket.name.to_string(),
                resource_group_id: group(bucket).to_owned(),
                storage_class: OSS.class_word(bucket.default_class),
                transfer_acceleration: OFF,
                versioning: versioning_word(bucket.versioning),
                owner: Owner::new(&bucket.owner),
                access_control_list: Grants::new(&bucket.acl),
                server_side_encryption_rule: EncryptionRule::new(bucket),
                bucket_policy: LogPolicy {
                    log_bucket: "",
                    log_prefix: "",
                },
            },
        }
    }
}
