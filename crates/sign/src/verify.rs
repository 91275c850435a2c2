//! Verification of a claim, and what a good signature leaves open.

use http::HeaderMap;

use crate::canonical::{
    RequestHead, canonical_policy_request, canonical_request, policy_url_signs, string_to_sign,
};
use crate::error::{BadContentHash, CanonicalError, VerifyError};
use crate::key::DayKey;
use crate::present::{Flavour, Presented};
use crate::scheme::{EMPTY_SHA256, Scheme, UNSIGNED_PAYLOAD};

/// What a verified signature says about the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: the body may be anything.
    Unsigned,
    /// The body must have this SHA-256; the caller compares when it has read the body.
    Sha256([u8; 32]),
}

/// Recomputes the signature of `presented` for the request and compares it in constant time.
///
/// Says nothing about time, region or rights. `head` is not looked at for a form, whose policy alone is signed.
pub fn verify(
    scheme: &Scheme,
    key: &DayKey,
    presented: &Presented,
    head: &RequestHead<'_>,
) -> Result<Payload, VerifyError> {
    let matches = |canonical: &[u8]| {
        let text = string_to_sign(scheme, &presented.timestamp, &presented.scope, canonical);
        key.matches(text.as_bytes(), &presented.signature)
    };
    match &presented.flavour {
        Flavour::Form { policy } => {
            unsigned_if(key.matches(policy.as_bytes(), &presented.signature))
        }
        Flavour::PolicyUrl { .. } => {
            let canonical =
                canonical_policy_request(scheme, head.query).map_err(CanonicalError::from)?;
            unsigned_if(matches(&canonical))
        }
        Flavour::Header | Flavour::Query => {
            for (line, payload) in payload_lines(scheme, presented, head.headers)? {
                let signed = &presented.signed_headers;
                if matches(&canonical_request(scheme, head, signed, line)?) {
                    return Ok(payload);
                }
            }
            Err(VerifyError::Mismatch)
        }
    }
}

/// Names of vendor headers and vendor query parameters that the signature does not cover, in lower case and in
/// order, without those in `exempt` (lower case). A server refuses the request or ignores exactly these.
///
/// The signature itself is never listed. Other parameters and headers are not looked at.
pub fn uncovered(
    scheme: &Scheme,
    presented: &Presented,
    head: &RequestHead<'_>,
    exempt: &[&str],
) -> Result<Vec<String>, CanonicalError> {
    let mut open: Vec<String> = head
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with(scheme.header_prefix))
        .filter(|name| !covers_header(scheme, presented, name))
        .map(str::to_owned)
        .collect();
    for (name, _) in scheme.pairs(head.query)? {
        let Some(suffix) = scheme.suffix(&name) else {
            continue;
        };
        let covered = match presented.flavour {
            Flavour::Header | Flavour::Query => true,
            Flavour::PolicyUrl { .. } => suffix == "signature" || policy_url_signs(scheme, &name),
            Flavour::Form { .. } => false,
        };
        if !covered {
            open.push(scheme.header(&suffix));
        }
    }
    open.retain(|name| !exempt.contains(&name.as_str()));
    open.sort_unstable();
    open.dedup();
    Ok(open)
}

/// Whether a header takes part in the signature: by the list, by the scheme, or, in the header flavour, as a line of the
/// string to sign (date) or of the canonical request (content hash).
fn covers_header(scheme: &Scheme, presented: &Presented, name: &str) -> bool {
    let own_line = || {
        let suffix = scheme.suffix(name.as_bytes());
        matches!(suffix.as_deref(), Some("date" | "content-sha256"))
    };
    let by_rule = presented.signed_headers.contains(name) || scheme.signs_unlisted(name);
    by_rule || (presented.flavour == Flavour::Header && own_line())
}

/// What the content hash header says; nothing if it is absent or empty.
pub(crate) fn declared_hash<'a>(
    scheme: &Scheme,
    headers: &'a HeaderMap,
) -> Result<Option<&'a str>, BadContentHash> {
    let Some(value) = headers.get(scheme.header("content-sha256")) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| BadContentHash)?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()))
}

/// The payload lines that the SDKs may have written, and what each means: the declared hash; without one
/// `UNSIGNED-PAYLOAD` (Python) or the hash of no bytes whatever the body is (Go). In a query the declared
/// hash counts only if its header is signed, and Go writes `UNSIGNED-PAYLOAD` even then.
fn payload_lines<'a>(
    scheme: &Scheme,
    presented: &Presented,
    headers: &'a HeaderMap,
) -> Result<Vec<(&'a str, Payload)>, BadContentHash> {
    let unsigned = (UNSIGNED_PAYLOAD, Payload::Unsigned);
    let in_header = presented.flavour == Flavour::Header;
    let name = scheme.header("content-sha256");
    let binding = in_header || presented.signed_headers.contains(&name);
    match declared_hash(scheme, headers)?.filter(|_| binding) {
        None if in_header => Ok(vec![unsigned, (EMPTY_SHA256, Payload::Unsigned)]),
        None | Some(UNSIGNED_PAYLOAD) => Ok(vec![unsigned]),
        Some(text) => {
            let mut sum = [0; 32];
            hex::decode_to_slice(text, &mut sum).map_err(|_| BadContentHash)?;
            let payload = Payload::Sha256(sum);
            let mut lines = vec![(text, payload)];
            if !in_header {
                lines.push((UNSIGNED_PAYLOAD, payload));
            }
            Ok(lines)
        }
    }
}

fn unsigned_if(good: bool) -> Result<Payload, VerifyError> {
    if good {
        Ok(Payload::Unsigned)
    } else {
        Err(VerifyError::Mismatch)
    }
}
