//! Deleting many objects with one request (sheet section 5, `DeleteMultipleObjects`).

use cohong_core::engine::Engine;
use http::{HeaderMap, StatusCode};

use super::Answer;
use crate::common::answer::empty;
use crate::common::document::read;
use crate::common::list::Encoding;
use crate::common::wire::delete::{DeleteList, DeleteResult};
use crate::gate::call::Call;
use crate::oss::error::OssError;
use crate::oss::words::OSS;

/// `DeleteMultipleObjects`. The vendor has no words for a key that fails alone, so the first failure is
/// the answer; the other keys are deleted.
pub(super) async fn many(mut call: Call, engine: &Engine) -> Answer {
    if call.header("content-md5")?.is_none() {
        return Err(OssError::missing_argument("Content-MD5"));
    }
    let encoding = Encoding::of(&call)?;
    let list: DeleteList = read(&mut call, "Delete").await?;
    let quiet = list.quiet;
    let items = list.checked()?;
    let named = || {
        items
            .iter()
            .map(|item| (item.key.as_str(), item.version_id.as_deref()))
    };
    // What cannot be a key or a version refuses the whole list (sheet section 5, Versioning).
    for item in named() {
        OSS.named(item)?;
    }
    let done = OSS.delete_objects(&call, engine, named()).await?;
    let mut result = DeleteResult::default();
    for (item, done) in items.into_iter().zip(done) {
        result.add(item, &done?, encoding);
    }
    if quiet {
        return Ok(empty(StatusCode::OK, HeaderMap::new()));
    }
    Ok(OSS.answer(HeaderMap::new(), "DeleteResult", &result))
}
