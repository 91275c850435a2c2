//! How long to wait before the next try. Pure; jitter comes from the caller.

use std::time::Duration;

use crate::limits::{DELIVERY_BACKOFF_MAX, DELIVERY_BACKOFF_MIN};

/// The pause after failure number `failures` (from 1) of a paused target: doubles, so that a target
/// that came back is found soon. Between half and all of the step; `below` draws under its argument.
pub(super) fn of_target(failures: u32, below: impl FnOnce(u64) -> u64) -> Duration {
    spread(step(failures, 1), below)
}

/// The pause after failure number `failures` (from 1) of one event: grows fourfold, so that the
/// tries of an event reach over half an hour while the first retry comes within a second.
pub(super) fn of_event(failures: u32, below: impl FnOnce(u64) -> u64) -> Duration {
    spread(step(failures, 2), below)
}

fn step(failures: u32, doublings: u32) -> Duration {
    let factor = 1_u32
        .checked_shl(failures.saturating_sub(1).saturating_mul(doublings))
        .unwrap_or(u32::MAX);
    DELIVERY_BACKOFF_MIN
        .saturating_mul(factor)
        .min(DELIVERY_BACKOFF_MAX)
}

fn spread(step: Duration, below: impl FnOnce(u64) -> u64) -> Duration {
    let half = u64::try_from(step.as_millis() / 2).unwrap_or(u64::MAX);
    Duration::from_millis(half.saturating_add(below(half + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_second_to_five_minutes() {
        let least = |_| 0;
        let most = |bound: u64| bound - 1;
        let cases = [
            (1, 1, 1),
            (2, 2, 4),
            (3, 4, 16),
            (5, 16, 256),
            (40, 300, 300),
        ];
        for (failures, target, event) in cases {
            assert_eq!(of_target(failures, most), Duration::from_secs(target));
            assert_eq!(of_event(failures, most), Duration::from_secs(event));
            assert_eq!(of_event(failures, least), Duration::from_secs(event) / 2);
        }
    }
}
