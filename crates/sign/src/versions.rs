//! What the vendors with several versions of signatures have in common: when a claim is good, what a mismatch
//! shows, and the text and the keys of the older versions, which have no canonical request.

pub(crate) mod fields;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha1::Sha1;
use sha2::Sha256;

use crate::canonical::{RequestHead, header_value, push_line, push_named};
use crate::key::{DayKey, hmac};
use crate::present::{Flavour, Presented};

/// For how long a claim is good. Times are seconds since 1970, by the client's clock; the limits are the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Signed at this time, for use at once.
    SignedAt(i64),
    /// Good until this time.
    Until(i64),
    /// Good from this time for some seconds.
    From {
        /// When it was signed.
        signed_at: i64,
        /// Lifetime in seconds.
        seconds: u32,
    },
    /// As long as the policy of the form says.
    Policy,
}

impl Timing {
    /// Of a claim that the parser of the family found.
    pub(crate) fn of(presented: &Presented) -> Self {
        let signed_at = presented.timestamp.unix_seconds();
        match (&presented.flavour, presented.expires) {
            (Flavour::Form { .. } | Flavour::PolicyUrl { .. }, _) => Self::Policy,
            (_, Some(seconds)) => Self::From { signed_at, seconds },
            (_, None) => Self::SignedAt(signed_at),
        }
    }
}

/// A signature that is not good, with what the server signed instead: the vendors' errors show both texts. They
/// hold no secret, but what the client sent, perhaps a security token; `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("the signature does not match; check the secret key and the signed parts of the request")]
pub struct Mismatch {
    /// The string to sign; empty if the query cannot be decoded, which parsing the claim refuses.
    pub string_to_sign: Vec<u8>,
    /// The canonical request, in versions that have one.
    pub canonical_request: Option<Vec<u8>>,
}

impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mismatch(..)")
    }
}

impl Mismatch {
    /// Of a version without canonical request.
    pub(crate) fn of(string_to_sign: impl Into<Vec<u8>>) -> Self {
        Self {
            string_to_sign: string_to_sign.into(),
            canonical_request: None,
        }
    }
}

/// The first lines of the older versions: method, `Content-MD5`, `Content-Type` and date.
pub(crate) fn first_lines(head: &RequestHead<'_>, date: &str) -> Vec<u8> {
    let value = |name| header_value(head.headers, name).unwrap_or_default();
    let mut out = Vec::with_capacity(256);
    push_line(&mut out, head.method.as_str());
    push_line(&mut out, value("content-md5"));
    push_line(&mut out, value("content-type"));
    push_line(&mut out, date);
    out
}

/// Appends a line for every header that `pick` takes, in order.
pub(crate) fn push_headers(out: &mut Vec<u8>, headers: &HeaderMap, pick: impl Fn(&str) -> bool) {
    let names = headers.keys().map(HeaderName::as_str);
    let mut names: Vec<&str> = names.filter(|name| pick(name)).collect();
    names.sort_unstable();
    for name in names {
        if let Some(value) = header_value(headers, name) {
            push_named(out, name, &value);
        }
    }
}

/// What signs a text.
pub(crate) enum Key<'a> {
    Sha1(&'a [u8]),
    Sha256(&'a [u8]),
    Day(DayKey),
}

impl Key<'_> {
    /// The signature as it stands in requests.
    pub(crate) fn signature(&self, text: &[u8]) -> String {
        match self {
            Self::Sha1(secret) => base64::<Hmac<Sha1>>(secret, text),
            Self::Sha256(secret) => base64::<Hmac<Sha256>>(secret, text),
            Self::Day(key) => key.signature(text),
        }
    }

    /// Whether `signature` belongs to the text; the comparison takes constant time.
    pub(crate) fn matches(&self, text: &[u8], signature: &str) -> bool {
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
