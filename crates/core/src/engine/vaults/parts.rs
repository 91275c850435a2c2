//! Parts of archives. Each rewrites the record of its upload, so that whoever completes the upload knows
//! that the parts are as they were read. Parts of one upload queue for that, which takes a moment.

use super::leaves;
use super::uploads::shown;
use crate::engine::buckets::now;
use crate::engine::ingest::{IngestSpec, Ingested, StoredBody, Tree, ingest};
use crate::engine::uploads::no_such_upload;
use crate::engine::{
    ArchivePart, ArchivePartListing, Body, Cx, Engine, ExpectedDigests, PutArchivePart,
};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, LEAVES_PER_ROW};
use crate::model::{BlobId, UploadId, VaultId};
use crate::ports::{CommitError, Expect, StoreError, Write};
use crate::records::{ArchivePartRecord, PartRecord, decode, encode, keys};
use crate::rules::vault::number_of;

impl Engine {
    /// Stores a part of an archive: `NoSuchVault`, `NoSuchUpload`, `InvalidPart`, `TooLarge` and `BadDigest`
    /// as the range and the digests say, `IncompleteBody` and `InvalidArgument` when the body has another
    /// length than the range. On failure nothing is stored, and a part that was there stays.
    pub async fn put_archive_part(
        &self,
        cx: &Cx,
        req: PutArchivePart,
        body: Body,
    ) -> Result<ArchivePart, Error> {
        self.own_vault(cx, req.vault).await?;
        let upload = self.find_archive_upload(req.vault, req.upload).await?;
        let upload = upload.ok_or_else(no_such_upload)?;
        let number = number_of(&req, upload.record.part_size)?;
        let len = req.range.end.saturating_sub(req.range.start);
        if body.len.is_some_and(|declared| declared != len) {
            let message = "the body is not as long as its range; send the bytes of the range";
            return Err(Error::new(ErrorKind::InvalidPart, message));
        }
        let blob = BlobId {
            payload: req.upload.payload(),
            n: self.ports.ids.blob_number(),
        };
        let spec = IngestSpec {
            id: blob,
            digests: ExpectedDigests {
                md5: Some(req.md5),
                ..ExpectedDigests::default()
            },
            size: (len, len),
            small_max: 0,
            tree: Tree::Sent(req.tree),
            sealing: None,
        };
        let body = Body {
            len: Some(len),
            ..body
        };
        let ingested = ingest(&self.ports, spec, body).await?;
        if let Err(error) = self.keep_archive_part(&req, number, &ingested).await {
            // After `Unavailable` the row may be there. A blob that stays goes when the upload ends.
            if error.kind() != ErrorKind::Unavailable {
                drop(self.ports.blobs.delete(blob).await);
            }
            return Err(error);
        }
        Ok(ArchivePart {
            range: req.range,
            md5: req.md5,
            tree: req.tree,
        })
    }

    async fn keep_archive_part(
        &self,
        req: &PutArchivePart,
        number: u16,
        ingested: &Ingested,
    ) -> Result<(), Error> {
        let record = ArchivePartRecord {
            part: PartRecord {
                md5: ingested.md5,
                checksums: ingested.checksums,
                extents: match ingested.body {
                    StoredBody::Blob(blob) => vec![whole(blob, ingested.size)],
                    StoredBody::Empty | StoredBody::Small(_) => Vec::new(),
                },
                size: ingested.size,
                written_at: self.ports.clock.now(),
            },
            tree: req.tree,
        };
        let at = keys::archive_upload(req.vault, req.upload);
        let row = leaves::rows(
            req.upload.payload(),
            u32::from(number),
            &ingested.leaves,
            LEAVES_PER_ROW,
        );
        let mut kept = vec![Write::Put(keys::part(req.upload, number), encode(&record))];
        kept.extend(row);
        for _ in 0..CONFLICT_RETRIES_MAX {
            let _pass = self.gates.enter_one((req.vault, req.upload)).await;
            let upload = self.find_archive_upload(req.vault, req.upload).await?;
            let upload = upload.ok_or_else(no_such_upload)?;
            let mut write = kept.clone();
            write.push(Write::Put(at.clone(), encode(&upload.record)));
            let expect = vec![Expect::Revision(at.clone(), upload.revision)];
            if self.commit_one(now(expect, write)).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A page of the parts of an open upload, from the first one that does not begin before byte `from`; at
    /// most `limit` and [`crate::limits::PAGE_MAX`]: `NoSuchVault`, `NoSuchUpload`.
    pub async fn list_archive_parts(
        &self,
        cx: &Cx,
        vault: VaultId,
        upload: UploadId,
        from: Option<u64>,
        limit: usize,
    ) -> Result<ArchivePartListing, Error> {
        self.own_vault(cx, vault).await?;
        let found = self.find_archive_upload(vault, upload).await?;
        let record = found.ok_or_else(no_such_upload)?.record;
        let part_size = record.part_size;
        let start = |at: &[u8]| {
            let number = keys::number_of_part(at);
            let number = number.ok_or_else(|| StoreError::Damaged("key of a part".into()))?;
            Ok::<_, StoreError>(u64::from(number) * part_size)
        };
        let from = from.map(|byte| byte.div_ceil(part_size));
        let from = from.map(|n| keys::part(upload, u16::try_from(n).unwrap_or(u16::MAX)));
        let (rows, next) = self
            .vault_rows(keys::parts_range(upload), from, limit)
            .await?;
        let mut parts = Vec::with_capacity(rows.len());
        for (at, stored) in rows {
            let ArchivePartRecord { part, tree } = decode(&stored.bytes)?;
            let start = start(&at)?;
            parts.push(ArchivePart {
                range: start..start + part.size,
                md5: part.md5,
                tree,
            });
        }
        Ok(ArchivePartListing {
            upload: shown(upload, record),
            parts,
            next: next.map(|at| start(&at)).transpose()?,
        })
    }
}

fn whole(blob: BlobId, len: u64) -> crate::model::Extent {
    crate::model::Extent {
        at: crate::model::Place::Hot(blob),
        offset: 0,
        len,
    }
}
