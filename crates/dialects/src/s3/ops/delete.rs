//! Deleting many objects with one request (sheet section 6, `DeleteObjects`).

use cohong_core::engine::Engine;
use http::HeaderMap;

use super::Answer;
use crate::common::document::read;
use crate::common::list::Encoding;
use crate::common::wire::delete::{DeleteItem, DeleteList, DeleteResult};
use crate::gate::call::Call;
use crate::s3::error::S3Error;
use crate::s3::words::S3;

/// `DeleteObjects`: every key fails alone. The body must bear a digest.
pub(super) async fn many(mut call: Call, engine: &Engine) -> Answer {
    if call.further.is_none() && call.header("content-md5")?.is_none() {
        let why = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
        return Err(S3Error::bad("InvalidRequest", why));
    }
    let list: DeleteList = read(&mut call, "Delete").await?;
    let quiet = list.quiet;
    let items = list.checked()?;
    if items.iter().any(DeleteItem::is_conditional) {
        return Err(S3Error::not_implemented("conditions on keys to delete"));
    }
    let named = items
        .iter()
        .map(|item| (item.key.as_str(), item.version_id.as_deref()));
    let done = S3.delete_objects(&call, engine, named).await?;
    let mut result = DeleteResult::default();
    for (item, done) in items.into_iter().zip(done) {
        match done {
            Ok(receipt) => result.add(item, &receipt, Encoding::Plain),
            Err(fault) => {
                let error = S3Error::from(fault);
                result.add_error(item, error.code, error.message.into_owned());
            }
        }
    }
    if quiet {
        result.quiet();
    }
    Ok(S3.answer(HeaderMap::new(), "DeleteResult", &result))
}
