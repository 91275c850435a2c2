//! Looking at sync tasks, for operators. Changes nothing, and asks nobody for permission.

use crate::engine::Engine;
use crate::engine::walk::Walk;
use crate::error::Error;
use crate::model::{ObjectKey, SyncTask, SyncTaskId};
use crate::records::{SyncLine, decode, keys};

/// What a sync task knows of a key. A run that ended well leaves nothing here: its copy tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenSync {
    /// Requests that no run has answered.
    pub owed: u64,
    /// Its last failure, if it is one of [`Engine::failures_of_sync`].
    pub failure: Option<SyncLine>,
}

impl Engine {
    /// The sync tasks of every account, newest first.
    pub async fn every_sync_task(&self) -> Result<Vec<SyncTask>, Error> {
        let mut tasks = self.all_sync_tasks().await?;
        tasks.sort_by_key(|task| std::cmp::Reverse((task.created_at, task.id)));
        Ok(tasks)
    }

    /// The failures of a task, newest first; at most [`crate::limits::SYNC_FAILURES_KEPT`].
    pub async fn failures_of_sync(&self, task: SyncTaskId) -> Result<Vec<SyncLine>, Error> {
        let rows = Walk::over(keys::sync_failures_range(task));
        let rows = rows.all(&*self.ports.meta).await?;
        let lines = rows.iter().map(|(_, stored)| decode(&stored.bytes));
        let mut lines = lines.collect::<Result<Vec<SyncLine>, _>>()?;
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        Ok(lines)
    }

    /// What a task knows of a key.
    pub async fn seen_by_sync(&self, task: SyncTaskId, key: &ObjectKey) -> Result<SeenSync, Error> {
        let item = self.sync_item(task, key).await?;
        let failures = self.failures_of_sync(task).await?;
        Ok(SeenSync {
            owed: item.map_or(0, |(item, _)| item.owed),
            failure: failures.into_iter().find(|line| line.key == *key),
        })
    }
}
