//! When versions were read last, in buckets where that is noted.
//!
//! A read leaves a note in memory and waits for nothing. Notes are gathered for [`READS_DELAY`] and written together,
//! each at most once a day and version, as a row of its own: the record of the version, which writers expect, stays as
//! it is, so readers and writers of a key do not get into each other's way. Who writes a note expects the version to be
//! there, and whoever takes a version away takes its note along, so no note outlives its version.
//!
//! Notes that wait are bounded, and lost with the process. What was read last in the minute before a crash may
//! so be moved as if it had not been, or stay where it is until it is read again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::key::{Seen, expect};
use super::{Engine, change};
use crate::error::Error;
use crate::limits::{CONFLICT_RETRIES_MAX, READS_DELAY, READS_PAGE, READS_WAITING_MAX};
use crate::model::{
    Bucket, BucketId, BucketName, BucketState, ObjectKey, ObjectVersion, StorageClass, Timestamp,
    VersionId, VersionKind,
};
use crate::ports::{CommitError, Mono, Revision, Txn, When, Write};
use crate::records::{ReadRecord, decode, encode, keys};
use crate::rules::lifecycle::{comes_back, is_news, read_last};
use crate::rules::object_set::RuleBook;
use crate::rules::version::Look;

/// Reads that wait to be noted.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    waiting: Mutex<BTreeMap<Place, Timestamp>>,
    /// One writes at a time: who has waited for it finds all notes written that were made before.
    writing: tokio::sync::Mutex<()>,
    bell: Notify,
}

/// A version that was read. In this order those of a bucket, and of a key, stand together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    name: BucketName,
    bucket: BucketId,
    key: ObjectKey,
    version: VersionId,
}

/// A read and where it was.
type Note = (Place, Timestamp);

impl Reads {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Place, Timestamp>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a note; one too many is lost.
    fn add(&self, place: Place, at: Timestamp) {
        let mut waiting = self.waiting();
        if waiting.len() >= READS_WAITING_MAX && !waiting.contains_key(&place) {
            return;
        }
        let last = waiting.entry(place).or_insert(at);
        *last = at.max(*last);
        drop(waiting);
        self.bell.notify_one();
    }

    fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.waiting()).into_iter().collect()
    }

    fn of(&self, place: &Place) -> Option<Timestamp> {
        self.waiting().get(place).copied()
    }
}

impl Engine {
    /// Notes that a version was read, where that is noted.
    pub(super) fn note_read(&self, bucket: &Bucket, key: &ObjectKey, version: VersionId) {
        if bucket.notes_reads().is_some() {
            let at = self.ports.clock.now();
            self.reads.add(place(bucket, key, version), at);
        }
    }

    /// When a version counts as read last, where that is noted; notes that wait count too.
    pub(super) async fn read_last(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        id: VersionId,
        version: &ObjectVersion,
    ) -> Result<Option<Timestamp>, Error> {
        let Some(since) = bucket.notes_reads() else {
            return Ok(None);
        };
        let noted = self.noted(&[keys::read(bucket.id, key, id)]).await?;
        let noted = noted.into_iter().next().flatten();
        let waiting = self.reads.of(&place(bucket, key, id));
        let news = waiting.filter(|at| is_news(noted, *at));
        Ok(Some(read_last(version, since, news.or(noted))))
    }

    /// What is noted at places, in their order.
    pub(super) async fn noted(
        &self,
        at: &[crate::ports::Key],
    ) -> Result<Vec<Option<Timestamp>>, Error> {
        let rows = self.ports.meta.get_many(at).await?.into_iter();
        let time = |row: crate::ports::Record| decode::<ReadRecord>(&row.bytes);
        let times = rows.map(|row| Ok(row.map(time).transpose()?.map(|note| note.at)));
        times.collect()
    }

    /// Waits until there are reads to be noted, and then for as long as more are gathered.
    pub(crate) async fn gather_reads(&self) {
        self.reads.bell.notified().await;
        let clock = &self.ports.clock;
        let until: Mono = clock.mono().saturating_add(READS_DELAY);
        clock.sleep_until(until).await;
    }

