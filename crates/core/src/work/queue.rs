//! The queue: which work is due, and what becomes of it after a try.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::handlers::{self, Done};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{Timestamp, WorkId};
use crate::ports::{Expect, KeyRange, Limit, Order, Page, Revision, Table, Txn, When, Write};
use crate::records::{WorkKind, WorkRecord, decode, encode, keys};

/// Entries of one look at the queue; more than can be claimed at once.
const LOOK: Limit = Limit {
    rows: 64,
    bytes: 1 << 20,
};

/// Longest failure text kept with work, characters.
const ERROR_CHARS_MAX: usize = 500;

/// Which work is being done, by this process, and whether it is long.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<BTreeMap<WorkId, bool>>);

impl Claims {
    /// Claims work that nobody does; long work only while little of it is being done.
    fn take(&self, Due { id, is_long, .. }: Due) -> Option<Claim<'_>> {
        let free = self.with(|claimed| {
            let long = claimed.values().filter(|is_long| **is_long).count();
            let has_room = !is_long || long < limits::LONG_WORK_AT_ONCE;
            let free = has_room && !claimed.contains_key(&id);
            if free {
                claimed.insert(id, is_long);
            }
            free
        });
        // Only now: a claim that is dropped ends, whoever's it is.
        free.then(|| Claim { claims: self, id })
    }

    pub(super) fn count(&self) -> usize {
        self.with(|claimed| claimed.len())
    }

    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<WorkId, bool>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A claim; ends when dropped.
#[derive(Debug)]
struct Claim<'a> {
    claims: &'a Claims,
    id: WorkId,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.with(|claimed| claimed.remove(&self.id));
    }
}

/// A piece of work that was claimed.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    claim: Claim<'a>,
    record: WorkRecord,
    revision: Revision,
}

/// What a look at the queue gave.
#[derive(Debug)]
pub(super) enum Next<'a> {
    /// Something to do now.
    Unit(Unit<'a>),
    /// Nothing before this has passed, unless the bell rings.
    Wait(Duration),
}

/// Does everything that is due, one after the other, and says how many tries that took. For
/// simulations and tests; may run beside workers.
pub async fn run_due_once(engine: &Engine) -> Result<usize, Error> {
    let claims = Claims::default();
    let mut tries = 0;
    while let Next::Unit(unit) = next(engine, &claims).await? {
        unit.run(engine).await?;
        tries += 1;
    }
    Ok(tries)
}

/// Claims the work that has been due longest. Work whose record cannot be read is left where it is; it
/// holds up no other, and is an error when there is nothing else to do.
pub(super) async fn next<'a>(engine: &Engine, claims: &'a Claims) -> Result<Next<'a>, Error> {
    let now = engine.ports().clock.now();
    let horizon = now.plus(limits::WORK_BACKOFF_MAX);
    let ranges = [
        due_range(None, Some(now)),
        due_range(Some(now), Some(horizon)),
        due_range(Some(horizon), None),
    ];
    let meta = &engine.ports().meta;
    let pages = meta.scan(&ranges, Order::Ascending, LOOK).await?;
    let mut pages = pages.into_iter();
    let (due, soon, far) = (pages.next(), pages.next(), pages.next());
    let mut damage = None;
    for Due { at, id, .. } in far.iter().flat_map(entries) {
        unless_damaged(pull_in(engine, at, id, horizon).await, &mut damage)?;
    }
    let mut due = due;
    while let Some(page) = due {
        if let Some(unit) = claim_one(engine, claims, &page, &mut damage).await? {
            return Ok(Next::Unit(unit));
        }
        due = page_behind(engine, &page, now).await?;
    }
    if let Some(damage) = damage {
        return Err(damage);
    }
    let soonest = soon.iter().flat_map(entries).next();
    let soonest = soonest.map_or(limits::WORK_POLL_MAX, |due| due.at.since(now));
    Ok(Next::Wait(soonest.min(limits::WORK_POLL_MAX)))
}

/// Claims the first work of a page that can be.
async fn claim_one<'a>(
    engine: &Engine,
    claims: &'a Claims,
    page: &Page,
    damage: &mut Option<Error>,
) -> Result<Option<Unit<'a>>, Error> {
    let mut left = page.rows.len();
    for due in entries(page) {
        left = left.saturating_sub(1);
        let Some(claim) = claims.take(due) else {
            continue;
        };
        let found = unless_damaged(read(engine, due.id).await, damage)?.flatten();
        // Finished or put off between the look and the claim?
        let Some((record, revision)) = found.filter(|(r, _)| r.due == due.at) else {
            continue;
        };
        if left > 0 {
            engine.work_bell.ring();
        }
        return Ok(Some(Unit {
            claim,
            record,
            revision,
        }));
    }
    Ok(None)
}

