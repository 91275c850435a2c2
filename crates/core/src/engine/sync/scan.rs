//! Tasks that find their objects themselves: taking on what was found, and the end of such a task. What
//! was found and how far the task has come are one commit, so that a crash costs at most one look.

use super::accept::{SyncOrder, by_key, or_default, revision_of};
use super::{SyncKeys, check_state, no_such_task};
use crate::engine::buckets::now;
use crate::engine::key::unchanged;
use crate::engine::walk::Walk;
use crate::engine::{Cx, Engine};
use crate::error::Error;
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::model::{
    ObjectKey, ScanFault, SyncCounts, SyncProgress, SyncScope, SyncState, SyncTask, SyncTaskId,
};
use crate::ports::{CommitError, Expect, Key, Record, Revision, Table, Write};
use crate::records::{FailedKeys, SyncScanRecord, SyncSettled, SyncTaken, decode, encode, keys};
use crate::rules::sync::check_credentials;

/// A step on the way through the objects of a source.
#[derive(Debug)]
pub(crate) struct ScanStep {
    /// Keys that are to be brought from now on.
    pub(crate) keys: Vec<ObjectKey>,
    /// Records that say so until now.
    pub(crate) spent: Vec<Key>,
    /// How far the task is with this step.
    pub(crate) then: SyncScanRecord,
}

/// What a task remembers of its way, read at once.
struct Way {
    scan: Option<Record>,
    taken: Option<Record>,
    settled: Option<Record>,
}

impl Engine {
    /// How far a task of the asking account is that finds its objects itself: `NoSuchTask`, for any
    /// other task too.
    pub async fn sync_progress(&self, cx: &Cx, id: SyncTaskId) -> Result<SyncProgress, Error> {
        let (task, _) = self.own_sync_task(cx, id).await?;
        let SyncScope::Found(picks) = &task.settings.scope else {
            return Err(no_such_task());
        };
        let way = self.way_of(id).await?;
        let scan: SyncScanRecord = or_default(way.scan.as_ref())?;
        let settled: SyncSettled = or_default(way.settled.as_ref())?;
        Ok(SyncProgress {
            found: scan.found,
            found_bytes: scan.found_bytes,
            complete: scan.is_over(picks.len()),
            counts: settled.counts,
            skipped_bytes: settled.skipped_bytes,
            fault: scan.fault,
        })
    }

