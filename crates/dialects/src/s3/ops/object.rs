//! Objects: what this vendor tells in other ways than its family (sheet section 6, Objects).

use cohong_core::engine::Engine;
use http::header::LAST_MODIFIED;

use super::Answer;
use crate::common::answer::put;
use crate::common::date;
use crate::common::document::read_any;
use crate::gate::call::Call;
use crate::s3::wire::attributes::{Asked, Attributes};
use crate::s3::wire::object::RestoreBody;
use crate::s3::words::{ACL, S3};

/// `GetObjectAttributes`: what is named of it.
pub(super) async fn attributes(call: Call, engine: &Engine) -> Answer {
    let asked = Asked::read(&call)?;
    let (info, _) = S3.look(&call, engine).await?;
    let mut headers = S3.of_version(&info);
    put(&mut headers, LAST_MODIFIED, &date::http(info.written_at));
    let body = Attributes::new(&asked, &info.record);
    Ok(S3.answer(headers, "GetObjectAttributesResponse", &body))
}

/// `CopyObject`.
pub(super) async fn copy(call: Call, engine: &Engine) -> Answer {
    let copied = S3.copy_object(&call, engine, ACL).await?;
    Ok(S3.answer(copied.headers, "CopyObjectResult", &copied.result))
}

/// `RestoreObject`. How urgent it is makes no difference here.
pub(super) async fn restore(mut call: Call, engine: &Engine) -> Answer {
    let body = read_any::<RestoreBody>(&mut call, "RestoreRequest").await?;
    let days = body.unwrap_or_default().days()?;
    Ok(S3.restore_object(&call, engine, days).await?)
}
