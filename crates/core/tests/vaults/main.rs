//! Vaults: what is refused, what is counted, what is given, and what is left when everything has ended.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../common/mod.rs"]
mod common;

mod archives;
mod jobs;
mod transfers;
mod uploads;
mod vaults;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::engine::{
    Body, CreateArchiveUpload, CreateJob, Cx, Engine, JobOrder, JobOutput, PutArchive,
    PutArchivePart, VaultSettings,
};
use cohong_core::limits::{DROP_GRACE, PAGE_MAX};
use cohong_core::model::{
    AccountId, Archive, ArchiveId, DialectId, Job, JobId, JobOutcome, JobStatus, Principal,
    Timestamp, TreeHash, UploadId, Vault, VaultId, VaultName,
};
use cohong_core::ports::{BlobStore, Clock, InventoryFormat, Table};
use cohong_core::rules::tree::{Leaves, combine};
use cohong_core::{ErrorKind, work};
use futures_util::StreamExt;
use md5::{Digest, Md5};

use common::{World, owner};

pub(crate) const MIB: u64 = 1 << 20;

/// A world with a vault of an account whose access key is known.
pub(crate) struct Vaults {
    pub(crate) world: World,
    pub(crate) engine: Arc<Engine>,
    pub(crate) cx: Cx,
    pub(crate) vault: VaultId,
}

/// Writes ids and descriptions, so that a list is easily compared.
#[derive(Debug)]
struct Plain;

impl InventoryFormat for Plain {
    fn begin(&self, vault: &Vault, at: Timestamp) -> String {
        format!("{} at {}:", vault.name, at.millis())
    }

    fn archive(&self, archive: &Archive, first: bool) -> String {
        let comma = if first { "" } else { "," };
        format!("{comma}{} {}", archive.description, archive.size)
    }

    fn end(&self) -> String {
        ".".into()
    }
}

impl Vaults {
    pub(crate) async fn new(job_delay: Duration) -> Self {
        Self::with(VaultSettings {
            job_delay,
            ..VaultSettings::default()
        })
        .await
    }

    pub(crate) async fn with(settings: VaultSettings) -> Self {
        let world = World::new();
        let engine = Engine::new(world.engine.ports().clone())
            .with_vaults(settings)
            .with_inventory(DialectId::Tos, Arc::new(Plain));
        let account = AccountId("owner".into());
        let key = engine.create_key(&account, None).await.unwrap().access;
        let cx = Cx {
            principal: Principal::Account { account, key },
            ..owner()
        };
        let name = VaultName::new("vault").unwrap();
        let vault = engine.create_vault(&cx, "here", &name).await.unwrap();
        Self {
            world,
            engine: Arc::new(engine),
            cx,
            vault,
        }
    }

    /// The same stores after the process died; what was not synced is gone.
    pub(crate) fn crashed(self) -> Self {
        let meta = self.world.meta.inner.crash();
        self.world.blobs.crash();
        let world = World::on(meta, self.world.blobs.clone());
        let engine = Engine::new(world.engine.ports().clone())
            .with_inventory(DialectId::Tos, Arc::new(Plain));
        Self {
            world,
            engine: Arc::new(engine),
            ..self
        }
    }

    pub(crate) fn order(&self, bytes: &[u8]) -> PutArchive {
        PutArchive {
            vault: self.vault,
            description: "holiday".into(),
            md5: md5(bytes),
            tree: tree(bytes),
        }
    }

    pub(crate) async fn put(&self, bytes: &[u8]) -> Archive {
        self.try_put(self.order(bytes), bytes).await.unwrap()
    }

    pub(crate) async fn try_put(
        &self,
        req: PutArchive,
        bytes: &[u8],
    ) -> Result<Archive, ErrorKind> {
        let stored = self.engine.put_archive(&self.cx, req, body(bytes)).await;
        stored.map_err(|error| error.kind())
    }

    /// Archives and bytes that the vault says it has.
    pub(crate) async fn usage(&self) -> (u64, u64) {
        let info = self.engine.vault(&self.cx, self.vault).await.unwrap();
        (info.usage.archives, info.usage.bytes)
    }

