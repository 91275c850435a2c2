//! One stage of the memory store: what is visible, or what is durable.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;

use crate::commit::{Budget, Effects, State};
use crate::model::BlobId;
use crate::ports::{
    Key, KeyRange, Limit, LogId, Order, Page, Position, Record, Revision, StoreError, Table,
};

/// Everything a store holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    pub(super) records: BTreeMap<Key, Record>,
    logs: BTreeMap<(LogId, Position), Bytes>,
    pub(super) payloads: BTreeMap<BlobId, Bytes>,
}

impl Stage {
    /// Applies a batch.
    pub(super) fn apply(&mut self, effects: &Effects) {
        for (key, record) in &effects.records {
            match record {
                Some(record) => self.records.insert(key.clone(), record.clone()),
                None => self.records.remove(key),
            };
        }
        for (id, payload) in &effects.payloads {
            match payload {
                Some(bytes) => self.payloads.insert(*id, bytes.clone()),
                None => self.payloads.remove(id),
            };
        }
        for (log, upto) in &effects.trims {
            let gone: Vec<_> = self
                .logs
                .range((*log, Position(0))..=(*log, *upto))
                .map(|(at, _)| *at)
                .collect();
            for at in gone {
                self.logs.remove(&at);
            }
        }
        self.logs.extend(
            effects
                .appends
                .iter()
                .map(|(at, bytes)| (*at, bytes.clone())),
        );
    }

    /// One page of a range.
    pub(super) fn page(&self, range: &KeyRange, order: Order, limit: Limit) -> Page {
        if range.end.as_ref().is_some_and(|end| *end <= range.start) {
            return Page {
                rows: Vec::new(),
                more: false,
            };
        }
        let start = Key {
            table: range.table,
            bytes: range.start.clone(),
        };
        let inside = self.records.range((Bound::Included(start), end_of(range)));
        match order {
            Order::Ascending => cut(inside, limit),
            Order::Descending => cut(inside.rev(), limit),
        }
    }

    /// The records of a log after a position, and whether there are more.
    pub(super) fn tail(
        &self,
        log: LogId,
        after: Position,
        limit: Limit,
    ) -> (Vec<(Position, Bytes)>, bool) {
        let mut budget = Budget::new(limit);
        let mut records = Vec::new();
        let after = (
            Bound::Excluded((log, after)),
            Bound::Included((log, Position(u64::MAX))),
        );
        for ((_, position), bytes) in self.logs.range(after) {
            if !budget.admits(size_of::<Position>() + bytes.len()) {
                return (records, true);
            }
            records.push((*position, bytes.clone()));
        }
        (records, false)
    }
}

impl State for Stage {
    fn revision(&self, key: &Key) -> Result<Option<Revision>, StoreError> {
        Ok(self.records.get(key).map(|record| record.revision))
    }
}

fn end_of(range: &KeyRange) -> Bound<Key> {
    if let Some(end) = &range.end {
        return Bound::Excluded(Key {
            table: range.table,
            bytes: end.clone(),
        });
    }
    match Table::ALL.into_iter().find(|table| *table > range.table) {
        Some(next) => Bound::Excluded(Key {
            table: next,
            bytes: Bytes::new(),
        }),
        None => Bound::Unbounded,
    }
}

fn cut<'a>(rows: impl Iterator<Item = (&'a Key, &'a Record)>, limit: Limit) -> Page {
    let mut budget = Budget::new(limit);
    let mut page = Page {
        rows: Vec::new(),
        more: false,
    };
    for (key, record) in rows {
        if !budget.admits(key.bytes.len() + record.bytes.len()) {
            page.more = true;
            break;
        }
        page.rows.push((key.bytes.clone(), record.clone()));
    }
    page
}