/// The page of due work behind another one; `None` when there is none.
async fn page_behind(engine: &Engine, page: &Page, now: Timestamp) -> Result<Option<Page>, Error> {
    let Some((last, _)) = page.rows.last().filter(|_| page.more) else {
        return Ok(None);
    };
    let range = KeyRange {
        start: [last, &[0][..]].concat().into(),
        ..due_range(None, Some(now))
    };
    let meta = &engine.ports().meta;
    let mut pages = meta.scan(&[range], Order::Ascending, LOOK).await?;
    Ok(pages.pop())
}

/// Sets damage of one record aside; any other error stands.
fn unless_damaged<T>(
    outcome: Result<T, Error>,
    damage: &mut Option<Error>,
) -> Result<Option<T>, Error> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::Internal => {
            *damage = Some(error);
            Ok(None)
        }
        outcome => outcome.map(Some),
    }
}

/// Entries of `work_due` after one time, up to and including another.
fn due_range(after: Option<Timestamp>, upto: Option<Timestamp>) -> KeyRange {
    let next = |at: Timestamp| {
        let next = at.plus(Duration::from_millis(1)).millis();
        Bytes::copy_from_slice(&next.to_be_bytes())
    };
    KeyRange {
        table: Table::WorkDue,
        start: after.map_or_else(Bytes::new, next),
        end: upto.map(next),
    }
}

/// An entry of `work_due`.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Timestamp,
    id: WorkId,
    is_long: bool,
}

fn entries(page: &Page) -> impl Iterator<Item = Due> {
    page.rows.iter().filter_map(|(key, mark)| {
        let (at, id) = keys::work_of_due(key)?;
        let is_long = !mark.bytes.is_empty();
        Some(Due { at, id, is_long })
    })
}

pub(super) async fn read(
    engine: &Engine,
    id: WorkId,
) -> Result<Option<(WorkRecord, Revision)>, Error> {
    let mut found = engine.ports().meta.get_many(&[keys::work(id)]).await?;
    let Some(stored) = found.pop().flatten() else {
        return Ok(None);
    };
    Ok(Some((decode(&stored.bytes)?, stored.revision)))
}

/// Work is never put off further than the horizon, so what lies beyond it was put before the wall
/// clock was set back: it is moved to the horizon.
async fn pull_in(
    engine: &Engine,
    at: Timestamp,
    id: WorkId,
    horizon: Timestamp,
) -> Result<(), Error> {
    let Some((record, revision)) = read(engine, id).await?.filter(|(r, _)| r.due == at) else {
        return Ok(());
    };
    let moved = WorkRecord {
        due: horizon,
        ..record
    };
    let write = reschedule(id, at, &moved);
    commit(engine, id, revision, write).await
}

/// Writes that replace a piece of work by its next state.
fn reschedule(id: WorkId, was_due: Timestamp, next: &WorkRecord) -> Vec<Write> {
    let mut write = vec![
        Write::Delete(keys::work_due(was_due, id)),
        Write::Put(keys::work(id), encode(next)),
    ];
    if !next.dead {
        write.push(super::due_entry(id, next));
    }
    write
}

/// Commits progress. It may be lost and repeated; whoever changed the work meanwhile has done this.
async fn commit(
    engine: &Engine,
    id: WorkId,
    revision: Revision,
    write: Vec<Write>,
) -> Result<(), Error> {
    let txn = Txn {
        when: When::Soon,
        expect: vec![Expect::Revision(keys::work(id), revision)],
        write,
        payloads: Vec::new(),
    };
    let _unchanged: bool = engine.commit_one(txn).await?;
    Ok(())
}

