//! Appending a piece to an object.
//!
//! The current version changes in place, whether or not the bucket keeps versions: no version, one
//! event. A piece that does not travel in the commit is a payload of its own, which only the manifest of
//! the object knows: it is found by the sweep while no commit adopted it, as any body is, and goes when
//! the object's payload goes. A commit that is repeated after its answer was lost meets its own first
//! attempt and is told the new length.

use bytes::{Bytes, BytesMut};

use super::commit::{Also, Unwritten, VersionWrite, bare_event, overwritten, unmet};
use super::holding::{Holding, NewBytes};
use super::ingest::{ANY_SIZE, IngestSpec, Ingested, StoredBody, Tree, ingest, next};
use super::key::{Seen, let_go};
use super::put::{new_bytes, new_payload, new_record};
use super::rates::Use;
use super::read::refusal_of;
use super::sealing::{create_blob, sealed, wanted};
use super::{AppendObject, Body, Conditions, Cx, ETagMatch, Engine, NewVersion};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{
    BlobId, Bucket, BucketId, Checksums, Event, EventKind, Extent, Form, ObjectKey, ObjectRecord,
    ObjectVersion, PayloadId, PayloadRef, Place, VersionId, VersionKind,
};
use crate::ports::{CommitError, Expect, Revision, StoreError, Write};
use crate::records::{CurrentRecord, PayloadRecord, PayloadState, WorkKind, decode, encode, keys};
use crate::rules::access::{Action, On, Permit, allow};
use crate::rules::append::{Held, Layout, Piece, etag, grown, layout, onto};
use crate::rules::cipher::DataKey;
use crate::rules::conditions::check_write;
use crate::rules::restore::check_readable;
use crate::rules::{attributes, replication, retention, version};
use crate::work;

/// A piece that was taken in, and the blob it may be in.
struct Taken {
    id: BlobId,
    ingested: Ingested,
}

/// The last row of a manifest, or what is to be its first.
struct Tail {
    id: PayloadId,
    /// Extents of the whole manifest.
    count: u32,
    row: Vec<Extent>,
}

