//! Listings (sheet section 4).

use cohong_core::engine::Engine;
use http::HeaderMap;

use super::{Answer, body};
use crate::common::attributes::boolean;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::tos::wire::list::{ObjectList, ObjectList2, Shown, UploadList, VersionList};
use crate::tos::words::TOS;

fn flag(call: &Call, name: &'static str) -> Result<bool, Fault> {
    call.query(name)
        .map_or(Ok(false), |value| boolean(name, value))
}

/// `ListObjects`.
pub(super) async fn objects(call: Call, engine: &Engine) -> Answer {
    let shown = Shown {
        owner: true,
        meta: flag(&call, "fetch-meta")?,
    };
    let reverse = flag(&call, "reverse")?;
    let page = TOS.list_objects(&call, engine, reverse).await?;
    Ok(body::answer(
        HeaderMap::new(),
        &ObjectList::new(&page, shown),
    ))
}

/// `ListObjectsType2`.
pub(super) async fn objects_type2(call: Call, engine: &Engine) -> Answer {
    let shown = Shown {
        owner: flag(&call, "fetch-owner")?,
        meta: flag(&call, "fetch-meta")?,
    };
    let reverse = flag(&call, "reverse")?;
    let page = TOS.list_objects_by_token(&call, engine, reverse).await?;
    let body = ObjectList2::new(page, shown);
    Ok(body::answer(HeaderMap::new(), &body))
}

/// `ListObjectVersions`.
pub(super) async fn versions(call: Call, engine: &Engine) -> Answer {
    let shown = Shown {
        owner: true,
        meta: flag(&call, "fetch-meta")?,
    };
    let page = TOS.list_versions(&call, engine).await?;
    let body = VersionList::new(&page, shown);
    Ok(body::answer(HeaderMap::new(), &body))
}

/// `ListMultipartUploads`.
pub(super) async fn uploads(call: Call, engine: &Engine) -> Answer {
    let page = TOS.list_uploads(&call, engine).await?;
    Ok(body::answer(HeaderMap::new(), &UploadList::new(&page)))
}
