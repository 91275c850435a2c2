//! The end of the engine's journal after a power cut.
//!
//! A batch that was being synced when the power went was never answered, and any of its pages may be
//! missing. fjall drops it if its end or one of its headers is missing, but refuses to open if only
//! bytes in the middle are: it cannot tell that from damage. Here the two are told apart: a batch with
//! a wrong checksum and nothing whole behind it is the torn end, because every batch waits for the
//! sync of the one before; anything else is damage and stays as it is.
//!
//! The format is fjall 3's (`journal/entry.rs`): a batch is a start, items and an end; numbers are
//! little-endian.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
/// Tag, number of items, sequence number.
const START_BYTES: usize = 1 + 4 + 8;
/// Tag, kind, compression, keyspace, lengths of key, value and stored value.
const ITEM_BYTES: usize = 1 + 1 + 1 + 8 + 2 + 4 + 4;
/// Tag, checksum, magic.
const END_BYTES: usize = 1 + 8 + 4;
const MAGIC: [u8; 4] = *b"FJL\x03";

/// What was cut off.
#[derive(Debug)]
pub(super) struct Cut {
    journal: PathBuf,
    at: usize,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { journal, at } = self;
        write!(
            f,
            "{} ended in an unfinished batch at byte {at}; it was cut off",
            journal.display()
        )
    }
}

/// Cuts a torn batch off the end of the newest journal; `None` if there is no such thing.
pub(super) fn cut_torn_end(dir: &Path) -> io::Result<Option<Cut>> {
    let Some(journal) = newest(dir)? else {
        return Ok(None);
    };
    let Some(at) = torn_end(&fs::read(&journal)?) else {
        return Ok(None);
    };
    let file = OpenOptions::new().write(true).open(&journal)?;
    // A usize is never wider than 64 bits.
    file.set_len(u64::try_from(at).map_err(io::Error::other)?)?;
    file.sync_all()?;
    Ok(Some(Cut { journal, at }))
}

fn newest(dir: &Path) -> io::Result<Option<PathBuf>> {
    let mut newest = None;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let number = path.extension().filter(|extension| *extension == "jnl");
        let number = number.and_then(|_| path.file_stem()?.to_str()?.parse::<u64>().ok());
        if let Some(number) = number {
            newest = newest.max(Some((number, path)));
        }
    }
    Ok(newest.map(|(_, path)| path))
}

/// Where the first batch with a wrong checksum begins, if no whole batch follows it.
fn torn_end(journal: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut torn = None;
    while let Some((len, whole)) = batch(journal.get(at..)?) {
        match (whole, torn) {
            (true, Some(_)) => return None,
            (false, None) => torn = Some(at),
            _ => {}
        }
        at += len;
    }
    torn
}

/// The length of the batch that begins here, and whether it is as it was written; `None` when there
/// is none with an end.
fn batch(bytes: &[u8]) -> Option<(usize, bool)> {
    let start = bytes.get(..START_BYTES)?;
    if start[0] != START {
        return None;
    }
    let mut left = u32::from_le_bytes(start[1..5].try_into().ok()?);
    let mut at = START_BYTES;
    let mut hash = Xxh3::new();
    while *bytes.get(at)? == ITEM {
        let header = bytes.get(at..at + ITEM_BYTES)?;
        let key = u16::from_le_bytes(header[11..13].try_into().ok()?);
        let value = u32::from_le_bytes(header[17..21].try_into().ok()?);
        let len = ITEM_BYTES + usize::from(key) + usize::try_from(value).ok()?;
        hash.update(bytes.get(at..at + len)?);
        left = left.checked_sub(1)?;
        at += len;
    }
    let end = bytes.get(at..at + END_BYTES)?;
    if end[0] != END || end[9..] != MAGIC {
        return None;
    }
    let whole = left == 0 && hash.digest() == u64::from_le_bytes(end[1..9].try_into().ok()?);
    Some((at + END_BYTES, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch of two items, as fjall writes it.
    fn written(seed: u8) -> Vec<u8> {
        let mut items = Vec::new();
        for n in 0..2 {
            items.extend([ITEM, 0, 0]);
            items.extend(1_u64.to_le_bytes());
            items.extend(3_u16.to_le_bytes());
            items.extend(50_u32.to_le_bytes());
            items.extend(50_u32.to_le_bytes());
            items.extend([n; 3]);
            items.extend([seed; 50]);
        }
        let mut hash = Xxh3::new();
        hash.update(&items);
        let mut batch = vec![START, 2, 0, 0, 0];
        batch.extend(9_u64.to_le_bytes());
        batch.extend(items);
        batch.push(END);
        batch.extend(hash.digest().to_le_bytes());
        batch.extend(MAGIC);
        batch
    }

    fn torn(seed: u8) -> Vec<u8> {
        let mut batch = written(seed);
        batch[START_BYTES + ITEM_BYTES + 10] ^= 1;
        batch
    }

    #[test]
    fn only_a_wrong_batch_with_nothing_whole_behind_it_is_the_torn_end() {
        type Case = (&'static str, Vec<Vec<u8>>, Option<usize>);
        let len = written(0).len();
        let zeros = vec![0; 100];
        let half = written(3)[..40].to_vec();
        let cases: [Case; 8] = [
            ("nothing", vec![], None),
            ("whole", vec![written(1), written(2)], None),
            ("whole and zeros", vec![written(1), zeros.clone()], None),
            ("torn at the end", vec![written(1), torn(2)], Some(len)),
            (
                "torn, then zeros",
                vec![written(1), torn(2), zeros],
                Some(len),
            ),
            ("two torn", vec![written(1), torn(2), torn(3)], Some(len)),
            (
                "torn, then half of one",
                vec![written(1), torn(2), half],
                Some(len),
            ),
            ("damage before a whole one", vec![torn(1), written(2)], None),
        ];
        for (name, parts, cut) in cases {
            assert_eq!(torn_end(&parts.concat()), cut, "{name}");
        }
    }
}