    /// Writes the notes that wait. When this returns, reads that had ended before are noted.
    pub(crate) async fn write_reads(&self) -> Result<(), Error> {
        let _turn = self.reads.writing.lock().await;
        let notes = self.reads.take();
        for (n, page) in notes.chunks(READS_PAGE).enumerate() {
            if let Err(error) = self.write_page(page.to_vec()).await {
                for (place, at) in notes.into_iter().skip(n * READS_PAGE) {
                    self.reads.add(place, at);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes notes together. Those whose version is changed again and again are lost: it is not one that is moved.
    async fn write_page(&self, mut page: Vec<Note>) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let at: Vec<_> = page.iter().map(|(place, _)| place.row()).collect();
            let mut noted = self.noted(&at).await?.into_iter();
            page.retain(|(_, at)| is_news(noted.next().flatten(), *at));
            let mut planned: Vec<(Note, Txn)> = Vec::with_capacity(page.len());
            for notes in page.chunk_by(|(a, _), (b, _)| a.bucket == b.bucket) {
                planned.extend(self.plan_notes(notes).await?);
            }
            if planned.is_empty() {
                return Ok(());
            }
            let (tried, txns): (Vec<Note>, Vec<Txn>) = planned.into_iter().unzip();
            page.clear();
            let moving = txns.iter().flat_map(|txn| txn.write.iter());
            let moving = self.usages.moving(moving).await?;
            let outcomes = self.ports.meta.commit(txns).await;
            drop(moving);
            for (note, outcome) in tried.into_iter().zip(outcomes) {
                match outcome {
                    Ok(()) => {}
                    Err(CommitError::Conflict) => page.push(note),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// The transactions of notes about one bucket; none where the version is gone, or its bucket notes nothing.
    async fn plan_notes(&self, notes: &[Note]) -> Result<Vec<(Note, Txn)>, Error> {
        let Some((
            Place {
                name, bucket: id, ..
            },
            _,
        )) = notes.first()
        else {
            return Ok(Vec::new());
        };
        let (bucket, revision) = match self.find_bucket(name).await? {
            Some((bucket, revision)) if bucket.id == *id => (bucket, revision),
            _ => return Ok(Vec::new()),
        };
        if bucket.notes_reads().is_none() || bucket.state != BucketState::Live {
            return Ok(Vec::new());
        }
        let rules = match bucket.lifecycle {
            Some(_) => self.rule_book(&bucket).await?,
            None => RuleBook::default(),
        };
        let objects: Vec<&ObjectKey> = notes.iter().map(|(place, _)| &place.key).collect();
        let seen = self.see(bucket.id, &objects).await?;
        let looks = seen.iter().zip(notes).map(|(seen, (place, _))| {
            let current = seen.current.as_ref().map(|current| current.version.id);
            let is_older = current.is_some_and(|current| current != place.version);
            let look = if is_older {
                Look::At(place.version)
            } else {
                Look::Nowhere
            };
            (&place.key, look)
        });
        let older = self.peek_all(bucket.id, &looks.collect::<Vec<_>>()).await?;
        let all = notes.iter().zip(seen.iter().zip(older));
        let planned = all.filter_map(|(note, (seen, older))| {
            let txn = plan((&bucket, revision), &rules, note, seen, older)?;
            Some((note.clone(), txn))
        });
        Ok(planned.collect())
    }
}

impl Place {
    fn row(&self) -> crate::ports::Key {
        keys::read(self.bucket, &self.key, self.version)
    }
}

fn place(bucket: &Bucket, key: &ObjectKey, version: VersionId) -> Place {
    Place {
        name: bucket.name.clone(),
        bucket: bucket.id,
        key: key.clone(),
        version,
    }
}

/// The transaction of a note, with the way back of its object to `Standard` where rules order that.
fn plan(
    (bucket, revision): (&Bucket, Revision),
    rules: &RuleBook,
    (place, at): &Note,
    seen: &Seen,
    older: Option<ObjectVersion>,
) -> Option<Txn> {
    let current = seen.current.as_ref().map(|current| &current.version);
    let current = current.filter(|version| version.id == place.version);
    let is_current = current.is_some();
    let mut version = current.cloned().or(older)?;
    let note = Write::Put(place.row(), encode(&ReadRecord { at: *at }));
    let key = place.key.as_str();
    if comes_back(rules.of(key), key, &version, is_current)
        && let VersionKind::Object(record) = &mut version.kind
    {
        record.class = StorageClass::Standard;
        let mut txn = change::in_place((bucket, revision), &place.key, seen, &version)?;
        txn.write.push(note);
        return Some(txn);
    }
    Some(Txn {
        when: When::Now,
        expect: expect(bucket, revision, &place.key, seen),
        write: vec![note],
        payloads: Vec::new(),
    })
}
