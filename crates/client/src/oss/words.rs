//! What OSS says in its own way (OSS sheet sections 2 to 5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_sign::oss::{Resource, Signer, Version};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::objects::{Part, Words};
use crate::service::{ServerError, Vendor, Who, Wire};
use crate::web::ValueError;

/// The vendor.
#[derive(Debug)]
pub(crate) enum Oss {}

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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Begun {
    upload_id: String,
}

#[derive(Deserialize)]
struct Completed {
    #[serde(rename = "ETag")]
    etag: String,
}

#[derive(Serialize)]
#[serde(rename = "CompleteMultipartUpload")]
struct Complete<'a> {
    #[serde(rename = "Part")]
    parts: Vec<PartOf<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PartOf<'a> {
    part_number: u16,
    #[serde(rename = "ETag")]
    etag: &'a str,
}

impl Vendor for Oss {
    const SCHEME: &'static str = "http";
    const PREFIX: &'static str = "x-oss-";

    fn authorize(who: &Who, wire: Wire<'_>, headers: &mut HeaderMap) -> Result<String, ValueError> {
        let signer = Signer {
            version: Version::V4,
            credentials: who.credentials(),
            region: &who.region,
            time: wire.time,
        };
        let resource = Resource {
            bucket: wire.ask.bucket,
            key: wire.ask.key.as_bytes(),
        };
        signer
            .sign_headers(&wire.ask.method, &resource, wire.query, headers, &[])
            .map_err(|error| ValueError::new(error.to_string()))
    }

    /// An answer to a HEAD has its error in a header.
    fn refusal(headers: &HeaderMap, body: &[u8]) -> ServerError {
        let named = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let of_head = named("x-oss-err").and_then(|text| STANDARD.decode(text).ok());
        let told: Refusal = read(body).or_else(|| read(&of_head?)).unwrap_or_default();
        ServerError {
            request_id: match told.request_id.as_str() {
                "" => named("x-oss-request-id").unwrap_or_default().to_owned(),
                _ => told.request_id,
            },
            code: told.code,
            message: told.message,
            ec: told.ec,
            ..ServerError::default()
        }
    }
}

impl Words for Oss {
    fn escaped(text: &str) -> String {
        text.to_owned()
    }

    fn unescaped(text: &str) -> String {
        text.to_owned()
    }

    fn upload_id(body: &[u8]) -> Option<String> {
        read(body).map(|begun: Begun| begun.upload_id)
    }

    fn parts(parts: &[Part]) -> Bytes {
        let part = |part: &'_ Part| (part.part_number, format!("\"{}\"", part.etag));
        let quoted: Vec<(u16, String)> = parts.iter().map(part).collect();
        let parts = quoted.iter().map(|(part_number, etag)| PartOf {
            part_number: *part_number,
            etag,
        });
        let body = Complete {
            parts: parts.collect(),
        };
        let text = quick_xml::se::to_string(&body);
        text.expect("numbers and texts are always XML").into()
    }

    fn completed_etag(body: &[u8]) -> Option<String> {
        read(body).map(|completed: Completed| completed.etag)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    quick_xml::de::from_str(std::str::from_utf8(body).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const BODY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>gone</Message>\
        <RequestId>R2</RequestId><HostId>h</HostId><EC>0026-00000001</EC></Error>";

    #[test]
    fn errors_are_read_from_body_or_head() {
        let told = |error: ServerError| [error.code, error.message, error.request_id, error.ec];
        let wanted = ["NoSuchKey", "gone", "R2", "0026-00000001"].map(str::to_owned);
        let mut headers = HeaderMap::new();
        assert_eq!(told(Oss::refusal(&headers, BODY.as_bytes())), wanted);
        let encoded = HeaderValue::from_str(&STANDARD.encode(BODY)).expect("a value");
        headers.insert("x-oss-err", encoded);
        headers.insert("x-oss-request-id", HeaderValue::from_static("R1"));
        assert_eq!(told(Oss::refusal(&headers, b"")), wanted);
        headers.remove("x-oss-err");
        assert_eq!(Oss::refusal(&headers, b"no XML").request_id, "R1");
    }

    #[test]
    fn bodies_of_uploads_in_parts() {
        let begun = b"<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>U</UploadId></InitiateMultipartUploadResult>";
        assert_eq!(Oss::upload_id(begun).as_deref(), Some("U"));
        assert_eq!(Oss::upload_id(b"{}"), None);
        let part = Part {
            part_number: 1,
            etag: "A<".into(),
        };
        let wanted = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"A&lt;\"</ETag></Part></CompleteMultipartUpload>";
        assert_eq!(Oss::parts(&[part]), wanted);
    }
}
