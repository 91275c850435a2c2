//! How a new version comes to hold its bytes.

use bytes::Bytes;

use crate::model::{
    BlobId, BucketId, ObjectKey, ObjectVersion, PayloadId, PayloadRef, Place, VersionId,
};
use crate::ports::{Expect, Key, Revision, Write};
use crate::records::{PayloadRecord, PayloadState, decode, encode, keys};

use super::Engine;
use super::commit::{Unwritten, VersionWrite};
use super::key::unchanged;

/// Where the bytes of a new version come from.
#[derive(Clone, Debug)]
pub(crate) enum NewBytes {
    /// There are none.
    None,
    /// They travel in the transaction.
    Small(BlobId, Bytes),
    /// They are durable under a payload that nobody knows yet.
    Hot(PayloadId),
    /// Another version holds them already; its record must be as it was read.
    Shared {
        payload: PayloadId,
        source: (Key, Revision),
    },
    /// They are the parts of an upload, whose payload is open.
    Upload(PayloadId),
}

/// What a transaction needs for the new version's bytes.
#[derive(Default)]
pub(super) struct Holding {
    pub(super) expect: Vec<Expect>,
    pub(super) write: Vec<Write>,
    pub(super) payloads: Vec<(BlobId, Bytes)>,
}

impl Engine {
    /// What it takes to make a version hold its bytes.
    pub(super) async fn hold(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        version: VersionId,
        bytes: &NewBytes,
    ) -> Result<Holding, Unwritten> {
        let held = |payload| {
            let at = keys::payload_ref(payload, bucket, key, version);
            Write::Put(at, encode(&()))
        };
        let live = |payload| {
            let state = PayloadState::Live;
            Write::Put(keys::payload(payload), encode(&PayloadRecord { state }))
        };
        let mut holding = Holding::default();
        match bytes {
            NewBytes::None => {}
            NewBytes::Small(blob, bytes) => holding.payloads.push((*blob, bytes.clone())),
            NewBytes::Hot(payload) => {
                holding.expect.push(Expect::Absent(keys::payload(*payload)));
                holding.write.extend([live(*payload), held(*payload)]);
            }
            NewBytes::Shared { payload, source } => {
                let (at, revision) = source.clone();
                holding.expect.push(Expect::Revision(at, revision));
                holding.write.push(held(*payload));
            }
            NewBytes::Upload(payload) => {
                let revision = self.open_payload_revision(*payload).await?;
                let at = keys::payload(*payload);
                holding.expect.push(Expect::Revision(at, revision));
                holding.write.extend([live(*payload), held(*payload)]);
            }
        }
        Ok(holding)
    }

    /// The revision of an open payload; stale when it is not open any more.
    async fn open_payload_revision(&self, payload: PayloadId) -> Result<Revision, Unwritten> {
        let record = self
            .get_one(keys::payload(payload))
            .await?
            .ok_or(Unwritten::Stale)?;
        let PayloadRecord { state } = decode(&record.bytes)?;
        if state == PayloadState::Open {
            Ok(record.revision)
        } else {
            Err(Unwritten::Stale)
        }
    }

    /// After a conflict: whether what the caller stated is still so. A fresh payload that has a record
    /// was doomed by the sweep.
    pub(super) async fn check_stated(&self, w: &VersionWrite<'_>) -> Result<(), Unwritten> {
        let mut stated = w.also.expect.clone();
        match &w.bytes {
            NewBytes::Hot(payload) => stated.push(Expect::Absent(keys::payload(*payload))),
            NewBytes::Shared { source, .. } => {
                stated.push(Expect::Revision(source.0.clone(), source.1));
            }
            NewBytes::None | NewBytes::Small(..) | NewBytes::Upload(_) => {}
        }
        let at: Vec<Key> = stated.iter().map(|expect| place(expect).clone()).collect();
        let found = self.ports.meta.get_many(&at).await?;
        let now = found.into_iter().map(|r| r.map(|record| record.revision));
        let holds = at
            .into_iter()
            .zip(now)
            .map(|(key, seen)| unchanged(key, seen));
        if holds.eq(stated) {
            Ok(())
        } else {
            Err(Unwritten::Stale)
        }
    }
}

/// Where it is written that a version holds its bytes; `None` for those that nobody else can hold.
pub(super) fn holder_of(bucket: BucketId, key: &ObjectKey, version: &ObjectVersion) -> Option<Key> {
    let payload = match &version.object()?.payload {
        PayloadRef::Empty => return None,
        PayloadRef::One { id, extent } => match extent.at {
            Place::Meta(_) => return None,
            Place::Hot(_) => *id,
        },
        PayloadRef::Manifest { id, .. } => *id,
    };
    Some(keys::payload_ref(payload, bucket, key, version.id))
}

fn place(expect: &Expect) -> &Key {
    match expect {
        Expect::Absent(key) | Expect::Revision(key, _) => key,
    }
}
