//! How often, and for how many bytes a second, object sets may be asked about. What was used is remembered by this
//! process alone, so a start forgets it.
//!
//! A rate may be used ahead by what it gives in a second. A request counts when it comes, and is refused when it is
//! too much. Bytes count when it is known how many they are, and whoever brings them is let pass as long as those
//! before are paid for: so a body longer than a second's share is not refused for ever, and the next one waits for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Engine;
use super::quota::Share;
use crate::error::{Error, ErrorKind};
use crate::limits::SET_RATES_KEPT_MAX;
use crate::model::{Bucket, ObjectKey, SetLayout, SetRates};
use crate::ports::Mono;

/// How much of a rate may be used ahead.
const AHEAD: Duration = Duration::from_secs(1);

/// What a request does with objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Reads one.
    Read,
    /// Changes one, or brings bytes for it.
    Write,
    /// Lists some.
    List,
}

/// One of the rates of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rate {
    Reads,
    Writes,
    Lists,
    ReadBytes,
    WrittenBytes,
}

impl Use {
    /// The rate of such requests, in a second.
    fn often(self, of: &SetRates) -> (Rate, Option<u64>) {
        match self {
            Self::Read => (Rate::Reads, of.reads),
            Self::Write => (Rate::Writes, of.writes),
            Self::List => (Rate::Lists, of.lists),
        }
    }

    /// The rate of their bytes, in a second. Nobody counts those of lists.
    fn bytes(self, of: &SetRates) -> (Rate, Option<u64>) {
        match self {
            Self::Read => (Rate::ReadBytes, of.read_bytes),
            Self::Write => (Rate::WrittenBytes, of.written_bytes),
            Self::List => (Rate::ReadBytes, None),
        }
    }
}

/// What was used of the rates of object sets: the instant until which all of it is paid for.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    used_until: Mutex<BTreeMap<(Share, Rate), Mono>>,
}

impl Rates {
    fn lock(&self, now: Mono) -> MutexGuard<'_, BTreeMap<(Share, Rate), Mono>> {
        let lock = self.used_until.lock();
        let mut all = lock.unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SET_RATES_KEPT_MAX {
            all.retain(|_, until| *until > now);
        }
        all
    }

    /// Counts a request that moves so many bytes, or refuses it and counts nothing. Only those that move bytes wait for
    /// the bytes before them.
    fn take(
        &self,
        share: &Share,
        of: &SetRates,
        (what, bytes): (Use, Option<u64>),
        now: Mono,
    ) -> Result<(), Error> {
        let mut all = self.lock(now);
        let latest = now.saturating_add(AHEAD);
        let mut used = Vec::new();
        if let (rate, Some(per_s @ 1..)) = what.often(of) {
            let at = (share.clone(), rate);
            let from = all.get(&at).copied().unwrap_or(now).max(now);
            let until = from.saturating_add(time_of(1, per_s));
            if until > latest {
                return Err(Error::new(
                    ErrorKind::TooManyRequests,
                    "the object set is asked about more often than it may be; try again in a second",
                ));
            }
            used.push((at, until));
        }
        if let ((rate, Some(per_s @ 1..)), Some(bytes)) = (what.bytes(of), bytes) {
            let at = (share.clone(), rate);
            let from = all.get(&at).copied().unwrap_or(now).max(now);
            if from > latest {
                return Err(Error::new(
                    ErrorKind::TooManyBytes,
                    "more bytes of the object set travelled than may in a second; try again later",
                ));
            }
            used.push((at, from.saturating_add(time_of(bytes, per_s))));
        }
        all.extend(used);
        Ok(())
    }

    /// Counts bytes of a request that was let pass before it was known how many there are.
    fn spend(&self, share: &Share, of: &SetRates, (what, bytes): (Use, u64), now: Mono) {
        if let (rate, Some(per_s @ 1..)) = what.bytes(of) {
            let mut all = self.lock(now);
            let until = all.entry((share.clone(), rate)).or_insert(now);
            *until = (*until).max(now).saturating_add(time_of(bytes, per_s));
        }
    }
}

