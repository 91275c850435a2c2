//! Uploads in parts (sheet section 5, Multipart). An upload that is not there has other numbers for
//! some operations.

use cohong_core::engine::Engine;
use http::HeaderMap;

use super::Answer;
use crate::common::document::{read, read_any};
use crate::common::upload::{Completion, Ending, abort_upload};
use crate::common::wire::multipart::{CompleteBody, PartList};
use crate::gate::call::Call;
use crate::oss::error::OssError;
use crate::oss::limits::PART_BYTES_MIN;
use crate::oss::wire::parts::Parts;
use crate::oss::words::{OBJECT_ACL, OSS};

/// What `CompleteMultipartUpload` is called with.
const ENDING: Ending = Ending {
    part_bytes_min: PART_BYTES_MIN,
    acl: Some(OBJECT_ACL),
};
/// Root of its body.
const COMPLETE: &str = "CompleteMultipartUpload";

/// `InitiateMultipartUpload`.
pub(super) async fn initiate(call: Call, engine: &Engine) -> Answer {
    let sequential = call.query("sequential").is_some();
    let mut begun = OSS
        .create_upload(&call, engine, OBJECT_ACL, sequential)
        .await?;
    let root = "InitiateMultipartUploadResult";
    let headers = std::mem::take(&mut begun.headers);
    Ok(OSS.answer(headers, root, &begun))
}

/// `UploadPart`.
pub(super) async fn part(call: Call, engine: &Engine) -> Answer {
    let done = OSS.upload_part(call, engine).await;
    done.map_err(|fault| OssError::from(fault).about_upload("0042-00000311"))
}

/// `UploadPartCopy`.
pub(super) async fn copy_part(call: Call, engine: &Engine) -> Answer {
    let done = OSS.copy_part(&call, engine).await;
    let copied = done.map_err(|fault| OssError::from(fault).about_upload("0042-00000311"))?;
    Ok(OSS.answer(copied.headers, "CopyPartResult", &copied.result))
}

/// `AbortMultipartUpload`.
pub(super) async fn abort(call: Call, engine: &Engine) -> Answer {
    let done = abort_upload(call, engine).await;
    done.map_err(|fault| OssError::from(fault).about_upload("0042-00000104"))
}

/// `ListParts`.
pub(super) async fn list_parts(call: Call, engine: &Engine) -> Answer {
    let page = OSS.list_parts(&call, engine).await?;
    Ok(OSS.answer(HeaderMap::new(), PartList::ROOT, &Parts::new(page)))
}

/// `CompleteMultipartUpload`: of the parts in the body, or of all with `x-oss-complete-all: yes`.
pub(super) async fn complete(mut call: Call, engine: &Engine) -> Answer {
    // A callback that cannot be right is told before the body is read.
    OSS.callback_of(&call, engine).await?;
    let parts = if OSS.completes_all(&call)? {
        let body = read_any::<CompleteBody>(&mut call, COMPLETE).await?;
        if body.is_some() {
            return Err(OssError::all_and_named());
        }
        None
    } else {
        let body: CompleteBody = read(&mut call, COMPLETE).await?;
        Some(body.parts()?)
    };
    let done = OSS.complete_upload(&call, engine, parts, ENDING).await?;
    Ok(match done {
        Completion::Answered(answer) => answer,
        Completion::Done(done) => {
            let root = "CompleteMultipartUploadResult";
            OSS.answer(done.headers, root, &done.result)
        }
    })
}
