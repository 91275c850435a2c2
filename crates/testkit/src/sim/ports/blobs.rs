//! The blob store: it fails at every step, and removes nothing that a record points at.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::memory::{BlobStep, MemoryBlobs};
use cohong_core::model::{BlobId, Place};
use cohong_core::ports::{BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, Table};

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
    inner: MemoryBlobs,
    meta: Arc<SimMeta>,
}

impl SimBlobs {
    pub(crate) fn new(
        (sim, weather, oracle): (&Sim, &Weather, &Oracle),
        inner: &MemoryBlobs,
        meta: &Arc<SimMeta>,
    ) -> Self {
        let this = Self {
            sim: sim.clone(),
            weather: weather.clone(),
            oracle: oracle.clone(),
            inner: inner.clone(),
            meta: Arc::clone(meta),
        };
        let (sim, weather, oracle) = (sim.clone(), weather.clone(), oracle.clone());
        inner.set_fault(move |step, _| {
            let chance = match step {
                BlobStep::Create | BlobStep::Write | BlobStep::Finish => 40,
                BlobStep::Read => 100,
            };
            if !weather.is_rough() || !sim.one_in(chance) {
                return None;
            }
            oracle.faulted(&format!("blob {step:?}"));
            let full = step == BlobStep::Write && sim.one_in(2);
            Some(if full {
                BlobError::Full
            } else {
                BlobError::Failed("weather".into())
            })
        });
        this
    }

    fn down(&self, what: &'static str) -> Result<(), BlobError> {
        if self.weather.is_rough() && self.sim.one_in(40) {
            self.oracle.faulted(what);
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
        self.down("a blob cannot be removed")?;
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
