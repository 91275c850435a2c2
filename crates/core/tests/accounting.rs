//! Whatever requests do to the same keys at the same time: afterwards every version has its bytes,
//! every holder is written down, and what nobody holds is owed its removal.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cohong_core::engine::{
    BucketChange, Conditions, CopyObject, CopySource, RenameObject, VersionChoice,
};
use cohong_core::model::{
    BucketName, ObjectKey, ObjectVersion, PayloadId, PayloadRef, Place, VersionId, Versioning,
};
use cohong_core::ports::{BlobStore, MetadataStore, Table};
use cohong_core::records::{CurrentRecord, WorkKind, WorkRecord, decode, keys};
use common::{World, owner, run, target};
use futures_util::future::join_all;
use proptest::prelude::*;

const KEYS: [&str; 3] = ["a", "b", "b/c"];

#[derive(Clone, Debug)]
enum Op {
    Put(usize, String),
    Delete(usize),
    DeleteNull(usize),
    /// Deletes the current version by its id, if it has one.
    DeleteVersion(usize),
    Copy(usize, usize),
    Rename(usize, usize),
    Switch(Versioning),
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..KEYS.len();
    prop_oneof![
        4 => (key.clone(), "[a-z]{0,12}").prop_map(|(key, text)| Op::Put(key, text)),
        2 => key.clone().prop_map(Op::Delete),
        1 => key.clone().prop_map(Op::DeleteNull),
        2 => key.clone().prop_map(Op::DeleteVersion),
        3 => (key.clone(), key.clone()).prop_map(|(from, to)| Op::Copy(from, to)),
        2 => (key.clone(), key).prop_map(|(from, to)| Op::Rename(from, to)),
        1 => Just(Op::Switch(Versioning::Enabled)),
        1 => Just(Op::Switch(Versioning::Suspended)),
    ]
}

async fn act(world: &World, bucket: &BucketName, op: &Op) {
    match op {
        Op::Put(key, text) => {
            world.put(bucket, KEYS[*key], text).await;
        }
        Op::Delete(key) => {
            let choice = VersionChoice::Current;
            world.delete(bucket, KEYS[*key], choice).await.unwrap();
        }
        Op::DeleteNull(key) => {
            let choice = VersionChoice::Null;
            world.delete(bucket, KEYS[*key], choice).await.unwrap();
        }
        Op::DeleteVersion(key) => {
            let current = current(world).await.remove(KEYS[*key]);
            if let Some(CurrentRecord { version, .. }) = current.filter(|c| !c.version.is_null) {
                let choice = VersionChoice::Id(version.id);
                world.delete(bucket, KEYS[*key], choice).await.unwrap();
            }
        }
        Op::Copy(from, to) => {
            let req = CopyObject {
                expires_days: None,
                lock: cohong_core::model::Lock::default(),
                source: CopySource {
                    object: target(bucket, KEYS[*from], VersionChoice::Current),
                    conditions: Conditions::default(),
                },
                bucket: bucket.clone(),
                key: ObjectKey::new(KEYS[*to]).unwrap(),
                replace: None,
                tags: None,
                class: None,
                acl: None,
                conditions: Conditions::default(),
                checksum: None,
            };
            // There may be nothing to copy.
            let _ = world.engine.copy_object(&owner(), req).await;
        }
        Op::Rename(from, to) => {
            let req = RenameObject {
                bucket: bucket.clone(),
                from: ObjectKey::new(KEYS[*from]).unwrap(),
                to: ObjectKey::new(KEYS[*to]).unwrap(),
                conditions: Conditions::default(),
                makes_parents: false,
            };
            // There may be nothing to rename, and versions keep objects where they are.
            let _ = world.engine.rename_object(&owner(), req).await;
        }
        Op::Switch(to) => {
            let change = BucketChange::Renames(false);
            let off = world.engine.change_bucket(&owner(), bucket, change).await;
            off.unwrap();
            world.versioning(bucket, *to).await;
        }
    }
}

