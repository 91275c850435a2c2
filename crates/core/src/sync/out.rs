//! The other way: an object of this server is written to another store. Each of its pieces is held in
//! memory, so that the store compares it before it keeps it, and is sent once a run.
//!
//! An object with the same bytes is never written again, so that stores that write to each other come to
//! rest.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::sync::SemaphorePermit;

use super::own::OwnBucket;
use super::transfer::{Desk, Step, Trouble};
use crate::limits::{SYNC_OUT_BYTES_MAX, SYNC_OUT_PIECE_BYTES};
use crate::model::{Checked, ObjectKey, SyncOutcome, SyncSettings, SyncStage};
use crate::ports::{Sink, Source, SourceDigests, SourceFault, SourceObject};
use crate::records::SyncItemRecord;
use crate::rules::sync::{carried, wants_copy_there};

impl Desk {
    /// Runs a key once.
    pub(super) async fn carry_out(
        &self,
        key: &ObjectKey,
        item: &SyncItemRecord,
        slot: SemaphorePermit<'_>,
    ) -> Result<Step, Trouble> {
        let settings = &self.task.settings;
        let cx = self.writer(item).await?;
        let own = OwnBucket::of(&self.shared.engine, &settings.bucket, &cx.principal);
        let own = own.ok_or_else(|| Trouble::lost(SyncStage::StatSource, "nobody reads it"))?;
        let sink = self.sink().await?;
        let there = match sink.stat(key).await {
            Ok(there) => Some(there),
            Err(SourceFault::Missing) => None,
            Err(fault) => return Err(Trouble::of_sink(SyncStage::StatDestination, &fault)),
        };
        let object = match own.stat(key).await {
            Ok(object) => object,
            Err(SourceFault::Missing) if item.removal && settings.deletes => {
                return remove(&*sink, key, there.is_some()).await;
            }
            Err(fault) => return Err(Trouble::of_source(SyncStage::StatSource, &fault)),
        };
        if !wants_copy_there(settings.overwrite, settings.check, &object, there.as_ref()) {
            return Ok(Step::Done(SyncOutcome::Skip { size: object.size }));
        }
        if object.archived {
            return Err(self.thaw(&own, key).await);
        }
        if object.size > SYNC_OUT_BYTES_MAX {
            let why = "objects of more than 78 GiB are not written to other stores";
            return Err(Trouble::lost(SyncStage::Write, why));
        }
        let flight = Flight {
            desk: self,
            own: &own,
            sink: &*sink,
            key,
            object: &object,
        };
        let checked = flight.write(settings).await?;
        drop(slot);
        Ok(Step::Done(SyncOutcome::Success {
            bytes: object.size,
            checked,
        }))
    }
}

async fn remove(sink: &dyn Sink, key: &ObjectKey, is_there: bool) -> Result<Step, Trouble> {
    if !is_there {
        return Ok(Step::Done(SyncOutcome::Skip { size: 0 }));
    }
    let removed = sink.remove(key).await;
    removed.map_err(|fault| Trouble::of_sink(SyncStage::Write, &fault))?;
    Ok(Step::Done(SyncOutcome::Success {
        bytes: 0,
        checked: Checked::Size,
    }))
}

/// An object on its way.
struct Flight<'a> {
    desk: &'a Desk,
    own: &'a dyn Source,
    sink: &'a dyn Sink,
    key: &'a ObjectKey,
    object: &'a SourceObject,
}

