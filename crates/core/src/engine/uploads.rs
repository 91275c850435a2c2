//! Multipart uploads: begin, find, abort. Parts are in `parts`, the end that makes an object in
//! `complete`.
//!
//! An upload is open while its record says so; every part expects that record's revision. The payload
//! it writes under is `Open` from the start, so nothing of it is ever swept. Complete makes the
//! payload `Live`, Abort `Dropping`; both remove the upload's record and leave rows and unused blobs
//! to `PurgeParts`, which is part of the same transaction.

use super::buckets::now;
use super::commit::{overwritten, unmet};
use super::{BegunUpload, Conditions, CreateUpload, Cx, Engine, UploadTarget};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{Bucket, ObjectKey, UploadId};
use crate::ports::{CommitError, Expect, Key, Revision, Txn, Write};
use crate::records::{
    PayloadRecord, PayloadState, UploadRecord, UploadState, WorkKind, decode, encode, keys,
};
use crate::rules::access::{Action, On, allow};
use crate::rules::{attributes, checksum::check_form, conditions::check_write};
use crate::work;

/// An upload as it was read.
#[derive(Clone, Debug)]
pub(crate) struct FoundUpload {
    /// Where its record is.
    pub(crate) at: Key,
    /// State of the record.
    pub(crate) revision: Revision,
    /// The upload.
    pub(crate) record: UploadRecord,
}

impl FoundUpload {
    /// That nobody has changed it since.
    pub(crate) fn unchanged(&self) -> Expect {
        Expect::Revision(self.at.clone(), self.revision)
    }

    /// Where parts have to come in order, the write that notes that this one came: `PartNotSequential`
    /// unless it is the next, or the last one again.
    pub(crate) fn followed_by(&self, number: u16) -> Result<Option<Write>, Error> {
        let Some(last) = self.record.last_part.filter(|last| *last != number) else {
            return Ok(None);
        };
        let next = last.saturating_add(1);
        if number != next {
            let message = format!("parts of this upload come in order; part {next} is next");
            return Err(Error::new(ErrorKind::PartNotSequential, message));
        }
        let record = UploadRecord {
            last_part: Some(next),
            ..self.record.clone()
        };
        Ok(Some(Write::Put(self.at.clone(), encode(&record))))
    }

    /// The write that puts it into another state.
    pub(crate) fn turned(&self, state: UploadState) -> Write {
        let record = UploadRecord {
            state,
            ..self.record.clone()
        };
        Write::Put(self.at.clone(), encode(&record))
    }
}

