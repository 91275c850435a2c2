//! Looking into the log of a bucket.

use super::admin::{DeliveryHandle, failed};
use super::rule_sets::RuleSets;
use super::sub::PAGE;
use crate::engine::Ports;
use crate::error::Error;
use crate::limits::PAGE_MAX;
use crate::model::{BucketId, Event, ObjectKey};
use crate::ports::{Limit, LogId, Position, StoreError};
use crate::records::{LoggedEvent, decode};

/// Pages of the log that one question reads at most.
const PAGES_MAX: usize = 256;

/// A logged event as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenEvent {
    /// Event id and sequencer.
    pub position: Position,
    /// The event.
    pub event: Event,
    /// Names of the destinations it was meant for, in the order of the rules.
    pub destinations: Vec<String>,
}

impl DeliveryHandle {
    /// Events of a bucket after a position, oldest first; at most `limit`, and never more than
    /// [`PAGE_MAX`].
    pub async fn tail_events(
        &self,
        bucket: BucketId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<SeenEvent>, Error> {
        let limit = Limit {
            rows: limit.clamp(1, PAGE_MAX),
            ..PAGE
        };
        let ports = &self.shared.ports;
        let tail = ports.meta.tail(LogId(bucket), after, limit).await;
        let mut rule_sets = RuleSets::default();
        let mut seen = Vec::new();
        for (at, bytes) in tail.map_err(failed)?.records {
            // The doctor tells of those that are damaged.
            let Ok(logged) = decode::<LoggedEvent>(&bytes) else {
                continue;
            };
            let event = see(ports, &mut rule_sets, bucket, at, logged).await;
            seen.push(event.map_err(failed)?);
        }
        Ok(seen)
    }

    /// Events of one key after a position, oldest first, and where to ask on when the log goes on:
    /// one question reads at most 65,536 events.
    pub async fn events_of(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        after: Position,
    ) -> Result<(Vec<SeenEvent>, Option<Position>), Error> {
        let ports = &self.shared.ports;
        let mut rule_sets = RuleSets::default();
        let (mut seen, mut cursor) = (Vec::new(), after);
        for _ in 0..PAGES_MAX {
            let tail = ports.meta.tail(LogId(bucket), cursor, PAGE).await;
            let tail = tail.map_err(failed)?;
            for (at, bytes) in &tail.records {
                cursor = *at;
                let Ok(logged) = decode::<LoggedEvent>(bytes) else {
                    continue;
                };
                if logged.event.key == *key {
                    let event = see(ports, &mut rule_sets, bucket, *at, logged).await;
                    seen.push(event.map_err(failed)?);
                }
            }
            if !tail.more {
                return Ok((seen, None));
            }
        }
        Ok((seen, Some(cursor)))
    }
}

async fn see(
    ports: &Ports,
    rule_sets: &mut RuleSets,
    bucket: BucketId,
    position: Position,
    logged: LoggedEvent,
) -> Result<SeenEvent, StoreError> {
    let mut destinations = Vec::new();
    if !logged.hits.is_empty() {
        let rules = rule_sets.get(ports, bucket, logged.rule_set).await?;
        let hits = logged.hits.iter().filter_map(|hit| {
            let rule = rules.rules.get(usize::from(hit.rule))?;
            rule.destinations.get(usize::from(hit.destination))
        });
        destinations = hits.map(crate::model::Destination::id).collect();
        destinations.dedup();
    }
    Ok(SeenEvent {
        position,
        event: logged.event,
        destinations,
    })
}
