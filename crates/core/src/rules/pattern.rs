//! Patterns of texts: `*` is any run of characters, `?` any one.

/// Whether the whole of `text` fits `pattern`. Between two stars the first place that fits is taken, so
/// the time is that of looking through the text once for every star.
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return fit_at_start(pattern, text).is_some_and(str::is_empty);
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = fit_at_start(first, text) else {
        return false;
    };
    for piece in middle.split('*') {
        let Some(rest) = fit_somewhere(piece, text) else {
            return false;
        };
        text = rest;
    }
    ends_like(last, text)
}

/// What follows a piece without stars that `text` begins with.
fn fit_at_start<'a>(piece: &str, text: &'a str) -> Option<&'a str> {
    if !piece.contains('?') {
        return text.strip_prefix(piece);
    }
    let mut rest = text.chars();
    for wanted in piece.chars() {
        let found = rest.next()?;
        if wanted != '?' && wanted != found {
            return None;
        }
    }
    Some(rest.as_str())
}

/// What follows the first place where a piece without stars fits.
fn fit_somewhere<'a>(piece: &str, text: &'a str) -> Option<&'a str> {
    if !piece.contains('?') {
        let at = text.find(piece)?;
        return text.get(at + piece.len()..);
    }
    let mut starts = text.char_indices().map(|(at, _)| at);
    starts.find_map(|at| fit_at_start(piece, text.get(at..)?))
}

/// Whether a piece without stars fits at the very end.
fn ends_like(piece: &str, text: &str) -> bool {
    let length = piece.chars().count();
    let Some(skip) = text.chars().count().checked_sub(length) else {
        return false;
    };
    let tail = text
        .char_indices()
        .nth(skip)
        .map_or("", |(at, _)| &text[at..]);
    fit_at_start(piece, tail).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_fit_whole_texts() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "A", false),
            ("*", "", true),
            ("*", "any/thing", true),
            ("**", "a", true),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("?", "", false),
            ("?", "字", true),
            ("?", "ab", false),
            ("*?", "", false),
            ("*?b?*", "aab-", true),
            ("*?b?*", "b-", false),
            ("*公?", "x公行", true),
            ("photos/*/2024-??.jpg", "photos/a/b/2024-01.jpg", true),
            ("photos/*/2024-??.jpg", "photos/2024-01.jpg", false),
        ];
        for (pattern, text, fit) in cases {
            assert_eq!(fits(pattern, text), fit, "{pattern:?} {text:?}");
        }
    }

    /// The same by definition, in exponential time.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), found) => {
                by_definition(rest, text)
                    || found.is_some_and(|(_, left)| by_definition(pattern, left))
            }
            (None, Some(_)) | (Some(_), None) => false,
            (Some((wanted, rest)), Some((found, left))) => {
                (*wanted == '?' || wanted == found) && by_definition(rest, left)
            }
        }
    }

    proptest! {
        #[test]
        fn fitting_is_what_its_definition_says(
            pattern in "[ab字*?]{0,8}",
            text in "[ab字]{0,8}",
        ) {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let wanted = by_definition(&chars(&pattern), &chars(&text));
            prop_assert_eq!(fits(&pattern, &text), wanted);
        }
    }
}
