//! Where sync tasks read from, and who writes their lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use cohong_core::engine::Engine;
use cohong_core::limits::SYNC_PART_BYTES;
use cohong_core::model::{DialectId, SyncSource};
use cohong_core::ports::{OutcomeFormat, Sink, Source, SourceCredentials, SourceFault, Sources};
use cohong_core::sync::{OwnBuckets, Registry};
use cohong_dialects::oms::OmsLists;
use cohong_egress::policy::Given;
use cohong_egress::{Http, SourceReaders, Speech, Store, known_store};

/// The place that means this server's own buckets.
pub(super) const HERE: &str = SyncSource::HERE;

/// The stores that are known: this server, those that the operator registered, and public ones.
#[derive(Debug)]
pub(super) struct KnownSources {
    engine: Arc<Engine>,
    own: OwnBuckets,
    readers: SourceReaders,
}

impl KnownSources {
    pub(super) fn new(engine: &Arc<Engine>, http: &Arc<Http>) -> Self {
        let clock = engine.ports().clock.clone();
        Self {
            engine: engine.clone(),
            own: OwnBuckets::new(engine),
            readers: SourceReaders::new(http.clone(), clock),
        }
    }

    /// The store that a task means, and its region as that store knows it.
    async fn store<'a>(&self, source: &'a SyncSource) -> Result<(Store, &'a str), SourceFault> {
        let (cloud, region) = (&*source.cloud, &*source.region);
        let found = self.engine.source_at(cloud, region).await;
        let found = found.map_err(|error| SourceFault::Broken(error.message().into()))?;
        let Some(record) = found else {
            return known_store(cloud, region).ok_or_else(|| {
                let place = format!(
                    "{cloud} in {region}; `cohong source add` registers stores that speak one of the known \
                     ways, for others there is no reader yet"
                );
                SourceFault::Unknown(place.into())
            });
        };
        let speech = Speech::of_word(&record.speech).ok_or_else(|| {
            let why = format!("{cloud} in {region} is registered as {}", record.speech);
            SourceFault::Unknown(why.into())
        })?;
        // One of the ways is signed without a region where the operator names none.
        let of_task = (speech != Speech::Oss).then(|| region.into());
        let store = Store {
            speech,
            endpoint: record.endpoint,
            path_style: record.path_style,
            signing_region: record.signing_region.or(of_task),
            given: Given::ByOperator,
        };
        Ok((store, region))
    }
}

/// What sync tasks need.
pub(super) fn registry(sources: Arc<dyn Sources>, transfers: usize) -> Registry {
    let oms: Arc<dyn OutcomeFormat> = Arc::new(OmsLists);
    Registry {
        sources,
        formats: BTreeMap::from([(DialectId::Oms, oms)]),
        part_bytes: SYNC_PART_BYTES,
        transfers,
    }
}

#[async_trait]
impl Sources for KnownSources {
    async fn open_to_write(
        &self,
        place: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Sink>, SourceFault> {
        let (store, region) = self.store(place).await?;
        self.readers
            .open_to_write(store, region, &place.bucket, with)
    }

    async fn open(
        &self,
        source: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault> {
        if source.is_here() {
            return self.own.open(source, with).await;
        }
        let (store, region) = self.store(source).await?;
        self.readers.open(store, region, &source.bucket, with)
    }

    async fn buckets(
        &self,
        place: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Vec<Box<str>>, SourceFault> {
        if place.is_here() {
            return self.own.buckets(place, with).await;
        }
        let (store, region) = self.store(place).await?;
        self.readers.buckets(store, region, with).await
    }
}
