//! What an application answers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response};
use serde::Serialize;

use crate::web::ValueError;

/// Longest answer that the services hand on.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// An answer that accepts a callback of either vendor: 200, a length and JSON (OSS sheet section 4.7). The uploader
/// gets it as the `callback_result`. Fails when it is longer than 1 MiB.
pub fn accepted(answer: &impl Serialize) -> Result<Response<Bytes>, ValueError> {
    let body = serde_json::to_vec(answer).map_err(|error| ValueError::new(error.to_string()))?;
    if body.len() > ANSWER_BYTES_MAX {
        return Err(ValueError::new("an answer to a callback has at most 1 MiB"));
    }
    let length = body.len();
    let mut response = Response::new(Bytes::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, length.into());
    Ok(response)
}
