//! The seeded simulation: the whole engine, its workers and its delivery, on stores in memory whose
//! ports fail, with crashes at any moment, random clients, and a wall clock that jumps. Everything
//! comes from one seed; a run of a seed is always the same run, to the byte of its trace.
//!
//! [`run`] is the way in. `world` builds and crashes servers, `client` asks them, `oracle` holds their
//! answers against `model`, `quiet` and `end` look at everything when nothing moves. It knows no real
//! time, threads, files or sockets.

mod client;
mod end;
pub mod exec;
mod model;
mod oracle;
mod ports;
mod quiet;
mod world;

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use exec::Sim;

/// Lines of the trace that are shown of a run that failed.
const SHOWN: usize = 80;

/// A run that found something wrong.
#[derive(Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
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
        writeln!(f, "seed {} failed at step {steps}: {}", self.seed, self.why)?;
        write!(f, "again: COHONG_SIM_FROM={} COHONG_SIM_SEEDS=1", self.seed)
    }
}

/// One run. Gives its trace: equal for equal seeds.
pub fn run(seed: u64) -> Result<Vec<String>, Box<Failure>> {
    let sim = Sim::new(seed);
    let run = catch_unwind(AssertUnwindSafe(|| world::run(&sim)));
    sim.kill();
    let trace = sim.trace();
    match run {
        Ok(()) => Ok(trace),
        Err(panic) => Err(Box::new(Failure {
            seed,
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
