//! Sync tasks: making, showing, starting, stopping and deleting them, and accepting what they are to
//! do. How they do it is in [`crate::sync`].
//!
//! A task is known to the account that made it and to nobody else. Its credentials are a record of their
//! own, sealed, so that showing a task never touches them; a stopped task has none.

mod accept;
mod bring;
mod change;
mod counts;
mod fold;
mod forget;
mod large;
mod lists;
mod scan;
mod secrets;
mod seen;

use super::buckets::now;
use super::walk::Walk;
use super::{Cx, Engine};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    CONFLICT_RETRIES_MAX, SYNC_NUMBER_MAX, SYNC_SCANS_MAX, SYNC_TASKS_ALL_MAX, SYNC_TASKS_MAX,
};
use crate::model::{
    AccessKeyId, AccountId, SyncScope, SyncSettings, SyncState, SyncTask, SyncTaskId,
};
use crate::ports::{CommitError, Expect, Revision, SourceCredentials, Table, Write};
use crate::records::{SyncScanRecord, WorkKind, decode, encode, keys};
use crate::rules::access::allow_account;
use crate::rules::sync::{check_credentials, check_settings};
use crate::work;

pub(crate) use accept::SyncOrder;
pub(crate) use bring::{Bringing, Unbrought};
pub use change::SyncChange;
pub use counts::SyncSpan;
pub(crate) use fold::Ended;
pub(crate) use scan::ScanStep;
pub use seen::SeenSync;

/// The record that every creation of a task expects and rewrites, so that their number is exact.
const LAST_TASK: &str = "last-sync-task";

/// Make a sync task.
#[derive(Clone, Debug)]
pub struct CreateSyncTask {
    /// What it does.
    pub settings: SyncSettings,
    /// What it reads and writes with.
    pub keys: SyncKeys,
}

/// What a sync task reads and writes with.
#[derive(Clone, Debug)]
pub struct SyncKeys {
    /// The account in whose name it writes; whoever presents it has verified that.
    pub writer: AccountId,
    /// The access key of that account.
    pub writer_key: AccessKeyId,
    /// Credentials for the source.
    pub source: SourceCredentials,
}

