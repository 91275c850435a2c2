//! Uploads of archives in parts: begin, list, abort. The payload is `Open` from the start, as that of an
//! object's upload.

use crate::engine::buckets::now;
use crate::engine::uploads::{no_such_upload, payload_in};
use crate::engine::{
    ArchiveUpload, ArchiveUploadListing, CreateArchiveUpload, Cx, Engine, VaultPage,
};
use crate::error::Error;
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{UploadId, VaultId};
use crate::ports::{CommitError, Expect, Revision, StoreError, Txn, Write};
use crate::records::{ArchiveUploadRecord, PayloadState, WorkKind, decode, encode, keys};
use crate::rules::vault::{check_part_size, check_text};
use crate::work;

/// An upload as it was read.
#[derive(Clone, Debug)]
pub(super) struct FoundUpload {
    pub(super) record: ArchiveUploadRecord,
    pub(super) revision: Revision,
}

impl Engine {
    /// Begins an archive that comes in parts: `NoSuchVault`, `InvalidArgument` for description and part size,
    /// `TooLarge` for larger parts than there may be.
    pub async fn create_archive_upload(
        &self,
        cx: &Cx,
        req: CreateArchiveUpload,
    ) -> Result<UploadId, Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let found = self.own_vault(cx, req.vault).await?;
            check_text(&req.description)?;
            check_part_size(req.part_size)?;
            let upload = self.ports.ids.upload();
            let at = keys::archive_upload(req.vault, upload);
            let payload = keys::payload(upload.payload());
            let record = ArchiveUploadRecord {
                created_at: self.ports.clock.now(),
                description: req.description.clone(),
                part_size: req.part_size,
            };
            let expect = vec![
                found.is_there(),
                Expect::Absent(at.clone()),
                Expect::Absent(payload.clone()),
            ];
            let write = vec![
                Write::Put(at, encode(&record)),
                Write::Put(payload, payload_in(PayloadState::Open)),
            ];
            if self.commit_one(now(expect, write)).await? {
                return Ok(upload);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A page of the open uploads of a vault, by id, from the first one that is not before `from`; at most
    /// `limit` and [`crate::limits::PAGE_MAX`]: `NoSuchVault`.
    pub async fn list_archive_uploads(
        &self,
        cx: &Cx,
        vault: VaultId,
        from: Option<UploadId>,
        limit: usize,
    ) -> Result<ArchiveUploadListing, Error> {
        self.own_vault(cx, vault).await?;
        let range = keys::archive_uploads_range(vault);
        let from = from.map(|id| keys::archive_upload(vault, id));
        let (rows, next) = self.vault_rows(range, from, limit).await?;
        let id_of = |at: &[u8]| {
            keys::upload_of_archive(at)
                .ok_or_else(|| StoreError::Damaged("key of an upload".into()))
        };
        let mut entries = Vec::with_capacity(rows.len());
        for (at, stored) in rows {
            entries.push(shown(id_of(&at)?, decode(&stored.bytes)?));
        }
        let next = next.map(|at| id_of(&at)).transpose()?;
        Ok(VaultPage { entries, next })
    }

    /// Gives an upload up: `NoSuchVault`, `NoSuchUpload` when it has ended or never was.
    pub async fn abort_archive_upload(
        &self,
        cx: &Cx,
        vault: VaultId,
        upload: UploadId,
    ) -> Result<(), Error> {
        self.own_vault(cx, vault).await?;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let _pass = self.gates.enter_one((vault, upload)).await;
            let found = self.find_archive_upload(vault, upload).await?;
            let found = found.ok_or_else(no_such_upload)?;
            let txn = self.giving_up(vault, upload, found.revision);
            if self.commit_one(txn).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// The transaction that gives an upload up.
    pub(super) fn giving_up(&self, vault: VaultId, upload: UploadId, seen: Revision) -> Txn {
        let at = keys::archive_upload(vault, upload);
        let payload = keys::payload(upload.payload());
        let mut write = vec![
            Write::Delete(at.clone()),
            Write::Put(payload, payload_in(PayloadState::Dropping)),
        ];
        write.extend(self.purge_archive_parts(upload));
        now(vec![Expect::Revision(at, seen)], write)
    }

    /// Writes that put the work which removes what an ended upload leaves behind.
    pub(super) fn purge_archive_parts(&self, upload: UploadId) -> [Write; 2] {
        let now = self.ports.clock.now();
        let kind = WorkKind::PurgeArchiveParts { upload };
        work::put(&*self.ports.ids, kind, now, now)
    }

    /// Reads an upload; `None` when it has ended or never was.
    pub(super) async fn find_archive_upload(
        &self,
        vault: VaultId,
        upload: UploadId,
    ) -> Result<Option<FoundUpload>, Error> {
        let at = keys::archive_upload(vault, upload);
        let Some(stored) = self.get_one(at).await? else {
            return Ok(None);
        };
        Ok(Some(FoundUpload {
            record: decode(&stored.bytes)?,
            revision: stored.revision,
        }))
    }
}

/// An upload as clients see it.
pub(super) fn shown(id: UploadId, record: ArchiveUploadRecord) -> ArchiveUpload {
    ArchiveUpload {
        id,
        description: record.description,
        created_at: record.created_at,
        part_size: record.part_size,
    }
}
