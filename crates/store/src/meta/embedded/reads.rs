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
    let snapshot = Log {
        tables,
        snapshot,
        log,
    };
    let mut after = after.max(trimmed);
    let mut budget = Budget::new(limit);
    let mut rows = snapshot.after(after);
    while let Some(row) = rows.next() {
        let (position, bytes) = match row.into_inner().map_err(engine_error) {
            Ok((at, value)) => (
                codec::position_of(&at)?,
                whole_or_empty(codec::decode_plain("log record", &at, value.into()))?,
            ),
            Err(StoreError::Damaged(why)) => {
                let upto = snapshot.readable_again(after, tail.settled)?;
                tracing::error!(
                    "the log of bucket {} cannot be read from {} to {}: {why}",
                    log.0.0,
                    after.0,
                    upto.0
                );
                rows = snapshot.after(upto);
                (upto, Bytes::new())
            }
            Err(error) => return Err(error),
        };
        if !budget.admits(size_of::<Position>() + bytes.len()) {
            tail.more = true;
            break;
        }
        after = position;
        tail.settled = tail.settled.max(position);
        tail.records.push((position, bytes));
    }
    Ok(tail)
}

/// A damaged record as an empty one, which is none.
fn whole_or_empty(read: Result<Bytes, StoreError>) -> Result<Bytes, StoreError> {
    match read {
        Err(StoreError::Damaged(why)) => {
            tracing::error!("{why}");
            Ok(Bytes::new())
        }
        read => read,
    }
}

/// A log, as it is.
struct Log<'a> {
    tables: &'a Tables,
    snapshot: Snapshot,
    log: LogId,
}

impl Log<'_> {
    fn after(&self, after: Position) -> fjall::Iter {
        let first = Bound::Excluded(codec::log_key(self.log, after).to_vec());
        let last = Bound::Excluded(codec::log_end(self.log).to_vec());
        self.snapshot.range(&self.tables.logs, (first, last))
    }

    /// The first position whose followers can be read; there is none like that right behind `bad`. Records that stand
    /// between two damaged places may be taken for damaged too.
    fn readable_again(&self, bad: Position, settled: Position) -> Result<Position, StoreError> {
        let (mut low, mut step) = (bad.0, 1);
        let mut high = loop {
            let at = low.saturating_add(step).min(settled.0);
            if at <= bad.0 {
                let why = "the newest records of a log".into();
                return Err(StoreError::Damaged(why));
            }
            if at == settled.0 || self.is_readable(Position(at))? {
                break at;
            }
            low = at;
            step *= 2;
        };
        while low + 1 < high {
            let middle = low.midpoint(high);
            if self.is_readable(Position(middle))? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(Position(high))
    }

    fn is_readable(&self, after: Position) -> Result<bool, StoreError> {
        let Some(row) = self.after(after).next() else {
            return Ok(true);
        };
        match row.key().map_err(engine_error) {
            Ok(_) => Ok(true),
            Err(StoreError::Damaged(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The checksum is over the whole payload, so the whole is read for any part of it: payloads are
/// small.
pub(super) fn payload(tables: &Tables, id: BlobId, range: Range<u64>) -> Result<Bytes, StoreError> {
    let at = codec::payload_key(id);
    let value = fetch(&tables.db.snapshot(), &tables.payloads, &at)?;
    let value = value.ok_or(StoreError::NoSuchPayload)?;
    payload_part(id, &codec::decode_plain("payload", &at, value)?, range)
}
