//! Quotas: how many bytes a bucket may hold, or an object set of it, all versions and parts of open uploads together.
//! What has a quota is a [`Share`]: a bucket as a whole, one of its sets, or what is in none of them.
//!
//! Bytes are counted, not kept as a record, so that writers of a bucket do not wait for each other. This
//! process remembers what a share with a quota held when it was counted last, and what was written since;
//! that is never less than it holds. A count reads one place after the other, so what comes to a place
//! meanwhile, new or from another place, is added to it: it may have been looked for where it was not yet, and
//! then where it was no more. Where that leaves no room, and something changed since, the share is
//! counted again before anything is refused. So a refusal is exact but for what others write at the moment,
//! and the first write after a start or a change of the quota, and those that meet the quota, pay for a count
//! of at most [`crate::limits::STAT_ROWS_MAX`] records.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Engine;
use crate::error::{Error, ErrorKind};
use crate::model::{Bucket, BucketId, ObjectKey, ObjectVersion};
use crate::ports::{Key, StoreError, Table, Write};
use crate::records::{CurrentRecord, decode};

/// Counts before something is refused. What others change meanwhile makes a count too high.
const COUNTS_MAX: u32 = 2;

/// What has bounds of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share {
    pub(super) bucket: BucketId,
    pub(super) what: What,
}

/// What of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// All of it.
    All,
    /// The object set of this name.
    Set(Box<str>),
    /// What is in no object set.
    Rest,
}

impl Share {
    /// A bucket as a whole.
    pub(super) fn whole(bucket: BucketId) -> Self {
        Self {
            bucket,
            what: What::All,
        }
    }

    /// Every share of a bucket, the bucket itself first.
    fn all_of(bucket: BucketId) -> Range<Self> {
        Self::whole(bucket)..Self::whole(BucketId(bucket.0.saturating_add(1)))
    }

    /// Whether a change of what a key holds may change it. `key` may have something behind it. Whether a key is
    /// in no set is not known here: so it may be.
    fn may_hold(&self, key: &[u8]) -> bool {
        match &self.what {
            What::All | What::Rest => true,
            What::Set(name) => key.starts_with(name.as_bytes()),
        }
    }
}

/// What shares with a quota hold, as far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct Usages {
    of: Mutex<BTreeMap<Share, Usage>>,
    /// One share is counted at a time: it reads many records.
    counting: tokio::sync::Mutex<()>,
    /// Held by commits under way. A count waits for those that began before it, and for those that may have
    /// stood while it read.
    commits: tokio::sync::RwLock<()>,
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
    /// Bytes that came to a place since this process knows it, from another place or new.
    moved: u64,
    /// Goes up with every change.
    changes: u64,
    /// `changes` when the count began.
    changes_at_count: u64,
}

/// Where a count began.
#[derive(Clone, Copy, Debug)]
struct Begun {
    written: u64,
    moved: u64,
    changes: u64,
}

/// A commit under way, and the bytes it brings to places of shares that are counted; when it is dropped they
/// are there, or may be.
#[derive(Debug)]
pub(super) struct Moving<'a> {
    usages: &'a Usages,
    of: Vec<(Share, u64)>,
    _under_way: tokio::sync::RwLockReadGuard<'a, ()>,
}

/// What became of a wish for room.
#[derive(Debug)]
enum Asked<'a> {
    There(Room<'a>),
    Full,
    /// The share has to be counted first.
    Unknown,
}

/// Room in a share for bytes on their way; when it is dropped they have arrived, or may have.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    usages: &'a Usages,
    share: Share,
    bytes: u64,
}

impl Usage {
    /// Of a share that was not counted yet.
    fn unknown() -> Self {
        Self {
            counted: u64::MAX,
            changes: 1,
            ..Self::default()
        }
    }

    fn bytes(&self) -> u64 {
        let since = self.written.saturating_sub(self.written_at_count);
        self.counted
            .saturating_add(since)
            .saturating_add(self.coming)
    }
}

