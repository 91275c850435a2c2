//! How far delivery is.

use std::time::Duration;

use super::admin::{DeliveryHandle, failed};
use super::drain::{after, current};
use super::line::{Report, lock};
use super::rule_sets::newest;
use super::sub::{PAGE, scan};
use crate::engine::Ports;
use crate::error::Error;
use crate::model::{BucketId, BucketName, Timestamp};
use crate::ports::{KeyRange, Limit, LogId, Position, StoreError, Table};
use crate::records::keys::{self, DestinationKey};
use crate::records::{LoggedEvent, SubRecord, SubState, decode};

/// Counting stops here: a greater number tells an operator nothing more.
const COUNT_MAX: u64 = 10_000;

/// What a subscription does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubActivity {
    /// It delivers what comes.
    Active,
    /// Its target takes nothing; everything stays owed.
    Paused {
        /// Since when.
        since: Timestamp,
        /// Why.
        why: Box<str>,
        /// Time until it is tried again.
        next_probe_in: Duration,
    },
    /// No rule names it any more; it goes when nothing is owed.
    Draining,
    /// What is owed is being given up by order of the operator.
    Cancelling,
}

/// A subscription as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubStatus {
    /// The bucket.
    pub bucket: BucketId,
    /// Its name, also after its removal; `None` when its rules are gone.
    pub bucket_name: Option<BucketName>,
    /// Name of the destination.
    pub destination: String,
    /// What it does.
    pub activity: SubActivity,
    /// Everything up to here is settled.
    pub cursor: Position,
    /// The end of the log.
    pub settled: Position,
    /// Logged events after the cursor, whether or not they are meant for it; at most 10,000 are
    /// counted.
    pub lag: u64,
    /// Age of the first of them, by the labels.
    pub oldest: Option<Duration>,
    /// Events set aside; at most 10,000 are counted.
    pub held: u64,
    /// Events given up; at most 10,000 are counted.
    pub dead: u64,
    /// Sends under way.
    pub in_flight: usize,
}

impl DeliveryHandle {
    /// All subscriptions, by bucket and destination.
    pub async fn subs(&self) -> Result<Vec<SubStatus>, Error> {
        let mut all = Vec::new();
        for record in self.sub_records().await.map_err(failed)? {
            all.push(self.status(record).await.map_err(failed)?);
        }
        Ok(all)
    }

    pub(super) async fn sub_records(&self) -> Result<Vec<SubRecord>, StoreError> {
        let mut range = keys::prefix_range(Table::Subs, &[]);
        let mut all = Vec::new();
        loop {
            let (rows, more) = scan(&self.shared.ports, range.clone(), PAGE).await?;
            for (_, row) in &rows {
                all.push(decode(&row.bytes)?);
            }
            let Some((last, true)) = rows.last().map(|(key, _)| (key, more)) else {
                return Ok(all);
            };
            range.start = after(last);
        }
    }

    /// What the runner of a destination says.
    pub(super) fn report(&self, to: DestinationKey) -> Report {
        let lines = lock(&self.shared.lines);
        let line = lines.get(&to);
        line.map(|line| lock(&line.report).clone())
            .unwrap_or_default()
    }

    async fn status(&self, record: SubRecord) -> Result<SubStatus, StoreError> {
        let ports = &self.shared.ports;
        let to = DestinationKey::of(&record.destination);
        let report = self.report(to);
        let activity = self.activity(&record, &report).await?;
        let (lag, oldest, settled) = lag(ports, &record).await?;
        Ok(SubStatus {
            bucket: record.bucket,
            bucket_name: newest(ports, record.bucket).await?.map(|rules| rules.name),
            destination: record.destination.id(),
            activity,
            cursor: record.cursor,
            settled,
            lag,
            oldest,
            held: count(ports, keys::held_range(record.bucket, to)).await?,
            dead: count(ports, of_sub(Table::Dead, record.bucket, to)).await?,
            in_flight: report.in_flight.get(&record.bucket).copied().unwrap_or(0),
        })
    }

    async fn activity(
        &self,
        record: &SubRecord,
        report: &Report,
    ) -> Result<SubActivity, StoreError> {
        if let SubState::Cancelled(_) = record.state {
            return Ok(SubActivity::Cancelling);
        }
        if let Some(pause) = &report.pause {
            let now = self.shared.ports.clock.mono();
            return Ok(SubActivity::Paused {
                since: pause.since,
                why: pause.why.clone(),
                next_probe_in: pause.due.saturating_sub(now),
            });
        }
        let current = current(&self.shared.ports, record.bucket).await?;
        let named = current.is_some_and(|current| current.names(&record.destination));
        Ok(if named {
            SubActivity::Active
        } else {
            SubActivity::Draining
        })
    }
}

/// All records of a table that belong to a subscription.
pub(super) fn of_sub(table: Table, bucket: BucketId, to: DestinationKey) -> KeyRange {
    keys::prefix_range(table, &[&bucket.0.to_be_bytes(), &to.0])
}

/// Events after the cursor, the age of the first, and the end of the log.
pub(super) async fn lag(
    ports: &Ports,
    record: &SubRecord,
) -> Result<(u64, Option<Duration>, Position), StoreError> {
    let log = LogId(record.bucket);
    let limit = Limit { rows: 256, ..PAGE };
    let (mut cursor, mut events, mut oldest) = (record.cursor, 0, None);
    loop {
        let tail = ports.meta.tail(log, cursor, limit).await?;
        if let Some((_, first)) = tail.records.first().filter(|_| oldest.is_none()) {
            // A damaged record has no age; it is skipped when its turn comes.
            let first = decode::<LoggedEvent>(first).ok();
            oldest = first.map(|logged| ports.clock.now().since(logged.event.time));
        }
        let open = tail.records.iter();
        let open = open.filter(|(at, _)| record.done.binary_search(at).is_err());
        events += u64::try_from(open.count()).unwrap_or(u64::MAX);
        match tail.records.last() {
            Some((last, _)) if tail.more && events < COUNT_MAX => cursor = *last,
            _ => return Ok((events.min(COUNT_MAX), oldest, tail.settled)),
        }
    }
}

/// Rows in a range, counted up to a bound.
pub(super) async fn count(ports: &Ports, mut range: KeyRange) -> Result<u64, StoreError> {
    let mut found = 0_u64;
    loop {
        let (rows, more) = scan(ports, range.clone(), PAGE).await?;
        found += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        match rows.last() {
            Some((last, _)) if more && found < COUNT_MAX => range.start = after(last),
            _ => return Ok(found.min(COUNT_MAX)),
        }
    }
}
