//! Samples of what sync tasks remember.

use cohong_core::model::{
    AccessKeyId, BandwidthSpan, BucketName, Checked, ContentCheck, DialectId, Overwrite, ScanFault,
    ScanFaultKind, StorageClass, SyncCounts, SyncOutcome, SyncPick, SyncScope, SyncSettings,
    SyncSource, SyncStage, SyncState, SyncTask, SyncTaskId, UploadId,
};
use cohong_core::records::{
    FailedKeys, SyncDone, SyncItemRecord, SyncLine, SyncResume, SyncScanRecord, SyncSecretRecord,
    SyncSettled, SyncTaken, WorkKind,
};

use crate::{Samples, account, key, pair, time};

fn task() -> SyncTask {
    SyncTask {
        id: SyncTaskId([6; 16]),
        account: account(),
        via: DialectId::Oss,
        created_at: time(1_700_000_000_000),
        started_at: time(1_700_000_001_000),
        worked_ms: 300,
        state: SyncState::Running,
        writer: account(),
        writer_key: AccessKeyId("AK".into()),
        settings: SyncSettings {
            source: SyncSource {
                cloud: "cloud".into(),
                region: "region".into(),
                bucket: "from".into(),
                prefix: "photos/".into(),
            },
            out: false,
            scope: SyncScope::Found(vec![SyncPick::Prefix("a/".into()), SyncPick::Key(key())]),
            since: Some(time(5)),
            bucket: BucketName::new("photos").unwrap(),
            into: "copies/".into(),
            description: "for tests".into(),
            metadata: true,
            restore: true,
            class: Some(StorageClass::Archive),
            overwrite: Overwrite::OtherCrc64,
            check: ContentCheck::Crc64,
            deletes: true,
            lists: true,
            bandwidth: vec![BandwidthSpan {
                first_minute: 60,
                last_minute: 119,
                bytes_per_s: 1 << 20,
            }],
            labels: vec![pair("app", "1")],
        },
    }
}

pub(crate) fn samples(samples: &mut Samples) {
    samples.check("sync-task", &task());
    samples.check("sync-secret", &SyncSecretRecord { sealed: vec![1, 2] });
    let outcomes = [
        SyncOutcome::Success {
            bytes: 300,
            checked: Checked::Digest,
        },
        SyncOutcome::Skip { size: 300 },
        SyncOutcome::Failure {
            stage: SyncStage::Write,
            why: "full".into(),
        },
    ];
    let item = SyncItemRecord {
        owed: 2,
        removal: true,
        accepted_at: time(1),
        passed: vec![SyncTaskId([7; 16])],
        done: Some(SyncDone {
            requests: 3,
            at: time(2),
            outcome: outcomes[0].clone(),
        }),
        resume: Some(SyncResume {
            upload: UploadId([3; 16]),
            key: key(),
            etag: Some("etag".into()),
            modified: time(3),
            size: 1 << 30,
            part_size: 1 << 24,
        }),
    };
    samples.check("sync-item", &item);
    samples.check("sync-taken", &SyncTaken { items: 300 });
    let counts = SyncCounts {
        requests: 1,
        success: 2,
        failure: 3,
        skip: 4,
        bytes: 500,
    };
    samples.check("sync-counts", &counts);
    let settled = SyncSettled {
        items: 3,
        lines: 4,
        counts,
        skipped_bytes: 300,
        failures: 5,
    };
    samples.check("sync-settled", &settled);
    let scan = SyncScanRecord {
        round: 2,
        failed: FailedKeys::Again,
        pick: 1,
        after: "a/b".into(),
        found: 300,
        found_bytes: 1 << 40,
        fault: Some(ScanFault {
            kind: ScanFaultKind::Denied,
            why: "no".into(),
        }),
    };
    samples.check("sync-scan", &scan);
    let line = SyncLine {
        key: key(),
        at: time(1),
        outcome: outcomes[1].clone(),
    };
    samples.check("sync-line", &line);
    samples.check("sync-outcomes", &outcomes);
    let states = [
        SyncState::Running,
        SyncState::Stopped,
        SyncState::Done,
        SyncState::Failed,
    ];
    samples.check("sync-states", &states);
    words(samples);
    let forget = WorkKind::ForgetSync {
        task: SyncTaskId([6; 16]),
        bucket: BucketName::new("photos").unwrap(),
    };
    samples.check("work-forget-sync", &forget);
}

fn words(samples: &mut Samples) {
    let scopes = [SyncScope::Told, SyncScope::Found(Vec::new())];
    samples.check("sync-scopes", &scopes);
    let failed = [FailedKeys::None, FailedKeys::Again, FailedKeys::Forgotten];
    samples.check("sync-failed-keys", &failed);
    let faults = [
        ScanFaultKind::Missing,
        ScanFaultKind::Denied,
        ScanFaultKind::Other,
    ];
    samples.check("sync-scan-faults", &faults);
    let overwrite = [
        Overwrite::Never,
        Overwrite::NewerOrOtherSize,
        Overwrite::OtherCrc64,
        Overwrite::Always,
    ];
    samples.check("overwrite", &overwrite);
    let checks = [
        ContentCheck::SizeAndTime,
        ContentCheck::Crc64,
        ContentCheck::None,
    ];
    samples.check("content-checks", &checks);
    let stages = [
        SyncStage::StatSource,
        SyncStage::StatDestination,
        SyncStage::Read,
        SyncStage::Write,
    ];
    samples.check("sync-stages", &stages);
    samples.check("checked", &[Checked::Digest, Checked::Size]);
}
