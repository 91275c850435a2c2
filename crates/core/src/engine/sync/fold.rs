//! Counting what ended: items that are done leave, their outcomes join the counts of their span, and
//! the lines for the lists are written, all in one transaction.

use std::collections::BTreeMap;

use super::accept::{or_default, revision_of};
use crate::engine::Engine;
use crate::engine::key::unchanged;
use crate::error::Error;
use crate::limits::{CONFLICT_RETRIES_MAX, SYNC_COUNTS_KEPT, SYNC_FAILURES_KEPT};
use crate::model::{
    ObjectKey, SyncCounts, SyncList, SyncOutcome, SyncScope, SyncTask, SyncTaskId, Timestamp,
};
use crate::ports::{CommitError, Expect, Key, Limit, Order, Record, Table, Txn, When, Write};
use crate::records::keys::SyncCount;
use crate::records::{SyncDone, SyncItemRecord, SyncLine, SyncSettled, decode, encode, keys};
use crate::rules::sync::{counts_of, span_of};

/// A key whose run ended, and how; `None` when the item itself says it.
pub(crate) type Ended = (ObjectKey, Option<SyncDone>);

/// A transaction that counts, as it is being made.
struct Fold {
    expect: Vec<Expect>,
    write: Vec<Write>,
    spans: BTreeMap<Timestamp, SyncCounts>,
    settled: SyncSettled,
    again: Vec<ObjectKey>,
    /// Whether lines are written.
    lists: bool,
    /// Whether keys that failed are kept, and for which round.
    round: Option<u32>,
}

