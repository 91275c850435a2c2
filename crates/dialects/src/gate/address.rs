//! Which bucket a request is addressed to: virtual hosts on configured base domains.

use std::net::IpAddr;

use http::request::Parts;

/// Host names under which the service itself is reached. What stands in front of one, with a dot, is
/// a bucket.
#[derive(Clone, Debug)]
pub struct BaseDomains(Vec<String>);

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Host of the service, with the port the client used.
    pub endpoint: String,
    /// Text in front of the base domain; not yet checked to be a bucket name.
    pub bucket: Option<String>,
}

impl BaseDomains {
    /// Base domains in lower case; a `*` stands for any run of characters without a dot, as in
    /// `tos-*.volces.com`. `localhost` and address literals are always base domains.
    pub fn new(domains: impl IntoIterator<Item = String>) -> Self {
        Self(
            domains
                .into_iter()
                .map(|domain| domain.to_ascii_lowercase())
                .collect(),
        )
    }

    /// Takes a host apart; `None` when no base domain fits.
    pub fn address(&self, host: &str) -> Option<Address> {
        let host = host.to_ascii_lowercase();
        let (name, port) = split_port(&host);
        if self.is_base(name) {
            return Some(Address {
                endpoint: host,
                bucket: None,
            });
        }
        let mut rest = name;
        while let Some((_, base)) = rest.split_once('.') {
            if self.is_base(base) {
                let bucket = name.strip_suffix(base)?.strip_suffix('.')?.to_owned();
                let endpoint =
                    port.map_or_else(|| base.to_owned(), |port| format!("{base}:{port}"));
                return Some(Address {
                    endpoint,
                    bucket: Some(bucket),
                });
            }
            rest = base;
        }
        None
    }

    fn is_base(&self, name: &str) -> bool {
        name == "localhost"
            || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
            || self.0.iter().any(|domain| matches_pattern(domain, name))
    }
}

/// The host of a request: of the absolute-form target when there is one, else of the `Host` header.
pub fn host(head: &Parts) -> Option<&str> {
    match head.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => head.headers.get(http::header::HOST)?.to_str().ok(),
    }
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            (name, Some(port))
        }
        _ => (host, None),
    }
}

fn matches_pattern(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((front, back)) => name
            .strip_prefix(front)
            .and_then(|rest| rest.strip_suffix(back))
            .is_some_and(|middle| !middle.is_empty() && !middle.contains('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Endpoint and bucket.
    type Parts<'a> = Option<(&'a str, Option<&'a str>)>;

    #[test]
    fn hosts_are_taken_apart() {
        let domains = BaseDomains::new(["tos-*.volces.com".into(), "s3.example.org".into()]);
        let cases: &[(&str, Parts<'_>)] = &[
            (
                "tos-cn-beijing.volces.com",
                Some(("tos-cn-beijing.volces.com", None)),
            ),
            (
                "B.tos-cn-beijing.volces.com",
                Some(("tos-cn-beijing.volces.com", Some("b"))),
            ),
            (
                "b.tos-cn-beijing.volces.com:80",
                Some(("tos-cn-beijing.volces.com:80", Some("b"))),
            ),
            ("localhost:9000", Some(("localhost:9000", None))),
            ("b.localhost:9000", Some(("localhost:9000", Some("b")))),
            ("127.0.0.1:9000", Some(("127.0.0.1:9000", None))),
            ("b.127.0.0.1:9000", Some(("127.0.0.1:9000", Some("b")))),
            ("[::1]:9000", Some(("[::1]:9000", None))),
            ("x.y.s3.example.org", Some(("s3.example.org", Some("x.y")))),
            ("tos-.volces.com", None),
            ("tos-a.b.volces.com", None),
            ("other.example.org", None),
            ("", None),
        ];
        for (host, wanted) in cases {
            let found = domains.address(host);
            let found = found
                .as_ref()
                .map(|a| (a.endpoint.as_str(), a.bucket.as_deref()));
            assert_eq!(found, *wanted, "{host}");
        }
    }
}
