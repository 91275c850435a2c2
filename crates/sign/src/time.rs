//! The timestamp of a signature. No clock: times come from the request or from the caller.

use jiff::civil::DateTime;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use jiff::tz::TimeZone;

/// A UTC time in ISO basic form, `yyyyMMddTHHmmssZ`, checked to be a real date and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    text: String,
    unix: i64,
}

impl Timestamp {
    /// Parses `yyyyMMddTHHmmssZ`; nothing for any other form, an impossible date or a leap second.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 || text.as_bytes().get(8) != Some(&b'T') || !text.ends_with('Z') {
            return None;
        }
        let year = i16::try_from(number(text, 0, 4)?).ok()?;
        let part = |from| i8::try_from(number(text, from, 2)?).ok();
        let civil =
            DateTime::new(year, part(4)?, part(6)?, part(9)?, part(11)?, part(13)?, 0).ok()?;
        Some(Self {
            text: text.to_owned(),
            unix: TimeZone::UTC.to_timestamp(civil).ok()?.as_second(),
        })
    }

    /// The timestamp of a time in seconds since 1970; nothing outside the years 0 to 9999.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        let civil = TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(seconds).ok()?);
        if civil.year() < 0 {
            return None;
        }
        let text = format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        );
        Some(Self {
            text,
            unix: seconds,
        })
    }

    /// The date of HTTP headers, such as `Mon, 06 May 2024 07:08:09 GMT`.
    pub(crate) fn http_date(&self) -> String {
        jiff::Timestamp::from_second(self.unix)
            .and_then(|instant| DateTimePrinter::new().timestamp_to_rfc9110_string(&instant))
            .expect("the years 0 to 9999 have such a form")
    }

    /// The sixteen characters as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The `yyyyMMdd` part, which the credential scope repeats.
    pub fn date(&self) -> &str {
        self.text.get(..8).expect("sixteen ASCII characters")
    }

    /// Seconds since 1970.
    pub fn unix_seconds(&self) -> i64 {
        self.unix
    }
}

/// What to write where [`parse_http_date`] finds nothing.
pub(crate) const HTTP_DATE: &str =
    "write the date as HTTP does, such as Mon, 06 May 2024 07:08:09 GMT";

/// Seconds since 1970 of a date of HTTP headers; nothing for any other form. The day of the week is not compared.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    let parser = DateTimeParser::new().relaxed_weekday(true);
    Some(parser.parse_timestamp(text).ok()?.as_second())
}

fn number(text: &str, from: usize, len: usize) -> Option<u16> {
    let digits = text.get(from..from + len)?;
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        for (text, unix) in [
            ("19700101T000000Z", 0),
            ("20240506T070809Z", 1_714_979_289),
            ("20240229T235959Z", 1_709_251_199),
        ] {
            let time = Timestamp::parse(text).expect(text);
            assert_eq!(
                (time.unix_seconds(), time.date()),
                (unix, &text[..8]),
                "{text}"
            );
            assert_eq!(Timestamp::from_unix(unix), Some(time));
        }
    }

    #[test]
    fn refused_times() {
        for bad in [
            "",
            "20240506T070809",
            "20240506 070809Z",
            "20240506T070809z",
            "20240506t070809Z",
            "20230229T000000Z",
            "20241301T000000Z",
            "20240506T240000Z",
            "20240506T235960Z",
            "2024-05-06T07:08:09Z",
            "+0240506T070809Z",
            "20240506T07080\u{e9}",
            "2024\u{e9}06T070809Z",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
        assert_eq!(Timestamp::from_unix(i64::MAX), None);
        assert_eq!(Timestamp::from_unix(-70_000_000_000), None);
    }

    proptest! {
        #[test]
        fn parse_undoes_from_unix(unix in 0_i64..=253_402_207_199) {
            let time = Timestamp::from_unix(unix).expect("within the years 1970 to 9999");
            prop_assert_eq!(Timestamp::parse(time.as_str()), Some(time));
        }
    }
}
