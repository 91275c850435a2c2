//! A server with one sync task and its source.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::delivery::{self, DeliveryHandle, TargetKind};
use cohong_core::engine::{
    BucketChange, Conditions, CreateBucket, CreateSyncTask, Cx, Engine, GetObject, ListObjects,
    ListVersions, ListingEntry, ObjectInfo, ObjectTarget, Ports, Secret, SyncKeys, SyncSpan,
    VersionChoice,
};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    AccessKeyId, AccountId, Acl, BucketKind, BucketName, CallbackSpec, Cipher, ContentCheck,
    DialectId, Encryption, KeyHolder, ObjectKey, Overwrite, Principal, StorageClass, SyncCounts,
    SyncList, SyncOutcome, SyncPast, SyncScope, SyncSettings, SyncSource, SyncTaskId, Timestamp,
    Versioning,
};
use cohong_core::ports::{
    CallbackOutcome, CallbackRequest, CallbackSender, Clock, KeyRange, MetadataStore, Mono,
    OutcomeFormat, SealError, Sealer, Source, SourceCredentials, SourceFault, Sources, Table,
    Target, UnfitCall,
};
use cohong_core::records::SyncLine;
use cohong_core::sync::{self, OwnBuckets, Registry, RuleTarget, SyncHandle};
use cohong_core::work::{self, WorkHandle};
use cohong_testkit::sim::exec::Sim;
use cohong_testkit::source::MemorySource;
use futures_util::StreamExt;

use crate::rough::RoughMeta;

/// Length of the parts of large objects.
pub(crate) const PART_BYTES: u64 = 100_000;
/// Bodies that are read at once.
const TRANSFERS: usize = 32;

/// A server; its stores and the source outlive it.
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) meta: Arc<RoughMeta>,
    pub(crate) blobs: MemoryBlobs,
    pub(crate) engine: Arc<Engine>,
    pub(crate) source: MemorySource,
    pub(crate) bucket: BucketName,
    pub(crate) key: AccessKeyId,
    pub(crate) secret: Secret,
    pub(crate) sync: Arc<SyncHandle>,
    _workers: WorkHandle,
    _delivery: DeliveryHandle,
}

#[derive(Debug)]
struct NoSecrets;

impl Sealer for NoSecrets {
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

/// The source in memory, and this server's own buckets.
#[derive(Debug)]
struct Clouds {
    memory: MemorySource,
    own: OwnBuckets,
}

#[async_trait]
impl Sources for Clouds {
    async fn open(
        &self,
        source: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault> {
        match &*source.cloud {
            "own" => self.own.open(source, with).await,
            _ => self.memory.open(source, with).await,
        }
    }
}

/// Writes everything the tests look at.
#[derive(Debug)]
struct Plain;

impl OutcomeFormat for Plain {
    fn folder(&self, task: SyncTaskId) -> String {
        format!("lists/{task}/")
    }

    fn key(&self, task: SyncTaskId, list: SyncList, at: Timestamp, n: u64) -> String {
        format!("{}{list:?}/{}-{n}", self.folder(task), at.millis())
    }

    fn line(&self, line: &SyncLine) -> String {
        let what = match &line.outcome {
            SyncOutcome::Success { bytes, checked } => format!("{bytes} {checked:?}"),
            SyncOutcome::Skip { size } => size.to_string(),
            SyncOutcome::Failure { stage, why } => format!("{stage:?} {why}"),
        };
        format!("{} {what}\n", line.key)
    }
}

#[derive(Debug)]
struct NoCallbacks;

#[async_trait]
impl CallbackSender for NoCallbacks {
    fn check(&self, _spec: &CallbackSpec) -> Result<(), UnfitCall> {
        Ok(())
    }

    async fn send(&self, _call: &CallbackRequest) -> CallbackOutcome {
        panic!("nobody asks for a callback here")
    }
}

impl World {
    /// A server with an empty bucket and an empty source.
    pub(crate) fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        let source = MemorySource::new(Arc::new(sim.clone()));
        let meta = MemoryMeta::with_small_payload_max(64);
        let key = AccessKeyId("".into());
        let mut world = Self::on(
            sim,
            meta,
            MemoryBlobs::new(),
            source,
            (key, Secret::new("")),
        );
        let engine = world.engine.clone();
        let bucket = world.bucket.clone();
        let issued = world.wait(async move {
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
            engine.create_bucket(&owner(), req).await.unwrap();
            let account = AccountId("owner".into());
            engine.create_key(&account, None).await.unwrap()
        });
        (world.key, world.secret) = (issued.access, issued.secret);
        world
    }

