//! What clients write into both buckets, and what they were told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{
    Attributes, Body, BucketChange, Conditions, CreateBucket, Cx, Engine, ExpectedDigests,
    GetObject, ObjectInfo, ObjectTarget, PutObject, VersionChoice,
};
use cohong_core::model::{
    Acl, BucketKind, BucketName, EventKind, ObjectKey, ReplicaTarget, Replicated, Replication,
    ReplicationRule, StorageClass, VersionId, Versioning, WorkId,
};
use cohong_testkit::sim::exec::Sim;
use futures_util::StreamExt;

use crate::world::World;

const KEYS: [&str; 4] = ["a", "b", "c/d", "c/e"];

/// How often something happened in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) asked: usize,
    pub(crate) stored: usize,
    pub(crate) crashes: usize,
}

/// What is known: every body has a number of its own.
#[derive(Debug, Default)]
struct Known {
    tally: Tally,
    /// Number of the body that was acknowledged last, by key.
    last: BTreeMap<&'static str, usize>,
}

#[derive(Clone)]
pub(crate) struct Client {
    sim: Sim,
    pub(crate) engine: Arc<Engine>,
    cx: Cx,
    buckets: [BucketName; 2],
    known: Arc<Mutex<Known>>,
}

impl Client {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            sim: world.sim.clone(),
            engine: world.engine.clone(),
            cx: world.cx.clone(),
            buckets: ["east", "west"].map(|name| BucketName::new(name).unwrap()),
            known: Arc::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    pub(crate) fn tally(&self) -> Tally {
        self.known().tally.clone()
    }

    /// Two buckets, with versions or without, and rules from each to the other.
    pub(crate) async fn make_buckets(&self) {
        let versioned = self.sim.coin();
        for name in &self.buckets {
            let req = CreateBucket {
                kind: BucketKind::Flat,
                locks: false,
                name: name.clone(),
                region: "here".into(),
                acl: Acl::default(),
                default_class: StorageClass::Standard,
                labels: Vec::new(),
                tags: Vec::new(),
            };
            self.engine.create_bucket(&self.cx, req).await.unwrap();
            if versioned {
                let change = BucketChange::Versioning(Versioning::Enabled);
                let changed = self.engine.change_bucket(&self.cx, name, change);
                changed.await.unwrap();
            }
        }
        let [east, west] = &self.buckets;
        for (from, to) in [(east, west), (west, east)] {
            let rules = Replication {
                role: "role".into(),
                rules: vec![self.rule(to)],
            };
            let set = self.engine.put_replication(&self.cx, from, &rules);
            set.await.unwrap();
        }
    }

    fn rule(&self, to: &BucketName) -> ReplicationRule {
        ReplicationRule {
            id: "rule".into(),
            enabled: true,
            prefixes: Vec::new(),
            tags: Vec::new(),
            target: ReplicaTarget {
                bucket: to.clone(),
                region: "here".into(),
                class: None,
                inherits: None,
            },
            history: self.sim.coin(),
            entrusts: false,
            since: VersionId(0),
            duty: WorkId([0; 16]),
        }
    }

    /// Stores an object in one of the buckets.
    pub(crate) async fn write(&self) {
        let key = *self.sim.pick(&KEYS).unwrap();
        self.store(key).await;
    }

    /// Stores one more object under every key, after all others.
    pub(crate) async fn write_last(&self) {
        for key in KEYS {
            self.store(key).await;
        }
    }

    async fn store(&self, key: &'static str) {
        let n = {
            let mut known = self.known();
            known.tally.asked += 1;
            known.tally.asked
        };
        let body = body_of(n);
        let req = PutObject {
            bucket: self.sim.pick(&self.buckets).unwrap().clone(),
            key: ObjectKey::new(key).unwrap(),
            attributes: Attributes::default(),
            conditions: Conditions::default(),
            digests: ExpectedDigests::default(),
            size: None,
            callback: None,
            kind: EventKind::CreatedPut,
        };
        let body = Body {
            len: Some(body.len() as u64),
            stream: Box::pin(futures_util::stream::iter([Ok(body)])),
        };
        match self.engine.put_object(&self.cx, req, body).await {
            Ok(_) => {
                let mut known = self.known();
                known.tally.stored += 1;
                known.last.insert(key, n);
            }
            Err(error) => {
                let trouble = [ErrorKind::Unavailable, ErrorKind::Full, ErrorKind::Busy];
                assert!(trouble.contains(&error.kind()), "{error}");
            }
        }
    }

    /// Both buckets hold what was written last under every key; one of them as a client wrote it, the other its copy.
    pub(crate) async fn check(&self) {
        for key in KEYS {
            let [east, west] = &self.buckets;
            let (east, west) = (self.read(east, key).await, self.read(west, key).await);
            let ((own, bytes), (other, copied)) = (east.unwrap(), west.unwrap());
            let last = body_of(self.known().last[key]);
            assert_eq!([&bytes, &copied], [&last, &last], "{key}");
            let states = [own, other].map(|info| info.record.replicated);
            assert!(
                matches!(
                    states,
                    [Replicated::Complete, Replicated::Copy(_)]
                        | [Replicated::Copy(_), Replicated::Complete]
                ),
                "{key}: {states:?}"
            );
        }
    }

    async fn read(&self, bucket: &BucketName, key: &str) -> Option<(ObjectInfo, Bytes)> {
        let req = GetObject {
            target: ObjectTarget {
                bucket: bucket.clone(),
                key: ObjectKey::new(key).unwrap(),
                version: VersionChoice::Current,
            },
            range: None,
            conditions: Conditions::default(),
        };
        let mut read = match self.engine.get_object(&self.cx, req).await {
            Err(error) if error.kind() == ErrorKind::NoSuchKey => return None,
            read => read.unwrap(),
        };
        let mut bytes = Vec::new();
        while let Some(piece) = read.body.next().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        Some((read.info, bytes.into()))
    }
}

/// The body of an object, in the commit or as a blob.
fn body_of(n: usize) -> Bytes {
    format!("{n}:{}", "x".repeat(n * 37 % 130)).into()
}
