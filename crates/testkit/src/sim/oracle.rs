//! Holds the engine against the model. The store tells it of every transaction that stood, in order,
//! and which task committed it: that is the moment a request takes effect. So the fate of a request
//! whose answer was lost is known, and with many clients at once there is never a choice to search.
//!
//! A request that changed something must have been allowed to and be answered as the model answers; one
//! that changed nothing must be answered as the model would have at some moment while it ran.

mod apply;
mod change;
mod choose;
mod flight;
mod says;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cohong_core::model::{BucketId, Timestamp};
use cohong_core::ports::{Clock, Position, Txn};
use cohong_core::records::LoggedEvent;

use super::exec::{Sim, TaskId};
use super::model::{Answer, Model, Op, Says};
pub(super) use choose::{
    ENCRYPTING, FUNCTIONS, OWNER, OWNER_KEY, POISON, STRANGER, destinations, other_account,
};
use flight::Flight;

/// See the module's text. Clones share everything.
#[derive(Clone, Debug)]
pub(super) struct Oracle {
    sim: Sim,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    model: Model,
    flights: BTreeMap<TaskId, Flight>,
    requests: u64,
    /// Requests with a callback whose upload stands and that were not called yet.
    owed_calls: BTreeSet<String>,
    /// Where a log position belongs; positions are unique on a store.
    buckets: BTreeMap<Position, BucketId>,
    replays: Vec<String>,
    contents: u64,
    /// What the wall clock says.
    now: Timestamp,
    /// The latest that it has said.
    latest: Timestamp,
}

impl Oracle {
    pub(super) fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            inner: Arc::default(),
        }
    }

    // A panic is a violation that was found; others may still look.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the model.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        look(&self.inner().model)
    }

    /// A request begins, by the running task; gives its id.
    pub(super) fn begin(&self, op: Op, says: Says) -> String {
        self.tick();
        let mut inner = self.inner();
        inner.requests += 1;
        let request = format!("r{}", inner.requests);
        self.sim
            .note(format_args!("{request} begins: {op:?} {says:?}"));
        let flight = Flight::new(request.clone(), op, says, inner.now);
        inner.flights.insert(self.sim.running(), flight);
        inner.refresh();
        request
    }

    /// Looks at the clock: what holds now holds at this time. Also to be asked around a jump of it.
    pub(super) fn tick(&self) {
        let now = Clock::now(&self.sim);
        self.inner().tick(now);
    }

    /// The running task's request was answered.
    pub(super) fn finish(&self, outcome: &[Answer]) {
        self.tick();
        let flight = self.inner().flights.remove(&self.sim.running());
        let flight = flight.expect("a request that ends has begun");
        self.sim
            .note(format_args!("{} ends: {outcome:?}", flight.request));
        flight.check(outcome);
    }

    /// The running task was told that something failed.
    pub(super) fn faulted(&self, what: &str) {
        if let Some(flight) = self.inner().flights.get_mut(&self.sim.running()) {
            flight.faulted = true;
        }
        self.sim.note(format_args!("fault: {what}"));
    }

    /// The running task was given wrong bits by the disk.
    pub(super) fn damaged(&self) {
        if let Some(flight) = self.inner().flights.get_mut(&self.sim.running()) {
            flight.damaged = true;
        }
        self.sim.note("fault: a bit is read wrong");
    }

    /// A transaction of the running task stands.
    pub(super) fn applied(&self, txn: &Txn, logged: &[(BucketId, Position, LoggedEvent)]) {
        self.tick();
        let latest = self.sim.latest();
        let mut inner = self.inner();
        inner.latest = latest;
        let said = inner.apply(self.sim.running(), txn, logged);
        inner.refresh();
        if let Some(said) = said {
            self.sim.note(format_args!("stands: {said}"));
        }
    }

    /// Everything that ran is gone; what stood is in the model.
    pub(super) fn crash(&self) {
        let mut inner = self.inner();
        inner.flights.clear();
        inner.owed_calls.clear();
    }

    /// A callback is made: it is owed, and only once.
    pub(super) fn called(&self, request: &str) {
        self.sim.note(format_args!("callback of {request}"));
        assert!(
            self.inner().owed_calls.remove(request),
            "callback of {request} before its commit or a second time"
        );
    }

    /// The bucket of a logged position.
    pub(super) fn bucket_of(&self, at: Position) -> Option<BucketId> {
        self.inner().buckets.get(&at).copied()
    }

    /// A replay was promised.
    pub(super) fn promised_replay(&self, id: String) {
        self.inner().replays.push(id);
    }

    /// The replays that were promised.
    pub(super) fn replays(&self) -> Vec<String> {
        self.inner().replays.clone()
    }
}
