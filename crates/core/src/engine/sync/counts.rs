//! What sync tasks have done, as numbers.

use std::collections::BTreeMap;

use super::accept::or_default;
use crate::engine::walk::Walk;
use crate::engine::{Cx, Engine};
use crate::error::Error;
use crate::limits::SYNC_SPANS_MAX;
use crate::model::{SyncCounts, SyncTaskId, Timestamp};
use crate::records::keys::SyncCount;
use crate::records::{SyncSettled, SyncTaken, decode, keys};
use crate::rules::sync::start_of;

/// How much time one number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncSpan {
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
}

impl SyncSpan {
    /// In milliseconds.
    pub const fn millis(self) -> u64 {
        match self {
            Self::FiveMinutes => 300_000,
            Self::Hour => 3_600_000,
        }
    }
}

impl Engine {
    /// Counts of a task of the asking account, by the start of each span that overlaps the time from
    /// `from` to `upto`, both included; oldest first, spans without any left out, at most `limit` (and
    /// [`SYNC_SPANS_MAX`]). Requests are counted when they are accepted, outcomes when they are there.
    /// `NoSuchTask`.
    pub async fn sync_counts(
        &self,
        cx: &Cx,
        id: SyncTaskId,
        (from, upto): (Timestamp, Timestamp),
        span: SyncSpan,
        limit: usize,
    ) -> Result<Vec<(Timestamp, SyncCounts)>, Error> {
        self.own_sync_task(cx, id).await?;
        let limit = limit.min(SYNC_SPANS_MAX);
        let from = start_of(from, span.millis());
        let until = Timestamp::from_millis(upto.millis().saturating_add(1));
        let mut spans: BTreeMap<Timestamp, SyncCounts> = BTreeMap::new();
        for of in [SyncCount::Accepted, SyncCount::Settled] {
            let mut rows = Walk::over(keys::sync_counts_range(id, of, from, until));
            let mut seen = 0;
            while let Some(page) = rows.page(&*self.ports.meta).await? {
                for (at, stored) in &page {
                    let Some(start) = keys::start_of_slot(at) else {
                        continue;
                    };
                    let counts: SyncCounts = decode(&stored.bytes)?;
                    let sum = spans.entry(start_of(start, span.millis())).or_default();
                    *sum = sum.plus(counts);
                }
                seen += page.len();
                if seen >= SYNC_SPANS_MAX.saturating_mul(2) {
                    break;
                }
            }
        }
        Ok(spans.into_iter().take(limit).collect())
    }

    /// Keys that wait for a task of the asking account, those being copied included: `NoSuchTask`.
    pub async fn sync_backlog(&self, cx: &Cx, id: SyncTaskId) -> Result<u64, Error> {
        self.own_sync_task(cx, id).await?;
        let places = [keys::sync_taken(id), keys::sync_settled(id)];
        let found = self.ports.meta.get_many(&places).await?;
        let mut found = found.iter();
        let taken: SyncTaken = or_default(found.next().and_then(Option::as_ref))?;
        let settled: SyncSettled = or_default(found.next().and_then(Option::as_ref))?;
        Ok(taken.items.saturating_sub(settled.items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SYNC_SPAN;
    use crate::rules::sync::span_of;

    #[test]
    fn the_short_span_is_what_is_stored() {
        let span = SyncSpan::FiveMinutes.millis();
        assert_eq!(u128::from(span), SYNC_SPAN.as_millis());
        let at = Timestamp::from_millis(7 * span + 1);
        assert_eq!(span_of(at), Timestamp::from_millis(7 * span));
    }
}
