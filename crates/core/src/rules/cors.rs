//! Which web pages of other origins may use a bucket: pure matching, without the headers it becomes.

use crate::error::{Error, ErrorKind};
use crate::limits::{CORS_BYTES_MAX, CORS_RULES_MAX};
use crate::model::{Cors, CorsMethod, CorsRule};
use crate::rules::attributes::{has_control, is_token};
use crate::rules::pattern;

/// A rule that lets a page do what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed<'a> {
    /// The rule: its methods, exposed headers and age are for the answer.
    pub rule: &'a CorsRule,
    /// The origin to name in the answer: `*` where the rule allows every origin, else the page's.
    pub origin: &'a str,
}

/// Judges a preflight request: a page of `origin` asks whether it may use `method` and send `headers`.
/// The first rule that allows all of it counts; `None` when there is none.
pub fn preflight<'a>(
    cors: &'a Cors,
    origin: &'a str,
    method: CorsMethod,
    headers: &[&str],
) -> Option<Allowed<'a>> {
    let sendable = |rule: &CorsRule| headers.iter().all(|header| may_send(rule, header));
    first(cors, origin, |rule| {
        rule.methods.contains(&method) && sendable(rule)
    })
}

/// Judges a request itself. What was sent is not looked at again: it is the browser that asked before.
pub fn actual<'a>(cors: &'a Cors, origin: &'a str, method: CorsMethod) -> Option<Allowed<'a>> {
    first(cors, origin, |rule| rule.methods.contains(&method))
}

fn first<'a>(
    cors: &'a Cors,
    origin: &'a str,
    fits: impl Fn(&CorsRule) -> bool,
) -> Option<Allowed<'a>> {
    cors.rules
        .iter()
        .filter(|rule| fits(rule))
        .find_map(|rule| {
            let mut origins = rule.origins.iter();
            let found = origins.find(|one| pattern::fits(one, origin))?;
            let origin = if &**found == "*" { "*" } else { origin };
            Some(Allowed { rule, origin })
        })
}

fn may_send(rule: &CorsRule, header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    let fits = |one: &str| pattern::fits(&one.to_ascii_lowercase(), &header);
    rule.headers.iter().any(|one| fits(one))
}

/// Checks rules before they are stored: their number and size, that each names an origin and a method,
/// and that no value breaks the head of an answer.
pub fn check(cors: &Cors) -> Result<(), Error> {
    if cors.rules.is_empty() || cors.rules.len() > CORS_RULES_MAX {
        return Err(invalid("a bucket has 1 to 100 rules for other origins"));
    }
    if cors.rules.iter().map(bytes).sum::<usize>() > CORS_BYTES_MAX {
        return Err(invalid(
            "the rules for other origins are larger than 64 KiB",
        ));
    }
    cors.rules.iter().try_for_each(check_rule)
}

fn check_rule(rule: &CorsRule) -> Result<(), Error> {
    if rule.origins.is_empty() || rule.methods.is_empty() {
        return Err(invalid(
            "a rule for other origins names at least one origin and one method",
        ));
    }
    let one_star = |value: &str| value.bytes().filter(|b| *b == b'*').count() <= 1;
    // `?` is any character in patterns, and in no origin or header name.
    let plain = |value: &str| !value.is_empty() && !has_control(value) && !value.contains('?');
    let patterns = || rule.origins.iter().chain(&rule.headers);
    if !patterns().all(|one| one_star(one) && plain(one)) {
        return Err(invalid(
            "an origin or header of a rule has at most one asterisk and no question mark or control character",
        ));
    }
    if !rule
        .exposed
        .iter()
        .all(|one| &**one == "*" || is_token(one) && !one.contains('*'))
    {
        return Err(invalid(
            "an exposed header is the name of one header, or `*` for all",
        ));
    }
    Ok(())
}

