//! `SDK-HMAC-SHA256`, the signature of Huawei Cloud's API gateway (OMS sheet section 2.1).
//!
//! The way of a request: [`present`] parses what it claims into a [`Claim`], the caller judges the time with its own
//! clock, looks up the secret and reads the body, and [`verify`] recomputes the signature. A client or a test uses
//! [`Signer`].
//!
//! The secret signs directly: there is no region, no service and no derived key. The body is always covered, by its
//! hash; a request that signs `UNSIGNED-PAYLOAD` does not verify. Which headers are covered is the client's choice but
//! for the date: the vendor's Go SDK signs neither `Host` nor `Content-Type`.

mod signer;
mod text;

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::canonical::RequestHead;
use crate::error::{Fault, PresentError, VerifyError};
use crate::key::matches;
use crate::present::header::single;
use crate::present::{check_signature, require, set_once};
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;
use crate::versions::fields::{access_key, behind_scheme, claimed, is_of_scheme, token};

pub use signer::Signer;
pub use text::{canonical_request, string_to_sign};

/// First word of `Authorization` and first line of the string to sign.
pub const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Header with the time of signing; always signed.
const DATE: &str = "x-sdk-date";

/// Header with the token of temporary credentials.
const TOKEN: &str = "x-security-token";

/// A claim, neither verified nor checked against any clock. `Debug` shows neither signature nor token.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Access key whose secret is to be looked up.
    pub access_key: String,
    /// Token of temporary credentials.
    pub security_token: Option<String>,
    /// When the request was signed, by the client's clock.
    pub time: Timestamp,
    /// Covered headers.
    pub signed_headers: SignedHeaders,
    /// Signature, 64 lower-case hexadecimal digits.
    pub signature: String,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("access_key", &self.access_key)
            .field("time", &self.time)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

/// Whether the request carries a signature of this scheme, whatever it is worth. Cheap: nothing is parsed.
pub fn is_signed(headers: &HeaderMap) -> bool {
    is_of_scheme(headers, &[ALGORITHM])
}

/// Parses the claim of a request; nothing if it has no `Authorization`.
pub fn present(headers: &HeaderMap) -> Result<Option<Claim>, PresentError> {
    claimed(headers, parse)
}

/// Parses `{algorithm} Access=..., SignedHeaders=..., Signature=...` in any order.
fn parse(headers: &HeaderMap) -> Result<Claim, Fault> {
    let rest = behind_scheme(headers, ALGORITHM)?;
    let (mut key, mut list, mut signature) = (None, None, None);
    for piece in rest.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let slot = match name {
            "Access" => &mut key,
            "SignedHeaders" => &mut list,
            "Signature" => &mut signature,
            _ => {
                let hint = "send Access, SignedHeaders and Signature, separated by commas";
                return Err(Fault::malformed(AUTHORIZATION.as_str(), hint));
            }
        };
        set_once(slot, name, value)?;
    }
    let given = |slot: &'static str| move || slot.to_owned();
    let list = require(list.as_deref(), given("SignedHeaders"))?;
    let signed_headers = SignedHeaders::parse("SignedHeaders", list)?;
    if !signed_headers.contains(DATE) {
        return Err(Fault::missing(format!("{DATE} in SignedHeaders")));
    }
    let signature = require(signature.as_deref(), given("Signature"))?;
    check_signature(signature)?;
    let date = require(single(headers, DATE)?, given(DATE))?;
    Ok(Claim {
        access_key: access_key(require(key.as_deref(), given("Access"))?)?,
        security_token: token(headers, TOKEN)?,
        time: Timestamp::parse(date)
            .ok_or_else(|| Fault::malformed(DATE, "write UTC time as yyyyMMddTHHmmssZ"))?,
        signed_headers,
        signature: signature.to_owned(),
    })
}

/// Recomputes the signature of `claim` for the request and its whole body, and compares in constant time.
///
/// The vendor's SDKs agree on paths of unreserved characters; for others every form that one of them writes is tried.
/// Says nothing about time or rights.
pub fn verify(
    claim: &Claim,
    secret: &str,
    head: &RequestHead<'_>,
    body: &[u8],
) -> Result<(), VerifyError> {
    let content = text::hash(body);
    for path in text::canonical_paths(head.path)? {
        let canonical = text::canonical(head, &path, &claim.signed_headers, &content)?;
        let text = string_to_sign(&claim.time, &canonical);
        if matches(secret.as_bytes(), text.as_bytes(), &claim.signature) {
            return Ok(());
        }
    }
    Err(VerifyError::Mismatch)
}