impl Engine {
    /// Appends a piece to an object, or creates an appendable object where there is none and `position`
    /// is 0. `NotAppendable`, `PositionMismatch` (before the body is read, if that is known then),
    /// `TooLarge`, and what can be wrong with a body. Who modifies an object: `MethodNotAllowed` in a flat
    /// bucket, `NoSuchKey`, `PreconditionFailed`, `NotRestored`; what was written as a whole gets its bytes to
    /// itself with the first piece, and grows from then on.
    pub async fn append_object(
        &self,
        cx: &Cx,
        req: AppendObject,
        body: Body,
    ) -> Result<NewVersion, Error> {
        attributes::check(&req.attributes)?;
        let (bucket, _) = self.bucket_for_change(&req.bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
        let (len, key) = (body.len, req.key.as_str());
        self.take_turn(&bucket, key, Use::Write, Some(len.unwrap_or(0)))
            .await?;
        if req.modifies && !bucket.is_hierarchical() {
            return Err(Error::new(
                ErrorKind::MethodNotAllowed,
                "objects of flat buckets are not modified; append to one that was made by appending",
            ));
        }
        let seen = self.see_one(bucket.id, &req.key).await?;
        let there = taking(cx, &bucket, &req, &seen)?;
        let sealing = match there {
            Some(there) => self.sealing_of(there.seal.as_ref(), cx.encrypting.key.as_ref())?,
            None => self.new_sealing(cx, &bucket),
        };
        self.room_for(&bucket, &req.key, body.len).await?;
        let id = BlobId {
            payload: self.ports.ids.payload(),
            n: 0,
        };
        let spec = IngestSpec {
            id,
            digests: req.digests.clone(),
            size: ANY_SIZE,
            small_max: self.small_max(sealing.as_ref()),
            tree: Tree::None,
            sealing,
        };
        let ingested = ingest(&self.ports, spec, body).await?;
        if len.is_none() {
            self.spend_bytes(&bucket, key, Use::Write, ingested.size)
                .await?;
        }
        let taken = Taken { id, ingested };
        let outcome = self.append_taken(cx, &req, &taken).await;
        if let Err(error) = &outcome {
            let bytes = new_bytes(id, &taken.ingested);
            self.discard_refused(&bytes, error).await;
        }
        outcome
    }

    async fn append_taken(
        &self,
        cx: &Cx,
        req: &AppendObject,
        taken: &Taken,
    ) -> Result<NewVersion, Error> {
        for _ in 0..limits::CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&req.bucket).await?;
            let permit = allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
            let pass = self.gates.enter(&req.bucket, [&req.key]).await;
            let seen = self.see_one(bucket.id, &req.key).await?;
            let stored = if taking(cx, &bucket, req, &seen)?.is_some() {
                let at = (&*bucket, revision);
                self.append_next(cx, (permit, at), req, &seen, taken)
                    .await?
            } else {
                drop(pass);
                self.append_first(cx, &bucket, req, taken).await?
            };
            if let Some(stored) = stored {
                return Ok(stored);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Creates the object; `None` when somebody else just did, or removed the one that the piece was taken for.
    async fn append_first(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        req: &AppendObject,
        Taken { id, ingested }: &Taken,
    ) -> Result<Option<NewVersion>, Error> {
        if ingested.seal().map(|seal| seal.encryption) != wanted(cx, bucket) {
            // It is sealed as that one was, which is not how this one has to be.
            return Ok(None);
        }
        let record = ObjectRecord {
            etag: etag(None, &piece(ingested)),
            checksums: Checksums {
                further: None,
                ..ingested.checksums
            },
            form: Form::Appendable,
            ..new_record(cx, bucket, &req.attributes, *id, ingested)
        };
        let nothing_there = Conditions {
            if_none_match: Some(ETagMatch::Any),
            ..Conditions::default()
        };
        let write = VersionWrite {
            bucket: &req.bucket,
            key: &req.key,
            record,
            class: req.attributes.class,
            bytes: new_bytes(*id, ingested),
            kind: EventKind::CreatedAppend,
            conditions: &nothing_there,
            callback: None,
            also: Also::default(),
        };
        match self.write_version(cx, &write).await {
            Ok(written) => Ok(Some(written.stored)),
            Err(Unwritten::Failed(error)) if error.kind() == ErrorKind::ObjectExists => Ok(None),
            Err(unwritten) => Err(unwritten.into()),
        }
    }

    /// Makes the object longer; `None` after a conflict.
    async fn append_next(
        &self,
        cx: &Cx,
        (permit, (bucket, revision)): (Permit, (&Bucket, Revision)),
        req: &AppendObject,
        seen: &Seen,
        taken: &Taken,
    ) -> Result<Option<NewVersion>, Error> {
        let Some((current, record)) = seen.current.as_ref().and_then(with_object) else {
            return Ok(None);
        };
        let now = self.ports.clock.now();
        retention::check(bucket, &current.version, None, now)?;
        if req.modifies {
            check_readable(record, bucket.reads_archive, now).map_err(refusal_of)?;
        }
        if record.seal != taken.ingested.seal() {
            // Another object came in the meantime, and the piece is sealed for the one before.
            return Ok(None);
        }
        let _room = self
            .make_room(bucket, &req.key, taken.ingested.size)
            .await?;
        let holder = (bucket.id, &req.key, current.version.id);
        let (payload, holding) = self.grow(holder, record, taken).await?;
        let mut record = grown(record, &piece(&taken.ingested), payload);
        record.replicated = replication::of_new(bucket, EventKind::CreatedAppend, &req.key);
        let after = CurrentRecord {
            version: ObjectVersion {
                written_at: now,
                kind: VersionKind::Object(Box::new(record.clone())),
                ..current.version
            },
            null_at: current.null_at,
        };
        let stored = NewVersion {
            etag: record.etag.clone(),
            crc64: record.checksums.crc64,
            further: record.checksums.further,
            size: record.size,
            version: version::tag(bucket, &after.version),
            written_at: now,
            encryption: record.encryption().cloned(),
        };
        let event = Event {
            size: stored.size,
            etag: Some(record.etag),
            ..bare_event(cx, EventKind::CreatedAppend, &req.key, stored.version, now)
        };
        let plan = version::replace(permit, bucket.versioning, after);
        let mut draft = self.draft((bucket, revision), &req.key, seen, (&plan, None), event)?;
        draft.txn.expect.extend(holding.expect);
        draft.txn.write.extend(holding.write);
        draft.txn.payloads = holding.payloads;
        let stands = self.commit_draft(bucket.id, draft).await?;
        Ok(stands.then_some(stored))
    }

    /// Where the bytes of an object and a piece are, and what it takes that they are there. A blob that
    /// is written here and whose commit fails is left to the sweep.
    async fn grow(
        &self,
        holder: (BucketId, &ObjectKey, VersionId),
        record: &ObjectRecord,
        Taken { id, ingested }: &Taken,
    ) -> Result<(PayloadRef, Holding), Error> {
        let tail = self.tail_of(&record.payload).await?;
        // Whoever was not made by appending may share its bytes with copies, which name all of their places.
        let shares = record.form != Form::Appendable;
        let held = match (&record.payload, &tail) {
            (PayloadRef::Empty, _) => Held::Nothing,
            (_, None) => Held::Small,
            (_, Some(_)) if shares => Held::Blobs(1, record.size),
            (_, Some(tail)) => Held::Blobs(tail.count, tail.row.last().map_or(0, |e| e.len)),
        };
        let key = ingested.key();
        let small_max = self.small_max(ingested.sealing.as_ref()) as u64;
        let mut holding = Holding::default();
        let payload = match layout(held, record.size, ingested.size, small_max)? {
            Layout::Same => record.payload.clone(),
            Layout::First => {
                let bytes = new_bytes(*id, ingested);
                holding = self.hold_all(holder, &bytes).await?;
                new_payload(*id, ingested)
            }
            Layout::Small => {
                let bytes = self.joined(record, (key, 0), &ingested.body).await?;
                let extent = Extent {
                    at: Place::Meta(*id),
                    offset: 0,
                    len: bytes.len() as u64,
                };
                let small = NewBytes::Small(*id, sealed(*id, &bytes, key));
                holding = self.hold_all(holder, &small).await?;
                holding.write.extend(small_dropped(&record.payload));
                PayloadRef::One {
                    id: id.payload,
                    extent,
                }
            }
            Layout::Gather => {
                let mut tail = tail.ok_or_else(no_manifest)?;
                let last = tail.row.pop().ok_or_else(no_manifest)?;
                let start = record.size.saturating_sub(last.len);
                let bytes = self.joined(record, (key, start), &ingested.body).await?;
                let (extent, adopted) = self.store_piece(bytes, key).await?;
                adopted.join(&mut holding);
                holding.write.extend(self.dropped(&last));
                tail.row.push(extent);
                tail.rewritten(&mut holding)
            }
            Layout::Next => {
                let tail = match tail {
                    Some(_) if shares => self.rewritten(holder, record, key, &mut holding).await?,
                    Some(tail) => tail,
                    None => self.unpacked(holder, record, key, &mut holding).await?,
                };
                let (extent, adopted) = match &ingested.body {
                    StoredBody::Small(bytes) => self.store_piece(bytes.clone(), key).await?,
                    StoredBody::Empty | StoredBody::Blob(_) => {
                        let extent = Extent {
                            at: Place::Hot(*id),
                            offset: 0,
                            len: ingested.size,
                        };
                        (extent, Adopted(id.payload))
                    }
                };
                adopted.join(&mut holding);
                tail.extended(extent, &mut holding)
            }
        };
        Ok((payload, holding))
    }

    /// The last row of an object's blobs; `None` when it has none.
    async fn tail_of(&self, payload: &PayloadRef) -> Result<Option<Tail>, Error> {
        match payload {
            PayloadRef::Empty => Ok(None),
            PayloadRef::One { id, extent } => Ok(match extent.at {
                Place::Meta(_) => None,
                Place::Hot(_) => Some(Tail {
                    id: *id,
                    count: 1,
                    row: vec![*extent],
                }),
            }),
            PayloadRef::Manifest { id, extents } => {
                let at = keys::extents(*id, keys::extent_rows(*extents).saturating_sub(1));
                let row = self.get_one(at).await?;
                let row = row.ok_or_else(no_manifest)?;
                Ok(Some(Tail {
                    id: *id,
                    count: *extents,
                    row: decode(&row.bytes)?,
                }))
            }
        }
    }

    /// Moves the bytes of a small object into a blob, the first of a manifest.
    async fn unpacked(
        &self,
        holder: (BucketId, &ObjectKey, VersionId),
        record: &ObjectRecord,
        key: Option<&DataKey>,
        holding: &mut Holding,
    ) -> Result<Tail, Error> {
        let bytes = self.joined(record, (key, 0), &StoredBody::Empty).await?;
        let (extent, Adopted(id)) = self.store_piece(bytes, key).await?;
        *holding = self.hold_all(holder, &NewBytes::Hot(id)).await?;
        holding.write.extend(small_dropped(&record.payload));
        Ok(Tail {
            id,
            count: 1,
            row: vec![extent],
        })
    }

    /// Copies the bytes of an object that others may hold too into a blob of its own, the first of a manifest.
    async fn rewritten(
        &self,
        (bucket, key, version): (BucketId, &ObjectKey, VersionId),
        record: &ObjectRecord,
        data_key: Option<&DataKey>,
        holding: &mut Holding,
    ) -> Result<Tail, Error> {
        if record.size > limits::BODY_BYTES_MAX {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "an object of more than 5 GiB that was not made by appending does not grow",
            ));
        }
        let id = self.ports.ids.payload();
        let blob = BlobId { payload: id, n: 0 };
        let mut stream = self.open_payload(&record.payload, data_key, 0..record.size);
        let mut writer = create_blob(&self.ports, blob, Some(record.size), data_key).await?;
        while let Some(chunk) = next(&mut stream).await {
            writer.write(chunk?).await?;
        }
        writer.finish().await?;
        *holding = self
            .hold_all((bucket, key, version), &NewBytes::Hot(id))
            .await?;
        if let PayloadRef::One { id: old, .. } | PayloadRef::Manifest { id: old, .. } =
            record.payload
        {
            let holder = keys::payload_ref(old, bucket, key, version);
            let gone = let_go(&*self.ports.ids, old, holder, self.ports.clock.now());
            holding.write.extend(gone);
        }
        let extent = Extent {
            at: Place::Hot(blob),
            offset: 0,
            len: record.size,
        };
        Ok(Tail {
            id,
            count: 1,
            row: vec![extent],
        })
    }

