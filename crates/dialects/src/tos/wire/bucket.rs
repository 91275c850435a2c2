//! Bodies of bucket operations (sheet section 4).

use cohong_core::model::{AccountId, Bucket, BucketKind, Trash};
use serde::{Deserialize, Serialize};

use crate::common::lifecycle::status;
use crate::common::owner::Owner;
use crate::common::settings::{label, versioning_word};
use crate::common::wire::encryption::{Rule, RuleBody};
use crate::tos::error::TosError;
use crate::tos::wire::replication::switch_word;
use crate::tos::words::TOS;

/// Label under which a bucket keeps its `x-tos-project-name`.
pub(in crate::tos) const PROJECT: &str = "project";
/// Label under which a bucket keeps its `x-tos-az-redundancy`.
pub(in crate::tos) const REDUNDANCY: &str = "az-redundancy";
/// Project of buckets that name none.
pub(in crate::tos) const DEFAULT_PROJECT: &str = "default";
/// Redundancy of buckets that name none.
pub(in crate::tos) const DEFAULT_REDUNDANCY: &str = "single-az";
/// The vendor's word for a bucket without directories.
const FLAT: &str = "fns";

/// The vendor's word for a bucket whose keys are paths.
const HIERARCHICAL: &str = "hns";

/// How a bucket arranges its keys, in the vendor's words.
pub(in crate::tos) fn type_word(bucket: &Bucket) -> &'static str {
    match bucket.kind {
        BucketKind::Flat => FLAT,
        BucketKind::Hierarchical => HIERARCHICAL,
    }
}

/// The arrangement that a word names.
pub(in crate::tos) fn bucket_kind(word: &str) -> Option<BucketKind> {
    match word {
        FLAT => Some(BucketKind::Flat),
        HIERARCHICAL => Some(BucketKind::Hierarchical),
        _ => None,
    }
}

/// Answer of `ListBuckets`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct BucketList {
    owner: Owner,
    buckets: Vec<BucketLine>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BucketLine {
    name: String,
    location: String,
    creation_date: String,
    extranet_endpoint: String,
    intranet_endpoint: String,
    project_name: String,
    bucket_type: &'static str,
}

impl BucketList {
    pub(in crate::tos) fn new(owner: &AccountId, buckets: &[Bucket], endpoint: &str) -> Self {
        let line = |bucket: &Bucket| BucketLine {
            name: bucket.name.to_string(),
            location: bucket.region.to_string(),
            creation_date: TOS.date(bucket.created_at),
            extranet_endpoint: endpoint.to_owned(),
            intranet_endpoint: endpoint.to_owned(),
            project_name: label(bucket, PROJECT, DEFAULT_PROJECT).to_owned(),
            bucket_type: type_word(bucket),
        };
        Self {
            owner: Owner::new(owner),
            buckets: buckets.iter().map(line).collect(),
        }
    }
}

/// Answer of `GetBucketLocation`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct Location<'a> {
    pub(in crate::tos) region: &'a str,
    pub(in crate::tos) extranet_endpoint: &'a str,
    pub(in crate::tos) intranet_endpoint: &'a str,
}

/// Answer of `GetBucketInfo`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct BucketInfo {
    bucket: BucketFacts,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BucketFacts {
    name: String,
    owner: Owner,
    creation_date: String,
    storage_class: &'static str,
    project_name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    location: String,
    az_redundancy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    versioning: Option<&'static str>,
    access_monitor: &'static str,
    /// Whether rules in force copy what is written into it.
    cross_region_replication: &'static str,
    extranet_endpoint: String,
    intranet_endpoint: String,
    #[serde(
        rename = "ServerSideEncryptionConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    encryption: Option<RuleBody>,
}

impl BucketInfo {
    pub(in crate::tos) fn new(bucket: &Bucket, endpoint: &str) -> Self {
        Self {
            bucket: BucketFacts {
                name: bucket.name.to_string(),
                owner: Owner::new(&bucket.owner),
                creation_date: TOS.date(bucket.created_at),
                storage_class: TOS.class_word(bucket.default_class),
                project_name: label(bucket, PROJECT, DEFAULT_PROJECT).to_owned(),
                kind: type_word(bucket),
                location: bucket.region.to_string(),
                az_redundancy: label(bucket, REDUNDANCY, DEFAULT_REDUNDANCY).to_owned(),
                versioning: versioning_word(bucket.versioning),
                access_monitor: status(bucket.notes_reads().is_some()),
                cross_region_replication: switch_word(!bucket.replicated.is_empty()),
                extranet_endpoint: endpoint.to_owned(),
                intranet_endpoint: endpoint.to_owned(),
                encryption: bucket.encryption.as_ref().map(|encryption| RuleBody {
                    rule: Rule::new(&TOS, encryption),
                }),
            },
        }
    }
}

/// Answer of `GetBucketVersioning`: without member when it was never switched on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct VersioningBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::tos) status: Option<&'static str>,
}

/// Body of `PutBucketVersioning`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutVersioning {
    pub(in crate::tos) status: String,
}

/// Body of `PutBucketTrash`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutTrash {
    trash: PutTrashFacts,
}

#[derive(Debug, Deserialize)]
struct PutTrashFacts {
    #[serde(rename = "trashpath")]
    path: String,
    /// Days.
    #[serde(rename = "cleaninterval")]
    days: u32,
    status: String,
}

impl PutTrash {
    /// The trash it describes.
    pub(in crate::tos) fn read(self) -> Result<Trash, TosError> {
        let PutTrashFacts { path, days, status } = self.trash;
        let enabled = match status.as_str() {
            "Enabled" => true,
            "Disabled" => false,
            _ => {
                return Err(TosError::invalid_argument(
                    "the Status of a trash is Enabled or Disabled",
                ));
            }
        };
        Ok(Trash {
            path: path.into(),
            days,
            enabled,
        })
    }
}

/// Answer of `GetBucketTrash`: without member where none was set.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct TrashBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    trash: Option<TrashFacts>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TrashFacts {
    trash_path: String,
    clean_interval: u32,
    status: &'static str,
}

impl TrashBody {
    pub(in crate::tos) fn new(trash: Option<&Trash>) -> Self {
        let facts = |trash: &Trash| TrashFacts {
            trash_path: trash.path.to_string(),
            clean_interval: trash.days,
            status: if trash.enabled { "Enabled" } else { "Disabled" },
        };
        Self {
            trash: trash.map(facts),
        }
    }
}
