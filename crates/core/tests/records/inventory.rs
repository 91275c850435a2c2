//! Samples of inventories, and of the work that writes their lists.

use cohong_core::model::{
    AccessLog, BucketId, BucketName, DialectId, Inventory, InventoryField, InventoryFilter,
    InventoryPeriod, InventoryTarget, StorageClass, WorkId,
};
use cohong_core::records::{InventoryFile, InventoryStep, WorkKind};

use super::seal::seals;
use super::{Samples, key, pair, time};

pub(super) fn samples(samples: &mut Samples) {
    samples.check("inventories", &vec![inventory()]);
    let work = WorkKind::TakeInventory {
        bucket: BucketId(5),
        name: BucketName::new("photos").unwrap(),
        id: "daily".into(),
        duty: WorkId([4; 16]),
        step: Box::new(InventoryStep {
            begun: Some(time(1_700_000_000_001)),
            after: Some((key(), Box::from(&b"place"[..]))),
            files: vec![InventoryFile {
                size: 300,
                md5: [7; 16],
            }],
            whole: true,
            missed: Some("denied".into()),
            ..InventoryStep::at(time(1_700_000_000_000))
        }),
    };
    samples.check("inventory-work", &work);
}

fn inventory() -> Inventory {
    Inventory {
        id: "daily".into(),
        enabled: true,
        filter: InventoryFilter {
            prefix: "photos/".into(),
            from: Some(time(1_700_000_000_000)),
            until: Some(time(1_700_000_000_001)),
            at_least: Some(1),
            at_most: Some(300),
            classes: vec![StorageClass::Standard, StorageClass::Infrequent],
        },
        all_versions: true,
        period: InventoryPeriod::Weekly,
        fields: vec![
            InventoryField::Size,
            InventoryField::WrittenAt,
            InventoryField::Etag,
            InventoryField::Class,
            InventoryField::IsMultipart,
            InventoryField::Encryption,
            InventoryField::Replication,
            InventoryField::Crc64,
            InventoryField::ChecksumAlgorithm,
            InventoryField::Owner,
            InventoryField::TagCount,
            InventoryField::Kind,
            InventoryField::Acl,
        ],
        target: InventoryTarget {
            bucket: BucketName::new("lists").unwrap(),
            prefix: "to".into(),
            encryption: Some(seals()[2].encryption.clone()),
        },
        compressed: true,
        via: DialectId::S3,
        labels: vec![pair("AccountId", "1")],
        duty: WorkId([4; 16]),
    }
}

pub(super) fn access_log() -> AccessLog {
    AccessLog {
        bucket: BucketName::new("logs").unwrap(),
        prefix: "photos/".into(),
        via: DialectId::Oss,
    }
}
