//! Checks a website's configuration, and rules for origins, before they are stored.

use crate::error::{Error, ErrorKind};
use crate::limits::{
    KEY_BYTES_MAX, ORIGINS_MAX, ROUTE_HEADERS_MAX, ROUTES_MAX, URL_BYTES_MAX, WEBSITE_BYTES_MAX,
};
use crate::model::{KeyChange, Mirror, MirrorRule, PassedHeaders, Redirect, Then, Website, When};
use crate::records::encode;
use crate::rules::attributes::{has_control, is_token};

/// Statuses that lead to another address.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Checks a website.
pub fn check_website(website: &Website) -> Result<(), Error> {
    if encode(website).len() > WEBSITE_BYTES_MAX {
        return Err(invalid("the website's configuration is larger than 64 KiB"));
    }
    if website.routes.len() > ROUTES_MAX {
        return Err(invalid("a website has at most 50 rules"));
    }
    if website.elsewhere.is_some()
        && (website.index.is_some() || website.error.is_some() || !website.routes.is_empty())
    {
        return Err(invalid(
            "a website that sends everybody elsewhere shows nothing; leave the rest out",
        ));
    }
    if *website == Website::default() {
        return Err(invalid(
            "a website has an index document, or sends everybody elsewhere",
        ));
    }
    if let Some(all) = &website.elsewhere {
        check_host(&all.host)?;
    }
    if let Some(index) = &website.index
        && (index.suffix.is_empty() || index.suffix.contains('/') || has_control(&index.suffix))
    {
        return Err(invalid("the index document is a name without a slash"));
    }
    if let Some(page) = &website.error {
        check_key(&page.key)?;
        if !page.status.is_none_or(|status| matches!(status, 200 | 404)) {
            return Err(invalid("an error document is shown with status 200 or 404"));
        }
    }
    website.routes.iter().try_for_each(|route| {
        check_when(&route.when)?;
        match &route.then {
            Then::Redirect(redirect) => check_redirect(redirect),
            Then::Inside { key, .. } => check_change(key),
            Then::Mirror(mirror) => check_mirror(&route.when, mirror),
        }
    })
}

/// Checks rules for origins.
pub fn check_mirrors(rules: &Vec<MirrorRule>) -> Result<(), Error> {
    if rules.is_empty() || rules.len() > ROUTES_MAX {
        return Err(invalid("a bucket has 1 to 50 rules for origins"));
    }
    if encode(rules).len() > WEBSITE_BYTES_MAX {
        return Err(invalid("the rules for origins are larger than 64 KiB"));
    }
    rules.iter().try_for_each(|rule| {
        check_when(&rule.when)?;
        check_mirror(&rule.when, &rule.mirror)
    })
}

fn check_when(when: &When) -> Result<(), Error> {
    if when.headers.len() > ROUTE_HEADERS_MAX {
        return Err(invalid("a rule looks at no more than 10 headers"));
    }
    if !when.headers.iter().all(|test| is_token(&test.name)) {
        return Err(invalid("a rule names headers by their names"));
    }
    if !when
        .status
        .is_none_or(|status| (400..600).contains(&status))
    {
        return Err(invalid("the status that a rule is about is 400 to 599"));
    }
    let known = |method: &str| matches!(method, "GET" | "HEAD");
    if !when.methods.iter().all(|method| known(method)) {
        return Err(invalid("the methods that a rule is about are GET and HEAD"));
    }
    Ok(())
}

fn check_redirect(redirect: &Redirect) -> Result<(), Error> {
    check_change(&redirect.key)?;
    if let Some(host) = &redirect.host {
        check_host(host)?;
    }
    if !redirect
        .status
        .is_none_or(|status| REDIRECTS.contains(&status))
    {
        return Err(invalid(
            "the status of a redirect is 301, 302, 303, 307 or 308",
        ));
    }
    Ok(())
}

fn check_change(key: &KeyChange) -> Result<(), Error> {
    if key.whole.is_some() && key.prefix.is_some() {
        return Err(invalid(
            "a rule replaces the whole key or what it begins with, not both",
        ));
    }
    Ok(())
}

fn check_mirror(when: &When, mirror: &Mirror) -> Result<(), Error> {
    if when.status != Some(404) {
        return Err(invalid(
            "a rule for an origin is about missing objects: its status is 404",
        ));
    }
    check_change(&mirror.key)?;
    let urls = || mirror.origins.iter().chain(&mirror.spares);
    if mirror.origins.is_empty() || urls().count() > ORIGINS_MAX {
        return Err(invalid("a rule for origins names 1 to 10 of them"));
    }
    let is_url = |url: &str| {
        let rest = url.strip_prefix("http://").or(url.strip_prefix("https://"));
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
            && url.len() <= URL_BYTES_MAX
            && !url.contains(['?', '#', '@'])
            && url.bytes().all(|b| b.is_ascii_graphic())
    };
    if !urls().chain(&mirror.probe).all(|url| is_url(url)) {
        return Err(invalid(
            "an origin is an http or https URL without user, query or fragment",
        ));
    }
    check_headers(&mirror.headers)?;
    let names = mirror.metadata.iter();
    if mirror.metadata.len() > ROUTE_HEADERS_MAX
        || !names
            .clone()
            .all(|(from, to)| is_token(from) && is_token(to))
    {
        return Err(invalid(
            "at most 10 headers of the origin become metadata, each under a name of its own",
        ));
    }
    Ok(())
}

fn check_headers(headers: &PassedHeaders) -> Result<(), Error> {
    let counts = [headers.pass.len(), headers.remove.len(), headers.set.len()];
    if counts.into_iter().any(|count| count > ROUTE_HEADERS_MAX) {
        return Err(invalid("a list of headers for an origin has at most 10"));
    }
    let named = headers.pass.iter().chain(&headers.remove);
    let set = headers.set.iter();
    if !named
        .chain(set.clone().map(|(name, _)| name))
        .all(|name| is_token(name))
    {
        return Err(invalid("headers for an origin are named by their names"));
    }
    if set.clone().any(|(_, value)| has_control(value)) {
        return Err(invalid(
            "the value of a header for an origin has no control characters",
        ));
    }
    Ok(())
}

fn check_host(host: &str) -> Result<(), Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    if host.is_empty() || host.len() > 260 || !host.bytes().all(plain) {
        return Err(invalid("a host is a name, and a port where it has one"));
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.contains('\0') {
        return Err(invalid("the error document is an object key"));
    }
    Ok(())
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
