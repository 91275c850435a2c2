//! Version 2: HMAC-SHA256 over encoded text (OSS sheet section 2.3).

use super::text::Resource;
use super::v4;
use crate::canonical::{RequestHead, canonical_query, push_line};
use crate::percent::{Pair, encode};
use crate::signed_headers::SignedHeaders;
use crate::versions::{first_lines, push_headers};

/// First word of `Authorization`, and the version in URLs and forms.
pub(super) const ALGORITHM: &str = "OSS2";

/// Name of the parameter and form field with the access key.
pub(super) const KEY: &str = "x-oss-access-key-id";

/// Query parameter with the time of expiry.
pub(super) const EXPIRES: &str = "x-oss-expires";

/// Query parameter with the list of further signed headers.
pub(super) const ADDITIONAL: &str = "x-oss-additional-headers";

/// Query parameter and form field of the signature.
pub(super) const SIGNATURE: &str = "x-oss-signature";

/// The string to sign. `date` is the text of the date, or of the time of expiry in a URL. The query is encoded
/// and sorted as in version 4.
pub(super) fn string_to_sign(
    head: &RequestHead<'_>,
    date: &str,
    additional: &SignedHeaders,
    resource: &Resource<'_>,
    mut pairs: Vec<Pair>,
) -> Vec<u8> {
    let mut out = first_lines(head, date);
    push_headers(&mut out, head.headers, |name| {
        v4::is_own(name) || additional.contains(name)
    });
    push_line(&mut out, additional.to_string());
    out.extend_from_slice(encode(&resource.path()).as_bytes());
    pairs.retain(|(name, _)| name != SIGNATURE.as_bytes());
    if !pairs.is_empty() {
        out.push(b'?');
        out.extend_from_slice(canonical_query(v4::SCHEME.query, pairs).as_bytes());
    }
    out
}
