//! A small world for tests of the engine: stores in memory that count their commits, a clock that
//! tests move, ids from a counter, tasks that wait to be run, a sealer and a callback sender that
//! pretend. Everything is deterministic.
#![allow(dead_code, reason = "each test binary uses another part of the world")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod ports;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::engine::{
    Attributes, Body, BucketChange, Conditions, CreateBucket, CreateUpload, Cx, DeleteObject,
    DeleteReceipt, Deletion, Engine, ExpectedDigests, GetObject, ObjectTarget, Ports, PutObject,
    PutReceipt, UploadTarget, VersionChoice,
};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    AccessKeyId, AccountId, Acl, BucketKind, BucketName, Destination, DialectId, EventKind,
    EventKinds, NotificationRule, ObjectKey, Principal, RuleForm, RuleId, StorageClass, SyncPast,
    Timestamp, Versioning,
};
use cohong_core::ports::{
    Key, KeyRange, Limit, LogId, MetadataStore, Order, Position, Record, Table, Txn, When, Write,
};
use cohong_core::records::{LoggedEvent, decode};
use cohong_core::{Error, ErrorKind};
use futures_util::StreamExt;

pub(crate) use ports::{FakeCallbacks, FakeClock, FakeIds, FakeSealer, Tasks, WatchedMeta};

/// An engine and everything it stands on.
pub(crate) struct World {
    pub(crate) meta: Arc<WatchedMeta>,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) callbacks: Arc<FakeCallbacks>,
    pub(crate) engine: Arc<Engine>,
}

impl World {
    /// An empty world. Small bodies, up to 64 KiB, go with the commit.
    pub(crate) fn new() -> Self {
        Self::on(MemoryMeta::new(), Arc::new(MemoryBlobs::new()))
    }

    /// An empty world where every body is a blob.
    pub(crate) fn without_small_bodies() -> Self {
        Self::on(
            MemoryMeta::with_small_payload_max(0),
            Arc::new(MemoryBlobs::new()),
        )
    }

    /// A world on stores that may hold something already.
    pub(crate) fn on(meta: MemoryMeta, blobs: Arc<MemoryBlobs>) -> Self {
        let meta = Arc::new(WatchedMeta::new(meta));
        let clock = Arc::new(FakeClock::default());
        let tasks = Arc::new(Tasks::default());
        let callbacks = Arc::new(FakeCallbacks::default());
        let engine = Arc::new(Engine::new(Ports {
            meta: meta.clone(),
            blobs: blobs.clone(),
            clock: clock.clone(),
            ids: Arc::new(FakeIds::default()),
            spawner: tasks.clone(),
            callbacks: callbacks.clone(),
            sealer: Arc::new(FakeSealer::default()),
        }));
        Self {
            meta,
            blobs,
            clock,
            tasks,
            callbacks,
            engine,
        }
    }

    /// Creates a bucket for [`owner`].
    pub(crate) async fn bucket(&self, name: &str) -> BucketName {
        self.bucket_with(name, Acl::default()).await
    }

    /// Creates a bucket with grants for [`owner`].
    pub(crate) async fn bucket_with(&self, name: &str, acl: Acl) -> BucketName {
        let req = create_bucket(name, acl);
        let name = req.name.clone();
        self.engine.create_bucket(&owner(), req).await.unwrap();
        name
    }

    /// Stores an object for [`owner`].
    pub(crate) async fn put(&self, bucket: &BucketName, key: &str, bytes: &str) -> PutReceipt {
        self.try_put(&owner(), put(bucket, key), bytes)
            .await
            .unwrap()
    }

    /// Stores an object as `req` says.
    pub(crate) async fn try_put(
        &self,
        cx: &Cx,
        req: PutObject,
        bytes: &str,
    ) -> Result<PutReceipt, Error> {
        self.engine
            .put_object(cx, req, body(bytes.as_bytes()))
            .await
    }

    /// Reads a version's bytes for [`owner`].
    pub(crate) async fn get(
        &self,
        bucket: &BucketName,
        key: &str,
        version: VersionChoice,
    ) -> Result<Vec<u8>, ErrorKind> {
        let req = GetObject {
            target: target(bucket, key, version),
            range: None,
            conditions: Conditions::default(),
        };
        let reader = self.engine.get_object(&owner(), req).await;
        let mut stream = reader.map_err(|e| e.kind())?.body;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        Ok(bytes)
    }

