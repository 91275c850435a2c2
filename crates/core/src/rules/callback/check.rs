//! What an order must look like before the body of the upload is read.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{CallbackSpec, NamedCallback};

/// Judges everything about an order but the addresses it resolves to. A template that cannot be
/// rendered is not refused here: the upload is stored and its callback fails (TOS sheet section 5).
pub fn check(spec: &CallbackSpec) -> Result<(), Error> {
    check_urls(&spec.urls)?;
    if let Some(host) = &spec.host {
        check_host(host)?;
    }
    if spec.body.is_empty() {
        return Err(invalid("the callback body is empty; give a template"));
    }
    if spec.body.len() > limits::CALLBACK_PARAM_BYTES_MAX {
        return Err(invalid("the callback body is longer than 8 KiB"));
    }
    check_vars(&spec.vars)?;
    check_headers(&spec.headers)
}

/// Checks callbacks that a bucket keeps under names: few of them, each under a name of its own.
pub fn check_named(all: &[NamedCallback]) -> Result<(), Error> {
    if all.len() > limits::NAMED_CALLBACKS_MAX {
        return Err(invalid("a bucket keeps at most 20 callbacks; remove one"));
    }
    let fits = |name: &str| (1..=limits::CALLBACK_NAME_BYTES_MAX).contains(&name.len());
    if !all.iter().all(|one| fits(&one.name)) {
        return Err(invalid("the name of a callback has 1 to 64 bytes"));
    }
    let names: BTreeSet<&str> = all.iter().map(|one| &*one.name).collect();
    if names.len() < all.len() {
        return Err(invalid(
            "two callbacks have the same name; give each its own",
        ));
    }
    let bytes = |one: &NamedCallback| one.order.len() + one.vars.as_ref().map_or(0, |v| v.len());
    if all
        .iter()
        .any(|one| bytes(one) > 4 * limits::CALLBACK_PARAM_BYTES_MAX)
    {
        return Err(invalid("a callback is too long; shorten it"));
    }
    Ok(())
}

/// Names that frame the message or belong to the connection; also what begins with `proxy-`.
const FRAMING: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether an uploader may add a header: its name is one and does not frame the message, its value has
/// no control characters.
pub fn header_fits(name: &str, value: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let lower = name.to_ascii_lowercase();
    let frames = FRAMING.contains(&&*lower) || lower.starts_with("proxy-");
    !name.is_empty() && name.bytes().all(token) && !frames && !value.chars().any(char::is_control)
}

fn check_headers(headers: &[(Box<str>, Box<str>)]) -> Result<(), Error> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > limits::CALLBACK_PARAM_BYTES_MAX {
        return Err(invalid("the added callback headers are longer than 8 KiB"));
    }
    if !headers.iter().all(|(name, value)| header_fits(name, value)) {
        return Err(invalid(
            "an added callback header has a name that is no header name or frames the message, or a \
             value with control characters",
        ));
    }
    Ok(())
}

fn check_urls(urls: &[Box<str>]) -> Result<(), Error> {
    if urls.is_empty() || urls.len() > limits::CALLBACK_URLS_MAX {
        return Err(invalid("a callback has one to five URLs"));
    }
    if urls.iter().map(|url| url.len()).sum::<usize>() > limits::CALLBACK_PARAM_BYTES_MAX {
        return Err(invalid("the callback URLs are longer than 8 KiB"));
    }
    if urls.iter().any(|url| !super::redact::is_web_address(url)) {
        return Err(invalid(
            "a callback URL begins with http:// or https://, names a host, and has no spaces, \
             backslashes or control characters; percent-encode them",
        ));
    }
    Ok(())
}

fn check_host(host: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_empty() || host.len() > limits::CALLBACK_HOST_BYTES_MAX || !host.chars().all(plain) {
        return Err(invalid(
            "the callback host is a domain name or an address, with a port if need be",
        ));
    }
    Ok(())
}

