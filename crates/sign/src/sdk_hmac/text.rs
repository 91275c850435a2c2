//! The texts that are signed.

use sha2::{Digest, Sha256};

use super::ALGORITHM;
use crate::canonical::{RequestHead, canonical_query, header_value, push_line, push_named};
use crate::error::CanonicalError;
use crate::percent::{BadEscape, decode, encode_path, plain_query_pairs};
use crate::scheme::QueryRules;
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;

const QUERY: QueryRules = QueryRules {
    plus_is_space: false,
    bare_empty: false,
    encoded_order: true,
};

/// The canonical request as the vendor's Python and Go SDKs write it. `content` is what stands for the body, the hash
/// of its bytes in hexadecimal.
pub fn canonical_request(
    head: &RequestHead<'_>,
    signed: &SignedHeaders,
    content: &str,
) -> Result<Vec<u8>, CanonicalError> {
    canonical(head, &canonical_path(head.path)?, signed, content)
}

/// The string to sign: algorithm, time and the hash of the canonical request, one per line.
pub fn string_to_sign(time: &Timestamp, canonical_request: &[u8]) -> String {
    let hash = hash(canonical_request);
    format!("{ALGORITHM}\n{}\n{hash}", time.as_str())
}

/// SHA-256 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The canonical request with a given canonical path.
pub(super) fn canonical(
    head: &RequestHead<'_>,
    path: &str,
    signed: &SignedHeaders,
    content: &str,
) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::with_capacity(512);
    push_line(&mut out, head.method.as_str());
    push_line(&mut out, path);
    push_line(
        &mut out,
        canonical_query(QUERY, plain_query_pairs(head.query)?),
    );
    for name in signed.iter() {
        let value = header_value(head.headers, name).ok_or_else(|| {
            let name = name.to_owned();
            CanonicalError::HeaderAbsent { name }
        })?;
        push_named(&mut out, name, &value);
    }
    push_line(&mut out, "");
    push_line(&mut out, signed.to_string());
    out.extend_from_slice(content.as_bytes());
    Ok(out)
}

/// Every form in which one of the vendor's SDKs signs a path, each once, the commonest first. Java encodes what it
/// sends without decoding it first; its old releases escape `~` and sign `/` as nothing.
pub(super) fn canonical_paths(raw: &str) -> Result<Vec<String>, CanonicalError> {
    let java = slashed(encode_path(raw.as_bytes()));
    let old_java = match raw {
        "" | "/" => String::new(),
        _ => java.replace('~', "%7E"),
    };
    let mut forms = vec![canonical_path(raw)?];
    for form in [java, old_java] {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    Ok(forms)
}

/// The path decoded and encoded, with a slash at its end.
fn canonical_path(raw: &str) -> Result<String, BadEscape> {
    Ok(slashed(encode_path(&decode(raw)?)))
}

fn slashed(mut path: String) -> String {
    if !path.ends_with('/') {
        path.push('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_path() {
        let table: [(&str, &[&str]); 7] = [
            ("/", &["/", ""]),
            ("", &["/", ""]),
            ("/v2/a-b_c.d", &["/v2/a-b_c.d/"]),
            ("/v2/a/", &["/v2/a/"]),
            ("/v2//events", &["/v2//events/"]),
            ("/a~b", &["/a~b/", "/a%7Eb/"]),
            ("/%7bid%7D%2fx", &["/%7Bid%7D/x/", "/%257bid%257D%252fx/"]),
        ];
        for (raw, forms) in table {
            assert_eq!(canonical_paths(raw).expect("a path"), forms, "{raw}");
        }
        assert_eq!(canonical_paths("/%"), Err(BadEscape.into()));
    }
}
