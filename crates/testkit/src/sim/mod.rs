//! The seeded simulation: the whole engine, its workers and its delivery, on metadata in memory and on the
//! real blob store above a simulated disk, with ports that fail, power cuts at any moment, random clients,
//! and a wall clock that jumps. Everything comes from one seed; a run of a plan is always the same run, to
//! the byte of its trace.
//!
//! [`run`] is the way in, [`shrink`] makes a failing run smaller. `world` builds and crashes servers,
//! `client` asks them, `oracle` holds their answers against `model`, `quiet` and `end` look at everything
//! when nothing moves. It knows no real time, threads, files or sockets.

mod client;
mod end;
pub mod exec;
mod model;
mod oracle;
mod plan;
mod ports;
mod quiet;
mod shrink;
mod world;

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use exec::Sim;
use ports::Weather;

pub use plan::{Mutation, Plan};
pub use shrink::shrink;

/// Lines of the trace that are shown of a run that failed.
const SHOWN: usize = 80;

/// A run that found something wrong.
#[derive(Debug)]
pub struct Failure {
    /// What it was made of.
    pub plan: Plan,
    /// How much of each bound it has used: requests, faults, crashes, clients at once.
    pub used: [u64; 4],
    /// What was wrong.
    pub why: String,
    /// Its trace.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.trace.len();
        for line in self.trace.iter().skip(steps.saturating_sub(SHOWN)) {
            writeln!(f, "{line}")?;
        }
        let [requests, faults, crashes, clients] = self.used;
        writeln!(
            f,
            "failed at step {steps}, after {requests} requests of {clients} clients, {faults} faults, {crashes} crashes: {}",
            self.why
        )?;
        write!(f, "again: cargo xtask sim {}", self.plan)
    }
}

/// One run. Gives its trace: equal for equal plans.
pub fn run(plan: &Plan) -> Result<Vec<String>, Box<Failure>> {
    let sim = Sim::new(plan.seed);
    if plan.mutation == Some(Mutation::ReuseBlobId) {
        sim.repeat_ids();
    }
    let weather = Weather::new(plan);
    let run = catch_unwind(AssertUnwindSafe(|| world::run(&sim, &weather)));
    sim.kill();
    let trace = sim.trace();
    match run {
        Ok(()) => Ok(trace),
        Err(panic) => Err(Box::new(Failure {
            plan: *plan,
            used: weather.used(),
            why: words(&*panic),
            trace,
        })),
    }
}

/// A number that a variable sets for a run of seeds. Panics where it is no number.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text}")),
        Err(_) => default,
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}