    async fn hold_all(
        &self,
        (bucket, key, version): (BucketId, &ObjectKey, VersionId),
        bytes: &NewBytes,
    ) -> Result<Holding, Error> {
        let holding = self.hold(bucket, key, version, bytes).await;
        holding.map_err(Error::from)
    }

    /// The bytes of an object from `start` on, and a small piece behind them.
    async fn joined(
        &self,
        record: &ObjectRecord,
        (key, start): (Option<&DataKey>, u64),
        piece: &StoredBody,
    ) -> Result<Bytes, Error> {
        let mut stream = self.open_payload(&record.payload, key, start..record.size);
        let mut bytes = BytesMut::new();
        while let Some(chunk) = next(&mut stream).await {
            bytes.extend_from_slice(&chunk?);
        }
        if let StoredBody::Small(piece) = piece {
            bytes.extend_from_slice(piece);
        }
        Ok(bytes.freeze())
    }

    /// Stores bytes as a blob of a payload that nobody knows yet.
    async fn store_piece(
        &self,
        bytes: Bytes,
        key: Option<&DataKey>,
    ) -> Result<(Extent, Adopted), Error> {
        let payload = self.ports.ids.payload();
        let (blob, len) = (BlobId { payload, n: 0 }, bytes.len() as u64);
        let mut writer = create_blob(&self.ports, blob, Some(len), key).await?;
        writer.write(bytes).await?;
        writer.finish().await?;
        let extent = Extent {
            at: Place::Hot(blob),
            offset: 0,
            len,
        };
        Ok((extent, Adopted(payload)))
    }

