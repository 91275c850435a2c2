//! The head of a request: what is ambiguous is refused before any dialect reads it.

use http::request::Parts;
use http::{HeaderValue, Response, header};

use cohong_dialects::gate::OutBody;
use cohong_dialects::gate::access::{Proof, is_credential};

/// What logs and an answer after a defect need of a head: no secret but those of its target.
pub(super) fn copy(head: &Parts) -> Parts {
    let mut request = http::Request::new(());
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = head.version;
    let headers = request.headers_mut();
    headers.reserve(head.headers.len());
    for (name, value) in &head.headers {
        let value = if is_credential(name.as_str()) {
            HeaderValue::from_static("-")
        } else {
            value.clone()
        };
        headers.append(name.clone(), value);
    }
    if let Some(proof) = proof(head) {
        request.extensions_mut().insert(proof);
    }
    request.into_parts().0
}

/// How a request says who asks, whether that is true or not.
fn proof(head: &Parts) -> Option<Proof> {
    if let Some(value) = head.headers.get(header::AUTHORIZATION) {
        let scheme = value.as_bytes().split(|b| *b == b' ').next();
        return Some(Proof {
            fourth: scheme.is_some_and(|scheme| scheme.contains(&b'4')),
            in_header: true,
        });
    }
    let names = head.uri.query()?.split('&');
    let mut names = names.filter_map(|pair| Some(pair.split_once('=')?.0.to_ascii_lowercase()));
    let name = names.find(|name| name.ends_with("signature"))?;
    Some(Proof {
        fourth: name.contains('-'),
        in_header: false,
    })
}

/// Refuses heads that two readers could understand differently.
///
/// The vendor's client of OAS writes two `Host` headers on uploads, with port and without (OAS sheet section 1.1). The
/// scheme of the signature tells that dialect, and no host is signed there.
pub(super) fn check(head: &Parts) -> Result<(), &'static str> {
    let second_host = cohong_sign::oas::is_signed(&head.headers);
    let once = |name| {
        let more = head.headers.get_all(&name).iter().nth(1).is_some();
        !more || (second_host && name == header::HOST)
    };
    for (name, text) in [
        (header::HOST, "there is more than one Host header"),
        (
            header::CONTENT_LENGTH,
            "there is more than one Content-Length header",
        ),
        (
            header::TRANSFER_ENCODING,
            "there is more than one Transfer-Encoding header",
        ),
        (
            header::AUTHORIZATION,
            "there is more than one Authorization header",
        ),
    ] {
        if !once(name) {
            return Err(text);
        }
    }
    if head.headers.contains_key(header::CONTENT_LENGTH)
        && head.headers.contains_key(header::TRANSFER_ENCODING)
    {
        return Err("there is both a Content-Length and a Transfer-Encoding header");
    }
    let coding = head.headers.get(header::TRANSFER_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err("the only Transfer-Encoding served is chunked; compress with Content-Encoding");
    }
    let Some(host) = head.headers.get(header::HOST) else {
        return Err("there is no Host header");
    };
    match head.uri.authority() {
        Some(target)
            if !target
                .as_str()
                .as_bytes()
                .eq_ignore_ascii_case(host.as_bytes()) =>
        {
            Err("the Host header is not that of the request target")
        }
        _ => Ok(()),
    }
}

/// The connection ends with this answer: what follows on it cannot be trusted to be a request.
pub(super) fn closing(mut response: Response<OutBody>) -> Response<OutBody> {
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn ambiguous_heads_are_refused() {
        let good: &[(&str, &[(&str, &str)])] = &[
            ("/a", &[("host", "h")]),
            ("http://b.h:80/a", &[("host", "B.h:80")]),
            ("/a", &[("host", "h"), ("content-length", "3")]),
            ("/a", &[("host", "h"), ("transfer-encoding", "Chunked")]),
            (
                "/a",
                &[
                    ("host", "h:80"),
                    ("host", "h"),
                    ("authorization", "OAS a:b"),
                ],
            ),
        ];
        for (target, headers) in good {
            assert_eq!(
                check(&head(target, headers)),
                Ok(()),
                "{target} {headers:?}"
            );
        }
        let bad: &[(&str, &[(&str, &str)])] = &[
            ("/a", &[]),
            ("/a", &[("host", "h"), ("host", "h")]),
            (
                "/a",
                &[("host", "h"), ("host", "h"), ("authorization", "OSS a:b")],
            ),
            (
                "/a",
                &[
                    ("host", "h"),
                    ("authorization", "OAS a:b"),
                    ("authorization", "OAS a:b"),
                ],
            ),
            (
                "/a",
                &[
                    ("host", "h"),
                    ("content-length", "3"),
                    ("content-length", "4"),
                ],
            ),
            (
                "/a",
                &[
                    ("host", "h"),
                    ("content-length", "3"),
                    ("transfer-encoding", "chunked"),
                ],
            ),
            (
                "/a",
                &[("host", "h"), ("transfer-encoding", "gzip, chunked")],
            ),
            ("http://other/a", &[("host", "h")]),
            (
                "/a",
                &[
                    ("host", "h"),
                    ("authorization", "x"),
                    ("authorization", "y"),
                ],
            ),
        ];
        for (target, headers) in bad {
            assert!(
                check(&head(target, headers)).is_err(),
                "{target} {headers:?}"
            );
        }
    }
}
