//! Events given up, and giving them another chance.

use super::admin::{DeliveryHandle, failed};
use super::drain::after;
use super::status::of_sub;
use super::sub::{PAGE, position_at_end, scan};
use crate::error::Error;
use crate::limits::PAGE_MAX;
use crate::model::{BucketId, ObjectKey, WorkId};
use crate::ports::{KeyRange, Limit, Position, StoreError, Table};
use crate::records::keys::{self, DestinationKey};
use crate::records::{DeadRecord, ReplaySource, decode};

/// A dead event as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadEvent {
    /// The bucket.
    pub bucket: BucketId,
    /// Event id and sequencer.
    pub position: Position,
    /// The rest.
    pub record: DeadRecord,
}

/// Which dead events. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadSelection {
    /// Those of one bucket.
    pub bucket: Option<BucketId>,
    /// Those of one destination, by its name.
    pub destination: Option<String>,
    /// Those of one position.
    pub position: Option<Position>,
}

impl DeliveryHandle {
    /// Dead events, by bucket, destination and position; at most `limit`, and never more than
    /// [`PAGE_MAX`].
    pub async fn dead(
        &self,
        bucket: Option<BucketId>,
        limit: usize,
    ) -> Result<Vec<DeadEvent>, Error> {
        let limit = Limit {
            rows: limit.clamp(1, PAGE_MAX),
            bytes: usize::MAX,
        };
        let page = scan(&self.shared.ports, dead_range(bucket), limit).await;
        let (rows, _) = page.map_err(failed)?;
        let seen = rows.iter().map(|(place, row)| {
            Ok(DeadEvent {
                bucket: owner(place)?.0,
                position: position_at_end(place)?,
                record: decode(&row.bytes)?,
            })
        });
        seen.collect::<Result<_, StoreError>>().map_err(failed)
    }

    /// Dead events of one key, by destination and position. Reads all dead events of the bucket.
    pub async fn dead_of(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
    ) -> Result<Vec<DeadEvent>, Error> {
        let mut range = dead_range(Some(bucket));
        let mut found = Vec::new();
        loop {
            let page = scan(&self.shared.ports, range.clone(), PAGE).await;
            let (rows, more) = page.map_err(failed)?;
            for (place, row) in &rows {
                let record: DeadRecord = decode(&row.bytes).map_err(failed)?;
                if record.logged.event.key == *key {
                    found.push(DeadEvent {
                        bucket,
                        position: position_at_end(place).map_err(failed)?,
                        record,
                    });
                }
            }
            let Some((last, true)) = rows.last().map(|(place, _)| (place, more)) else {
                return Ok(found);
            };
            range.start = after(last);
        }
    }

    /// Sends dead events once more, marked as a replay and outside the order; those accepted leave
    /// the dead. Gives one replay for each bucket and destination.
    pub async fn redrive(&self, selection: &DeadSelection) -> Result<Vec<WorkId>, Error> {
        let mut started = Vec::new();
        let mut range = dead_range(selection.bucket);
        // From one subscription to the next: the first row of each tells whose they are.
        loop {
            let one = Limit { rows: 1, ..PAGE };
            let page = scan(&self.shared.ports, range.clone(), one).await;
            let (rows, _) = page.map_err(failed)?;
            let Some((place, row)) = rows.first() else {
                return Ok(started);
            };
            let (bucket, to) = owner(place).map_err(failed)?;
            let first: DeadRecord = decode(&row.bytes).map_err(failed)?;
            let wanted = selection.destination.as_ref();
            if wanted.is_none_or(|wanted| *wanted == first.destination.id()) {
                let (cursor, upto) = match selection.position {
                    Some(at) => (Position(at.0.saturating_sub(1)), at),
                    None => (Position(0), Position(u64::MAX)),
                };
                let source = ReplaySource::Dead {
                    destination: first.destination,
                };
                started.push(self.start_replay(bucket, source, cursor, upto).await?);
            }
            match of_sub(Table::Dead, bucket, to).end {
                Some(next) if in_range(&range, &next) => range.start = next,
                _ => return Ok(started),
            }
        }
    }
}

fn in_range(range: &KeyRange, key: &bytes::Bytes) -> bool {
    range.end.as_ref().is_none_or(|end| key < end)
}

fn dead_range(bucket: Option<BucketId>) -> KeyRange {
    match bucket {
        Some(bucket) => keys::prefix_range(Table::Dead, &[&bucket.0.to_be_bytes()]),
        None => keys::prefix_range(Table::Dead, &[]),
    }
}

/// Bucket and destination in a key of `dead`.
pub(super) fn owner(place: &[u8]) -> Result<(BucketId, DestinationKey), StoreError> {
    let damaged = || StoreError::Damaged("a key too short for a subscription".into());
    let (bucket, rest) = place.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (to, _) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
    Ok((BucketId(u64::from_be_bytes(*bucket)), DestinationKey(*to)))
}

/// Dead events of one subscription after a position, one page of them, and whether there are more.
pub(super) async fn dead_after(
    ports: &crate::engine::Ports,
    bucket: BucketId,
    to: DestinationKey,
    from: Position,
    limit: Limit,
) -> Result<(Vec<(Position, DeadRecord)>, bool), StoreError> {
    let mut range = of_sub(Table::Dead, bucket, to);
    if from > Position(0) {
        range.start = after(&keys::dead(bucket, to, from).bytes);
    }
    let (rows, more) = scan(ports, range, limit).await?;
    let rows = rows
        .iter()
        .map(|(place, row)| Ok((position_at_end(place)?, decode(&row.bytes)?)));
    Ok((rows.collect::<Result<_, StoreError>>()?, more))
}
