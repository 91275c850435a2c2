//! What TOS says in its own way (TOS sheet sections 2 to 4).

use bytes::Bytes;
use cohong_sign::{Signer, TOS, encode};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::objects::{Part, Words};
use crate::service::{ServerError, Vendor, Who, Wire};
use crate::web::ValueError;

/// The vendor.
#[derive(Debug)]
pub(crate) enum Tos {}

/// Body of an error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Refusal {
    code: String,
    message: String,
    request_id: String,
    #[serde(rename = "EC")]
    ec: String,
}

impl Vendor for Tos {
    const SCHEME: &'static str = "https";
    const PREFIX: &'static str = "x-tos-";

    fn authorize(who: &Who, wire: Wire<'_>, headers: &mut HeaderMap) -> Result<String, ValueError> {
        let signer = Signer::new(&TOS, who.credentials(), &who.region, wire.time);
        signer
            .sign_headers(&wire.ask.method, wire.path, wire.query, headers)
            .map_err(|error| ValueError::new(error.to_string()))
    }

    /// An answer to a HEAD has its number in a header.
    fn refusal(headers: &HeaderMap, body: &[u8]) -> ServerError {
        let told: Refusal = serde_json::from_slice(body).unwrap_or_default();
        let or_header = |text: String, name: &str| {
            match text.as_str() {
                "" => headers.get(name).and_then(|value| value.to_str().ok()),
                _ => None,
            }
            .map_or(text, str::to_owned)
        };
        ServerError {
            code: told.code,
            message: told.message,
            request_id: or_header(told.request_id, "x-tos-request-id"),
            ec: or_header(told.ec, "x-tos-ec"),
            ..ServerError::default()
        }
    }
}

impl Words for Tos {
    fn escaped(text: &str) -> String {
        encode(text.as_bytes())
    }

    fn unescaped(text: &str) -> String {
        let bytes = cohong_sign::decode(text).ok();
        let decoded = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        decoded.unwrap_or_else(|| text.to_owned())
    }

    fn upload_id(body: &[u8]) -> Option<String> {
        member(body, "UploadId")
    }

    fn parts(parts: &[Part]) -> Bytes {
        let part = |part: &Part| json!({"PartNumber": part.part_number, "ETag": part.etag});
        let parts: Vec<Value> = parts.iter().map(part).collect();
        json!({ "Parts": parts }).to_string().into()
    }

    fn completed_etag(body: &[u8]) -> Option<String> {
        member(body, "ETag")
    }
}

fn member(body: &[u8], name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body[name].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn errors_are_read_from_body_or_head() {
        let mut headers = HeaderMap::new();
        headers.insert("x-tos-ec", HeaderValue::from_static("0017-00000003"));
        headers.insert("x-tos-request-id", HeaderValue::from_static("R1"));
        let of_head = Tos::refusal(&headers, b"");
        assert_eq!((&*of_head.ec, &*of_head.code), ("0017-00000003", ""));
        let body = br#"{"Code":"NoSuchKey","Message":"gone","RequestId":"R2","EC":"1"}"#;
        let told = Tos::refusal(&headers, body);
        let found = [told.code, told.message, told.request_id, told.ec];
        assert_eq!(found, ["NoSuchKey", "gone", "R2", "1"]);
        let foreign = Tos::refusal(&headers, b"<html>");
        assert_eq!((&*foreign.code, &*foreign.request_id), ("", "R1"));
    }
}
