//! Quotas: how many bytes a bucket may hold, all versions and parts of open uploads together.
//!
//! Bytes are counted, not kept as a record, so that writers of a bucket do not wait for each other. This
//! process remembers what a bucket with a quota held when it was counted last, and what was written since;
//! that is never less than it holds. Where that leaves no room, and something changed since, the bucket is
//! counted again before anything is refused. So a refusal is exact but for what others write at the moment,
//! and the first write after a start, and those that meet the quota, pay for a count of at most
//! [`crate::limits::STAT_ROWS_MAX`] records.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Engine;
use crate::error::{Error, ErrorKind};
use crate::model::{Bucket, BucketId};
use crate::ports::{Key, Table, Write};

/// What buckets with a quota hold, as far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct Usages {
    of: Mutex<BTreeMap<BucketId, Usage>>,
    /// One bucket is counted at a time: it reads many records.
    counting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Usage {
    /// Bytes when it was counted.
    counted: u64,
    /// Bytes written since this process knows it.
    written: u64,
    /// `written` when the count began.
    written_at_count: u64,
    /// Bytes that are on their way.
    coming: u64,
    /// Goes up with every change.
    changes: u64,
    /// `changes` when the count began.
    changes_at_count: u64,
}

/// What became of a wish for room.
#[derive(Debug)]
enum Asked<'a> {
    There(Room<'a>),
    Full,
    /// The bucket has to be counted first.
    Unknown,
}

/// Room in a bucket for bytes on their way; when it is dropped they have arrived, or may have.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    usages: &'a Usages,
    bucket: BucketId,
    bytes: u64,
}

impl Usage {
    fn bytes(&self) -> u64 {
        let since = self.written.saturating_sub(self.written_at_count);
        self.counted
            .saturating_add(since)
            .saturating_add(self.coming)
    }
}

impl Usages {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<BucketId, Usage>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, bucket: BucketId, quota: u64, bytes: u64) -> Asked<'_> {
        let mut all = self.lock();
        let Some(usage) = all.get_mut(&bucket) else {
            return Asked::Unknown;
        };
        if usage.bytes().saturating_add(bytes) <= quota {
            usage.coming = usage.coming.saturating_add(bytes);
            return Asked::There(Room {
                usages: self,
                bucket,
                bytes,
            });
        }
        if usage.changes == usage.changes_at_count {
            Asked::Full
        } else {
            Asked::Unknown
        }
    }

    /// Where a count begins: what is written from now on comes on top of it.
    fn begin(&self, bucket: BucketId) -> (u64, u64) {
        let mut all = self.lock();
        let usage = all.entry(bucket).or_insert_with(|| Usage {
            counted: u64::MAX,
            changes: 1,
            ..Usage::default()
        });
        (usage.written, usage.changes)
    }

    fn end(&self, bucket: BucketId, (written, changes): (u64, u64), bytes: u64) {
        if let Some(usage) = self.lock().get_mut(&bucket) {
            usage.counted = bytes;
            usage.written_at_count = written;
            usage.changes_at_count = changes;
        }
    }

    /// Notes that a bucket changed, by more or less than a room that was taken.
    pub(super) fn changed(&self, bucket: BucketId) {
        if let Some(usage) = self.lock().get_mut(&bucket) {
            usage.changes = usage.changes.saturating_add(1);
        }
    }

    /// Buckets that a transaction changes the bytes of, among those that are counted.
    pub(super) fn touched(&self, write: &[Write]) -> Vec<BucketId> {
        let all = self.lock();
        if all.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<BucketId> = write.iter().filter_map(bucket_of).collect();
        found.dedup();
        found.retain(|bucket| all.contains_key(bucket));
        found
    }

    /// Forgets a bucket that has no quota any more, or is gone.
    pub(super) fn forget(&self, bucket: BucketId) {
        self.lock().remove(&bucket);
    }
}

impl Room<'_> {
    /// Gives the room back: nothing was written.
    fn give_back(mut self) {
        if let Some(usage) = self.usages.lock().get_mut(&self.bucket) {
            usage.coming = usage.coming.saturating_sub(self.bytes);
        }
        self.bytes = 0;
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        if let Some(usage) = self.usages.lock().get_mut(&self.bucket) {
            usage.coming = usage.coming.saturating_sub(self.bytes);
            usage.written = usage.written.saturating_add(self.bytes);
            usage.changes = usage.changes.saturating_add(1);
        }
    }
}

