//! Listings: which rows make an entry, which are rolled up, and where to read next.
//!
//! A [`Pager`] reads nothing itself. It says which keys it wants, takes what was found there, and so on
//! until its page is full. Behind a rolled-up prefix it goes on after the last key that could begin
//! with it, so the cost of a page depends on its entries, not on what they hide.
//!
//! **Order.** Rows are ordered by key and, within a key, by `sub`: bytes that tell the versions or
//! uploads of a key apart. Entries are listed strictly after `after`, prefixes too: a prefix that is
//! not greater than `after` stays out although keys behind it are.

mod merge;

use crate::limits::PAGE_MAX;
use crate::model::ObjectKey;
use crate::ports::Order;
use crate::records::keys::after_prefix;

pub use merge::merge;

/// Rows asked for after a prefix was rolled up: the next prefix is likely near.
const ROWS_BEHIND_PREFIX: usize = 16;

/// Something found in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<T> {
    /// Its key.
    pub key: ObjectKey,
    /// Its place within its key; empty where a key has one row.
    pub sub: Vec<u8>,
    /// What it is.
    pub item: T,
}

/// One line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<T> {
    /// A row.
    Row {
        /// Its key.
        key: ObjectKey,
        /// Its place within its key.
        sub: Vec<u8>,
        /// What it is.
        item: T,
    },
    /// A rolled-up prefix, delimiter included.
    Prefix(String),
}

/// What a listing asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Only keys that begin with this.
    pub prefix: &'a str,
    /// Keys with this behind the prefix are rolled up; empty for none.
    pub delimiter: &'a str,
    /// Only entries after this; before it when descending. Empty for all.
    pub after: &'a str,
    /// Rows of the key `after` that come behind this place are listed as well.
    pub after_sub: Option<&'a [u8]>,
    /// Greatest first. Only where a key has one row.
    pub order: Order,
    /// Entries at most; more than [`PAGE_MAX`] means that.
    pub limit: usize,
}

/// Where to read next: keys from `low` up to but without `high`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The least key text.
    pub low: Vec<u8>,
    /// Within the key `low`, only rows behind this place.
    pub low_sub: Option<Vec<u8>>,
    /// The least text that is too great; `None` for no end.
    pub high: Option<Vec<u8>>,
    /// How many rows are worth reading.
    pub rows: usize,
}

/// A page in the making.
#[derive(Debug)]
pub struct Pager<T> {
    prefix: String,
    delimiter: String,
    order: Order,
    limit: usize,
    ask: Ask,
    entries: Vec<Entry<T>>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    /// There is nothing more.
    AtEnd,
    /// The page is full and there is more.
    Cut,
}

impl<T> Pager<T> {
    /// Begins a page.
    pub fn new(wanted: &Wanted<'_>) -> Self {
        let mut pager = Self {
            prefix: wanted.prefix.to_owned(),
            delimiter: wanted.delimiter.to_owned(),
            order: wanted.order,
            limit: wanted.limit.min(PAGE_MAX),
            ask: Ask {
                low: wanted.prefix.into(),
                low_sub: None,
                high: after_prefix(wanted.prefix.as_bytes()).map(Into::into),
                rows: 0,
            },
            entries: Vec::new(),
            state: State::Reading,
        };
        // No key holds a NUL, and texts with one would not sort with the keys of rows.
        if pager.limit == 0 || wanted.prefix.contains('\0') {
            pager.state = State::AtEnd;
        }
        if !wanted.after.is_empty() {
            pager.begin_after(wanted.after, wanted.after_sub);
        }
        pager.ask.rows = if pager.delimiter.is_empty() {
            PAGE_MAX + 1
        } else {
            ROWS_BEHIND_PREFIX
        };
        pager
    }

    /// What to read next; `None` when the page is done.
    pub fn ask(&self) -> Option<Ask> {
        let empty = self
            .ask
            .high
            .as_ref()
            .is_some_and(|high| *high <= self.ask.low);
        let left = self.limit - self.entries.len() + 1;
        (self.state == State::Reading && !empty).then(|| Ask {
            rows: self.ask.rows.min(left),
            ..self.ask.clone()
        })
    }

