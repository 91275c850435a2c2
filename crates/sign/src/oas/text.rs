//! The text that is signed, in all its forms.

use crate::canonical::{RequestHead, header_value, push_line, push_named};
use crate::percent::{BadEscape, Pair, query_pairs};

use http::{HeaderMap, HeaderName, Method};

/// Headers of the vendor, all of which are signed.
const PREFIX: &str = "x-oas-";

/// The string to sign: method, date, a line for every `x-oas-*` header in order, then the path as it stands on the
/// wire with the decoded parameters in order of their names; an empty value leaves out the `=`. It is a byte string
/// because header values and parameters need not be UTF-8.
pub fn string_to_sign(head: &RequestHead<'_>, date: &str) -> Result<Vec<u8>, BadEscape> {
    Ok(text(head, date, &resource(head)?, <[u8]>::to_vec))
}

/// Every form that is accepted, each once, that of the vendor first; a query that cannot be decoded has only forms in
/// which it is not.
pub(super) fn texts(head: &RequestHead<'_>, date: &str) -> Vec<Vec<u8>> {
    let mut resources: Vec<Vec<u8>> = resource(head).into_iter().collect();
    if head.method == Method::GET && !head.query.is_empty() {
        resources.push(format!("{}?{}", head.path, head.query).into_bytes());
    }
    let mut texts = Vec::with_capacity(4);
    for value in [<[u8]>::to_vec, without_blanks] {
        for resource in &resources {
            let text = text(head, date, resource, value);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

fn text(
    head: &RequestHead<'_>,
    date: &str,
    resource: &[u8],
    value: fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    push_line(&mut out, head.method.as_str());
    push_line(&mut out, date);
    for name in own_names(head.headers) {
        let signed = header_value(head.headers, name).unwrap_or_default();
        push_named(&mut out, name, &value(&signed));
    }
    out.extend_from_slice(resource);
    out
}

fn own_names(headers: &HeaderMap) -> Vec<&str> {
    let names = headers.keys().map(HeaderName::as_str);
    let mut names: Vec<&str> = names.filter(|name| name.starts_with(PREFIX)).collect();
    names.sort_unstable();
    names
}

fn without_blanks(value: &[u8]) -> Vec<u8> {
    let kept = value.iter().filter(|byte| !matches!(byte, b' ' | b'\t'));
    kept.copied().collect()
}

/// Path and decoded query.
fn resource(head: &RequestHead<'_>) -> Result<Vec<u8>, BadEscape> {
    let mut pairs: Vec<Pair> = query_pairs(head.query)?;
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let mut out = head.path.as_bytes().to_vec();
    for (at, (name, value)) in pairs.iter().enumerate() {
        out.push(if at == 0 { b'?' } else { b'&' });
        out.extend_from_slice(name);
        if !value.is_empty() {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_request() {
        let table: [(&Method, &str, &str, &[&str]); 7] = [
            (&Method::GET, "", "v", &["D\nx-oas-a:v\n/p"]),
            (
                &Method::GET,
                "",
                " v  w ",
                &["D\nx-oas-a:v  w\n/p", "D\nx-oas-a:vw\n/p"],
            ),
            (&Method::GET, "limit=1", "v", &["D\nx-oas-a:v\n/p?limit=1"]),
            (
                &Method::GET,
                "marker=a%2Bb&limit=",
                "v",
                &[
                    "D\nx-oas-a:v\n/p?limit&marker=a+b",
                    "D\nx-oas-a:v\n/p?marker=a%2Bb&limit=",
                ],
            ),
            (&Method::PUT, "b&a", "v", &["D\nx-oas-a:v\n/p?a&b"]),
            (&Method::GET, "a=%", "v", &["D\nx-oas-a:v\n/p?a=%"]),
            (&Method::PUT, "a=%", "v", &[]),
        ];
        for (method, query, value, forms) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-oas-a", value.parse().expect("value"));
            headers.insert("x-oasis", "no".parse().expect("value"));
            let head = RequestHead {
                method,
                path: "/p",
                query,
                headers: &headers,
            };
            let wanted: Vec<String> = forms.iter().map(|f| format!("{method}\n{f}")).collect();
            let found = texts(&head, "D").into_iter();
            let found: Vec<String> = found.map(|t| String::from_utf8(t).expect("text")).collect();
            assert_eq!(found, wanted, "{query}");
        }
    }
}
