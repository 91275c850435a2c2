//! The shared key of Azure Storage: for reading from it. The server verifies no such signature.
//!
//! Source: the vendor's page "Authorize with Shared Key", versions from 2015-02-21 on.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::canonical::{RequestHead, header_value, push_line};
use crate::error::{CanonicalError, SignError};
use crate::percent::plain_query_pairs;
use crate::time::Timestamp;
use crate::versions::{Key, push_headers};

/// Headers whose values have a line of their own, in order. Their names are not signed.
const LINES: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// What names of the vendor's headers begin with; all of them are signed.
const PREFIX: &str = "x-ms-";
/// When a request was signed.
const DATE: HeaderName = HeaderName::from_static("x-ms-date");

/// Signs requests of one moment: the time is fixed, so a retry later needs a new signer.
#[derive(Debug)]
pub struct Signer<'a> {
    /// Name of the storage account.
    pub account: &'a str,
    /// One of its keys, Base64.
    pub key: &'a str,
    /// When.
    pub time: Timestamp,
}

impl Signer<'_> {
    /// Signs a request: sets `x-ms-date` in `headers` and returns the value for `Authorization`, which the caller
    /// sets. Path and query are raw, as they will be sent. `Content-Length` counts unless the body is empty, so it has
    /// to be there with one.
    pub fn sign_headers(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
    ) -> Result<String, SignError> {
        let date = HeaderValue::from_str(&self.time.http_date()).expect("a date is ASCII text");
        headers.insert(DATE, date);
        let key = STANDARD.decode(self.key).map_err(|_| SignError::Secret)?;
        let head = RequestHead {
            method,
            path,
            query,
            headers,
        };
        let text = string_to_sign(self.account, &head)?;
        let signature = Key::Sha256(&key).signature(&text);
        Ok(format!("SharedKey {}:{signature}", self.account))
    }
}

fn string_to_sign(account: &str, head: &RequestHead<'_>) -> Result<Vec<u8>, SignError> {
    let mut out = Vec::with_capacity(256);
    push_line(&mut out, head.method.as_str());
    for name in LINES {
        push_line(
            &mut out,
            header_value(head.headers, name).unwrap_or_default(),
        );
    }
    push_headers(&mut out, head.headers, |name| name.starts_with(PREFIX));
    out.extend(format!("/{account}{}", head.path).bytes());
    let mut parameters: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in plain_query_pairs(head.query).map_err(CanonicalError::from)? {
        let name = name.to_ascii_lowercase();
        parameters.entry(name).or_default().push(value);
    }
    for (name, mut values) in parameters {
        values.sort_unstable();
        out.push(b'\n');
        out.extend(name);
        out.push(b':');
        out.extend(values.join(&b','));
    }
    Ok(out)
}
