//! Finds blobs that no record knows: what a crash leaves between a finished blob and its commit, and what a
//! completed upload does not use.
//!
//! A blob whose payload has no record, seen twice and far enough apart on the monotonic clock, is
//! doomed by a commit that states so; from then on no commit can adopt it, because whoever brings a
//! new payload states that it has no record. Then the blob is removed, and an age later the mark.
//! A mark that a crash leaves behind costs a few bytes and is met again only while its blob is there.
//!
//! What a completed upload does not use is removed when it ends. A part may come later than that, and a power
//! cut may bring back what was removed: such a blob is not named by the manifest of its payload, which never
//! changes again, so it goes without a mark.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::engine::Engine;
use crate::error::Error;
use crate::limits;
use crate::model::{BlobId, PayloadId};
use crate::ports::{BlobInfo, Expect, Key, Mono, Txn, When, Write};
use crate::records::{PayloadRecord, PayloadState, decode, encode, keys};

use super::handlers::state_and_use;

/// What a pass over all blobs found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Blobs in the store.
    pub seen: u64,
    /// Blobs that no record knows, those removed included.
    pub orphans: u64,
    /// Blobs removed.
    pub removed: u64,
}

/// What is remembered from one pass to the next.
#[derive(Debug, Default)]
pub struct Sweeper {
    /// Blobs without record, and when each was seen first; at most [`limits::SWEEP_ORPHANS_MAX`].
    orphans: BTreeMap<BlobId, Mono>,
    /// Payloads whose blobs were removed, and when.
    doomed: BTreeMap<PayloadId, Mono>,
}

/// Removes what is without record for `age`, within one call: two passes, `age` apart, and again `age`
/// until the marks go. For tests and the doctor; `age` must be longer than any request takes from
/// finishing its blob to its commit, or that request fails.
pub async fn sweep_now(engine: &Engine, age: Duration) -> Result<SweepReport, Error> {
    let mut sweeper = Sweeper::default();
    sweeper.pass(engine, age).await?;
    wait(engine, age).await;
    let report = sweeper.pass(engine, age).await?;
    wait(engine, age).await;
    sweeper.unmark(engine, age).await?;
    Ok(report)
}

async fn wait(engine: &Engine, age: Duration) {
    let clock = &engine.ports().clock;
    clock.sleep_until(clock.mono().saturating_add(age)).await;
}

impl Sweeper {
    /// Looks at every blob once, and removes those that were without record in a pass at least `age`
    /// ago too. May be given up at any point.
    pub async fn pass(&mut self, engine: &Engine, age: Duration) -> Result<SweepReport, Error> {
        self.unmark(engine, age).await?;
        let now = engine.ports().clock.mono();
        let mut report = SweepReport::default();
        let mut found = BTreeSet::new();
        let mut last = None;
        loop {
            let blobs = &engine.ports().blobs;
            let page = blobs.scan(last, limits::WORK_PAGE).await?;
            let Some(end) = page.last() else { break };
            last = Some(end.id);
            report.seen += page.len() as u64;
            for (blob, orphan) in orphans(engine, &page).await? {
                report.orphans += 1;
                found.insert(blob);
                let old = self.is_old(blob, now, age);
                let doomed = orphan == Orphan::Doomed || self.doomed.contains_key(&blob.payload);
                let goes = match orphan {
                    Orphan::Unused => old,
                    _ => doomed || (old && doom(engine, blob.payload).await?),
                };
                if goes {
                    blobs.delete(blob).await?;
                    report.removed += 1;
                }
                if goes && orphan != Orphan::Unused {
                    self.doomed.insert(blob.payload, now);
                }
            }
        }
        self.orphans.retain(|blob, _| found.contains(blob));
        Ok(report)
    }

    /// Whether a blob was seen before, at least `age` ago; notes it when it is new.
    fn is_old(&mut self, blob: BlobId, now: Mono, age: Duration) -> bool {
        if let Some(first) = self.orphans.get(&blob) {
            return now.saturating_sub(*first) >= age;
        }
        if self.orphans.len() < limits::SWEEP_ORPHANS_MAX {
            self.orphans.insert(blob, now);
        }
        false
    }

    /// Removes the marks of payloads whose blobs were removed at least `age` ago.
    async fn unmark(&mut self, engine: &Engine, age: Duration) -> Result<(), Error> {
        let now = engine.ports().clock.mono();
        let old = |at: &Mono| now.saturating_sub(*at) >= age;
        while let Some((payload, _)) = self.doomed.iter().find(|(_, at)| old(at)) {
            let payload = *payload;
            let at = keys::payload(payload);
            commit(engine, Vec::new(), Write::Delete(at)).await?;
            self.doomed.remove(&payload);
        }
        Ok(())
    }
}

/// Why nobody needs a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Orphan {
    /// Its payload has no record.
    Unknown,
    /// Its payload was marked.
    Doomed,
    /// Its payload is a completed upload that does not use it.
    Unused,
}

/// The blobs of a page that nobody needs.
async fn orphans(engine: &Engine, page: &[BlobInfo]) -> Result<Vec<(BlobId, Orphan)>, Error> {
    let payloads: BTreeSet<PayloadId> = page.iter().map(|info| info.id.payload).collect();
    let at: Vec<Key> = payloads.iter().map(|id| keys::payload(*id)).collect();
    let records = engine.ports().meta.get_many(&at).await?;
    let mut orphans = BTreeMap::new();
    let of = |payload| {
        page.iter()
            .map(|info| info.id)
            .filter(move |id| id.payload == payload)
    };
    for (payload, record) in payloads.into_iter().zip(records) {
        let state = match record {
            Some(record) => Some(decode::<PayloadRecord>(&record.bytes)?.state),
            None => None,
        };
        match state {
            None => orphans.extend(of(payload).map(|id| (id, Orphan::Unknown))),
            Some(PayloadState::Doomed) => {
                orphans.extend(of(payload).map(|id| (id, Orphan::Doomed)));
            }
            // The body of a plain PUT is one blob, without a number.
            Some(PayloadState::Live) if of(payload).any(|id| id.n > 0) => {
                let (state, used) = state_and_use(engine, payload).await?;
                let completed = state == Some(PayloadState::Live) && !used.is_empty();
                let unused = of(payload).filter(|id| completed && !used.contains(id));
                orphans.extend(unused.map(|id| (id, Orphan::Unused)));
            }
            Some(PayloadState::Open | PayloadState::Live | PayloadState::Dropping) => {}
        }
    }
    Ok(orphans.into_iter().collect())
}

/// Makes sure that no commit adopts a payload; `false` when one just did.
async fn doom(engine: &Engine, payload: PayloadId) -> Result<bool, Error> {
    let at = keys::payload(payload);
    let record = PayloadRecord {
        state: PayloadState::Doomed,
    };
    let absent = Expect::Absent(at.clone());
    commit(engine, vec![absent], Write::Put(at, encode(&record))).await
}

async fn commit(engine: &Engine, expect: Vec<Expect>, write: Write) -> Result<bool, Error> {
    let txn = Txn {
        when: When::Now,
        expect,
        write: vec![write],
        payloads: Vec::new(),
    };
    engine.commit_one(txn).await
}
