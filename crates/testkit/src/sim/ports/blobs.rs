//! The blob store: the real one, on a disk that fails. Requests overlap in it, and it removes nothing that
//! a record points at.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::model::{BlobId, Place};
use cohong_core::ports::{BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, Table};
use cohong_store::blob::{LocalBlobs, Options};

use super::disk::{RoughDisk, root};
use super::meta::places;
use super::{SimMeta, Weather};
use crate::sim::exec::Sim;
use crate::sim::oracle::Oracle;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct SimBlobs {
    sim: Sim,
    weather: Weather,
    oracle: Oracle,
    inner: LocalBlobs,
    meta: Arc<SimMeta>,
}

impl SimBlobs {
    /// Opens the store on what is on the disk.
    pub(crate) fn open(
        (sim, weather, oracle): (&Sim, &Weather, &Oracle),
        disk: &RoughDisk,
        meta: &Arc<SimMeta>,
    ) -> Self {
        let (dying, note) = (weather.clone(), sim.clone());
        let mut options = Options::new(Arc::new(move |error: &io::Error| {
            note.note(format_args!("the process ends: {error}"));
            dying.now().dying = true;
        }));
        options.reserve = 0;
        let inner = LocalBlobs::open(root(), Arc::new(disk.clone()), options);
        Self {
            sim: sim.clone(),
            weather: weather.clone(),
            oracle: oracle.clone(),
            inner: inner.expect("the disk is calm at start-up"),
            meta: Arc::clone(meta),
        }
    }

    fn down(&self, what: &'static str) -> Result<(), BlobError> {
        if self.weather.fails(&self.sim, &self.oracle, 40, what) {
            return Err(BlobError::Failed(what.into()));
        }
        Ok(())
    }
}

#[async_trait]
impl BlobStore for SimBlobs {
    async fn create(&self, id: BlobId, len: Option<u64>) -> Result<Box<dyn BlobWriter>, BlobError> {
        self.weather.wait(&self.sim).await;
        let inner = self.inner.create(id, len).await?;
        let (sim, weather) = (self.sim.clone(), self.weather.clone());
        Ok(Box::new(Writer {
            sim,
            weather,
            inner,
        }))
    }

    async fn read(&self, id: BlobId, range: Range<u64>) -> Result<ByteStream, BlobError> {
        self.weather.wait(&self.sim).await;
        self.inner.read(id, range).await
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        self.weather.wait(&self.sim).await;
        for table in [Table::Heads, Table::Versions, Table::Extents, Table::Parts] {
            for (at, record) in self.meta.rows(table).await {
                let points = places(table, &record.bytes)
                    .iter()
                    .any(|e| e.at == Place::Hot(id));
                // Rows of a dropped payload and parts go together with the work that removes blobs.
                let alive = match table {
                    Table::Extents | Table::Parts => self.meta.is_alive(table, &at).await,
                    _ => true,
                };
                assert!(
                    !(points && alive),
                    "{id} is removed but {table:?} points at it"
                );
            }
        }
        self.inner.delete(id).await?;
        self.weather.wait(&self.sim).await;
        Ok(())
    }

    async fn scan(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobInfo>, BlobError> {
        self.weather.wait(&self.sim).await;
        self.down("blobs cannot be listed")?;
        self.inner.scan(after, limit).await
    }
}

struct Writer {
    sim: Sim,
    weather: Weather,
    inner: Box<dyn BlobWriter>,
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError> {
        self.weather.wait(&self.sim).await;
        self.inner.write(chunk).await
    }

    async fn finish(self: Box<Self>) -> Result<BlobInfo, BlobError> {
        self.weather.wait(&self.sim).await;
        let info = self.inner.finish().await?;
        self.weather.wait(&self.sim).await;
        Ok(info)
    }
}
