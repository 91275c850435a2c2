//! Bodies about live channels, of which this server has none (sheet section 6, live channel).

use serde::Serialize;

/// Answer of `ListLiveChannel`: vendors' own clean-up asks for it before it deletes a bucket.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct LiveChannelList {
    pub(in crate::oss) prefix: String,
    pub(in crate::oss) marker: String,
    pub(in crate::oss) max_keys: usize,
    pub(in crate::oss) is_truncated: bool,
}
