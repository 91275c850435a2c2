//! Calendar months, in UTC (sheet section 4.3).

use cohong_core::model::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

/// First and last millisecond of the month of a moment; `None` beyond the year 9999.
pub(crate) fn around(millis: u64) -> Option<(Timestamp, Timestamp)> {
    let moment = jiff::Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
    let first = moment.to_zoned(TimeZone::UTC).date().first_of_month();
    let next: Span = 1.month();
    let end = start(first.checked_add(next).ok()?)?;
    Some((
        Timestamp::from_millis(start(first)?),
        Timestamp::from_millis(end.saturating_sub(1)),
    ))
}

/// The first millisecond of a day.
fn start(day: Date) -> Option<u64> {
    let start = TimeZone::UTC
        .to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
        .ok()?;
    u64::try_from(start.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end_in_utc() {
        let table = [
            (0, Some((0, 2_678_399_999))),
            // 2024-02-19T08:00:00Z: a leap year.
            (
                1_708_329_600_000,
                Some((1_706_745_600_000, 1_709_251_199_999)),
            ),
            (
                1_709_251_199_999,
                Some((1_706_745_600_000, 1_709_251_199_999)),
            ),
            (
                1_709_251_200_000,
                Some((1_709_251_200_000, 1_711_929_599_999)),
            ),
            // The last month of a year.
            (
                1_704_067_199_999,
                Some((1_701_388_800_000, 1_704_067_199_999)),
            ),
            (u64::MAX, None),
        ];
        for (moment, wanted) in table {
            let found = around(moment).map(|(from, upto)| (from.millis(), upto.millis()));
            assert_eq!(found, wanted, "{moment}");
        }
    }
}