/// The bucket whose objects or uploads a write changes.
fn bucket_of(write: &Write) -> Option<BucketId> {
    let (Write::Put(Key { table, bytes }, _) | Write::Delete(Key { table, bytes })) = write else {
        return None;
    };
    let holds = matches!(table, Table::Heads | Table::Versions | Table::Uploads);
    let id = bytes.first_chunk().filter(|_| holds)?;
    Some(BucketId(u64::from_be_bytes(*id)))
}

impl Engine {
    /// Room for `bytes` more in a bucket; `OverQuota` when there is none. To be held until they are
    /// committed. `None` for a bucket without quota.
    pub(super) async fn make_room(
        &self,
        bucket: &Bucket,
        bytes: u64,
    ) -> Result<Option<Room<'_>>, Error> {
        let Some(quota) = bucket.quota.filter(|_| bytes > 0) else {
            return Ok(None);
        };
        let ask = || self.usages.ask(bucket.id, quota, bytes);
        let mut asked = ask();
        if matches!(asked, Asked::Unknown) {
            let _turn = self.usages.counting.lock().await;
            // Somebody else may have counted it meanwhile.
            asked = ask();
            if matches!(asked, Asked::Unknown) {
                self.count(bucket).await?;
                asked = ask();
            }
        }
        match asked {
            Asked::There(room) => Ok(Some(room)),
            Asked::Full | Asked::Unknown => Err(Error::new(
                ErrorKind::OverQuota,
                "the bucket would hold more bytes than its quota; delete something or raise it",
            )),
        }
    }

    /// Refuses a body of a declared length that has no room, before it is read.
    pub(super) async fn room_for(&self, bucket: &Bucket, len: Option<u64>) -> Result<(), Error> {
        let room = self.make_room(bucket, len.unwrap_or(0)).await?;
        if let Some(room) = room {
            room.give_back();
        }
        Ok(())
    }

    /// Begins to keep count of a bucket, or ends it. `Unsupported` for one that holds more than is counted
    /// at once.
    pub(super) async fn begin_counting(&self, bucket: &Bucket) -> Result<(), Error> {
        if bucket.quota.is_none() {
            self.usages.forget(bucket.id);
            return Ok(());
        }
        let _turn = self.usages.counting.lock().await;
        self.count(bucket).await
    }

    async fn count(&self, bucket: &Bucket) -> Result<(), Error> {
        let begun = self.usages.begin(bucket.id);
        let stat = self.stat_of(bucket).await?;
        let objects: u64 = stat.classes.values().map(|usage| usage.bytes).sum();
        let bytes = objects.saturating_add(stat.part_bytes);
        self.usages.end(bucket.id, begun, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: BucketId = BucketId(1);

    fn is_there(usages: &Usages, bytes: u64) -> bool {
        matches!(usages.ask(BUCKET, 100, bytes), Asked::There(_))
    }

    #[test]
    fn what_is_written_since_the_count_is_added_to_it() {
        let usages = Usages::default();
        assert!(matches!(usages.ask(BUCKET, 100, 1), Asked::Unknown));
        let begun = usages.begin(BUCKET);
        assert!(
            !is_there(&usages, 1),
            "nobody writes before the first count"
        );
        usages.end(BUCKET, begun, 60);
        assert!(matches!(usages.ask(BUCKET, 100, 41), Asked::Full));
        let room = usages.ask(BUCKET, 100, 30);
        assert!(!is_there(&usages, 11), "30 bytes are on their way");
        drop(room);
        assert!(!is_there(&usages, 11), "and have arrived");
        assert!(matches!(usages.ask(BUCKET, 100, 11), Asked::Unknown));
        let begun = usages.begin(BUCKET);
        assert!(is_there(&usages, 5), "5 bytes come while it is counted");
        usages.end(BUCKET, begun, 60);
        assert!(!is_there(&usages, 36), "they are not lost");
        usages.forget(BUCKET);
        assert!(matches!(usages.ask(BUCKET, 100, 1), Asked::Unknown));
    }

    #[test]
    fn only_counted_buckets_are_touched() {
        let usages = Usages::default();
        let at = |table, id: u64| Key {
            table,
            bytes: [&id.to_be_bytes()[..], b"key"].concat().into(),
        };
        let writes = [
            Write::Delete(at(Table::Heads, 1)),
            Write::Put(at(Table::Versions, 1), bytes::Bytes::new()),
            Write::Delete(at(Table::Heads, 2)),
            Write::Delete(at(Table::Buckets, 1)),
        ];
        assert!(usages.touched(&writes).is_empty());
        usages.begin(BUCKET);
        assert_eq!(usages.touched(&writes), [BUCKET]);
        assert!(usages.touched(&writes[2..]).is_empty());
    }
}
