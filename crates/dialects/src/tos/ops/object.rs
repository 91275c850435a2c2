//! Objects: store and read (sheet section 4).

use cohong_core::Error;
use cohong_core::engine::{Engine, GetObject, ObjectInfo, PutObject, RangeSpec};
use cohong_core::model::{EventKind, UserMeta};
use cohong_core::ports::ByteStream;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::attributes::{Given, attributes, refuse_unkept};
use super::input::{conditions, digests, take_body, target, write_conditions};
use super::{Answer, answer, callback};
use crate::common::{conditions as condition, date, range};
use crate::gate::body::{collect, outbound};
use crate::gate::{OutBody, full};
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::limits::ONE_PIECE_BYTES_MAX;
use crate::tos::wire::header::{
    CRC64, META_PREFIX, STORAGE_CLASS, put, put_version, quoted, uploaded,
};
use crate::tos::wire::words::class_word;

/// Type of objects stored without one.
const DEFAULT_TYPE: &str = "binary/octet-stream";

/// `PutObject`.
pub(super) async fn put_object(mut call: Call, engine: &Engine) -> Answer {
    let given = Given::headers(&call.headers)?;
    let request = PutObject {
        bucket: call.bucket()?.clone(),
        key: call.key()?.clone(),
        attributes: attributes(&given)?,
        conditions: write_conditions(&given)?,
        digests: digests(&call)?,
        size: None,
        callback: callback::of_call(&call)?,
        kind: EventKind::CreatedPut,
    };
    let body = take_body(&mut call);
    let receipt = engine.put_object(&call.cx, request, body).await?;
    let headers = uploaded(&receipt.stored);
    match receipt.callback {
        Some(outcome) => callback::answer(outcome, headers),
        None => Ok(answer::empty(StatusCode::OK, headers)),
    }
}

/// `GetObject`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let given = Given::headers(&call.headers)?;
    let request = read_request(&call, &given)?;
    let overrides = overrides(&call)?;
    let reader = engine.get_object(&call.cx, request).await?;
    let mut headers = described(&reader.info);
    headers.extend(overrides);
    let size = reader.info.record.size;
    let (status, len) = match &reader.range {
        None => (StatusCode::OK, size),
        Some(range) => {
            let last = range.end.saturating_sub(1);
            put(
                &mut headers,
                CONTENT_RANGE,
                &format!("bytes {}-{last}/{size}", range.start),
            );
            (
                StatusCode::PARTIAL_CONTENT,
                range.end.saturating_sub(range.start),
            )
        }
    };
    put(&mut headers, CONTENT_LENGTH, &len.to_string());
    let body = body(reader.body, len).await?;
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// A small body leaves in one piece, so that head and body are one write.
async fn body(stream: ByteStream, len: u64) -> Result<OutBody, TosError> {
    if len > ONE_PIECE_BYTES_MAX {
        return Ok(outbound(stream));
    }
    let limit = usize::try_from(len).unwrap_or(usize::MAX);
    let bytes = collect(stream, limit).await.map_err(|error| match error {
        Some(error) => TosError::from(Error::from(error)),
        None => TosError::from(Error::new(
            cohong_core::ErrorKind::Internal,
            "the stored object is longer than its record says",
        )),
    })?;
    Ok(full(StatusCode::OK, bytes).into_body())
}

/// `HeadObject`.
pub(super) async fn head(call: Call, engine: &Engine) -> Answer {
    let given = Given::headers(&call.headers)?;
    let request = GetObject {
        range: None,
        ..read_request(&call, &given)?
    };
    let info = engine.head_object(&call.cx, request).await?;
    let mut headers = described(&info);
    put(&mut headers, CONTENT_LENGTH, &info.record.size.to_string());
    Ok(answer::empty(StatusCode::OK, headers))
}

fn read_request(call: &Call, given: &Given<'_>) -> Result<GetObject, TosError> {
    refuse_unkept(given)?;
    let range: Option<RangeSpec> = given.get("range").and_then(range::parse);
    Ok(GetObject {
        target: target(call)?,
        range,
        conditions: conditions(condition::Headers {
            if_match: given.get("if-match"),
            if_none_match: given.get("if-none-match"),
            if_modified_since: given.get("if-modified-since"),
            if_unmodified_since: given.get("if-unmodified-since"),
        })?,
    })
}