/// The current records by key. A key has one, not two.
async fn current(world: &World) -> BTreeMap<String, CurrentRecord> {
    let mut found = BTreeMap::new();
    for table in [Table::Heads, Table::Graves] {
        for (at, record) in world.rows(table).await {
            let key = keys::object_of_current(&at).unwrap();
            let record: CurrentRecord = decode(&record.bytes).unwrap();
            assert_eq!(record.version.object().is_some(), table == Table::Heads);
            let before = found.insert(key.as_str().to_owned(), record);
            assert_eq!(before, None, "{key} has two current versions");
        }
    }
    found
}

/// Every version of every key, the current one first.
async fn versions(world: &World) -> BTreeMap<String, Vec<ObjectVersion>> {
    let current = current(world).await;
    let mut all: BTreeMap<String, Vec<ObjectVersion>> = current
        .iter()
        .map(|(key, record)| (key.clone(), vec![record.version.clone()]))
        .collect();
    for (at, record) in world.rows(Table::Versions).await {
        let (key, id) = keys::object_of_version(&at).unwrap();
        let version: ObjectVersion = decode(&record.bytes).unwrap();
        assert_eq!(version.id, id);
        let of_key = all.get_mut(key.as_str());
        of_key
            .expect("a key with versions has a current one")
            .push(version);
    }
    for (key, versions) in &all {
        assert!(
            versions.is_sorted_by(|a, b| a.id > b.id),
            "{key}: {versions:?}"
        );
        let nulls: Vec<VersionId> = versions
            .iter()
            .filter(|v| v.is_null)
            .map(|v| v.id)
            .collect();
        let known: Vec<VersionId> = current[key].null_at.into_iter().collect();
        assert_eq!(nulls, known, "{key}");
    }
    all
}

async fn check(world: &World, bucket: &BucketName) {
    let mut held = BTreeSet::new();
    let mut refs = 0;
    for (key, versions) in versions(world).await {
        for version in versions {
            let Some(record) = version.object() else {
                continue;
            };
            if let PayloadRef::One { id, extent } = &record.payload
                && let Place::Hot(_) = extent.at
            {
                held.insert(*id);
                refs += 1;
            }
            let choice = if version.is_null {
                VersionChoice::Null
            } else {
                VersionChoice::Id(version.id)
            };
            let bytes = world.get(bucket, &key, choice).await.unwrap();
            assert_eq!(bytes.len() as u64, record.size);
        }
    }
    let rows = world.rows(Table::PayloadRefs).await;
    let named: BTreeSet<PayloadId> = rows
        .iter()
        .map(|(at, _)| PayloadId(at[..16].try_into().unwrap()))
        .collect();
    assert_eq!((named, rows.len()), (held.clone(), refs));
    let work = world.rows(Table::Work).await;
    let dropped: BTreeSet<PayloadId> = work
        .iter()
        .filter_map(
            |(_, record)| match decode::<WorkRecord>(&record.bytes).unwrap().kind {
                WorkKind::DropPayload { payload } => Some(payload),
                _ => None,
            },
        )
        .collect();
    for blob in world.blobs.scan(None, 1000).await.unwrap() {
        let payload = blob.id.payload;
        assert!(
            held.contains(&payload) || dropped.contains(&payload),
            "{payload} is lost"
        );
        let live = world
            .meta
            .get_many(&[keys::payload(payload)])
            .await
            .unwrap();
        assert!(live[0].is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_lost_and_nothing_dangles(
        small in any::<bool>(),
        waves in proptest::collection::vec(proptest::collection::vec(op(), 1..8), 1..8),
    ) {
        run(async {
            let world = if small { World::new() } else { World::without_small_bodies() };
            let bucket = world.bucket("photos").await;
            let change = BucketChange::Renames(true);
            let on = world.engine.change_bucket(&owner(), &bucket, change).await;
            on.unwrap();
            for wave in &waves {
                join_all(wave.iter().map(|op| act(&world, &bucket, op))).await;
                check(&world, &bucket).await;
            }
        });
    }
}