    pub(crate) async fn begin(&self, part_size: u64) -> UploadId {
        let req = CreateArchiveUpload {
            vault: self.vault,
            description: "parts".into(),
            part_size,
        };
        self.engine
            .create_archive_upload(&self.cx, req)
            .await
            .unwrap()
    }

    pub(crate) async fn part(
        &self,
        upload: UploadId,
        start: u64,
        bytes: &[u8],
    ) -> Result<(), ErrorKind> {
        let req = PutArchivePart {
            vault: self.vault,
            upload,
            range: start..start + bytes.len() as u64,
            md5: md5(bytes),
            tree: tree(bytes),
        };
        let stored = self
            .engine
            .put_archive_part(&self.cx, req, body(bytes))
            .await;
        stored.map(drop).map_err(|error| error.kind())
    }

    pub(crate) async fn job(&self, order: JobOrder) -> Result<JobId, ErrorKind> {
        let req = CreateJob {
            vault: self.vault,
            description: "".into(),
            order,
        };
        self.engine
            .create_job(&self.cx, req)
            .await
            .map_err(|error| error.kind())
    }

    pub(crate) async fn retrieve(
        &self,
        archive: ArchiveId,
        range: Option<(u64, u64)>,
    ) -> Result<JobId, ErrorKind> {
        self.job(JobOrder::Retrieval { archive, range }).await
    }

    pub(crate) async fn show(&self, id: JobId) -> Result<Job, ErrorKind> {
        self.engine
            .job(&self.cx, self.vault, id)
            .await
            .map_err(|error| error.kind())
    }

    /// How a job ended; `None` while it has not.
    pub(crate) async fn outcome(&self, id: JobId) -> Option<JobOutcome> {
        let job = self.show(id).await.unwrap();
        match job.status(self.world.clock.now()) {
            JobStatus::InProgress => None,
            JobStatus::Done(outcome) => Some(outcome.clone()),
            JobStatus::Expired => panic!("an expired job is shown"),
        }
    }

    pub(crate) async fn output(
        &self,
        id: JobId,
        range: Option<(u64, u64)>,
    ) -> Result<(JobOutput, Vec<u8>), ErrorKind> {
        let read = self.engine.job_output(&self.cx, self.vault, id, range);
        let mut output = read.await.map_err(|error| error.kind())?;
        let mut bytes = Vec::new();
        while let Some(piece) = output.body.next().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        Ok((output, bytes))
    }

    pub(crate) async fn work(&self) -> usize {
        work::run_due_once(&self.engine).await.unwrap()
    }

    pub(crate) async fn count(&self, table: Table) -> usize {
        self.world.rows(table).await.len()
    }

    pub(crate) async fn blobs(&self) -> usize {
        self.world.blobs.scan(None, PAGE_MAX).await.unwrap().len()
    }

    /// What is left once everything owed was done: nothing but the empty vault.
    pub(crate) async fn assert_nothing_is_left(&self) {
        self.work().await;
        self.world.clock.advance(2 * DROP_GRACE);
        self.work().await;
        for table in [
            Table::Archives,
            Table::ArchiveUploads,
            Table::Parts,
            Table::Leaves,
            Table::Extents,
            Table::Payloads,
            Table::PayloadRefs,
            Table::Jobs,
            Table::Work,
            Table::WorkDue,
        ] {
            assert_eq!(self.count(table).await, 0, "{table:?}");
        }
        assert_eq!(self.blobs().await, 0, "blobs");
    }
}

pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

pub(crate) fn tree(bytes: &[u8]) -> TreeHash {
    let mut leaves = Leaves::default();
    leaves.update(bytes);
    combine(leaves.finish()).unwrap_or(TreeHash([0; 16]))
}

/// Bytes that differ from place to place.
pub(crate) fn noise(len: u64) -> Vec<u8> {
    (0..len)
        .map(|i| u8::try_from((i * 31 + 7 + i / 251) % 251).unwrap())
        .collect()
}

/// A body in pieces of odd lengths.
pub(crate) fn body(bytes: &[u8]) -> Body {
    let pieces: Vec<_> = bytes
        .chunks(300_001)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    Body {
        stream: Box::pin(futures_util::stream::iter(pieces)),
        len: Some(bytes.len() as u64),
    }
}
