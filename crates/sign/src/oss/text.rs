//! The text that is signed, and its signature: the one computation of verifier and signer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha1::Sha1;
use sha2::Sha256;

use super::claim::{Basis, Claim};
use super::{Mismatch, v1, v2, v4};
use crate::canonical::{RequestHead, header_value, push_header, push_line};
use crate::error::CanonicalError;
use crate::key::{DayKey, hmac};
use crate::percent::query_pairs;

/// What a request addresses, decoded, in whatever style it was addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The bucket; none at the level of the service.
    pub bucket: Option<&'a str>,
    /// The key; empty at the level of the bucket.
    pub key: &'a [u8],
}

impl Resource<'_> {
    /// `/`, `/bucket/` or `/bucket/key`, not encoded.
    pub(super) fn path(&self) -> Vec<u8> {
        let mut path = b"/".to_vec();
        if let Some(bucket) = self.bucket {
            path.extend_from_slice(bucket.as_bytes());
            path.push(b'/');
            path.extend_from_slice(self.key);
        }
        path
    }
}

/// What `claim` signs, in the form in which a mismatch shows it.
pub(super) fn texts(
    claim: &Claim,
    head: &RequestHead<'_>,
    resource: &Resource<'_>,
) -> Result<Mismatch, CanonicalError> {
    let of = |string_to_sign| Mismatch {
        string_to_sign,
        canonical_request: None,
    };
    if let Some(policy) = &claim.policy {
        return Ok(of(policy.clone().into_bytes()));
    }
    match &claim.basis {
        Basis::V1 { date } => {
            let pairs = query_pairs(head.query)?;
            Ok(of(v1::string_to_sign(head, date, resource, pairs)))
        }
        Basis::V2 { date, additional } => {
            let pairs = query_pairs(head.query)?;
            let text = v2::string_to_sign(head, date, additional, resource, pairs);
            Ok(of(text))
        }
        Basis::V4 {
            time,
            scope,
            additional,
        } => v4::texts(head, time, scope, additional, resource),
    }
}

/// The first lines of versions 1 and 2: method, `Content-MD5`, `Content-Type` and date.
pub(super) fn first_lines(head: &RequestHead<'_>, date: &str) -> Vec<u8> {
    let value = |name| header_value(head.headers, name).unwrap_or_default();
    let mut out = Vec::with_capacity(256);
    push_line(&mut out, head.method.as_str());
    push_line(&mut out, value("content-md5"));
    push_line(&mut out, value("content-type"));
    push_line(&mut out, date);
    out
}

/// Appends a line for every `x-oss-*` header and every other that `also` picks, in order.
pub(super) fn push_headers(out: &mut Vec<u8>, headers: &HeaderMap, also: impl Fn(&str) -> bool) {
    let mut names: Vec<&str> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| name.starts_with(v4::SCHEME.header_prefix) || also(name))
        .collect();
    names.sort_unstable();
    for name in names {
        push_header(out, headers, name);
    }
}

/// What signs the text.
pub(super) enum Key<'a> {
    Sha1(&'a [u8]),
    Sha256(&'a [u8]),
    Day(DayKey),
}

impl Key<'_> {
    /// The signature as it stands in requests.
    pub(super) fn signature(&self, text: &[u8]) -> String {
        match self {
            Self::Sha1(secret) => base64::<Hmac<Sha1>>(secret, text),
            Self::Sha256(secret) => base64::<Hmac<Sha256>>(secret, text),
            Self::Day(key) => key.signature(text),
        }
    }

    /// Whether `signature` belongs to the text; the comparison takes constant time.
    pub(super) fn matches(&self, text: &[u8], signature: &str) -> bool {
        match self {
            Self::Sha1(secret) => is_base64::<Hmac<Sha1>>(secret, text, signature),
            Self::Sha256(secret) => is_base64::<Hmac<Sha256>>(secret, text, signature),
            Self::Day(key) => key.matches(text, signature),
        }
    }
}

fn base64<M: Mac + KeyInit>(secret: &[u8], text: &[u8]) -> String {
    STANDARD.encode(hmac::<M>(secret, text).finalize().into_bytes())
}

fn is_base64<M: Mac + KeyInit>(secret: &[u8], text: &[u8], signature: &str) -> bool {
    STANDARD
        .decode(signature)
        .is_ok_and(|given| hmac::<M>(secret, text).verify_slice(&given).is_ok())
}
