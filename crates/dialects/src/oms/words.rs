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

/// When something is overwritten.
pub(super) fn overwrite(mode: Overwrite) -> &'static str {
    match mode {
        Overwrite::Never => "NO_OVERWRITE",
        Overwrite::NewerOrOtherSize => "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE",
        Overwrite::OtherCrc64 => "CRC64_COMPARISON_OVERWRITE",
        Overwrite::Always => "FULL_OVERWRITE",
    }
}

/// Whether a task works.
pub(super) fn state(state: SyncState) -> &'static str {
    match state {
        SyncState::Running => "SYNCHRONIZING",
        SyncState::Stopped => "STOPPED",
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
    fn classes_come_back_as_they_were_said() {
        for (word, meant) in CLASSES {
            assert_eq!(class(meant), word);
        }
        for any in StorageClass::ALL {
            assert!(CLASSES.iter().any(|(word, _)| *word == class(Some(any))));
        }
    }
}
