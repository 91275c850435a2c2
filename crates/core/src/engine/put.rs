//! Storing an object from a request's body.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::model::{
    BlobId, Bucket, CallbackSpec, Etag, EventKind, Extent, Form, ObjectRecord, PayloadRef, Place,
    Replicated,
};
use crate::ports::{CallbackOutcome, CommitError};
use crate::rules::access::{Action, On, allow};
use crate::rules::lifecycle::end_of;
use crate::rules::{attributes, conditions::check_write};

use super::buckets::owner_of;
use super::callback::CallbackFacts;
use super::commit::{Also, Unwritten, VersionWrite, Written, overwritten, unmet};
use super::holding::NewBytes;
use super::ingest::{ANY_SIZE, IngestSpec, Ingested, StoredBody, Tree, ingest};
use super::rates::Use;
use super::sealing::sealed;
use super::tree::Missing;
use super::{Attributes, Body, Conditions, Cx, Engine, PutObject, PutReceipt};

impl Engine {
    /// Stores an object. Everything that can be refused without the body is refused before the body is
    /// read; what was found then is looked at again by the commit. The object stays whatever becomes
    /// of its callback.
    pub async fn put_object(
        &self,
        cx: &Cx,
        req: PutObject,
        body: Body,
    ) -> Result<PutReceipt, Error> {
        let put = self.put_along(cx, &req, body, Also::default()).await;
        put.map_err(Error::from)
    }

    /// The same, with more in the transaction that stores the object.
    pub(super) async fn put_along(
        &self,
        cx: &Cx,
        req: &PutObject,
        body: Body,
        also: Also,
    ) -> Result<PutReceipt, Unwritten> {
        attributes::check(&req.attributes)?;
        if let Some(spec) = &req.callback {
            self.check_callback(spec)?;
        }
        let bucket = self.check_early(cx, req).await?;
        let len = body.len;
        let key = req.key.as_str();
        self.take_turn(&bucket, key, Use::Write, Some(len.unwrap_or(0)))
            .await?;
        let sealing = self.new_sealing(cx, &bucket);
        self.room_for(&bucket, &req.key, body.len).await?;
        let spec = IngestSpec {
            id: BlobId {
                payload: self.ports.ids.payload(),
                n: 0,
            },
            digests: req.digests.clone(),
            size: within(req.size),
            small_max: self.small_max(sealing.as_ref()),
            tree: Tree::None,
            sealing,
        };
        let id = spec.id;
        let ingested = ingest(&self.ports, spec, body).await?;
        if len.is_none() {
            self.spend_bytes(&bucket, key, Use::Write, ingested.size)
                .await?;
        }
        let record = new_record(cx, &bucket, &req.attributes, id, &ingested);
        let write = VersionWrite {
            bucket: &req.bucket,
            key: &req.key,
            record,
            class: req.attributes.class,
            bytes: new_bytes(id, &ingested),
            kind: req.kind,
            conditions: &req.conditions,
            callback: req.callback.as_ref(),
            also,
        };
        let written = match self.write_version(cx, &write).await {
            Ok(written) => written,
            Err(Unwritten::Stale) => {
                let error = CommitError::Conflict.into();
                self.discard_refused(&write.bytes, &error).await;
                return Err(Unwritten::Stale);
            }
            Err(Unwritten::Failed(error)) => {
                self.discard_refused(&write.bytes, &error).await;
                return Err(error.into());
            }
        };
        let callback = match &req.callback {
            Some(spec) => Some(self.call_back(cx, req, spec, write.record, &written).await),
            None => None,
        };
        Ok(PutReceipt {
            stored: written.stored,
            callback,
        })
    }

    /// Refuses what the head of the request and the state of things already decide.
    async fn check_early(&self, cx: &Cx, req: &PutObject) -> Result<Arc<Bucket>, Error> {
        let (bucket, _) = self.bucket_for_change(&req.bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
        self.may_lock(cx, &bucket, &req.key, req.attributes.lock)?;
        self.branch((&bucket, &bucket.owner), &req.key, Missing::Made)
            .await?;
        if req.conditions != Conditions::default() {
            let seen = self.see_one(bucket.id, &req.key).await?;
            let current = overwritten(seen.current.as_ref());
            check_write(&req.conditions, bucket.versioning, current)
                .map_err(|kind| unmet(kind, current.is_some()))?;
        }
        Ok(bucket)
    }

    async fn call_back(
        &self,
        cx: &Cx,
        req: &PutObject,
        spec: &CallbackSpec,
        record: ObjectRecord,
        written: &Written,
    ) -> CallbackOutcome {
        let operation = match req.kind {
            EventKind::CreatedPost => "PostObject",
            _ => "PutObject",
        };
        let facts = CallbackFacts {
            bucket: &req.bucket,
            bucket_id: written.bucket,
            key: &req.key,
            version: written.id,
            tag: written.stored.version,
            record: &record,
            operation,
        };
        self.run_callback(cx, spec, facts).await
    }

    /// Removes a blob whose version was refused. Not after `Unavailable`: the commit may have passed.
    /// A blob that stays is found by the sweep.
    pub(super) async fn discard_refused(&self, bytes: &NewBytes, why: &Error) {
        if let (NewBytes::Hot(payload), true) = (bytes, why.kind() != ErrorKind::Unavailable) {
            let blob = BlobId {
                payload: *payload,
                n: 0,
            };
            // Failing is no harm: the sweep finds what is left.
            drop(self.ports.blobs.delete(blob).await);
        }
    }
}

/// The lengths that a form's policy allows, as far as any body may have them.
fn within(policy: Option<(u64, u64)>) -> (u64, u64) {
    let (_, most) = ANY_SIZE;
    policy.map_or(ANY_SIZE, |(least, allowed)| (least, allowed.min(most)))
}

/// The record of an object whose body was taken in.
pub(super) fn new_record(
    cx: &Cx,
    bucket: &Bucket,
    attributes: &Attributes,
    id: BlobId,
    ingested: &Ingested,
) -> ObjectRecord {
    let attributes = attributes.clone();
    ObjectRecord {
        size: ingested.size,
        etag: Etag::Md5(ingested.md5),
        checksums: ingested.checksums,
        payload: new_payload(id, ingested),
        headers: attributes.headers,
        user_meta: attributes.user_meta,
        tags: attributes.tags,
        class: attributes.class.unwrap_or(bucket.default_class),
        upload: None,
        owner: owner_of(cx, bucket),
        acl: attributes.acl,
        form: Form::Normal,
        restore: None,
        seal: ingested.seal(),
        expires_at: attributes.expires_days.map(|days| end_of(cx.at, days)),
        lock: attributes.lock,
        replicated: Replicated::No,
        nanos: 0,
    }
}

/// Where a body's bytes are.
pub(super) fn new_payload(id: BlobId, ingested: &Ingested) -> PayloadRef {
    let extent = |at| PayloadRef::One {
        id: id.payload,
        extent: Extent {
            at,
            offset: 0,
            len: ingested.size,
        },
    };
    match &ingested.body {
        StoredBody::Empty => PayloadRef::Empty,
        StoredBody::Small(_) => extent(Place::Meta(id)),
        StoredBody::Blob(blob) => extent(Place::Hot(*blob)),
    }
}

/// Where a body's bytes come from.
pub(super) fn new_bytes(id: BlobId, ingested: &Ingested) -> NewBytes {
    match &ingested.body {
        StoredBody::Empty => NewBytes::None,
        StoredBody::Small(bytes) => NewBytes::Small(id, sealed(id, bytes, ingested.key())),
        StoredBody::Blob(blob) => NewBytes::Hot(blob.payload),
    }
}
