//! What a refusal of a store means.

use cohong_core::model::Timestamp;
use cohong_core::ports::SourceFault;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;

use super::speech::Speech;
use crate::client::{Answer, Failure};
use crate::limits::{SOURCE_ERROR_BYTES_MAX, SOURCE_SKEW_MAX};
use crate::retry_after;

/// Longest error code that is repeated.
const CODE_BYTES_MAX: usize = 64;

/// Codes that are about the key, whatever their status.
const KEY_CODES: [&str; 6] = [
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "InvalidToken",
    "SecurityTokenExpired",
    "SignatureDoesNotMatch",
];

/// The code in an error body of any vendor.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    code: String,
}

/// From an answer that is not a success. Its body is read for the vendor's code.
pub(super) async fn of_answer(speech: Speech, answer: Answer, now: Timestamp) -> SourceFault {
    let (status, headers) = (answer.status(), answer.headers().clone());
    // Without a code the status has to do.
    let body = answer
        .body(SOURCE_ERROR_BYTES_MAX)
        .await
        .unwrap_or_default();
    let code = std::str::from_utf8(&body)
        .ok()
        .and_then(|text| code(speech, text));
    of(status, &headers, code.as_deref(), now)
}

fn code(speech: Speech, text: &str) -> Option<String> {
    let body: Option<Body> = match speech {
        Speech::S3 | Speech::Oss | Speech::Azure => quick_xml::de::from_str(text).ok(),
        Speech::Tos => serde_json::from_str(text).ok(),
        Speech::Http => None,
    };
    let plain = |code: &String| {
        code.len() <= CODE_BYTES_MAX && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    };
    body.map(|body| body.code).filter(plain)
}

fn of(status: StatusCode, headers: &HeaderMap, code: Option<&str>, now: Timestamp) -> SourceFault {
    let broken = |why: &str| {
        let code = code.map(|code| format!(" {code}")).unwrap_or_default();
        SourceFault::Broken(format!("status {}{code}{why}", status.as_u16()).into())
    };
    match status.as_u16() {
        _ if matches!(code, Some("InvalidObjectState" | "BlobArchived")) => SourceFault::Archived,
        _ if code == Some("RequestTimeTooSkewed") => broken(SKEWED),
        404 => SourceFault::Missing,
        401 | 403 if is_skewed(headers, now) => broken(SKEWED),
        401 | 403 => SourceFault::Denied,
        400 if code.is_some_and(|code| KEY_CODES.contains(&code)) => SourceFault::Denied,
        412 | 416 => SourceFault::Changed,
        429 | 503 => SourceFault::Busy(retry_after(headers, now)),
        300..400 => {
            broken("; the bucket is at another endpoint, which has to be registered as a source")
        }
        _ => broken(""),
    }
}

const SKEWED: &str =
    "; the clocks of this server and of the source differ, set this server's right";

/// Whether the clocks differ so much that this alone makes a store refuse. Answers to `HEAD` have no
/// body that says so.
fn is_skewed(headers: &HeaderMap, now: Timestamp) -> bool {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let theirs = date.and_then(instant);
    theirs.is_some_and(|theirs| theirs.since(now).max(now.since(theirs)) > SOURCE_SKEW_MAX)
}

/// An instant of HTTP.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    static DATES: DateTimeParser = DateTimeParser::new();
    let at = DATES.parse_timestamp(text).ok()?.as_millisecond();
    u64::try_from(at).ok().map(Timestamp::from_millis)
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<std::time::Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after::parse(text, now)
}

/// From a call without an answer. The texts of failures hold no query and no secrets.
pub(super) fn of_failure(failure: Failure) -> SourceFault {
    SourceFault::Broken(failure.why.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use SourceFault as F;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

    fn with(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, text)| {
            let name = http::HeaderName::from_static(name);
            (name, http::HeaderValue::from_static(text))
        });
        pairs.collect()
    }

    #[test]
    fn every_refusal_has_its_meaning() {
        let far = [("date", "Sun, 06 Nov 1994 09:04:38 GMT")];
        let near = [("date", "Sun, 06 Nov 1994 09:04:37 GMT")];
        let again = [("retry-after", "7")];
        let broken = |text: &str| F::Broken(text.into());
        let skewed = |text: &str| F::Broken(format!("{text}{SKEWED}").into());
        let cases: [(u16, &[_], Option<&str>, SourceFault); 22] = [
            (404, &[], Some("NoSuchKey"), F::Missing),
            (404, &[], Some("NoSuchBucket"), F::Missing),
            (404, &[], None, F::Missing),
            (401, &[], None, F::Denied),
            (403, &[], None, F::Denied),
            (403, &near, None, F::Denied),
            (403, &[], Some("AccessDenied"), F::Denied),
            (400, &[], Some("ExpiredToken"), F::Denied),
            (403, &[], Some("InvalidObjectState"), F::Archived),
            (409, &[], Some("BlobArchived"), F::Archived),
            (412, &[], Some("PreconditionFailed"), F::Changed),
            (416, &[], Some("InvalidRange"), F::Changed),
            (429, &[], None, F::Busy(None)),
            (
                503,
                &again,
                Some("SlowDown"),
                F::Busy(Some(Duration::from_secs(7))),
            ),
            (503, &[], None, F::Busy(None)),
            (403, &far, None, skewed("status 403")),
            (
                403,
                &[],
                Some("RequestTimeTooSkewed"),
                skewed("status 403 RequestTimeTooSkewed"),
            ),
            (
                500,
                &[],
                Some("InternalError"),
                broken("status 500 InternalError"),
            ),
            (502, &[], None, broken("status 502")),
            (400, &[], None, broken("status 400")),
            (
                400,
                &[],
                Some("AuthorizationHeaderMalformed"),
                broken("status 400 AuthorizationHeaderMalformed"),
            ),
            (
                301,
                &[],
                Some("PermanentRedirect"),
                broken(
                    "status 301 PermanentRedirect; the bucket is at another endpoint, which has to be \
                     registered as a source",
                ),
            ),
        ];
        for (status, headers, code, meant) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            let fault = of(status, &with(headers), code, NOW);
            assert_eq!(fault, meant, "{status} {code:?} {headers:?}");
        }
    }

    #[test]
    fn codes_are_read_in_the_words_of_every_vendor_and_nothing_else_is() {
        let xml = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Key>&lt;k</Key><A>b</A></Error>";
        let json = r#"{"Code":"NoSuchKey","RequestId":"r","Message":"m"}"#;
        let evil = "<Error><Code>AK secret</Code></Error>";
        let cases = [
            (Speech::S3, xml, Some("NoSuchKey")),
            (Speech::Oss, xml, Some("NoSuchKey")),
            (Speech::Azure, xml, Some("NoSuchKey")),
            (Speech::Tos, json, Some("NoSuchKey")),
            (Speech::Tos, xml, None),
            (Speech::S3, json, None),
            (Speech::S3, evil, None),
            (Speech::S3, "", None),
            (Speech::S3, "<html>no</html>", None),
            (Speech::Http, xml, None),
        ];
        for (speech, text, meant) in cases {
            assert_eq!(code(speech, text).as_deref(), meant, "{speech:?} {text}");
        }
    }
}