    /// Writes that have a piece removed that the manifest does not name any more.
    fn dropped(&self, extent: &Extent) -> Vec<Write> {
        let (Place::Hot(blob) | Place::Meta(blob)) = extent.at;
        let kind = WorkKind::DropPayload {
            payload: blob.payload,
        };
        let now = self.ports.clock.now();
        let due = now.plus(limits::DROP_GRACE);
        work::put(&*self.ports.ids, kind, due, now).into()
    }
}

/// The payload of a piece, which its manifest holds.
struct Adopted(PayloadId);

impl Adopted {
    fn join(self, holding: &mut Holding) {
        let at = keys::payload(self.0);
        let live = PayloadRecord {
            state: PayloadState::Live,
        };
        holding.expect.push(Expect::Absent(at.clone()));
        holding.write.push(Write::Put(at, encode(&live)));
    }
}

impl Tail {
    /// The manifest with its last row as it is now.
    fn rewritten(self, holding: &mut Holding) -> PayloadRef {
        let row = keys::extent_rows(self.count).saturating_sub(1);
        let at = keys::extents(self.id, row);
        holding.write.push(Write::Put(at, encode(&self.row)));
        PayloadRef::Manifest {
            id: self.id,
            extents: self.count,
        }
    }

    /// The manifest with an extent more.
    fn extended(mut self, extent: Extent, holding: &mut Holding) -> PayloadRef {
        if self.row.len() == limits::EXTENTS_PER_ROW {
            self.row.clear();
        }
        self.row.push(extent);
        self.count = self.count.saturating_add(1);
        self.rewritten(holding)
    }
}

