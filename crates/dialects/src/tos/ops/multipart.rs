//! Multipart uploads (sheet section 4, Multipart).

use cohong_core::engine::{CompleteUpload, CreateUpload, Engine, PutPart};
use cohong_core::model::Etag;
use http::header::{ETAG, LOCATION};
use http::{HeaderMap, StatusCode};

use super::attributes::{Given, attributes, refuse_unkept};
use super::input::{digests, json_body, part_number, take_body, upload, write_conditions};
use super::{Answer, answer, callback};
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::limits::PART_BYTES_MIN;
use crate::tos::wire::header::{CRC64, put, quoted, uploaded};
use crate::tos::wire::multipart::{CompleteBody, Completed, Created};

/// `CreateMultipartUpload`.
pub(super) async fn create(call: Call, engine: &Engine) -> Answer {
    let (bucket, key) = (call.bucket()?.clone(), call.key()?.clone());
    let given = Given::headers(&call.headers)?;
    let request = CreateUpload {
        bucket: bucket.clone(),
        key: key.clone(),
        attributes: attributes(&given)?,
        conditions: write_conditions(&given)?,
    };
    let id = engine.create_upload(&call.cx, request).await?;
    let body = Created {
        bucket: bucket.to_string(),
        key: key.to_string(),
        upload_id: id.to_string(),
    };
    Ok(answer::json(HeaderMap::new(), &body))
}

/// `UploadPart`.
pub(super) async fn upload_part(mut call: Call, engine: &Engine) -> Answer {
    refuse_unkept(&Given::headers(&call.headers)?)?;
    let request = PutPart {
        target: upload(&call)?,
        number: part_number(&call)?,
        digests: digests(&call)?,
    };
    let body = take_body(&mut call);
    let receipt = engine.put_part(&call.cx, request, body).await?;
    let mut headers = HeaderMap::new();
    put(&mut headers, ETAG, &quoted(&Etag::Md5(receipt.md5)));
    put(&mut headers, CRC64, &receipt.checksums.crc64.to_string());
    Ok(answer::empty(StatusCode::OK, headers))
}

/// `CompleteMultipartUpload`: with named parts, with `x-tos-complete-all: yes`, or with neither, which
/// takes all parts too (sheet, trap 5).
pub(super) async fn complete(mut call: Call, engine: &Engine) -> Answer {
    let target = upload(&call)?;
    let order = callback::of_call(&call)?;
    let conditions = write_conditions(&Given::headers(&call.headers)?)?;
    let parts = json_body::<CompleteBody>(&mut call).await?.parts()?;
    let all = call
        .header("x-tos-complete-all")?
        .is_some_and(|all| all.eq_ignore_ascii_case("yes"));
    if all && parts.is_some() {
        return Err(TosError::invalid_argument(
            "x-tos-complete-all takes no list of parts",
        ));
    }
    let request = CompleteUpload {
        target,
        parts,
        part_bytes_min: PART_BYTES_MIN,
        conditions,
        callback: order,
    };
    let mut receipt = engine.complete_upload(&call.cx, request).await?;
    let (bucket, key) = (call.bucket()?.as_str(), call.key()?.as_str());
    let path = cohong_sign::encode_path(key.as_bytes());
    let location = format!("http://{bucket}.{}/{path}", call.endpoint);
    let mut headers = uploaded(&receipt.stored);
    put(&mut headers, LOCATION, &location);
    match receipt.callback.take() {
        Some(outcome) => callback::answer(outcome, headers),
        None => Ok(answer::json(
            headers,
            &Completed::new(bucket, key, &location, &receipt),
        )),
    }
}

/// `AbortMultipartUpload`.
pub(super) async fn abort(call: Call, engine: &Engine) -> Answer {
    engine.abort_upload(&call.cx, &upload(&call)?).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}
