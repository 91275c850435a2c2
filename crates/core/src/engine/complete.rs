//! Completing an upload: the fence, the check, the one commit that makes the object visible.
//!
//! A fence (`Open` to `Completing`) comes first, so that no part changes under the check; a check that
//! fails opens the upload again, and a crash leaves the fence for the next Complete or Abort, which
//! goes on from there. The commit expects the upload as it was fenced and removes it: of two Completes
//! one wins. The version remembers its upload, so the other, or a repeated Complete, finds the version
//! and answers the same. The callback is not made again then.

use bytes::Bytes;

use super::buckets::now;
use super::callback::CallbackFacts;
use super::commit::{Also, Unwritten, VersionWrite, Written};
use super::holding::NewBytes;
use super::uploads::{FoundUpload, no_such_upload, payload_in};
use super::walk::Walk;
use super::{CompleteReceipt, CompleteUpload, Cx, Engine, NewVersion, UploadTarget};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{
    Bucket, EventKind, Extent, Form, ObjectRecord, ObjectVersion, PayloadId, PayloadRef, Replicated,
};
use crate::ports::{CommitError, Record, StoreError, Write};
use crate::records::{PartRecord, PayloadState, UploadState, decode, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::attributes::check_acl;
use crate::rules::complete::{Assembled, assemble, check_meant};
use crate::rules::lifecycle::end_of;
use crate::rules::version;

impl Engine {
    /// Makes an object of an upload's parts: `NoSuchUpload`, errors of [`assemble`], of
    /// [`check_meant`] and of a write, such as `PreconditionFailed`. Repeating a Complete answers what the first one did while that
    /// version exists.
    pub async fn complete_upload(
        &self,
        cx: &Cx,
        req: CompleteUpload,
    ) -> Result<CompleteReceipt, Error> {
        req.acl.as_ref().map_or(Ok(()), check_acl)?;
        if let Some(spec) = &req.callback {
            self.check_callback(spec)?;
        }
        let UploadTarget { bucket, key, .. } = &req.target;
        let (bucket, _) = self.bucket_for_change(bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(key))?;
        self.take_write(0, &bucket, key).await?;
        for _ in 0..limits::CONFLICT_RETRIES_MAX {
            match self.complete_once(cx, &req, Also::default()).await {
                Ok(receipt) => return Ok(receipt),
                Err(Unwritten::Stale) => {}
                Err(Unwritten::Failed(error)) => return Err(error),
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Completes an upload in a transaction that has further parts; `Stale` when something changed
    /// meanwhile, the expectations of those parts included.
    pub(super) async fn complete_once(
        &self,
        cx: &Cx,
        req: &CompleteUpload,
        also: Also,
    ) -> Result<CompleteReceipt, Unwritten> {
        let (bucket, _) = self.bucket_for_change(&req.target.bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(&req.target.key))?;
        let Some(upload) = self.find_upload(&bucket, &req.target).await? else {
            return Ok(self.completed_before(&bucket, &req.target).await?);
        };
        let fenced = self.fence(&bucket, &req.target, upload).await?;
        let fenced = fenced.ok_or(Unwritten::Stale)?;
        match self.complete_fenced(cx, &bucket, req, &fenced, also).await {
            Err(Unwritten::Failed(error)) => {
                // When the upload ended meanwhile its parts may have been gone already: whoever
                // asks is told what became of it, not what its remains looked like. But when the
                // answer of the commit is missing, that is the answer.
                if error.kind() == ErrorKind::Unavailable {
                    // Whether it is open again is for the next Complete or Abort to find.
                    let _reopened = self.reopen(&fenced).await;
                    return Err(error.into());
                }
                match self.reopen(&fenced).await {
                    Ok(true) => Err(error.into()),
                    Ok(false) => Err(Unwritten::Stale),
                    // Whether the parts are to blame cannot be told.
                    Err(unknown) => Err(unknown.into()),
                }
            }
            outcome => outcome,
        }
    }

    /// Keeps parts from changing; `None` when the upload changed meanwhile. An upload that is fenced
    /// already, by another Complete or before a crash, stays as it is.
    async fn fence(
        &self,
        bucket: &Bucket,
        target: &UploadTarget,
        upload: FoundUpload,
    ) -> Result<Option<FoundUpload>, Error> {
        if upload.record.state == UploadState::Completing {
            return Ok(Some(upload));
        }
        if !self.turn(&upload, UploadState::Completing).await? {
            return Ok(None);
        }
        let fenced = self.find_upload(bucket, target).await?;
        Ok(fenced.filter(|upload| upload.record.state == UploadState::Completing))
    }

    /// Lets parts come again. `false` when the upload is not as it was fenced any more. When this
    /// fails the upload stays fenced, as after a crash, and the next Complete or Abort goes on.
    async fn reopen(&self, fenced: &FoundUpload) -> Result<bool, Error> {
        self.turn(fenced, UploadState::Open).await
    }

    async fn turn(&self, upload: &FoundUpload, state: UploadState) -> Result<bool, Error> {
        let txn = now(vec![upload.unchanged()], vec![upload.turned(state)]);
        self.commit_one(txn).await
    }

    async fn complete_fenced(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        req: &CompleteUpload,
        fenced: &FoundUpload,
        mut also: Also,
    ) -> Result<CompleteReceipt, Unwritten> {
        let stored = self.all_parts(&req.target).await?;
        let form = fenced.record.checksum;
        let made = assemble(&stored, req.parts.as_deref(), req.part_bytes_min, form)?;
        check_meant(&made, req.checksum, req.size)?;
        let payload = req.target.upload.payload();
        let record = object_of((cx, bucket), req, fenced, &made);
        also.expect.push(fenced.unchanged());
        also.write.push(Write::Delete(fenced.at.clone()));
        also.write.extend(manifest(payload, &made.extents));
        also.write.extend(self.purge_parts(bucket, &req.target));
        let bytes = if made.extents.is_empty() {
            let unused = payload_in(PayloadState::Dropping);
            also.write.push(Write::Put(keys::payload(payload), unused));
            NewBytes::None
        } else {
            NewBytes::Upload(payload)
        };
        let w = VersionWrite {
            bucket: &req.target.bucket,
            key: &req.target.key,
            class: Some(record.class),
            record,
            bytes,
            kind: EventKind::CreatedComplete,
            conditions: &req.conditions,
            callback: req.callback.as_ref(),
            also,
        };
        let written = self.write_version(cx, &w).await?;
        let callback = match &req.callback {
            Some(spec) => {
                let facts = facts(&w, &written);
                Some(self.run_callback(cx, spec, facts).await)
            }
            None => None,
        };
        Ok(CompleteReceipt {
            stored: written.stored,
            parts: made.parts,
            callback,
        })
    }

    /// All parts of an upload, ascending; the fence keeps them as they are.
    pub(super) async fn all_parts(
        &self,
        target: &UploadTarget,
    ) -> Result<Vec<(u32, PartRecord)>, Error> {
        let rows = Walk::over(keys::parts_range(target.upload));
        let rows = rows.all(&*self.ports.meta).await?;
        let part = |(key, stored): (Bytes, Record)| {
            let number = keys::number_of_part(&key)
                .ok_or_else(|| StoreError::Damaged("key of a part".into()))?;
            Ok((u32::from(number), decode(&stored.bytes)?))
        };
        rows.into_iter().map(part).collect()
    }

    /// Answers with the version that an earlier Complete of this upload made.
    async fn completed_before(
        &self,
        bucket: &Bucket,
        target: &UploadTarget,
    ) -> Result<CompleteReceipt, Error> {
        let made = self.version_of_upload(bucket, target).await?;
        let made = made.ok_or_else(no_such_upload)?;
        let record = made.object().ok_or_else(no_such_upload)?;
        Ok(CompleteReceipt {
            stored: NewVersion {
                etag: record.etag.clone(),
                crc64: record.checksums.crc64,
                further: record.checksums.further,
                size: record.size,
                version: version::tag(bucket, &made),
                written_at: made.written_at,
                encryption: record.encryption().cloned(),
            },
            parts: Vec::new(),
            callback: None,
        })
    }

    async fn version_of_upload(
        &self,
        bucket: &Bucket,
        target: &UploadTarget,
    ) -> Result<Option<ObjectVersion>, Error> {
        let made_by = |version: &ObjectVersion| {
            let record = version.object();
            record.is_some_and(|record| record.upload == Some(target.upload))
        };
        let seen = self.see_one(bucket.id, &target.key).await?;
        let current = seen.current.map(|current| current.version);
        if let Some(found) = current.filter(made_by) {
            return Ok(Some(found));
        }
        let mut older = Walk::over(keys::version_range(bucket.id, &target.key));
        while let Some(rows) = older.page(&*self.ports.meta).await? {
            for (_, stored) in rows {
                let version: ObjectVersion = decode(&stored.bytes)?;
                if made_by(&version) {
                    return Ok(Some(version));
                }
            }
        }
        Ok(None)
    }
}

/// The object an upload becomes.
fn object_of(
    (cx, bucket): (&Cx, &Bucket),
    req: &CompleteUpload,
    upload: &FoundUpload,
    made: &Assembled,
) -> ObjectRecord {
    let target = &req.target;
    let payload = target.upload.payload();
    let begun = upload.record.clone();
    // Whoever completes it: the object belongs to who began it.
    let owner = begun.owner.account().unwrap_or(&bucket.owner).clone();
    ObjectRecord {
        size: made.size,
        etag: made.etag.clone(),
        checksums: made.checksums,
        payload: match made.extents.as_slice() {
            [] => PayloadRef::Empty,
            [extent] => PayloadRef::One {
                id: payload,
                extent: *extent,
            },
            many => PayloadRef::Manifest {
                id: payload,
                extents: u32::try_from(many.len()).expect("at most one extent a part"),
            },
        },
        headers: begun.headers,
        user_meta: begun.user_meta,
        tags: begun.tags,
        class: begun.class,
        upload: Some(target.upload),
        owner,
        acl: req.acl.clone().or(begun.acl),
        form: Form::Normal,
        restore: None,
        seal: begun.seal,
        expires_at: begun.expires_days.map(|days| end_of(cx.at, days)),
        lock: begun.lock,
        replicated: Replicated::No,
        nanos: 0,
    }
}

/// Rows that name the extents in use. Also written for a single extent, which stands in the object's
/// record too: they tell `PurgeParts` what to keep, wherever the versions that hold the payload are.
pub(super) fn manifest(payload: PayloadId, extents: &[Extent]) -> impl Iterator<Item = Write> {
    let rows = extents.chunks(limits::EXTENTS_PER_ROW);
    (0..)
        .zip(rows)
        .map(move |(row, extents)| Write::Put(keys::extents(payload, row), encode(&extents)))
}

fn facts<'a>(w: &'a VersionWrite<'_>, written: &Written) -> CallbackFacts<'a> {
    CallbackFacts {
        bucket: w.bucket,
        bucket_id: written.bucket,
        key: w.key,
        version: written.id,
        tag: written.stored.version,
        record: &w.record,
        operation: "CompleteMultipartUpload",
    }
}
