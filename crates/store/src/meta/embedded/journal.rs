//! What the engine's journals hold, looked at before the engine reads them.
//!
//! fjall cuts a journal off where it cannot read on, takes what stands before a batch's checksum on trust, and
//! refuses to open for a torn batch. Here three things are told apart. *Whole*: every batch has its checksum
//! and follows on the one before. *Torn*: a batch that was being written when the power went, or the process; it was
//! never answered, and is cut off with what follows it. *Damaged*: anything else, which is refused and left as
//! it is. A broken batch is damage when one behind it says that it was durable before ([`Mark`]); all but the
//! newest journal were synced as a whole.
//!
//! The format is fjall 3's (`journal/entry.rs`): a batch is a start, items and an end; numbers are
//! little-endian.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use cohong_core::error::BoxError;
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use xxhash_rust::xxh3::Xxh3;

use super::codec::{LAST_NUMBER, Mark, decode_mark};

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

/// Sequence numbers that the engine takes for itself between two batches at most; it takes a few.
const OWN_NUMBERS_MAX: u64 = 1 << 32;

/// A torn end that was cut off.
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

/// A journal is not as it was written.
#[derive(Debug, thiserror::Error)]
#[error("{} is damaged at byte {at}: restore the folder from a backup", journal.display())]
struct Damage {
    journal: PathBuf,
    at: usize,
}

/// Looks through all journals and cuts off a torn end, but no batch that is among the first `durable`. Blocks for as
/// long as reading them takes.
pub(super) fn check(dir: &Path, durable: u64) -> Result<Option<Cut>, BoxError> {
    let mut journals = journals(dir)?;
    let newest = journals.pop();
    let mut last = None;
    for journal in journals {
        if let Some(Break { at, .. }) = broken(&read(&journal)?, &mut last) {
            return Err(Damage { journal, at }.into());
        }
    }
    let Some(journal) = newest else {
        return Ok(None);
    };
    let bytes = read(&journal)?;
    let Some(Break { at, whole }) = broken(&bytes, &mut last) else {
        return Ok(None);
    };
    let known = last.as_ref().is_some_and(|last| last.mark.batch < durable);
    if whole || known || was_durable(&bytes[at..], last.as_ref()) {
        return Err(Damage { journal, at }.into());
    }
    let file = OpenOptions::new().write(true).open(&journal)?;
    // A usize is never wider than 64 bits.
    file.set_len(u64::try_from(at)?)?;
    file.sync_all()?;
    Ok(Some(Cut { journal, at }))
}

/// Looks through all journals but the newest, which is being written; `None` when they are whole, else what is wrong.
pub(super) fn check_sealed(dir: &Path) -> io::Result<(u64, Option<String>)> {
    let mut journals = journals(dir)?;
    journals.pop();
    let (mut last, mut seen) = (None, 0);
    for journal in journals {
        let bytes = match read(&journal) {
            Ok(bytes) => bytes,
            // Everything in it is in files of its own by now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        seen += bytes.len() as u64;
        if let Some(Break { at, .. }) = broken(&bytes, &mut last) {
            return Ok((seen, Some(Damage { journal, at }.to_string())));
        }
    }
    Ok((seen, None))
}

/// The journals, oldest first.
fn journals(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let number = path.extension().filter(|extension| *extension == "jnl");
        let number = number.and_then(|_| path.file_stem()?.to_str()?.parse::<u64>().ok());
        found.extend(number.map(|number| (number, path)));
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The bytes of a journal, but for the hole at its end: space is reserved for it before it is used.
fn read(journal: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(journal)?;
    let mut end = 0;
    loop {
        match rustix::fs::seek(&file, SeekFrom::Data(end)) {
            Ok(data) => end = rustix::fs::seek(&file, SeekFrom::Hole(data))?,
            Err(Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        }
    }
    file.rewind()?;
    let mut bytes = Vec::with_capacity(usize::try_from(end).map_err(io::Error::other)?);
    file.take(end).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where a journal breaks off.
struct Break {
    at: usize,
    /// Whether the batch there has its checksum: then it was not torn, but does not follow on the one before.
    whole: bool,
}

/// The first batch that is not whole or does not follow on the last; `last` is the one before.
fn broken(journal: &[u8], last: &mut Option<Batch>) -> Option<Break> {
    let mut at = 0;
    while let Some(rest) = journal.get(at..).filter(|rest| !rest.is_empty()) {
        match batch(rest) {
            Some(batch) if batch.follows(last.as_ref()) => {
                at += batch.len;
                *last = Some(batch);
            }
            None if rest.iter().all(|byte| *byte == 0) => return None,
            batch => {
                let whole = batch.is_some();
                return Some(Break { at, whole });
            }
        }
    }
    None
}

/// Whether the broken batch that `bytes` begin with was durable: whether a whole one behind it says so.
fn was_durable(bytes: &[u8], last: Option<&Batch>) -> bool {
    let mut known = last.map(|last| last.mark.batch);
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        if *byte != START || bytes.get(at + START_BYTES) != Some(&ITEM) {
            continue;
        }
        let Some(later) = batch(&bytes[at..]) else {
            continue;
        };
        // Bodies may hold pieces of old journals.
        let before = *known.get_or_insert(later.mark.batch.saturating_sub(2));
        if later.mark.batch > before + 1 && later.mark.durable > before {
            return true;
        }
    }
    false
}

/// A batch with its checksum.
struct Batch {
    len: usize,
    sequence: u64,
    mark: Mark,
}

impl Batch {
    fn follows(&self, last: Option<&Self>) -> bool {
        let own = self.mark.floor..self.mark.floor.saturating_add(OWN_NUMBERS_MAX);
        let next = last.is_none_or(|last| {
            self.mark.batch == last.mark.batch + 1 && self.mark.floor > last.sequence
        });
        next && own.contains(&self.sequence) && self.mark.durable < self.mark.batch
    }
}

/// The batch that begins here; `None` when none does, or when it is not as it was written.
fn batch(bytes: &[u8]) -> Option<Batch> {
    let start = bytes.get(..START_BYTES)?;
    if start[0] != START {
        return None;
    }
    let items = u32::from_le_bytes(start[1..5].try_into().ok()?);
    let sequence = u64::from_le_bytes(start[5..].try_into().ok()?);
    let mut at = START_BYTES;
    let mut hash = Xxh3::new();
    let mut last = None;
    for _ in 0..items {
        let header = bytes.get(at..at + ITEM_BYTES)?;
        if header[0] != ITEM {
            return None;
        }
        let key = usize::from(u16::from_le_bytes(header[11..13].try_into().ok()?));
        let value = u32::from_le_bytes(header[17..21].try_into().ok()?);
        let len = ITEM_BYTES + key + usize::try_from(value).ok()?;
        let item = bytes.get(at..at + len)?;
        hash.update(item);
        last = Some(item[ITEM_BYTES..].split_at(key));
        at += len;
    }
    let end = bytes.get(at..at + END_BYTES)?;
    let sum = u64::from_le_bytes(end[1..9].try_into().ok()?);
    if end[0] != END || end[9..] != MAGIC || sum != hash.digest() {
        return None;
    }
    let (_, mark) = last.filter(|(key, _)| *key == LAST_NUMBER)?;
    let (_, mark) = decode_mark(mark.to_vec().into()).ok()?;
    Some(Batch {
        len: at + END_BYTES,
        sequence,
        mark,
    })
}

#[cfg(test)]
mod tests;