impl Usages {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Share, Usage>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, share: &Share, quota: u64, bytes: u64) -> Asked<'_> {
        let mut all = self.lock();
        let Some(usage) = all.get_mut(share) else {
            return Asked::Unknown;
        };
        if usage.bytes().saturating_add(bytes) <= quota {
            usage.coming = usage.coming.saturating_add(bytes);
            return Asked::There(Room {
                usages: self,
                share: share.clone(),
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
    fn begin(&self, share: &Share) -> Begun {
        let mut all = self.lock();
        let usage = all.entry(share.clone()).or_insert_with(Usage::unknown);
        Begun {
            written: usage.written,
            moved: usage.moved,
            changes: usage.changes,
        }
    }

    fn end(&self, share: &Share, begun: Begun, bytes: u64) {
        if let Some(usage) = self.lock().get_mut(share) {
            let moved = usage.moved.saturating_sub(begun.moved);
            usage.counted = bytes.saturating_add(moved);
            usage.written_at_count = begun.written;
            usage.changes_at_count = begun.changes;
        }
    }

    /// Waits for the commits under way.
    async fn settle(&self) {
        drop(self.commits.write().await);
    }

    /// Has a bucket counted before anybody writes into it.
    fn doubt(&self, bucket: BucketId) {
        let mut all = self.lock();
        let whole = Share::whole(bucket);
        let usage = all.entry(whole).or_insert_with(Usage::unknown);
        usage.counted = u64::MAX;
        usage.changes = usage.changes.saturating_add(1);
    }

    /// Forgets what the sets of a bucket hold, so that they are counted before anybody writes into them.
    fn doubt_sets(&self, bucket: BucketId) {
        let is_set = |share: &Share| share.bucket == bucket && share.what != What::All;
        self.lock().retain(|share, _| !is_set(share));
    }

    /// Notes that what holds a key may hold less than when it was counted.
    pub(super) fn changed(&self, bucket: BucketId, key: &ObjectKey) {
        let mut all = self.lock();
        for (share, usage) in all.range_mut(Share::all_of(bucket)) {
            if share.may_hold(key.as_str().as_bytes()) {
                usage.changes = usage.changes.saturating_add(1);
            }
        }
    }

    /// To be held until these writes are committed.
    pub(super) async fn moving<'a>(
        &'a self,
        write: impl Iterator<Item = &Write> + Send,
    ) -> Result<Moving<'a>, StoreError> {
        let under_way = self.commits.read().await;
        let mut of = Vec::new();
        let all = self.lock();
        if !all.is_empty() {
            for write in write {
                let Some((bucket, key)) = place_of(write) else {
                    continue;
                };
                let mut bytes = None;
                for (share, _) in all.range(Share::all_of(bucket)) {
                    if share.may_hold(key) {
                        let bytes = match bytes {
                            Some(bytes) => bytes,
                            None => *bytes.insert(bytes_of(write)?),
                        };
                        of.push((share.clone(), bytes));
                    }
                }
            }
        }
        drop(all);
        Ok(Moving {
            usages: self,
            of,
            _under_way: under_way,
        })
    }

    /// Forgets a bucket that is gone.
    pub(super) fn forget(&self, bucket: BucketId) {
        self.lock().retain(|share, _| share.bucket != bucket);
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        if self.of.is_empty() {
            return;
        }
        let mut all = self.usages.lock();
        for (share, bytes) in &self.of {
            if let Some(usage) = all.get_mut(share) {
                usage.moved = usage.moved.saturating_add(*bytes);
                usage.changes = usage.changes.saturating_add(1);
            }
        }
    }
}

impl Room<'_> {
    /// Gives the room back: nothing was written.
    fn give_back(mut self) {
        if let Some(usage) = self.usages.lock().get_mut(&self.share) {
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
        if let Some(usage) = self.usages.lock().get_mut(&self.share) {
            usage.coming = usage.coming.saturating_sub(self.bytes);
            usage.written = usage.written.saturating_add(self.bytes);
            usage.changes = usage.changes.saturating_add(1);
        }
    }
}

/// The bucket whose objects or uploads a write changes, and the key, with what may stand behind it.
fn place_of(write: &Write) -> Option<(BucketId, &[u8])> {
    let (Write::Put(Key { table, bytes }, _) | Write::Delete(Key { table, bytes })) = write else {
        return None;
    };
    let holds = matches!(table, Table::Heads | Table::Versions | Table::Uploads);
    let (id, key) = bytes.split_first_chunk().filter(|_| holds)?;
    Some((BucketId(u64::from_be_bytes(*id)), key))
}

