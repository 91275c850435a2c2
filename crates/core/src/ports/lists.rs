//! Lists of what became of the keys of a sync task, as objects.

use std::fmt::Debug;

use crate::model::{SyncList, SyncTaskId, Timestamp};
use crate::records::SyncLine;

/// Names the lists of a dialect and writes their lines.
pub trait OutcomeFormat: Debug + Send + Sync + 'static {
    /// What the keys of all lists of a task begin with. Keys in there are never synced.
    fn folder(&self, task: SyncTaskId) -> String;

    /// The key of a list that is written at an instant. `n` tells lists of one instant apart.
    fn key(&self, task: SyncTaskId, list: SyncList, at: Timestamp, n: u64) -> String;

    /// One line, its end included.
    fn line(&self, line: &SyncLine) -> String;
}
