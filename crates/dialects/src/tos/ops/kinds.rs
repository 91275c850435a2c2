//! Links, archived objects, and what an object is (sheet section 7).

use cohong_core::engine::Engine;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, StatusCode};

use super::Answer;
use super::{body, website};
use crate::common::answer::{empty, put};
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::wire::kinds::{FileStatus, RestoreBody};
use crate::tos::words::{ACL, TOS};

/// Where the next piece of a modified object goes.
const NEXT_MODIFY: HeaderName = HeaderName::from_static("x-tos-next-modify-offset");

/// Bytes of what a link points at.
const TARGET_SIZE: HeaderName = HeaderName::from_static("x-tos-symlink-target-size");

/// Bucket of what a link points at.
const TARGET_BUCKET: HeaderName = HeaderName::from_static("x-tos-symlink-bucket");

/// `HeadObject`. Of a link it tells the size of the target once more.
pub(super) async fn head(call: Call, engine: &Engine) -> Answer {
    let mut answer = TOS.visit(call, engine, website::manner(true)).await?;
    let headers = answer.headers_mut();
    let kind = TOS.names.kind.as_ref().and_then(|name| headers.get(name));
    if kind.is_some_and(|kind| kind == "Symlink")
        && let Some(size) = headers.get(CONTENT_LENGTH).cloned()
    {
        headers.insert(TARGET_SIZE, size);
    }
    Ok(answer)
}

/// `ModifyObject`, of hierarchical buckets: a piece for any object that is there.
pub(super) async fn modify(call: Call, engine: &Engine) -> Answer {
    let (stored, mut headers) = TOS.append(call, engine, ACL, true).await?;
    put(&mut headers, NEXT_MODIFY, &stored.size.to_string());
    Ok(empty(StatusCode::OK, headers))
}

/// `PutSymlink`. What a link points at is in its own bucket.
pub(super) async fn put_symlink(call: Call, engine: &Engine) -> Answer {
    let bucket = TOS.given(&call)?.own_text("symlink-bucket");
    if bucket.is_some_and(|named| named != call.bucket().map_or("", |own| own.as_str())) {
        return Err(TosError::not_implemented("links into another bucket"));
    }
    Ok(TOS.put_symlink(call, engine, ACL).await?)
}

/// `GetSymlink`. The bucket is told with the key.
pub(super) async fn symlink(call: Call, engine: &Engine) -> Answer {
    let bucket = call.bucket()?.clone();
    let mut answer = TOS.get_symlink(call, engine).await?;
    put(answer.headers_mut(), TARGET_BUCKET, bucket.as_str());
    Ok(answer)
}

/// `RestoreObject`. How urgent it is makes no difference here.
pub(super) async fn restore(mut call: Call, engine: &Engine) -> Answer {
    let days = body::read::<RestoreBody>(&mut call).await?.days()?;
    Ok(TOS.restore_object(&call, engine, days).await?)
}

/// `GetFileStatus`.
pub(super) async fn status(call: Call, engine: &Engine) -> Answer {
    let (info, _) = TOS.look(&call, engine).await?;
    let status = FileStatus::new(call.key()?, &info);
    Ok(body::answer(HeaderMap::new(), &status))
}
