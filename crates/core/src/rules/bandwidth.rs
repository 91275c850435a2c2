//! How fast bytes may travel, and when their turn is. Pure.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::limits::BANDWIDTH_SPANS_MAX;
use crate::model::{BandwidthSpan, Timestamp};
use crate::ports::Mono;

/// What of its time a body that was late may make up for: timers are late by some milliseconds.
const CATCH_UP: Duration = Duration::from_millis(100);
/// A shorter wait is put off until the next piece: timers know nothing shorter.
const WAIT_MIN: Duration = Duration::from_millis(1);
const MINUTE_MS: u64 = 60_000;

/// Checks the spans of a day: `InvalidArgument`.
pub fn check(spans: &[BandwidthSpan]) -> Result<(), Error> {
    let invalid = |message| Err(Error::new(ErrorKind::InvalidArgument, message));
    if spans.len() > BANDWIDTH_SPANS_MAX {
        return invalid("a bandwidth limit has at most 5 spans of the day");
    }
    for (n, span) in spans.iter().enumerate() {
        let within = span.last_minute < BandwidthSpan::MINUTES;
        if !within || span.first_minute > span.last_minute {
            return invalid(
                "a span of a bandwidth limit begins and ends on one day, in this order",
            );
        }
        if span.bytes_per_s == 0 {
            return invalid("a bandwidth limit is at least 1 byte a second");
        }
        let meets = |other: &BandwidthSpan| {
            span.first_minute <= other.last_minute && other.first_minute <= span.last_minute
        };
        if spans.iter().skip(n + 1).any(meets) {
            return invalid("two spans of a bandwidth limit have minutes in common");
        }
    }
    Ok(())
}

/// Bytes a second at an instant; `None` when nothing limits them.
pub fn rate(spans: &[BandwidthSpan], at: Timestamp) -> Option<u64> {
    let minute = at.millis() / MINUTE_MS % u64::from(BandwidthSpan::MINUTES);
    let holds = |span: &&BandwidthSpan| {
        (u64::from(span.first_minute)..=u64::from(span.last_minute)).contains(&minute)
    };
    let span = spans.iter().find(holds)?;
    Some(span.bytes_per_s.max(1))
}

/// The turns of pieces that share a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    /// When all pieces so far have had their time.
    used_until: Option<Mono>,
}

impl Turns {
    /// When a piece that is there `now` may go on; `None` for at once. The time of a piece is its length
    /// at the rate, and its turn is at the end of it.
    pub fn next(&mut self, bytes: usize, bytes_per_s: u64, now: Mono) -> Option<Mono> {
        let from = self.used_until.unwrap_or(now);
        let from = from.max(now.saturating_sub(CATCH_UP));
        let nanos = u128::try_from(bytes)
            .unwrap_or(u128::MAX)
            .saturating_mul(1_000_000_000);
        let nanos = nanos / u128::from(bytes_per_s.max(1));
        let turn = from.saturating_add(Duration::from_nanos(
            u64::try_from(nanos).unwrap_or(u64::MAX),
        ));
        self.used_until = Some(turn);
        (turn >= now.saturating_add(WAIT_MIN)).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first_minute: u16, last_minute: u16, bytes_per_s: u64) -> BandwidthSpan {
        BandwidthSpan {
            first_minute,
            last_minute,
            bytes_per_s,
        }
    }

    #[test]
    fn spans_lie_within_a_day_and_apart() {
        let many = |n: u16| (0..n).map(|n| span(n, n, 1)).collect::<Vec<_>>();
        let cases = [
            (vec![], true),
            (vec![BandwidthSpan::always(1)], true),
            (vec![span(0, 59, 1), span(60, 119, 2)], true),
            (vec![span(60, 119, 1), span(0, 59, 2)], true),
            (many(5), true),
            (many(6), false),
            (vec![span(0, 60, 1), span(60, 119, 2)], false),
            (vec![span(100, 200, 1), span(0, 1439, 2)], false),
            (vec![span(60, 59, 1)], false),
            (vec![span(0, 1440, 1)], false),
            (vec![span(0, 1, 0)], false),
        ];
        for (spans, fits) in cases {
            assert_eq!(check(&spans).is_ok(), fits, "{spans:?}");
        }
    }

    #[test]
    fn the_minute_of_the_day_decides() {
        let spans = [span(60, 119, 1000), span(1439, 1439, 7)];
        let day = 86_400_000;
        let at =
            |minute: u64, ms: u64| Timestamp::from_millis(20_000 * day + minute * MINUTE_MS + ms);
        let cases = [
            (at(59, 59_999), None),
            (at(60, 0), Some(1000)),
            (at(119, 59_999), Some(1000)),
            (at(120, 0), None),
            (at(1438, 59_999), None),
            (at(1439, 0), Some(7)),
            (at(1440, 0), None),
        ];
        for (at, wanted) in cases {
            assert_eq!(rate(&spans, at), wanted, "{at:?}");
        }
        assert_eq!(rate(&[], at(60, 0)), None);
    }

    #[test]
    fn pieces_have_their_time_one_after_the_other() {
        let ms = Duration::from_millis;
        let mut turns = Turns::default();
        // 1,000 bytes a second.
        assert_eq!(turns.next(100, 1000, ms(5000)), Some(ms(5100)));
        assert_eq!(turns.next(100, 1000, ms(5000)), Some(ms(5200)));
        // Late by less than may be made up for.
        assert_eq!(turns.next(100, 1000, ms(5250)), Some(ms(5300)));
        // A long rest is not saved up.
        assert_eq!(turns.next(100, 1000, ms(9000)), None);
        assert_eq!(turns.next(100, 1000, ms(9000)), Some(ms(9100)));
        // What is too short to wait for adds up.
        let mut turns = Turns::default();
        let waits: Vec<_> = (0..4).map(|_| turns.next(1, 2000, ms(0))).collect();
        assert_eq!(
            waits,
            [
                None,
                Some(ms(1)),
                Some(Duration::from_micros(1500)),
                Some(ms(2))
            ]
        );
    }

    proptest::proptest! {
        /// However pieces come: what went on by any moment is no more than its time, what may be made up
        /// for, and one wait that was too short.
        #[test]
        fn the_rate_holds(pieces in proptest::collection::vec((0_usize..100_000, 0_u64..50), 1..100)) {
            let rate = 1_000_000;
            let mut turns = Turns::default();
            let (mut now, mut sent) = (Duration::ZERO, 0);
            for (bytes, rest) in pieces {
                now += Duration::from_millis(rest);
                now = turns.next(bytes, rate, now).unwrap_or(now);
                sent += bytes as u64;
                let most = u64::try_from((now + CATCH_UP + WAIT_MIN).as_micros()).unwrap();
                proptest::prop_assert!(sent <= most, "{sent} bytes after {now:?}");
            }
        }
    }
}
