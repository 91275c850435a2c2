//! A batch: transactions that become durable together, each of which passes or fails alone.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::limits::{BATCH_BYTES_MAX, BATCH_MEMBERS_MAX, RECORD_KEY_BYTES_MAX};
use crate::model::BlobId;
use crate::ports::{
    CommitError, Expect, Key, LogId, Position, Record, Revision, StoreError, Txn, When, Write,
};

/// What the members of a batch are compared with: everything applied before the batch, whether or
/// not it is durable yet.
pub trait State {
    /// The revision of the record at a key, if there is one.
    fn revision(&self, key: &Key) -> Result<Option<Revision>, StoreError>;
}

/// How much a batch takes.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of keys, records and payloads at most.
    pub bytes: usize,
    /// Members at most.
    pub members: usize,
    /// Largest payload of a member, bytes.
    pub small_payload_max: usize,
}

impl Bounds {
    /// The limits of [`crate::limits`] with the store's own bound on payloads.
    pub const fn standard(small_payload_max: usize) -> Self {
        Self {
            bytes: BATCH_BYTES_MAX,
            members: BATCH_MEMBERS_MAX,
            small_payload_max,
        }
    }
}

/// A transaction that no correct caller makes. It is answered as `Unavailable`, never applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTxn {
    /// `Soon` is only for progress that may be lost.
    #[error("a transaction that may be lost carries an append or a payload: make it `Now`")]
    SoonCarriesData,
    /// A key is longer than [`RECORD_KEY_BYTES_MAX`].
    #[error(
        "a record key has {0} bytes, more than {RECORD_KEY_BYTES_MAX}: refuse it when planning"
    )]
    KeyTooLong(usize),
    /// A payload is larger than the store takes.
    #[error("a payload of {bytes} bytes, more than {max}: write it to the blob store")]
    PayloadTooLarge {
        /// Its size.
        bytes: usize,
        /// Largest size the store takes.
        max: usize,
    },
    /// The transaction alone is larger than a batch may be.
    #[error("a transaction of {bytes} bytes, more than {max}: split it")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// Largest size of a batch.
        max: usize,
    },
}

/// What became of a transaction that was offered.
#[derive(Debug)]
pub enum Offer {
    /// It is a member now and passes when the batch does.
    Taken,
    /// It fails with this. To be answered only after the batch is visible, because the state that
    /// refused it may be part of the batch.
    Refused(CommitError),
    /// The batch is full: seal it and offer this to the next one.
    NoRoom(Txn),
}

/// What a batch changes in the end: of several changes to one place only the last is left, so the
/// parts can be applied in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Records put, and `None` for those removed.
    pub records: BTreeMap<Key, Option<Record>>,
    /// Log records appended. They are above the same log's entry in `trims`.
    pub appends: BTreeMap<(LogId, Position), Bytes>,
    /// Logs whose older records, up to and including the position, are forgotten.
    pub trims: BTreeMap<LogId, Position>,
    /// Payloads stored, and `None` for those forgotten.
    pub payloads: BTreeMap<BlobId, Option<Bytes>>,
}

impl Effects {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.appends.is_empty()
            && self.trims.is_empty()
            && self.payloads.is_empty()
    }
}

/// A batch that takes no more members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What to apply, as a whole.
    pub effects: Effects,
    /// The last number that was taken; the next batch begins after it.
    pub last: u64,
    /// Whether a member waits for durability.
    pub now: bool,
}

/// A batch being gathered.
#[derive(Debug)]
pub struct Batch {
    bounds: Bounds,
    last: u64,
    now: bool,
    members: usize,
    bytes: usize,
    effects: Effects,
}

impl Batch {
    /// An empty batch whose numbers follow `last`.
    pub fn after(last: u64, bounds: Bounds) -> Self {
        Self {
            bounds,
            last,
            now: false,
            members: 0,
            bytes: 0,
            effects: Effects::default(),
        }
    }

    /// Takes a transaction if its expectations hold on `state` with the batch so far. Members keep
    /// the order of their offers, `Now` and `Soon` alike: whoever was answered first is visible first.
    pub fn offer(&mut self, txn: Txn, state: &impl State) -> Offer {
        let bytes = match check(&txn, self.bounds) {
            Ok(bytes) => bytes,
            Err(invalid) => return Offer::Refused(unavailable(invalid)),
        };
        if self.members == self.bounds.members || self.bytes + bytes > self.bounds.bytes {
            return Offer::NoRoom(txn);
        }
        match self.holds(&txn.expect, state) {
            Ok(true) => {}
            Ok(false) => return Offer::Refused(CommitError::Conflict),
            Err(error) => return Offer::Refused(CommitError::Unavailable(error)),
        }
        self.members += 1;
        self.bytes += bytes;
        self.now |= txn.when == When::Now;
        self.take(txn);
        Offer::Taken
    }

