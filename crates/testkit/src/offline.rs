//! The data folder of a stopped server, opened here, with a clock that runs as fast as it is asked to:
//! what a day of background work leaves behind.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::engine::{Engine, Ports};
use cohong_core::model::{CallbackSpec, PayloadId, Timestamp, UploadId, WorkId};
use cohong_core::ports::{
    CallbackOutcome, CallbackRequest, CallbackSender, Clock, Ids, Limit, Mono, Order, Spawner,
    Task, UnfitCall,
};
use cohong_core::records::keys;
use cohong_core::work;
use cohong_store::blob::{LocalBlobs, Options};
use cohong_store::disk::RealDisk;
use cohong_store::meta::{self, EmbeddedMeta};
use cohong_store::seal::FileSealer;

use crate::seed::Seed;

/// Blobs looked at in one step.
const PAGE: usize = 1000;

/// What was found when everything that was due had been done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Pieces of owed work that were done.
    pub work: usize,
    /// Blobs of no object that the sweep removed.
    pub orphans: u64,
    /// Blobs that are left.
    pub blobs: usize,
    /// Blobs that are left although no object holds their payload: must be none unless uploads are open.
    pub unheld: usize,
    /// Work that is left: must be none.
    pub owed: usize,
}

/// Does all owed work of a stopped server's folder, sweeps it, and counts what is left.
pub async fn sweep(folder: &Path) -> Result<Swept, String> {
    let engine = open(folder)?;
    let mut swept = Swept::default();
    loop {
        match work::run_due_once(&engine).await.map_err(text)? {
            0 => break,
            done => swept.work += done,
        }
    }
    let report = work::sweep::sweep_now(&engine, Duration::from_secs(1))
        .await
        .map_err(text)?;
    swept.orphans = report.removed;
    swept.owed = engine.list_work(PAGE).await.map_err(text)?.len();
    let mut last = None;
    loop {
        let blobs = engine.ports().blobs.scan(last, PAGE).await.map_err(text)?;
        let Some(info) = blobs.last() else { break };
        last = Some(info.id);
        for blob in blobs {
            swept.blobs += 1;
            swept.unheld += usize::from(!is_held(&engine, blob.id.payload).await?);
        }
    }
    Ok(swept)
}

async fn is_held(engine: &Engine, payload: PayloadId) -> Result<bool, String> {
    let ranges = [keys::payload_refs_range(payload)];
    let limit = Limit {
        rows: 1,
        bytes: usize::MAX,
    };
    let pages = engine
        .ports()
        .meta
        .scan(&ranges, Order::Ascending, limit)
        .await
        .map_err(text)?;
    Ok(pages.iter().any(|page| !page.rows.is_empty()))
}

fn open(folder: &Path) -> Result<Arc<Engine>, String> {
    let meta = EmbeddedMeta::open(&folder.join("meta"), meta::Options::default());
    let options = Options::new(Arc::new(|error| panic!("a sync failed: {error}")));
    let blobs = LocalBlobs::open(folder.to_owned(), Arc::new(RealDisk), options);
    Ok(Arc::new(Engine::new(Ports {
        meta: Arc::new(meta.map_err(text)?),
        blobs: Arc::new(blobs.map_err(text)?),
        clock: Arc::new(Tomorrow::default()),
        ids: Arc::new(SeededIds(Mutex::new(Seed::new(1)))),
        spawner: Arc::new(Nowhere),
        callbacks: Arc::new(Nowhere),
        sealer: Arc::new(FileSealer::open(folder).map_err(text)?),
    })))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A day ahead of everybody; sleeping takes no time.
#[derive(Debug, Default)]
struct Tomorrow {
    mono_ms: AtomicU64,
}

#[async_trait]
impl Clock for Tomorrow {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_millis(millis).plus(Duration::from_hours(24))
    }

    fn mono(&self) -> Mono {
        Duration::from_millis(self.mono_ms.load(Ordering::Relaxed))
    }

    async fn sleep_until(&self, at: Mono) {
        let millis = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        self.mono_ms.fetch_max(millis, Ordering::Relaxed);
    }
}

/// Ids out of a seed.
#[derive(Debug)]
pub(crate) struct SeededIds(pub(crate) Mutex<Seed>);

impl SeededIds {
    fn draw(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).draw()
    }

    fn id(&self) -> [u8; 16] {
        (u128::from(self.draw()) << 64 | u128::from(self.draw())).to_be_bytes()
    }
}

impl Ids for SeededIds {
    fn payload(&self) -> PayloadId {
        PayloadId(self.id())
    }

    fn upload(&self) -> UploadId {
        UploadId(self.id())
    }

    fn blob_number(&self) -> u64 {
        self.draw()
    }

    fn work(&self) -> WorkId {
        WorkId(self.id())
    }

    fn below(&self, bound: u64) -> u64 {
        self.draw().checked_rem(bound).unwrap_or(0)
    }
}

/// Nothing is spawned and nobody is called by background work done here.
#[derive(Debug)]
struct Nowhere;

impl Spawner for Nowhere {
    fn spawn(&self, name: &'static str, _task: Task) {
        panic!("background work started the task {name}");
    }
}

#[async_trait]
impl CallbackSender for Nowhere {
    fn check(&self, _spec: &CallbackSpec) -> Result<(), UnfitCall> {
        Err(UnfitCall::Malformed("nobody is called here".into()))
    }

    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome {
        panic!(
            "background work called {:?} with {} bytes",
            call.urls,
            Bytes::len(&call.body)
        );
    }
}