/// The bytes of the version that a write puts to a place.
fn bytes_of(write: &Write) -> Result<u64, StoreError> {
    let Write::Put(at, bytes) = write else {
        return Ok(0);
    };
    let version: ObjectVersion = match at.table {
        Table::Heads => decode::<CurrentRecord>(bytes)?.version,
        Table::Versions => decode(bytes)?,
        _ => return Ok(0),
    };
    Ok(version.object().map_or(0, |record| record.size))
}

impl Engine {
    /// Room for `bytes` more under a key of a bucket; `OverQuota` when there is none in the bucket, or in the set
    /// that the key is in. To be held until they are committed. Nothing where there is no quota.
    pub(super) async fn make_room(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        bytes: u64,
    ) -> Result<Vec<Room<'_>>, Error> {
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let of_bucket = bucket.quota.map(|quota| (Share::whole(bucket.id), quota));
        let mut rooms = Vec::new();
        for (share, quota) in of_bucket
            .into_iter()
            .chain(self.quota_of_set(bucket, key).await?)
        {
            match self.room_in(bucket, &share, quota, bytes).await {
                Ok(room) => rooms.push(room),
                Err(error) => {
                    rooms.into_iter().for_each(Room::give_back);
                    return Err(error);
                }
            }
        }
        Ok(rooms)
    }

    /// Room in the set that a key is in alone, for bytes that are in the bucket already.
    pub(super) async fn make_room_in_set(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        bytes: u64,
    ) -> Result<Option<Room<'_>>, Error> {
        let quota = self.quota_of_set(bucket, key).await?;
        let Some((share, quota)) = quota.filter(|_| bytes > 0) else {
            return Ok(None);
        };
        self.room_in(bucket, &share, quota, bytes).await.map(Some)
    }

    async fn room_in(
        &self,
        bucket: &Bucket,
        share: &Share,
        quota: u64,
        bytes: u64,
    ) -> Result<Room<'_>, Error> {
        let ask = || self.usages.ask(share, quota, bytes);
        let mut asked = ask();
        if matches!(asked, Asked::Unknown) {
            let _turn = self.usages.counting.lock().await;
            // Somebody else may have counted it meanwhile.
            asked = ask();
            for _ in 0..COUNTS_MAX {
                if matches!(asked, Asked::Unknown) {
                    self.count(bucket, share).await?;
                    asked = ask();
                }
            }
        }
        match asked {
            Asked::There(room) => Ok(room),
            Asked::Full | Asked::Unknown => {
                let message = match share.what {
                    What::All => {
                        "the bucket would hold more bytes than its quota; delete something or raise it"
                    }
                    What::Set(_) | What::Rest => {
                        "the object set would hold more bytes than its quota; delete something or raise it"
                    }
                };
                Err(Error::new(ErrorKind::OverQuota, message))
            }
        }
    }

    /// Refuses a body of a declared length that has no room, before it is read.
    pub(super) async fn room_for(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        len: Option<u64>,
    ) -> Result<(), Error> {
        let rooms = self.make_room(bucket, key, len.unwrap_or(0)).await?;
        rooms.into_iter().for_each(Room::give_back);
        Ok(())
    }

    /// Prepares the change of a quota; what is returned is to be held until that is committed, so that nobody
    /// counts what those write meanwhile who see no quota yet. `Unsupported` for a bucket that holds more than
    /// is counted at once.
    pub(super) async fn doubt_usage(
        &self,
        bucket: &Bucket,
        quota: Option<u64>,
    ) -> Result<tokio::sync::MutexGuard<'_, ()>, Error> {
        let turn = self.usages.counting.lock().await;
        if quota.is_some() {
            self.stat_of(bucket).await?;
            self.usages.doubt(bucket.id);
        }
        Ok(turn)
    }

    /// The same for a change of what bounds the sets of a bucket, or of which sets there are. `quota` says
    /// whether there may be a quota afterwards that there was not before.
    pub(super) async fn doubt_sets(
        &self,
        bucket: &Bucket,
        quota: bool,
    ) -> Result<tokio::sync::MutexGuard<'_, ()>, Error> {
        let turn = self.usages.counting.lock().await;
        if quota {
            self.stat_of(bucket).await?;
        }
        self.usages.doubt_sets(bucket.id);
        Ok(turn)
    }

    async fn count(&self, bucket: &Bucket, share: &Share) -> Result<(), Error> {
        let begun = self.usages.begin(share);
        self.usages.settle().await;
        let stat = self.stat_of_share(bucket, share).await?;
        self.usages.settle().await;
        self.usages.end(share, begun, stat.bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: BucketId = BucketId(1);

    fn whole() -> Share {
        Share::whole(BUCKET)
    }

    fn is_there(usages: &Usages, bytes: u64) -> bool {
        matches!(usages.ask(&whole(), 100, bytes), Asked::There(_))
    }

    #[test]
    fn what_is_written_since_the_count_is_added_to_it() {
        let usages = Usages::default();
        assert!(matches!(usages.ask(&whole(), 100, 1), Asked::Unknown));
        let begun = usages.begin(&whole());
        assert!(
            !is_there(&usages, 1),
            "nobody writes before the first count"
        );
        usages.end(&whole(), begun, 60);
        assert!(matches!(usages.ask(&whole(), 100, 41), Asked::Full));
        let room = usages.ask(&whole(), 100, 30);
        assert!(!is_there(&usages, 11), "30 bytes are on their way");
        drop(room);
        assert!(!is_there(&usages, 11), "and have arrived");
        assert!(matches!(usages.ask(&whole(), 100, 11), Asked::Unknown));
        let begun = usages.begin(&whole());
        assert!(is_there(&usages, 5), "5 bytes come while it is counted");
        usages.end(&whole(), begun, 60);
        assert!(!is_there(&usages, 36), "they are not lost");
        usages.forget(BUCKET);
        assert!(matches!(usages.ask(&whole(), 100, 1), Asked::Unknown));
    }

    #[test]
    fn what_comes_to_a_place_while_it_is_counted_is_added() {
        let usages = Usages::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let delete = |id: u64| {
            let bytes = [&id.to_be_bytes()[..], b"key"].concat().into();
            let table = Table::Versions;
            Write::Delete(Key { table, bytes })
        };
        let writes = [delete(1), delete(2)];
        let moving = || runtime.block_on(usages.moving(writes.iter())).unwrap();
        assert!(moving().of.is_empty(), "nothing is counted");
        let begun = usages.begin(&whole());
        let mut coming = moving();
        assert_eq!(coming.of, [(whole(), 0)], "only what is counted");
        coming.of = vec![(whole(), 30)];
        drop(coming);
        usages.end(&whole(), begun, 60);
        assert!(is_there(&usages, 10), "60 were seen, 30 may not have been");
        assert!(!is_there(&usages, 1));
        usages.doubt(BUCKET);
        assert!(matches!(usages.ask(&whole(), 100, 1), Asked::Unknown));
    }

    #[test]
    fn a_change_touches_the_shares_that_may_hold_its_key() {
        let usages = Usages::default();
        let set = |name: &str| Share {
            bucket: BUCKET,
            what: What::Set(name.into()),
        };
        let rest = Share {
            bucket: BUCKET,
            what: What::Rest,
        };
        let other = Share::whole(BucketId(2));
        let all = [whole(), set("a/"), set("b/"), rest.clone(), other.clone()];
        for share in &all {
            let begun = usages.begin(share);
            usages.end(share, begun, 100);
        }
        usages.changed(BUCKET, &ObjectKey::new("a/x").unwrap());
        let is_full = |share: &Share| matches!(usages.ask(share, 100, 1), Asked::Full);
        let full: Vec<bool> = all.iter().map(is_full).collect();
        assert_eq!(full, [false, false, true, false, true]);
        usages.doubt_sets(BUCKET);
        let known: Vec<Share> = usages.lock().keys().cloned().collect();
        assert_eq!(known, [whole(), other.clone()]);
        usages.forget(BUCKET);
        let known: Vec<Share> = usages.lock().keys().cloned().collect();
        assert_eq!(known, [other]);
    }
}
