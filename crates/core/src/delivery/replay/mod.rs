//! Replay: past events sent once more, marked, outside the order.
//!
//! One task a replay, with its own cursor and a quarter of a destination's slots, so that live events
//! hardly notice. Within a replay the events of one key keep their order. An event that is refused a
//! few times is counted and passed; a target that fails is waited for.

mod jobs;
mod task;

use std::sync::Arc;

use super::admin::{DeliveryHandle, failed, uncommitted};
use super::drain::{after, commit_one};
use super::line::Shared;
use super::sub::{PAGE, STORE_RETRY, scan};
use super::subscribe::settled_end;
use crate::error::Error;
use crate::model::{BucketId, Destination, EventKinds, Timestamp, WorkId};
use crate::ports::{Position, StoreError, Table, Txn, When, Write};
use crate::records::{ReplayRecord, ReplaySource, ReplayState, decode, encode, keys};

/// Which past events are sent, and to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Events after this position.
    pub after: Option<Position>,
    /// Events up to and including this position; else up to the end of the log now.
    pub upto: Option<Position>,
    /// Events of this instant and later, by their labels.
    pub since: Option<Timestamp>,
    /// Events before this instant, by their labels.
    pub until: Option<Timestamp>,
    /// Keys that begin with this.
    pub prefix: Box<str>,
    /// Keys that end with this.
    pub suffix: Box<str>,
    /// These kinds; all when none are given.
    pub kinds: Option<EventKinds>,
    /// Told of every selected event instead of those that were hit. The caller has checked it as it
    /// checks the destination of a rule.
    pub destination: Option<Destination>,
}

impl DeliveryHandle {
    /// Starts a replay of the log of a bucket; its messages carry the id in hex digits.
    pub async fn replay(&self, bucket: BucketId, req: ReplayRequest) -> Result<WorkId, Error> {
        let end = settled_end(&*self.shared.ports.meta, bucket).await;
        let end = end.map_err(failed)?;
        let source = ReplaySource::Log {
            since: req.since,
            until: req.until,
            prefix: req.prefix,
            suffix: req.suffix,
            kinds: req.kinds,
            destination: req.destination,
        };
        let upto = req.upto.map_or(end, |upto| upto.min(end));
        self.start_replay(bucket, source, req.after.unwrap_or_default(), upto)
            .await
    }

    /// All replays, by id.
    pub async fn replays(&self) -> Result<Vec<ReplayRecord>, Error> {
        all(&self.shared).await.map_err(failed)
    }

    pub(super) async fn start_replay(
        &self,
        bucket: BucketId,
        source: ReplaySource,
        cursor: Position,
        upto: Position,
    ) -> Result<WorkId, Error> {
        let ports = &self.shared.ports;
        let record = ReplayRecord {
            id: ports.ids.work(),
            bucket,
            source,
            cursor,
            upto,
            state: ReplayState::Running,
            accepted: 0,
            refused: 0,
            created_at: ports.clock.now(),
            next_block: 0,
        };
        let txn = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![Write::Put(keys::replay(record.id), encode(&record))],
            payloads: Vec::new(),
        };
        commit_one(ports, txn).await.map_err(uncommitted)?;
        let id = record.id;
        run(&self.shared, record);
        Ok(id)
    }
}

/// Takes up the replays that were running when the process ended.
pub(super) async fn resume(shared: Arc<Shared>) {
    loop {
        if let Ok(records) = all(&shared).await {
            let running = records
                .into_iter()
                .filter(|record| record.state == ReplayState::Running);
            running.for_each(|record| run(&shared, record));
            return;
        }
        let clock = &shared.ports.clock;
        tokio::select! {
            biased;
            () = shared.stopping() => return,
            () = clock.sleep_until(clock.mono() + STORE_RETRY) => {}
        }
    }
}

fn run(shared: &Arc<Shared>, record: ReplayRecord) {
    shared.spawn(
        "delivery replay",
        task::Replay::new(shared.clone(), record).run(),
    );
}

pub(super) async fn all(shared: &Shared) -> Result<Vec<ReplayRecord>, StoreError> {
    let mut range = keys::prefix_range(Table::Replays, &[]);
    let mut records = Vec::new();
    loop {
        let (rows, more) = scan(&shared.ports, range.clone(), PAGE).await?;
        for (_, row) in &rows {
            records.push(decode(&row.bytes)?);
        }
        let Some((last, true)) = rows.last().map(|(key, _)| (key, more)) else {
            return Ok(records);
        };
        range.start = after(last);
    }
}