    fn on(
        sim: Sim,
        meta: MemoryMeta,
        blobs: MemoryBlobs,
        source: MemorySource,
        (key, secret): (AccessKeyId, Secret),
    ) -> Self {
        let meta = Arc::new(RoughMeta::new(&sim, meta));
        let engine = Arc::new(Engine::new(Ports {
            meta: meta.clone(),
            blobs: Arc::new(blobs.clone()),
            clock: Arc::new(sim.clone()),
            ids: Arc::new(sim.clone()),
            spawner: Arc::new(sim.clone()),
            callbacks: Arc::new(NoCallbacks),
            sealer: Arc::new(NoSecrets),
        }));
        let sources: Arc<dyn Sources> = Arc::new(Clouds {
            memory: source.clone(),
            own: OwnBuckets::new(&engine),
        });
        let target: Arc<dyn Target> = Arc::new(RuleTarget::new(&engine));
        let told = delivery::Registry {
            targets: BTreeMap::from([(TargetKind::Sync, target)]),
            formats: BTreeMap::new(),
        };
        let format: Arc<dyn OutcomeFormat> = Arc::new(Plain);
        let registry = Registry {
            sources,
            formats: BTreeMap::from([(DialectId::Tos, format)]),
            part_bytes: PART_BYTES,
            transfers: TRANSFERS,
        };
        let sync = Arc::new(sync::start(&engine, registry));
        Self {
            _workers: work::start(&engine),
            _delivery: delivery::start(&engine, told, Arc::new(sim.clone())),
            sim,
            meta,
            blobs,
            engine,
            source,
            bucket: BucketName::new("into").unwrap(),
            key,
            secret,
            sync,
        }
    }

