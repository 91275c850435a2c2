//! Bodies of bucket operations (sheet section 6, Buckets).

use cohong_core::model::{AccountId, Bucket};
use serde::{Deserialize, Serialize};

use crate::common::owner::Owner;
use crate::gate::fault::Fault;
use crate::s3::words::S3;

/// The region that answers do not name.
pub(in crate::s3) const FIRST_REGION: &str = "us-east-1";

/// Body of `CreateBucket`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct CreateBody {
    location_constraint: Option<String>,
    location: Option<Elsewhere>,
    bucket: Option<Elsewhere>,
    tags: Option<Elsewhere>,
}

/// What is not done here with a new bucket.
#[derive(Debug, Deserialize)]
struct Elsewhere {}

impl CreateBody {
    /// The region it names.
    pub(in crate::s3) fn region(&self) -> Result<Option<&str>, Fault> {
        if self.location.is_some() || self.bucket.is_some() {
            return Err(Fault::NotServed("directory buckets".into()));
        }
        if self.tags.is_some() {
            return Err(Fault::NotServed("Tags".into()));
        }
        let region = self.location_constraint.as_deref().map(str::trim);
        Ok(region.filter(|region| !region.is_empty()))
    }
}

/// Answer of `ListBuckets`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct BucketList {
    owner: Owner,
    buckets: Buckets,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
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
    creation_date: String,
    bucket_region: String,
}

impl BucketList {
    pub(in crate::s3) fn new(
        owner: &AccountId,
        buckets: &[Bucket],
        prefix: Option<&str>,
        truncated: bool,
    ) -> Self {
        let line = |bucket: &Bucket| BucketLine {
            name: bucket.name.to_string(),
            creation_date: S3.date(bucket.created_at),
            bucket_region: bucket.region.to_string(),
        };
        let last = buckets.last().filter(|_| truncated);
        Self {
            owner: Owner::new(owner),
            buckets: Buckets {
                bucket: buckets.iter().map(line).collect(),
            },
            prefix: prefix.map(ToOwned::to_owned),
            continuation_token: last.map(|bucket| bucket.name.to_string()),
        }
    }
}

/// Answer of `GetBucketLocation`: empty for the first region.
#[derive(Debug, Serialize)]
pub(in crate::s3) struct Location {
    #[serde(rename = "$text", skip_serializing_if = "str::is_empty")]
    region: String,
}

impl Location {
    pub(in crate::s3) fn new(bucket: &Bucket) -> Self {
        let region = Some(&*bucket.region).filter(|region| *region != FIRST_REGION);
        Self {
            region: region.unwrap_or_default().to_owned(),
        }
    }
}
