//! Looking at events that are set aside.

use super::admin::{DeliveryHandle, failed};
use super::sub::{PAGE, position_at_end, scan};
use crate::error::Error;
use crate::model::{BucketId, ObjectKey};
use crate::ports::{Position, Table};
use crate::records::keys::{self, DestinationKey};
use crate::records::{HeldRecord, decode};

/// An event set aside, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenHeld {
    /// Name of the destination.
    pub destination: String,
    /// Event id and sequencer.
    pub position: Position,
    /// The rest.
    pub record: HeldRecord,
}

impl DeliveryHandle {
    /// Events of one key that are set aside, by destination and position; one page a destination.
    pub async fn held_of(&self, bucket: BucketId, key: &ObjectKey) -> Result<Vec<SeenHeld>, Error> {
        let mut all = Vec::new();
        for sub in self.sub_records().await.map_err(failed)? {
            if sub.bucket != bucket {
                continue;
            }
            let to = DestinationKey::of(&sub.destination);
            let of = [
                &bucket.0.to_be_bytes()[..],
                &to.0,
                key.as_str().as_bytes(),
                &[0],
            ];
            let range = keys::prefix_range(Table::Held, &of);
            let page = scan(&self.shared.ports, range, PAGE).await;
            for (place, row) in page.map_err(failed)?.0 {
                all.push(SeenHeld {
                    destination: sub.destination.id(),
                    position: position_at_end(&place).map_err(failed)?,
                    record: decode(&row.bytes).map_err(failed)?,
                });
            }
        }
        Ok(all)
    }
}
