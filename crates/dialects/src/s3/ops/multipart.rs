//! Uploads in parts (sheet section 6, Multipart).

use cohong_core::engine::Engine;
use http::{HeaderMap, HeaderName};

use super::Answer;
use crate::common::answer::put;
use crate::common::checksum::kind_word;
use crate::common::document::read;
use crate::common::upload::{Completion, Ending};
use crate::common::wire::multipart::CompleteBody;
use crate::gate::call::Call;
use crate::s3::limits::PART_BYTES_MIN;
use crate::s3::words::{ACL, S3};

/// What `CompleteMultipartUpload` is called with.
const ENDING: Ending = Ending {
    part_bytes_min: PART_BYTES_MIN,
    acl: None,
};
/// How the checksum of an upload is computed.
const ALGORITHM: HeaderName = HeaderName::from_static("x-amz-checksum-algorithm");
/// What it covers.
const KIND: HeaderName = HeaderName::from_static("x-amz-checksum-type");

/// `CreateMultipartUpload`.
pub(super) async fn create(call: Call, engine: &Engine) -> Answer {
    let begun = S3.create_upload(&call, engine, ACL, false).await?;
    let mut headers = HeaderMap::new();
    if let Some(form) = S3.checksum_form(&S3.given(&call)?)? {
        let word = S3.checksum_word(form.algorithm).unwrap_or_default();
        put(&mut headers, ALGORITHM, word);
        put(&mut headers, KIND, kind_word(form.kind));
    }
    Ok(S3.answer(headers, "InitiateMultipartUploadResult", &begun))
}

/// `UploadPartCopy`.
pub(super) async fn copy_part(call: Call, engine: &Engine) -> Answer {
    let copied = S3.copy_part(&call, engine).await?;
    Ok(S3.answer(copied.headers, "CopyPartResult", &copied.result))
}

/// `CompleteMultipartUpload`.
pub(super) async fn complete(mut call: Call, engine: &Engine) -> Answer {
    let body: CompleteBody = read(&mut call, "CompleteMultipartUpload").await?;
    let parts = Some(body.parts()?);
    Ok(
        match S3.complete_upload(&call, engine, parts, ENDING).await? {
            Completion::Answered(answer) => answer,
            Completion::Done(done) => {
                let root = "CompleteMultipartUploadResult";
                S3.answer(done.headers, root, &done.result)
            }
        },
    )
}
