//! Which pages may lead to a bucket by a link.

use crate::error::{Error, ErrorKind};
use crate::limits::REFERERS_BYTES_MAX;
use crate::model::Referers;
use crate::rules::attributes::has_control;
use crate::rules::pattern::fits;

/// Whether a request passes that `page` led to. The order is: no page, pages that are denied, pages that
/// are allowed.
pub fn admits(referers: &Referers, page: Option<&str>) -> bool {
    let Some(page) = page.filter(|page| !page.is_empty()) else {
        return referers.allow_empty || referers.allowed.is_empty();
    };
    let page = compared(referers, page);
    let one_of = |patterns: &[Box<str>]| {
        let begins = |pattern: &str| fits(&format!("{pattern}*"), page);
        patterns.iter().any(|pattern| begins(pattern))
    };
    !one_of(&referers.denied) && (referers.allowed.is_empty() || one_of(&referers.allowed))
}

/// The part of a page's URL that is compared.
fn compared<'a>(referers: &Referers, page: &'a str) -> &'a str {
    let end = if referers.cut_path {
        let host = page.find("://").map_or(0, |at| at + "://".len());
        page[host..].find(['/', '?', '#']).map(|at| host + at)
    } else if referers.cut_query {
        page.find('?')
    } else {
        None
    };
    end.map_or(page, |end| &page[..end])
}

/// Checks what is asked of pages before it is stored.
pub fn check(referers: &Referers) -> Result<(), Error> {
    let texts = || referers.allowed.iter().chain(&referers.denied);
    if texts().map(|text| text.len()).sum::<usize>() > REFERERS_BYTES_MAX {
        return Err(invalid("the referers are larger than 16 KiB"));
    }
    if texts().any(|text| text.is_empty() || has_control(text)) {
        return Err(invalid(
            "a referer is a text without control characters, and not empty",
        ));
    }
    if referers.cut_path && !referers.cut_query {
        return Err(invalid(
            "where the path of a referer is cut off, so is its query; allow both",
        ));
    }
    Ok(())
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

    fn referers(empty: bool, allowed: &[&str], denied: &[&str]) -> Referers {
        Referers {
            allow_empty: empty,
            allowed: texts(allowed),
            denied: texts(denied),
            ..Referers::default()
        }
    }

    #[test]
    fn pages_are_judged_in_the_vendors_order() {
        let none: &[&str] = &[];
        let own: &[&str] = &["https://www.example.com", "http://*.example.org/a?c"];
        let bad: &[&str] = &["https://www.example.com/bad", "http://evil"];
        let cases = [
            (referers(true, none, none), None, true),
            (referers(true, none, none), Some("http://a"), true),
            (referers(false, none, none), None, true),
            (referers(false, none, bad), None, true),
            (referers(false, own, none), None, false),
            (referers(false, own, none), Some(""), false),
            (referers(true, own, none), None, true),
            (
                referers(false, own, none),
                Some("https://www.example.com"),
                true,
            ),
            (
                referers(false, own, none),
                Some("https://www.example.com/x?y"),
                true,
            ),
            (
                referers(false, own, none),
                Some("https://www.example.com.cn/"),
                true,
            ),
            (
                referers(false, own, none),
                Some("http://www.example.com/"),
                false,
            ),
            (
                referers(false, own, none),
                Some("http://b.c.example.org/abc/d"),
                true,
            ),
            (
                referers(false, own, none),
                Some("http://example.org/abc"),
                false,
            ),
            (
                referers(true, own, bad),
                Some("https://www.example.com/bad/x"),
                false,
            ),
            (
                referers(true, own, bad),
                Some("https://www.example.com/good"),
                true,
            ),
            (
                referers(true, none, bad),
                Some("http://evil.example.com/"),
                false,
            ),
            (referers(true, none, bad), Some("http://other/"), true),
        ];
        for (referers, page, wanted) in cases {
            assert_eq!(admits(&referers, page), wanted, "{referers:?} {page:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_not_compared() {
        let rule = |text: &str, cut_query, cut_path| Referers {
            allowed: texts(&[text]),
            cut_query,
            cut_path,
            ..Referers::default()
        };
        let page = Some("http://www.example.com/d?x=1");
        let cases = [
            ("http://www.example.com/d\u{3f}x=1", false, false, true),
            ("http://www.example.com/d*x=1", true, false, false),
            ("http://www.example.com/d", true, false, true),
            ("http://www.example.com/", true, true, false),
            ("http://www.example.com", true, true, true),
            ("*.com", true, true, true),
        ];
        for (text, query, path, wanted) in cases {
            assert_eq!(admits(&rule(text, query, path), page), wanted, "{text}");
        }
        for page in ["", "x", "://", "http://", "a?b", "a#b", "http://字/"] {
            let cut = compared(&rule("x", true, true), page);
            assert!(page.starts_with(cut), "{page}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let long = "x".repeat(REFERERS_BYTES_MAX + 1);
        let cases = [
            (referers(true, &["a"], &["b"]), true),
            (referers(true, &[""], &[]), false),
            (referers(true, &[], &["a\n"]), false),
            (referers(true, &[&long], &[]), false),
            (
                Referers {
                    cut_query: false,
                    cut_path: true,
                    ..Referers::default()
                },
                false,
            ),
        ];
        for (referers, good) in cases {
            assert_eq!(check(&referers).is_ok(), good);
        }
    }
}
