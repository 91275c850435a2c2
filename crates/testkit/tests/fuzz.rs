//! Every target of [`cohong_testkit::fuzz`] over its kept inputs and some that are made of them. `cargo xtask fuzz` runs
//! the same for longer, from another seed each time.
#![allow(
    clippy::print_stdout,
    reason = "what a campaign tried and found is its result"
)]

use std::path::Path;
use std::time::Duration;

use cohong_testkit::fuzz::{Found, TARGETS, Target, run};

/// Inputs that are made for each target on every run of the tests.
const SMOKE: u64 = 300;
/// Seed of those.
const SEED: u64 = 20;

#[test]
fn every_target_holds_over_its_corpus_and_some_mutations() {
    let chosen = std::env::var("COHONG_FUZZ_TARGET").ok();
    let seconds: Option<u64> = number("COHONG_FUZZ_SECONDS");
    let seed = number("COHONG_FUZZ_SEED").unwrap_or(SEED);
    let targets: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| chosen.as_deref().is_none_or(|name| name == target.name))
        .collect();
    assert!(!targets.is_empty(), "no target is called {chosen:?}");
    let mut failed = Vec::new();
    for target in targets {
        let (most, within) = match seconds {
            Some(seconds) => (u64::MAX, Duration::from_secs(seconds)),
            None => (SMOKE, Duration::MAX),
        };
        match run(target, seed, most, within) {
            Ok(tried) => println!("{}: {tried:?} from seed {seed}", target.name),
            Err(found) => failed.push(kept(&found)),
        }
    }
    assert!(
        failed.is_empty(),
        "from seed {seed}:\n{}",
        failed.join("\n")
    );
}

/// Writes an input down, to be looked at and then kept in the corpus.
fn kept(found: &Found) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("fuzz-{}.bin", found.target));
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(&path, &found.input).expect("written");
    let input = String::from_utf8_lossy(&found.input);
    format!(
        "{}: {}\n  {input:?}\n  is kept in {}",
        found.target,
        found.why,
        path.display()
    )
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
    )
}
