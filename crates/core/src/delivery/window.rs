//! The events one destination is being told, in which order they may start, and how far the cursor
//! may move. Pure: no time, no store.
//!
//! Rules: of one key at most one event is started, and the next only after the one before is
//! finished; the cursor never passes an unfinished event, nor an event that was not read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::limits::{WINDOW_BYTES_MAX, WINDOW_EVENTS_MAX};
use crate::model::ObjectKey;
use crate::ports::{Limit, Position};

/// Positions after a cursor. `T` is what is to be sent.
#[derive(Debug)]
pub(super) struct Window<T> {
    cursor: Position,
    read_to: Position,
    done: BTreeSet<Position>,
    open: BTreeMap<Position, Open<T>>,
    lanes: BTreeMap<ObjectKey, VecDeque<Position>>,
    ready: BTreeSet<Position>,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Open<T> {
    key: ObjectKey,
    item: T,
    bytes: usize,
    started: bool,
}

impl<T: Clone> Window<T> {
    /// A window on what was finished before: everything to `cursor` and the single positions above.
    pub(super) fn new(cursor: Position, done: impl IntoIterator<Item = Position>) -> Self {
        Self {
            cursor,
            read_to: cursor,
            done: done.into_iter().filter(|at| *at > cursor).collect(),
            open: BTreeMap::new(),
            lanes: BTreeMap::new(),
            ready: BTreeSet::new(),
            bytes: 0,
            bytes_max: WINDOW_BYTES_MAX,
        }
    }

    /// Everything up to here is finished.
    pub(super) fn cursor(&self) -> Position {
        self.cursor
    }

    /// Finished positions above the cursor.
    pub(super) fn done(&self) -> impl Iterator<Item = Position> {
        self.done.iter().copied()
    }

    /// Where to read on.
    pub(super) fn read_to(&self) -> Position {
        self.read_to
    }

    /// How much more may be read; `None` when the window is full.
    pub(super) fn room(&self) -> Option<Limit> {
        let rows = WINDOW_EVENTS_MAX.saturating_sub(self.open.len() + self.done.len());
        let bytes = self.bytes_max.saturating_sub(self.bytes);
        (rows > 0 && bytes > 0).then_some(Limit { rows, bytes })
    }

    /// Whether fewer than `least` events may start, and there is room to read more.
    pub(super) fn runs_low(&self, least: usize) -> bool {
        self.ready.len() < least && self.room().is_some()
    }

    /// Holds at most this many bytes from now on, and never more than [`WINDOW_BYTES_MAX`].
    pub(super) fn bound(&mut self, bytes: usize) {
        self.bytes_max = bytes.min(WINDOW_BYTES_MAX);
    }

    /// Whether nothing is unfinished.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether the position was read before: it is finished or among the unfinished.
    pub(super) fn knows(&self, at: Position) -> bool {
        at <= self.cursor || self.done.contains(&at) || self.open.contains_key(&at)
    }

    /// An event that is to be sent; positions come in ascending order.
    pub(super) fn admit(&mut self, at: Position, key: ObjectKey, item: T, bytes: usize) {
        let lane = self.lanes.entry(key.clone()).or_default();
        if lane.is_empty() {
            self.ready.insert(at);
        }
        lane.push_back(at);
        self.bytes += bytes;
        let open = Open {
            key,
            item,
            bytes,
            started: false,
        };
        self.open.insert(at, open);
    }

    /// An event that is finished as it is read.
    pub(super) fn skip(&mut self, at: Position) {
        self.done.insert(at);
    }

    /// The log was read up to here.
    pub(super) fn read(&mut self, upto: Position) {
        self.read_to = self.read_to.max(upto);
        self.advance();
    }

    /// Starts the oldest event that may start.
    pub(super) fn start_next(&mut self) -> Option<(Position, ObjectKey, T)> {
        let at = self.ready.first().copied()?;
        self.start(at)
    }

    /// Starts an event that may start.
    pub(super) fn start(&mut self, at: Position) -> Option<(Position, ObjectKey, T)> {
        if !self.ready.remove(&at) {
            return None;
        }
        let open = self.open.get_mut(&at)?;
        open.started = true;
        Some((at, open.key.clone(), open.item.clone()))
    }

    /// The oldest events that may start, at most `max`.
    pub(super) fn startable(&self, max: usize) -> Vec<Position> {
        self.ready.iter().copied().take(max).collect()
    }

    /// A started event is finished: accepted or given up.
    pub(super) fn finish(&mut self, at: Position) {
        let Some(open) = self.forget(at) else { return };
        self.done.insert(at);
        if let Some(lane) = self.lanes.get_mut(&open.key) {
            lane.retain(|other| *other != at);
            match lane.front() {
                Some(next) => {
                    self.ready.insert(*next);
                }
                None => {
                    self.lanes.remove(&open.key);
                }
            }
        }
        self.advance();
    }

    /// A started event and all that wait behind it leave the window for the held ones; in order.
    pub(super) fn put_aside(&mut self, at: Position) -> Vec<(Position, T)> {
        let Some(key) = self.open.get(&at).map(|open| open.key.clone()) else {
            return Vec::new();
        };
        let lane = self.lanes.remove(&key).unwrap_or_default();
        let mut aside = Vec::with_capacity(lane.len());
        for position in lane {
            if let Some(open) = self.forget(position) {
                self.done.insert(position);
                aside.push((position, open.item));
            }
        }
        self.advance();
        aside
    }

    /// A started event goes back, with everything that was not started: they are read again.
    pub(super) fn give_back(&mut self, at: Position) {
        if let Some(open) = self.open.get_mut(&at) {
            open.started = false;
        }
        self.shed();
    }

    /// Drops everything that was not started; it is read again from the cursor.
    pub(super) fn shed(&mut self) {
        let waiting: Vec<Position> = self
            .open
            .iter()
            .filter(|(_, open)| !open.started)
            .map(|(at, _)| *at)
            .collect();
        for at in waiting {
            self.forget(at);
        }
        for lane in self.lanes.values_mut() {
            lane.retain(|at| self.open.contains_key(at));
        }
        self.lanes.retain(|_, lane| !lane.is_empty());
        self.read_to = self.cursor;
    }

    fn forget(&mut self, at: Position) -> Option<Open<T>> {
        self.ready.remove(&at);
        let open = self.open.remove(&at)?;
        self.bytes -= open.bytes;
        Some(open)
    }

    fn advance(&mut self) {
        let unfinished = self.open.first_key_value().map(|(at, _)| *at);
        while let Some(at) = self.done.first().copied() {
            if at > self.read_to || unfinished.is_some_and(|first| at > first) {
                break;
            }
            self.cursor = self.cursor.max(at);
            self.done.remove(&at);
        }
    }
}

#[cfg(test)]
mod tests;
