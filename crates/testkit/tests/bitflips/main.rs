//! Bits that flip on the disk, in data, metadata and log: every one is noticed or does no harm, and what is read is
//! what was written. `COHONG_FLIPS` says how many, `COHONG_FLIPS_SEED` where they begin; with `COHONG_FLIPS_BLIND`
//! blobs are read without their checksums, which must be found out.

#![allow(clippy::print_stdout, reason = "what a run did is worth reading")]

mod state;
mod trial;

use std::collections::BTreeMap;

use cohong_testkit::seed::Seed;
use cohong_testkit::sim::setting;

use state::State;
use trial::{Fate, Reader};

/// Flips of an ordinary run of the tests.
const FLIPS: u64 = 240;
/// Flips after which a state is made anew.
const FLIPS_OF_A_STATE: u64 = 2000;

/// What became of a number of flips, by what was hit.
type Counts = BTreeMap<(&'static str, &'static str), u64>;

/// Flips bits one after the other; the first that was served is an error.
async fn campaign(flips: u64, seed: u64, reader: Reader) -> Result<Counts, String> {
    let mut counts = Counts::new();
    let mut done = 0;
    while done < flips {
        let of = seed + done / FLIPS_OF_A_STATE;
        let mut dice = Seed::new(of);
        let state = State::build(&mut dice).await;
        let trials = trial::Trials::new(&state, reader);
        for _ in 0..FLIPS_OF_A_STATE.min(flips - done) {
            let flip = state.draw(&mut dice);
            let fate = trials.run(&flip).await;
            if let Fate::Served(what) = &fate {
                return Err(format!("seed {of}, {flip}: served as whole: {what}"));
            }
            *counts.entry((flip.kind(), fate.word())).or_default() += 1;
            done += 1;
        }
        println!("{done} flips up to seed {of}");
    }
    Ok(counts)
}

#[tokio::test]
async fn no_flipped_bit_is_served() {
    let flips = setting("COHONG_FLIPS", FLIPS);
    let seed = setting("COHONG_FLIPS_SEED", 1);
    let reader = match setting("COHONG_FLIPS_BLIND", 0) {
        0 => Reader::Checks,
        _ => Reader::Blind,
    };
    // What a damaged table makes the engine say.
    std::panic::set_hook(Box::new(|_| {}));
    let counts = campaign(flips, seed, reader).await;
    drop(std::panic::take_hook());
    let counts = counts.unwrap_or_else(|served| panic!("{served}"));
    for ((kind, fate), count) in &counts {
        println!("{count:8} of {kind}: {fate}");
    }
    let noticed = |kind| {
        counts
            .iter()
            .any(|((of, fate), _)| *of == kind && *fate != "harmless")
    };
    assert!(
        ["data", "tables", "journal"].into_iter().all(noticed),
        "{counts:?}"
    );
}

#[tokio::test]
async fn a_reader_that_checks_nothing_is_found_out() {
    let served = campaign(FLIPS, 1, Reader::Blind).await;
    served.expect_err("blind, and nothing was served");
}
