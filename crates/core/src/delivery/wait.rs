//! Waiting until everything that was owed at a moment is delivered.

use std::collections::BTreeSet;
use std::time::Duration;

use super::admin::{DeliveryHandle, failed};
use super::drain::after;
use super::status::{count, lag, of_sub};
use super::sub::{PAGE, position_at_end, scan};
use super::subscribe::settled_end;
use crate::engine::Ports;
use crate::error::Error;
use crate::ports::{Limit, LogId, Position, StoreError, Table};
use crate::records::keys::{self, DestinationKey};
use crate::records::{SubRecord, decode};

/// How often progress is looked at in the beginning; doubles up to [`POLL_MAX`].
const POLL_MIN: Duration = Duration::from_millis(20);
/// How often progress is looked at in a long wait.
const POLL_MAX: Duration = Duration::from_secs(1);

/// What became of a wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitReport {
    /// Everything owed when the wait began is accepted or dead.
    pub settled: bool,
    /// Dead events of these subscriptions, from any time; at most 10,000 are counted each.
    pub dead: u64,
    /// What is still owed, roughly: events of the log not yet passed, and held ones.
    pub owed: u64,
    /// Paused destinations that are still owed something, with the reason, such as a function that
    /// is not registered.
    pub blocked: Vec<String>,
}

impl DeliveryHandle {
    /// Waits until all subscriptions have passed the ends that their logs have now, and nothing from
    /// before is held; at most `timeout`.
    pub async fn wait(&self, timeout: Duration) -> Result<WaitReport, Error> {
        let ports = &self.shared.ports;
        let end = ports.clock.mono() + timeout;
        let mut waiting = Vec::new();
        let mut all = Vec::new();
        for record in self.sub_records().await.map_err(failed)? {
            let upto = settled_end(&*ports.meta, record.bucket).await;
            all.push(record.clone());
            waiting.push((record, upto.map_err(failed)?));
        }
        let mut poll = POLL_MIN;
        loop {
            let mut left = Vec::new();
            for (record, upto) in waiting {
                if let Some(record) = owes(ports, record, upto).await.map_err(failed)? {
                    left.push((record, upto));
                }
            }
            waiting = left;
            let now = ports.clock.mono();
            if waiting.is_empty() || now >= end {
                break;
            }
            ports.clock.sleep_until((now + poll).min(end)).await;
            poll = (poll * 2).min(POLL_MAX);
        }
        self.wait_report(&all, &waiting).await.map_err(failed)
    }

    async fn wait_report(
        &self,
        all: &[SubRecord],
        waiting: &[(SubRecord, Position)],
    ) -> Result<WaitReport, StoreError> {
        let ports = &self.shared.ports;
        let mut report = WaitReport {
            settled: waiting.is_empty(),
            ..WaitReport::default()
        };
        for record in all {
            let to = DestinationKey::of(&record.destination);
            report.dead += count(ports, of_sub(Table::Dead, record.bucket, to)).await?;
        }
        let mut blocked = BTreeSet::new();
        for (record, _) in waiting {
            let to = DestinationKey::of(&record.destination);
            let held = count(ports, keys::held_range(record.bucket, to)).await?;
            report.owed += lag(ports, record).await?.0 + held;
            if let Some(pause) = self.report(to).pause {
                blocked.insert(format!("{}: {}", record.destination.id(), pause.why));
            }
        }
        report.blocked = blocked.into_iter().collect();
        Ok(report)
    }
}

/// The subscription as it is now if it still owes something up to `upto`.
async fn owes(
    ports: &Ports,
    record: SubRecord,
    upto: Position,
) -> Result<Option<SubRecord>, StoreError> {
    let to = DestinationKey::of(&record.destination);
    let place = keys::sub(record.bucket, to);
    let Some(stored) = ports.meta.get_many(&[place]).await?.pop().flatten() else {
        return Ok(None);
    };
    let record: SubRecord = decode(&stored.bytes)?;
    let owed = !has_passed(ports, &record, upto).await? || holds(ports, &record, to, upto).await?;
    Ok(owed.then_some(record))
}

async fn has_passed(ports: &Ports, record: &SubRecord, upto: Position) -> Result<bool, StoreError> {
    if record.cursor >= upto {
        return Ok(true);
    }
    let next = Limit { rows: 1, bytes: 1 };
    let tail = ports
        .meta
        .tail(LogId(record.bucket), record.cursor, next)
        .await?;
    Ok(tail.records.first().is_none_or(|(at, _)| *at > upto))
}

async fn holds(
    ports: &Ports,
    record: &SubRecord,
    to: DestinationKey,
    upto: Position,
) -> Result<bool, StoreError> {
    let mut range = keys::held_range(record.bucket, to);
    loop {
        let (rows, more) = scan(ports, range.clone(), PAGE).await?;
        for (place, _) in &rows {
            if position_at_end(place)? <= upto {
                return Ok(true);
            }
        }
        let Some((last, true)) = rows.last().map(|(key, _)| (key, more)) else {
            return Ok(false);
        };
        range.start = after(last);
    }
}
