//! Large objects: parts of an upload, each durable once it came, so that a crash costs at most one. The
//! upload and the note of it in the item begin in one transaction, and end in one.

use std::collections::BTreeSet;

use super::super::commit::Unwritten;
use super::super::ingest::check_digests;
use super::super::uploads::{beginning, no_such_upload};
use super::bring::{Bringing, Unbrought};
use crate::engine::{
    Body, CompleteUpload, CreateUpload, Engine, ExpectedDigests, PutPart, UploadTarget,
};
use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::ports::{CommitError, Expect, SourceDigests, Write};
use crate::records::{SyncItemRecord, SyncResume, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::complete::assemble;
use crate::rules::sync::{carried, expected, part_size};

impl Bringing<'_> {
    fn target(&self, resume: &SyncResume) -> UploadTarget {
        UploadTarget {
            bucket: self.task.settings.bucket.clone(),
            key: resume.key.clone(),
            upload: resume.upload,
        }
    }
}

impl Engine {
    /// Begins the copy of a large object, in parts of at least `part_bytes`.
    pub(crate) async fn begin_large(
        &self,
        b: Bringing<'_>,
        part_bytes: u64,
    ) -> Result<SyncResume, Unbrought> {
        let resume = SyncResume {
            upload: self.ports.ids.upload(),
            key: b.to.clone(),
            etag: b.source.etag.clone(),
            modified: b.source.modified,
            size: b.source.size,
            part_size: part_size(b.source.size, part_bytes),
        };
        let req = CreateUpload {
            bucket: b.task.settings.bucket.clone(),
            key: b.to.clone(),
            attributes: carried(&b.task.settings, b.source),
            conditions: b.conditions(),
            sequential: false,
            checksum: None,
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&req.bucket).await?;
            allow(b.cx, &bucket, Action::WriteObject, On::Key(b.to))?;
            let found = self.sync_item(b.task.id, b.key).await?;
            let open = found.filter(|(item, _)| item.done.is_none());
            let (item, seen) = open.ok_or(Unbrought::Done)?;
            let item = SyncItemRecord {
                resume: Some(resume.clone()),
                ..item
            };
            let place = keys::sync_item(b.task.id, b.key);
            let record = self.new_upload(b.cx, &bucket, &req);
            let mut txn = beginning((&bucket, revision), &req.key, resume.upload, &record);
            txn.expect.push(Expect::Revision(place.clone(), seen));
            txn.write.push(Write::Put(place, encode(&item)));
            if self.commit_one(txn).await? {
                return Ok(resume);
            }
        }
        Err(Error::from(CommitError::Conflict).into())
    }

    /// Numbers of the parts that are there; `None` when somebody ended the upload.
    pub(crate) async fn large_parts(
        &self,
        b: Bringing<'_>,
        resume: &SyncResume,
    ) -> Result<Option<BTreeSet<u32>>, Error> {
        let target = b.target(resume);
        let (bucket, _) = self.bucket_for_change(&target.bucket).await?;
        if self.find_upload(&bucket, &target).await?.is_none() {
            return Ok(None);
        }
        let stored = self.all_parts(&target).await?.into_iter();
        let whole = stored.filter(|(number, part)| part.size == resume.len_of(*number));
        Ok(Some(whole.map(|(number, _)| number).collect()))
    }

    /// Stores a part: errors as of [`Engine::put_part`].
    pub(crate) async fn bring_part(
        &self,
        b: Bringing<'_>,
        resume: &SyncResume,
        number: u32,
        body: Body,
    ) -> Result<(), Error> {
        let req = PutPart {
            target: b.target(resume),
            number,
            digests: ExpectedDigests::default(),
        };
        self.put_part(b.cx, req, body).await?;
        Ok(())
    }

    /// Makes the object of its parts, once their bytes together have the digests that the source
    /// publishes: `BadDigest`; else errors as of [`Engine::bring`].
    pub(crate) async fn bring_whole(
        &self,
        b: Bringing<'_>,
        resume: &SyncResume,
    ) -> Result<(), Unbrought> {
        self.check_whole(b, resume).await?;
        let req = CompleteUpload {
            target: b.target(resume),
            parts: None,
            part_bytes_min: 0,
            acl: None,
            conditions: b.conditions(),
            checksum: None,
            size: Some(resume.size),
            callback: None,
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let also = self.marking(b).await?;
            match self.complete_once(b.cx, &req, also).await {
                Ok(_) => return Ok(()),
                Err(Unwritten::Stale) => {}
                Err(Unwritten::Failed(error)) => return Err(error.into()),
            }
        }
        Err(Error::from(CommitError::Conflict).into())
    }

    /// The CRC-64 of the whole follows from those of the parts; for other digests the bytes are read
    /// once more.
    async fn check_whole(&self, b: Bringing<'_>, resume: &SyncResume) -> Result<(), Error> {
        let target = b.target(resume);
        let stored = self.all_parts(&target).await?;
        let made = assemble(&stored, None, 0, None)?;
        let (digests, _) = expected(b.task.settings.check, b.source);
        let wrong = digests
            .crc64
            .is_some_and(|crc64| crc64 != made.checksums.crc64);
        if wrong || made.size != resume.size {
            return Err(Error::new(
                ErrorKind::BadDigest,
                "the bytes that came are not those of the source",
            ));
        }
        let others = SourceDigests {
            crc64: None,
            ..digests
        };
        if others == SourceDigests::default() {
            return Ok(());
        }
        let (bucket, _) = self.bucket_for_change(&target.bucket).await?;
        let upload = self.find_upload(&bucket, &target).await?;
        let upload = upload.ok_or_else(no_such_upload)?;
        let key = self.data_key(upload.record.seal.as_ref(), None)?;
        check_digests(
            self.open_extents(made.extents, key.as_ref()),
            &others.expected(),
        )
        .await
    }
}
