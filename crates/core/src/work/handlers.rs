//! What each kind of work does. Every step may run twice, and a crash may fall between any two: what
//! was done is found done, never missed and never an error.

use std::collections::BTreeSet;

use crate::engine::{Engine, Walk};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{BlobId, Extent, PayloadId, Place, UploadId};
use crate::ports::{
    BlobStore, Expect, Key, KeyRange, Limit, Order, Record, Revision, Table, Txn, When, Write,
};
use crate::records::{PayloadRecord, PayloadState, WorkKind, decode, encode, keys};

use super::put;

/// What became of a piece of work, with writes that belong to the transaction which says so.
pub(super) enum Done {
    /// It is done.
    Finished(Vec<Write>),
    /// A step of it is done, and this is next, at once.
    GoesOn(Box<WorkKind>, Vec<Write>),
}

/// Does a piece of work, or a step of it.
pub(super) async fn run(engine: &Engine, kind: &WorkKind) -> Result<Done, Error> {
    let effects = match kind {
        WorkKind::DropPayload { payload } => drop_payload(engine, *payload).await,
        WorkKind::PurgeParts { upload, .. } | WorkKind::PurgeArchiveParts { upload } => {
            purge_parts(engine, *upload).await
        }
        WorkKind::RemoveBucket { bucket, name } => {
            engine.finish_bucket_removal(*bucket, name).await?;
            Ok(Vec::new())
        }
        WorkKind::Lifecycle {
            bucket,
            name,
            duty,
            step,
        } => {
            let next = engine.carry_out((*bucket, name), *duty, step).await?;
            Ok(next.map_or_else(Vec::new, |(step, due)| {
                let kind = WorkKind::Lifecycle {
                    bucket: *bucket,
                    name: name.clone(),
                    duty: *duty,
                    step,
                };
                let ports = engine.ports();
                put(&*ports.ids, kind, due, ports.clock.now()).into()
            }))
        }
        WorkKind::TellRestored(owed) => engine.tell_restored(owed).await,
        WorkKind::ForgetSync { task, bucket } => engine.forget_sync(*task, bucket).await,
        WorkKind::RunJob { vault, job, .. } => engine.run_job(*vault, *job).await,
        WorkKind::ForgetVault { vault } => engine.forget_vault(*vault).await,
        WorkKind::RunFetch { bucket, task } => engine.run_fetch(*bucket, *task).await,
        WorkKind::TakeInventory {
            bucket,
            name,
            id,
            duty,
            step,
        } => {
            let next = engine
                .take_inventory((*bucket, name), (id, *duty), step)
                .await?;
            Ok(next.map_or_else(Vec::new, |(step, due)| {
                let kind = WorkKind::TakeInventory {
                    bucket: *bucket,
                    name: name.clone(),
                    id: id.clone(),
                    duty: *duty,
                    step: Box::new(step),
                };
                let ports = engine.ports();
                put(&*ports.ids, kind, due, ports.clock.now()).into()
            }))
        }
        WorkKind::Replicate(owed) => engine.copy_owed(owed).await,
        WorkKind::ReplicateHistory {
            bucket,
            name,
            duty,
            step,
        } => {
            let next = engine.copy_history((*bucket, name), *duty, step).await?;
            return Ok(next.map_or(Done::Finished(Vec::new()), |(step, effects)| {
                let kind = WorkKind::ReplicateHistory {
                    bucket: *bucket,
                    name: name.clone(),
                    duty: *duty,
                    step,
                };
                Done::GoesOn(Box::new(kind), effects)
            }));
        }
    };
    effects.map(Done::Finished)
}

/// Notes that work is not tried any more, for those who wait for it.
pub(super) async fn give_up(engine: &Engine, kind: &WorkKind) -> Result<(), Error> {
    match kind {
        WorkKind::Replicate(owed) => engine.give_up_replica(owed).await,
        _ => Ok(()),
    }
}

/// Removes a payload that nothing holds. Once it has no holder it gets none any more: a transaction
/// that adds one expects the record of another holder. So `Live` to `Dropping` is for good, and comes
/// before any blob is touched (I2).
async fn drop_payload(engine: &Engine, payload: PayloadId) -> Result<Vec<Write>, Error> {
    let Some((state, revision)) = state_of(engine, payload).await? else {
        return Ok(Vec::new());
    };
    match state {
        PayloadState::Live if is_held(engine, payload).await? => return Ok(Vec::new()),
        PayloadState::Live => close(engine, payload, revision).await?,
        PayloadState::Dropping => {}
        PayloadState::Open | PayloadState::Doomed => return Err(unexpected(state)),
    }
    engine.drop_leaves(payload).await?;
    let blobs = &*engine.ports().blobs;
    let rows = Walk::over(keys::extents_range(payload));
    let rows = rows.all(&*engine.ports().meta).await?;
    let mut write = Vec::new();
    if rows.is_empty() {
        // Only uploads and appended objects have rows. The body of a plain PUT is one blob, found
        // without a scan.
        blobs.delete(BlobId { payload, n: 0 }).await?;
    } else {
        delete_blobs(blobs, payload, &BTreeSet::new()).await?;
        for blob in appended(payload, &rows)? {
            blobs.delete(blob).await?;
            write.push(Write::Delete(keys::payload(blob.payload)));
        }
    }
    write.extend(delete_rows(Table::Extents, rows));
    write.push(Write::Delete(keys::payload(payload)));
    Ok(write)
}

