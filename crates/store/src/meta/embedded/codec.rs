//! How keys and values are laid out in the engine.
//!
//! Every value begins with a checksum over its key and the rest, so that a value under a wrong key is
//! found out too. Keys of the records' keyspace begin with a byte for the table; byte 0 is the store's
//! own. The numbers here are the format: they never change, new tables get new ones.

use bytes::Bytes;
use cohong_core::model::BlobId;
use cohong_core::ports::{Key, LogId, Position, Record, Revision, StoreError, Table};
use crc_fast::{CrcAlgorithm, Digest};

/// Key of the last number that was taken, with the [`Mark`] of the batch that wrote it.
pub(super) const LAST_NUMBER: &[u8] = b"\0last";
/// Prefix of the trims whose records are not all removed yet, followed by the bucket.
pub(super) const TRIM_PREFIX: &[u8] = b"\0trim";

const CHECKSUM: usize = 4;
const REVISION: usize = 8;

/// The byte a table's keys begin with.
fn tag(table: Table) -> u8 {
    match table {
        Table::Buckets => 1,
        Table::Heads => 2,
        Table::Graves => 3,
        Table::Versions => 4,
        Table::Uploads => 5,
        Table::Parts => 6,
        Table::Extents => 7,
        Table::Payloads => 8,
        Table::PayloadRefs => 9,
        Table::RuleSets => 10,
        Table::Subs => 11,
        Table::Held => 12,
        Table::Dead => 13,
        Table::Attempts => 14,
        Table::Replays => 15,
        Table::Calls => 16,
        Table::Work => 17,
        Table::WorkDue => 18,
        Table::Accounts => 19,
        Table::Credentials => 20,
        Table::Functions => 21,
        Table::Server => 22,
        Table::BucketDocs => 23,
        Table::SyncTasks => 24,
        Table::SyncSecrets => 25,
        Table::SyncItems => 26,
        Table::SyncCounts => 27,
        Table::SyncLines => 28,
        Table::Sources => 29,
        Table::Vaults => 30,
        Table::VaultNames => 31,
        Table::VaultUsage => 32,
        Table::Archives => 33,
        Table::ArchiveUploads => 34,
        Table::Leaves => 35,
        Table::Jobs => 36,
        Table::Fetches => 37,
        Table::Reads => 38,
        Table::ObjectSets => 39,
    }
}

pub(super) fn record_key(key: &Key) -> Vec<u8> {
    table_key(key.table, &key.bytes)
}

pub(super) fn table_key(table: Table, bytes: &[u8]) -> Vec<u8> {
    let mut at = Vec::with_capacity(1 + bytes.len());
    at.push(tag(table));
    at.extend_from_slice(bytes);
    at
}

/// The first key behind a table.
pub(super) fn table_end(table: Table) -> Vec<u8> {
    vec![tag(table) + 1]
}

pub(super) fn log_key(log: LogId, position: Position) -> [u8; 16] {
    let mut at = [0; 16];
    at[..8].copy_from_slice(&log.0.0.to_be_bytes());
    at[8..].copy_from_slice(&position.0.to_be_bytes());
    at
}

/// The first key behind a log.
pub(super) fn log_end(log: LogId) -> [u8; 17] {
    let mut at = [u8::MAX; 17];
    at[..16].copy_from_slice(&log_key(log, Position(u64::MAX)));
    at
}

/// The position in a log key.
pub(super) fn position_of(log_key: &[u8]) -> Result<Position, StoreError> {
    let bytes = log_key.get(8..).and_then(|bytes| bytes.try_into().ok());
    let bytes = bytes.ok_or_else(|| damaged("log", log_key, "its key has a wrong length"))?;
    Ok(Position(u64::from_be_bytes(bytes)))
}

pub(super) fn trim_key(log: LogId) -> Vec<u8> {
    [TRIM_PREFIX, &log.0.0.to_be_bytes()].concat()
}

/// The bucket in a trim's key.
pub(super) fn trim_bucket(key: &[u8]) -> Result<u64, StoreError> {
    let bytes = key
        .get(TRIM_PREFIX.len()..)
        .and_then(|bytes| bytes.try_into().ok());
    let bytes = bytes.ok_or_else(|| damaged("trim", key, "its key has a wrong length"))?;
    Ok(u64::from_be_bytes(bytes))
}

pub(super) fn payload_key(id: BlobId) -> Vec<u8> {
    [&id.payload.0[..], &id.n.to_be_bytes()].concat()
}

/// Checksum, revision, bytes.
pub(super) fn encode_record(key: &[u8], revision: Revision, bytes: &[u8]) -> Vec<u8> {
    encode_parts(key, &[&revision.0.to_be_bytes(), bytes])
}

pub(super) fn decode_record(key: &[u8], value: Bytes) -> Result<Record, StoreError> {
    let mut rest = decode_plain("record", key, value)?;
    if rest.len() < REVISION {
        return Err(damaged("record", key, "it is too short"));
    }
    let revision = rest.split_to(REVISION);
    let revision: [u8; REVISION] = revision[..]
        .try_into()
        .map_err(|_| damaged("record", key, "it is too short"))?;
    Ok(Record {
        revision: Revision(u64::from_be_bytes(revision)),
        bytes: rest,
    })
}

