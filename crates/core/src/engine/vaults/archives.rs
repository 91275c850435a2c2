//! Archives: storing one from one body, showing and deleting it.

use super::{Found, leaves};
use crate::engine::buckets::now;
use crate::engine::commit::Also;
use crate::engine::ingest::{IngestSpec, Ingested, Tree, ingest};
use crate::engine::key::let_go;
use crate::engine::put::new_payload;
use crate::engine::uploads::payload_in;
use crate::engine::{Body, Cx, Engine, ExpectedDigests, PutArchive};
use crate::error::{Error, ErrorKind};
use crate::limits::{ARCHIVE_BODY_BYTES_MAX, CONFLICT_RETRIES_MAX, LEAVES_PER_ROW};
use crate::model::{Archive, ArchiveId, BlobId, Etag, TreeHash, VaultId};
use crate::ports::{CommitError, Expect, Revision, Write};
use crate::records::{PayloadState, decode, encode, keys};
use crate::rules::tree::combine;
use crate::rules::vault::check_text;

/// An archive whose bytes are durable, with what its record does not hold.
pub(super) struct NewArchive {
    pub(super) archive: Archive,
    pub(super) leaves: Vec<TreeHash>,
}

impl Engine {
    /// Stores an archive: `NoSuchVault`, `InvalidArgument` for its description and an empty body, `TooLarge`
    /// beyond [`ARCHIVE_BODY_BYTES_MAX`], `BadDigest`, and what else can be wrong with a body. On failure
    /// nothing is stored. The same bytes twice are two archives.
    pub async fn put_archive(
        &self,
        cx: &Cx,
        req: PutArchive,
        body: Body,
    ) -> Result<Archive, Error> {
        self.own_vault(cx, req.vault).await?;
        check_text(&req.description)?;
        let digests = ExpectedDigests {
            md5: Some(req.md5),
            ..ExpectedDigests::default()
        };
        let most = ARCHIVE_BODY_BYTES_MAX;
        let taken = self
            .take_archive(body, most, digests, Tree::Sent(req.tree), &req.description)
            .await?;
        let stored = self.keep_archive(req.vault, &taken, Also::default()).await;
        self.unless_kept(&taken, stored).await?;
        Ok(taken.archive)
    }

    /// Takes the bytes of an archive in. Nobody knows it yet.
    pub(super) async fn take_archive(
        &self,
        body: Body,
        most: u64,
        digests: ExpectedDigests,
        tree: Tree,
        description: &str,
    ) -> Result<NewArchive, Error> {
        if body.len == Some(0) {
            return Err(empty());
        }
        let id = BlobId {
            payload: self.ports.ids.payload(),
            n: 0,
        };
        let spec = IngestSpec {
            id,
            digests,
            size: (0, most),
            small_max: 0,
            tree,
            sealing: None,
        };
        let ingested = ingest(&self.ports, spec, body).await?;
        let tree = combine(ingested.leaves.iter().copied()).ok_or_else(empty)?;
        let archive = Archive {
            id: id.payload.into(),
            created_at: self.ports.clock.now(),
            size: ingested.size,
            description: description.into(),
            tree,
            etag: Etag::Md5(ingested.md5),
            checksums: ingested.checksums,
            payload: new_payload(id, &ingested),
            leaves_per_row: LEAVES_PER_ROW,
        };
        let Ingested { leaves, .. } = ingested;
        Ok(NewArchive { archive, leaves })
    }

