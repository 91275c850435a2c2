//! The signatures of Alibaba OSS: versions 1, 2 and 4, each in header, URL and form (OSS sheet section 2).
//!
//! The way of a request: [`present`] (or [`present_form`]) parses what it claims into a [`Claim`], the caller
//! judges region and [`Timing`] with its own clock and looks up the secret, and [`verify`] recomputes the
//! signature for what the request addresses. A client or a test uses [`Signer`].
//!
//! All versions sign the bucket and the decoded key, so the style of addressing does not matter, and every
//! `x-oss-*` header that is sent. They differ in the query:
//!
//! - Versions 2 and 4 sign every parameter.
//! - Version 1 signs the parameters of a fixed list, which name operations and versions and override headers;
//!   `prefix`, `max-keys` and whatever else is not listed can be changed by whoever holds the request. Names are
//!   case sensitive: a server that took `VersionId` for `versionId` would act on what nobody signed.
//! - Version 1 signs decoded text without escapes, so the key `a?acl` and the parameter `acl` of the key `a` sign
//!   alike. That is the vendor's, and every version 1 client relies on it.
//!
//! No version covers the body. Version 4 has a line for its hash, in which the vendor's clients write
//! `UNSIGNED-PAYLOAD`; a claim with anything else is refused, because it would promise a check.

mod claim;
mod form;
mod header;
mod query;
mod signer;
mod text;
mod v1;
mod v2;
mod v4;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::canonical::RequestHead;
use crate::error::{Fault, Place, PresentError};
use crate::percent::query_pairs;
use crate::versions::fields::is_of_scheme;

pub use claim::{Claim, Version};
pub use form::present_form;
pub use signer::Signer;
pub use text::Resource;

pub use crate::versions::{Mismatch, Timing};

/// Query parameter that says which version signed a URL; version 1 has none.
const VERSION: &str = "x-oss-signature-version";

/// Query parameter and form field of version 1 with the access key.
const V1_KEY: &str = "OSSAccessKeyId";

/// Whether the request carries a signature of this vendor, whatever it is worth. Cheap: nothing is parsed.
pub fn is_signed(headers: &HeaderMap, query: &str) -> bool {
    is_of_scheme(
        headers,
        &[v1::ALGORITHM, v2::ALGORITHM, v4::SCHEME.algorithm],
    ) || query.split('&').any(|piece| {
        let name = piece.split('=').next().unwrap_or(piece);
        name == V1_KEY || name.eq_ignore_ascii_case(VERSION)
    })
}

/// Parses the claim of a request that is not a POST form; nothing if the request is not signed.
///
/// A request with an `Authorization` header and signature parameters at once is refused as conflicting. So is, as
/// malformed, a query that cannot be decoded, signed or not: no later step could read it.
pub fn present(head: &RequestHead<'_>) -> Result<Option<Claim>, PresentError> {
    let pairs = query_pairs(head.query).map_err(|_| {
        let hint = "a percent sign must be followed by two hexadecimal digits";
        Fault::malformed("query", hint).at(Place::Query)
    })?;
    let in_header = head.headers.contains_key(AUTHORIZATION);
    match query::version(&pairs).map_err(|fault| fault.at(Place::Query))? {
        Some(_) if in_header => Err(Fault::Conflicting.at(Place::Header)),
        Some(version) => query::parse(version, head, &pairs)
            .map(Some)
            .map_err(|fault| fault.at(Place::Query)),
        None if in_header => header::parse(head.headers)
            .map(Some)
            .map_err(|fault| fault.at(Place::Header)),
        None => Ok(None),
    }
}

/// Recomputes the signature of `claim` for the request and what it addresses, and compares in constant time.
///
/// Says nothing about time, region or rights. Of a form the policy alone is signed, and neither `head` nor
/// `resource` is looked at.
pub fn verify(
    claim: &Claim,
    secret: &str,
    head: &RequestHead<'_>,
    resource: &Resource<'_>,
) -> Result<(), Mismatch> {
    let texts = text::texts(claim, head, resource).map_err(|_| Mismatch::default())?;
    if claim
        .key(secret)
        .matches(&texts.string_to_sign, &claim.signature)
    {
        Ok(())
    } else {
        Err(texts)
    }
}
