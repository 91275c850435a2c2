//! Version 4: the family's canonical request with a key of one day and region (S3 sheet sections 2.1 and 2.2).

use super::claim::{Basis, Claim};
use super::content::Content;
use crate::canonical::{RequestHead, canonical_request, string_to_sign};
use crate::error::{CanonicalError, Place};
use crate::present::{Flavour, Presented, claims_signature};
use crate::scheme::AWS4;
use crate::scope::Scope;
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;
use crate::versions::{Mismatch, Timing};

/// The algorithm of access points in several regions, which signs with a private key.
pub(super) const ASYMMETRIC: &str = "AWS4-ECDSA-P256-SHA256";

/// Header with the date.
pub(super) const DATE: &str = "x-amz-date";

/// Header with the token of temporary credentials.
pub(super) const TOKEN: &str = "x-amz-security-token";

/// Whether a query parameter means that the query signs the request.
pub(super) fn claims(name: &[u8]) -> bool {
    AWS4.suffix(name)
        .is_some_and(|suffix| claims_signature(&AWS4, &suffix))
}

/// The claim that the parser of the family found in `place`. `lines` are the payload lines to try.
pub(super) fn claim(
    place: Place,
    presented: Presented,
    content: Content,
    lines: Vec<String>,
) -> Claim {
    let timing = Timing::of(&presented);
    let policy = match presented.flavour {
        Flavour::Form { policy } | Flavour::PolicyUrl { policy } => Some(policy),
        Flavour::Header | Flavour::Query => None,
    };
    Claim {
        place,
        access_key: presented.access_key,
        security_token: presented.security_token,
        timing,
        content,
        signature: presented.signature,
        policy,
        basis: Basis::V4 {
            time: presented.timestamp,
            scope: presented.scope,
            signed: presented.signed_headers,
            lines,
        },
    }
}

/// String to sign and canonical request with the payload line `line`.
pub(super) fn texts(
    head: &RequestHead<'_>,
    time: &Timestamp,
    scope: &Scope,
    signed: &SignedHeaders,
    line: &str,
) -> Result<Mismatch, CanonicalError> {
    let canonical = canonical_request(&AWS4, head, signed, line)?;
    let text = string_to_sign(&AWS4, time, scope, &canonical);
    Ok(Mismatch {
        string_to_sign: text.into_bytes(),
        canonical_request: Some(canonical),
    })
}
