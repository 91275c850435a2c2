//! Body of `GetBucketStat` (sheet section 5, Bucket).

use cohong_core::engine::{BucketStat, Usage};
use cohong_core::model::{StorageClass, Timestamp};
use serde::Serialize;

use crate::oss::words::OSS;

/// What a bucket holds. Bytes that are billed are those that are stored: there is no least size.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct Stat {
    storage: u64,
    object_count: u64,
    multipart_upload_count: u64,
    multipart_part_count: u64,
    live_channel_count: u64,
    last_modified_time: u64,
    standard_storage: u64,
    standard_object_count: u64,
    infrequent_access_storage: u64,
    infrequent_access_real_storage: u64,
    infrequent_access_object_count: u64,
    archive_storage: u64,
    archive_real_storage: u64,
    archive_object_count: u64,
    cold_archive_storage: u64,
    cold_archive_real_storage: u64,
    cold_archive_object_count: u64,
    deep_cold_archive_storage: u64,
    deep_cold_archive_real_storage: u64,
    deep_cold_archive_object_count: u64,
    delete_marker_count: u64,
}

impl Stat {
    /// What was counted at a moment, which is not told of an empty bucket. Parts count as storage, and as no object. Classes that only other
    /// dialects have count as what they are shown as.
    pub(in crate::oss) fn new(stat: &BucketStat, at: Timestamp) -> Self {
        let of = |class| {
            let same = |other: &StorageClass| OSS.class_word(*other) == OSS.class_word(class);
            let usages = stat.classes.iter().filter(|(other, _)| same(other));
            usages.fold(Usage::default(), |sum, (_, usage)| Usage {
                objects: sum.objects + usage.objects,
                bytes: sum.bytes + usage.bytes,
            })
        };
        let [standard, infrequent, archive, cold, deep] = [
            StorageClass::Standard,
            StorageClass::Infrequent,
            StorageClass::Archive,
            StorageClass::ColdArchive,
            StorageClass::DeepColdArchive,
        ]
        .map(of);
        let all = stat.classes.values();
        let is_empty = stat.classes.is_empty() && stat.uploads == 0 && stat.delete_markers == 0;
        Self {
            storage: all.clone().map(|usage| usage.bytes).sum::<u64>() + stat.part_bytes,
            object_count: all.map(|usage| usage.objects).sum(),
            multipart_upload_count: stat.uploads,
            multipart_part_count: stat.parts,
            live_channel_count: 0,
            last_modified_time: if is_empty { 0 } else { at.seconds() },
            standard_storage: standard.bytes,
            standard_object_count: standard.objects,
            infrequent_access_storage: infrequent.bytes,
            infrequent_access_real_storage: infrequent.bytes,
            infrequent_access_object_count: infrequent.objects,
            archive_storage: archive.bytes,
            archive_real_storage: archive.bytes,
            archive_object_count: archive.objects,
            cold_archive_storage: cold.bytes,
            cold_archive_real_storage: cold.bytes,
            cold_archive_object_count: cold.objects,
            deep_cold_archive_storage: deep.bytes,
            deep_cold_archive_real_storage: deep.bytes,
            deep_cold_archive_object_count: deep.objects,
            delete_marker_count: stat.delete_markers,
        }
    }
}
