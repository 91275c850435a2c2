//! Parts of an upload: sent by the client, or copied from an object.
//!
//! Every part is a blob of its own under the upload's payload, also when it is copied. A part sent
//! again replaces its row; the blob it had stays until the upload ends, when `PurgeParts` removes
//! every blob of the payload that the object does not use.

use std::sync::Arc;

use super::buckets::now;
use super::ingest::{ANY_SIZE, IngestSpec, Ingested, StoredBody, Tree, ingest};
use super::rates::Use;
use super::read::Found;
use super::sealing::Sealing;
use super::{
    Body, CopyPart, Cx, Engine, ExpectedDigests, FurtherDigest, PartReceipt, PutPart, UploadTarget,
};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{BlobId, Bucket, ChecksumForm, Extent, Place};
use crate::ports::{CommitError, Expect, Write};
use crate::records::{PartRecord, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::checksum::of_part;
use crate::rules::conditions::check_part_source;

/// The upload that a part is for.
struct Onto {
    bucket: Arc<Bucket>,
    /// The part's number.
    number: u16,
    /// The checksum that the upload fixed.
    form: Option<ChecksumForm>,
    /// What it encrypts its parts with.
    sealing: Option<Sealing>,
}

impl Engine {
    /// Stores a part: `InvalidPartNumber`, `PartNotSequential`, `NoSuchUpload`, `Busy` while the upload
    /// is being completed, `InvalidArgument` when it brings another checksum than the upload fixed, and
    /// what can be wrong with a body.
    pub async fn put_part(&self, cx: &Cx, req: PutPart, body: Body) -> Result<PartReceipt, Error> {
        let number = part_number(req.number)?;
        let onto = self.upload_for_part(cx, &req.target, number).await?;
        let digests = ExpectedDigests {
            further: of_part(onto.form, req.digests.further)?,
            ..req.digests
        };
        self.store_part(onto, &req.target, digests, body).await
    }

    /// Stores a range of an object as a part, by copying its bytes: errors of [`Engine::put_part`],
    /// and those of [`Engine::get_object`] about the source, where every failed condition is
    /// `PreconditionFailed`.
    pub async fn copy_part(&self, cx: &Cx, req: CopyPart) -> Result<PartReceipt, Error> {
        let number = part_number(req.number)?;
        let onto = self.upload_for_part(cx, &req.target, number).await?;
        let CopyPart { source, range, .. } = req;
        let check = |found: &Found| check_part_source(&source.conditions, Some(found.validators()));
        let opened = self
            .open_object(
                cx,
                &source.object,
                range,
                cx.encrypting.source_key.as_ref(),
                &check,
            )
            .await?;
        let body = Body {
            len: Some(opened.range.end - opened.range.start),
            stream: opened.body,
        };
        let algorithm = onto.form.map(|form| form.algorithm).or(req.checksum);
        let digests = ExpectedDigests {
            further: algorithm.map(FurtherDigest::Compute),
            ..ExpectedDigests::default()
        };
        let receipt = self.store_part(onto, &req.target, digests, body).await?;
        Ok(PartReceipt {
            source_version: Some(opened.found.tag),
            ..receipt
        })
    }

    /// Refuses early, before the body is read.
    async fn upload_for_part(
        &self,
        cx: &Cx,
        target: &UploadTarget,
        number: u16,
    ) -> Result<Onto, Error> {
        let (bucket, _) = self.bucket_for_change(&target.bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(&target.key))?;
        let upload = self.open_upload(&bucket, target).await?;
        upload.followed_by(number)?;
        let customer = cx.encrypting.key.as_ref();
        Ok(Onto {
            number,
            form: upload.record.checksum,
            sealing: self.sealing_of(upload.record.seal.as_ref(), customer)?,
            bucket,
        })
    }

    async fn store_part(
        &self,
        onto: Onto,
        target: &UploadTarget,
        digests: ExpectedDigests,
        body: Body,
    ) -> Result<PartReceipt, Error> {
        let (len, key) = (body.len, target.key.as_str());
        self.take_turn(&onto.bucket, key, Use::Write, Some(len.unwrap_or(0)))
            .await?;
        self.room_for(&onto.bucket, &target.key, body.len).await?;
        let spec = IngestSpec {
            id: BlobId {
                payload: target.upload.payload(),
                n: self.ports.ids.blob_number(),
            },
            digests,
            size: ANY_SIZE,
            small_max: 0,
            tree: Tree::None,
            sealing: onto.sealing,
        };
        let blob = spec.id;
        let ingested = ingest(&self.ports, spec, body).await?;
        if len.is_none() {
            self.spend_bytes(&onto.bucket, key, Use::Write, ingested.size)
                .await?;
        }
        let part = self.part_of(&ingested);
        if let Err(error) = self.keep_part(target, onto.number, &part).await {
            // After `Unavailable` the row may be there. A blob that stays goes when the upload ends,
            // or by the sweep, so a failure of its removal is nothing to report.
            if error.kind() != ErrorKind::Unavailable {
                drop(self.ports.blobs.delete(blob).await);
            }
            return Err(error);
        }
        Ok(PartReceipt {
            md5: part.md5,
            checksums: part.checksums,
            size: part.size,
            written_at: part.written_at,
            source_version: None,
            encryption: ingested.seal().map(|seal| seal.encryption),
        })
    }

    fn part_of(&self, ingested: &Ingested) -> PartRecord {
        let extents = match ingested.body {
            StoredBody::Blob(blob) => vec![Extent {
                at: Place::Hot(blob),
                offset: 0,
                len: ingested.size,
            }],
            StoredBody::Empty | StoredBody::Small(_) => Vec::new(),
        };
        PartRecord {
            md5: ingested.md5,
            checksums: ingested.checksums,
            extents,
            size: ingested.size,
            written_at: self.ports.clock.now(),
        }
    }

    /// Makes the part one of the upload's, if that still takes parts and there is room under the quota of the
    /// bucket as it is then.
    async fn keep_part(
        &self,
        target: &UploadTarget,
        number: u16,
        part: &PartRecord,
    ) -> Result<(), Error> {
        for _ in 0..limits::CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&target.bucket).await?;
            let _room = self.make_room(&bucket, &target.key, part.size).await?;
            let upload = self.open_upload(&bucket, target).await?;
            let mut write = vec![Write::Put(keys::part(target.upload, number), encode(part))];
            write.extend(upload.followed_by(number)?);
            let settings = Expect::Revision(keys::bucket(&target.bucket), revision);
            let txn = now(vec![settings, upload.unchanged()], write);
            let kept = self.commit_one(txn).await;
            // The part whose place it takes may have been larger.
            self.usages.changed(bucket.id, &target.key);
            if kept? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }
}

fn part_number(number: u32) -> Result<u16, Error> {
    let most = limits::PARTS_MAX;
    u16::try_from(number)
        .ok()
        .filter(|_| (1..=most).contains(&number))
        .ok_or_else(|| {
            let message = format!("a part number is between 1 and {most}");
            Error::new(ErrorKind::InvalidPartNumber, message)
        })
}
