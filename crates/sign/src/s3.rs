//! The signatures of Amazon S3: versions 2 and 4, each in header, URL and form (S3 sheet section 2).
//!
//! The way of a request: [`present`] (or [`present_form`]) parses what it claims into a [`Claim`], the caller
//! judges region and [`Timing`] with its own clock and looks up the secret, and [`verify`] recomputes the
//! signature. [`uncovered`] then lists what the caller has to refuse. A URL may carry headers as parameters, which
//! [`hoisted`] finds. A client or a test uses [`Signer`].
//!
//! - Version 4 signs the path as it is, decoded and encoded once and never normalised, every parameter, and the
//!   headers that it lists. `Host` is one of them, so how the bucket is addressed is signed as well. In the query `+`
//!   is a plus, elsewhere a blank: [`is_plus_plain`] tells which.
//! - Version 2 signs the bucket, the path as it is spelled, all of the vendor's headers and the parameters of a fixed
//!   list; whatever else is in the query can be changed by whoever holds the request.
//!
//! What the request says about its body is the claim's [`Content`]. A body in signed chunks continues the signature:
//! [`verify`] hands out what checks them.

mod claim;
mod content;
mod form;
mod header;
mod query;
mod signer;
mod text;
mod v2;
mod v4;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use crate::canonical::RequestHead;
use crate::chunks::ChunkSigner;
use crate::error::{Fault, Place, PresentError};
use crate::scheme::AWS4;
use crate::versions::fields::is_of_scheme;

pub use claim::{Claim, Version};
pub use content::{CONTENT_HASH, Content, content};
pub use form::present_form;
pub use signer::Signer;

pub use crate::versions::{Mismatch, Timing};

/// Whether the request carries a signature of this vendor, whatever it is worth. Cheap: nothing is parsed.
pub fn is_signed(headers: &HeaderMap, query: &str) -> bool {
    is_of_scheme(headers, &[v2::ALGORITHM, AWS4.algorithm, v4::ASYMMETRIC])
        || query.split('&').any(|piece| {
            let name = piece.split('=').next().unwrap_or(piece).as_bytes();
            name == v2::KEY.as_bytes() || v4::claims(name)
        })
}

/// Whether `+` in the query is a plus, as version 4 signs it; else a blank, as signers of version 2 write it.
pub fn is_plus_plain(headers: &HeaderMap, query: &str) -> bool {
    let header = headers.get(AUTHORIZATION);
    header.is_some_and(|value| value.as_bytes().starts_with(AWS4.algorithm.as_bytes()))
        || query.split('&').any(|piece| {
            let name = piece.split('=').next().unwrap_or(piece);
            v4::claims(name.as_bytes())
        })
}

/// Parses the claim of a request that is not a POST form; nothing if the request is not signed.
///
/// A request with an `Authorization` header and signature parameters at once is refused as conflicting. So is, as
/// malformed, a query that cannot be decoded, signed or not: no later step could read it.
pub fn present(head: &RequestHead<'_>) -> Result<Option<Claim>, PresentError> {
    let at = |place| move |fault: Fault| fault.at(place);
    let pairs = query::pairs(head.query).map_err(at(Place::Query))?;
    let in_header = head.headers.contains_key(AUTHORIZATION);
    match query::version(&pairs).map_err(at(Place::Query))? {
        Some(_) if in_header => Err(Fault::Conflicting.at(Place::Header)),
        Some(version) => query::parse(version, head, &pairs)
            .map(Some)
            .map_err(at(Place::Query)),
        None if in_header => header::parse(head.headers)
            .map(Some)
            .map_err(at(Place::Header)),
        None => Ok(None),
    }
}

/// Headers that a signed URL carries as parameters, where the request has no header of that name: those of the
/// vendor, and in version 2 `Content-Type` and `Content-MD5` (S3 sheet sections 2.2 and 2.3). The signature covers
/// them, and they act as headers. None for a request that no query signs.
pub fn hoisted(head: &RequestHead<'_>) -> Result<HeaderMap, PresentError> {
    let found = || {
        let pairs = query::pairs(head.query)?;
        match query::version(&pairs)? {
            Some(version) => query::hoisted(version, head.headers, &pairs),
            None => Ok(HeaderMap::new()),
        }
    };
    found().map_err(|fault| fault.at(Place::Query))
}

/// Recomputes the signature of `claim` and compares in constant time. `bucket` is the bucket that the host names;
/// none where the path names it. Gives what checks the body, if it comes in signed chunks.
///
/// Says nothing about time, region or rights. Of a form the policy alone is signed, and neither `head` nor
/// `bucket` is looked at.
pub fn verify(
    claim: &Claim,
    secret: &str,
    head: &RequestHead<'_>,
    bucket: Option<&str>,
) -> Result<Option<ChunkSigner>, Mismatch> {
    let key = claim.key(secret);
    let texts = text::candidates(claim, head, bucket).map_err(|_| Mismatch::default())?;
    let mut texts = texts.into_iter();
    if texts
        .clone()
        .any(|texts| key.matches(&texts.string_to_sign, &claim.signature))
    {
        return Ok(claim.chunks(key));
    }
    Err(texts.next().unwrap_or_default())
}

/// Names of the vendor's headers that the signature does not cover, in lower case and in order. A server refuses
/// them: the holder of a URL could add what changes its meaning, such as an ACL or the source of a copy (S3 sheet,
/// trap 6). The content hash alone is exempt.
///
/// Version 2 covers all; of a form nothing is looked at.
pub fn uncovered(claim: &Claim, headers: &HeaderMap) -> Vec<String> {
    let Some(signed) = claim.listed() else {
        return Vec::new();
    };
    // The date of a signature in the header is a line of the string to sign.
    let dated = claim.place == Place::Header;
    let names = headers.keys().map(HeaderName::as_str);
    let mut open: Vec<String> = names
        .filter(|name| name.starts_with(AWS4.header_prefix) && !signed.contains(name))
        .filter(|name| *name != CONTENT_HASH && !(dated && *name == v4::DATE))
        .map(str::to_owned)
        .collect();
    open.sort_unstable();
    open
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_plus_in_a_query_is_one_for_version_4_only() {
        let with = |scheme: &'static str| {
            let mut map = HeaderMap::new();
            map.insert("authorization", HeaderValue::from_static(scheme));
            map
        };
        let none = HeaderMap::new();
        for (headers, query, plain) in [
            (with("AWS4-HMAC-SHA256 Credential=x"), "prefix=a+b", true),
            (with("AWS key:signature"), "prefix=a+b", false),
            (none.clone(), "prefix=a+b", false),
            (
                none.clone(),
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&prefix=a+b",
                true,
            ),
            (none, "AWSAccessKeyId=key&prefix=a+b", false),
        ] {
            assert_eq!(is_plus_plain(&headers, query), plain, "{query}");
        }
    }
}
