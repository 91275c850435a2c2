//! Listings (sheet section 5, Listing).

use cohong_core::engine::Engine;
use http::HeaderMap;

use super::Answer;
use super::body::answer;
use crate::common::attributes::boolean;
use crate::gate::call::Call;
use crate::oss::wire::list::{ObjectList, ObjectList2};
use crate::oss::wire::versions::VersionList;
use crate::oss::words::OSS;

/// `ListObjects`.
pub(super) async fn objects(call: Call, engine: &Engine) -> Answer {
    let page = OSS.list_objects(&call, engine, false).await?;
    let body = ObjectList::new(&page);
    Ok(answer(HeaderMap::new(), "ListBucketResult", &body))
}

/// `ListObjectsV2`.
pub(super) async fn objects_v2(call: Call, engine: &Engine) -> Answer {
    let owner = call.query("fetch-owner").unwrap_or_default();
    let owner = boolean("fetch-owner", owner)?;
    let page = OSS.list_objects_by_token(&call, engine, false).await?;
    let body = ObjectList2::new(page, owner);
    Ok(answer(HeaderMap::new(), "ListBucketResult", &body))
}

/// `ListObjectVersions`.
pub(super) async fn versions(call: Call, engine: &Engine) -> Answer {
    let page = OSS.list_versions(&call, engine).await?;
    let body = VersionList::new(&page);
    Ok(answer(HeaderMap::new(), "ListVersionsResult", &body))
}
