//! Objects: what this vendor tells in other ways than its family (sheet section 5, Object).

use cohong_core::engine::Engine;
use http::header::{CONTENT_LENGTH, ETAG, LAST_MODIFIED};
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::body::answer;
use crate::common::answer::empty;
use crate::gate::call::Call;
use crate::oss::words::{OBJECT_ACL, OSS};

/// `GetObjectMeta`: the few headers that need nothing but the object's record.
pub(super) async fn meta(call: Call, engine: &Engine) -> Answer {
    let info = OSS.look(&call, engine).await?;
    let all = OSS.described(&info);
    let told = [
        ETAG,
        LAST_MODIFIED,
        OSS.names.crc64.clone(),
        OSS.names.version_id.clone(),
    ];
    let mut headers = HeaderMap::new();
    for name in told {
        if let Some(value) = all.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(CONTENT_LENGTH, info.record.size.into());
    Ok(empty(StatusCode::OK, headers))
}

/// `CopyObject`.
pub(super) async fn copy(call: Call, engine: &Engine) -> Answer {
    let copied = OSS.copy_object(&call, engine, OBJECT_ACL).await?;
    Ok(answer(copied.headers, "CopyObjectResult", &copied.result))
}
