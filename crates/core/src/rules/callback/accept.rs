//! Which answers of an application are success.

use crate::limits::CALLBACK_ANSWER_BYTES_MAX;
use crate::model::Accept;
use crate::ports::Fault;

/// Judges the head of an answer; `length` is what its `Content-Length` says, `None` without a valid one.
pub fn accept_head(accept: Accept, status: u16, length: Option<u64>) -> Result<(), Fault> {
    let success = match accept {
        Accept::Any2xx => (200..300).contains(&status),
        Accept::Document => status == 200,
    };
    if !success {
        return Err(Fault::Status);
    }
    match length {
        Some(length) if length > CALLBACK_ANSWER_BYTES_MAX as u64 => Err(Fault::TooLong),
        None if accept == Accept::Document => Err(Fault::NoLength),
        Some(_) | None => Ok(()),
    }
}

/// Judges the body of an answer whose head passed.
pub fn accept_body(accept: Accept, content_type: Option<&str>, body: &[u8]) -> Result<(), Fault> {
    let fits = match accept {
        Accept::Any2xx => true,
        Accept::Document if is_xml(content_type) => body.trim_ascii_start().starts_with(b"<"),
        Accept::Document => serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok(),
    };
    if fits { Ok(()) } else { Err(Fault::Form) }
}

fn is_xml(content_type: Option<&str>) -> bool {
    let kind = content_type.unwrap_or_default().split(';').next();
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/xml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_judged() {
        use Accept::{Any2xx, Document};
        let most = CALLBACK_ANSWER_BYTES_MAX as u64;
        for (accept, status, length, judged) in [
            (Any2xx, 200, None, Ok(())),
            (Any2xx, 204, Some(0), Ok(())),
            (Any2xx, 299, Some(most), Ok(())),
            (Any2xx, 200, Some(most + 1), Err(Fault::TooLong)),
            (Any2xx, 199, Some(0), Err(Fault::Status)),
            (Any2xx, 301, Some(0), Err(Fault::Status)),
            (Document, 200, Some(most), Ok(())),
            (Document, 200, Some(most + 1), Err(Fault::TooLong)),
            (Document, 200, None, Err(Fault::NoLength)),
            (Document, 201, Some(2), Err(Fault::Status)),
            (Document, 204, None, Err(Fault::Status)),
            (Document, 301, Some(0), Err(Fault::Status)),
            (Document, 500, None, Err(Fault::Status)),
        ] {
            let case = format!("{accept:?} {status} {length:?}");
            assert_eq!(accept_head(accept, status, length), judged, "{case}");
        }
    }

    #[test]
    fn bodies_are_judged() {
        for (kind, body, fits) in [
            (Some("application/json"), "{\"a\":\"b\"}", true),
            (Some("text/html"), " [1, 2]\n", true),
            (None, "\"OK\"", true),
            (None, "", false),
            (None, "OK", false),
            (None, "{\"a\":1} x", false),
            (None, "\u{feff}{}", false),
            (None, "<a/>", false),
            (Some("application/xml"), "<a/>", true),
            (Some("Application/XML; charset=utf-8"), "\n<a/>", true),
            (Some("application/xml"), "{}", false),
            (Some("text/xml"), "<a/>", false),
        ] {
            let judged = accept_body(Accept::Document, kind, body.as_bytes());
            assert_eq!(judged.is_ok(), fits, "{kind:?} {body:?}");
            assert_eq!(accept_body(Accept::Any2xx, kind, body.as_bytes()), Ok(()));
        }
    }
}