impl Unit<'_> {
    /// Tries once and settles the outcome: finished, put off, or buried. `Ok(true)` when finished. An
    /// error means that the outcome could not be settled, so the work is still due.
    pub(super) async fn run(self, engine: &Engine) -> Result<bool, Error> {
        let outcome = handlers::run(engine, &self.record.kind).await;
        let (finished, write) = match outcome {
            Ok(Done::Finished(effects)) => (true, self.finished(effects)),
            Ok(Done::GoesOn(kind, effects)) => (true, self.goes_on(engine, *kind, effects)),
            Err(error) => {
                if self.is_last_try() {
                    handlers::give_up(engine, &self.record.kind).await?;
                }
                (false, self.failed(engine, &error))
            }
        };
        commit(engine, self.claim.id, self.revision, write).await?;
        Ok(finished)
    }

    fn finished(&self, effects: Vec<Write>) -> Vec<Write> {
        let id = self.claim.id;
        let mut write = effects;
        write.push(Write::Delete(keys::work_due(self.record.due, id)));
        write.push(Write::Delete(keys::work(id)));
        write
    }

    /// The same work, with its next step.
    fn goes_on(&self, engine: &Engine, kind: WorkKind, effects: Vec<Write>) -> Vec<Write> {
        let next = WorkRecord {
            kind,
            attempt: 0,
            due: engine.ports().clock.now(),
            last_error: None,
            ..self.record.clone()
        };
        let mut write = effects;
        write.extend(reschedule(self.claim.id, self.record.due, &next));
        write
    }

    fn is_last_try(&self) -> bool {
        self.record.attempt.saturating_add(1) >= limits::WORK_ATTEMPTS_MAX
    }

    fn failed(&self, engine: &Engine, error: &Error) -> Vec<Write> {
        let attempt = self.record.attempt.saturating_add(1);
        let pause = backoff(attempt, |bound| engine.ports().ids.below(bound));
        let next = WorkRecord {
            attempt,
            due: engine.ports().clock.now().plus(pause),
            last_error: Some(describe(error).into()),
            dead: self.is_last_try(),
            ..self.record.clone()
        };
        reschedule(self.claim.id, self.record.due, &next)
    }
}

/// Writes that make dead work due again; for operators.
pub(super) fn revived(id: WorkId, record: WorkRecord, now: Timestamp) -> Vec<Write> {
    let was_due = record.due;
    let next = WorkRecord {
        attempt: 0,
        due: now,
        dead: false,
        ..record
    };
    reschedule(id, was_due, &next)
}

/// How long to wait after so many tries: twice as long each time, up to the limit, and between half
/// and all of that by chance, so that what failed together is not tried together.
fn backoff(attempt: u32, below: impl FnOnce(u64) -> u64) -> Duration {
    let doubled = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(0);
    let full = match doubled {
        0 => limits::WORK_BACKOFF_MAX,
        times => limits::WORK_BACKOFF_MIN
            .saturating_mul(times)
            .min(limits::WORK_BACKOFF_MAX),
    };
    let half = u64::try_from(full.as_millis() / 2).unwrap_or(u64::MAX);
    Duration::from_millis(half.saturating_add(below(half.saturating_add(1))))
}

/// An error with its causes, for operators.
pub(super) fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text.chars().take(ERROR_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit() {
        let (least, most) = (|_| 0, |bound: u64| bound - 1);
        // (attempt, least pause, greatest pause) in milliseconds
        let cases = [
            (1, 500, 1000),
            (2, 1000, 2000),
            (5, 8000, 16_000),
            (10, 256_000, 512_000),
            (11, 450_000, 900_000),
            (32, 450_000, 900_000),
            (33, 450_000, 900_000),
            (u32::MAX, 450_000, 900_000),
        ];
        for (attempt, shortest, longest) in cases {
            assert_eq!(backoff(attempt, least).as_millis(), shortest, "{attempt}");
            assert_eq!(backoff(attempt, most).as_millis(), longest, "{attempt}");
        }
    }

    #[test]
    fn work_is_claimed_once_and_little_of_it_is_long() {
        let claims = Claims::default();
        let due = |n, is_long| Due {
            at: Timestamp::default(),
            id: WorkId([n; 16]),
            is_long,
        };
        let short = claims.take(due(1, false));
        assert!(short.is_some());
        for _ in 0..2 {
            assert!(claims.take(due(1, false)).is_none(), "it is being done");
        }
        let mut long: Vec<_> = (2..2 + u8::try_from(limits::LONG_WORK_AT_ONCE).unwrap())
            .map(|n| claims.take(due(n, true)).unwrap())
            .collect();
        for _ in 0..2 {
            assert!(claims.take(due(9, true)).is_none(), "enough of it is long");
        }
        assert!(claims.take(due(9, false)).is_some());
        long.pop();
        assert!(claims.take(due(9, true)).is_some());
        drop(short);
        assert!(claims.take(due(1, false)).is_some());
    }

    #[test]
    fn due_ranges_lie_side_by_side() {
        let at = Timestamp::from_millis;
        let (past, future) = (due_range(None, Some(at(7))), due_range(Some(at(7)), None));
        assert_eq!(past.end, Some(future.start.clone()));
        let key = |due| keys::work_due(at(due), WorkId([u8::MAX; 16])).bytes;
        assert!(key(7) < future.start && key(8) >= future.start);
    }

    #[test]
    fn failures_are_described_with_their_causes_and_within_the_limit() {
        let kind = crate::ErrorKind::Unavailable;
        let error = Error::new(kind, "outer").because("inner");
        assert_eq!(describe(&error), "outer: inner");
        let long = Error::new(kind, "字".repeat(2 * ERROR_CHARS_MAX));
        assert_eq!(describe(&long).chars().count(), ERROR_CHARS_MAX);
    }
}
