//! The signing side, for clients and tests.

use http::header::DATE;
use http::{HeaderMap, HeaderValue, Method};

use super::ALGORITHM;
use super::text::string_to_sign;
use crate::canonical::RequestHead;
use crate::error::{CanonicalError, SignError};
use crate::signer::Credentials;
use crate::time::Timestamp;
use crate::versions::Key;

/// Signs requests of one moment: the time is fixed, so a retry later needs a new signer.
#[derive(Debug, Clone)]
pub struct Signer<'a> {
    /// Who signs. The scheme has no place for a security token, so one that is there is not sent.
    pub credentials: Credentials<'a>,
    /// When.
    pub time: Timestamp,
}

impl Signer<'_> {
    /// Signs a request: sets `Date` in `headers` and returns the value for `Authorization`, which the caller sets.
    /// Path and query are raw, as they will be sent.
    pub fn sign_headers(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
    ) -> Result<String, SignError> {
        let date = self.time.http_date();
        let value = HeaderValue::from_str(&date).expect("a date is ASCII text");
        headers.insert(DATE, value);
        let head = RequestHead {
            method,
            path,
            query,
            headers,
        };
        let text = string_to_sign(&head, &date).map_err(CanonicalError::from)?;
        let signature = Key::Sha1(self.credentials.secret.as_bytes()).signature(&text);
        Ok(format!(
            "{ALGORITHM} {}:{signature}",
            self.credentials.access_key
        ))
    }
}
