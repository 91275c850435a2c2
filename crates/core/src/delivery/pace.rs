//! How fast one sender goes: without a limit while requests find threads at once, else with rests, so
//! that all senders together keep a least pace.

use std::sync::Arc;
use std::time::Duration;

use super::line::Shared;
use crate::limits::{DELIVERY_BURST, DELIVERY_REST, REQUEST_WAIT_FREE};
use crate::ports::Mono;

/// The rest after [`DELIVERY_BURST`] deliveries when requests wait this long.
pub(super) fn rest(wait: Duration) -> Duration {
    if wait < REQUEST_WAIT_FREE {
        Duration::ZERO
    } else {
        DELIVERY_REST
    }
}

/// One sender's pace. A sender that starts seldom never rests: the first of a burst start at once.
#[derive(Debug, Default)]
pub(super) struct Pace {
    started: usize,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    until: Mono,
    /// Counts those that rest.
    _crowd: Arc<()>,
}

impl Pace {
    /// A delivery was started.
    pub(super) fn started(&mut self, shared: &Shared) {
        self.started += 1;
        if self.started < DELIVERY_BURST {
            return;
        }
        self.started = 0;
        let rest = rest(shared.load.wait());
        if rest.is_zero() {
            return;
        }
        // Rests are as many times longer as there are senders that rest, so that all together keep
        // the pace of one.
        let crowd = shared.crowd.clone();
        let resting = u32::try_from(Arc::strong_count(&crowd) - 1).unwrap_or(u32::MAX);
        self.rest = Some(Rest {
            until: shared.ports.clock.mono() + rest.saturating_mul(resting),
            _crowd: crowd,
        });
    }

    /// Ends the rest when it is over; to be called each time round, or others rest longer for it.
    pub(super) fn look(&mut self, now: Mono) {
        if self.until().is_some_and(|until| until <= now) {
            self.rest = None;
        }
    }

    /// Whether nothing may start.
    pub(super) fn rests(&self) -> bool {
        self.rest.is_some()
    }

    /// The end of the rest.
    pub(super) fn until(&self) -> Option<Mono> {
        self.rest.as_ref().map(|rest| rest.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_rest_from_a_certain_wait_on() {
        let cases = [
            (Duration::ZERO, Duration::ZERO),
            (Duration::from_micros(249), Duration::ZERO),
            (Duration::from_micros(250), DELIVERY_REST),
            (Duration::from_secs(1), DELIVERY_REST),
            (Duration::MAX, DELIVERY_REST),
        ];
        for (wait, expected) in cases {
            assert_eq!(rest(wait), expected, "{wait:?}");
        }
    }
}