impl Engine {
    /// Begins an upload: `NoSuchBucket`, `Denied`, `InvalidArgument` for attributes beyond their
    /// limits and checksums that no object can get, `ObjectExists` or `PreconditionFailed` for conditions that do not hold.
    pub async fn create_upload(&self, cx: &Cx, req: CreateUpload) -> Result<BegunUpload, Error> {
        attributes::check(&req.attributes)?;
        req.checksum.map_or(Ok(()), check_form)?;
        for tried in 0..limits::CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&req.bucket).await?;
            allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
            self.may_lock(cx, &bucket, &req.key, req.attributes.lock)?;
            self.take_write(tried, &bucket, &req.key).await?;
            if req.conditions != Conditions::default() {
                let seen = self.see_one(bucket.id, &req.key).await?;
                let current = overwritten(seen.current.as_ref());
                check_write(&req.conditions, bucket.versioning, current)
                    .map_err(|kind| unmet(kind, current.is_some()))?;
            }
            let upload = self.ports.ids.upload();
            let record = self.new_upload(cx, &bucket, &req);
            let encryption = record.seal.as_ref().map(|seal| seal.encryption.clone());
            let txn = beginning((&bucket, revision), &req.key, upload, &record);
            if self.commit_one(txn).await? {
                return Ok(BegunUpload { upload, encryption });
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Gives an upload up, also one whose Complete was cut short: `NoSuchUpload` when it has ended or
    /// never was.
    pub async fn abort_upload(&self, cx: &Cx, target: &UploadTarget) -> Result<(), Error> {
        for tried in 0..limits::CONFLICT_RETRIES_MAX {
            let (bucket, _) = self.bucket_for_change(&target.bucket).await?;
            allow(cx, &bucket, Action::AbortUpload, On::Key(&target.key))?;
            self.take_write(tried, &bucket, &target.key).await?;
            let found = self.find_upload(&bucket, target).await?;
            let found = found.ok_or_else(no_such_upload)?;
            let ending = self.ending(&bucket, target, &found);
            if self.commit_one(ending).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// The transaction that gives an upload up.
    pub(super) fn ending(
        &self,
        bucket: &Bucket,
        target: &UploadTarget,
        found: &FoundUpload,
    ) -> Txn {
        let payload = keys::payload(target.upload.payload());
        let mut write = vec![
            Write::Delete(found.at.clone()),
            Write::Put(payload, payload_in(PayloadState::Dropping)),
        ];
        write.extend(self.purge_parts(bucket, target));
        now(vec![found.unchanged()], write)
    }

    /// Reads an upload; `None` when it has ended or never was.
    pub(crate) async fn find_upload(
        &self,
        bucket: &Bucket,
        target: &UploadTarget,
    ) -> Result<Option<FoundUpload>, Error> {
        let at = keys::upload(bucket.id, &target.key, target.upload);
        let mut found = self.ports.meta.get_many(std::slice::from_ref(&at)).await?;
        let Some(stored) = found.pop().flatten() else {
            return Ok(None);
        };
        Ok(Some(FoundUpload {
            at,
            revision: stored.revision,
            record: decode(&stored.bytes)?,
        }))
    }

    /// Reads an upload that takes parts: `NoSuchUpload`, or `Busy` while it is being completed.
    pub(crate) async fn open_upload(
        &self,
        bucket: &Bucket,
        target: &UploadTarget,
    ) -> Result<FoundUpload, Error> {
        let found = self.find_upload(bucket, target).await?;
        let found = found.ok_or_else(no_such_upload)?;
        match found.record.state {
            UploadState::Open => Ok(found),
            UploadState::Completing => Err(Error::new(
                ErrorKind::Busy,
                "the upload is being completed; complete it again, or abort it and begin anew",
            )),
        }
    }

    /// Writes that put the work which removes what an ended upload leaves behind.
    pub(crate) fn purge_parts(&self, bucket: &Bucket, target: &UploadTarget) -> [Write; 2] {
        let now = self.ports.clock.now();
        let kind = WorkKind::PurgeParts {
            bucket: bucket.id,
            key: target.key.clone(),
            upload: target.upload,
        };
        work::put(&*self.ports.ids, kind, now, now)
    }

    pub(super) fn new_upload(&self, cx: &Cx, bucket: &Bucket, req: &CreateUpload) -> UploadRecord {
        let attributes = req.attributes.clone();
        UploadRecord {
            state: UploadState::Open,
            created_at: self.ports.clock.now(),
            owner: cx.principal.clone(),
            headers: attributes.headers,
            user_meta: attributes.user_meta,
            tags: attributes.tags,
            class: attributes.class.unwrap_or(bucket.default_class),
            acl: attributes.acl,
            last_part: req.sequential.then_some(0),
            checksum: req.checksum,
            seal: self.new_sealing(cx, bucket).map(|sealing| sealing.seal),
            expires_days: attributes.expires_days,
            lock: attributes.lock,
        }
    }
}

/// The transaction that begins an upload.
pub(super) fn beginning(
    (bucket, revision): (&Bucket, Revision),
    key: &ObjectKey,
    upload: UploadId,
    record: &UploadRecord,
) -> Txn {
    let at = keys::upload(bucket.id, key, upload);
    let payload = keys::payload(upload.payload());
    now(
        vec![
            Expect::Revision(keys::bucket(&bucket.name), revision),
            Expect::Absent(at.clone()),
            Expect::Absent(payload.clone()),
        ],
        vec![
            Write::Put(at, encode(record)),
            Write::Put(payload, payload_in(PayloadState::Open)),
        ],
    )
}

/// The record of a payload in a state.
pub(crate) fn payload_in(state: PayloadState) -> bytes::Bytes {
    encode(&PayloadRecord { state })
}

/// There is no open upload of that id under that key.
pub(crate) fn no_such_upload() -> Error {
    Error::new(
        ErrorKind::NoSuchUpload,
        "there is no such upload; it was completed, aborted or never begun",
    )
}
