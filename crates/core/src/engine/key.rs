//! A key as it is stored: reading it with what a rule has to look at, and turning a rule's plan into
//! a transaction.

use bytes::Bytes;

use crate::error::{Error, ErrorKind};
use crate::model::{
    Bucket, BucketId, Event, ObjectKey, ObjectVersion, PayloadId, PayloadRef, Place, Timestamp,
};
use crate::ports::{
    Expect, Ids, Key, KeyRange, Limit, LogId, Order, Page, Record, Revision, Table, Txn, When,
    Write,
};
use crate::records::{CurrentRecord, OwedCopy, WorkKind, decode, encode, keys};
use crate::rules::access::Bypass;
use crate::rules::notify::log_record;
use crate::rules::version::{Change, Look, Plan};
use crate::rules::{overwrite, replication, retention};
use crate::work;

use super::Engine;

/// A key's current version as it was read, in `heads` or in `graves`.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The current version, if the key has any.
    pub(crate) current: Option<CurrentRecord>,
    head: Option<Revision>,
    grave: Option<Revision>,
}

impl Seen {
    /// That the key is as it was read.
    pub(super) fn unchanged(&self, bucket: BucketId, key: &ObjectKey) -> [Expect; 2] {
        [
            unchanged(keys::head(bucket, key), self.head),
            unchanged(keys::grave(bucket, key), self.grave),
        ]
    }
}

/// A transaction that changes a key, and whom to wake when it stands.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) txn: Txn,
    /// Whether an event that somebody is to be told is part of it.
    told: bool,
}

/// Who has to look once a draft stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wakes {
    delivery: bool,
    work: bool,
}

/// What an expectation says about a record that was read.
pub(crate) fn unchanged(at: Key, seen: Option<Revision>) -> Expect {
    match seen {
        Some(revision) => Expect::Revision(at, revision),
        None => Expect::Absent(at),
    }
}

