//! The simulation over a range of seeds, or of one plan. `cargo xtask sim` builds and starts it.
//!
//! `sim --seeds N --from S` runs a range and stops at the first failure, which it makes smaller; `sim --seed S`
//! runs one and prints its trace when it fails. `--mutation NAME` breaks something on purpose; then a range ends
//! well when that is noticed. `--requests N`, `--faults N`, `--crashes N` and `--clients N` are bounds of a run.

#![allow(
    clippy::print_stdout,
    reason = "a command-line program reports by printing"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use cohong_testkit::sim::{Failure, Mutation, Plan, run, shrink};

/// How often a long range says how far it is.
const TOLD_EVERY: Duration = Duration::from_mins(1);

fn main() -> ExitCode {
    // What fails is told once, with its plan; a shrinking run fails hundreds of times.
    std::panic::set_hook(Box::new(|_| {}));
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("sim: {why}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> Result<(), String> {
    let mut given = arguments()?;
    let mutation = match given.remove("mutation") {
        Some(name) => Some(name.parse::<Mutation>()?),
        None => None,
    };
    let number = |text: String| {
        let parsed = text.parse::<u64>();
        parsed.map_err(|_| format!("{text} is not a number"))
    };
    let mut given: BTreeMap<String, u64> = given
        .into_iter()
        .map(|(name, text)| Ok((name, number(text)?)))
        .collect::<Result<_, String>>()?;
    let one = given.remove("seed");
    let from = given.remove("from").unwrap_or(0);
    let seeds = given.remove("seeds").unwrap_or(1000);
    let mut plan = Plan::of(one.unwrap_or(from)).with(mutation);
    for (name, most) in given {
        if !plan.bound(&name, most) {
            return Err(format!("there is no argument --{name}"));
        }
    }
    if one.is_some() {
        return replay(&plan);
    }
    range(&plan, seeds)
}

/// Pairs of `--name value`.
fn arguments() -> Result<BTreeMap<String, String>, String> {
    let mut given = BTreeMap::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--");
        let name = name.ok_or_else(|| format!("{word} is no argument; they begin with --"))?;
        let value = words.next();
        let value = value.ok_or_else(|| format!("{word} wants a value"))?;
        given.insert(name.to_owned(), value);
    }
    Ok(given)
}

fn replay(plan: &Plan) -> Result<(), String> {
    match run(plan) {
        Ok(trace) => {
            println!("{plan}: {} steps, nothing found", trace.len());
            Ok(())
        }
        Err(failure) => {
            for line in &failure.trace {
                println!("{line}");
            }
            Err(format!("{}\nagain: cargo xtask sim {plan}", failure.why))
        }
    }
}

fn range(plan: &Plan, seeds: u64) -> Result<(), String> {
    let from = plan.seed;
    let begun = Instant::now();
    let (next, done) = (AtomicU64::new(from), AtomicU64::new(0));
    let found: Mutex<Option<Box<Failure>>> = Mutex::new(None);
    let told = Mutex::new(begun);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, SeqCst);
                    if seed >= from + seeds || lock(&found).is_some() {
                        return;
                    }
                    if let Err(failure) = run(&Plan { seed, ..*plan }) {
                        let mut found = lock(&found);
                        let earlier = found.as_ref().is_none_or(|found| seed < found.plan.seed);
                        if earlier {
                            *found = Some(failure);
                        }
                        return;
                    }
                    let done = done.fetch_add(1, SeqCst) + 1;
                    let mut told = lock(&told);
                    if told.elapsed() > TOLD_EVERY {
                        *told = Instant::now();
                        println!("{done} seeds done, {}", pace(done, begun));
                    }
                }
            });
        }
    });
    let done = done.load(SeqCst);
    let last = from + seeds.saturating_sub(1);
    match (lock(&found).take(), plan.mutation) {
        (None, None) => {
            println!(
                "seeds {from} to {last}: nothing found, {}",
                pace(done, begun)
            );
            Ok(())
        }
        (None, Some(mutation)) => Err(format!(
            "{} is not noticed by the seeds {from} to {last}",
            mutation.name()
        )),
        (Some(failure), mutation) => {
            println!(
                "{} fails after {done} others, {}",
                failure.plan,
                pace(done, begun)
            );
            println!("it says: {}", failure.why);
            let small = shrink(*failure);
            println!("smaller: {small}");
            match mutation {
                Some(_) => Ok(()),
                None => Err("a promise is not kept".to_owned()),
            }
        }
    }
}

fn pace(seeds: u64, since: Instant) -> String {
    let seconds = since.elapsed().as_millis().max(1);
    let pace = u128::from(seeds) * 10_000 / seconds;
    format!("{}.{} seeds a second", pace / 10, pace % 10)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A thread that failed has left a whole value behind.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
