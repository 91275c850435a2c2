//! What the services refuse of an order (TOS sheet section 5, OSS sheet section 4.8), and what they accept and cannot
//! carry out. This server's own rules are in a crate that users do not link; tests hold the two together.

use std::collections::BTreeSet;

use http::uri::Authority;
use serde::de::IgnoredAny;
use url::Url;

use super::body::{BodyType, Variable};
use crate::web::ValueError;

/// Most addresses.
const URLS_MAX: usize = 5;
/// Most variables of one's own.
const VARS_MAX: usize = 100;
/// Longest `Host`.
const HOST_BYTES_MAX: usize = 260;
/// Longest parameter before Base64.
const JSON_BYTES_MAX: usize = 8 << 10;
/// Longest parameter of OSS in Base64.
const OSS_BASE64_MAX: usize = 5 << 10;
/// What no added header may be called, besides what begins with `proxy-` or `x-oss-`.
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
/// What ends a name in a template.
const SEPARATORS: &str = "{}$\"',&=";

/// Whose order it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vendor {
    Tos,
    Oss,
}

fn bad<T>(text: impl Into<String>) -> Result<T, ValueError> {
    Err(ValueError::new(text))
}

pub(super) fn urls(urls: &[String]) -> Result<(), ValueError> {
    if urls.len() > URLS_MAX {
        return bad("a callback has at most five URLs");
    }
    urls.iter().try_for_each(|text| url(text))
}

fn url(text: &str) -> Result<(), ValueError> {
    let unfit = |c: char| c.is_control() || c.is_whitespace() || "\\;#".contains(c);
    if text.contains(unfit) || text.contains("%00") {
        return bad("a callback URL has no spaces, control characters, \\, ; and #; escape them");
    }
    let lower = text.to_ascii_lowercase();
    let Some(rest) = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| lower.strip_prefix(scheme))
    else {
        return bad(
            "a callback URL begins with http:// or https://; services differ in which they add",
        );
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return bad("a callback URL has no user name and password");
    }
    let read = Url::parse(text).ok().filter(|url| {
        let host = !authority.is_empty() && !authority.starts_with(':');
        host && url.port() != Some(0) && !authority.ends_with(':')
    });
    let sendable = read.is_some_and(|url| url.as_str().parse::<http::Uri>().is_ok());
    if sendable {
        Ok(())
    } else {
        bad("a callback URL names a host and a port that can be")
    }
}

pub(super) fn host(host: &str) -> Result<(), ValueError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let fits = !host.is_empty() && host.len() <= HOST_BYTES_MAX && host.chars().all(plain);
    let read = host.parse::<Authority>().ok().filter(|authority| {
        let port = authority.as_str().strip_prefix(authority.host());
        port.is_some_and(|port| port.is_empty() || authority.port_u16().is_some())
    });
    match read {
        Some(authority) if fits && !authority.host().is_empty() => Ok(()),
        _ => bad("the callback host is a domain name or an address, with a port if need be"),
    }
}

pub(super) fn vars(vendor: Vendor, vars: &[(String, String)]) -> Result<(), ValueError> {
    if vars.len() > VARS_MAX {
        return bad("a callback has at most 100 variables of its own");
    }
    let mut names = BTreeSet::new();
    for (name, _) in vars {
        if !name.starts_with("x:") || name.len() == 2 {
            return bad(format!("{name:?} is no variable: its name begins with x:"));
        }
        if name.contains(|c: char| c.is_whitespace() || SEPARATORS.contains(c)) {
            return bad(format!(
                "{name:?} cannot stand in a template; use letters, digits and _"
            ));
        }
        if vendor == Vendor::Oss && name.contains(|c: char| c.is_ascii_uppercase()) {
            return bad(format!(
                "{name:?} is no variable of OSS: write it in lower case"
            ));
        }
        if !names.insert(name) {
            return bad(format!("{name:?} is given twice"));
        }
    }
    Ok(())
}

pub(super) fn headers(vendor: Vendor, headers: &[(String, String)]) -> Result<(), ValueError> {
    if vendor == Vendor::Tos && !headers.is_empty() {
        return bad("calls of TOS have no headers of one's own");
    }
    let mut names = BTreeSet::new();
    for (name, value) in headers {
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        let lower = name.to_ascii_lowercase();
        let own = ["proxy-", "x-oss-"]
            .into_iter()
            .any(|start| lower.starts_with(start));
        if name.is_empty() || !name.bytes().all(token) || value.chars().any(char::is_control) {
            return bad(format!("{name:?} or its value is no header"));
        }
        if own || FRAMING.contains(&&*lower) {
            return bad(format!(
                "{name:?} is a header that the service writes itself"
            ));
        }
        if !names.insert(lower) {
            return bad(format!("{name:?} is given twice"));
        }
    }
    Ok(())
}

/// Refuses what would be called with a body that nobody meant.
pub(super) fn template(
    vendor: Vendor,
    kind: BodyType,
    template: &str,
    vars: &[(String, String)],
) -> Result<(), ValueError> {
    if template.is_empty() {
        return bad("the callback body is empty; give it a member");
    }
    let mut filled = String::new();
    let mut quotes = Quotes::default();
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        quotes.pass(&rest[..at]);
        filled.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let end = inside.find(|c: char| c.is_whitespace() || SEPARATORS.contains(c));
        let named = end.and_then(|end| Some((&inside[..end], inside[end..].strip_prefix('}')?)));
        let Some((name, after)) = named else {
            return bad("a ${ of the callback body is not closed");
        };
        let own = vars.iter().any(|(known, _)| known == name);
        if !own && !Variable::is_known(name, vendor == Vendor::Tos) {
            return bad(format!("nothing fills ${{{name}}} in; give it with var"));
        }
        let bare = quotes.open && vendor == Vendor::Oss;
        filled.push_str(if bare || name == "size" { "0" } else { "\"\"" });
        rest = after;
    }
    filled.push_str(rest);
    if kind == BodyType::Json && serde_json::from_str::<IgnoredAny>(&filled).is_err() {
        return bad("the callback body is no JSON; write placeholders without quotes");
    }
    Ok(())
}

/// Whether what follows stands within a string of JSON.
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn pass(&mut self, text: &str) {
        for c in text.chars() {
            let escapes = self.open && c == '\\' && !self.escaped;
            if c == '"' && !self.escaped {
                self.open = !self.open;
            }
            self.escaped = escapes;
        }
    }
}

pub(super) fn size(
    vendor: Vendor,
    what: &str,
    bytes: usize,
    encoded: usize,
) -> Result<(), ValueError> {
    let oss = vendor == Vendor::Oss;
    match (bytes > JSON_BYTES_MAX, oss && encoded > OSS_BASE64_MAX) {
        (_, true) => bad(format!("{what}: longer than 5 KiB in Base64; shorten it")),
        (true, _) => bad(format!("{what}: longer than 8 KiB; shorten it")),
        (false, false) => Ok(()),
    }
}
