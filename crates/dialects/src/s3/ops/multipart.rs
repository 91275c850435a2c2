//! Uploads in parts (sheet section 6, Multipart).

use cohong_core::ErrorKind;
use cohong_core::engine::Engine;
use http::HeaderName;

use super::Answer;
use crate::common::answer::put;
use crate::common::checksum::kind_word;
use crate::common::document::read;
use crate::common::upload::{Completion, Ending};
use crate::common::wire::multipart::CompleteBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::s3::error::S3Error;
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

/// What an upload refuses for what its parts, sizes and checksums are (sheet section 4).
fn unfit(fault: Fault) -> S3Error {
    let is_about =
        matches!(&fault, Fault::Engine(error) if error.kind() == ErrorKind::InvalidArgument);
    let error = S3Error::from(fault);
    if is_about {
        return S3Error {
            code: "InvalidRequest",
            ..error
        };
    }
    error
}

/// `CreateMultipartUpload`.
pub(super) async fn create(call: Call, engine: &Engine) -> Answer {
    let begun = S3.create_upload(&call, engine, ACL, false).await;
    let mut begun = begun.map_err(unfit)?;
    let mut headers = std::mem::take(&mut begun.headers);
    if let Some(form) = S3.checksum_form(&S3.given(&call)?)? {
        let word = S3.checksum_word(form.algorithm).unwrap_or_default();
        put(&mut headers, ALGORITHM, word);
        put(&mut headers, KIND, kind_word(form.kind));
    }
    Ok(S3.answer(headers, "InitiateMultipartUploadResult", &begun))
}

/// `UploadPart`.
pub(super) async fn part(call: Call, engine: &Engine) -> Answer {
    S3.upload_part(call, engine).await.map_err(unfit)
}

/// `UploadPartCopy`.
pub(super) async fn copy_part(call: Call, engine: &Engine) -> Answer {
    let copied = S3.copy_part(&call, engine).await.map_err(unfit)?;
    Ok(S3.answer(copied.headers, "CopyPartResult", &copied.result))
}

/// `CompleteMultipartUpload`.
pub(super) async fn complete(mut call: Call, engine: &Engine) -> Answer {
    let body: CompleteBody = read(&mut call, "CompleteMultipartUpload").await?;
    let parts = Some(body.parts()?);
    let done = S3.complete_upload(&call, engine, parts, ENDING).await;
    Ok(match done.map_err(unfit)? {
        Completion::Answered(answer) => answer,
        Completion::Done(done) => {
            let root = "CompleteMultipartUploadResult";
            S3.answer(done.headers, root, &done.result)
        }
    })
}
