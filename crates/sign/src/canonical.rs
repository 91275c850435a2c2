//! The canonical request and the string to sign (TOS sheet section 2).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, Method};
use sha2::{Digest, Sha256};

use crate::error::CanonicalError;
use crate::percent::{BadEscape, Pair, decode, encode, encode_path};
use crate::scheme::{QueryRules, Scheme, UNSIGNED_PAYLOAD};
use crate::scope::Scope;
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;

/// Query parameters (after the vendor prefix, in lower case) that a policy URL signs.
const POLICY_SIGNED: [&str; 6] = [
    "algorithm",
    "credential",
    "date",
    "expires",
    "policy",
    "security-token",
];

/// The parts of a request that a signature can cover, as they stand on the wire.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// Method; methods are case sensitive and signed as they are.
    pub method: &'a Method,
    /// Raw path, still percent-encoded, with its leading `/`; the bucket is not part of it. Empty means `/`.
    pub path: &'a str,
    /// Raw query without `?`, still percent-encoded.
    pub query: &'a str,
    /// Headers, `Host` among them.
    pub headers: &'a HeaderMap,
}

/// Builds the canonical request. It is a byte string because header values need not be UTF-8.
///
/// `signed` is the list of the claim; headers that the scheme signs unlisted take part as well, if they are there.
/// Every query parameter except the signature itself takes part. Lines of a repeated header are joined with
/// a comma, and spaces around a value are dropped.
pub fn canonical_request(
    scheme: &Scheme,
    head: &RequestHead<'_>,
    signed: &SignedHeaders,
    payload: &str,
) -> Result<Vec<u8>, CanonicalError> {
    let mut pairs = scheme.pairs(head.query)?;
    pairs.retain(|(name, _)| scheme.suffix(name).as_deref() != Some("signature"));
    let mut out = Vec::with_capacity(512);
    push_line(&mut out, head.method.as_str());
    push_line(&mut out, canonical_path(head.path)?);
    push_line(&mut out, canonical_query(scheme.query, pairs));
    for name in covered(scheme, head.headers, signed).iter() {
        let value = match header_value(head.headers, name) {
            Some(value) if scheme.headers.one_blank => one_blank(&value),
            Some(value) => value,
            None if scheme.headers.absent_is_empty => Vec::new(),
            None => {
                let name = name.to_owned();
                return Err(CanonicalError::HeaderAbsent { name });
            }
        };
        push_named(&mut out, name, &value);
    }
    push_line(&mut out, "");
    push_line(&mut out, signed.to_string());
    out.extend_from_slice(payload.as_bytes());
    Ok(out)
}

/// Builds the two-line canonical request of a policy URL. Only the parameters that make up the signature
/// take part: method, path, host, headers and all further parameters are bound by the policy alone.
pub fn canonical_policy_request(scheme: &Scheme, query: &str) -> Result<Vec<u8>, BadEscape> {
    let mut pairs = scheme.pairs(query)?;
    pairs.retain(|(name, _)| policy_url_signs(scheme, name));
    let query = canonical_query(scheme.query, pairs);
    Ok(format!("{query}\n{UNSIGNED_PAYLOAD}").into_bytes())
}

/// Whether a policy URL signs the query parameter `name`.
pub(crate) fn policy_url_signs(scheme: &Scheme, name: &[u8]) -> bool {
    scheme
        .suffix(name)
        .is_some_and(|suffix| POLICY_SIGNED.contains(&suffix.as_str()))
}

/// The string to sign: algorithm, timestamp, scope and the hash of the canonical request, one per line.
pub fn string_to_sign(
    scheme: &Scheme,
    time: &Timestamp,
    scope: &Scope,
    canonical_request: &[u8],
) -> String {
    format!(
        "{}\n{}\n{}\n{}",
        scheme.algorithm,
        time.as_str(),
        scope.text(scheme),
        hex::encode(Sha256::digest(canonical_request))
    )
}

/// Headers whose values are signed. A scheme with unlisted headers signs what is there of both kinds: a name that
/// is listed and absent adds no line, so neither adding nor dropping such a header goes unnoticed.
fn covered<'a>(
    scheme: &Scheme,
    headers: &HeaderMap,
    listed: &'a SignedHeaders,
) -> Cow<'a, SignedHeaders> {
    if scheme.unlisted.is_none() {
        return Cow::Borrowed(listed);
    }
    let names = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| listed.contains(name) || scheme.signs_unlisted(name));
    Cow::Owned(SignedHeaders::from_names(names.map(str::to_owned)))
}

