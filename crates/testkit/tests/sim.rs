//! The seeded simulation over many seeds. `COHONG_SIM_SEEDS` says how many, `COHONG_SIM_FROM` where
//! they begin; `cargo xtask sim` is the long form.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use cohong_testkit::sim::{Failure, Mutation, Plan, run, setting, shrink};

/// Seeds of an ordinary run of the tests.
const SEEDS: u64 = 500;

/// Seeds within which every planted mutation is noticed.
const MUTATION_SEEDS: u64 = 1000;

/// Seeds that found something, each with what it was. When the workload changes a seed is another run, so
/// each has a test of its own too: `docs/reliability.md` names them.
const REGRESSION_SEEDS: [u64; 8] = [
    2351, // a task that had stored its object was called failed, when the answer of its commit was lost
    2859, // the same, in the middle of other faults
    4217, // a task that fetches wrote into a new bucket of its bucket's name
    4933, // a task that fetches was accepted for a bucket that was just being deleted
    6614, // a part that came when its upload was complete stayed for ever
    6955, // a piece for an object that went began another one, encrypted as that one was
    8084, // the slower one of two Completes was told that its parts are missing
    66510, // an empty part in the place of another did not count as a change of what a bucket holds
];

/// Runs a seed; gives its trace.
fn check(seed: u64) -> Vec<String> {
    run(&Plan::of(seed)).unwrap_or_else(|failure| panic!("\n{failure}"))
}

/// What lines of traces say when it happened: all of it does within an ordinary run.
const HAPPENS: [&str; 29] = [
    " stands: ",
    " crash",
    "the power is off",
    "fault: a sync fails",
    "fault: no space on the disk",
    "fault: the disk is full",
    "fault: a write fails",
    "fault: a bit is read wrong",
    "fault: no space for a commit",
    "fault: a commit is refused",
    "fault: the answer of a commit is lost",
    "wall clock jumps",
    " goes down",
    "callback of ",
    "Err(Denied)",
    "Err(Internal)",
    " is renamed ",
    " is fetched, ",
    " wants cannot be had",
    " expires, ",
    "Err(OverQuota)",
    "Err(Retained)",
    "Err(LockUnsupported)",
    "Err(InvalidBucketState)",
    "Err(RetentionLocked)",
    "Err(KeyMissing)",
    "Err(KeyWrong)",
    "Err(KeyUnasked)",
    " blocks public access: true",
];

/// How often what happens does, in some seeds.
fn happens(seeds: Range<u64>) -> [usize; HAPPENS.len()] {
    let mut happened = [0; HAPPENS.len()];
    for line in seeds.flat_map(check) {
        for (n, what) in happened.iter_mut().zip(HAPPENS) {
            *n += usize::from(line.contains(what));
        }
    }
    happened
}

#[test]
fn whatever_fails_the_promises_hold() {
    let from = setting("COHONG_SIM_FROM", 0);
    let seeds = setting("COHONG_SIM_SEEDS", SEEDS);
    let half = from + seeds / 2;
    let halves = [from..half, half..from + seeds].map(|part| thread::spawn(|| happens(part)));
    let mut happened = [0; HAPPENS.len()];
    for half in halves {
        let counted = half.join().unwrap_or_else(|panic| resume_unwind(panic));
        for (n, more) in happened.iter_mut().zip(counted) {
            *n += more;
        }
    }
    for (n, what) in happened.into_iter().zip(HAPPENS) {
        println!("{n:>7} times {what}");
        assert!(n > 0 || seeds < SEEDS, "{what}: never");
    }
}

#[test]
fn seeds_that_found_something_find_nothing_any_more() {
    for seed in REGRESSION_SEEDS {
        check(seed);
    }
}

#[test]
fn a_plan_gives_the_same_run_again() {
    for seed in 1000..1020 {
        let (one, two) = (run(&Plan::of(seed)), run(&Plan::of(seed)));
        let (Ok(one), Ok(two)) = (one, two) else {
            panic!("seed {seed} fails");
        };
        assert!(one == two, "seed {seed} gave two different runs");
    }
}

/// The first seed that notices a mutation, and how.
fn noticed(mutation: Mutation) -> Failure {
    let plan = |seed| Plan::of(seed).with(Some(mutation));
    let found = (0..MUTATION_SEEDS).find_map(|seed| run(&plan(seed)).err());
    *found.unwrap_or_else(|| panic!("{} is not noticed", mutation.name()))
}

#[test]
fn every_planted_mutation_is_noticed() {
    for mutation in Mutation::ALL {
        let failure = noticed(mutation);
        println!(
            "{}: seed {}: {}",
            mutation.name(),
            failure.plan.seed,
            failure.why
        );
        let again = run(&failure.plan).expect_err("a failing plan fails again");
        assert_eq!(again.trace, failure.trace, "{}", mutation.name());
    }
}

#[test]
fn a_failing_run_is_made_smaller_and_still_fails() {
    let failure = noticed(Mutation::SkipLog);
    let before = failure.used;
    let small = shrink(failure);
    println!("{}", small.plan);
    let pairs = || small.used.iter().zip(&before);
    let grown = pairs().any(|(now, before)| now > before);
    let shrunk = pairs().any(|(now, before)| now < before);
    assert!(!grown && shrunk, "{:?} of {before:?}", small.used);
    let Plan {
        requests,
        faults,
        crashes,
        clients,
        ..
    } = small.plan;
    for (name, most) in [
        ("requests", requests),
        ("faults", faults),
        ("crashes", crashes),
        ("clients", clients),
    ] {
        let mut smaller = small.plan;
        if let Some(less) = most.checked_sub(1) {
            assert!(smaller.bound(name, less));
            assert!(run(&smaller).is_ok(), "{name} gives way to {less}");
        }
    }
    let again = run(&small.plan).expect_err("what is left fails again");
    assert_eq!(again.trace, small.trace);
}
