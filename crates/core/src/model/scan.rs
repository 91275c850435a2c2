//! Sync tasks that look for their objects themselves: what they look for, and how far they are.

use serde::{Deserialize, Serialize};

use super::{ObjectKey, SyncCounts, SyncTaskId};

/// What ids made of a number begin with.
const NUMBERED: [u8; 8] = *b"numbered";

impl SyncTaskId {
    /// The id that is made of a number, so that a task can be named by it.
    pub fn of_number(number: u64) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&NUMBERED);
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        Self(bytes)
    }

    /// The number that it is made of, if it is.
    pub fn number(self) -> Option<u64> {
        let number = self.0.strip_prefix(&NUMBERED)?;
        Some(u64::from_be_bytes(number.try_into().ok()?))
    }
}

/// Which objects a task brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncScope {
    /// Those that events name, for as long as the task runs.
    Told,
    /// Those that the task finds at the source, one pick after the other. Then it has ended. Such a
    /// task has an id made of a number, and takes no events.
    Found(Vec<SyncPick>),
}

/// Some objects of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncPick {
    /// All whose keys begin so.
    Prefix(Box<str>),
    /// The one with this key.
    Key(ObjectKey),
}

/// Why a task could not find all its objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFault {
    /// Of which kind it is.
    pub kind: ScanFaultKind,
    /// What happened, without secrets.
    pub why: Box<str>,
}

/// What kind of fault kept a task from finding its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanFaultKind {
    /// The source has no such bucket.
    Missing,
    /// The source refuses the credentials.
    Denied,
    /// Any other trouble with the source.
    Other,
}

/// How far a task is that finds its objects itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncProgress {
    /// Objects found so far.
    pub found: u64,
    /// Their bytes, as far as the source told when they were found.
    pub found_bytes: u64,
    /// Whether there are no more to be found.
    pub complete: bool,
    /// What became of them; requests are not counted here.
    pub counts: SyncCounts,
    /// Bytes of the objects that were skipped.
    pub skipped_bytes: u64,
    /// Why not all could be found.
    pub fault: Option<ScanFault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_again_in_its_id() {
        for number in [0, 1, 999_999_999_999_999, u64::MAX] {
            let id = SyncTaskId::of_number(number);
            assert_eq!(id.number(), Some(number));
            assert_eq!(SyncTaskId::parse(&id.to_string()), Some(id));
        }
        assert_eq!(SyncTaskId([0; 16]).number(), None);
        assert_eq!(SyncTaskId(u128::MAX.to_be_bytes()).number(), None);
    }
}