/// The blobs of a manifest that came by appending: each is a payload of its own, which nothing but this
/// manifest knows.
fn appended(payload: PayloadId, rows: &[(bytes::Bytes, Record)]) -> Result<Vec<BlobId>, Error> {
    let mut blobs = Vec::new();
    for (_, row) in rows {
        let extents: Vec<Extent> = decode(&row.bytes)?;
        blobs.extend(extents.iter().map(blob_of));
    }
    blobs.retain(|blob| blob.payload != payload);
    Ok(blobs)
}

fn blob_of(extent: &Extent) -> BlobId {
    match extent.at {
        Place::Hot(blob) | Place::Meta(blob) => blob,
    }
}

/// Removes what an ended upload leaves: all its blobs after an abort, those that the object does not
/// use after a Complete, and the rows of its parts.
async fn purge_parts(engine: &Engine, upload: UploadId) -> Result<Vec<Write>, Error> {
    let payload = upload.payload();
    let (state, used) = state_and_use(engine, payload).await?;
    if state == Some(PayloadState::Dropping) {
        engine.drop_leaves(payload).await?;
    }
    let mut write = match state {
        Some(PayloadState::Live) if used.is_empty() => {
            let message = "the manifest of a completed upload is missing; check the store";
            return Err(Error::new(ErrorKind::Internal, message));
        }
        Some(state @ (PayloadState::Open | PayloadState::Doomed)) => return Err(unexpected(state)),
        Some(PayloadState::Dropping) if used.is_empty() => {
            vec![Write::Delete(keys::payload(payload))]
        }
        // Whoever drops the object's payload removes its record, together with its manifest.
        Some(PayloadState::Live | PayloadState::Dropping) | None => Vec::new(),
    };
    let keep = match state {
        Some(PayloadState::Live) => used,
        _ => BTreeSet::new(),
    };
    delete_blobs(&*engine.ports().blobs, payload, &keep).await?;
    let parts = Walk::over(keys::parts_range(upload));
    let parts = parts.all(&*engine.ports().meta).await?;
    write.extend(delete_rows(Table::Parts, parts));
    Ok(write)
}

async fn state_of(
    engine: &Engine,
    payload: PayloadId,
) -> Result<Option<(PayloadState, Revision)>, Error> {
    let at = keys::payload(payload);
    let mut found = engine.ports().meta.get_many(&[at]).await?;
    let Some(stored) = found.pop().flatten() else {
        return Ok(None);
    };
    let record: PayloadRecord = decode(&stored.bytes)?;
    Ok(Some((record.state, stored.revision)))
}

/// A payload's state and the blobs its manifest names, of one snapshot: they go together.
pub(super) async fn state_and_use(
    engine: &Engine,
    payload: PayloadId,
) -> Result<(Option<PayloadState>, BTreeSet<BlobId>), Error> {
    let rows = (0..keys::extent_rows(limits::PARTS_MAX)).map(|row| keys::extents(payload, row));
    let at: Vec<Key> = std::iter::once(keys::payload(payload))
        .chain(rows)
        .collect();
    let mut found = engine.ports().meta.get_many(&at).await?.into_iter();
    let state = match found.next().flatten() {
        Some(stored) => Some(decode::<PayloadRecord>(&stored.bytes)?.state),
        None => None,
    };
    let mut used = BTreeSet::new();
    for stored in found.flatten() {
        let extents: Vec<Extent> = decode(&stored.bytes)?;
        used.extend(extents.iter().map(blob_of));
    }
    Ok((state, used))
}

async fn is_held(engine: &Engine, payload: PayloadId) -> Result<bool, Error> {
    let one = Limit {
        rows: 1,
        bytes: usize::MAX,
    };
    let range: [KeyRange; 1] = [keys::payload_refs_range(payload)];
    let pages = engine
        .ports()
        .meta
        .scan(&range, Order::Ascending, one)
        .await?;
    Ok(pages.iter().any(|page| !page.rows.is_empty()))
}

async fn close(engine: &Engine, payload: PayloadId, revision: Revision) -> Result<(), Error> {
    let at = keys::payload(payload);
    let record = PayloadRecord {
        state: PayloadState::Dropping,
    };
    let txn = Txn {
        when: When::Now,
        expect: vec![Expect::Revision(at.clone(), revision)],
        write: vec![Write::Put(at, encode(&record))],
        payloads: Vec::new(),
    };
    if engine.commit_one(txn).await? {
        Ok(())
    } else {
        let message = "the payload changed while it was being dropped; it is tried again";
        Err(Error::new(ErrorKind::Busy, message))
    }
}

/// Removes the blobs of a payload, but for those to keep.
async fn delete_blobs(
    blobs: &dyn BlobStore,
    payload: PayloadId,
    keep: &BTreeSet<BlobId>,
) -> Result<(), Error> {
    let mut last = BlobId { payload, n: 0 };
    if !keep.contains(&last) {
        blobs.delete(last).await?;
    }
    loop {
        let page = blobs.scan(Some(last), limits::WORK_PAGE).await?;
        let Some(end) = page.last().map(|info| info.id) else {
            return Ok(());
        };
        let ours = page.iter().map(|info| info.id);
        for blob in ours.take_while(|blob| blob.payload == payload) {
            if !keep.contains(&blob) {
                blobs.delete(blob).await?;
            }
        }
        if end.payload != payload {
            return Ok(());
        }
        last = end;
    }
}

fn delete_rows(table: Table, rows: Vec<(bytes::Bytes, Record)>) -> Vec<Write> {
    let delete = |(bytes, _)| Write::Delete(Key { table, bytes });
    rows.into_iter().map(delete).collect()
}

fn unexpected(state: PayloadState) -> Error {
    let message = format!("a payload to be dropped is {state:?}; check the store");
    Error::new(ErrorKind::Internal, message)
}
