//! Instants as vendors write them.

use std::time::Duration;

use cohong_core::model::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

static HTTP_PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
static HTTP_PRINTER: DateTimePrinter = DateTimePrinter::new();

/// ISO 8601 in UTC with exactly three digits of fraction, such as `2024-05-06T07:08:09.000Z`.
pub fn iso(at: Timestamp) -> String {
    format!("{:.3}", instant(at))
}

/// As [`iso`] in whole seconds: the fraction is always `.000`, which some SDKs match literally.
pub fn iso_seconds(at: Timestamp) -> String {
    iso(Timestamp::from_millis(at.seconds() * 1000))
}

/// In UTC, as a pattern of `strftime` says.
pub(crate) fn shaped(at: Timestamp, pattern: &str) -> String {
    instant(at).strftime(pattern).to_string()
}

/// The date of HTTP headers, such as `Mon, 06 May 2024 07:08:09 GMT`.
pub fn http(at: Timestamp) -> String {
    // Only years beyond 9999 have no such form, and `instant` stops before them.
    HTTP_PRINTER
        .timestamp_to_rfc9110_string(&instant(at))
        .unwrap_or_default()
}

/// Reads the date of an HTTP header; `None` for anything else and for instants before 1970.
pub fn parse_http(text: &str) -> Option<Timestamp> {
    stamp(HTTP_PARSER.parse_timestamp(text.trim()).ok()?)
}

/// Reads ISO 8601 with offset or `Z` and any fraction; `None` for anything else and for instants before
/// 1970.
pub fn parse_iso(text: &str) -> Option<Timestamp> {
    stamp(text.parse().ok()?)
}

fn stamp(instant: jiff::Timestamp) -> Option<Timestamp> {
    u64::try_from(instant.as_millisecond())
        .ok()
        .map(Timestamp::from_millis)
}

/// The end of jiff's time stands for everything after it.
fn instant(at: Timestamp) -> jiff::Timestamp {
    let since = Duration::from_millis(at.millis());
    jiff::SignedDuration::try_from(since)
        .ok()
        .and_then(|since| jiff::Timestamp::from_duration(since).ok())
        .unwrap_or(jiff::Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Timestamp = Timestamp::from_millis(1_714_979_289_000);

    #[test]
    fn dates_are_written_as_clients_parse_them() {
        assert_eq!(iso(MOMENT), "2024-05-06T07:08:09.000Z");
        assert_eq!(iso(Timestamp::from_millis(1)), "1970-01-01T00:00:00.001Z");
        let later = Timestamp::from_millis(1_714_979_289_999);
        assert_eq!(iso_seconds(later), "2024-05-06T07:08:09.000Z");
        assert_eq!(http(MOMENT), "Mon, 06 May 2024 07:08:09 GMT");
        assert!(iso(Timestamp::from_millis(u64::MAX)).starts_with("9999-12-"));
        assert!(http(Timestamp::from_millis(u64::MAX)).ends_with("GMT"));
    }

    #[test]
    fn dates_are_read() {
        let cases = [
            ("Mon, 06 May 2024 07:08:09 GMT", Some(MOMENT)),
            ("Tue, 06 May 2024 07:08:09 GMT", Some(MOMENT)),
            ("06 May 2024 07:08:09 GMT", Some(MOMENT)),
            ("Thu, 01 Jan 1960 00:00:00 GMT", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse_http(text), wanted, "{text}");
        }
        assert_eq!(parse_iso("2024-05-06T07:08:09.000000Z"), Some(MOMENT));
        assert_eq!(parse_iso("2024-05-06T09:08:09+02:00"), Some(MOMENT));
        assert_eq!(parse_iso("2024-05-06"), None);
    }
}
