//! Which bucket a request is addressed to: by the host's name in front of a base domain, by a domain of
//! its own, or by the first segment of the path.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cohong_core::model::{BucketName, DialectId};
use http::request::Parts;

/// Host names under which the service itself is reached. What stands in front of one, with a dot, is
/// a bucket.
#[derive(Clone, Debug)]
pub struct BaseDomains(Vec<String>);

/// The bucket that the host of a request stands for by a domain of its own; travels as an extension of the
/// request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDomain {
    /// The bucket.
    pub bucket: BucketName,
    /// The dialect of requests that do not tell theirs.
    pub dialect: DialectId,
}

/// A host taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostParts {
    /// Host of the service, with the port the client used.
    pub endpoint: String,
    /// Text in front of the base domain; not yet checked to be a bucket name.
    pub bucket: Option<String>,
    /// Whether it is a base domain that was named, not `localhost` or an address.
    pub by_name: bool,
}

/// How a dialect reads addresses.
#[derive(Clone, Debug)]
pub struct Addressing {
    /// Base domains.
    pub domains: BaseDomains,
    /// Whether the first segment of the path is the bucket where the host names none.
    pub paths: bool,
    /// Domains, in lower case, that each belong to one bucket.
    pub custom: BTreeMap<String, String>,
    /// Domains in front of which buckets are shown as websites.
    pub pages: BaseDomains,
    /// First labels that SDKs write where they have no bucket.
    pub no_bucket: &'static [&'static str],
}

/// Where the bucket of an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// In the host, or nowhere.
    Host,
    /// In the path.
    Path,
    /// The host is the bucket's own.
    Custom,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Host of the service, with the port the client used; of the bucket, when it has its own.
    pub endpoint: String,
    /// The bucket; not yet checked to be a name of one.
    pub bucket: Option<String>,
    /// Raw path of the key, without its first slash.
    pub path: String,
    /// Where the bucket stands.
    pub style: Style,
    /// Whether the host is known by name, so that the request is meant for this dialect.
    pub by_name: bool,
    /// Whether the host shows a bucket as a website.
    pub pages: bool,
}

impl BaseDomains {
    /// No names.
    pub const NONE: Self = Self(Vec::new());

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

    /// The base domains as they were given, in lower case.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Takes a host apart; `None` when no base domain fits.
    pub fn take_apart(&self, host: &str) -> Option<HostParts> {
        let host = host.to_ascii_lowercase();
        let (name, port) = split_port(&host);
        if let Some(by_name) = self.base(name) {
            return Some(HostParts {
                endpoint: host,
                bucket: None,
                by_name,
            });
        }
        let mut rest = name;
        while let Some((_, base)) = rest.split_once('.') {
            if let Some(by_name) = self.base(base) {
                let bucket = name.strip_suffix(base)?.strip_suffix('.')?.to_owned();
                let endpoint =
                    port.map_or_else(|| base.to_owned(), |port| format!("{base}:{port}"));
                return Some(HostParts {
                    endpoint,
                    bucket: Some(bucket),
                    by_name,
                });
            }
            rest = base;
        }
        None
    }

    /// Whether a name is a base domain, and then whether it is one by its name.
    fn base(&self, name: &str) -> Option<bool> {
        if self.0.iter().any(|domain| matches_pattern(domain, name)) {
            return Some(true);
        }
        let here = name == "localhost" || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        here.then_some(false)
    }
}

impl Addressing {
    /// The address of a request; `None` when the host is none of this dialect's.
    pub fn of(&self, head: &Parts) -> Option<Address> {
        let host = host(head)?;
        let raw = head.uri.path();
        let raw = raw.strip_prefix('/').unwrap_or(raw);
        let named = self.custom.get(&domain(host));
        let own = || Some(head.extensions.get::<OwnDomain>()?.bucket.to_string());
        if let Some(bucket) = named.cloned().or_else(own) {
            return Some(Address {
                endpoint: host.to_ascii_lowercase(),
                bucket: Some(bucket),
                path: raw.to_owned(),
                style: Style::Custom,
                by_name: named.is_some(),
                pages: false,
            });
        }
        let pages = self.pages.take_apart(host);
        if let Some(parts) = pages.filter(|parts| parts.by_name) {
            return Some(Address {
                endpoint: parts.endpoint,
                bucket: parts.bucket,
                path: raw.to_owned(),
                style: Style::Host,
                by_name: true,
                pages: true,
            });
        }
        let HostParts {
            endpoint,
            bucket,
            by_name,
        } = self.domains.take_apart(host)?;
        let bucket = bucket.filter(|label| !self.no_bucket.contains(&label.as_str()));
        let (bucket, path, style) = match bucket {
            None if self.paths && !raw.is_empty() => {
                // The raw path is split first: an escaped slash is part of a key.
                let (bucket, rest) = raw.split_once('/').unwrap_or((raw, ""));
                let decoded = cohong_sign::decode(bucket).ok();
                let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
                let bucket = decoded.unwrap_or_else(|| bucket.to_owned());
                (Some(bucket), rest, Style::Path)
            }
            bucket => (bucket, raw, Style::Host),
        };
        Some(Address {
            endpoint,
            bucket,
            path: path.to_owned(),
            style,
            by_name,
            pages: false,
        })
    }
}

impl Address {
    /// The URL of an object, addressed as this request was.
    pub(crate) fn url(&self, scheme: &str, bucket: &str, key: &str) -> String {
        let (endpoint, key) = (&self.endpoint, cohong_sign::encode_path(key.as_bytes()));
        match self.style {
            Style::Host => format!("{scheme}://{bucket}.{endpoint}/{key}"),
            Style::Path => format!("{scheme}://{endpoint}/{bucket}/{key}"),
            Style::Custom => format!("{scheme}://{endpoint}/{key}"),
        }
    }
}

/// The host of a request: of the absolute-form target when there is one, else of the `Host` header.
pub fn host(head: &Parts) -> Option<&str> {
    match head.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => head.headers.get(http::header::HOST)?.to_str().ok(),
    }
}

/// A host's name in lower case, without the port.
pub(super) fn domain(host: &str) -> String {
    split_port(&host.to_ascii_lowercase()).0.to_owned()
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
mod tests;
