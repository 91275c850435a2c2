//! Bodies about policies (sheet section 6, policy). The policy itself is JSON.

use serde::Serialize;

/// Answer of `GetBucketPolicyStatus`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct PolicyStatus {
    pub(in crate::oss) is_public: bool,
}
