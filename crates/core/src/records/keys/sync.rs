//! Keys of what sync tasks remember. All begin with the task.

use super::{key, prefix_range};
use crate::model::{ObjectKey, SyncList, SyncTaskId, Timestamp};
use crate::ports::{Key, KeyRange, Table};

/// Which counts of a span are meant: each has one writer, so that the two never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncCount {
    /// Requests, written when they are accepted.
    Accepted,
    /// Outcomes, written when they are settled.
    Settled,
}

/// What stands behind the spans in the table of counts.
const TAKEN: u8 = 2;
const SETTLED: u8 = 3;
const SCAN: u8 = 4;
/// What stands where lists have their number, for keys that failed.
const FAILED: u8 = 4;
/// What stands there for failures that are kept to be shown.
const FAILURES: u8 = 3;

/// A sync task.
pub fn sync_task(id: SyncTaskId) -> Key {
    key(Table::SyncTasks, &[&id.0])
}

/// The credentials of a sync task.
pub fn sync_secret(id: SyncTaskId) -> Key {
    key(Table::SyncSecrets, &[&id.0])
}

/// What a sync task has to do about a key.
pub fn sync_item(id: SyncTaskId, object: &ObjectKey) -> Key {
    key(Table::SyncItems, &[&id.0, object.as_str().as_bytes()])
}

/// Everything that a sync task has to do.
pub fn sync_items_range(id: SyncTaskId) -> KeyRange {
    prefix_range(Table::SyncItems, &[&id.0])
}

/// The object key in a key of [`sync_item`].
pub fn object_of_sync(bytes: &[u8]) -> Option<ObjectKey> {
    ObjectKey::new(std::str::from_utf8(bytes.get(16..)?).ok()?).ok()
}

/// Counts of the span that begins at `start`.
pub fn sync_slot(id: SyncTaskId, of: SyncCount, start: Timestamp) -> Key {
    let start = start.millis().to_be_bytes();
    key(Table::SyncCounts, &[&id.0, &[of as u8], &start])
}

/// The start of the span in a key of [`sync_slot`].
pub fn start_of_slot(bytes: &[u8]) -> Option<Timestamp> {
    let start = bytes.get(17..)?.try_into().ok()?;
    Some(Timestamp::from_millis(u64::from_be_bytes(start)))
}

/// Counts of the spans that begin at `from` or later, before `until`.
pub fn sync_counts_range(
    id: SyncTaskId,
    of: SyncCount,
    from: Timestamp,
    until: Timestamp,
) -> KeyRange {
    KeyRange {
        table: Table::SyncCounts,
        start: sync_slot(id, of, from).bytes,
        end: Some(sync_slot(id, of, until).bytes),
    }
}

/// What a sync task has taken on.
pub fn sync_taken(id: SyncTaskId) -> Key {
    key(Table::SyncCounts, &[&id.0, &[TAKEN]])
}

/// What a sync task has counted.
pub fn sync_settled(id: SyncTaskId) -> Key {
    key(Table::SyncCounts, &[&id.0, &[SETTLED]])
}

/// How far a sync task is that finds its objects itself.
pub fn sync_scan(id: SyncTaskId) -> Key {
    key(Table::SyncCounts, &[&id.0, &[SCAN]])
}

/// A key that failed in a round of such a task.
pub fn sync_failed(id: SyncTaskId, round: u32, object: &ObjectKey) -> Key {
    let object = object.as_str().as_bytes();
    key(
        Table::SyncLines,
        &[&id.0, &[FAILED], &round.to_be_bytes(), object],
    )
}

/// All keys that failed before a round.
pub fn sync_failed_range(id: SyncTaskId, before: u32) -> KeyRange {
    let until = key(Table::SyncLines, &[&id.0, &[FAILED], &before.to_be_bytes()]);
    KeyRange {
        end: Some(until.bytes),
        ..prefix_range(Table::SyncLines, &[&id.0, &[FAILED]])
    }
}

/// The object key in a key of [`sync_failed`].
pub fn object_of_failed(bytes: &[u8]) -> Option<ObjectKey> {
    ObjectKey::new(std::str::from_utf8(bytes.get(21..)?).ok()?).ok()
}

/// A line for a list, by number.
pub fn sync_line(id: SyncTaskId, list: SyncList, n: u64) -> Key {
    key(Table::SyncLines, &[&id.0, &[list as u8], &n.to_be_bytes()])
}

/// All lines for a list.
pub fn sync_lines_range(id: SyncTaskId, list: SyncList) -> KeyRange {
    prefix_range(Table::SyncLines, &[&id.0, &[list as u8]])
}

/// A failure that is kept to be shown, by its place among them.
pub fn sync_failure(id: SyncTaskId, n: u64) -> Key {
    key(Table::SyncLines, &[&id.0, &[FAILURES], &n.to_be_bytes()])
}

/// All failures that are kept to be shown.
pub fn sync_failures_range(id: SyncTaskId) -> KeyRange {
    prefix_range(Table::SyncLines, &[&id.0, &[FAILURES]])
}

/// The number in a key of [`sync_line`].
pub fn number_of_line(bytes: &[u8]) -> Option<u64> {
    let n = bytes.get(17..)?.try_into().ok()?;
    Some(u64::from_be_bytes(n))
}