    /// The process dies with everything that was not synced, and starts again.
    pub(crate) fn crash(self) -> Self {
        self.sim.kill();
        self.blobs.crash();
        let meta = self.meta.inner.crash();
        let keys = (self.key, self.secret);
        Self::on(self.sim, meta, self.blobs, self.source, keys)
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

    pub(crate) fn settings(&self) -> SyncSettings {
        SyncSettings {
            source: SyncSource {
                cloud: "memory".into(),
                region: "here".into(),
                bucket: "from".into(),
                prefix: "".into(),
            },
            out: false,
            scope: SyncScope::Told,
            since: None,
            bucket: self.bucket.clone(),
            into: "".into(),
            description: "".into(),
            metadata: false,
            restore: false,
            class: None,
            overwrite: Overwrite::NewerOrOtherSize,
            check: ContentCheck::SizeAndTime,
            deletes: false,
            lists: false,
            bandwidth: Vec::new(),
            labels: Vec::new(),
        }
    }

    pub(crate) fn keys(&self) -> SyncKeys {
        SyncKeys {
            writer: AccountId("owner".into()),
            writer_key: self.key.clone(),
            source: SourceCredentials {
                access: self.key.0.clone(),
                secret: self.secret.clone(),
                token: None,
            },
        }
    }

    pub(crate) fn task(&self, change: impl FnOnce(&mut SyncSettings)) -> SyncTaskId {
        let mut settings = self.settings();
        change(&mut settings);
        let keys = self.keys();
        let engine = self.engine.clone();
        self.wait(async move {
            let req = CreateSyncTask { settings, keys };
            engine.create_sync_task(&owner(), req).await.unwrap()
        })
    }

    pub(crate) fn accept(&self, task: SyncTaskId, names: &[&str]) {
        let keys = names.iter().map(|name| ObjectKey::new(name).unwrap());
        let keys: Vec<ObjectKey> = keys.collect();
        let engine = self.engine.clone();
        self.wait(async move { engine.accept_sync(&owner(), task, keys).await.unwrap() });
    }

    /// Everything counted so far.
    pub(crate) fn counts(&self, task: SyncTaskId) -> SyncCounts {
        let engine = self.engine.clone();
        self.wait(async move {
            let all = (Timestamp::default(), Timestamp::from_millis(u64::MAX));
            let span = SyncSpan::Hour;
            let counts = engine.sync_counts(&owner(), task, all, span, 10_000).await;
            let counts = counts.unwrap().into_iter().map(|(_, counts)| counts);
            counts.fold(SyncCounts::default(), SyncCounts::plus)
        })
    }

    pub(crate) fn backlog(&self, task: SyncTaskId) -> u64 {
        let engine = self.engine.clone();
        self.wait(async move { engine.sync_backlog(&owner(), task).await.unwrap() })
    }

    /// Waits until nothing waits, for at most so long.
    pub(crate) fn settle(&self, task: SyncTaskId, most: Duration) {
        let end = self.sim.mono() + most;
        while self.backlog(task) > 0 {
            assert!(self.sim.mono() < end, "{:?}", self.counts(task));
            self.pass(Duration::from_millis(100));
        }
    }

    /// An object of the bucket and its bytes.
    pub(crate) fn get(&self, key: &str) -> Option<(ObjectInfo, Bytes)> {
        let engine = self.engine.clone();
        let target = ObjectTarget {
            bucket: self.bucket.clone(),
            key: ObjectKey::new(key).unwrap(),
            version: VersionChoice::Current,
        };
        self.wait(async move {
            let req = GetObject {
                target,
                range: None,
                conditions: Conditions::default(),
            };
            let reader = engine.get_object(&owner(), req).await.ok()?;
            let mut body = reader.body;
            let mut bytes = Vec::new();
            while let Some(piece) = body.next().await {
                bytes.extend_from_slice(&piece.unwrap());
            }
            Some((reader.info, bytes.into()))
        })
    }

    pub(crate) fn bytes(&self, key: &str) -> Option<Bytes> {
        self.get(key).map(|(_, bytes)| bytes)
    }

    pub(crate) fn rows(&self, table: Table) -> usize {
        self.count(cohong_core::records::keys::prefix_range(table, &[]))
    }

    /// Lines that wait for their list, and keys that failed and can be brought again: all but the failures of a task
    /// that are kept to be shown.
    pub(crate) fn lines(&self, task: SyncTaskId) -> usize {
        let kept = self.count(cohong_core::records::keys::sync_failures_range(task));
        self.rows(Table::SyncLines) - kept
    }

    fn count(&self, range: KeyRange) -> usize {
        let meta = self.meta.clone();
        self.wait(async move {
            let all = cohong_core::ports::Limit {
                rows: usize::MAX,
                bytes: usize::MAX,
            };
            let order = cohong_core::ports::Order::Ascending;
            let pages = meta.scan(&[range], order, all).await.unwrap();
            pages.iter().map(|page| page.rows.len()).sum()
        })
    }

    /// Keys of the bucket that begin with a text.
    pub(crate) fn list(&self, prefix: &str) -> Vec<String> {
        let (engine, bucket, prefix) = (self.engine.clone(), self.bucket.clone(), prefix.into());
        self.wait(async move {
            let req = ListObjects {
                bucket,
                prefix,
                delimiter: String::new(),
                after: String::new(),
                reverse: false,
                limit: 1000,
            };
            let listing = engine.list_objects(&owner(), req).await.unwrap();
            let key = |entry| match entry {
                ListingEntry::Object(object) => object.key.to_string(),
                ListingEntry::Prefix(_) => unreachable!("nothing is rolled up"),
            };
            listing.entries.into_iter().map(key).collect()
        })
    }

    /// The bucket keeps versions from now on.
    pub(crate) fn keep_versions(&self) {
        let (engine, bucket) = (self.engine.clone(), self.bucket.clone());
        self.wait(async move {
            let change = BucketChange::Versioning(Versioning::Enabled);
            engine
                .change_bucket(&owner(), &bucket, change)
                .await
                .unwrap();
        });
    }

    /// Encrypts what is written into the bucket from now on.
    pub(crate) fn encrypt(&self) {
        let (engine, bucket) = (self.engine.clone(), self.bucket.clone());
        self.wait(async move {
            let rule = Encryption {
                cipher: Cipher::Aes256,
                holder: KeyHolder::Server,
            };
            let put = engine.put_bucket_doc(&owner(), &bucket, &rule).await;
            put.unwrap();
        });
    }

    /// The keys of all versions of the bucket.
    pub(crate) fn versions(&self) -> Vec<String> {
        let (engine, bucket) = (self.engine.clone(), self.bucket.clone());
        self.wait(async move {
            let req = ListVersions {
                bucket,
                prefix: String::new(),
                delimiter: String::new(),
                key_marker: String::new(),
                version_marker: None,
                limit: 1000,
            };
            let listing = engine.list_versions(&owner(), req).await.unwrap();
            assert!(listing.next.is_none(), "more than one page");
            let versions = listing.versions.into_iter();
            versions.map(|version| version.key.to_string()).collect()
        })
    }

    /// What the clock on the wall says.
    pub(crate) fn sim_now(&self) -> Timestamp {
        Clock::now(&self.sim)
    }

    /// When it is.
    pub(crate) fn now(&self) -> Mono {
        self.sim.mono()
    }
}

pub(crate) fn owner() -> Cx {
    Cx {
        principal: Principal::Account {
            account: AccountId("owner".into()),
            key: AccessKeyId("owner-key".into()),
        },
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
    }
}

/// Success, failure, skip.
pub(crate) fn outcomes(counts: SyncCounts) -> (u64, u64, u64) {
    assert_eq!(
        counts.requests,
        counts.success + counts.failure + counts.skip,
        "{counts:?}"
    );
    (counts.success, counts.failure, counts.skip)
}

/// Bytes that differ from place to place.
pub(crate) fn noise(len: usize, seed: u64) -> Bytes {
    let mut seed = cohong_testkit::seed::Seed::new(seed);
    let words: Range<usize> = 0..len.div_ceil(8);
    let mut bytes: Vec<u8> = words.flat_map(|_| seed.draw().to_le_bytes()).collect();
    bytes.truncate(len);
    bytes.into()
}
