//! Samples of what vaults remember.

use cohong_core::model::{
    Archive, ArchiveId, BucketName, Checksums, DialectId, Etag, Extent, Job, JobId, JobKind,
    JobOutcome, JobResult, PayloadId, PayloadRef, Place, TreeHash, UploadId, Vault, VaultId,
    VaultName, VaultUsage,
};
use cohong_core::records::{ArchivePartRecord, ArchiveUploadRecord, PartRecord, WorkKind};

use crate::{Samples, account, extents, key, principals, time};

pub(crate) fn samples(samples: &mut Samples) {
    let vault = Vault {
        id: VaultId([6; 16]),
        account: account(),
        region: "region".into(),
        name: VaultName::new("vault").unwrap(),
        created_at: time(1_700_000_000_000),
    };
    samples.check("vault", &vault);
    samples.check("vault-name", &VaultId([6; 16]));
    let usage = VaultUsage {
        archives: 3,
        bytes: 300,
        jobs: 4,
        inventory_at: Some(time(5)),
    };
    samples.check("vault-usage", &usage);
    samples.check("archive", &archive());
    let upload = ArchiveUploadRecord {
        created_at: time(1),
        description: "存档".into(),
        part_size: 64 << 20,
    };
    samples.check("archive-upload", &upload);
    let part = ArchivePartRecord {
        part: PartRecord {
            md5: [1; 16],
            checksums: Checksums::default(),
            extents: extents(),
            size: 300,
            written_at: time(2),
        },
        tree: TreeHash([2; 16]),
    };
    samples.check("archive-part", &part);
    samples.check("jobs", &jobs());
    let work = [
        WorkKind::PurgeArchiveParts {
            upload: UploadId([3; 16]),
        },
        WorkKind::RunJob {
            vault: VaultId([6; 16]),
            job: JobId([5; 16]),
            reads: true,
        },
        WorkKind::ForgetVault {
            vault: VaultId([6; 16]),
        },
    ];
    samples.check("work-vaults", &work);
}

fn archive() -> Archive {
    Archive {
        id: ArchiveId([7; 16]),
        created_at: time(1_700_000_000_000),
        size: 300,
        description: "存档".into(),
        tree: TreeHash([2; 16]),
        etag: Etag::Md5([1; 16]),
        checksums: Checksums::default(),
        payload: payload(),
        leaves_per_row: 4096,
    }
}

fn payload() -> PayloadRef {
    let id = PayloadId([7; 16]);
    PayloadRef::One {
        id,
        extent: Extent {
            at: Place::Hot(cohong_core::model::BlobId { payload: id, n: 0 }),
            offset: 0,
            len: 300,
        },
    }
}

/// A job of every kind, and every result.
fn jobs() -> Vec<Job> {
    let bucket = BucketName::new("photos").unwrap();
    let kinds = [
        JobKind::Retrieval {
            archive: archive(),
            range: 0..300,
            tree: Some(TreeHash([2; 16])),
        },
        JobKind::Inventory,
        JobKind::Pull {
            bucket: bucket.clone(),
            key: key(),
        },
        JobKind::Push {
            archive: archive(),
            bucket,
            key: key(),
        },
        JobKind::Inventory,
    ];
    let results = [
        JobResult::Retrieved,
        JobResult::Listed {
            output: payload(),
            size: 300,
        },
        JobResult::Pulled {
            archive: ArchiveId([7; 16]),
            size: 300,
            tree: TreeHash([2; 16]),
        },
        JobResult::Pushed,
        JobResult::Failed { why: "full".into() },
    ];
    let job = |(kind, result)| Job {
        id: JobId([5; 16]),
        kind,
        description: "job".into(),
        created_at: time(1),
        ready_at: time(2),
        principal: principals()[1].clone(),
        request_id: "request".into(),
        via: DialectId::Oss,
        outcome: Some(JobOutcome {
            at: time(3),
            result,
        }),
    };
    kinds.into_iter().zip(results).map(job).collect()
}
