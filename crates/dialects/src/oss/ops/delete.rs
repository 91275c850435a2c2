//! Deleting many objects with one request (sheet section 5, `DeleteMultipleObjects`).

use cohong_core::engine::{Engine, VersionChoice};
use cohong_core::model::ObjectKey;
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::body::{answer, read};
use crate::common::answer::empty;
use crate::common::delete::delete_objects;
use crate::common::input::version;
use crate::common::list::Encoding;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::oss::error::OssError;
use crate::oss::limits::KEYS;
use crate::oss::wire::delete::{DeleteItem, DeleteList, DeleteResult};

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
    let named: Vec<_> = items.iter().map(name).collect::<Result<_, _>>()?;
    let named = named.into_iter().map(Ok).collect();
    let done = delete_objects(&call, engine, named).await?;
    let mut result = DeleteResult::default();
    for (item, done) in items.into_iter().zip(done) {
        result.add(item, done?, encoding);
    }
    if quiet {
        return Ok(empty(StatusCode::OK, HeaderMap::new()));
    }
    Ok(answer(HeaderMap::new(), "DeleteResult", &result))
}

fn name(item: &DeleteItem) -> Result<(ObjectKey, VersionChoice), Fault> {
    let wanted = item.version_id.as_deref();
    let version = version(wanted.filter(|version| !version.is_empty()))?;
    Ok((KEYS.read(&item.key)?, version))
}
