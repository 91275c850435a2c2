//! Reading a URL that somebody else wrote. One parser, once: what it read is what is judged and what
//! is called.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use super::{Given, Policy, Refusal, Way};
use crate::limits::URL_BYTES_MAX;

/// Why a URL is not called. The text never repeats the URL, which may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than [`URL_BYTES_MAX`].
    #[error("the URL is longer than {URL_BYTES_MAX} bytes; shorten it")]
    TooLong,
    /// White space, a control character, a backslash or `%00`.
    #[error(
        "the URL holds white space, a control character, a backslash or %00; percent-encode its path \
         and query"
    )]
    Character,
    /// Not `http://host…` or `https://host…`.
    #[error("the URL does not begin with http:// or https:// and a host; write it so")]
    Scheme,
    /// User name or password before the host.
    #[error("the URL holds user information before its host; remove everything up to the @")]
    UserInfo,
    /// `#` and what follows, which is never sent.
    #[error("the URL holds a fragment, which is never sent; remove it or write # as %23")]
    Fragment,
    /// Port 0.
    #[error("the URL names port 0; name the port the receiver listens on")]
    Port,
    /// The parser's objection.
    #[error("the URL cannot be read ({0}); correct it")]
    Malformed(String),
    /// Readable, but policy refuses its address.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A URL that was read and, as far as its text shows, may be called. Names still have to be resolved
/// and their addresses judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedUrl {
    url: Url,
    way: Way,
}

impl CheckedUrl {
    /// The URL as it is called. Path and query are as written, except that dot segments are resolved,
    /// `'` in the query becomes `%27`, and bytes that no URL may hold are percent-encoded.
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// The host as the policy knows it: a name, or an address without brackets.
    pub(crate) fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => String::new(),
        }
    }

    /// Host and port, equal for URLs that lead to one receiver.
    pub(crate) fn receiver(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    /// The URL without its query, for logs and records.
    pub fn shown(&self) -> String {
        without_secrets(self.url.clone())
    }
}

pub(super) fn check(policy: &Policy, raw: &str, given: Given) -> Result<CheckedUrl, UrlError> {
    let url = read(raw)?;
    let way = policy.way(given, url.port_or_known_default().unwrap_or_default());
    let checked = CheckedUrl { url, way };
    if let Some(ip) = literal(&checked.url) {
        policy.judge(&checked.host(), ip, way)?;
    }
    Ok(checked)
}

/// A URL that was not checked or did not pass, for logs and records: without user information,
/// query and fragment.
pub(crate) fn shown(raw: &str) -> String {
    Url::parse(raw).map_or_else(|_| "(unreadable URL)".to_owned(), without_secrets)
}

fn without_secrets(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    // Only URLs without a host refuse this, and those hold no user information.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.into()
}

fn read(raw: &str) -> Result<Url, UrlError> {
    if raw.len() > URL_BYTES_MAX {
        return Err(UrlError::TooLong);
    }
    let unfit = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if raw.contains(unfit) || raw.contains("%00") {
        return Err(UrlError::Character);
    }
    let rest = after_scheme(raw).ok_or(UrlError::Scheme)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(UrlError::Scheme);
    }
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    if rest.contains('#') {
        return Err(UrlError::Fragment);
    }
    let url = Url::parse(raw).map_err(|e| UrlError::Malformed(e.to_string()))?;
    if url.port() == Some(0) {
        return Err(UrlError::Port);
    }
    if url.domain().is_some_and(has_empty_label) {
        return Err(UrlError::Malformed("a label of its host is empty".into()));
    }
    let sendable = url.as_str().parse::<http::Uri>();
    sendable.map_err(|e| UrlError::Malformed(e.to_string()))?;
    Ok(url)
}

/// Labels of names are not empty, but for the one of the root at the end, which may be left out.
fn has_empty_label(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.split('.').any(str::is_empty)
}

fn after_scheme(raw: &str) -> Option<&str> {
    let (scheme, rest) = raw.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    known.then_some(rest)
}

/// The address that the host stands for without any look-up: an address in whatever notation, or
/// `localhost` and the names below it (RFC 6761).
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let local = name == "localhost" || name.ends_with(".localhost");
            local.then_some(Ipv4Addr::LOCALHOST.into())
        }
    }
}