fn bytes(rule: &CorsRule) -> usize {
    let texts = rule.origins.iter().chain(&rule.headers);
    texts.chain(&rule.exposed).map(|text| text.len()).sum()
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<Box<str>> {
        all.iter().map(|&text| text.into()).collect()
    }

    fn rule(origins: &[&str], methods: &[CorsMethod], headers: &[&str]) -> CorsRule {
        CorsRule {
            origins: texts(origins),
            methods: methods.to_vec(),
            headers: texts(headers),
            exposed: texts(&["ETag"]),
            max_age_s: Some(60),
            vary: false,
        }
    }

    fn cors() -> Cors {
        use CorsMethod::{Delete, Get, Put};
        Cors {
            rules: vec![
                rule(
                    &["https://app.example", "http://*.example"],
                    &[Put, Delete],
                    &["x-oss-*", "Content-Type"],
                ),
                rule(&["*"], &[Get], &["*"]),
                rule(&["https://app.example"], &[Get, Put], &[]),
            ],
        }
    }

    /// Origin, method and headers asked for; rule and origin of the answer.
    type Case = (
        &'static str,
        CorsMethod,
        &'static [&'static str],
        Option<(usize, &'static str)>,
    );

    #[test]
    fn the_first_rule_that_allows_all_of_a_preflight_counts() {
        use CorsMethod::{Delete, Get, Head, Put};
        let app = "https://app.example";
        let cases: [Case; 12] = [
            (app, Put, &[], Some((0, app))),
            (app, Put, &["X-OSS-meta-a", "content-type"], Some((0, app))),
            (app, Put, &["x-other"], None),
            (app, Put, &["x-oss"], None),
            (app, Get, &["x-other"], Some((1, "*"))),
            (app, Head, &[], None),
            (
                "http://a.example",
                Delete,
                &[],
                Some((0, "http://a.example")),
            ),
            ("http://.example", Delete, &[], Some((0, "http://.example"))),
            ("http://example", Delete, &[], None),
            ("https://a.example", Delete, &[], None),
            ("http://a.example.evil", Put, &[], None),
            ("null", Get, &[], Some((1, "*"))),
        ];
        let cors = cors();
        for (origin, method, headers, wanted) in cases {
            let found = preflight(&cors, origin, method, headers);
            let wanted = wanted.map(|(rule, origin)| Allowed {
                rule: &cors.rules[rule],
                origin,
            });
            assert_eq!(found, wanted, "{origin} {method:?} {headers:?}");
        }
    }

    #[test]
    fn an_actual_request_needs_origin_and_method() {
        use CorsMethod::{Delete, Get, Post, Put};
        let app = "https://app.example";
        let cases = [
            (app, Put, Some((0, app))),
            (app, Get, Some((1, "*"))),
            ("http://other", Get, Some((1, "*"))),
            ("http://other", Delete, None),
            (app, Post, None),
        ];
        let cors = cors();
        for (origin, method, wanted) in cases {
            let found = actual(&cors, origin, method);
            let found = found.map(|found| (found.rule, found.origin));
            let wanted = wanted.map(|(rule, origin)| (&cors.rules[rule], origin));
            assert_eq!(found, wanted, "{origin} {method:?}");
        }
    }

    #[test]
    fn rules_are_few_small_and_harmless() {
        let good = rule(&["http://*"], &[CorsMethod::Get], &["*"]);
        let with = |change: fn(&mut CorsRule)| {
            let mut changed = good.clone();
            change(&mut changed);
            vec![changed]
        };
        let cases = [
            (vec![good.clone()], true),
            (vec![], false),
            (vec![good.clone(); CORS_RULES_MAX], true),
            (vec![good.clone(); CORS_RULES_MAX + 1], false),
            (with(|rule| rule.origins.clear()), false),
            (with(|rule| rule.methods.clear()), false),
            (with(|rule| rule.headers.clear()), true),
            (with(|rule| rule.origins = texts(&["*.a.*"])), false),
            (with(|rule| rule.origins = texts(&["http://a\r\nb"])), false),
            (with(|rule| rule.origins = texts(&["http://a?"])), false),
            (with(|rule| rule.origins = texts(&[""])), false),
            (with(|rule| rule.headers = texts(&["x-*-*"])), false),
            (with(|rule| rule.exposed = texts(&["*"])), true),
            (with(|rule| rule.exposed = texts(&["x-*"])), false),
            (with(|rule| rule.exposed = texts(&["a b"])), false),
            (
                with(|rule| rule.origins = vec!["a".repeat(CORS_BYTES_MAX).into()]),
                false,
            ),
        ];
        for (rules, fine) in cases {
            let cors = Cors { rules };
            assert_eq!(check(&cors).is_ok(), fine, "{:?}", cors.rules.first());
        }
    }
}
