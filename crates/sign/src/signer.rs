//! The signing side, for clients and tests.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::canonical::{RequestHead, canonical_policy_request, canonical_request, string_to_sign};
use crate::error::{CanonicalError, SignError};
use crate::key::{DayKey, signing_key};
use crate::percent::encode;
use crate::scheme::{Scheme, UNSIGNED_PAYLOAD};
use crate::scope::{Credential, Scope};
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;
use crate::verify::declared_hash;

/// Who signs. `Debug` shows the access key only.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// Access key; sent with the request.
    pub access_key: &'a str,
    /// Secret key; never sent.
    pub secret: &'a str,
    /// Token of temporary credentials; sent and signed.
    pub security_token: Option<&'a str>,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// Signs requests of one moment: the timestamp is fixed, so a retry later needs a new signer.
#[derive(Clone)]
pub struct Signer<'a> {
    scheme: &'a Scheme,
    credential: Credential,
    security_token: Option<&'a str>,
    time: Timestamp,
    key: DayKey,
}

impl fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("credential", &self.credential)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

impl<'a> Signer<'a> {
    /// A signer for one region and moment.
    pub fn new(
        scheme: &'a Scheme,
        credentials: Credentials<'a>,
        region: &str,
        time: Timestamp,
    ) -> Self {
        let scope = Scope::new(scheme, time.date(), region);
        Self {
            key: signing_key(scheme, credentials.secret, &scope),
            scheme,
            credential: Credential {
                access_key: credentials.access_key.to_owned(),
                scope,
            },
            security_token: credentials.security_token,
            time,
        }
    }

    /// Signs a request by headers: sets the vendor's date and token headers in `headers` and returns the
    /// value for `Authorization`, which the caller sets.
    ///
    /// Covered are `host`, which has to be there, `content-type` and every vendor header. The payload line is the
    /// content hash header if set, else `UNSIGNED-PAYLOAD`. Path and query are raw, as they will be sent.
    pub fn sign_headers(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
    ) -> Result<String, SignError> {
        self.sign_also(method, path, query, headers, &["content-type"])
    }

    /// As [`sign_headers`](Self::sign_headers), covering those named in `also` (lower case) instead of
    /// `content-type`.
    pub(crate) fn sign_also(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
        also: &[&str],
    ) -> Result<String, SignError> {
        self.stamp(headers)?;
        let head = RequestHead {
            method,
            path,
            query,
            headers,
        };
        let signed = self.covered(headers, also);
        let signature = self.signature(&head, &signed)?;
        Ok(format!(
            "{} Credential={}, SignedHeaders={signed}, Signature={signature}",
            self.scheme.algorithm,
            self.credential.text(self.scheme),
        ))
    }

    /// Signs a URL good for `expires` seconds: returns the whole query, that of `head` first.
    ///
    /// Covered are `host`, every vendor header of `head` and those of its headers named in `also` (lower
    /// case); who uses the URL has to send them unchanged. The query of `head` must hold no signature yet.
    pub fn presign(
        &self,
        head: &RequestHead<'_>,
        expires: u32,
        also: &[&str],
    ) -> Result<String, SignError> {
        let signed = self.covered(head.headers, also);
        let mut query = self.claim(head.query, expires);
        self.push(&mut query, "SignedHeaders", &signed.to_string());
        let whole = RequestHead {
            query: &query,
            ..*head
        };
        let signature = self.signature(&whole, &signed)?;
        self.push(&mut query, "Signature", &signature);
        Ok(query)
    }

    /// Signs a policy URL good for `expires` seconds: returns the query that opens whatever the policy (JSON) allows.
    pub fn presign_policy(&self, policy: &str, expires: u32) -> Result<String, SignError> {
        let mut query = self.claim("", expires);
        self.push(&mut query, "Policy", &STANDARD.encode(policy));
        let canonical =
            canonical_policy_request(self.scheme, &query).map_err(CanonicalError::from)?;
        let signature = self.sign(&canonical);
        self.push(&mut query, "Signature", &signature);
        Ok(query)
    }

    /// Signs the policy (JSON) of a POST form: returns the fields to put into the form, in order. A token is
    /// among them; the policy should hold it as a condition.
    pub fn sign_post_policy(&self, policy: &str) -> Vec<(String, String)> {
        let policy = STANDARD.encode(policy);
        let signature = self.key.signature(policy.as_bytes());
        let mut fields = vec![
            ("policy".to_owned(), policy),
            self.field("algorithm", self.scheme.algorithm),
            self.field("credential", &self.credential.text(self.scheme)),
            self.field("date", self.time.as_str()),
            self.field("signature", &signature),
        ];
        if let Some(token) = self.security_token {
            fields.push(self.field("security-token", token));
        }
        fields
    }

    fn field(&self, suffix: &str, value: &str) -> (String, String) {
        (self.scheme.header(suffix), value.to_owned())
    }

    fn stamp(&self, headers: &mut HeaderMap) -> Result<(), SignError> {
        let mut set = |suffix: &str, value: &str| -> Result<(), SignError> {
            let name = HeaderName::from_bytes(self.scheme.header(suffix).as_bytes())
                .expect("vendor prefixes and suffixes are header name characters");
            let value = HeaderValue::from_str(value).map_err(|_| SignError::Token)?;
            headers.insert(name, value);
            Ok(())
        };
        if let Some(token) = self.security_token {
            set("security-token", token)?;
        }
        set("date", self.time.as_str())
    }

    fn covered(&self, headers: &HeaderMap, also: &[&str]) -> SignedHeaders {
        let names = headers
            .keys()
            .map(HeaderName::as_str)
            .filter(|name| name.starts_with(self.scheme.header_prefix) || also.contains(name))
            .chain(self.scheme.must_sign.iter().copied());
        SignedHeaders::from_names(names.map(str::to_owned))
    }

    /// The query parameters that every presigned URL has, after those of `query`.
    fn claim(&self, query: &str, expires: u32) -> String {
        let mut query = query.to_owned();
        self.push(&mut query, "Algorithm", self.scheme.algorithm);
        self.push(&mut query, "Credential", &self.credential.text(self.scheme));
        self.push(&mut query, "Date", self.time.as_str());
        self.push(&mut query, "Expires", &expires.to_string());
        if let Some(token) = self.security_token {
            self.push(&mut query, "Security-Token", token);
        }
        query
    }

    fn push(&self, query: &mut String, suffix: &str, value: &str) {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&self.scheme.parameter(suffix));
        query.push('=');
        query.push_str(&encode(value.as_bytes()));
    }

    fn signature(
        &self,
        head: &RequestHead<'_>,
        signed: &SignedHeaders,
    ) -> Result<String, SignError> {
        let hash = declared_hash(self.scheme, head.headers)?;
        let payload = hash.unwrap_or(UNSIGNED_PAYLOAD);
        Ok(self.sign(&canonical_request(self.scheme, head, signed, payload)?))
    }

    fn sign(&self, canonical: &[u8]) -> String {
        let text = string_to_sign(self.scheme, &self.time, &self.credential.scope, canonical);
        self.key.signature(text.as_bytes())
    }
}