/// How long a rate takes for so many.
fn time_of(units: u64, per_s: u64) -> Duration {
    let nanos = u128::from(units).saturating_mul(1_000_000_000) / u128::from(per_s.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Whether a set of a bucket may have rates.
fn has_rates(bucket: &Bucket) -> bool {
    let limited = |layout: &SetLayout| layout.by_tag || layout.rates != SetRates::default();
    bucket.sets.as_ref().is_some_and(limited)
}

impl Engine {
    /// Counts a request, and so many bytes that it moves if it moves any, for the object set that a key is in: `TooManyRequests` and
    /// `TooManyBytes` where that is more than the set may have in a second. For a listing the key is the prefix.
    pub(super) async fn take_turn(
        &self,
        bucket: &Bucket,
        key: &str,
        what: Use,
        bytes: Option<u64>,
    ) -> Result<(), Error> {
        if !has_rates(bucket) {
            return Ok(());
        }
        match self.bounds_of(bucket, key).await? {
            Some((share, bounds)) => {
                let now = self.ports.clock.mono();
                self.rates.take(&share, &bounds.rates, (what, bytes), now)
            }
            None => Ok(()),
        }
    }

    /// Counts a request that changes an object, when it is tried for the first time.
    pub(super) async fn take_write(
        &self,
        tried: u32,
        bucket: &Bucket,
        key: &ObjectKey,
    ) -> Result<(), Error> {
        if tried > 0 {
            return Ok(());
        }
        self.take_turn(bucket, key.as_str(), Use::Write, None).await
    }

    /// Counts bytes of a request that had its turn before it was known how many there are.
    pub(super) async fn spend_bytes(
        &self,
        bucket: &Bucket,
        key: &str,
        what: Use,
        bytes: u64,
    ) -> Result<(), Error> {
        if !has_rates(bucket) {
            return Ok(());
        }
        if let Some((share, bounds)) = self.bounds_of(bucket, key).await? {
            let now = self.ports.clock.mono();
            self.rates.spend(&share, &bounds.rates, (what, bytes), now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BucketId;

    fn limits() -> SetRates {
        SetRates {
            reads: Some(2),
            writes: Some(0),
            lists: Some(1),
            written_bytes: Some(100),
            ..SetRates::default()
        }
    }

    fn refusal(rates: &Rates, what: (Use, Option<u64>), ms: u64) -> Option<ErrorKind> {
        let share = Share::whole(BucketId(1));
        let taken = rates.take(&share, &limits(), what, Duration::from_millis(ms));
        taken.err().map(|error| error.kind())
    }

    #[test]
    fn requests_come_so_often() {
        let rates = Rates::default();
        let steps = [
            (Use::Read, 0, true),
            (Use::Read, 0, true),
            (Use::Read, 0, false),
            (Use::Read, 499, false),
            (Use::Read, 500, true),
            (Use::Read, 501, false),
            (Use::List, 501, true),
            (Use::List, 501, false),
            (Use::List, 1501, true),
            (Use::Read, 9000, true),
            (Use::Read, 9000, true),
            (Use::Read, 9000, false),
        ];
        for (what, ms, passes) in steps {
            let wanted = (!passes).then_some(ErrorKind::TooManyRequests);
            assert_eq!(
                refusal(&rates, (what, Some(9)), ms),
                wanted,
                "{what:?} at {ms}"
            );
        }
    }

    #[test]
    fn bytes_are_paid_for_afterwards() {
        let rates = Rates::default();
        let steps = [
            (60, 0, true),
            (1000, 0, true),
            (1, 0, false),
            (1, 9500, false),
            (1, 9600, true),
            (0, 9600, false),
            (0, 9620, true),
        ];
        for (bytes, ms, passes) in steps {
            let wanted = (!passes).then_some(ErrorKind::TooManyBytes);
            let found = refusal(&rates, (Use::Write, Some(bytes)), ms);
            assert_eq!(found, wanted, "{bytes} at {ms}");
        }
        let share = Share::whole(BucketId(1));
        let now = Duration::from_secs(20);
        rates.spend(&share, &limits(), (Use::Write, 201), now);
        assert_eq!(refusal(&rates, (Use::Write, None), 20_000), None);
        let found = refusal(&rates, (Use::Write, Some(0)), 20_000);
        assert_eq!(found, Some(ErrorKind::TooManyBytes));
        assert_eq!(refusal(&rates, (Use::Write, Some(0)), 21_010), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let rates = Rates::default();
        for id in 0..=SET_RATES_KEPT_MAX as u64 {
            let share = Share::whole(BucketId(id));
            let now = Duration::from_millis(id * 10);
            rates
                .take(&share, &limits(), (Use::List, None), now)
                .unwrap();
        }
        let kept = rates.used_until.lock().unwrap().len();
        assert!(kept <= SET_RATES_KEPT_MAX, "{kept}");
    }
}
