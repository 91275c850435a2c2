//! `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.

use std::time::Duration;

use cohong_core::model::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::limits::RETRY_AFTER_MAX;

/// How long the sender asks to be left alone, at most [`RETRY_AFTER_MAX`]; a date that has passed
/// gives zero. `None` for anything else.
pub(crate) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    static DATES: DateTimeParser = DateTimeParser::new();
    let value = value.trim();
    let rest = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Too many digits for the type are still "very long".
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let at = DATES.parse_timestamp(value).ok()?.as_millisecond();
        Timestamp::from_millis(u64::try_from(at).unwrap_or(0)).since(now)
    };
    Some(rest.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = Timestamp::from_millis(784_111_777_000);
        let cases = [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("3601", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(3600)),
            ("Fri, 01 Jan 1960 00:00:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(
                parse(value, now),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }
}
