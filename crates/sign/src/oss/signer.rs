//! The signing side, for clients and tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::DATE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::claim::{Basis, Claim, Version};
use super::text::{Resource, texts};
use super::{V1_KEY, VERSION, v1, v2, v4};
use crate::canonical::RequestHead;
use crate::error::{Place, SignError};
use crate::percent::encode;
use crate::scheme::UNSIGNED_PAYLOAD;
use crate::scope::{Credential, Scope};
use crate::signed_headers::SignedHeaders;
use crate::signer::Credentials;
use crate::time::Timestamp;
use crate::versions::Timing;

/// Signs requests of one moment: the time is fixed, so a retry later needs a new signer.
///
/// All `x-oss-*` headers, `Content-Type` and `Content-MD5` are signed as they are; `also` names further headers
/// (lower case) to sign if they are there, which version 1 cannot. Queries are raw and hold no signature yet.
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

impl Signer<'_> {
    /// Signs a request by headers: sets those of date, token and, in version 4, content hash in `headers` and
    /// returns the value for `Authorization`, which the caller sets.
    pub fn sign_headers(
        &self,
        method: &Method,
        resource: &Resource<'_>,
        query: &str,
        headers: &mut HeaderMap,
        also: &[&str],
    ) -> Result<String, SignError> {
        self.stamp(headers)?;
        let head = RequestHead {
            method,
            path: "",
            query,
            headers,
        };
        let additional = self.additional(headers, also);
        let list = additional.to_string();
        let claim = self.claim(self.time.http_date(), additional);
        let signature = self.signature(&claim, &head, resource)?;
        let key = self.credentials.access_key;
        let named = |sign: char| match list.as_str() {
            "" => String::new(),
            list => format!("AdditionalHeaders{sign}{list},"),
        };
        Ok(match self.version {
            Version::V1 => format!("{} {key}:{signature}", v1::ALGORITHM),
            Version::V2 => format!(
                "{} AccessKeyId:{key},{}Signature:{signature}",
                v2::ALGORITHM,
                named(':')
            ),
            Version::V4 => format!(
                "{} Credential={},{}Signature={signature}",
                v4::SCHEME.algorithm,
                self.credential(),
                named('=')
            ),
        })
    }

    /// Signs a URL good for `expires` seconds: returns the whole query, that of `head` first. Who uses the URL has to
    /// send the signed headers of `head` unchanged and no further ones of the vendor.
    pub fn presign(
        &self,
        head: &RequestHead<'_>,
        resource: &Resource<'_>,
        expires: u32,
        also: &[&str],
    ) -> Result<String, SignError> {
        let additional = self.additional(head.headers, also);
        let until = (self.time.unix_seconds() + i64::from(expires)).to_string();
        let mut query = head.query.to_owned();
        for (name, value) in self.parameters(&until, expires, &additional) {
            push(&mut query, name, &value);
        }
        let whole = RequestHead {
            query: &query,
            ..*head
        };
        let signature = self.signature(&self.claim(until, additional), &whole, resource)?;
        let name = match self.version {
            Version::V1 => "Signature",
            Version::V2 | Version::V4 => v2::SIGNATURE,
        };
        push(&mut query, name, &signature);
        Ok(query)
    }

    /// Signs the policy (JSON) of a POST form: returns the fields to put into the form, in order. In version 4 the
    /// policy has to name those other than itself and the signature as conditions.
    pub fn sign_post_policy(&self, policy: &str) -> Vec<(String, String)> {
        let policy = STANDARD.encode(policy);
        let claim = self.claim(String::new(), SignedHeaders::default());
        let key = claim.key(self.credentials.secret);
        let signature = key.signature(policy.as_bytes());
        let access_key = self.credentials.access_key.to_owned();
        let mut fields = match self.version {
            Version::V1 => vec![
                (V1_KEY, access_key),
                ("policy", policy),
                ("Signature", signature),
            ],
            Version::V2 => vec![
                (VERSION, v2::ALGORITHM.to_owned()),
                (v2::KEY, access_key),
                ("policy", policy),
                (v2::SIGNATURE, signature),
            ],
            Version::V4 => vec![
                (VERSION, v4::SCHEME.algorithm.to_owned()),
                ("x-oss-credential", self.credential()),
                ("x-oss-date", self.time.as_str().to_owned()),
                ("policy", policy),
                (v2::SIGNATURE, signature),
            ],
        };
        if let Some(token) = self.credentials.security_token {
            fields.push(("x-oss-security-token", token.to_owned()));
        }
        let owned = fields.into_iter();
        owned
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn stamp(&self, headers: &mut HeaderMap) -> Result<(), SignError> {
        if let Some(token) = self.credentials.security_token {
            let value = HeaderValue::from_str(token).map_err(|_| SignError::Token)?;
            headers.insert(HeaderName::from_static("x-oss-security-token"), value);
        }
        let (name, date) = match self.version {
            Version::V1 | Version::V2 => (DATE, self.time.http_date()),
            Version::V4 => {
                let name = HeaderName::from_static(v4::CONTENT_HASH);
                headers.insert(name, HeaderValue::from_static(UNSIGNED_PAYLOAD));
                let date = self.time.as_str().to_owned();
                (HeaderName::from_static("x-oss-date"), date)
            }
        };
        let value = HeaderValue::from_str(&date).expect("a date is ASCII text");
        headers.insert(name, value);
        Ok(())
    }

    /// Those of the headers in `also` that are there and not signed anyway.
    fn additional(&self, headers: &HeaderMap, also: &[&str]) -> SignedHeaders {
        if self.version == Version::V1 {
            return SignedHeaders::default();
        }
        let named = also.iter().filter(|name| headers.contains_key(**name));
        SignedHeaders::from_names(named.map(|name| (*name).to_owned()))
            .without(|name| v4::SCHEME.signs_unlisted(name))
    }

    /// The claim that is about to be signed. `date` is the line of the date in versions 1 and 2.
    fn claim(&self, date: String, additional: SignedHeaders) -> Claim {
        Claim {
            place: Place::Header,
            access_key: self.credentials.access_key.to_owned(),
            security_token: None,
            timing: Timing::SignedAt(self.time.unix_seconds()),
            signature: String::new(),
            policy: None,
            basis: match self.version {
                Version::V1 => Basis::V1 { date },
                Version::V2 => Basis::V2 { date, additional },
                Version::V4 => Basis::V4 {
                    time: self.time.clone(),
                    scope: self.scope(),
                    additional,
                },
            },
        }
    }

    fn signature(
        &self,
        claim: &Claim,
        head: &RequestHead<'_>,
        resource: &Resource<'_>,
    ) -> Result<String, SignError> {
        let text = texts(claim, head, resource)?.string_to_sign;
        Ok(claim.key(self.credentials.secret).signature(&text))
    }

    fn scope(&self) -> Scope {
        Scope::new(&v4::SCHEME, self.time.date(), self.region)
    }

    fn credential(&self) -> String {
        let credential = Credential {
            access_key: self.credentials.access_key.to_owned(),
            scope: self.scope(),
        };
        credential.text(&v4::SCHEME)
    }

    /// The parameters of a presigned URL but the signature.
    fn parameters(
        &self,
        until: &str,
        expires: u32,
        additional: &SignedHeaders,
    ) -> Vec<(&'static str, String)> {
        let key = self.credentials.access_key.to_owned();
        let (token_name, mut list) = match self.version {
            Version::V1 => (
                "security-token",
                vec![(V1_KEY, key), ("Expires", until.to_owned())],
            ),
            Version::V2 => (
                "security-token",
                vec![
                    (VERSION, v2::ALGORITHM.to_owned()),
                    (v2::EXPIRES, until.to_owned()),
                    (v2::KEY, key),
                ],
            ),
            Version::V4 => (
                "x-oss-security-token",
                vec![
                    (VERSION, v4::SCHEME.algorithm.to_owned()),
                    ("x-oss-date", self.time.as_str().to_owned()),
                    (v2::EXPIRES, expires.to_string()),
                    ("x-oss-credential", self.credential()),
                ],
            ),
        };
        if let Some(token) = self.credentials.security_token {
            list.insert(0, (token_name, token.to_owned()));
        }
        let names = additional.to_string();
        if !names.is_empty() {
            list.push((v2::ADDITIONAL, names));
        }
        list
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
