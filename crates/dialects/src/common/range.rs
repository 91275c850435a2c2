//! The `Range` header and its relatives.

use cohong_core::engine::RangeSpec;

/// Reads a `Range` header of a read. `None` means the whole object: another unit, several ranges or
/// nonsense are to be ignored (RFC 9110 section 14.2).
pub fn parse(text: &str) -> Option<RangeSpec> {
    let (unit, range) = text.trim().split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    match range.trim().split_once('-')? {
        ("", count) => number(count).map(RangeSpec::Last),
        (first, "") => number(first).map(|first| RangeSpec::From(first, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(RangeSpec::From(first, Some(last)))
        }
    }
}

/// A range that no object has a byte in.
pub(crate) const NOWHERE: RangeSpec = RangeSpec::From(u64::MAX, None);

/// Reads the range of a copy, where nothing is ignored: only `bytes=first-last` with both numbers.
pub fn parse_strict(text: &str) -> Option<RangeSpec> {
    let both = parse(text)?;
    let exact = text.starts_with("bytes=") && !text.contains(char::is_whitespace);
    (exact && matches!(both, RangeSpec::From(_, Some(_)))).then_some(both)
}

/// As [`parse_strict`], where the source has to have all of the range.
pub fn parse_within(text: &str) -> Option<RangeSpec> {
    match parse_strict(text)? {
        RangeSpec::From(first, Some(last)) => Some(RangeSpec::Within(first, last)),
        other => Some(other),
    }
}

/// Digits only; what does not fit lies behind the end of every object anyway.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_or_ignored() {
        use RangeSpec::{From, Last};
        let cases = [
            ("bytes=0-0", Some(From(0, Some(0)))),
            ("bytes=5-", Some(From(5, None))),
            ("bytes=-5", Some(Last(5))),
            ("Bytes = 1 - 2", Some(From(1, Some(2)))),
            (
                "bytes=1-99999999999999999999999",
                Some(From(1, Some(u64::MAX))),
            ),
            ("bytes=2-1", None),
            ("bytes=0-1,3-4", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
            ("bytes=a-b", None),
            ("lines=1-2", None),
            ("bytes", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_range_of_a_copy_is_strict() {
        let wanted = Some(RangeSpec::From(0, Some(9)));
        assert_eq!(parse_strict("bytes=0-9"), wanted);
        for text in [
            "bytes=0-",
            "bytes=-9",
            "0-9",
            "bytes=9-0",
            "bytes= 0-9",
            "bytes=0-9,11-12",
        ] {
            assert_eq!(parse_strict(text), None, "{text}");
        }
    }
}
