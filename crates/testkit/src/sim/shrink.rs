//! Making a run that fails smaller.

use super::{Failure, Plan, run};

/// The smallest run of the same seed that was found to fail, however it fails. Each bound is brought down by
/// halves and then one by one, as long as the run fails, until none gives way any more.
pub fn shrink(failure: Failure) -> Failure {
    let mut best = failure;
    loop {
        best = tightened(best);
        let before = best.plan;
        for n in 0..best.used.len() {
            best = lower(best, n);
        }
        if best.plan == before {
            return best;
        }
    }
}

/// The same run, whose bounds are what it uses.
fn tightened(failure: Failure) -> Failure {
    let mut tight = failure.plan;
    for ((_, bound), used) in tight.bounds().into_iter().zip(failure.used) {
        *bound = (*bound).min(used);
    }
    // What was not reached cannot be missed; should the run pass all the same, its bounds stay as they are.
    run(&tight).map_or_else(|same| *same, |_| failure)
}

/// Brings down one bound.
fn lower(mut best: Failure, n: usize) -> Failure {
    let mut step = bound(&best.plan, n).min(best.used[n]).div_ceil(2);
    while step > 0 {
        let mut plan = best.plan;
        let now = bound(&plan, n).min(best.used[n]);
        *plan.bounds()[n].1 = now.saturating_sub(step);
        match run(&plan) {
            Err(smaller) if plan != best.plan => best = *smaller,
            _ => step /= 2,
        }
    }
    best
}

fn bound(plan: &Plan, n: usize) -> u64 {
    *plan.clone().bounds()[n].1
}