fn piece(ingested: &Ingested) -> Piece {
    Piece {
        size: ingested.size,
        md5: ingested.md5,
        crc64: ingested.checksums.crc64,
    }
}

/// The object that a piece is appended to, if it is as the request believes.
fn taking<'a>(
    cx: &Cx,
    bucket: &Bucket,
    req: &AppendObject,
    seen: &'a Seen,
) -> Result<Option<&'a ObjectRecord>, Error> {
    let there = overwritten(seen.current.as_ref());
    if req.modifies && there.is_none() {
        allow(cx, bucket, Action::ListObjects, On::Bucket)?;
    }
    let found = onto(current_version(seen), req.position, req.modifies)?;
    let conditions = Conditions {
        if_match: req.if_match.clone(),
        ..Conditions::default()
    };
    check_write(&conditions, bucket.versioning, there)
        .map_err(|kind| unmet(kind, there.is_some()))?;
    Ok(found)
}

fn current_version(seen: &Seen) -> Option<&ObjectVersion> {
    seen.current.as_ref().map(|current| &current.version)
}

fn with_object(current: &CurrentRecord) -> Option<(&CurrentRecord, &ObjectRecord)> {
    Some((current, current.version.object()?))
}

/// Lets go of a small body that was stored elsewhere.
fn small_dropped(payload: &PayloadRef) -> Option<Write> {
    match payload {
        PayloadRef::One { extent, .. } => match extent.at {
            Place::Meta(blob) => Some(Write::DropPayload(blob)),
            Place::Hot(_) => None,
        },
        PayloadRef::Empty | PayloadRef::Manifest { .. } => None,
    }
}

fn no_manifest() -> Error {
    StoreError::Damaged("the manifest of an object is missing".into()).into()
}
