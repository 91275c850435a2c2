//! What headers say: digests, sizes, ranges, descriptions.

use cohong_core::model::TreeHash;
use http::HeaderMap;

use super::super::error::OasError;

/// MD5 of a body.
pub(crate) const CONTENT_ETAG: &str = "x-oas-content-etag";
/// Tree of a body, or of a whole archive.
pub(crate) const TREE_ETAG: &str = "x-oas-tree-etag";
/// What is said of an archive.
pub(crate) const DESCRIPTION: &str = "x-oas-archive-description";
/// Length of every part but the last.
pub(crate) const PART_SIZE: &str = "x-oas-part-size";
/// Length of an archive.
pub(crate) const ARCHIVE_SIZE: &str = "x-oas-archive-size";
/// Which bytes of an archive a part is.
pub(crate) const CONTENT_RANGE: &str = "content-range";

/// A header as text, which it is once or not at all.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, OasError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(OasError::argument(format!("{name} stands twice")));
    }
    let text = std::str::from_utf8(value.as_bytes());
    text.map(Some)
        .map_err(|_| OasError::argument(format!("{name} is not UTF-8")))
}

fn needed<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, OasError> {
    let text = text(headers, name)?.filter(|text| !text.is_empty());
    text.ok_or_else(|| OasError::missing(name))
}

/// An MD5 in 32 hex digits of either case (sheet section 3, "Validation"). One that cannot be one is not that of the
/// body either.
pub(crate) fn digest(headers: &HeaderMap, name: &str) -> Result<[u8; 16], OasError> {
    let text = needed(headers, name)?;
    let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| hex);
    let bad = || OasError::bad("InvalidDigest", format!("{name} has 32 hexadecimal digits"));
    number.map(u128::to_be_bytes).ok_or_else(bad)
}

/// As [`digest`], of a tree.
pub(crate) fn tree(headers: &HeaderMap) -> Result<TreeHash, OasError> {
    digest(headers, TREE_ETAG).map(TreeHash)
}

/// A number of bytes in decimal digits.
pub(crate) fn size(headers: &HeaderMap, name: &str) -> Result<u64, OasError> {
    let text = needed(headers, name)?;
    let bad = || OasError::argument(format!("{name} is a number of bytes in decimal digits"));
    number(text).ok_or_else(bad)
}

/// What is said of an archive; empty when nothing is.
pub(crate) fn description(headers: &HeaderMap) -> Result<Box<str>, OasError> {
    Ok(text(headers, DESCRIPTION)?.unwrap_or_default().into())
}

/// First and last byte of a part: `a-b` as the vendor's client writes it, or `bytes a-b/total`, or `bytes=a-b`
/// (sheet section 4.10).
pub(crate) fn part_range(headers: &HeaderMap) -> Result<(u64, u64), OasError> {
    let text = needed(headers, CONTENT_RANGE)?;
    let bad =
        || OasError::argument("Content-Range is the first and the last byte, such as 0-67108863");
    let pair = match text.strip_prefix("bytes ") {
        Some(rest) => {
            let (pair, total) = rest.trim_start().split_once('/').ok_or_else(bad)?;
            if total != "*" && number(total).is_none() {
                return Err(bad());
            }
            pair
        }
        None => text.strip_prefix("bytes=").unwrap_or(text),
    };
    range(pair).ok_or_else(bad)
}

/// First and last byte of a job's output: `bytes=a-b`, or `a-b` as a page of the vendor has it (sheet section 4.17).
pub(crate) fn output_range(headers: &HeaderMap) -> Result<Option<(u64, u64)>, OasError> {
    let bad = || OasError::range("Range is the first and the last byte, such as bytes=0-1048575");
    let text = text(headers, "range").map_err(|_| bad())?;
    let pair = text.map(|text| text.strip_prefix("bytes=").unwrap_or(text));
    pair.map(|pair| range(pair).ok_or_else(bad)).transpose()
}

/// First and last of some bytes, `a-b`.
pub(crate) fn range(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last && last < u64::MAX).then_some((first, last))
}

/// Digits only.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: &str, value: &str) -> HeaderMap {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        HeaderMap::from_iter([(name, value)])
    }

    #[test]
    fn ranges_of_parts_are_read_or_refused() {
        let table = [
            ("0-67108863", Ok((0, 67_108_863))),
            ("5-5", Ok((5, 5))),
            ("bytes 0-9/10", Ok((0, 9))),
            ("bytes 0-9/*", Ok((0, 9))),
            ("bytes=0-9", Ok((0, 9))),
            ("", Err("MissingArgument")),
            ("bytes 0-9", Err("InvalidArgument")),
            ("bytes 0-9/x", Err("InvalidArgument")),
            ("9-0", Err("InvalidArgument")),
            ("0-", Err("InvalidArgument")),
            ("-9", Err("InvalidArgument")),
            ("+0-9", Err("InvalidArgument")),
            ("0-18446744073709551615", Err("InvalidArgument")),
            ("0-99999999999999999999", Err("InvalidArgument")),
            ("a-b", Err("InvalidArgument")),
        ];
        for (text, wanted) in table {
            let found = part_range(&with(CONTENT_RANGE, text));
            assert_eq!(found.map_err(|error| error.code), wanted, "{text}");
        }
        let absent = part_range(&HeaderMap::new());
        assert_eq!(absent.map_err(|error| error.code), Err("MissingArgument"));
    }

    #[test]
    fn ranges_of_output_are_read_or_refused() {
        let table = [
            ("bytes=0-9", Ok(Some((0, 9)))),
            ("0-9", Ok(Some((0, 9)))),
            ("bytes=0-", Err("InvalidRange")),
            ("bytes=-9", Err("InvalidRange")),
            ("bytes=0-1,3-4", Err("InvalidRange")),
            ("lines=0-1", Err("InvalidRange")),
            ("", Err("InvalidRange")),
        ];
        for (text, wanted) in table {
            let found = output_range(&with("range", text));
            assert_eq!(found.map_err(|error| error.code), wanted, "{text}");
        }
        assert_eq!(output_range(&HeaderMap::new()).expect("none"), None);
    }

    #[test]
    fn digests_are_read_in_either_case() {
        let table = [
            ("D41D8CD98F00B204E9800998ECF8427E", Ok(0xd4)),
            ("d41d8cd98f00b204e9800998ecf8427e", Ok(0xd4)),
            ("", Err("MissingArgument")),
            ("D41D8CD98F00B204E9800998ECF8427", Err("InvalidDigest")),
            ("+41D8CD98F00B204E9800998ECF8427E", Err("InvalidDigest")),
            ("G41D8CD98F00B204E9800998ECF8427E", Err("InvalidDigest")),
        ];
        for (text, wanted) in table {
            let found = digest(&with(CONTENT_ETAG, text), CONTENT_ETAG);
            let found = found.map(|sum| sum[0]).map_err(|error| error.code);
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn descriptions_are_utf_8() {
        let read = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).expect("a value");
            let name = HeaderName::from_static(DESCRIPTION);
            description(&HeaderMap::from_iter([(name, value)])).map_err(|error| error.code)
        };
        assert_eq!(read("归档 a".as_bytes()), Ok("归档 a".into()));
        assert_eq!(read(b"\xff"), Err("InvalidArgument"));
        assert_eq!(description(&HeaderMap::new()).expect("none"), "".into());
    }
}