    /// Opens a plain upload in parts for [`owner`].
    pub(crate) async fn begin_upload(&self, bucket: &BucketName, key: &str) -> UploadTarget {
        let key = ObjectKey::new(key).unwrap();
        let req = CreateUpload {
            bucket: bucket.clone(),
            key: key.clone(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
            sequential: false,
            checksum: None,
        };
        let begun = self.engine.create_upload(&owner(), req).await.unwrap();
        UploadTarget {
            bucket: bucket.clone(),
            key,
            upload: begun.upload,
        }
    }

    /// Deletes for [`owner`].
    pub(crate) async fn delete(
        &self,
        bucket: &BucketName,
        key: &str,
        version: VersionChoice,
    ) -> Result<DeleteReceipt, ErrorKind> {
        let req = DeleteObject {
            target: target(bucket, key, version),
            if_match: None,
            how: Deletion::default(),
        };
        let receipt = self.engine.delete_object(&owner(), req).await;
        receipt.map_err(|e| e.kind())
    }

    /// All rows of a table.
    pub(crate) async fn rows(&self, table: Table) -> Vec<(Bytes, Record)> {
        let all = KeyRange {
            table,
            start: Bytes::new(),
            end: None,
        };
        let pages = self.meta.scan(&[all], Order::Ascending, EVERYTHING).await;
        pages
            .unwrap()
            .into_iter()
            .flat_map(|page| page.rows)
            .collect()
    }

    /// Transactions that write every row of a table again, as it is: whoever saw the rows before and
    /// expects them loses.
    pub(crate) async fn touch(&self, table: Table) -> Vec<Txn> {
        let rows = self.rows(table).await.into_iter();
        let touch = |(bytes, record): (Bytes, Record)| Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![Write::Put(Key { table, bytes }, record.bytes)],
            payloads: Vec::new(),
        };
        rows.map(touch).collect()
    }

    /// Switches versioning of a bucket of [`owner`].
    pub(crate) async fn versioning(&self, bucket: &BucketName, versioning: Versioning) {
        let change = BucketChange::Versioning(versioning);
        let changed = self.engine.change_bucket(&owner(), bucket, change).await;
        changed.unwrap();
    }

    /// Puts a rule in force that sends every change to one function.
    pub(crate) async fn rule(&self, bucket: &BucketName) {
        let change = BucketChange::Rules {
            rules: vec![rule("all", "")],
            seen: None,
        };
        let changed = self.engine.change_bucket(&owner(), bucket, change).await;
        changed.unwrap();
    }

    /// The events of a bucket, oldest first.
    pub(crate) async fn events(&self, bucket: &BucketName) -> Vec<LoggedEvent> {
        let action = cohong_core::rules::access::Action::ReadBucket;
        let bucket = self.engine.read_bucket(&owner(), bucket, action).await;
        let log = LogId(bucket.unwrap().id);
        let tail = self.meta.tail(log, Position(0), EVERYTHING).await.unwrap();
        let decoded = tail.records.iter().map(|(_, bytes)| decode(bytes).unwrap());
        decoded.collect()
    }
}

const EVERYTHING: Limit = Limit {
    rows: usize::MAX,
    bytes: usize::MAX,
};

/// The account that owns the buckets of a world.
pub(crate) fn owner() -> Cx {
    account("owner")
}

/// A request of an account.
pub(crate) fn account(name: &str) -> Cx {
    cx(Principal::Account {
        account: AccountId(name.into()),
        key: AccessKeyId(format!("{name}-key").into()),
    })
}

/// An unsigned request.
pub(crate) fn anonymous() -> Cx {
    cx(Principal::Anonymous)
}

fn cx(principal: Principal) -> Cx {
    Cx {
        principal,
        request_id: "request-1".into(),
        source: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
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

/// A bucket as most tests want it.
pub(crate) fn create_bucket(name: &str, acl: Acl) -> CreateBucket {
    CreateBucket {
        kind: BucketKind::Flat,
        locks: false,
        name: BucketName::new(name).unwrap(),
        region: "cn-beijing".into(),
        acl,
        default_class: StorageClass::Standard,
        labels: Vec::new(),
        tags: Vec::new(),
    }
}

/// A rule for every kind of change of keys that begin with `prefix`.
pub(crate) fn rule(id: &str, prefix: &str) -> NotificationRule {
    NotificationRule {
        named: None,
        id: RuleId(id.into()),
        kinds: EventKinds::of(EventKind::ALL),
        event_names: Vec::new(),
        prefix: prefix.into(),
        suffix: "".into(),
        destinations: vec![Destination::Function("thumbnails".into())],
        via: DialectId::Tos,
        form: RuleForm::V2,
    }
}

/// A plain upload.
pub(crate) fn put(bucket: &BucketName, key: &str) -> PutObject {
    PutObject {
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        attributes: Attributes::default(),
        conditions: Conditions::default(),
        digests: ExpectedDigests::default(),
        size: None,
        callback: None,
        kind: EventKind::CreatedPut,
    }
}

/// A version of a key.
pub(crate) fn target(bucket: &BucketName, key: &str, version: VersionChoice) -> ObjectTarget {
    ObjectTarget {
        bucket: bucket.clone(),
        key: ObjectKey::new(key).unwrap(),
        version,
    }
}

/// A body in two pieces with its length declared.
pub(crate) fn body(bytes: &[u8]) -> Body {
    let (a, b) = bytes.split_at(bytes.len() / 2);
    let pieces = [a, b].map(|piece| Ok(Bytes::copy_from_slice(piece)));
    Body {
        stream: Box::pin(futures_util::stream::iter(pieces)),
        len: Some(bytes.len() as u64),
    }
}

/// Runs a test on one thread.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(test)
}
