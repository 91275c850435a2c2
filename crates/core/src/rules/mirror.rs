//! What goes to an origin with a request, and what is kept of its answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Mirror, PassedHeaders, StoredHeaders};

/// Headers that no origin is shown: they are about this server, its connection or a part of the object.
const KEPT_BACK: [&str; 19] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Beginnings of such headers: vendors' own, and those of proxies.
const KEPT_BACK_FRONTS: [&str; 4] = ["x-oss-", "x-tos-", "x-amz-", "proxy-"];

/// Headers for an origin, of those of a request. Names are in lower case.
pub(crate) fn passed(
    rule: &PassedHeaders,
    request: &[(Box<str>, Box<str>)],
) -> Vec<(Box<str>, Box<str>)> {
    let named = |all: &[Box<str>], name: &str| all.iter().any(|one| one.eq_ignore_ascii_case(name));
    let is_set = |name: &str| {
        let mut set = rule.set.iter();
        set.any(|(one, _)| one.eq_ignore_ascii_case(name))
    };
    let goes = |name: &str| {
        (rule.all || named(&rule.pass, name))
            && !named(&rule.remove, name)
            && !is_set(name)
            && may_go(name)
    };
    let found = request.iter().filter(|(name, _)| goes(name)).cloned();
    let set = rule.set.iter().filter(|(name, _)| may_go(name));
    let set = set.map(|(name, value)| (name.to_ascii_lowercase().into(), value.clone()));
    found.chain(set).collect()
}

fn may_go(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let begins = |front: &&str| name.starts_with(*front);
    !KEPT_BACK.contains(&name.as_str()) && !KEPT_BACK_FRONTS.iter().any(begins)
}

/// What of an origin's answer stays with the object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) headers: StoredHeaders,
    pub(crate) user_meta: Vec<(Box<str>, Box<str>)>,
    /// The digest that its bytes are to have.
    pub(crate) md5: Option<[u8; 16]>,
}

/// Takes from an answer what stays.
pub(crate) fn kept(mirror: &Mirror, answer: &[(Box<str>, Box<str>)]) -> Kept {
    let text = |wanted: &str| {
        let mut named = answer.iter().filter(|(name, _)| **name == *wanted);
        named.next().map(|(_, value)| value.clone())
    };
    let metadata = mirror.metadata.iter().filter_map(|(from, to)| {
        let value = text(&from.to_ascii_lowercase())?;
        Some((to.to_ascii_lowercase().into(), value))
    });
    let md5 = || {
        STANDARD
            .decode(text("content-md5")?.trim())
            .ok()?
            .try_into()
            .ok()
    };
    Kept {
        headers: StoredHeaders {
            content_type: text("content-type"),
            cache_control: text("cache-control"),
            content_disposition: text("content-disposition"),
            content_encoding: text("content-encoding"),
            content_language: text("content-language"),
            expires: text("expires"),
            website_redirect: None,
        },
        user_meta: metadata.collect(),
        md5: mirror.check_md5.then(md5).flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(all: &[(&str, &str)]) -> Vec<(Box<str>, Box<str>)> {
        let pair = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
        all.iter().map(pair).collect()
    }

    fn names(all: &[&str]) -> Vec<Box<str>> {
        all.iter().map(|&name| name.into()).collect()
    }

    #[test]
    fn origins_see_what_the_rule_says_and_no_secrets() {
        let request = pairs(&[
            ("authorization", "secret"),
            ("x-oss-security-token", "secret"),
            ("range", "bytes=0-1"),
            ("host", "here"),
            ("x-one", "1"),
            ("x-two", "2"),
        ]);
        let rule = |all, pass: &[&str], remove: &[&str], set: &[(&str, &str)]| PassedHeaders {
            all,
            pass: names(pass),
            remove: names(remove),
            set: pairs(set),
        };
        let cases = [
            (rule(false, &[], &[], &[]), pairs(&[])),
            (
                rule(true, &[], &[], &[]),
                pairs(&[("x-one", "1"), ("x-two", "2")]),
            ),
            (rule(true, &[], &["X-One"], &[]), pairs(&[("x-two", "2")])),
            (
                rule(false, &["X-Two", "Authorization", "x-none"], &[], &[]),
                pairs(&[("x-two", "2")]),
            ),
            (
                rule(false, &["x-two"], &["x-two"], &[("X-Three", "3")]),
                pairs(&[("x-three", "3")]),
            ),
            (
                rule(true, &[], &[], &[("x-one", "own"), ("Host", "there")]),
                pairs(&[("x-two", "2"), ("x-one", "own")]),
            ),
        ];
        for (rule, wanted) in cases {
            assert_eq!(passed(&rule, &request), wanted, "{rule:?}");
        }
    }

    #[test]
    fn what_is_kept_of_an_answer() {
        let mirror = Mirror {
            check_md5: true,
            metadata: vec![
                ("X-From".into(), "From".into()),
                ("x-none".into(), "n".into()),
            ],
            ..Mirror::default()
        };
        let answer = pairs(&[
            ("content-type", "text/plain"),
            ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("x-from", "there"),
            ("set-cookie", "a"),
        ]);
        let found = kept(&mirror, &answer);
        assert_eq!(found.headers.content_type.as_deref(), Some("text/plain"));
        assert_eq!(found.user_meta, pairs(&[("from", "there")]));
        assert_eq!(found.md5, Some([0; 16]));
        let lax = Mirror {
            check_md5: false,
            ..mirror
        };
        assert_eq!(kept(&lax, &answer).md5, None);
        assert_eq!(kept(&lax, &[]), Kept::default());
    }
}
