//! The signing side, for clients and tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::DATE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::claim::{Basis, Claim, Version};
use super::content::{CONTENT_HASH, Content};
use super::{text, v2, v4};
use crate::canonical::RequestHead;
use crate::chunks::ChunkSigner;
use crate::error::{Place, SignError};
use crate::key::signing_key;
use crate::percent::encode;
use crate::scheme::{AWS4, UNSIGNED_PAYLOAD};
use crate::scope::Scope;
use crate::signer::{self, Credentials};
use crate::time::Timestamp;
use crate::versions::{Key, Timing};

/// Signs requests of one moment: the time is fixed, so a retry later needs a new signer.
///
/// Paths and queries are raw, as they will be sent; queries hold no signature yet. `bucket` is the bucket that the host
/// names, which version 2 signs. All `x-amz-*` headers are signed, and in version 4 `Host`, which has to be there, and
/// those named in `also` (lower case).
#[derive(Debug, Clone)]
pub struct Signer<'a> {
    /// Version to sign with.
    pub version: Version,
    /// Who signs.
    pub credentials: Credentials<'a>,
    /// Region; part of version 4 only.
    pub region: &'a str,
    /// When.
    pub time: Timestamp,
}

impl<'a> Signer<'a> {
    /// Signs a request by headers: sets those of date, token and, in version 4 where it is absent, content hash in
    /// `headers` and returns the value for `Authorization`, which the caller sets.
    pub fn sign_headers(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
        bucket: Option<&str>,
        also: &[&str],
    ) -> Result<String, SignError> {
        if self.version == Version::V4 {
            let unsigned = || HeaderValue::from_static(UNSIGNED_PAYLOAD);
            let name = HeaderName::from_static(CONTENT_HASH);
            headers.entry(name).or_insert_with(unsigned);
            return self.family().sign_also(method, path, query, headers, also);
        }
        self.set_token(headers)?;
        let date = self.time.http_date();
        let value = HeaderValue::from_str(&date).expect("a date is ASCII text");
        headers.insert(DATE, value);
        let head = RequestHead {
            method,
            path,
            query,
            headers,
        };
        let signature = self.signature(Place::Header, date, &head, bucket)?;
        let key = self.credentials.access_key;
        Ok(format!("{} {key}:{signature}", v2::ALGORITHM))
    }

    /// Signs a URL good for `expires` seconds: returns the whole query, that of `head` first. Who uses the URL has to
    /// send the signed headers of `head` unchanged and no further ones of the vendor.
    pub fn presign(
        &self,
        head: &RequestHead<'_>,
        expires: u32,
        bucket: Option<&str>,
        also: &[&str],
    ) -> Result<String, SignError> {
        if self.version == Version::V4 {
            return self.family().presign(head, expires, also);
        }
        let until = (self.time.unix_seconds() + i64::from(expires)).to_string();
        let mut query = head.query.to_owned();
        push(&mut query, v2::KEY, self.credentials.access_key);
        push(&mut query, v2::EXPIRES, &until);
        if let Some(token) = self.credentials.security_token {
            push(&mut query, v4::TOKEN, token);
        }
        let whole = RequestHead {
            query: &query,
            ..*head
        };
        let signature = self.signature(Place::Query, until, &whole, bucket)?;
        push(&mut query, v2::SIGNATURE, &signature);
        Ok(query)
    }

    /// Signs the policy (JSON) of a POST form: returns the fields to put into the form, in order. In version 4 the
    /// policy has to name those other than itself and the signature as conditions.
    pub fn sign_post_policy(&self, policy: &str) -> Vec<(String, String)> {
        if self.version == Version::V4 {
            return self.family().sign_post_policy(policy);
        }
        let policy = STANDARD.encode(policy);
        let key = Key::Sha1(self.credentials.secret.as_bytes());
        let signature = key.signature(policy.as_bytes());
        let mut fields = vec![
            (v2::KEY, self.credentials.access_key.to_owned()),
            ("policy", policy),
            ("signature", signature),
        ];
        if let Some(token) = self.credentials.security_token {
            fields.push((v4::TOKEN, token.to_owned()));
        }
        let owned = fields.into_iter();
        owned
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Signs the chunks of a body after the signature of its request, in version 4.
    pub fn chunks(&self, signature: &str) -> ChunkSigner {
        let scope = Scope::new(&AWS4, self.time.date(), self.region);
        let key = signing_key(&AWS4, self.credentials.secret, &scope);
        ChunkSigner::new(&AWS4, key, &self.time, &scope, signature)
    }

    fn family(&self) -> signer::Signer<'a> {
        signer::Signer::new(&AWS4, self.credentials, self.region, self.time.clone())
    }

    fn set_token(&self, headers: &mut HeaderMap) -> Result<(), SignError> {
        if let Some(token) = self.credentials.security_token {
            let value = HeaderValue::from_str(token).map_err(|_| SignError::Token)?;
            headers.insert(HeaderName::from_static(v4::TOKEN), value);
        }
        Ok(())
    }

    /// The signature of version 2.
    fn signature(
        &self,
        place: Place,
        date: String,
        head: &RequestHead<'_>,
        bucket: Option<&str>,
    ) -> Result<String, SignError> {
        let claim = Claim {
            place,
            access_key: self.credentials.access_key.to_owned(),
            security_token: None,
            timing: Timing::SignedAt(self.time.unix_seconds()),
            content: Content::Unsigned,
            signature: String::new(),
            policy: None,
            basis: Basis::V2 { date },
        };
        let texts = text::candidates(&claim, head, bucket)?;
        let text = texts.first().expect("version 2 has a text");
        let key = claim.key(self.credentials.secret);
        Ok(key.signature(&text.string_to_sign))
    }
}

fn push(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.push_str(&encode(value.as_bytes()));
}