    /// Ends the gathering.
    pub fn seal(self) -> Sealed {
        Sealed {
            effects: self.effects,
            last: self.last,
            now: self.now,
        }
    }

    fn holds(&self, expect: &[Expect], state: &impl State) -> Result<bool, StoreError> {
        for expected in expect {
            let (key, wanted) = match expected {
                Expect::Absent(key) => (key, None),
                Expect::Revision(key, revision) => (key, Some(*revision)),
            };
            let found = match self.effects.records.get(key) {
                Some(record) => record.as_ref().map(|record| record.revision),
                None => state.revision(key)?,
            };
            if found != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take(&mut self, txn: Txn) {
        if txn.write.is_empty() && txn.payloads.is_empty() {
            return;
        }
        let revision = Revision(self.number());
        for (id, bytes) in txn.payloads {
            self.effects.payloads.insert(id, Some(bytes));
        }
        for write in txn.write {
            match write {
                Write::Put(key, bytes) => {
                    self.effects
                        .records
                        .insert(key, Some(Record { revision, bytes }));
                }
                Write::Delete(key) => {
                    self.effects.records.insert(key, None);
                }
                Write::Append(log, bytes) => {
                    let position = Position(self.number());
                    self.effects.appends.insert((log, position), bytes);
                }
                Write::Trim(log, upto) => self.trim(log, upto),
                Write::DropPayload(id) => {
                    self.effects.payloads.insert(id, None);
                }
            }
        }
    }

    /// A trim reaches what was appended before it and nothing that comes later, whatever position
    /// it names.
    fn trim(&mut self, log: LogId, upto: Position) {
        let upto = upto.min(Position(self.last));
        let floor = self.effects.trims.entry(log).or_insert(upto);
        *floor = upto.max(*floor);
        let gone = (log, Position(0))..=(log, upto);
        let gone: Vec<_> = self
            .effects
            .appends
            .range(gone)
            .map(|(at, _)| *at)
            .collect();
        for at in gone {
            self.effects.appends.remove(&at);
        }
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

fn unavailable(invalid: InvalidTxn) -> CommitError {
    CommitError::Unavailable(StoreError::Unavailable(Box::new(invalid)))
}

/// Checks what can be told from the transaction alone, and measures it.
fn check(txn: &Txn, bounds: Bounds) -> Result<usize, InvalidTxn> {
    let appends = txn
        .write
        .iter()
        .any(|write| matches!(write, Write::Append(..)));
    if txn.when == When::Soon && (appends || !txn.payloads.is_empty()) {
        return Err(InvalidTxn::SoonCarriesData);
    }
    let keys = txn.expect.iter().map(|expect| match expect {
        Expect::Absent(key) | Expect::Revision(key, _) => key.bytes.len(),
    });
    let mut bytes = 0;
    for key in keys {
        bytes += checked_key(key)?;
    }
    for write in &txn.write {
        bytes += match write {
            Write::Put(key, value) => checked_key(key.bytes.len())? + value.len(),
            Write::Delete(key) => checked_key(key.bytes.len())?,
            Write::Append(_, value) => size_of::<Position>() + value.len(),
            Write::Trim(..) => size_of::<Position>(),
            Write::DropPayload(_) => size_of::<BlobId>(),
        };
    }
    for (_, payload) in &txn.payloads {
        if payload.len() > bounds.small_payload_max {
            let max = bounds.small_payload_max;
            return Err(InvalidTxn::PayloadTooLarge {
                bytes: payload.len(),
                max,
            });
        }
        bytes += size_of::<BlobId>() + payload.len();
    }
    if bytes > bounds.bytes {
        return Err(InvalidTxn::TooLarge {
            bytes,
            max: bounds.bytes,
        });
    }
    Ok(bytes)
}

fn checked_key(len: usize) -> Result<usize, InvalidTxn> {
    if len > RECORD_KEY_BYTES_MAX {
        Err(InvalidTxn::KeyTooLong(len))
    } else {
        Ok(len)
    }
}

#[cfg(test)]
mod tests;
