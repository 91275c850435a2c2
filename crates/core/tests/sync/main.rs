//! Sync tasks: making and keeping them, and accepting what they are to do.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../common/mod.rs"]
mod common;

mod accept;
mod tasks;

use cohong_core::engine::{CreateSyncTask, Cx, Secret, SyncKeys};
use cohong_core::model::{
    AccessKeyId, AccountId, BucketName, ContentCheck, ObjectKey, Overwrite, SyncScope,
    SyncSettings, SyncSource, SyncTaskId,
};
use cohong_core::ports::SourceCredentials;
use common::{World, owner};

/// The secret of the source; nothing but its record may ever hold it.
const SECRET: &str = "Rosebud-4711";

fn settings(bucket: &BucketName) -> SyncSettings {
    SyncSettings {
        source: SyncSource {
            cloud: "cloud".into(),
            region: "here".into(),
            bucket: "from".into(),
            prefix: "".into(),
        },
        out: false,
        scope: SyncScope::Told,
        since: None,
        bucket: bucket.clone(),
        into: "".into(),
        description: "for tests".into(),
        metadata: true,
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

fn with_keys() -> SyncKeys {
    SyncKeys {
        writer: AccountId("owner".into()),
        writer_key: AccessKeyId("owner-key".into()),
        source: SourceCredentials {
            access: "reader".into(),
            secret: Secret::new(SECRET),
            token: Some(Secret::new(SECRET)),
        },
    }
}

fn create(bucket: &BucketName) -> CreateSyncTask {
    CreateSyncTask {
        settings: settings(bucket),
        keys: with_keys(),
    }
}

async fn task_of(world: &World, cx: &Cx, bucket: &BucketName) -> SyncTaskId {
    let created = world.engine.create_sync_task(cx, create(bucket)).await;
    created.unwrap()
}

async fn task(world: &World) -> SyncTaskId {
    let bucket = world.bucket("into").await;
    task_of(world, &owner(), &bucket).await
}

fn keys(names: &[&str]) -> Vec<ObjectKey> {
    names.iter().map(|n| ObjectKey::new(n).unwrap()).collect()
}
