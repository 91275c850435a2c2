//! The signing side, for clients and tests.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::text::{canonical_request, hash, string_to_sign};
use super::{ALGORITHM, DATE, TOKEN};
use crate::canonical::RequestHead;
use crate::error::SignError;
use crate::key::signature;
use crate::signed_headers::SignedHeaders;
use crate::signer::Credentials;
use crate::time::Timestamp;

/// Signs requests of one moment: the time is fixed, so a retry later needs a new signer.
#[derive(Debug, Clone)]
pub struct Signer<'a> {
    /// Who signs.
    pub credentials: Credentials<'a>,
    /// When.
    pub time: Timestamp,
}

impl Signer<'_> {
    /// Signs a request: sets the headers of date and token in `headers` and returns the value for `Authorization`,
    /// which the caller sets. Path and query are raw, as they will be sent.
    ///
    /// Every header there is covered, as with the vendor's Python SDK, except those whose names have an underscore:
    /// what a transport adds, `Content-Length` above all, is set afterwards.
    pub fn sign_headers(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
        body: &[u8],
    ) -> Result<String, SignError> {
        if let Some(token) = self.credentials.security_token {
            let token = HeaderValue::from_str(token).map_err(|_| SignError::Token)?;
            headers.insert(HeaderName::from_static(TOKEN), token);
        }
        let date = HeaderValue::from_str(self.time.as_str()).expect("a time is ASCII text");
        headers.insert(HeaderName::from_static(DATE), date);
        let names = headers.keys().map(HeaderName::as_str);
        let names = names.filter(|name| !name.contains('_'));
        let signed = SignedHeaders::from_names(names.map(str::to_owned));
        let head = RequestHead {
            method,
            path,
            query,
            headers,
        };
        let canonical = canonical_request(&head, &signed, &hash(body))?;
        let text = string_to_sign(&self.time, &canonical);
        let signature = signature(self.credentials.secret.as_bytes(), text.as_bytes());
        let access_key = self.credentials.access_key;
        Ok(format!(
            "{ALGORITHM} Access={access_key}, SignedHeaders={signed}, Signature={signature}"
        ))
    }
}
