//! What a bucket shows to visitors in place of the object they ask for: pure decisions, before the object
//! is read and after it turned out that it cannot be shown.

mod check;

use crate::model::{Folders, KeyChange, Mirror, Redirect, Scheme, Site, Then, Website, When};

pub use check::{check_mirrors, check_website};

/// How much of a site counts for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Origins that stand in for missing objects: whoever asks for an object gets one or an error.
    Mirrors,
    /// Redirects, too, and the index of a folder that is no object.
    Rules,
    /// All of it: whoever asks is a visitor.
    Pages,
}

/// A request for something of a bucket.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// The key; empty for the bucket itself.
    pub key: &'a str,
    /// `GET` or `HEAD`.
    pub method: &'a str,
    /// The host it was sent to, without port.
    pub host: &'a str,
    /// The value of a header.
    pub header: &'a (dyn Fn(&str) -> Option<&'a str> + Sync),
    /// How much of the site counts.
    pub reach: Reach,
}

/// What is to be done about a request. Where it leads nowhere, the next step is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Answer with another address.
    Redirect(Target),
    /// Show what is under this key.
    Show {
        /// The key.
        key: String,
        /// Status to show it with, other than usual.
        status: Option<u16>,
    },
    /// Where there is an object under `index`, answer with the address of its folder.
    Folder {
        /// The key of the index.
        index: String,
        /// What to answer with then.
        target: Target,
    },
    /// Fetch the object.
    Mirror(&'a Mirror),
}

/// Another address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Host; that of the request when missing.
    pub host: Option<Box<str>>,
    /// Scheme; that of the request when missing.
    pub scheme: Option<Scheme>,
    /// Key.
    pub key: String,
    /// Status.
    pub status: u16,
    /// Whether the query goes with it.
    pub query: bool,
}

/// Status of redirects that say none.
const MOVED: u16 = 301;
/// Status of a redirect to a folder: an object may come to stand there.
const FOUND: u16 = 302;

/// What is done before anything is read; `None` where the object is read as usual.
pub fn before<'a>(site: &'a Site, visit: &Visit<'_>) -> Option<Step<'a>> {
    if visit.reach == Reach::Pages
        && let Some(all) = &site.website.elsewhere
    {
        return Some(Step::Redirect(Target {
            host: Some(all.host.clone()),
            scheme: all.scheme,
            key: visit.key.to_owned(),
            status: MOVED,
            query: true,
        }));
    }
    if let Some(step) = routed(site, visit, None) {
        return Some(step);
    }
    let shows = visit.reach == Reach::Pages && is_folder(visit.key);
    let index = index_of(&site.website, visit.key).filter(|_| shows)?;
    Some(Step::Show {
        key: index,
        status: None,
    })
}

/// What is done when the answer would be an error of this status, in order.
pub fn after<'a>(site: &'a Site, visit: &Visit<'_>, status: u16) -> Vec<Step<'a>> {
    if let Some(step) = routed(site, visit, Some(status)) {
        return vec![step];
    }
    let mut steps = Vec::new();
    if visit.reach >= Reach::Rules && status == 404 {
        steps.extend(index_step(&site.website, visit));
    }
    // A missing object is told to programs in their own words.
    if let Some(page) = &site.website.error
        && visit.reach == Reach::Pages
        && (400..500).contains(&status)
    {
        steps.push(Step::Show {
            key: page.key.to_string(),
            status: Some(page.status.unwrap_or(status)),
        });
    }
    steps
}

/// What stands in for a missing object with the index of a folder.
fn index_step(website: &Website, visit: &Visit<'_>) -> Option<Step<'static>> {
    let index = index_of(website, visit.key)?;
    let show = |key| Some(Step::Show { key, status: None });
    if is_folder(visit.key) {
        return show(index).filter(|_| visit.reach == Reach::Rules && !visit.key.is_empty());
    }
    match website.index.as_ref()?.folders {
        Folders::Bucket | Folders::Missing => None,
        Folders::Show => show(index),
        Folders::Redirect => Some(Step::Folder {
            index,
            target: Target {
                host: None,
                scheme: None,
                key: format!("{}/", visit.key),
                status: FOUND,
                query: false,
            },
        }),
    }
}

fn is_folder(key: &str) -> bool {
    key.is_empty() || key.ends_with('/')
}

/// The key of the index that a folder shows.
fn index_of(website: &Website, folder: &str) -> Option<String> {
    let index = website.index.as_ref()?;
    let suffix = &index.suffix;
    Some(match index.folders {
        Folders::Bucket => suffix.to_string(),
        _ if is_folder(folder) => format!("{folder}{suffix}"),
        _ => format!("{folder}/{suffix}"),
    })
}

/// What the first rule says that is about a request.
fn routed<'a>(site: &'a Site, visit: &Visit<'_>, status: Option<u16>) -> Option<Step<'a>> {
    let routes = site.website.routes.iter();
    let found = routes
        .filter(|route| {
            let mirrors = matches!(route.then, Then::Mirror(_));
            (mirrors || visit.reach >= Reach::Rules)
                && is_about(&route.when, visit, status, mirrors)
        })
        .map(|route| match &route.then {
            Then::Redirect(redirect) => Step::Redirect(target(redirect, visit.key)),
            Then::Inside { key, .. } => Step::Show {
                key: changed(key, visit.key),
                status: None,
            },
            Then::Mirror(mirror) => Step::Mirror(mirror),
        })
        .next();
    found.or_else(|| {
        let mut rules = site.mirrors.iter();
        let rule = rules.find(|rule| is_about(&rule.when, visit, status, true))?;
        Some(Step::Mirror(&rule.mirror))
    })
}

fn is_about(when: &When, visit: &Visit<'_>, status: Option<u16>, mirrors: bool) -> bool {
    let begins = |prefix: &str| visit.key.starts_with(prefix);
    let ends = |suffix: &str| visit.key.ends_with(suffix);
    let one_of = |all: &[Box<str>], it: &str| all.iter().any(|one| one.eq_ignore_ascii_case(it));
    let method = if when.methods.is_empty() {
        !mirrors || visit.method == "GET"
    } else {
        one_of(&when.methods, visit.method)
    };
    when.status == status
        && when.prefix.as_deref().is_none_or(begins)
        && when.suffix.as_deref().is_none_or(ends)
        && method
        && (when.hosts.is_empty() || one_of(&when.hosts, visit.host))
        && when.headers.iter().all(|test| {
            let found = (visit.header)(&test.name).unwrap_or_default();
            test.equals.as_deref().is_none_or(|all| found == all)
                && test
                    .starts
                    .as_deref()
                    .is_none_or(|one| found.starts_with(one))
                && test.ends.as_deref().is_none_or(|one| found.ends_with(one))
        })
}

fn target(redirect: &Redirect, key: &str) -> Target {
    Target {
        host: redirect.host.clone(),
        scheme: redirect.scheme,
        key: changed(&redirect.key, key),
        status: redirect.status.unwrap_or(MOVED),
        query: redirect.pass_query.unwrap_or(false),
    }
}

/// The key that is made of another.
pub fn changed(change: &KeyChange, key: &str) -> String {
    if let Some(whole) = &change.whole {
        return whole.replace("${key}", key);
    }
    let middle = match &change.prefix {
        Some((from, to)) => match key.strip_prefix(&**from) {
            Some(rest) => format!("{to}{rest}"),
            None => key.to_owned(),
        },
        None => key.to_owned(),
    };
    format!("{}{middle}{}", change.before, change.behind)
}

#[cfg(test)]
mod tests;
