//! Listings: the shell around [`crate::rules::list`] that reads what a page wants.

mod objects;
mod uploads;
mod versions;

use super::Engine;
use crate::error::Error;
use crate::limits::SCAN_BYTES_MAX;
use crate::model::BucketId;
use crate::ports::{KeyRange, Limit, Order, Page, StoreError, Table};
use crate::records::keys;
use crate::rules::list::Ask;

impl Engine {
    async fn pages(
        &self,
        ranges: &[KeyRange],
        order: Order,
        rows: usize,
    ) -> Result<Vec<Page>, Error> {
        let limit = Limit {
            rows,
            bytes: SCAN_BYTES_MAX,
        };
        Ok(self.ports.meta.scan(ranges, order, limit).await?)
    }
}

/// Where `ask` lies in a table with one row a key.
fn current_range(table: Table, bucket: BucketId, ask: &Ask) -> KeyRange {
    // A page that goes on within a key has listed the current row of that key.
    let behind: &[u8] = if within(ask).is_some() { &[1] } else { &[] };
    range(table, bucket, &[&ask.low, behind], ask)
}

/// Where `ask` lies in a table whose keys end with NUL and a place within the object key.
fn child_range(table: Table, bucket: BucketId, ask: &Ask) -> KeyRange {
    match within(ask) {
        Some(sub) => range(table, bucket, &[&ask.low, &[0], sub, &[0]], ask),
        None => range(table, bucket, &[&ask.low], ask),
    }
}

fn within(ask: &Ask) -> Option<&[u8]> {
    ask.low_sub.as_deref().filter(|sub| !sub.is_empty())
}

fn range(table: Table, bucket: BucketId, low: &[&[u8]], ask: &Ask) -> KeyRange {
    let home = bucket.0.to_be_bytes();
    let end = match &ask.high {
        Some(high) => Some([&home, high.as_slice()].concat().into()),
        None => keys::after_prefix(&home),
    };
    let start = [&home, low.concat().as_slice()].concat().into();
    KeyRange { table, start, end }
}

pub(super) fn damaged_key() -> Error {
    StoreError::Damaged("the key of a row is not of its table".into()).into()
}
