//! What requests say, read: bodies, digests, versions, uploads, conditions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::engine::{
    Conditions, ExpectedDigests, FurtherDigest, ObjectTarget, UploadTarget, VersionChoice,
};
use cohong_core::limits::PARTS_MAX;
use cohong_core::model::{ChecksumValue, UploadId, VersionId, VersionTag};
use cohong_core::{BodyDigest, Error, ErrorKind};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::attributes::boolean;
use super::conditions;
use super::vocabulary::Vocabulary;
use crate::gate::body::collect;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// Reads a body of at most `limit` bytes whole. Its digests must be those that the signature and
/// `Content-MD5` promise.
pub(crate) async fn whole_body(call: &mut Call, limit: usize) -> Result<Bytes, Fault> {
    let too_large = || {
        let message = format!("the body is larger than {limit} bytes");
        Fault::from(Error::new(ErrorKind::TooLarge, message))
    };
    let wanted = digests(call)?;
    let body = call.take_body();
    if body.len.is_some_and(|len| len > limit as u64) {
        return Err(too_large());
    }
    let bytes = collect(body.stream, limit)
        .await
        .map_err(|error| match error {
            None => too_large(),
            Some(error) => Error::from(error).into(),
        })?;
    if body.len.is_some_and(|len| len != bytes.len() as u64) {
        let message = "the body is shorter than its Content-Length; send it again";
        return Err(Error::new(ErrorKind::IncompleteBody, message).into());
    }
    let other = |digest, what: &str| {
        let message = format!("{what} is not that of the body");
        Err(Error::new(ErrorKind::BadDigest, message)
            .at_digest(digest)
            .into())
    };
    if wanted
        .md5
        .is_some_and(|md5| md5 != <[u8; 16]>::from(Md5::digest(&bytes)))
    {
        return other(BodyDigest::Md5, "Content-MD5");
    }
    if wanted
        .sha256
        .is_some_and(|sum| sum != <[u8; 32]>::from(Sha256::digest(&bytes)))
    {
        return other(BodyDigest::Sha256, "the SHA-256 that was signed");
    }
    if let Some(FurtherDigest::Sent(sent)) = wanted.further
        && sent != ChecksumValue::of(sent.algorithm(), &bytes)
    {
        return other(BodyDigest::Further, "the checksum");
    }
    Ok(bytes)
}

/// The digests a body must have.
pub(crate) fn digests(call: &Call) -> Result<ExpectedDigests, Fault> {
    Ok(ExpectedDigests {
        md5: call.header("content-md5")?.map(md5_of).transpose()?,
        sha256: call.sha256,
        crc64: None,
        further: call.further.clone(),
    })
}

/// Reads an MD5 in Base64.
pub(crate) fn md5_of(text: &str) -> Result<[u8; 16], Fault> {
    let bytes = STANDARD.decode(text.trim()).ok();
    let sum = bytes.and_then(|bytes| bytes.try_into().ok());
    sum.ok_or_else(|| {
        let message = "Content-MD5 is the Base64 of 16 bytes";
        Error::new(ErrorKind::InvalidDigest, message).into()
    })
}

/// The object of the address, in the version of the query.
pub(crate) fn target(call: &Call) -> Result<ObjectTarget, Fault> {
    Ok(ObjectTarget {
        bucket: call.bucket()?.clone(),
        key: call.key()?.clone(),
        version: version(call.query("versionId"))?,
    })
}

/// A version id as clients write it.
pub(crate) fn version(text: Option<&str>) -> Result<VersionChoice, Fault> {
    let Some(text) = text else {
        return Ok(VersionChoice::Current);
    };
    match version_tag(text) {
        Some(VersionTag::Id(id)) => Ok(VersionChoice::Id(id)),
        Some(_) => Ok(VersionChoice::Null),
        None => {
            let message = "this is not a version id of this server";
            Err(Error::new(ErrorKind::InvalidVersion, message).into())
        }
    }
}

/// A version id or `null`; `None` for anything that cannot be one.
pub(crate) fn version_tag(text: &str) -> Option<VersionTag> {
    if text == "null" {
        return Some(VersionTag::Null);
    }
    VersionId::parse(text).map(VersionTag::Id)
}

/// The upload of the query. An id that cannot be one names no upload.
pub(crate) fn upload(call: &Call) -> Result<UploadTarget, Fault> {
    let id = call.query("uploadId").and_then(UploadId::parse);
    let missing = "no such upload; it may be completed or aborted";
    Ok(UploadTarget {
        bucket: call.bucket()?.clone(),
        key: call.key()?.clone(),
        upload: id.ok_or_else(|| Error::new(ErrorKind::NoSuchUpload, missing))?,
    })
}

/// The part number of the query.
pub(crate) fn part_number(call: &Call) -> Result<u32, Fault> {
    let number = call.query("partNumber").and_then(|text| text.parse().ok());
    number
        .filter(|number| (1..=PARTS_MAX).contains(number))
        .ok_or_else(bad_part_number)
}

/// A part number that cannot be one.
pub(crate) fn bad_part_number() -> Fault {
    Error::new(ErrorKind::InvalidPartNumber, "a part number is 1 to 10,000").into()
}

impl Vocabulary {
    /// Conditions on what a copy would replace: those of a write, or `forbid-overwrite` alone.
    pub(crate) fn copy_conditions(&self, given: &Given<'_>) -> Result<Conditions, Fault> {
        let all = self.write_conditions(given)?;
        if self.copies.conditions {
            return Ok(all);
        }
        Ok(Conditions {
            if_match: None,
            if_none_match: all.if_none_match.filter(|_| all.no_overwrite),
            ..all
        })
    }

    /// Conditions on what a write would replace: `forbid-overwrite` and `if-match` of the vendor, and the
    /// standard headers.
    pub(crate) fn write_conditions(&self, given: &Given<'_>) -> Result<Conditions, Fault> {
        let forbid = given.own("forbid-overwrite");
        let forbid = forbid.map_or(Ok(false), |text| {
            boolean(&given.name("forbid-overwrite"), text)
        })?;
        let always = forbid && !self.versions_overwrite;
        let conditions = read(conditions::Headers {
            if_match: given.own("if-match").or_else(|| given.get("if-match")),
            if_none_match: if always {
                Some("*")
            } else {
                given.get("if-none-match")
            },
            ..conditions::Headers::default()
        })?;
        Ok(Conditions {
            no_overwrite: forbid,
            ..conditions
        })
    }
}

/// Conditions of a read.
pub(crate) fn read_conditions(given: &Given<'_>) -> Result<Conditions, Fault> {
    read(conditions::Headers {
        if_match: given.get("if-match"),
        if_none_match: given.get("if-none-match"),
        if_modified_since: given.get("if-modified-since"),
        if_unmodified_since: given.get("if-unmodified-since"),
    })
}

/// Conditions on the source of a copy.
pub(crate) fn source_conditions(given: &Given<'_>) -> Result<Conditions, Fault> {
    read(conditions::Headers {
        if_match: given.own("copy-source-if-match"),
        if_none_match: given.own("copy-source-if-none-match"),
        if_modified_since: given.own("copy-source-if-modified-since"),
        if_unmodified_since: given.own("copy-source-if-unmodified-since"),
    })
}

fn read(headers: conditions::Headers<'_>) -> Result<Conditions, Fault> {
    conditions::parse(headers).map_err(|bad| Fault::argument("If-Match", "", bad.0))
}
