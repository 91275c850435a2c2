//! Copies within the server (sheet section 4, `CopyObject` and `UploadPartCopy`).

use cohong_core::engine::{CopyObject, CopyPart, CopySource, Engine, ObjectTarget};
use cohong_core::model::{BucketName, Etag};
use http::HeaderMap;

use super::Answer;
use super::answer::json;
use super::attributes::{Given, acl, refuse_unkept, stored_headers, user_meta};
use super::input::{conditions, key, part_number, upload, version, write_conditions};
use crate::common::{conditions as condition, date, range};
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::wire::header::{CRC64, SOURCE_VERSION_ID, put, put_version, quoted, version_text};
use crate::tos::wire::object::{Copied, tag_header};
use crate::tos::wire::words;

/// `CopyObject`.
pub(super) async fn object(call: Call, engine: &Engine) -> Answer {
    let given = Given::headers(&call.headers)?;
    refuse_unkept(&given)?;
    let replaces = |name| directive(&given, name);
    let tags = given
        .get("x-tos-tagging")
        .map(tag_header)
        .transpose()?
        .unwrap_or_default();
    let request = CopyObject {
        source: source(&given)?,
        bucket: call.bucket()?.clone(),
        key: call.key()?.clone(),
        replace: replaces("x-tos-metadata-directive")?
            .then(|| (stored_headers(&given), user_meta(&given))),
        tags: replaces("x-tos-tagging-directive")?.then_some(tags),
        class: given
            .get("x-tos-storage-class")
            .map(words::class)
            .transpose()?,
        acl: acl(&given)?.own(),
        conditions: write_conditions(&given)?,
    };
    let receipt = engine.copy_object(&call.cx, request).await?;
    let mut headers = HeaderMap::new();
    put_version(&mut headers, receipt.stored.version);
    put(&mut headers, CRC64, &receipt.stored.crc64.to_string());
    if let Some(version) = version_text(receipt.source_version) {
        put(&mut headers, SOURCE_VERSION_ID, &version);
    }
    let body = Copied {
        etag: quoted(&receipt.stored.etag),
        last_modified: date::iso(receipt.stored.written_at),
    };
    Ok(json(headers, &body))
}

/// `UploadPartCopy`.
pub(super) async fn part(call: Call, engine: &Engine) -> Answer {
    let given = Given::headers(&call.headers)?;
    refuse_unkept(&given)?;
    let range = given.get("x-tos-copy-source-range").map(|text| {
        range::parse_strict(text).ok_or_else(|| {
            TosError::invalid_argument("x-tos-copy-source-range is bytes=first-last")
        })
    });
    let request = CopyPart {
        target: upload(&call)?,
        number: part_number(&call)?,
        source: source(&given)?,
        range: range.transpose()?,
    };
    let receipt = engine.copy_part(&call.cx, request).await?;
    let mut headers = HeaderMap::new();
    put(&mut headers, CRC64, &receipt.checksums.crc64.to_string());
    if let Some(version) = receipt.source_version.and_then(version_text) {
        put(&mut headers, SOURCE_VERSION_ID, &version);
    }
    let body = Copied {
        etag: quoted(&Etag::Md5(receipt.md5)),
        last_modified: date::iso(receipt.written_at),
    };
    Ok(json(headers, &body))
}

/// Whether a directive says REPLACE; COPY is the default. The SDK writes that of metadata in capitals
/// and that of tags as `Copy` and `Replace`.
fn directive(given: &Given<'_>, name: &'static str) -> Result<bool, TosError> {
    let word = given.get(name).unwrap_or_default();
    if word.eq_ignore_ascii_case("REPLACE") {
        return Ok(true);
    }
    if word.is_empty() || word.eq_ignore_ascii_case("COPY") {
        return Ok(false);
    }
    Err(TosError::invalid_argument(format!(
        "{name} is COPY or REPLACE"
    )))
}

fn source(given: &Given<'_>) -> Result<CopySource, TosError> {
    let text = given.get("x-tos-copy-source").unwrap_or_default();
    Ok(CopySource {
        object: source_object(text)?,
        conditions: conditions(condition::Headers {
            if_match: given.get("x-tos-copy-source-if-match"),
            if_none_match: given.get("x-tos-copy-source-if-none-match"),
            if_modified_since: given.get("x-tos-copy-source-if-modified-since"),
            if_unmodified_since: given.get("x-tos-copy-source-if-unmodified-since"),
        })?,
    })
}

/// Reads `bucket/key[?versionId=v]`, percent-encoded once, with or without a slash in front.
fn source_object(text: &str) -> Result<ObjectTarget, TosError> {
    let bad = || {
        TosError::invalid_argument(
            "x-tos-copy-source is bucket/key, percent-encoded, with ?versionId=... for a version",
        )
    };
    let (path, query) = text
        .split_once('?')
        .map_or((text, None), |(path, query)| (path, Some(query)));
    let wanted = query
        .map(|query| query.strip_prefix("versionId=").ok_or_else(bad))
        .transpose()?;
    let path = cohong_sign::decode(path).map_err(|_| bad())?;
    let path = String::from_utf8(path).map_err(|_| bad())?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, name) = path.split_once('/').ok_or_else(bad)?;
    Ok(ObjectTarget {
        bucket: BucketName::new(bucket)
            .map_err(|invalid| TosError::invalid_bucket_name(&invalid))?,
        key: key(name)?,
        version: version(wanted)?,
    })
}

#[cfg(test)]
mod tests {
    use cohong_core::engine::VersionChoice;
    use cohong_core::model::VersionId;

    use super::*;

    #[test]
    fn sources_are_read() {
        let cases = [
            ("src-bucket/a%20b", "a b", VersionChoice::Current),
            ("/src-bucket/a+b", "a+b", VersionChoice::Current),
            ("src-bucket%2Fa%3Fb", "a?b", VersionChoice::Current),
            ("src-bucket//a", "/a", VersionChoice::Current),
            ("src-bucket/../x", "../x", VersionChoice::Current),
            ("src-bucket/a%2520", "a%20", VersionChoice::Current),
            ("src-bucket/a?versionId=null", "a", VersionChoice::Null),
            (
                "src-bucket/a?versionId=000000000000000a",
                "a",
                VersionChoice::Id(VersionId(10)),
            ),
        ];
        for (text, key, version) in cases {
            let read = source_object(text).expect(text);
            assert_eq!(
                (read.bucket.as_str(), read.key.as_str()),
                ("src-bucket", key),
                "{text}"
            );
            assert_eq!(read.version, version, "{text}");
        }
    }

    #[test]
    fn bad_sources_are_refused() {
        let long = format!("src-bucket/{}", "k".repeat(697));
        let cases = [
            ("", "InvalidArgument"),
            ("src-bucket", "InvalidArgument"),
            ("src-bucket/a%zz", "InvalidArgument"),
            ("src-bucket/%ff", "InvalidArgument"),
            ("src-bucket/a?acl", "InvalidArgument"),
            ("src-bucket/", "InvalidObjectName"),
            ("src-bucket/a%00", "InvalidObjectName"),
            ("Src/a", "InvalidBucketName"),
            ("src-bucket/a?versionId=", "InvalidVersionId"),
            (long.as_str(), "KeyTooLong"),
        ];
        for (text, code) in cases {
            assert_eq!(source_object(text).expect_err(text).code, code, "{text}");
        }
    }
}
