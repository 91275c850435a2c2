//! What sync tasks remember.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::model::{
    ObjectKey, ScanFault, SyncCounts, SyncOutcome, SyncTaskId, Timestamp, UploadId,
};

/// Credentials for a source, sealed with the server's key as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSecretRecord {
    /// What was sealed.
    pub sealed: Vec<u8>,
}

/// Requests of a task for one key. Repeated requests coalesce here; they are answered by a run that
/// began after they were accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncItemRecord {
    /// Requests that no run has answered.
    pub owed: u64,
    /// Whether the last of them told of a removal.
    pub removal: bool,
    /// When the last of them was accepted.
    pub accepted_at: Timestamp,
    /// Tasks that what is told of has passed already.
    pub passed: Vec<SyncTaskId>,
    /// A run that ended and is not counted yet.
    pub done: Option<SyncDone>,
    /// How far the copy of a large object came.
    pub resume: Option<SyncResume>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDone {
    /// Requests that it answers.
    pub requests: u64,
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: SyncOutcome,
}

/// A large object on its way: the upload that takes its parts, and what it is the copy of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResume {
    /// The upload.
    pub upload: UploadId,
    /// The key that it is an upload of.
    pub key: ObjectKey,
    /// Entity tag of the source.
    pub etag: Option<Box<str>>,
    /// When the source was written.
    pub modified: Timestamp,
    /// Length of the source, bytes.
    pub size: u64,
    /// Length of every part but the last, bytes.
    pub part_size: u64,
}

impl SyncResume {
    /// How many parts it has.
    pub fn parts(&self) -> u32 {
        let parts = self.size.div_ceil(self.part_size.max(1));
        u32::try_from(parts).unwrap_or(u32::MAX)
    }

    /// Which bytes of the object a part has; numbers begin at 1.
    pub fn range_of(&self, number: u32) -> Range<u64> {
        let start = u64::from(number.saturating_sub(1)).saturating_mul(self.part_size);
        let start = start.min(self.size);
        start..start.saturating_add(self.part_size).min(self.size)
    }

    /// Length of a part, bytes.
    pub fn len_of(&self, number: u32) -> u64 {
        let range = self.range_of(number);
        range.end - range.start
    }
}

/// What a task has taken on since it was made. Written by acceptance only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncTaken {
    /// Items put.
    pub items: u64,
}

/// What a task has counted since it was made. Written by its runner only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSettled {
    /// Items removed.
    pub items: u64,
    /// Lines written.
    pub lines: u64,
    /// Outcomes, since the task was made or began anew.
    pub counts: SyncCounts,
    /// Bytes of the objects that were skipped.
    pub skipped_bytes: u64,
    /// Failures kept to be shown.
    pub failures: u64,
}

/// How far a task is that finds its objects itself. Written by its runner, and when it begins anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncScanRecord {
    /// How often it began anew. Keys that failed are kept by it.
    pub round: u32,
    /// What is to be done with keys that failed in earlier rounds.
    pub failed: FailedKeys,
    /// The pick that it is at, from 0.
    pub pick: u32,
    /// The key there that it came to; empty at the beginning.
    pub after: Box<str>,
    /// Objects that it found.
    pub found: u64,
    /// Their bytes, as far as the source told.
    pub found_bytes: u64,
    /// Why it did not find all.
    pub fault: Option<ScanFault>,
}

/// What a task does with the keys that failed before it began anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailedKeys {
    /// There are none.
    #[default]
    None,
    /// They are brought again.
    Again,
    /// They are forgotten, because everything is looked for anew.
    Forgotten,
}

impl SyncScanRecord {
    /// Whether it has found what it can of so many picks.
    pub fn is_over(&self, picks: usize) -> bool {
        let all = usize::try_from(self.pick).is_ok_and(|pick| pick >= picks);
        self.fault.is_some() || (self.failed == FailedKeys::None && all)
    }
}

/// A line that waits for its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncLine {
    /// The key.
    pub key: ObjectKey,
    /// When its run ended.
    pub at: Timestamp,
    /// How.
    pub outcome: SyncOutcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_are_the_whole() {
        for (size, part_size, parts) in [(1, 1, 1), (10, 3, 4), (9, 3, 3), (2, 5, 1)] {
            let resume = SyncResume {
                upload: UploadId([0; 16]),
                key: ObjectKey::new("k").unwrap(),
                etag: None,
                modified: Timestamp::default(),
                size,
                part_size,
            };
            assert_eq!(resume.parts(), parts);
            let mut end = 0;
            for number in 1..=parts {
                let range = resume.range_of(number);
                assert_eq!(range.start, end);
                assert_eq!(resume.len_of(number), range.end - range.start);
                assert!(!range.is_empty() && range.end - range.start <= part_size);
                end = range.end;
            }
            assert_eq!(end, size);
            assert_eq!(resume.len_of(parts + 1), 0);
        }
    }
}
