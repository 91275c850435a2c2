//! What a service answered.

use bytes::Bytes;
use http::HeaderMap;

use super::{CallbackError, Error, Vendor};
use crate::web::limits::{ANSWER_BYTES_MAX, ERROR_BYTES_MAX};
use crate::web::{Body, ConnectionError};

/// Status of an upload that is stored and whose callback failed.
const CALLBACK_FAILED: u16 = 203;

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Answer {
    /// An answer, unless it is an error. A body of an error that does not come leaves what the status says.
    pub(super) async fn judged<V: Vendor>(
        response: reqwest::Response,
        url: String,
    ) -> Result<Self, Error> {
        let mut answer = Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: Body::of(response),
        };
        let fine = (200..300).contains(&answer.status) && answer.status != CALLBACK_FAILED;
        if fine {
            return Ok(answer);
        }
        let body = answer.body.rest(ERROR_BYTES_MAX).await.unwrap_or_default();
        let mut error = V::refusal(&answer.headers, &body);
        error.status_code = answer.status;
        error.request_url = url;
        if answer.status != CALLBACK_FAILED {
            return Err(Box::new(error).into());
        }
        let version = answer.header(&format!("{}version-id", V::PREFIX));
        Err(Box::new(CallbackError {
            error,
            etag: answer.etag(),
            version_id: version.map(str::to_owned),
        })
        .into())
    }

    /// A header that is UTF-8.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.headers.get(name)?.as_bytes()).ok()
    }

    /// A header as text; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        self.header(name).unwrap_or_default().to_owned()
    }

    /// The etag, without quotes; empty when there is none.
    pub(crate) fn etag(&self) -> String {
        self.text("etag").trim_matches('"').to_owned()
    }

    /// The whole body.
    pub(crate) async fn whole(&mut self) -> Result<Bytes, ConnectionError> {
        self.body.rest(ANSWER_BYTES_MAX).await
    }
}