impl Engine {
    /// Counts the ends of runs. Gives the keys for which requests are still owed. The outcome may be lost
    /// by a crash as a whole; then the same runs are counted, or made, again. `lists` says whether
    /// somebody can write the lists that the task asks for.
    pub(crate) async fn fold_sync(
        &self,
        id: SyncTaskId,
        ended: &[Ended],
        lists: bool,
    ) -> Result<Vec<ObjectKey>, Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let Some((task, revision)) = self.find_sync_task(id).await? else {
                return Ok(Vec::new());
            };
            let mut places = vec![keys::sync_settled(id)];
            places.extend(ended.iter().map(|(key, _)| keys::sync_item(id, key)));
            let found = self.ports.meta.get_many(&places).await?;
            let mut rows = places.into_iter().zip(found);
            let (settled_at, settled) = rows.next().unwrap_or((keys::sync_settled(id), None));
            let mut fold = Fold {
                expect: vec![
                    Expect::Revision(keys::sync_task(id), revision),
                    unchanged(settled_at.clone(), revision_of(settled.as_ref())),
                ],
                write: Vec::new(),
                spans: BTreeMap::new(),
                settled: or_default(settled.as_ref())?,
                again: Vec::new(),
                lists: lists && task.settings.lists,
                round: self.round_of(&task).await?,
            };
            for ((place, stored), end) in rows.zip(ended) {
                if let Some(stored) = stored {
                    self.fold_one(&mut fold, &task, (place, &stored), end)
                        .await?;
                }
            }
            self.fold_spans(&mut fold, id).await?;
            let settled = encode(&fold.settled);
            fold.write.push(Write::Put(settled_at, settled));
            let txn = Txn {
                when: When::Soon,
                expect: fold.expect,
                write: fold.write,
                payloads: Vec::new(),
            };
            if self.commit_one(txn).await? {
                return Ok(fold.again);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// The round of a task that can bring keys again that failed.
    async fn round_of(&self, task: &SyncTask) -> Result<Option<u32>, Error> {
        if task.settings.scope == SyncScope::Told {
            return Ok(None);
        }
        let scan = self.sync_scan(task.id).await?;
        Ok(scan.map(|(scan, _)| scan.round))
    }

    async fn fold_one(
        &self,
        fold: &mut Fold,
        task: &SyncTask,
        (place, stored): (Key, &Record),
        (key, end): &Ended,
    ) -> Result<(), Error> {
        let mut item: SyncItemRecord = decode(&stored.bytes)?;
        // The item knows better: whoever ran may have missed that its commit passed.
        let done = match item.done.take() {
            Some(done) => Some(done),
            // A run that never saw its item answers nothing.
            None => end
                .clone()
                .filter(|done| done.requests > 0)
                .inspect(|done| {
                    item.owed = item.owed.saturating_sub(done.requests);
                }),
        };
        if let Some(resume) = done.as_ref().and_then(|_| item.resume.take()) {
            let bucket = &task.settings.bucket;
            self.give_up_copy(bucket, &resume.key, resume.upload)
                .await?;
        }
        fold.expect
            .push(Expect::Revision(place.clone(), stored.revision));
        if let Some(done) = done {
            let sum = fold.spans.entry(span_of(done.at)).or_default();
            let counts = counts_of(&done.outcome, done.requests);
            *sum = sum.plus(counts);
            fold.settle(task.id, key, counts, &done.outcome);
            fold.keep_failure(task.id, key, &done);
            if fold.lists {
                fold.line(task.id, key, done);
            }
        }
        if item.owed == 0 {
            fold.settled.items = fold.settled.items.saturating_add(1);
            fold.write.push(Write::Delete(place));
        } else {
            fold.again.push(key.clone());
            fold.write.push(Write::Put(place, encode(&item)));
        }
        Ok(())
    }

    async fn fold_spans(&self, fold: &mut Fold, id: SyncTaskId) -> Result<(), Error> {
        let slots = fold.spans.keys();
        let slots = slots.map(|start| keys::sync_slot(id, SyncCount::Settled, *start));
        let slots: Vec<Key> = slots.collect();
        let found = self.ports.meta.get_many(&slots).await?;
        for ((slot, stored), sum) in slots.into_iter().zip(found).zip(fold.spans.values()) {
            let before: SyncCounts = or_default(stored.as_ref())?;
            let revision = revision_of(stored.as_ref());
            fold.expect.push(unchanged(slot.clone(), revision));
            fold.write
                .push(Write::Put(slot, encode(&before.plus(*sum))));
            if stored.is_none() {
                fold.write.extend(self.outlived_counts(id).await?);
            }
        }
        Ok(())
    }

    /// Forgets some counts that were kept long enough: with every new span more than one has to go.
    async fn outlived_counts(&self, id: SyncTaskId) -> Result<Vec<Write>, Error> {
        let now = self.ports.clock.now().millis();
        let kept = u64::try_from(SYNC_COUNTS_KEPT.as_millis()).unwrap_or(u64::MAX);
        let until = Timestamp::from_millis(now.saturating_sub(kept));
        let both = [SyncCount::Accepted, SyncCount::Settled];
        let ranges = both.map(|of| keys::sync_counts_range(id, of, Timestamp::default(), until));
        let few = Limit {
            rows: 4,
            bytes: usize::MAX,
        };
        let pages = self.ports.meta.scan(&ranges, Order::Ascending, few).await?;
        let rows = pages.into_iter().flat_map(|page| page.rows);
        let delete = |(bytes, _)| {
            let table = Table::SyncCounts;
            Write::Delete(Key { table, bytes })
        };
        Ok(rows.map(delete).collect())
    }
}

impl Fold {
    fn settle(
        &mut self,
        task: SyncTaskId,
        key: &ObjectKey,
        counts: SyncCounts,
        outcome: &SyncOutcome,
    ) {
        let settled = &mut self.settled;
        settled.counts = settled.counts.plus(counts);
        match (outcome, self.round) {
            (SyncOutcome::Skip { size }, _) => {
                settled.skipped_bytes = settled.skipped_bytes.saturating_add(*size);
            }
            (SyncOutcome::Failure { .. }, Some(round)) => {
                let place = keys::sync_failed(task, round, key);
                self.write.push(Write::Put(place, encode(&())));
            }
            _ => {}
        }
    }

    /// Keeps a failure in the place of the oldest one.
    fn keep_failure(&mut self, task: SyncTaskId, key: &ObjectKey, done: &SyncDone) {
        if !matches!(done.outcome, SyncOutcome::Failure { .. }) {
            return;
        }
        let line = SyncLine {
            key: key.clone(),
            at: done.at,
            outcome: done.outcome.clone(),
        };
        let n = self.settled.failures % SYNC_FAILURES_KEPT;
        let place = keys::sync_failure(task, n);
        self.write.push(Write::Put(place, encode(&line)));
        self.settled.failures = self.settled.failures.saturating_add(1);
    }

    fn line(&mut self, task: SyncTaskId, key: &ObjectKey, done: SyncDone) {
        let list = match done.outcome {
            SyncOutcome::Success { .. } => SyncList::Success,
            SyncOutcome::Failure { .. } => SyncList::Failure,
            SyncOutcome::Skip { .. } => SyncList::Skip,
        };
        let line = SyncLine {
            key: key.clone(),
            at: done.at,
            outcome: done.outcome,
        };
        let place = keys::sync_line(task, list, self.settled.lines);
        self.write.push(Write::Put(place, encode(&line)));
        self.settled.lines = self.settled.lines.saturating_add(1);
    }
}
