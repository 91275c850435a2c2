//! Ends of subscriptions: by order of the operator, or because no rule names the destination any more.

use super::rule_sets::newest;
use super::runner::Runner;
use super::settle::settle;
use super::sub::{PAGE, STORE_RETRY, Sub, position_at_end, scan};
use crate::engine::Ports;
use crate::model::{Bucket, BucketId, Destination};
use crate::ports::{
    CommitError, Expect, Key, LogId, Position, Record, StoreError, Txn, When, Write,
};
use crate::records::{DeadRecord, HeldRecord, SubState, decode, keys};

impl Runner {
    /// Gives up what is held of cancelled subscriptions, once nothing of them is under way; what is in
    /// the log is given up as it is read. After that they are active again.
    pub(super) async fn give_up_cancelled(&mut self) {
        let now = self.now();
        let cancelled: Vec<(BucketId, Position)> = self
            .subs
            .iter()
            .filter(|(_, sub)| sub.may_try(now))
            .filter_map(|(bucket, sub)| Some((*bucket, sub.cancelled()?)))
            .filter(|(bucket, _)| !self.has_flights(*bucket))
            .collect();
        for (bucket, upto) in cancelled {
            let buried = self.bury_held(bucket, upto).await;
            let Some(sub) = self.subs.get_mut(&bucket) else {
                continue;
            };
            if buried.is_err() {
                sub.retry_at = Some(now + STORE_RETRY);
            } else if !sub.more || sub.window.read_to() >= upto {
                sub.record.state = SubState::Active;
                sub.held.hurry(now);
                sub.ledger.note(now);
            }
        }
    }

    async fn bury_held(&mut self, bucket: BucketId, upto: Position) -> Result<(), StoreError> {
        let moment = self.moment();
        let mut range = keys::held_range(bucket, self.to);
        loop {
            settle(&self.shared.ports, &mut self.subs, &[bucket]).await;
            let Some(sub) = self.subs.get_mut(&bucket) else {
                return Ok(());
            };
            if !sub.ledger.is_clean() {
                return Err(StoreError::Unavailable("progress cannot be settled".into()));
            }
            let (rows, more) = scan(&self.shared.ports, range.clone(), PAGE).await?;
            for (place, row) in &rows {
                let at = position_at_end(place)?;
                if at <= upto {
                    let held: HeldRecord = decode(&row.bytes)?;
                    let key = held.logged.event.key.clone();
                    let dead = DeadRecord {
                        destination: self.line.destination.clone(),
                        logged: held.logged,
                        attempts: held.attempts,
                        errors: held.errors,
                        died_at: moment.now,
                        cancelled: true,
                    };
                    sub.ledger.bury(at, dead, moment.mono);
                    sub.ledger.let_go(at, &key, moment.mono);
                }
            }
            let Some((last, true)) = rows.last().map(|(key, _)| (key, more)) else {
                settle(&self.shared.ports, &mut self.subs, &[bucket]).await;
                return Ok(());
            };
            range.start = after(last);
        }
    }

    pub(super) fn has_flights(&self, bucket: BucketId) -> bool {
        let of_bucket = (bucket, Position(0))..=(bucket, Position(u64::MAX));
        self.flights.range(of_bucket).next().is_some()
    }

    /// Removes subscriptions that have nothing owed and that no rule names any more.
    pub(super) async fn sweep(&mut self) {
        let idle: Vec<BucketId> = self
            .subs
            .iter()
            .filter(|(bucket, sub)| sub.is_idle() && !self.has_flights(**bucket))
            .filter(|(_, sub)| sub.cancelled().is_none())
            .map(|(bucket, _)| *bucket)
            .collect();
        for bucket in idle {
            if let Some(sub) = self.subs.get_mut(&bucket)
                && let Ok(true) = remove_if_unnamed(&self.shared.ports, sub).await
            {
                self.subs.remove(&bucket);
            }
        }
    }
}

/// The smallest key after `key`.
pub(super) fn after(key: &[u8]) -> bytes::Bytes {
    [key, &[0]].concat().into()
}

/// A bucket as it is now: where its record is or would be, and its record if it still lives.
pub(super) struct Current {
    place: Key,
    stored: Option<Record>,
    pub(super) bucket: Option<Bucket>,
}

impl Current {
    /// The state that a decision was taken on.
    pub(super) fn expectation(&self) -> Expect {
        match &self.stored {
            Some(stored) => Expect::Revision(self.place.clone(), stored.revision),
            None => Expect::Absent(self.place.clone()),
        }
    }

    /// Whether a rule in force names the destination.
    pub(super) fn names(&self, destination: &Destination) -> bool {
        let rules = self.bucket.iter().flat_map(|bucket| &bucket.rules);
        rules
            .flat_map(|rule| &rule.destinations)
            .any(|d| d == destination)
    }
}

/// Looks a bucket up by its id; `None` when it never had rules.
pub(super) async fn current(ports: &Ports, id: BucketId) -> Result<Option<Current>, StoreError> {
    let Some(rules) = newest(ports, id).await? else {
        return Ok(None);
    };
    let place = keys::bucket(&rules.name);
    let stored = ports.meta.get_many(std::slice::from_ref(&place)).await?;
    let stored = stored.into_iter().next().flatten();
    let bucket = match &stored {
        Some(stored) => Some(decode::<Bucket>(&stored.bytes)?).filter(|bucket| bucket.id == id),
        None => None,
    };
    Ok(Some(Current {
        place,
        stored,
        bucket,
    }))
}

async fn remove_if_unnamed(ports: &Ports, sub: &mut Sub) -> Result<bool, StoreError> {
    let bucket = sub.record.bucket;
    let mut expect = vec![Expect::Revision(sub.key(), sub.revision)];
    if let Some(current) = current(ports, bucket).await? {
        if current.names(&sub.record.destination) {
            return Ok(false);
        }
        expect.push(current.expectation());
    }
    // The log is read after the rules: what comes later cannot hit this destination.
    let tail = ports
        .meta
        .tail(LogId(bucket), sub.window.read_to(), PAGE)
        .await?;
    if !tail.records.is_empty() {
        sub.more = true;
        return Ok(false);
    }
    let txn = Txn {
        when: When::Now,
        expect,
        write: vec![Write::Delete(sub.key())],
        payloads: Vec::new(),
    };
    Ok(commit_one(ports, txn).await.is_ok())
}

/// Commits one transaction.
pub(super) async fn commit_one(ports: &Ports, txn: Txn) -> Result<(), CommitError> {
    let results = ports.meta.commit(vec![txn]).await;
    results
        .into_iter()
        .next()
        .expect("a store answers every member")
}
