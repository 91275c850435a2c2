//! Links, archived objects, and what an object is (sheet section 7).

use cohong_core::engine::Engine;
use cohong_core::model::BucketName;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, StatusCode};

use super::Answer;
use super::{body, website};
use crate::common::answer::{self, put};
use crate::common::input::target;
use crate::gate::call::Call;
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
    Ok(answer::empty(StatusCode::OK, headers))
}

/// `PutSymlink`. What a link points at may be in another bucket.
pub(super) async fn put_symlink(call: Call, engine: &Engine) -> Answer {
    let given = TOS.given(&call)?;
    let bucket = given.own_text("symlink-bucket").map(BucketName::new);
    let bucket = bucket.transpose().map_err(|_| {
        let why = "this header is the name of the bucket that the link points into";
        given.bad("symlink-bucket", why)
    })?;
    Ok(TOS.put_symlink(call, engine, bucket, ACL).await?)
}

/// `GetSymlink`. The bucket is told with the key.
pub(super) async fn symlink(call: Call, engine: &Engine) -> Answer {
    let link = engine.get_symlink(&call.cx, &target(&call)?).await?;
    let mut headers = TOS.of_symlink(&link);
    let bucket = link.to.bucket.as_ref().unwrap_or(call.bucket()?);
    put(&mut headers, TARGET_BUCKET, bucket.as_str());
    Ok(answer::empty(StatusCode::OK, headers))
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
