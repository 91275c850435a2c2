//! Durable work: what must happen after a response is a record, put by the transaction that causes it
//! (invariant I3), and is tried until it is done or an operator is needed.
//!
//! For one process: a claim is a note in memory, so nothing is claimed after a restart. Every kind of
//! work may run twice (I5). Four moves, each one transaction: put, finish, retry, bury. It does
//! not know what clients do; what each kind does stands in `handlers`.

mod admin;
mod bell;
mod handlers;
mod mend;
mod queue;
pub mod sweep;
mod worker;

pub use bell::WorkBell;
pub use mend::Mismatch;
pub use queue::run_due_once;
pub use worker::{WorkHandle, WorkReport, start};

use std::time::Duration;

use bytes::Bytes;

use crate::limits::WORK_BACKOFF_MAX;
use crate::model::{Timestamp, WorkId};
use crate::ports::{Ids, Write};
use crate::records::{WorkKind, WorkRecord, encode, keys};

/// Writes that put a piece of work, due at `due`; for the transaction that causes it. Ring
/// [`WorkBell`] after its commit.
pub(crate) fn put(ids: &dyn Ids, kind: WorkKind, due: Timestamp, now: Timestamp) -> [Write; 2] {
    put_as(ids.work(), kind, due, now)
}

/// The same, with an id that was given before.
pub(crate) fn put_as(id: WorkId, kind: WorkKind, due: Timestamp, now: Timestamp) -> [Write; 2] {
    let record = WorkRecord {
        kind,
        attempt: 0,
        due,
        created_at: now,
        last_error: None,
        dead: false,
    };
    [
        Write::Put(keys::work(id), encode(&record)),
        due_entry(id, &record),
    ]
}

/// When to look again at work that is done every so often and whose turn has not come: the queue holds nothing
/// for long. A turn that is further away than turns are apart was planned before the wall clock was set back.
pub(crate) fn look_again(turn: Timestamp, every: Duration, now: Timestamp) -> Option<Timestamp> {
    let left = turn.since(now);
    let waits = !left.is_zero() && left <= every;
    waits.then(|| turn.min(now.plus(WORK_BACKOFF_MAX)))
}

/// The entry of work in the order of due times, which is empty unless the work is long.
fn due_entry(id: WorkId, record: &WorkRecord) -> Write {
    let mark: &[u8] = if record.kind.is_long() { b"long" } else { b"" };
    Write::Put(keys::work_due(record.due, id), Bytes::from_static(mark))
}
