//! What a change of a bucket's rules adds to its transaction.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind};
use crate::model::{BucketId, Destination, NotificationRule};
use crate::ports::{Expect, Key, Limit, LogId, MetadataStore, Position, StoreError, Write};
use crate::records::{SubRecord, SubState, encode, keys, keys::DestinationKey};

/// The subscriptions that `rules` need: new ones begin at the end of the log as it is now, so they
/// get what is committed from here on; existing ones stay as they are and are only stated, because
/// one that nobody named may be removed at this very moment. Destinations that `rules` no longer
/// name are not touched: they get what they are owed and then go.
///
/// Read before the commit it becomes part of; on a conflict read again.
pub(crate) async fn subscription_writes(
    meta: &dyn MetadataStore,
    bucket: BucketId,
    rules: &[NotificationRule],
) -> Result<(Vec<Expect>, Vec<Write>), Error> {
    let wanted: BTreeMap<DestinationKey, &Destination> = rules
        .iter()
        .flat_map(|rule| &rule.destinations)
        .map(|destination| (DestinationKey::of(destination), destination))
        .collect();
    let places: Vec<Key> = wanted.keys().map(|to| keys::sub(bucket, *to)).collect();
    let end = settled_end(meta, bucket).await.map_err(unavailable)?;
    let found = meta.get_many(&places).await.map_err(unavailable)?;
    let mut expect = Vec::with_capacity(places.len());
    let mut write = Vec::new();
    for ((place, found), destination) in places.into_iter().zip(found).zip(wanted.into_values()) {
        if let Some(stored) = found {
            expect.push(Expect::Revision(place, stored.revision));
        } else {
            let record = new_sub(bucket, destination, end);
            expect.push(Expect::Absent(place.clone()));
            write.push(Write::Put(place, encode(&record)));
        }
    }
    Ok((expect, write))
}

fn new_sub(bucket: BucketId, destination: &Destination, end: Position) -> SubRecord {
    SubRecord {
        bucket,
        destination: destination.clone(),
        cursor: end,
        done: Vec::new(),
        state: SubState::Active,
        next_block: end.0,
    }
}

/// The last position below which nothing can appear in the log any more.
pub(super) async fn settled_end(
    meta: &dyn MetadataStore,
    bucket: BucketId,
) -> Result<Position, StoreError> {
    let nothing = Limit { rows: 1, bytes: 1 };
    let tail = meta.tail(LogId(bucket), Position(0), nothing).await?;
    Ok(tail.settled)
}

fn unavailable(error: StoreError) -> Error {
    let what = "the subscriptions of the bucket cannot be read; try again later";
    Error::new(ErrorKind::Unavailable, what).because(error)
}
