//! The texts that may have been signed: the one computation of verifier and signer.

use std::borrow::Cow;

use http::HeaderMap;

use super::claim::{Basis, Claim, Version};
use super::{query, v2, v4};
use crate::canonical::RequestHead;
use crate::error::{CanonicalError, Place};
use crate::percent::plain_query_pairs;
use crate::versions::Mismatch;

/// What `claim` may sign, in the form in which a mismatch shows it; the likeliest first, and never none.
///
/// Version 2 has further texts: for the path of a bucket alone; without the parameters that the vendor's Python SDK
/// leaves out, where the request is signed for use at once, because whoever holds a URL could add them; and with empty
/// values written without `=`, which means the same everywhere.
pub(super) fn candidates(
    claim: &Claim,
    head: &RequestHead<'_>,
    bucket: Option<&str>,
) -> Result<Vec<Mismatch>, CanonicalError> {
    if let Some(policy) = &claim.policy {
        return Ok(vec![Mismatch::of(policy.as_str())]);
    }
    match &claim.basis {
        Basis::V2 { date } => {
            let headers = with_hoisted(claim.place, head)?;
            let head = RequestHead {
                headers: &headers,
                ..*head
            };
            let mut texts = Vec::new();
            for path in &paths(head.path, bucket) {
                let head = RequestHead { path, ..head };
                texts.push(v2::string_to_sign(&head, date, bucket, v2::any_signs)?);
                if claim.place == Place::Header {
                    texts.push(v2::string_to_sign(&head, date, bucket, v2::sdk_signs)?);
                }
                let query = &*v2::bare(head.query);
                if query != head.query {
                    let head = RequestHead { query, ..head };
                    texts.push(v2::string_to_sign(&head, date, bucket, v2::any_signs)?);
                }
            }
            Ok(texts.into_iter().map(Mismatch::of).collect())
        }
        Basis::V4 {
            time,
            scope,
            signed,
            lines,
        } => {
            let lines = lines.iter();
            let texts = lines.map(|line| v4::texts(head, time, scope, signed, line));
            texts.collect()
        }
    }
}

/// The paths that version 2 may sign: a bucket alone also with a slash behind it, as one SDK signs it and does not
/// send it.
fn paths<'a>(path: &'a str, bucket: Option<&str>) -> Vec<Cow<'a, str>> {
    let named = path.strip_prefix('/').filter(|rest| !rest.is_empty());
    if bucket.is_none() && named.is_some_and(|rest| !rest.contains('/')) {
        return vec![path.into(), format!("{path}/").into()];
    }
    vec![path.into()]
}

/// The headers, with those that a URL of version 2 carries as parameters.
fn with_hoisted<'a>(
    place: Place,
    head: &RequestHead<'a>,
) -> Result<Cow<'a, HeaderMap>, CanonicalError> {
    if place != Place::Query {
        return Ok(Cow::Borrowed(head.headers));
    }
    let pairs = plain_query_pairs(head.query)?;
    // What cannot be a header was refused when the claim was parsed.
    let hoisted = query::hoisted(Version::V2, head.headers, &pairs).unwrap_or_default();
    if hoisted.is_empty() {
        return Ok(Cow::Borrowed(head.headers));
    }
    let mut headers = head.headers.clone();
    headers.extend(hoisted);
    Ok(Cow::Owned(headers))
}