impl Engine {
    /// Makes a task, which runs from now on: `NoSuchBucket` for the bucket it writes to, `TooManyTasks`,
    /// `InvalidArgument` for settings beyond their limits. Nobody contacts the source.
    pub async fn create_sync_task(
        &self,
        cx: &Cx,
        req: CreateSyncTask,
    ) -> Result<SyncTaskId, Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        check_settings(&req.settings)?;
        check_credentials(&req.keys.source)?;
        self.read_live_bucket(&req.settings.bucket).await?;
        let created_at = self.ports.clock.now();
        let id = self.new_sync_id(&req.settings.scope);
        let task = SyncTask {
            id,
            account: account.clone(),
            via: cx.dialect,
            created_at,
            started_at: created_at,
            worked_ms: 0,
            state: SyncState::Running,
            writer: req.keys.writer,
            writer_key: req.keys.writer_key,
            settings: req.settings,
        };
        let counter = keys::server(LAST_TASK);
        for _ in 0..CONFLICT_RETRIES_MAX {
            let last = self.get_one(counter.clone()).await?;
            check_room(&task, &self.all_sync_tasks().await?)?;
            let last = super::key::unchanged(counter.clone(), last.map(|last| last.revision));
            let mut write = vec![
                Write::Put(counter.clone(), encode(&())),
                Write::Put(keys::sync_task(id), encode(&task)),
                self.sealed_credentials(id, &req.keys.source),
            ];
            if task.settings.scope != SyncScope::Told {
                let begin = encode(&SyncScanRecord::default());
                write.push(Write::Put(keys::sync_scan(id), begin));
            }
            let expect = vec![last, Expect::Absent(keys::sync_task(id))];
            if self.commit_one(now(expect, write)).await? {
                self.sync_bell.changed(id);
                return Ok(id);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A new id, a number where people are to name the task by one.
    fn new_sync_id(&self, scope: &SyncScope) -> SyncTaskId {
        match scope {
            SyncScope::Told => SyncTaskId(self.ports.ids.work().0),
            SyncScope::Found(_) => SyncTaskId::of_number(1 + self.ports.ids.below(SYNC_NUMBER_MAX)),
        }
    }

    /// A task of the asking account: `NoSuchTask`.
    pub async fn sync_task(&self, cx: &Cx, id: SyncTaskId) -> Result<SyncTask, Error> {
        Ok(self.own_sync_task(cx, id).await?.0)
    }

    /// The tasks of the asking account, newest first; at most [`SYNC_TASKS_MAX`] that are told of their
    /// objects, and [`SYNC_SCANS_MAX`] that find them.
    pub async fn sync_tasks(&self, cx: &Cx) -> Result<Vec<SyncTask>, Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        let mut tasks = self.all_sync_tasks().await?;
        tasks.retain(|task| task.account == *account);
        tasks.sort_by_key(|task| std::cmp::Reverse((task.created_at, task.id)));
        Ok(tasks)
    }

    /// Starts a stopped task with new credentials: `NoSuchTask`, `TaskState` when it runs.
    pub async fn start_sync_task(
        &self,
        cx: &Cx,
        id: SyncTaskId,
        with: SyncKeys,
    ) -> Result<(), Error> {
        check_credentials(&with.source)?;
        self.turn_sync_task(cx, id, &[SyncState::Stopped], |engine, task| {
            let started = SyncTask {
                state: SyncState::Running,
                started_at: engine.ports.clock.now(),
                writer: with.writer.clone(),
                writer_key: with.writer_key.clone(),
                ..task
            };
            vec![
                Write::Put(keys::sync_task(id), encode(&started)),
                engine.sealed_credentials(id, &with.source),
            ]
        })
        .await
    }

    /// Stops a running task and forgets its credentials: `NoSuchTask`, `TaskState` when it is stopped.
    /// What is being copied comes to its end; what waits goes on after the next start.
    pub async fn stop_sync_task(&self, cx: &Cx, id: SyncTaskId) -> Result<(), Error> {
        self.turn_sync_task(cx, id, &[SyncState::Running], |engine, task| {
            let stopped = SyncTask {
                state: SyncState::Stopped,
                worked_ms: task.worked_ms(engine.ports.clock.now()),
                ..task
            };
            vec![
                Write::Put(keys::sync_task(id), encode(&stopped)),
                Write::Delete(keys::sync_secret(id)),
            ]
        })
        .await
    }

    /// Deletes a task with everything it remembers; what it brought stays: `NoSuchTask`, `TaskState`
    /// when it runs.
    pub async fn delete_sync_task(&self, cx: &Cx, id: SyncTaskId) -> Result<(), Error> {
        let resting = [SyncState::Stopped, SyncState::Done, SyncState::Failed];
        self.turn_sync_task(cx, id, &resting, |engine, task| {
            let now = engine.ports.clock.now();
            let bucket = task.settings.bucket;
            let kind = WorkKind::ForgetSync { task: id, bucket };
            let mut write = vec![Write::Delete(keys::sync_task(id))];
            write.extend(work::put(&*engine.ports.ids, kind, now, now));
            write
        })
        .await?;
        self.work_bell.ring();
        Ok(())
    }

    /// Changes a task that is in one of some states.
    async fn turn_sync_task(
        &self,
        cx: &Cx,
        id: SyncTaskId,
        from: &[SyncState],
        turn: impl Fn(&Self, SyncTask) -> Vec<Write>,
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (task, revision) = self.own_sync_task(cx, id).await?;
            check_state(&task, from)?;
            let expect = vec![Expect::Revision(keys::sync_task(id), revision)];
            if self.commit_one(now(expect, turn(self, task))).await? {
                self.sync_bell.changed(id);
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A task of the asking account. That of another reads as absent.
    async fn own_sync_task(&self, cx: &Cx, id: SyncTaskId) -> Result<(SyncTask, Revision), Error> {
        let (_permit, account) = allow_account(&cx.principal)?;
        let found = self.find_sync_task(id).await?;
        let own = found.filter(|(task, _)| task.account == *account);
        own.ok_or_else(no_such_task)
    }

    /// A task; `None` when there is none.
    pub(crate) async fn find_sync_task(
        &self,
        id: SyncTaskId,
    ) -> Result<Option<(SyncTask, Revision)>, Error> {
        let Some(stored) = self.get_one(keys::sync_task(id)).await? else {
            return Ok(None);
        };
        Ok(Some((decode(&stored.bytes)?, stored.revision)))
    }

    /// All tasks of the server, in the order of their ids.
    pub(crate) async fn all_sync_tasks(&self) -> Result<Vec<SyncTask>, Error> {
        let all = keys::prefix_range(Table::SyncTasks, &[]);
        let rows = Walk::over(all).all(&*self.ports.meta).await?;
        let tasks = rows.into_iter().map(|(_, stored)| decode(&stored.bytes));
        Ok(tasks.collect::<Result<_, _>>()?)
    }
}

/// There is no task of that id, or not for whoever asks.
pub(super) fn no_such_task() -> Error {
    Error::new(
        ErrorKind::NoSuchTask,
        "there is no such sync task; list the tasks to see which there are",
    )
}

/// Whether there may be one more task.
fn check_room(task: &SyncTask, all: &[SyncTask]) -> Result<(), Error> {
    let is_told = |task: &SyncTask| task.settings.scope == SyncScope::Told;
    let most = if is_told(task) {
        SYNC_TASKS_MAX
    } else {
        SYNC_SCANS_MAX
    };
    let alike =
        |other: &&SyncTask| other.account == task.account && is_told(other) == is_told(task);
    if all.iter().filter(alike).count() < most && all.len() < SYNC_TASKS_ALL_MAX {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::TooManyTasks,
        "there are as many sync tasks as there may be; delete one first",
    ))
}

/// Whether a task is in one of the states that an operation needs.
pub(super) fn check_state(task: &SyncTask, wanted: &[SyncState]) -> Result<(), Error> {
    if wanted.contains(&task.state) {
        return Ok(());
    }
    let message = match task.state {
        SyncState::Running => "the sync task is running; stop it first",
        SyncState::Stopped => "the sync task is stopped; start it first",
        SyncState::Done | SyncState::Failed => "the sync task has ended; make another one",
    };
    Err(Error::new(ErrorKind::TaskState, message))
}