    /// Takes rows found where it asked, in order. `more`: the rows end before what was asked for ends.
    pub fn take(&mut self, rows: impl IntoIterator<Item = Row<T>>, more: bool) {
        let mut hidden = false;
        for row in rows {
            if !self.is_ahead(&row) {
                hidden = true;
                continue;
            }
            if self.entries.len() == self.limit {
                self.state = State::Cut;
                return;
            }
            self.take_one(row);
        }
        if !more {
            self.state = State::AtEnd;
        }
        self.ask.rows = if hidden {
            ROWS_BEHIND_PREFIX
        } else {
            (self.ask.rows * 2).min(PAGE_MAX + 1)
        };
    }

    /// The entries in order, and whether there are more.
    pub fn finish(self) -> (Vec<Entry<T>>, bool) {
        (self.entries, self.state == State::Cut)
    }

    fn take_one(&mut self, row: Row<T>) {
        let Row { key, sub, item } = row;
        let Some(prefix) = self.rolled(key.as_str()).map(str::to_owned) else {
            self.move_behind(key.as_str(), &sub);
            self.entries.push(Entry::Row { key, sub, item });
            return;
        };
        match self.order {
            Order::Ascending => self.begin_at(behind(&prefix)),
            Order::Descending => self.ask.high = Some(prefix.clone().into()),
        }
        self.entries.push(Entry::Prefix(prefix));
    }

    fn begin_after(&mut self, after: &str, sub: Option<&[u8]>) {
        let rolled = self.rolled(after).map(str::to_owned);
        match (self.order, rolled) {
            (Order::Ascending, Some(prefix)) => self.begin_at(behind(&prefix)),
            (Order::Ascending, None) => {
                // Keys greater than a text with a NUL are those greater than what stands before it.
                let text = after.split('\0').next().unwrap_or_default();
                match sub {
                    Some(sub) if text == after && text.as_bytes() >= self.ask.low.as_slice() => {
                        self.ask.low = text.into();
                        self.ask.low_sub = Some(sub.to_vec());
                    }
                    _ => self.begin_at(Some(next_text(text))),
                }
            }
            (Order::Descending, Some(prefix)) if prefix != after => self.end_at(behind(&prefix)),
            (Order::Descending, _) => self.end_at(Some(after.into())),
        }
    }

    fn begin_at(&mut self, low: Option<Vec<u8>>) {
        let Some(low) = low else {
            self.state = State::AtEnd;
            return;
        };
        if low > self.ask.low {
            self.ask.low = low;
            self.ask.low_sub = None;
        }
    }

    fn end_at(&mut self, high: Option<Vec<u8>>) {
        if let Some(high) = high
            && self.ask.high.as_ref().is_none_or(|known| high < *known)
        {
            self.ask.high = Some(high);
        }
    }

    fn move_behind(&mut self, key: &str, sub: &[u8]) {
        match self.order {
            Order::Descending => self.ask.high = Some(key.into()),
            Order::Ascending if sub.is_empty() => self.begin_at(Some(next_text(key))),
            Order::Ascending => {
                self.ask.low = key.into();
                self.ask.low_sub = Some(sub.to_vec());
            }
        }
    }

    /// Whether a row is behind what was rolled up since it was asked for.
    fn is_ahead(&self, row: &Row<T>) -> bool {
        let key = row.key.as_str().as_bytes();
        let Ask { low, high, .. } = &self.ask;
        key >= low.as_slice() && high.as_ref().is_none_or(|high| key < high.as_slice())
    }

    /// The prefix that a key is rolled up into.
    fn rolled<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let behind = key.strip_prefix(&*self.prefix)?;
        let at = behind.find(&*self.delimiter)?;
        Some(&key[..self.prefix.len() + at + self.delimiter.len()])
    }
}

/// The least text greater than every key that begins with `prefix`.
fn behind(prefix: &str) -> Option<Vec<u8>> {
    after_prefix(prefix.as_bytes()).map(Into::into)
}

/// The least text greater than `key` that a key can be: NUL is in none.
fn next_text(key: &str) -> Vec<u8> {
    [key.as_bytes(), &[1]].concat()
}

#[cfg(test)]
mod tests;
