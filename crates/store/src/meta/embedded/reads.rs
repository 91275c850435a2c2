//! Reads. Each begins a snapshot of its own, which shows whole batches only.

use std::ops::{Bound, Range};
use std::sync::atomic::Ordering;

use bytes::Bytes;
use cohong_core::commit::{Budget, payload_part};
use cohong_core::model::BlobId;
use cohong_core::ports::{
    Key, KeyRange, Limit, LogId, Order, Page, Position, Record, StoreError, Tail,
};
use fjall::{Guard, Readable, Snapshot};

use super::codec;
use super::committer::Shared;
use super::engine::{Tables, engine_error, fetch};

pub(super) fn get_many(tables: &Tables, at: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
    let snapshot = tables.db.snapshot();
    let get = |key| {
        let at = codec::record_key(key);
        let value = fetch(&snapshot, &tables.records, &at)?;
        value
            .map(|value| codec::decode_record(&at, value))
            .transpose()
    };
    at.iter().map(get).collect()
}

pub(super) fn scan(
    tables: &Tables,
    ranges: &[KeyRange],
    order: Order,
    limit: Limit,
) -> Result<Vec<Page>, StoreError> {
    let snapshot = tables.db.snapshot();
    ranges
        .iter()
        .map(|range| page(tables, &snapshot, range, order, limit))
        .collect()
}

fn page(
    tables: &Tables,
    snapshot: &Snapshot,
    range: &KeyRange,
    order: Order,
    limit: Limit,
) -> Result<Page, StoreError> {
    let start = codec::table_key(range.table, &range.start);
    let end = match &range.end {
        Some(end) => codec::table_key(range.table, end),
        None => codec::table_end(range.table),
    };
    if end <= start {
        return Ok(Page {
            rows: Vec::new(),
            more: false,
        });
    }
    let rows = snapshot.range(&tables.records, start..end);
    match order {
        Order::Ascending => cut(rows, limit),
        Order::Descending => cut(rows.rev(), limit),
    }
}

fn cut(rows: impl Iterator<Item = Guard>, limit: Limit) -> Result<Page, StoreError> {
    let mut budget = Budget::new(limit);
    let mut page = Page {
        rows: Vec::new(),
        more: false,
    };
    for row in rows {
        let (at, value) = row.into_inner().map_err(engine_error)?;
        let record = codec::decode_record(&at, value.into())?;
        let key = Bytes::from(at).slice(1..);
        if !budget.admits(key.len() + record.bytes.len()) {
            page.more = true;
            break;
        }
        page.rows.push((key, record));
    }
    Ok(page)
}

pub(super) fn tail(
    tables: &Tables,
    shared: &Shared,
    log: LogId,
    after: Position,
    limit: Limit,
) -> Result<Tail, StoreError> {
    // First what is settled, then the snapshot: it shows everything at or below.
    let settled = Position(shared.settled.load(Ordering::Acquire)).max(after);
    let snapshot = tables.db.snapshot();
    let mut tail = Tail {
        records: Vec::new(),
        settled,
        more: false,
    };
    let trim_key = codec::trim_key(log);
    let trimmed = match fetch(&snapshot, &tables.records, &trim_key)? {
        Some(note) => Position(codec::decode_record(&trim_key, note)?.revision.0),
        None => Position(0),
    };
    let first = codec::log_key(log, after.max(trimmed));
    let last = codec::log_key(log, Position(u64::MAX));
    if first == last {
        return Ok(tail);
    }
    let range = (Bound::Excluded(first), Bound::Included(last));
    let mut budget = Budget::new(limit);
    for row in snapshot.range(&tables.logs, range) {
        let (at, value) = row.into_inner().map_err(engine_error)?;
        let bytes = codec::decode_plain("log record", &at, value.into())?;
        if !budget.admits(size_of::<Position>() + bytes.len()) {
            tail.more = true;
            break;
        }
        let position = codec::position_of(&at)?;
        tail.settled = tail.settled.max(position);
        tail.records.push((position, bytes));
    }
    Ok(tail)
}

/// The checksum is over the whole payload, so the whole is read for any part of it: payloads are
/// small.
pub(super) fn payload(tables: &Tables, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
    let at = codec::payload_key(id);
    let value = fetch(&tables.db.snapshot(), &tables.payloads, &at)?;
    let value = value.ok_or(StoreError::NoSuchPayload)?;
    payload_part(id, &codec::decode_plain("payload", &at, value)?, range)
}