impl Engine {
    /// Reads one record.
    pub(super) async fn get_one(&self, at: Key) -> Result<Option<Record>, Error> {
        let found = self.ports.meta.get_many(&[at]).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// Reads keys, in one snapshot.
    pub(crate) async fn see(
        &self,
        bucket: BucketId,
        objects: &[&ObjectKey],
    ) -> Result<Vec<Seen>, Error> {
        let places: Vec<Key> = objects
            .iter()
            .flat_map(|key| [keys::head(bucket, key), keys::grave(bucket, key)])
            .collect();
        let found = self.ports.meta.get_many(&places).await?;
        let mut seen = Vec::with_capacity(objects.len());
        for pair in found.chunks(2) {
            let head = pair.first().and_then(Option::as_ref);
            let grave = pair.get(1).and_then(Option::as_ref);
            let current = match (head, grave) {
                (Some(_), Some(_)) => {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        "a key has two current versions; ask the operator of this server",
                    ));
                }
                (found, None) | (None, found) => found,
            };
            seen.push(Seen {
                current: current.map(|record| decode(&record.bytes)).transpose()?,
                head: head.map(|record| record.revision),
                grave: grave.map(|record| record.revision),
            });
        }
        Ok(seen)
    }

    /// Reads one key.
    pub(crate) async fn see_one(&self, bucket: BucketId, key: &ObjectKey) -> Result<Seen, Error> {
        let seen = self.see(bucket, &[key]).await?;
        Ok(seen.into_iter().next().expect("one key was asked for"))
    }

    /// Looks at non-current versions. They cannot change without their key's current record, so a
    /// transaction that expects that record as it was read before expects them too.
    pub(crate) async fn peek_all(
        &self,
        bucket: BucketId,
        looks: &[(&ObjectKey, Look)],
    ) -> Result<Vec<Option<ObjectVersion>>, Error> {
        let mut found: Vec<Option<ObjectVersion>> = vec![None; looks.len()];
        let (mut at, mut at_slots) = (Vec::new(), Vec::new());
        let (mut newest, mut newest_slots) = (Vec::new(), Vec::new());
        for (slot, (key, look)) in looks.iter().enumerate() {
            match look {
                Look::Nowhere => {}
                Look::At(id) => {
                    at.push(keys::version(bucket, key, *id));
                    at_slots.push(slot);
                }
                Look::Newest => {
                    newest.push(keys::version_range(bucket, key));
                    newest_slots.push(slot);
                }
            }
        }
        let rows = self.first_rows(&newest).await?;
        let records = if at.is_empty() {
            Vec::new()
        } else {
            self.ports.meta.get_many(&at).await?
        };
        let records = records.into_iter().map(|record| record.map(|r| r.bytes));
        let slots = newest_slots.into_iter().chain(at_slots);
        for (slot, bytes) in slots.zip(rows.into_iter().chain(records)) {
            if let (Some(place), Some(bytes)) = (found.get_mut(slot), bytes) {
                *place = Some(decode(&bytes)?);
            }
        }
        Ok(found)
    }

    /// Looks at one version of one key.
    pub(crate) async fn peek(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        look: Look,
    ) -> Result<Option<ObjectVersion>, Error> {
        let found = self.peek_all(bucket, &[(key, look)]).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// The first row of each range.
    pub(super) async fn first_rows(
        &self,
        ranges: &[KeyRange],
    ) -> Result<Vec<Option<Bytes>>, Error> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let first = Limit { rows: 1, bytes: 0 };
        let pages = self
            .ports
            .meta
            .scan(ranges, Order::Ascending, first)
            .await?;
        let row = |page: Page| page.rows.into_iter().next().map(|(_, r)| r.bytes);
        Ok(pages.into_iter().map(row).collect())
    }

    /// The transaction that carries out a plan, with the event that tells of it. `Retained` when something keeps
    /// the version that would be no more, and is not passed over; `ObjectExists` when a rule keeps it from being
    /// overwritten.
    pub(crate) fn draft(
        &self,
        (bucket, revision): (&Bucket, Revision),
        key: &ObjectKey,
        seen: &Seen,
        (plan, bypass): (&Plan, Option<Bypass>),
        event: Event,
    ) -> Result<Draft, Error> {
        let now = event.time;
        let mut write = current_writes(bucket.id, key, seen, plan.current.as_ref());
        if let Some(id) = plan.leaves {
            write.push(Write::Delete(keys::version(bucket.id, key, id)));
        }
        if let Some(joining) = &plan.joins {
            let at = keys::version(bucket.id, key, joining.id);
            write.push(Write::Put(at, encode(joining)));
        }
        if let Some(gone) = &plan.gone {
            retention::check(bucket, gone, bypass, now)?;
            let by = event.principal.as_ref();
            overwrite::check(bucket, key, (gone, plan.current.as_ref()), by)?;
            let ids = self.ports.ids.as_ref();
            write.extend(release(ids, bucket.id, key, gone, now));
            write.extend(unnote(bucket, key, gone));
        }
        write.extend(self.copies_owed(bucket, plan, &event));
        let txn = Txn {
            when: When::Now,
            expect: expect(bucket, revision, key, seen),
            write,
            payloads: Vec::new(),
        };
        Ok(Draft::telling(txn, bucket, event))
    }

    /// Work that copies what was written, where rules of the bucket may want that (I3).
    fn copies_owed(&self, bucket: &Bucket, plan: &Plan, event: &Event) -> Vec<Write> {
        let Change::Written(version, _) = plan.change else {
            return Vec::new();
        };
        if !replication::concerns(bucket, event.kind, &event.key) {
            return Vec::new();
        }
        let owed = OwedCopy {
            bucket: bucket.id,
            name: bucket.name.clone(),
            key: event.key.clone(),
            version,
            size: event.size,
            past: event.past.clone(),
        };
        let kind = WorkKind::Replicate(Box::new(owed));
        work::put(&*self.ports.ids, kind, event.time, event.time).into()
    }

    /// Wakes those who wait for what a committed draft brought.
    pub(crate) fn wake(&self, bucket: BucketId, wakes: Wakes) {
        if wakes.delivery {
            self.bell.changed(bucket);
        }
        if wakes.work {
            self.work_bell.ring();
        }
    }
}

