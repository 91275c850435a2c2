//! Version 4: the family's canonical request with a key of one day and region (OSS sheet sections 2.4 and 2.5).

use http::HeaderMap;

use super::claim::{Basis, Claim};
use super::text::Resource;
use crate::canonical::{RequestHead, canonical_request, header_value, string_to_sign};
use crate::error::{CanonicalError, Fault, Place};
use crate::percent::encode_path;
use crate::present::{Flavour, Presented};
use crate::scheme::{HeaderRules, QueryRules, Scheme, UNSIGNED_PAYLOAD};
use crate::scope::Scope;
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;
use crate::versions::{Mismatch, Timing};

/// `OSS4-HMAC-SHA256`. The bucket is part of the signed path, so `Host` need not be signed.
pub(super) const SCHEME: Scheme = Scheme {
    algorithm: "OSS4-HMAC-SHA256",
    key_prefix: "aliyun_v4",
    service: "oss",
    other_services: &["oss-cloudbox"],
    terminator: "aliyun_v4_request",
    header_prefix: "x-oss-",
    query_prefix: "x-oss-",
    algorithm_parameter: "signature-version",
    list_name: "AdditionalHeaders",
    list_parameter: "additional-headers",
    must_sign: &[],
    unlisted: Some(&["content-md5", "content-type"]),
    query: QueryRules {
        plus_is_space: true,
        bare_empty: true,
        encoded_order: true,
    },
    headers: HeaderRules::STRICT,
    policy_urls: false,
};

/// Header with the payload line.
pub(super) const CONTENT_HASH: &str = "x-oss-content-sha256";

/// Whether a header (lower case) is one of the vendor's, which every version signs.
pub(super) fn is_own(name: &str) -> bool {
    name.starts_with(SCHEME.header_prefix)
}

/// Refuses a content hash that would promise a check of the body.
pub(super) fn check_content_hash(headers: &HeaderMap) -> Result<(), Fault> {
    match header_value(headers, CONTENT_HASH) {
        Some(text) if text != UNSIGNED_PAYLOAD.as_bytes() => {
            let hint = "the body cannot be signed; write UNSIGNED-PAYLOAD";
            Err(Fault::malformed(CONTENT_HASH, hint))
        }
        _ => Ok(()),
    }
}

/// The claim that the parser of the family found in `place`.
pub(super) fn claim(place: Place, presented: Presented) -> Claim {
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
        signature: presented.signature,
        policy,
        basis: Basis::V4 {
            time: presented.timestamp,
            scope: presented.scope,
            additional: presented.signed_headers,
        },
    }
}

/// String to sign and canonical request.
pub(super) fn texts(
    head: &RequestHead<'_>,
    time: &Timestamp,
    scope: &Scope,
    additional: &SignedHeaders,
    resource: &Resource<'_>,
) -> Result<Mismatch, CanonicalError> {
    let path = encode_path(&resource.path());
    let head = RequestHead {
        path: &path,
        ..*head
    };
    let canonical = canonical_request(&SCHEME, &head, additional, UNSIGNED_PAYLOAD)?;
    let text = string_to_sign(&SCHEME, time, scope, &canonical);
    Ok(Mismatch {
        string_to_sign: text.into_bytes(),
        canonical_request: Some(canonical),
    })
}
