//! Changing what may be changed of tasks that are there.

use std::collections::BTreeSet;

use super::check_state;
use crate::engine::buckets::now;
use crate::engine::{Cx, Engine};
use crate::error::{Error, ErrorKind};
use crate::limits::{CONFLICT_RETRIES_MAX, SYNC_SCANS_MAX};
use crate::model::{BandwidthSpan, SyncSettings, SyncState, SyncTaskId};
use crate::ports::{CommitError, Expect, Write};
use crate::records::{encode, keys};
use crate::rules::sync::check_settings;

/// What is changed of sync tasks.
#[derive(Clone, Debug)]
pub struct SyncChange {
    /// How fast they read from now on, copies under way included.
    pub bandwidth: Vec<BandwidthSpan>,
    /// Labels that take the place of those with their names.
    pub labels: Vec<(Box<str>, Box<str>)>,
}

impl Engine {
    /// Changes tasks that have not ended well, all or none: `NoSuchTask`, `TaskState`, `InvalidArgument`
    /// for more than [`SYNC_SCANS_MAX`] and for what [`check_settings`] refuses.
    pub async fn change_sync_tasks(
        &self,
        cx: &Cx,
        ids: &[SyncTaskId],
        change: &SyncChange,
    ) -> Result<(), Error> {
        let ids: BTreeSet<SyncTaskId> = ids.iter().copied().collect();
        if !(1..=SYNC_SCANS_MAX).contains(&ids.len()) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "1 to 100 sync tasks are changed at once",
            ));
        }
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (mut expect, mut write) = (Vec::new(), Vec::new());
            for id in &ids {
                let (mut task, revision) = self.own_sync_task(cx, *id).await?;
                let open = [SyncState::Running, SyncState::Stopped, SyncState::Failed];
                check_state(&task, &open)?;
                change.apply(&mut task.settings);
                check_settings(&task.settings)?;
                expect.push(Expect::Revision(keys::sync_task(*id), revision));
                write.push(Write::Put(keys::sync_task(*id), encode(&task)));
            }
            if self.commit_one(now(expect, write)).await? {
                for id in ids {
                    self.sync_bell.changed(id);
                }
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }
}

impl SyncChange {
    fn apply(&self, settings: &mut SyncSettings) {
        settings.bandwidth.clone_from(&self.bandwidth);
        let names = |name: &str| self.labels.iter().any(|(changed, _)| **changed == *name);
        settings.labels.retain(|(name, _)| !names(name));
        settings.labels.extend(self.labels.iter().cloned());
    }
}