    /// Starts a task again of which something failed: everything anew, or only what failed, and what
    /// was not found yet. `NoSuchTask`, `TaskState` when it runs, is stopped, or has nothing that failed.
    pub async fn restart_sync_task(
        &self,
        cx: &Cx,
        id: SyncTaskId,
        with: SyncKeys,
        only_failed: bool,
    ) -> Result<(), Error> {
        check_credentials(&with.source)?;
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (task, revision) = self.own_sync_task(cx, id).await?;
            check_state(&task, &[SyncState::Failed])?;
            let way = self.way_of(id).await?;
            let scan: SyncScanRecord = or_default(way.scan.as_ref())?;
            let settled: SyncSettled = or_default(way.settled.as_ref())?;
            let (scan, settled) = begun_anew(scan, settled, only_failed);
            let task = SyncTask {
                state: SyncState::Running,
                started_at: self.ports.clock.now(),
                worked_ms: if only_failed { task.worked_ms } else { 0 },
                writer: with.writer.clone(),
                writer_key: with.writer_key.clone(),
                ..task
            };
            let expect = way.unchanged(id, revision);
            let write = vec![
                Write::Put(keys::sync_task(id), encode(&task)),
                Write::Put(keys::sync_scan(id), encode(&scan)),
                Write::Put(keys::sync_settled(id), encode(&settled)),
                self.sealed_credentials(id, &with.source),
            ];
            if self.commit_one(now(expect, write)).await? {
                self.sync_bell.changed(id);
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// How far a task is; `None` for one that does not look for objects.
    pub(crate) async fn sync_scan(
        &self,
        id: SyncTaskId,
    ) -> Result<Option<(SyncScanRecord, Revision)>, Error> {
        let found = self.get_one(keys::sync_scan(id)).await?;
        let read = found.map(|stored| Ok((decode(&stored.bytes)?, stored.revision)));
        read.transpose()
    }

    /// A step through the keys that failed in earlier rounds.
    pub(crate) async fn failed_step(
        &self,
        id: SyncTaskId,
        scan: SyncScanRecord,
    ) -> Result<ScanStep, Error> {
        let mut rows = Walk::over(keys::sync_failed_range(id, scan.round));
        let mut step = ScanStep {
            keys: Vec::new(),
            spent: Vec::new(),
            then: scan,
        };
        let Some(page) = rows.page(&*self.ports.meta).await? else {
            step.then.failed = FailedKeys::None;
            return Ok(step);
        };
        for (bytes, _) in page {
            if step.then.failed == FailedKeys::Again {
                step.keys.extend(keys::object_of_failed(&bytes));
            }
            let table = Table::SyncLines;
            step.spent.push(Key { table, bytes });
        }
        step.then.found += step.keys.len() as u64;
        Ok(step)
    }

    /// Takes a step from where the task was seen: durable as a whole, or nothing of it when the task was
    /// stopped or is elsewhere meanwhile.
    pub(crate) async fn take_step(
        &self,
        id: SyncTaskId,
        seen: Revision,
        step: &ScanStep,
    ) -> Result<(), Error> {
        let (task, revision) = self.find_sync_task(id).await?.ok_or_else(no_such_task)?;
        check_state(&task, &[SyncState::Running])?;
        let order = |key: &ObjectKey| SyncOrder {
            key: key.clone(),
            removal: false,
            passed: Vec::new(),
        };
        let orders: Vec<SyncOrder> = step.keys.iter().map(order).collect();
        let mut txn = if orders.is_empty() {
            now(
                vec![Expect::Revision(keys::sync_task(id), revision)],
                Vec::new(),
            )
        } else {
            self.taking(&task, revision, &by_key(&orders)).await?
        };
        let place = keys::sync_scan(id);
        txn.expect.push(Expect::Revision(place.clone(), seen));
        txn.write.push(Write::Put(place, encode(&step.then)));
        let spent = step.spent.iter().cloned().map(Write::Delete);
        txn.write.extend(spent);
        if self.commit_one(txn).await? {
            return Ok(());
        }
        Err(CommitError::Conflict.into())
    }

    /// Notes why a running task does not find more.
    pub(crate) async fn fault_scan(&self, id: SyncTaskId, fault: &ScanFault) -> Result<(), Error> {
        let Some((scan, seen)) = self.sync_scan(id).await? else {
            return Ok(());
        };
        let step = ScanStep {
            keys: Vec::new(),
            spent: Vec::new(),
            then: SyncScanRecord {
                fault: Some(fault.clone()),
                ..scan
            },
        };
        self.take_step(id, seen, &step).await
    }

    /// Ends a running task that has found everything, when every object has its outcome; whether it did.
    pub(crate) async fn end_scan(&self, id: SyncTaskId) -> Result<bool, Error> {
        let found = self.find_sync_task(id).await?;
        let Some((task, revision)) = found.filter(|(task, _)| task.state == SyncState::Running)
        else {
            return Ok(false);
        };
        let SyncScope::Found(picks) = &task.settings.scope else {
            return Ok(false);
        };
        let way = self.way_of(id).await?;
        let scan: SyncScanRecord = or_default(way.scan.as_ref())?;
        let taken: SyncTaken = or_default(way.taken.as_ref())?;
        let settled: SyncSettled = or_default(way.settled.as_ref())?;
        if !scan.is_over(picks.len()) || taken.items != settled.items {
            return Ok(false);
        }
        let failed = scan.fault.is_some() || settled.counts.failure > 0;
        let expect = way.unchanged(id, revision);
        let ended = SyncTask {
            state: if failed {
                SyncState::Failed
            } else {
                SyncState::Done
            },
            worked_ms: task.worked_ms(self.ports.clock.now()),
            ..task
        };
        let write = vec![
            Write::Put(keys::sync_task(id), encode(&ended)),
            Write::Delete(keys::sync_secret(id)),
        ];
        let ended = self.commit_one(now(expect, write)).await?;
        if ended {
            self.sync_bell.changed(id);
        }
        Ok(ended)
    }

    async fn way_of(&self, id: SyncTaskId) -> Result<Way, Error> {
        let places = [
            keys::sync_scan(id),
            keys::sync_taken(id),
            keys::sync_settled(id),
        ];
        let mut found = self.ports.meta.get_many(&places).await?.into_iter();
        let mut next = || found.next().flatten();
        Ok(Way {
            scan: next(),
            taken: next(),
            settled: next(),
        })
    }
}

impl Way {
    /// That the task and all of this is still as it was read.
    fn unchanged(&self, id: SyncTaskId, task: Revision) -> Vec<Expect> {
        let seen = |at, stored: &Option<Record>| unchanged(at, revision_of(stored.as_ref()));
        vec![
            Expect::Revision(keys::sync_task(id), task),
            seen(keys::sync_scan(id), &self.scan),
            seen(keys::sync_taken(id), &self.taken),
            seen(keys::sync_settled(id), &self.settled),
        ]
    }
}

/// Where a task begins that is started once more, and what it has counted then.
fn begun_anew(
    scan: SyncScanRecord,
    settled: SyncSettled,
    only_failed: bool,
) -> (SyncScanRecord, SyncSettled) {
    let round = scan.round.saturating_add(1);
    if only_failed {
        // What failed is found once more.
        let found = scan.found.saturating_sub(settled.counts.failure);
        let scan = SyncScanRecord {
            round,
            failed: FailedKeys::Again,
            found,
            fault: None,
            ..scan
        };
        let counts = SyncCounts {
            failure: 0,
            ..settled.counts
        };
        return (scan, SyncSettled { counts, ..settled });
    }
    let scan = SyncScanRecord {
        round,
        failed: FailedKeys::Forgotten,
        ..SyncScanRecord::default()
    };
    let settled = SyncSettled {
        counts: SyncCounts::default(),
        skipped_bytes: 0,
        ..settled
    };
    (scan, settled)
}