/// What every batch says of itself, with the last number that was taken: the engine's journal has a checksum over
/// what a batch changes, but none over its place among the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// How many batches there were, this one included.
    pub(super) batch: u64,
    /// How many of them were durable when this one was written.
    pub(super) durable: u64,
    /// The engine's sequence numbers up to here, exclusive, were taken before.
    pub(super) floor: u64,
}

pub(super) fn encode_mark(last: Revision, mark: Mark) -> Vec<u8> {
    let numbers = [mark.batch, mark.durable, mark.floor];
    encode_record(LAST_NUMBER, last, &numbers.map(u64::to_be_bytes).concat())
}

/// The last number that was taken, and the mark.
pub(super) fn decode_mark(value: Bytes) -> Result<(u64, Mark), StoreError> {
    let record = decode_record(LAST_NUMBER, value)?;
    let number = |n: usize| {
        let bytes = record.bytes.get(8 * n..)?.first_chunk()?;
        Some(u64::from_be_bytes(*bytes))
    };
    let mark = || {
        Some(Mark {
            batch: number(0)?,
            durable: number(1)?,
            floor: number(2)?,
        })
    };
    let mark = mark().ok_or_else(|| damaged("record", LAST_NUMBER, "it is too short"))?;
    Ok((record.revision.0, mark))
}

/// Checksum, bytes.
pub(super) fn encode_plain(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    encode_parts(key, &[bytes])
}

/// `what` names the kind of value in the error.
pub(super) fn decode_plain(
    what: &'static str,
    key: &[u8],
    mut value: Bytes,
) -> Result<Bytes, StoreError> {
    if value.len() < CHECKSUM {
        return Err(damaged(what, key, "it is too short"));
    }
    let stored = value.split_to(CHECKSUM);
    if stored[..] != checksum(key, &[&value]) {
        return Err(damaged(what, key, "its checksum is wrong"));
    }
    Ok(value)
}

fn encode_parts(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut value = Vec::with_capacity(CHECKSUM + len);
    value.extend_from_slice(&checksum(key, parts));
    for part in parts {
        value.extend_from_slice(part);
    }
    value
}

fn checksum(key: &[u8], parts: &[&[u8]]) -> [u8; CHECKSUM] {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(key);
    for part in parts {
        digest.update(part);
    }
    let [_, _, _, _, crc @ ..] = digest.finalize().to_be_bytes();
    crc
}

fn damaged(what: &str, key: &[u8], why: &str) -> StoreError {
    let shown = key
        .get(..key.len().min(64))
        .unwrap_or_default()
        .escape_ascii();
    StoreError::Damaged(format!("{what} at \"{shown}\": {why}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use cohong_core::model::{BucketId, PayloadId};

    #[test]
    fn tables_have_distinct_tags_above_the_stores_own() {
        let tags: BTreeSet<_> = Table::ALL.map(tag).into();
        assert_eq!(tags.len(), Table::ALL.len());
        assert!(!tags.contains(&0));
    }

    #[test]
    fn values_come_back_as_they_went_in() {
        for bytes in [&b""[..], b"x", &[0; 300]] {
            let value = encode_record(b"key", Revision(u64::MAX - 1), bytes);
            let record = decode_record(b"key", value.into()).unwrap();
            assert_eq!(
                (record.revision.0, &record.bytes[..]),
                (u64::MAX - 1, bytes)
            );
            let value = encode_plain(b"key", bytes);
            assert_eq!(
                decode_plain("payload", b"key", value.into()).unwrap(),
                bytes
            );
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_damage() {
        let value = encode_record(b"key", Revision(7), b"some bytes");
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = decode_record(b"key", flipped.into());
            assert!(matches!(read, Err(StoreError::Damaged(_))), "bit {bit}");
        }
        for len in 0..value.len() {
            let read = decode_record(b"key", value[..len].to_vec().into());
            assert!(matches!(read, Err(StoreError::Damaged(_))), "cut to {len}");
        }
        let elsewhere = decode_record(b"kex", value.into());
        assert!(matches!(elsewhere, Err(StoreError::Damaged(_))));
    }

    #[test]
    fn the_layout_is_the_format() {
        let key = Key {
            table: Table::Heads,
            bytes: Bytes::from_static(b"k"),
        };
        assert_eq!(record_key(&key), b"\x02k");
        assert_eq!(table_end(Table::Heads), b"\x03");
        let log = LogId(BucketId(1));
        assert_eq!(
            log_key(log, Position(2)),
            [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
        );
        assert_eq!(
            position_of(&log_key(log, Position(9))).unwrap(),
            Position(9)
        );
        assert_eq!(trim_bucket(&trim_key(log)).unwrap(), 1);
        let id = BlobId {
            payload: PayloadId([9; 16]),
            n: 3,
        };
        assert_eq!(payload_key(id)[..16], [9; 16]);
        let value = encode_record(b"\x02k", Revision(5), b"v");
        // CRC-32C of key, revision and bytes, computed apart from this code.
        assert_eq!(value[..4], [0xb6, 0x8b, 0x1b, 0x8e]);
        assert_eq!(value[4..], *b"\0\0\0\0\0\0\0\x05v");
    }
}
