//! The seeded simulation over many seeds. `COHONG_SIM_SEEDS` says how many, `COHONG_SIM_FROM` where
//! they begin.

use cohong_testkit::sim::{run, setting};

/// Seeds of an ordinary run of the tests.
const SEEDS: u64 = 300;

/// Seeds that once found something, each with what it was.
const REGRESSION_SEEDS: &[u64] = &[
    5,   // a replay went round without end while a paused target was probed
    148, // a manifest stayed when an object went before the parts of its upload were purged
    181, // the second of two Completes met purged parts and was told that they are invalid
];

/// Runs a seed; gives its trace.
fn check(seed: u64) -> Vec<String> {
    run(seed).unwrap_or_else(|failure| panic!("\n{failure}"))
}

/// Lines of a trace that say something.
fn count(trace: &[String], what: &str) -> usize {
    trace.iter().filter(|line| line.contains(what)).count()
}

#[test]
fn whatever_fails_the_promises_hold() {
    let from = setting("COHONG_SIM_FROM", 0);
    let seeds = setting("COHONG_SIM_SEEDS", SEEDS);
    let (mut changes, mut faults, mut crashes) = (0, 0, 0);
    for seed in from..from + seeds {
        let trace = check(seed);
        changes += count(&trace, " stands: ");
        faults += count(&trace, " fault: ");
        crashes += count(&trace, " crash");
    }
    println!("{seeds} seeds from {from}: {changes} changes, {faults} faults, {crashes} crashes");
    assert!(changes > 0 && faults > 0 && crashes > 0, "nothing happened");
}

#[test]
fn seeds_that_found_something_find_nothing_any_more() {
    for seed in REGRESSION_SEEDS {
        check(*seed);
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 1000..1020 {
        let (one, two) = (run(seed), run(seed));
        let (Ok(one), Ok(two)) = (one, two) else {
            panic!("seed {seed} fails");
        };
        assert!(one == two, "seed {seed} gave two different runs");
    }
}
