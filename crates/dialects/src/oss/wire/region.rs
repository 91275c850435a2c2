//! Regions (sheet section 5, `DescribeRegions`).

use serde::Serialize;

/// What answers call a region.
pub(in crate::oss) fn place(region: &str) -> String {
    format!("oss-{region}")
}

/// Answer of `DescribeRegions`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct RegionList {
    pub(in crate::oss) region_info: Vec<RegionInfo>,
}

/// A region and where it is reached.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct RegionInfo {
    pub(in crate::oss) region: String,
    internet_endpoint: String,
    internal_endpoint: String,
    accelerate_endpoint: String,
}

impl RegionInfo {
    /// One that the vendor publishes, with its names.
    pub(in crate::oss) fn of_vendor(region: &str) -> Self {
        Self {
            region: place(region),
            internet_endpoint: format!("oss-{region}.aliyuncs.com"),
            internal_endpoint: format!("oss-{region}-internal.aliyuncs.com"),
            accelerate_endpoint: "oss-accelerate.aliyuncs.com".into(),
        }
    }

    /// One that is configured: it is here.
    pub(in crate::oss) fn own(region: &str, endpoint: &str) -> Self {
        Self {
            region: place(region),
            internet_endpoint: endpoint.to_owned(),
            internal_endpoint: endpoint.to_owned(),
            accelerate_endpoint: endpoint.to_owned(),
        }
    }
}