impl Flight<'_> {
    async fn write(&self, settings: &SyncSettings) -> Result<Checked, Trouble> {
        let attributes = carried(settings, self.object);
        let like = SourceObject {
            headers: attributes.headers,
            user_meta: attributes.user_meta,
            class: attributes.class.unwrap_or_default(),
            ..self.object.clone()
        };
        let written = if self.object.size <= SYNC_OUT_PIECE_BYTES {
            let (bytes, _room) = self.piece(0).await?;
            let put = self.sink.put(self.key, &like, bytes).await;
            put.map_err(|fault| of_write(&fault))?
        } else {
            self.in_parts(&like).await?
        };
        compared(self.object.digests, written)
    }

    async fn in_parts(&self, like: &SourceObject) -> Result<SourceDigests, Trouble> {
        let upload = self
            .sink
            .begin(self.key, like)
            .await
            .map_err(|fault| of_write(&fault))?;
        let written = self.parts(&upload).await;
        if written.is_err() {
            // The store keeps what cannot be given up now, until its own rules remove it.
            let _ = self.sink.abort(self.key, &upload).await;
        }
        written
    }

    async fn parts(&self, upload: &str) -> Result<SourceDigests, Trouble> {
        let mut parts = Vec::new();
        let starts = (0..self.object.size)
            .step_by(usize::try_from(SYNC_OUT_PIECE_BYTES).unwrap_or(usize::MAX));
        for (number, start) in (1..).zip(starts) {
            let (bytes, _room) = self.piece(start).await?;
            let part = self.sink.put_part(self.key, upload, number, bytes).await;
            parts.push(part.map_err(|fault| of_write(&fault))?);
        }
        let completed = self.sink.complete(self.key, upload, &parts).await;
        completed.map_err(|fault| of_write(&fault))
    }

    /// The bytes from a place on, as many as are sent at once, and the room in memory that they take.
    async fn piece(&self, start: u64) -> Result<(Bytes, SemaphorePermit<'_>), Trouble> {
        let end = start
            .saturating_add(SYNC_OUT_PIECE_BYTES)
            .min(self.object.size);
        let len = end - start;
        let room = self.desk.shared.room(len).await;
        let range = (len < self.object.size).then_some(start..end);
        let read = self
            .own
            .read(self.key, range, self.object.etag.as_deref())
            .await;
        let stream = read.map_err(|fault| Trouble::of_source(SyncStage::Read, &fault))?;
        let mut body = self.desk.paced(stream, len).stream;
        let mut bytes = BytesMut::with_capacity(usize::try_from(len).unwrap_or_default());
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| broken("it could not be read to its end"))?;
            bytes.extend_from_slice(&chunk);
        }
        if bytes.len() as u64 != len {
            return Err(broken("it was changed while it was read"));
        }
        Ok((bytes.freeze(), room))
    }
}

fn broken(why: &'static str) -> Trouble {
    Trouble::lost(SyncStage::Read, why).passing()
}

fn of_write(fault: &SourceFault) -> Trouble {
    Trouble::of_sink(SyncStage::Write, fault)
}

/// Holds what the store publishes against what was sent.
fn compared(ours: SourceDigests, theirs: SourceDigests) -> Result<Checked, Trouble> {
    let md5 = ours
        .md5
        .zip(theirs.md5)
        .map(|(ours, theirs)| ours == theirs);
    let crc64 = ours
        .crc64
        .zip(theirs.crc64)
        .map(|(ours, theirs)| ours == theirs);
    match [md5, crc64] {
        [None, None] => Ok(Checked::Size),
        pair if pair.contains(&Some(false)) => {
            let why = "the destination holds other bytes than were sent";
            Err(Trouble::lost(SyncStage::Write, why).passing())
        }
        _ => Ok(Checked::Digest),
    }
}

impl Desk {
    /// The store that is written to, opened once.
    async fn sink(&self) -> Result<Arc<dyn Sink>, Trouble> {
        let stage = SyncStage::StatDestination;
        let open = async || {
            let keys = self.credentials(stage).await?;
            let sources = &self.shared.registry.sources;
            let opened = sources
                .open_to_write(&self.task.settings.source, &keys)
                .await;
            opened.map_err(|fault| Trouble::of_sink(stage, &fault))
        };
        self.sink.get_or_try_init(open).await.cloned()
    }
}
