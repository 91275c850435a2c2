//! Completing the upload of an archive: read the parts, compare, and make the archive visible in one commit
//! that expects the upload as it was before the parts were read. The archive has the id of its upload, so a
//! repeated Complete finds what the first one made.

use super::archives::appearing;
use super::uploads::FoundUpload;
use crate::engine::buckets::now;
use crate::engine::complete::manifest;
use crate::engine::uploads::no_such_upload;
use crate::engine::{CompleteArchive, Cx, Engine, Walk};
use crate::error::{Error, ErrorKind};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{Archive, PayloadRef, UploadId};
use crate::ports::{CommitError, Expect, StoreError, Write};
use crate::records::{ArchivePartRecord, PayloadRecord, PayloadState, decode, keys};
use crate::rules::tree::BLOCK;
use crate::rules::vault::{AssembledArchive, assemble};

impl Engine {
    /// Makes an archive of an upload's parts: `NoSuchVault`, `NoSuchUpload`, `InvalidPart` when parts are
    /// missing or make another length, `BadDigest` when the tree hash is that of neither the bytes nor the
    /// parts; then the upload stays as it is. Repeating it answers what the first one made, while that is
    /// there.
    pub async fn complete_archive(&self, cx: &Cx, req: &CompleteArchive) -> Result<Archive, Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            self.own_vault(cx, req.vault).await?;
            let Some(upload) = self.find_archive_upload(req.vault, req.upload).await? else {
                return self.completed_archive(req).await;
            };
            let parts = self.archive_parts(req.upload).await?;
            let made = assemble(&parts, upload.record.part_size, req.size)?;
            let archive = self.archive_of(req, &upload, &made).await?;
            let payload = keys::payload(req.upload.payload());
            let _pass = self.gates.enter_one(req.vault).await;
            let found = self.own_vault(cx, req.vault).await?;
            let (mut expect, mut write) = appearing(&found, &archive);
            let at = keys::archive_upload(req.vault, req.upload);
            expect.push(Expect::Revision(at.clone(), upload.revision));
            let Some(open) = self.get_one(payload.clone()).await? else {
                continue;
            };
            if decode::<PayloadRecord>(&open.bytes)?.state != PayloadState::Open {
                continue;
            }
            expect.push(Expect::Revision(payload, open.revision));
            write.push(Write::Delete(at));
            write.extend(manifest(req.upload.payload(), &made.extents));
            write.extend(self.purge_archive_parts(req.upload));
            if self.commit_one(now(expect, write)).await? {
                self.work_bell.ring();
                return Ok(archive);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// The archive that the parts become, once its tree hash is the one that was sent.
    async fn archive_of(
        &self,
        req: &CompleteArchive,
        upload: &FoundUpload,
        made: &AssembledArchive,
    ) -> Result<Archive, Error> {
        let payload = req.upload.payload();
        let part_size = upload.record.part_size;
        let leaves_per_row = u32::try_from(part_size / BLOCK)
            .map_err(|_| StoreError::Damaged("part size of an upload".into()))?;
        let tree = if leaves_per_row.is_power_of_two() {
            made.combined
        } else {
            self.root_of_all(payload, leaves_per_row, req.size).await?
        };
        if req.tree != tree && req.tree != made.combined {
            let message = "the tree hash sent along is not that of the archive; compare the parts";
            return Err(Error::new(ErrorKind::BadDigest, message));
        }
        let payload = match made.extents.as_slice() {
            [extent] => PayloadRef::One {
                id: payload,
                extent: *extent,
            },
            many => PayloadRef::Manifest {
                id: payload,
                extents: u32::try_from(many.len())
                    .map_err(|_| StoreError::Damaged("parts of an upload".into()))?,
            },
        };
        Ok(Archive {
            id: req.upload.into(),
            created_at: self.ports.clock.now(),
            size: req.size,
            description: upload.record.description.clone(),
            tree,
            etag: made.etag.clone(),
            checksums: made.checksums,
            payload,
            leaves_per_row,
        })
    }

    async fn archive_parts(
        &self,
        upload: UploadId,
    ) -> Result<Vec<(u16, ArchivePartRecord)>, Error> {
        let rows = Walk::over(keys::parts_range(upload));
        let rows = rows.all(&*self.ports.meta).await?;
        let mut parts = Vec::with_capacity(rows.len());
        for (at, stored) in rows {
            let number = keys::number_of_part(&at)
                .ok_or_else(|| StoreError::Damaged("key of a part".into()))?;
            parts.push((number, decode(&stored.bytes)?));
        }
        Ok(parts)
    }

    /// What an earlier Complete made, if it was asked for the same.
    async fn completed_archive(&self, req: &CompleteArchive) -> Result<Archive, Error> {
        match self.find_archive(req.vault, req.upload.into()).await {
            // The tree hash of odd parts, which may have been sent then, is not known any more.
            Ok((archive, _))
                if archive.size == req.size
                    && (archive.tree == req.tree || !archive.leaves_per_row.is_power_of_two()) =>
            {
                Ok(archive)
            }
            Err(error) if error.kind() != ErrorKind::NoSuchArchive => Err(error),
            Ok(_) | Err(_) => Err(no_such_upload()),
        }
    }
}