impl Draft {
    /// A transaction that is no event.
    pub(crate) fn silent(txn: Txn) -> Self {
        Self { txn, told: false }
    }

    /// A transaction with the event that tells of it.
    pub(crate) fn telling(mut txn: Txn, bucket: &Bucket, event: Event) -> Self {
        let logged = log_record(bucket, event);
        let told = logged
            .as_ref()
            .is_some_and(|logged| !logged.hits.is_empty());
        let append = logged.map(|logged| Write::Append(LogId(bucket.id), encode(&logged)));
        txn.write.extend(append);
        Self { txn, told }
    }

    /// Both as one transaction.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.txn.expect.extend(other.txn.expect);
        self.txn.write.extend(other.txn.write);
        self.txn.payloads.extend(other.txn.payloads);
        self.told |= other.told;
        self
    }

    /// Who is to be woken when it stands.
    pub(crate) fn wakes(&self) -> Wakes {
        let is_work = |w: &Write| matches!(w, Write::Put(at, _) if at.table == Table::Work);
        Wakes {
            delivery: self.told,
            work: self.txn.write.iter().any(is_work),
        }
    }
}

/// That the bucket and the key are as they were read: every change of a key states this.
pub(crate) fn expect(
    bucket: &Bucket,
    revision: Revision,
    key: &ObjectKey,
    seen: &Seen,
) -> Vec<Expect> {
    let mut all = vec![Expect::Revision(keys::bucket(&bucket.name), revision)];
    all.extend(seen.unchanged(bucket.id, key));
    all
}

/// Stores a key's current version where its kind belongs and leaves nothing at the other place.
pub(crate) fn current_writes(
    bucket: BucketId,
    key: &ObjectKey,
    seen: &Seen,
    current: Option<&CurrentRecord>,
) -> Vec<Write> {
    let (head, grave) = (keys::head(bucket, key), keys::grave(bucket, key));
    let is_object = current.map(|record| record.version.object().is_some());
    let mut write = Vec::with_capacity(2);
    if seen.head.is_some() && is_object != Some(true) {
        write.push(Write::Delete(head.clone()));
    }
    if seen.grave.is_some() && is_object != Some(false) {
        write.push(Write::Delete(grave.clone()));
    }
    if let Some(record) = current {
        let at = if is_object == Some(true) { head } else { grave };
        write.push(Write::Put(at, encode(record)));
    }
    write
}

/// Lets go of the bytes of a version that is no more. Small bodies go with the transaction; a payload
/// of the blob store loses this holder, and a piece of work looks whether it was the last.
fn release(
    ids: &dyn Ids,
    bucket: BucketId,
    key: &ObjectKey,
    gone: &ObjectVersion,
    now: Timestamp,
) -> Vec<Write> {
    let payload = match gone.object().map(|record| &record.payload) {
        None | Some(PayloadRef::Empty) => return Vec::new(),
        Some(PayloadRef::One { id, extent }) => match extent.at {
            Place::Meta(blob) => return vec![Write::DropPayload(blob)],
            Place::Hot(_) => *id,
        },
        Some(PayloadRef::Manifest { id, .. }) => *id,
    };
    let holder = keys::payload_ref(payload, bucket, key, gone.id);
    let_go(ids, payload, holder, now).into()
}

/// Takes the note along that tells when a version was read last, where there may be one.
pub(super) fn unnote(bucket: &Bucket, key: &ObjectKey, gone: &ObjectVersion) -> Option<Write> {
    bucket.access_monitor?;
    Some(Write::Delete(keys::read(bucket.id, key, gone.id)))
}

/// Lets a holder go of a payload of the blob store; a piece of work looks whether it was the last.
pub(super) fn let_go(ids: &dyn Ids, payload: PayloadId, holder: Key, now: Timestamp) -> [Write; 3] {
    let due = now.plus(crate::limits::DROP_GRACE);
    let [item, entry] = work::put(ids, WorkKind::DropPayload { payload }, due, now);
    [Write::Delete(holder), item, entry]
}
