//! Looking into the delivery log.

use std::collections::VecDeque;

use super::admin::{DeliveryHandle, failed};
use super::drain::after;
use super::sub::{PAGE, scan};
use crate::error::Error;
use crate::limits::PAGE_MAX;
use crate::model::{BucketId, ObjectKey};
use crate::ports::Table;
use crate::records::{AttemptBlock, AttemptRecord, decode, keys};

/// A try as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAttempt {
    /// Name of the destination.
    pub destination: Box<str>,
    /// The try.
    pub attempt: AttemptRecord,
}

impl DeliveryHandle {
    /// The last tries at the events of one key, oldest first; at most `limit` a destination and
    /// replay, and never more than [`PAGE_MAX`]. Reads the delivery log of the bucket.
    pub async fn attempts_of(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        limit: usize,
    ) -> Result<Vec<SeenAttempt>, Error> {
        let limit = limit.clamp(1, PAGE_MAX);
        let mut range = keys::prefix_range(Table::Attempts, &[&bucket.0.to_be_bytes()]);
        let mut all = Vec::new();
        let (mut last, mut of) = (VecDeque::new(), Vec::new());
        loop {
            let page = scan(&self.shared.ports, range.clone(), PAGE).await;
            let (rows, more) = page.map_err(failed)?;
            for (place, row) in &rows {
                let owner = place.get(..24).unwrap_or_default();
                if owner != of.as_slice() {
                    all.extend(last.drain(..));
                    of = owner.to_vec();
                }
                let block: AttemptBlock = decode(&row.bytes).map_err(failed)?;
                let found = block.attempts.into_iter();
                for attempt in found.filter(|attempt| *attempt.key == *key.as_str()) {
                    last.push_back(SeenAttempt {
                        destination: block.destination.clone(),
                        attempt,
                    });
                    if last.len() > limit {
                        last.pop_front();
                    }
                }
            }
            let Some((end, true)) = rows.last().map(|(key, _)| (key, more)) else {
                break;
            };
            range.start = after(end);
        }
        all.extend(last);
        all.sort_by_key(|seen| seen.attempt.started);
        Ok(all)
    }
}
