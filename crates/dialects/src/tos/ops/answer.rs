//! Answers.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::gate::{OutBody, full};

/// An answer without body.
pub(super) fn empty(status: StatusCode, headers: HeaderMap) -> Response<OutBody> {
    bytes(status, headers, Vec::new())
}

/// An answer with a JSON body.
pub(super) fn json(mut headers: HeaderMap, body: &impl Serialize) -> Response<OutBody> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = serde_json::to_vec(body).expect("bodies are strings, numbers and lists of them");
    bytes(StatusCode::OK, headers, body)
}

/// An answer with a body in memory.
pub(super) fn bytes(
    status: StatusCode,
    headers: HeaderMap,
    body: impl Into<bytes::Bytes>,
) -> Response<OutBody> {
    let mut response = full(status, body);
    *response.headers_mut() = headers;
    response
}
