//! What clients do in the bucket, and what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cohong_core::engine::{
    Attributes, Body, BucketChange, Conditions, CreateBucket, Cx, DeleteObject, Deletion, Engine,
    ExpectedDigests, GetObject, ListObjects, ListingEntry, ObjectTarget, PutObject, RenameObject,
    VersionChoice,
};
use cohong_core::model::{Acl, BucketKind, BucketName, EventKind, ObjectKey, StorageClass, Trash};
use cohong_core::{Error, ErrorKind};
use cohong_testkit::sim::exec::Sim;
use futures_util::StreamExt;

use crate::Tally;
use crate::world::World;

/// Where deleted objects are moved.
pub(crate) const TRASH: &str = "trash/";

/// Directories that clients write into and rename.
const DIRECTORIES: [&str; 7] = ["a/", "a/b/", "a/b/c/", "a/d/", "e/", "e/b/", "f/"];

/// What is known: every object has a number of its own, which stands in its name and its body.
#[derive(Debug, Default)]
struct Known {
    last: u64,
    acknowledged: BTreeSet<u64>,
    tally: Tally,
}

#[derive(Clone)]
pub(crate) struct Client {
    sim: Sim,
    pub(crate) engine: Arc<Engine>,
    cx: Cx,
    bucket: BucketName,
    known: Arc<Mutex<Known>>,
}

impl Client {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            sim: world.sim.clone(),
            engine: world.engine.clone(),
            cx: world.cx.clone(),
            bucket: BucketName::new("tree").unwrap(),
            known: Arc::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    pub(crate) fn tally(&self) -> Tally {
        self.known().tally.clone()
    }

    /// A hierarchical bucket with a trash that keeps for longer than a run takes.
    pub(crate) async fn make_bucket(&self) {
        let req = CreateBucket {
            kind: BucketKind::Hierarchical,
            locks: false,
            name: self.bucket.clone(),
            region: "here".into(),
            acl: Acl::default(),
            default_class: StorageClass::Standard,
            labels: Vec::new(),
            tags: Vec::new(),
        };
        self.engine.create_bucket(&self.cx, req).await.unwrap();
        let trash = BucketChange::Trash(Trash {
            path: TRASH.trim_end_matches('/').into(),
            days: 30,
            enabled: true,
        });
        let changed = self.engine.change_bucket(&self.cx, &self.bucket, trash);
        changed.await.unwrap();
    }

    /// One request.
    pub(crate) async fn act(&self) {
        match self.sim.random(10) {
            0..4 => self.put().await,
            4 => self.make_directory().await,
            5 => self.delete().await,
            6 => self.delete_directory().await,
            7 => self.rename().await,
            _ => self.rename_directory().await,
        }
    }

