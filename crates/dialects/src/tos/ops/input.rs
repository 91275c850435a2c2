//! What requests say, read: bodies, numbers, versions, keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::engine::{
    Body, Conditions, ExpectedDigests, ObjectTarget, UploadTarget, VersionChoice,
};
use cohong_core::limits::PARTS_MAX;
use cohong_core::model::{ObjectKey, UploadId, VersionId};
use cohong_core::{Error, ErrorKind};
use md5::{Digest as _, Md5};
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::attributes::Given;
use crate::common::conditions;
use crate::common::json;
use crate::gate::body::collect;
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::limits::{JSON_BYTES_MAX, KEY_BYTES_MAX};

/// Reads a JSON body, member names in lower case. No body at all reads as `{}`. Its digests must be those
/// that the signature and `Content-MD5` promise.
pub(super) async fn json_body<T: DeserializeOwned>(call: &mut Call) -> Result<T, TosError> {
    let body = whole_body(call).await?;
    let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
    json::read(text).map_err(|error| TosError::malformed_body(error.to_string()))
}

/// Reads a body whole and checks its digests.
async fn whole_body(call: &mut Call) -> Result<Bytes, TosError> {
    let too_large = || {
        TosError::from(Error::new(
            ErrorKind::TooLarge,
            "the body is larger than 2 MiB",
        ))
    };
    if call.body.len.is_some_and(|len| len > JSON_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let body = take_body(call);
    let bytes = collect(body.stream, JSON_BYTES_MAX)
        .await
        .map_err(|error| match error {
            None => too_large(),
            Some(error) => Error::from(error).into(),
        })?;
    if body.len.is_some_and(|len| len != bytes.len() as u64) {
        let message = "the body is shorter than its Content-Length; send it again";
        return Err(Error::new(ErrorKind::IncompleteBody, message).into());
    }
    if let Some(wanted) = content_md5(call)?
        && wanted != <[u8; 16]>::from(Md5::digest(&bytes))
    {
        return Err(TosError::bad_digest("Content-MD5 is not that of the body"));
    }
    if call
        .sha256
        .is_some_and(|wanted| wanted != <[u8; 32]>::from(Sha256::digest(&bytes)))
    {
        return Err(TosError::bad_digest(
            "x-tos-content-sha256 is not that of the body",
        ));
    }
    Ok(bytes)
}

/// Takes the body out of a call.
pub(super) fn take_body(call: &mut Call) -> Body {
    let none = Body {
        stream: Box::pin(futures_util::stream::empty()),
        len: Some(0),
    };
    std::mem::replace(&mut call.body, none)
}

/// The digests a body must have.
pub(super) fn digests(call: &Call) -> Result<ExpectedDigests, TosError> {
    Ok(ExpectedDigests {
        md5: content_md5(call)?,
        sha256: call.sha256,
        crc64: None,
    })
}

fn content_md5(call: &Call) -> Result<Option<[u8; 16]>, TosError> {
    call.header("content-md5")?.map(md5_of).transpose()
}

/// Reads an MD5 in Base64.
pub(super) fn md5_of(text: &str) -> Result<[u8; 16], TosError> {
    let bytes = STANDARD.decode(text.trim()).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| TosError::invalid_digest("Content-MD5 is the Base64 of 16 bytes"))
}

/// The object of the address, in the version of the query.
pub(super) fn target(call: &Call) -> Result<ObjectTarget, TosError> {
    Ok(ObjectTarget {
        bucket: call.bucket()?.clone(),
        key: call.key()?.clone(),
        version: version(call.query("versionId"))?,
    })
}

/// A version id as clients write it.
pub(super) fn version(text: Option<&str>) -> Result<VersionChoice, TosError> {
    match text {
        None => Ok(VersionChoice::Current),
        Some("null") => Ok(VersionChoice::Null),
        Some(text) => VersionId::parse(text)
            .map(VersionChoice::Id)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidVersion,
                    "this is not a version id of this server",
                )
                .into()
            }),
    }
}

/// The upload of the query. An id that cannot be one names no upload.
pub(super) fn upload(call: &Call) -> Result<UploadTarget, TosError> {
    let id = call
        .query("uploadId")
        .and_then(UploadId::parse)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::NoSuchUpload,
                "no such upload; it may be completed or aborted",
            )
        })?;
    Ok(UploadTarget {
        bucket: call.bucket()?.clone(),
        key: call.key()?.clone(),
        upload: id,
    })
}

/// The part number of the query.
pub(super) fn part_number(call: &Call) -> Result<u32, TosError> {
    call.query("partNumber")
        .and_then(|text| text.parse().ok())
        .filter(|number| (1..=PARTS_MAX).contains(number))
        .ok_or_else(TosError::invalid_part_number)
}

/// A key that stands in a body, a form or a header.
pub(super) fn key(text: &str) -> Result<ObjectKey, TosError> {
    if text.len() > KEY_BYTES_MAX {
        return Err(TosError::key_too_long());
    }
    ObjectKey::new(text).map_err(|invalid| TosError::invalid_key(invalid.0))
}

/// Conditions on what a write would replace: `x-tos-forbid-overwrite`, `x-tos-if-match`, and the
/// standard headers.
pub(super) fn write_conditions(given: &Given<'_>) -> Result<Conditions, TosError> {
    let forbid = given
        .get("x-tos-forbid-overwrite")
        .map_or(Ok(false), |text| {
            crate::tos::wire::words::boolean("x-tos-forbid-overwrite", text)
        })?;
    conditions(conditions::Headers {
        if_match: given
            .get("x-tos-if-match")
            .or_else(|| given.get("if-match")),
        if_none_match: if forbid {
            Some("*")
        } else {
            given.get("if-none-match")
        },
        ..conditions::Headers::default()
    })
}

/// Conditions as their four headers say.
pub(super) fn conditions(headers: conditions::Headers<'_>) -> Result<Conditions, TosError> {
    conditions::parse(headers).map_err(|bad| TosError::invalid_argument(bad.0))
}
