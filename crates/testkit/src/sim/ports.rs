//! The stores and receivers of the simulation: those in memory, behind ports that fail, wait and tell
//! the oracle.

mod blobs;
mod disk;
mod meta;
mod receivers;
mod web;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cohong_core::ports::{SealError, Sealer};

pub(super) use blobs::SimBlobs;
pub(super) use disk::RoughDisk;
pub(super) use meta::{SimMeta, places};
pub(super) use receivers::{Callbacks, Plain, Receivers, is_poison};
pub(super) use web::Web;

use super::exec::Sim;
use super::oracle::Oracle;
use super::plan::{Mutation, Plan};

/// What goes wrong now.
#[derive(Clone, Debug)]
pub(super) struct Weather(Arc<Mutex<Conditions>>);

/// See [`Weather`].
#[derive(Debug)]
pub(super) struct Conditions {
    plan: Plan,
    /// Requests, faults and crashes so far, and most clients at once.
    used: [u64; 4],
    /// Ports fail at times, and take their time.
    pub(super) rough: bool,
    /// Receivers that cannot be reached.
    pub(super) down: BTreeSet<String>,
    /// The disk has no space left.
    pub(super) full: bool,
    /// The process is about to end: its disk has failed it, or the power is gone.
    pub(super) dying: bool,
}

impl Conditions {
    /// Whether the plan has another one of its bound `n`; counts it.
    fn take(&mut self, n: usize) -> bool {
        let most = *self.plan.bounds()[n].1;
        let there = self.used[n] < most;
        self.used[n] += u64::from(there);
        there
    }
}

impl Weather {
    /// Calm, until it is made rough.
    pub(super) fn new(plan: &Plan) -> Self {
        Self(Arc::new(Mutex::new(Conditions {
            plan: *plan,
            used: [0; 4],
            rough: false,
            down: BTreeSet::new(),
            full: false,
            dying: false,
        })))
    }

    /// How much of the plan's bounds was used.
    pub(super) fn used(&self) -> [u64; 4] {
        self.now().used
    }

    /// Whether the plan has another request.
    pub(super) fn request(&self) -> bool {
        self.now().take(0)
    }

    /// Whether the plan has another crash.
    pub(super) fn crash(&self) -> bool {
        self.now().take(2)
    }

    /// As many clients as the plan has.
    pub(super) fn clients(&self, wanted: u64) -> u64 {
        let mut now = self.now();
        let clients = wanted.min(now.plan.clients);
        now.used[3] = now.used[3].max(clients);
        clients
    }

    /// Whether a fault of one chance in `n` happens: none when it is calm, or the plan has no more.
    pub(super) fn strikes(&self, sim: &Sim, n: u64) -> bool {
        self.is_rough() && sim.one_in(n) && self.now().take(1)
    }

    /// The same, and the task that meets it is told.
    fn fails(&self, sim: &Sim, oracle: &Oracle, n: u64, what: &str) -> bool {
        let fails = self.strikes(sim, n);
        if fails {
            oracle.faulted(what);
        }
        fails
    }

    /// Whether this is broken on purpose, in one chance in `n`.
    fn breaks(&self, sim: &Sim, mutation: Mutation, n: u64) -> bool {
        let active = self.now().plan.mutation == Some(mutation);
        let breaks = active && sim.one_in(n);
        if breaks {
            sim.note(format_args!("mutation: {}", mutation.name()));
        }
        breaks
    }

    /// The conditions, to look at or to change.
    pub(super) fn now(&self) -> MutexGuard<'_, Conditions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_rough(&self) -> bool {
        self.now().rough
    }

    /// Others run first, at times for a while: requests overlap.
    async fn wait(&self, sim: &Sim) {
        if self.is_rough() {
            for _ in 0..sim.random(3) {
                sim.give_way().await;
            }
            if sim.one_in(8) {
                sim.pass(Duration::from_millis(sim.random(20))).await;
            }
        }
    }
}

/// Seals nothing, since nobody reads here what is stored. Nothing is random before anything goes wrong, so
/// that the first access key is known.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) sim: Sim,
    pub(super) weather: Weather,
}

impl Sealer for Secrets {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        secret.to_vec()
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(sealed.to_vec())
    }

    fn random(&self, out: &mut [u8]) {
        for byte in out {
            let random = self.weather.is_rough().then(|| self.sim.random(256));
            *byte = u8::try_from(random.unwrap_or(0)).unwrap_or(0);
        }
    }
}