    fn directory(&self) -> &'static str {
        self.sim.pick(&DIRECTORIES).unwrap()
    }

    fn number(&self) -> u64 {
        let mut known = self.known();
        known.last += 1;
        known.last
    }

    fn count<T>(&self, what: &'static str, answer: Result<T, Error>, may_be: &[ErrorKind]) -> bool {
        match answer {
            Ok(_) => {
                *self.known().tally.entry(what).or_default() += 1;
                true
            }
            Err(error) => {
                let kind = error.kind();
                let trouble = [ErrorKind::Unavailable, ErrorKind::Full, ErrorKind::Busy];
                assert!(
                    trouble.contains(&kind) || may_be.contains(&kind),
                    "{what}: {kind:?}: {error}"
                );
                false
            }
        }
    }

    async fn write(&self, key: &str, body: Bytes) -> Result<(), Error> {
        let req = PutObject {
            bucket: self.bucket.clone(),
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
        self.engine.put_object(&self.cx, req, body).await.map(drop)
    }

    async fn put(&self) {
        let n = self.number();
        let key = format!("{}{n:05}", self.directory());
        let stored = self.write(&key, body_of(n)).await;
        if self.count("stored", stored, &[]) {
            self.known().acknowledged.insert(n);
        }
    }

    async fn make_directory(&self) {
        let made = self.write(self.directory(), Bytes::new()).await;
        self.count("directories made", made, &[]);
    }

    /// An object that a list tells, if there is one; it may be gone when it is asked for.
    async fn some_object(&self) -> Option<String> {
        let req = ListObjects {
            bucket: self.bucket.clone(),
            prefix: self.directory().to_owned(),
            delimiter: String::new(),
            after: String::new(),
            limit: 20,
            reverse: self.sim.coin(),
        };
        let page = self.engine.list_objects(&self.cx, req).await.ok()?;
        let names = page.entries.into_iter().filter_map(|entry| match entry {
            ListingEntry::Object(object) => Some(object.key.as_str().to_owned()),
            ListingEntry::Prefix(_) => None,
        });
        let objects: Vec<String> = names.filter(|name| !name.ends_with('/')).collect();
        self.sim.pick(&objects).cloned()
    }

    async fn remove(&self, key: &str, recursive: bool) -> Result<(), Error> {
        let req = DeleteObject {
            target: self.target(key),
            if_match: None,
            how: Deletion {
                recursive,
                past_trash: false,
            },
        };
        self.engine.delete_object(&self.cx, req).await.map(drop)
    }

    async fn delete(&self) {
        if let Some(key) = self.some_object().await {
            let deleted = self.remove(&key, false).await;
            self.count("deleted", deleted, &[ErrorKind::NoSuchKey]);
        }
    }

    async fn delete_directory(&self) {
        let recursive = self.sim.coin();
        let deleted = self.remove(self.directory(), recursive).await;
        let may_be = [ErrorKind::DirectoryNotEmpty, ErrorKind::NoSuchKey];
        self.count("directories deleted", deleted, &may_be);
    }

    async fn give_name(&self, from: &str, to: &str) -> Result<(), Error> {
        let req = RenameObject {
            bucket: self.bucket.clone(),
            from: ObjectKey::new(from).unwrap(),
            to: ObjectKey::new(to).unwrap(),
            conditions: Conditions::default(),
            makes_parents: self.sim.coin(),
        };
        self.engine.rename_object(&self.cx, req).await
    }

    async fn rename(&self) {
        let Some(from) = self.some_object().await else {
            return;
        };
        let name = from.rsplit('/').next().unwrap_or_default();
        let to = format!("{}{name}", self.directory());
        if to != from {
            let renamed = self.give_name(&from, &to).await;
            self.count("renamed", renamed, &[ErrorKind::NoSuchKey]);
        }
    }

    async fn rename_directory(&self) {
        let (from, to) = (self.directory(), self.directory());
        if to.starts_with(from) {
            return;
        }
        let renamed = self.give_name(from, to).await;
        let may_be = [ErrorKind::DirectoryExists, ErrorKind::NoSuchKey];
        self.count("directories renamed", renamed, &may_be);
    }

    fn target(&self, key: &str) -> ObjectTarget {
        ObjectTarget {
            bucket: self.bucket.clone(),
            key: ObjectKey::new(key).unwrap(),
            version: VersionChoice::Current,
        }
    }

    /// Every object that was acknowledged lies somewhere, none lies twice, and all bytes are right.
    pub(crate) async fn check(&self, rows: &BTreeSet<ObjectKey>) {
        let mut found: BTreeMap<u64, &ObjectKey> = BTreeMap::new();
        for key in rows.iter().filter(|key| !key.as_str().ends_with('/')) {
            let name = key.as_str().rsplit('/').next().unwrap_or_default();
            let n: u64 = name.parse().unwrap_or_else(|_| panic!("{key} is a row"));
            if let Some(other) = found.insert(n, key) {
                panic!("one object is both {key} and {other}");
            }
            let req = GetObject {
                target: self.target(key.as_str()),
                range: None,
                conditions: Conditions::default(),
            };
            let mut read = self.engine.get_object(&self.cx, req).await.unwrap().body;
            let mut bytes = Vec::new();
            while let Some(piece) = read.next().await {
                bytes.extend_from_slice(&piece.unwrap());
            }
            assert_eq!(bytes, body_of(n), "{key}");
        }
        let known = self.known();
        for n in &known.acknowledged {
            assert!(found.contains_key(n), "object {n} is lost");
        }
    }
}

/// The body of an object, in the commit or as a blob.
fn body_of(n: u64) -> Bytes {
    let len = usize::try_from(n * 37 % 130).unwrap_or_default();
    format!("{n}:{}", "x".repeat(len)).into()
}
