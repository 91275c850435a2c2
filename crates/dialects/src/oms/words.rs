//! The vendor's words and ours, both ways.

use cohong_core::model::{ContentCheck, Overwrite, StorageClass, SyncState};

/// Kinds of stores that objects may come from (sheet sections 4.2 and 6).
pub(super) const CLOUDS: [&str; 11] = [
    "AWS",
    "Aliyun",
    "Azure",
    "Baidu",
    "Google",
    "HuaweiCloud",
    "KingsoftCloud",
    "QingCloud",
    "Qiniu",
    "Tencent",
    "UCloud",
];

/// The kind of store that objects may go to: this one.
pub(super) const DESTINATION: &str = "HEC";

/// Classes of copies; the last keeps that of the source.
pub(super) const CLASSES: [(&str, Option<StorageClass>); 5] = [
    ("STANDARD", Some(StorageClass::Standard)),
    ("IA", Some(StorageClass::Infrequent)),
    ("ARCHIVE", Some(StorageClass::Archive)),
    ("DEEP_ARCHIVE", Some(StorageClass::DeepColdArchive)),
    ("SRC_STORAGE_MAPPING", None),
];

/// What is compared. Pages of the vendor differ in the third word, and each is given back as it came
/// (sheet section 8).
pub(super) const CHECKS: [(&str, ContentCheck); 4] = [
    ("size_last_modified", ContentCheck::SizeAndTime),
    ("crc64", ContentCheck::Crc64),
    ("transmission", ContentCheck::SizeAndTime),
    ("no_check", ContentCheck::None),
];

/// When something is overwritten, as requests say it (sheet section 4.3).
pub(super) const OVERWRITES: [(&str, Overwrite); 4] = [
    ("NO_OVERWRITE", Overwrite::Never),
    (
        "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE",
        Overwrite::NewerOrOtherSize,
    ),
    ("CRC64_COMPARISON_OVERWRITE", Overwrite::OtherCrc64),
    ("FULL_OVERWRITE", Overwrite::Always),
];

/// How migration tasks name objects, and whether by prefixes; the last two are not served.
pub(super) const TASK_TYPES: [(&str, Option<bool>); 4] = [
    ("object", Some(false)),
    ("prefix", Some(true)),
    ("list", None),
    ("url_list", None),
];

/// Priorities of migration tasks, which mean nothing here.
pub(super) const PRIORITIES: [(&str, ()); 3] = [("HIGH", ()), ("MEDIUM", ()), ("LOW", ())];

/// The name of a migration task; the vendor's service makes it as well.
pub(super) fn task_name(number: u64) -> String {
    format!("task_{number}")
}

/// The state of a migration task (sheet section 6.1).
pub(super) fn status(state: SyncState) -> u8 {
    match state {
        SyncState::Running => 2,
        SyncState::Stopped => 3,
        SyncState::Failed => 4,
        SyncState::Done => 5,
    }
}

/// When something is overwritten.
pub(super) fn overwrite(mode: Overwrite) -> &'static str {
    match mode {
        Overwrite::Never => "NO_OVERWRITE",
        Overwrite::NewerOrOtherSize => "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE",
        Overwrite::OtherCrc64 => "CRC64_COMPARISON_OVERWRITE",
        Overwrite::Always => "FULL_OVERWRITE",
    }
}

/// Whether a sync task works. It never ends by itself.
pub(super) fn state(state: SyncState) -> &'static str {
    match state {
        SyncState::Running => "SYNCHRONIZING",
        SyncState::Stopped | SyncState::Done | SyncState::Failed => "STOPPED",
    }
}

/// The class of copies of a task. One that no request of this vendor can name is the nearest above it.
pub(super) fn class(class: Option<StorageClass>) -> &'static str {
    match class {
        None => "SRC_STORAGE_MAPPING",
        Some(StorageClass::Standard | StorageClass::Intelligent) => "STANDARD",
        Some(StorageClass::Infrequent | StorageClass::ArchiveInstant) => "IA",
        Some(StorageClass::Archive) => "ARCHIVE",
        Some(StorageClass::ColdArchive | StorageClass::DeepColdArchive) => "DEEP_ARCHIVE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_were_said() {
        for (word, meant) in CLASSES {
            assert_eq!(class(meant), word);
        }
        for (word, meant) in OVERWRITES {
            assert_eq!(overwrite(meant), word);
        }
        for any in StorageClass::ALL {
            assert!(CLASSES.iter().any(|(word, _)| *word == class(Some(any))));
        }
    }
}
