//! Multipart uploads (sheet section 4, Multipart).

use cohong_core::engine::Engine;
use http::HeaderMap;

use super::Answer;
use super::body;
use crate::common::upload::{Completion, Ending};
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::limits::PART_BYTES_MIN;
use crate::tos::wire::multipart::{CompleteBody, Made, PartList};
use crate::tos::words::{ACL, TOS};

/// `CreateMultipartUpload`.
pub(super) async fn create(call: Call, engine: &Engine) -> Answer {
    let mut begun = TOS.create_upload(&call, engine, ACL, false).await?;
    let headers = std::mem::take(&mut begun.headers);
    Ok(body::answer(headers, &begun))
}

/// `UploadPartCopy`.
pub(super) async fn copy_part(call: Call, engine: &Engine) -> Answer {
    let copied = TOS.copy_part(&call, engine).await?;
    Ok(body::answer(copied.headers, &copied.result))
}

/// `CompleteMultipartUpload`: with named parts, with `x-tos-complete-all: yes`, or with neither, which
/// takes all parts too (sheet, trap 5).
pub(super) async fn complete(mut call: Call, engine: &Engine) -> Answer {
    // A callback that cannot be right is told before the body is read.
    TOS.callback_of(&call, engine).await?;
    let parts = body::read::<CompleteBody>(&mut call).await?.parts()?;
    if TOS.completes_all(&call)? && parts.is_some() {
        return Err(TosError::invalid_argument(
            "x-tos-complete-all takes no list of parts",
        ));
    }
    let ending = Ending {
        part_bytes_min: PART_BYTES_MIN,
        acl: None,
    };
    let done = TOS.complete_upload(&call, engine, parts, ending).await?;
    Ok(match done {
        Completion::Answered(answer) => answer,
        Completion::Done(done) => body::answer(done.headers.clone(), &Made::new(&done)),
    })
}

/// `ListParts`.
pub(super) async fn list_parts(call: Call, engine: &Engine) -> Answer {
    let page = TOS.list_parts(&call, engine).await?;
    Ok(body::answer(HeaderMap::new(), &PartList::new(page)))
}