/// Appends a line and its end.
pub(crate) fn push_line(out: &mut Vec<u8>, line: impl AsRef<[u8]>) {
    out.extend_from_slice(line.as_ref());
    out.push(b'\n');
}

fn canonical_path(raw: &str) -> Result<String, BadEscape> {
    if raw.is_empty() {
        return Ok("/".to_owned());
    }
    Ok(encode_path(&decode(raw)?))
}

/// Sorts as the SDKs do: by decoded name, where values of a repeated one keep their order, or by encoded name and
/// value.
pub(crate) fn canonical_query(rules: QueryRules, mut pairs: Vec<Pair>) -> String {
    if !rules.encoded_order {
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let mut encoded: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    if rules.encoded_order {
        encoded.sort();
    }
    let parts: Vec<String> = encoded
        .into_iter()
        .map(|(name, value)| {
            if value.is_empty() && rules.bare_empty {
                name
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    parts.join("&")
}

/// Appends `name:value` and a line end.
pub(crate) fn push_named(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    push_line(out, value);
}

/// A value with each run of blanks as one space.
fn one_blank(value: &[u8]) -> Vec<u8> {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t'));
    let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

/// The value of a header as it is signed: the lines of a repeated one joined with commas, without the spaces
/// around each; nothing when it is absent.
pub(crate) fn header_value(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes().trim_ascii())
        .collect();
    (!values.is_empty()).then(|| values.join(&b','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::TOS;

    fn canonical(path: &str, query: &str) -> Result<String, CanonicalError> {
        let mut headers = HeaderMap::new();
        headers.insert("host", "h:1".parse().expect("value"));
        headers.append("x-tos-a", " b  c ".parse().expect("value"));
        headers.append("x-tos-a", "d".parse().expect("value"));
        let head = RequestHead {
            method: &Method::GET,
            path,
            query,
            headers: &headers,
        };
        let signed = SignedHeaders::parse("list", "X-Tos-A;host").expect("list");
        let bytes = canonical_request(&TOS, &head, &signed, "P")?;
        Ok(String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn path_and_query_table() {
        for (path, query, want_path, want_query) in [
            ("", "", "/", ""),
            ("/", "acl", "/", "acl="),
            ("/a%2fb/%7e!", "acl=", "/a/b/~%21", "acl="),
            ("/a+b", "p=a+b&q=%2B", "/a%2Bb", "p=a%20b&q=%2B"),
            ("/%ff", "b=2&a=2&a=1", "/%FF", "a=2&a=1&b=2"),
            ("/k", "a%C3%A9=1&a~=2", "/k", "a~=2&a%C3%A9=1"),
            ("/k", "b=1&X-TOS-signature=x&B=2", "/k", "B=2&b=1"),
        ] {
            let want = format!(
                "GET\n{want_path}\n{want_query}\nhost:h:1\nx-tos-a:b  c,d\n\nhost;x-tos-a\nP"
            );
            assert_eq!(canonical(path, query), Ok(want), "{path}?{query}");
        }
    }

    #[test]
    fn bad_escapes_have_no_canonical_request() {
        for (path, query) in [("/%", ""), ("/", "a=%4"), ("/", "%g0")] {
            let err = canonical(path, query).expect_err(path);
            assert_eq!(err, CanonicalError::BadEscape(BadEscape));
        }
    }

    #[test]
    fn a_signed_header_must_be_there() {
        let headers = HeaderMap::new();
        let head = RequestHead {
            method: &Method::GET,
            path: "/",
            query: "",
            headers: &headers,
        };
        let signed = SignedHeaders::parse("list", "host").expect("list");
        let err = canonical_request(&TOS, &head, &signed, "P").expect_err("no host");
        assert_eq!(
            err,
            CanonicalError::HeaderAbsent {
                name: "host".into()
            }
        );
    }

    #[test]
    fn policy_url_signs_its_own_parameters_only() {
        let query = "prefix=a&x-tos-policy=cA%3D%3D&X-Tos-Date=d&X-Tos-Signature=s&x-tos-process=z";
        let bytes = canonical_policy_request(&TOS, query).expect("query");
        assert_eq!(
            String::from_utf8(bytes).expect("text"),
            "X-Tos-Date=d&x-tos-policy=cA%3D%3D\nUNSIGNED-PAYLOAD"
        );
    }
}
