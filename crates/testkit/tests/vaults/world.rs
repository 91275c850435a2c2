//! A server with one vault and one bucket.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::engine::{CreateBucket, Cx, Engine, Ports, VaultSettings};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    AccountId, Acl, Archive, BucketKind, BucketName, CallbackSpec, DialectId, Principal,
    StorageClass, SyncPast, Timestamp, Vault, VaultId, VaultName,
};
use cohong_core::ports::{
    CallbackOutcome, CallbackRequest, CallbackSender, InventoryFormat, Limit, MetadataStore, Order,
    SealError, Sealer, Table, UnfitCall,
};
use cohong_core::records::keys;
use cohong_core::work::{self, WorkHandle};
use cohong_testkit::sim::exec::Sim;

use crate::rough::RoughMeta;

/// How long jobs take at least.
const JOB_DELAY: Duration = Duration::from_secs(2);

/// A server; its stores outlive it.
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) meta: Arc<RoughMeta>,
    pub(crate) blobs: MemoryBlobs,
    pub(crate) engine: Arc<Engine>,
    pub(crate) cx: Cx,
    pub(crate) vault: VaultId,
    pub(crate) bucket: BucketName,
    _workers: WorkHandle,
}

#[derive(Debug)]
struct Nobody;

impl Sealer for Nobody {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        secret.to_vec()
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(sealed.to_vec())
    }

    fn random(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

#[async_trait]
impl CallbackSender for Nobody {
    fn check(&self, _spec: &CallbackSpec) -> Result<(), UnfitCall> {
        Ok(())
    }

    async fn send(&self, _call: &CallbackRequest) -> CallbackOutcome {
        panic!("nobody asks for a callback here")
    }
}

/// A line for every archive.
#[derive(Debug)]
struct Lines;

impl InventoryFormat for Lines {
    fn begin(&self, _vault: &Vault, _at: Timestamp) -> String {
        "begin\n".into()
    }

    fn archive(&self, archive: &Archive, _first: bool) -> String {
        format!("{}\n", archive.id)
    }

    fn end(&self) -> String {
        "end\n".into()
    }
}

impl World {
    /// A server with an empty vault and an empty bucket.
    pub(crate) fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        let meta = MemoryMeta::with_small_payload_max(64);
        let account = AccountId("owner".into());
        let cx = Cx {
            principal: Principal::Anonymous,
            request_id: "request".into(),
            source: None,
            dialect: DialectId::Tos,
            at: Timestamp::default(),
            secure: false,
            tls: None,
            user_agent: None,
            referer: None,
            pays: false,
            by_link: false,
            bypasses: false,
            past: SyncPast::None,
            encrypting: cohong_core::engine::Encrypting::default(),
        };
        let vault = VaultId([0; 16]);
        let mut world = Self::on(sim, meta, MemoryBlobs::new(), (cx, vault));
        let (engine, bucket) = (world.engine.clone(), world.bucket.clone());
        let mut cx = world.cx.clone();
        (world.cx, world.vault) = world.wait(async move {
            let key = engine.create_key(&account, None).await.unwrap().access;
            cx.principal = Principal::Account { account, key };
            let req = CreateBucket {
                kind: BucketKind::Flat,
                locks: false,
                name: bucket,
                region: "here".into(),
                acl: Acl::default(),
                default_class: StorageClass::Standard,
                labels: Vec::new(),
                tags: Vec::new(),
            };
            engine.create_bucket(&cx, req).await.unwrap();
            let name = VaultName::new("vault").unwrap();
            let vault = engine.create_vault(&cx, "here", &name).await.unwrap();
            (cx, vault)
        });
        world
    }

    fn on(sim: Sim, meta: MemoryMeta, blobs: MemoryBlobs, (cx, vault): (Cx, VaultId)) -> Self {
        let meta = Arc::new(RoughMeta::new(&sim, meta));
        let engine = Engine::new(Ports {
            meta: meta.clone(),
            blobs: Arc::new(blobs.clone()),
            clock: Arc::new(sim.clone()),
            ids: Arc::new(sim.clone()),
            spawner: Arc::new(sim.clone()),
            callbacks: Arc::new(Nobody),
            sealer: Arc::new(Nobody),
        });
        let engine = engine
            .with_vaults(VaultSettings {
                job_delay: JOB_DELAY,
                ..VaultSettings::default()
            })
            .with_inventory(DialectId::Tos, Arc::new(Lines));
        let engine = Arc::new(engine);
        Self {
            _workers: work::start(&engine),
            sim,
            meta,
            blobs,
            engine,
            cx,
            vault,
            bucket: BucketName::new("objects").unwrap(),
        }
    }

    /// The process dies with everything that was not synced, and starts again.
    pub(crate) fn crash(self) -> Self {
        self.sim.kill();
        self.blobs.crash();
        let meta = self.meta.inner.crash();
        Self::on(self.sim, meta, self.blobs, (self.cx, self.vault))
    }

    /// Runs everything until `main` ends.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        main: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.sim.wait(main)
    }

    /// Runs everything for a time.
    pub(crate) fn pass(&self, time: Duration) {
        self.sim.rest(time);
    }

    /// Runs everything for so many steps.
    pub(crate) fn steps(&self, polls: u64) {
        self.sim.steps(polls);
    }

    /// Keys of a table.
    pub(crate) fn rows(&self, table: Table) -> Vec<bytes::Bytes> {
        let meta = self.meta.clone();
        self.wait(async move {
            let range = keys::prefix_range(table, &[]);
            let all = Limit {
                rows: usize::MAX,
                bytes: usize::MAX,
            };
            let pages = meta.scan(&[range], Order::Ascending, all).await.unwrap();
            let rows = pages.into_iter().flat_map(|page| page.rows);
            rows.map(|(at, _)| at).collect()
        })
    }
}