/// The headers that tell an object. The type is the stored one, and as with the vendor there is no
/// `nosniff`: pages may load scripts that were stored without a type. Nothing of the operator's is
/// served from this origin.
fn described(info: &ObjectInfo) -> HeaderMap {
    let record = &info.record;
    let mut headers = HeaderMap::new();
    put(&mut headers, ETAG, &quoted(&record.etag));
    put(&mut headers, LAST_MODIFIED, &date::http(info.written_at));
    put(&mut headers, CRC64, &record.checksums.crc64.to_string());
    put(&mut headers, STORAGE_CLASS, class_word(record.class));
    put_version(&mut headers, info.version);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if !record.tags.is_empty() {
        let count = record.tags.len().to_string();
        put(
            &mut headers,
            HeaderName::from_static("x-tos-tagging-count"),
            &count,
        );
    }
    let stored = &record.headers;
    let given = [
        (
            CONTENT_TYPE,
            stored.content_type.as_deref().or(Some(DEFAULT_TYPE)),
        ),
        (CACHE_CONTROL, stored.cache_control.as_deref()),
        (CONTENT_DISPOSITION, stored.content_disposition.as_deref()),
        (CONTENT_ENCODING, stored.content_encoding.as_deref()),
        (CONTENT_LANGUAGE, stored.content_language.as_deref()),
        (EXPIRES, stored.expires.as_deref()),
        (
            HeaderName::from_static("x-tos-website-redirect-location"),
            stored.website_redirect.as_deref(),
        ),
    ];
    for (name, value) in given {
        give_back(&mut headers, name, value);
    }
    metadata(&mut headers, &record.user_meta);
    headers
}

/// User metadata as it came.
fn metadata(headers: &mut HeaderMap, meta: &UserMeta) {
    for (name, value) in meta {
        if let Ok(name) = HeaderName::try_from(format!("{META_PREFIX}{name}")) {
            give_back(headers, name, Some(value));
        }
    }
}

/// Adds a header that was stored. Through another dialect something may have been stored that no header
/// can hold; that is left out.
fn give_back(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
        headers.insert(name, value);
    }
}

/// Headers of the answer that the query replaces. Not for anonymous readers: a link to somebody else's
/// object must not change how browsers treat it.
fn overrides(call: &Call) -> Result<HeaderMap, TosError> {
    let known = [
        ("response-cache-control", CACHE_CONTROL),
        ("response-content-disposition", CONTENT_DISPOSITION),
        ("response-content-encoding", CONTENT_ENCODING),
        ("response-content-language", CONTENT_LANGUAGE),
        ("response-content-type", CONTENT_TYPE),
        ("response-expires", EXPIRES),
    ];
    let mut headers = HeaderMap::new();
    for (parameter, header) in known {
        let Some(value) = call.query(parameter).filter(|value| !value.is_empty()) else {
            continue;
        };
        if call.cx.principal.account().is_none() {
            return Err(TosError::invalid_argument(format!(
                "{parameter} needs a signed request"
            )));
        }
        let value = if header == CONTENT_DISPOSITION {
            twice_decoded(value)
        } else {
            value.to_owned()
        };
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            TosError::invalid_argument(format!("{parameter} holds what no header can hold"))
        })?;
        headers.insert(header, value);
    }
    Ok(headers)
}

/// The SDK escapes a disposition before it escapes the query (sheet section 4, `GetObject`): a value in
/// which nothing is left that would need escaping was escaped twice. What is not ASCII stays escaped:
/// the SDK reads headers as Latin-1 before it decodes them, and browsers decode names too.
fn twice_decoded(value: &str) -> String {
    let escaped = |b: u8| b.is_ascii_alphanumeric() || b"-_.~%/".contains(&b);
    let twice = value.contains('%') && value.bytes().all(escaped);
    let decoded = twice.then(|| cohong_sign::decode(value).ok()).flatten();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = text else {
        return value.to_owned();
    };
    let escape = |c: char| {
        if c.is_ascii() {
            c.to_string()
        } else {
            cohong_sign::encode(c.encode_utf8(&mut [0; 4]).as_bytes())
        }
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disposition_is_decoded_as_often_as_it_was_encoded() {
        let cases = [
            (
                "attachment%3B%20filename%3D%E4%B8%AD.txt",
                "attachment; filename=%E4%B8%AD.txt",
            ),
            (
                "attachment; filename*=UTF-8''%E4%B8%AD",
                "attachment; filename*=UTF-8''%E4%B8%AD",
            ),
            ("inline", "inline"),
            ("100%", "100%"),
            ("%ff", "%ff"),
        ];
        for (value, wanted) in cases {
            assert_eq!(twice_decoded(value), wanted, "{value}");
        }
    }
}
