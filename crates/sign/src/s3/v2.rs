//! Version 2: HMAC-SHA1 over the path as it is spelled and some parameters (S3 sheet section 2.3).

use crate::canonical::RequestHead;
use crate::percent::{BadEscape, Pair, decode};
use crate::scheme::AWS4;
use crate::versions::{first_lines, push_headers};

/// First word of `Authorization`.
pub(super) const ALGORITHM: &str = "AWS";

/// Query parameter and form field with the access key.
pub(super) const KEY: &str = "AWSAccessKeyId";

/// Query parameter with the time of expiry.
pub(super) const EXPIRES: &str = "Expires";

/// Query parameter with the signature; the form's field is written small.
pub(super) const SIGNATURE: &str = "Signature";

/// Query parameters that the signer of the vendor's Python SDK signs, in order.
const SDK_SIGNED: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Query parameters that other signers sign as well, in order.
const ALSO_SIGNED: &[&str] = &["encryption", "legal-hold", "publicAccessBlock", "retention"];

/// Whether some client signs the parameter.
pub(super) fn any_signs(name: &[u8]) -> bool {
    is_in(SDK_SIGNED, name) || is_in(ALSO_SIGNED, name)
}

/// Whether the vendor's Python SDK signs the parameter.
pub(super) fn sdk_signs(name: &[u8]) -> bool {
    is_in(SDK_SIGNED, name)
}

fn is_in(list: &[&str], name: &[u8]) -> bool {
    list.binary_search_by(|signed| signed.as_bytes().cmp(name))
        .is_ok()
}

/// The query as some signers read it, those of goamz and of rclone among them: without the `=` of an empty value.
pub(super) fn bare(query: &str) -> String {
    let bare = |piece| match str::split_once(piece, '=') {
        Some((name, "")) => name,
        _ => piece,
    };
    query.split('&').map(bare).collect::<Vec<_>>().join("&")
}

/// The string to sign. `date` is the text of the date, or of the time of expiry in a URL; `signs` picks the
/// parameters that take part. Their values are decoded, with `+` for a blank; one without `=` has none.
pub(super) fn string_to_sign(
    head: &RequestHead<'_>,
    date: &str,
    bucket: Option<&str>,
    signs: impl Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, BadEscape> {
    let mut out = first_lines(head, date);
    push_headers(&mut out, head.headers, |name| {
        name.starts_with(AWS4.header_prefix)
    });
    if let Some(bucket) = bucket {
        out.push(b'/');
        out.extend_from_slice(bucket.as_bytes());
    }
    let path = if head.path.is_empty() { "/" } else { head.path };
    out.extend_from_slice(path.as_bytes());
    for (at, (name, value)) in signed(head.query, signs)?.iter().enumerate() {
        out.push(if at == 0 { b'?' } else { b'&' });
        out.extend_from_slice(name);
        out.extend_from_slice(value);
    }
    Ok(out)
}

/// The parameters that take part, decoded and sorted by name; the values with the `=` before them, if it is there.
fn signed(query: &str, signs: impl Fn(&[u8]) -> bool) -> Result<Vec<Pair>, BadEscape> {
    let mut found = Vec::new();
    for piece in query.split('&') {
        let (name, value) = piece.split_at(piece.find('=').unwrap_or(piece.len()));
        let name = decode(name)?;
        if signs(&name) {
            found.push((name, decode(&value.replace('+', "%20"))?));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_lose_their_sign_and_nothing_else_does() {
        for (query, wanted) in [
            ("", ""),
            ("uploads", "uploads"),
            ("uploads=", "uploads"),
            ("uploads=&prefix=&a=b=&c==", "uploads&prefix&a=b=&c=="),
            ("&=&", "&&"),
        ] {
            assert_eq!(bare(query), wanted);
        }
    }

    #[test]
    fn the_lists_are_in_order() {
        assert!(SDK_SIGNED.is_sorted() && ALSO_SIGNED.is_sorted());
        assert!(any_signs(b"acl") && any_signs(b"retention") && !sdk_signs(b"retention"));
        assert!(!any_signs(b"prefix") && !any_signs(b"versionid") && !any_signs(b""));
    }
}
