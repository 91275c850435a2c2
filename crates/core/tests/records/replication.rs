//! Samples of replication rules, of the work they owe, and of what is noted at objects.

use cohong_core::model::{
    BucketId, BucketName, ClassSource, ReplicaTarget, Replicated, Replication, ReplicationRule,
    StorageClass, SyncPast, SyncTaskId, VersionId, WorkId,
};
use cohong_core::records::{HistoryStep, OwedCopy, WorkKind};

use super::{Samples, key, pair};

pub(super) fn samples(samples: &mut Samples) {
    let target = |class, inherits| ReplicaTarget {
        bucket: BucketName::new("copies").unwrap(),
        region: "cn-beijing".into(),
        class,
        inherits,
    };
    let rule = |id: &str, target, on| ReplicationRule {
        id: id.into(),
        enabled: on,
        prefixes: vec!["photos/".into(), "films/".into()],
        tags: vec![pair("kind", "keep")],
        target,
        history: on,
        entrusts: on,
        since: VersionId(300),
        duty: WorkId([5; 16]),
    };
    let all = Replication {
        role: "role".into(),
        rules: vec![
            rule(
                "1",
                target(Some(StorageClass::Infrequent), Some(ClassSource::Object)),
                true,
            ),
            rule("2", target(None, Some(ClassSource::Bucket)), false),
        ],
    };
    samples.check("replication", &all);
    let states = [
        Replicated::No,
        Replicated::Pending,
        Replicated::Complete,
        Replicated::Failed,
        Replicated::Copy(VersionId(300)),
    ];
    samples.check("replicated", &states);
    let name = BucketName::new("photos").unwrap();
    let owed = OwedCopy {
        bucket: BucketId(5),
        name: name.clone(),
        key: key(),
        version: VersionId(301),
        size: 300,
        past: SyncPast::Passed(vec![SyncTaskId([6; 16])]),
    };
    samples.check("replicate", &WorkKind::Replicate(Box::new(owed)));
    let history = WorkKind::ReplicateHistory {
        bucket: BucketId(5),
        name,
        duty: WorkId([5; 16]),
        step: HistoryStep {
            counted: true,
            range: 1,
            after: Some(key()),
            total: 300,
            done: 200,
        },
    };
    samples.check("replicate-history", &history);
}