fn check_vars(vars: &[(Box<str>, Box<str>)]) -> Result<(), Error> {
    if vars.len() > limits::CALLBACK_VARS_MAX {
        return Err(invalid("a callback has at most 100 custom variables"));
    }
    let bytes: usize = vars
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > limits::CALLBACK_PARAM_BYTES_MAX {
        return Err(invalid("the callback variables are longer than 8 KiB"));
    }
    if vars
        .iter()
        .any(|(name, _)| !name.starts_with("x:") || name.len() == 2)
    {
        return Err(invalid("the name of a callback variable begins with x:"));
    }
    let mut names: Vec<&str> = vars.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(invalid("a callback variable is given twice"));
    }
    Ok(())
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BodyType, CallbackStyle};

    type Case = (&'static str, fn(CallbackSpec) -> CallbackSpec);

    fn spec() -> CallbackSpec {
        CallbackSpec {
            urls: vec!["http://app.example/cb?k=%20v".into()],
            host: None,
            body: "a=${object}".into(),
            body_type: BodyType::Form,
            vars: vec![("x:a".into(), "1\r\n2".into())],
            headers: vec![("x-from".into(), "cloud / 云".into())],
            style: CallbackStyle::default(),
        }
    }

    fn header(name: &str, value: &str) -> CallbackSpec {
        CallbackSpec {
            headers: vec![(name.into(), value.into())],
            ..spec()
        }
    }

    fn urls<const N: usize>(urls: [&str; N]) -> CallbackSpec {
        CallbackSpec {
            urls: urls.map(Into::into).into(),
            ..spec()
        }
    }

    fn host(host: &str) -> CallbackSpec {
        CallbackSpec {
            host: Some(host.into()),
            ..spec()
        }
    }

    fn vars(n: usize, value: &str) -> Vec<(Box<str>, Box<str>)> {
        (0..n)
            .map(|i| (format!("x:{i}").into(), value.into()))
            .collect()
    }

    #[test]
    fn orders_within_the_limits_pass() {
        let cases: [Case; 8] = [
            ("as it is", |s| s),
            ("https in capitals", |_| urls(["HTTPS://app.example"])),
            ("five urls", |_| urls(["http://a/1"; 5])),
            ("host with port", |_| host("app.example:8080")),
            ("literal host", |_| host("[::1]:80")),
            ("longest body", |s| CallbackSpec {
                body: "b".repeat(8 << 10).into(),
                ..s
            }),
            ("most variables", |s| CallbackSpec {
                vars: vars(100, "v"),
                ..s
            }),
            ("template that cannot be rendered", |s| CallbackSpec {
                body_type: BodyType::Json,
                body: "{${bucket".into(),
                ..s
            }),
        ];
        for (name, change) in cases {
            assert!(check(&change(spec())).is_ok(), "{name}");
        }
    }

    #[test]
    fn bad_headers_are_refused_before_the_body() {
        for (name, value) in [
            ("", "v"),
            ("a b", "v"),
            ("a\r\nx", "v"),
            ("名", "v"),
            ("a:", "v"),
            ("a", "1\r\nx: 2"),
            ("a", "\0"),
            ("Host", "elsewhere"),
            ("Content-Length", "5"),
            ("transfer-encoding", "chunked"),
            ("Connection", "upgrade"),
            ("Proxy-Authorization", "x"),
            ("a", &"v".repeat(8 << 10)),
        ] {
            let refused = check(&header(name, value)).expect_err(name);
            assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{name:?}");
        }
    }

    #[test]
    fn bad_urls_are_refused_before_the_body() {
        let long = format!("http://a/{}", "p".repeat(8 << 10));
        for url in [
            "",
            "http://",
            "http:///x",
            "http://u@/x",
            "http://:80/",
            "file:///etc/passwd",
            "gopher://a/",
            "ftp://a/",
            "unix:///run/x.sock",
            "app.example/cb",
            "http://a/\r\nX: 1",
            "http://a/\0",
            "http://a\t/",
            "http://a/ b",
            "http://a\\@b/",
            &long,
        ] {
            let refused = check(&urls(["http://fine/", url])).expect_err(url);
            assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{url:?}");
        }
    }

    #[test]
    fn bad_orders_are_refused_before_the_body() {
        let cases: [Case; 12] = [
            ("no url", |_| urls([])),
            ("six urls", |_| urls(["http://a/1"; 6])),
            ("line end in host", |_| host("a\r\nX: 1")),
            ("NUL in host", |_| host("a\0")),
            ("path in host", |_| host("a/b")),
            ("empty host", |_| host("")),
            ("empty body", |s| CallbackSpec {
                body: "".into(),
                ..s
            }),
            ("huge body", |s| CallbackSpec {
                body: "b".repeat((8 << 10) + 1).into(),
                ..s
            }),
            ("too many variables", |s| CallbackSpec {
                vars: vars(101, "v"),
                ..s
            }),
            ("huge variables", |s| CallbackSpec {
                vars: vars(9, &"v".repeat(1000)),
                ..s
            }),
            ("name without x:", |s| CallbackSpec {
                vars: vec![("a".into(), "1".into())],
                ..s
            }),
            ("a variable given twice", |s| CallbackSpec {
                vars: [vars(2, "1"), vars(1, "2")].concat(),
                ..s
            }),
        ];
        for (name, change) in cases {
            let refused = check(&change(spec())).expect_err(name);
            assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{name}");
        }
    }
}
