//! Conditions of requests: entity tags and dates as headers write them.

use cohong_core::engine::{Conditions, ETagMatch};

use super::date;
use super::limits::ENTITY_TAGS_MAX;

/// A condition that cannot be read; says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCondition(pub &'static str);

/// The four headers of a conditional request, as they came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// `If-Match`.
    pub if_match: Option<&'a str>,
    /// `If-None-Match`.
    pub if_none_match: Option<&'a str>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<&'a str>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<&'a str>,
}

/// Reads the headers. Tags may stand with or without quotes; a date that is none is ignored
/// (RFC 9110 section 13.1.3).
pub fn parse(headers: Headers<'_>) -> Result<Conditions, BadCondition> {
    Ok(Conditions {
        if_match: headers.if_match.map(tags).transpose()?,
        if_none_match: headers.if_none_match.map(tags).transpose()?,
        no_overwrite: false,
        if_modified_since: headers.if_modified_since.and_then(date::parse_http),
        if_unmodified_since: headers.if_unmodified_since.and_then(date::parse_http),
    })
}

/// Reads a list of entity tags, quoted or not, weak marks ignored; `*` is any.
pub fn tags(text: &str) -> Result<ETagMatch, BadCondition> {
    if text.trim() == "*" {
        return Ok(ETagMatch::Any);
    }
    let tags: Vec<Box<str>> = text.split(',').map(|tag| unquote(tag).into()).collect();
    if tags.len() > ENTITY_TAGS_MAX {
        return Err(BadCondition("a condition names at most 64 entity tags"));
    }
    if tags.iter().any(|tag| tag.is_empty()) {
        return Err(BadCondition("an entity tag in a condition is empty"));
    }
    Ok(ETagMatch::OneOf(tags))
}

/// An entity tag without quotes and weak mark.
pub fn unquote(tag: &str) -> &str {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'))
        .unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use cohong_core::model::Timestamp;

    use super::*;

    #[test]
    fn tags_are_read_with_and_without_quotes() {
        let one_of = |tags: &[&str]| ETagMatch::OneOf(tags.iter().map(|t| (*t).into()).collect());
        let cases = [
            ("*", Ok(ETagMatch::Any)),
            ("abc", Ok(one_of(&["abc"]))),
            ("\"abc\"", Ok(one_of(&["abc"]))),
            ("W/\"abc\", def", Ok(one_of(&["abc", "def"]))),
        ];
        for (text, wanted) in cases {
            assert_eq!(tags(text), wanted, "{text}");
        }
        for text in ["", "\"\"", "a,,b"] {
            assert!(tags(text).is_err(), "{text}");
        }
        assert!(tags(&"a,".repeat(64)).is_err());
    }

    #[test]
    fn a_date_that_is_none_is_ignored() {
        let headers = Headers {
            if_modified_since: Some("Mon, 06 May 2024 07:08:09 GMT"),
            if_unmodified_since: Some("never"),
            ..Headers::default()
        };
        let read = parse(headers).unwrap();
        assert_eq!(
            read.if_modified_since,
            Some(Timestamp::from_millis(1_714_979_289_000))
        );
        assert_eq!(read.if_unmodified_since, None);
    }
}