    /// Makes an archive whose bytes came as one body visible: `NoSuchVault`, `Busy` also when what
    /// `also` expects is not so.
    pub(super) async fn keep_archive(
        &self,
        vault: VaultId,
        new: &NewArchive,
        also: Also,
    ) -> Result<(), Error> {
        let archive = &new.archive;
        let payload = archive.id.payload();
        for _ in 0..CONFLICT_RETRIES_MAX {
            let _pass = self.gates.enter_one(vault).await;
            let found = self.vault_there(vault).await?;
            let (mut expect, mut write) = appearing(&found, archive);
            expect.push(Expect::Absent(keys::payload(payload)));
            expect.extend(also.expect.iter().cloned());
            let row = leaves::rows(payload, 0, &new.leaves, archive.leaves_per_row);
            write.extend(row);
            write.extend(also.write.iter().cloned());
            if self.commit_one(now(expect, write)).await? {
                return Ok(());
            }
            if !self.still(&also.expect).await? {
                break;
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Removes the bytes of an archive that was refused. Not after `Unavailable`: the commit may have passed.
    pub(super) async fn unless_kept(
        &self,
        new: &NewArchive,
        kept: Result<(), Error>,
    ) -> Result<(), Error> {
        if let Err(error) = &kept
            && error.kind() != ErrorKind::Unavailable
        {
            let payload = new.archive.id.payload();
            // Failing is no harm: the sweep finds what is left.
            drop(self.ports.blobs.delete(BlobId { payload, n: 0 }).await);
        }
        kept
    }

    /// An archive: `NoSuchVault`, `NoSuchArchive`.
    pub async fn archive(&self, cx: &Cx, vault: VaultId, id: ArchiveId) -> Result<Archive, Error> {
        self.own_vault(cx, vault).await?;
        Ok(self.find_archive(vault, id).await?.0)
    }

    /// Deletes an archive: `NoSuchVault`, `NoSuchArchive`. Jobs that were made before are not disturbed.
    pub async fn delete_archive(
        &self,
        cx: &Cx,
        vault: VaultId,
        id: ArchiveId,
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let _pass = self.gates.enter_one(vault).await;
            let found = self.own_vault(cx, vault).await?;
            let (archive, revision) = self.find_archive(vault, id).await?;
            let at = keys::archive(vault, id);
            let holder = keys::held_by_archive(id.payload(), vault, id);
            let mut write = vec![
                Write::Delete(at.clone()),
                found.counting(|usage| {
                    usage.archives = usage.archives.saturating_sub(1);
                    usage.bytes = usage.bytes.saturating_sub(archive.size);
                }),
            ];
            let time = self.ports.clock.now();
            write.extend(let_go(&*self.ports.ids, id.payload(), holder, time));
            let expect = vec![Expect::Revision(at, revision), found.is_unchanged()];
            if self.commit_one(now(expect, write)).await? {
                self.work_bell.ring();
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    pub(super) async fn find_archive(
        &self,
        vault: VaultId,
        id: ArchiveId,
    ) -> Result<(Archive, Revision), Error> {
        let at = keys::archive(vault, id);
        let stored = self.get_one(at).await?.ok_or_else(|| {
            Error::new(
                ErrorKind::NoSuchArchive,
                "there is no such archive in this vault; its inventory tells which there are",
            )
        })?;
        Ok((decode(&stored.bytes)?, stored.revision))
    }

    /// A vault, whoever's it is: `NoSuchVault`.
    pub(super) async fn vault_there(&self, id: VaultId) -> Result<Found, Error> {
        let found = self.find_vault(id).await?;
        found.ok_or_else(crate::rules::access::no_such_vault)
    }

    /// Whether what was expected is so.
    pub(super) async fn still(&self, expect: &[Expect]) -> Result<bool, Error> {
        for expected in expect {
            let (at, wanted) = match expected {
                Expect::Absent(at) => (at, None),
                Expect::Revision(at, revision) => (at, Some(*revision)),
            };
            let found = self.get_one(at.clone()).await?;
            if found.map(|record| record.revision) != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What it takes that an archive appears in a vault and holds its payload.
pub(super) fn appearing(found: &Found, archive: &Archive) -> (Vec<Expect>, Vec<Write>) {
    let vault = found.vault.id;
    let payload = archive.id.payload();
    let at = keys::archive(vault, archive.id);
    let expect = vec![
        found.is_there(),
        found.is_unchanged(),
        Expect::Absent(at.clone()),
    ];
    let write = vec![
        Write::Put(at, encode(archive)),
        Write::Put(keys::payload(payload), payload_in(PayloadState::Live)),
        Write::Put(
            keys::held_by_archive(payload, vault, archive.id),
            encode(&()),
        ),
        found.counting(|usage| {
            usage.archives = usage.archives.saturating_add(1);
            usage.bytes = usage.bytes.saturating_add(archive.size);
        }),
    ];
    (expect, write)
}

fn empty() -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "an archive has at least one byte; send some",
    )
}
