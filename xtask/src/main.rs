//! Repository chores in Rust instead of shell: gates, tidy, conformance, forwarders to long runs.
//!
//! Nothing here is shipped. It may start processes and touch files; it knows none of the crates
//! it checks, except by name. Start reading at [`gates`] (what `cargo xtask test` does) and at
//! [`tidy`] (the house rules as checks).
#![allow(
    clippy::print_stdout,
    reason = "a command-line tool reports by printing"
)]

mod conformance;
mod deny;
mod dialects;
mod forward;
mod gates;
mod goenv;
mod javaenv;
mod nodeenv;
mod programs;
mod pyenv;
mod python2;
mod rustenv;
mod scratch;
mod shell;
mod side;
mod source;
mod summary;
mod tidy;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Repository chores. Run as `cargo xtask <command>`.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Every gate: format, lints, tidy, docs, dependencies, tests, conformance.
    Test {
        /// Run these steps only (may be repeated).
        #[arg(long, value_enum)]
        only: Vec<gates::Step>,
        /// Leave these steps out (may be repeated); refused when CI=true.
        #[arg(long, value_enum)]
        skip: Vec<gates::Step>,
    },
    /// The house rules that neither the compiler nor clippy can check.
    Tidy,
    /// Writes the tables of operations in the pages of the dialects.
    Dialects,
    /// The conformance suites against a freshly built binary.
    Conformance {
        /// One folder of `conformance/`; when left out, all of them that need no checkout.
        name: Option<String>,
        /// The folder with the repository of a suite whose tests live there only.
        #[arg(long, requires = "name")]
        checkout: Option<PathBuf>,
        /// A binary that is there, to be tested in the place of a fresh build.
        #[arg(long, requires = "name")]
        binary: Option<PathBuf>,
    },
    /// The simulation, on an optimised build.
    Sim {
        /// `--seeds N` (1000), `--from S` (0): a range of seeds, up to the first that fails, which is made
        /// smaller. `--seed S`: one run, with its trace when it fails. `--mutation NAME`: something broken on
        /// purpose, to be noticed. `--requests N`, `--faults N`, `--crashes N`, `--clients N`: bounds of a run.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill the real binary again and again and check what it had acknowledged.
    Kill {
        /// How many rounds; the test's own number when left out.
        #[arg(long)]
        rounds: Option<u64>,
    },
    /// Cut the power of a recorded run of the real binary again and again and check what it had acknowledged.
    Powercut {
        /// How many cuts; the test's own number when left out.
        #[arg(long)]
        rounds: Option<u64>,
        /// Chooses workload and cuts; another one each time when left out.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Flip bits of a stored state, one after the other, and check that none is served.
    Bitflips {
        /// How many flips; the test's own number when left out.
        #[arg(long)]
        flips: Option<u64>,
        /// The seed of the first state.
        #[arg(long)]
        seed: Option<u64>,
        /// Read blobs without their checksums, which must be found out.
        #[arg(long)]
        blind: bool,
    },
    /// Readers of other people's bytes against bytes that nobody meant.
    Fuzz {
        /// One target; all of them, one after the other, when left out.
        #[arg(long)]
        target: Option<String>,
        /// For how long each; the test's own number of inputs when left out.
        #[arg(long)]
        seconds: Option<u64>,
        /// Where the inputs come from; with seconds another one each time when left out.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measure an optimised build.
    Bench {
        /// One measurement; all of them when left out.
        name: Option<String>,
    },
}

fn main() -> ExitCode {
    let passed = match Cli::parse().command {
        Command::Test { only, skip } => gates::run(&only, &skip),
        Command::Tidy => tidy::run(),
        Command::Dialects => dialects::write(),
        Command::Conformance {
            name: Some(name),
            checkout,
            binary: Some(binary),
        } => conformance::run(&name, &binary, checkout.as_deref()),
        Command::Conformance { name, checkout, .. } => {
            gates::conformance(name.as_deref(), checkout.as_deref())
        }
        Command::Sim { arguments } => forward::sim(&arguments),
        Command::Kill { rounds } => forward::kill(rounds),
        Command::Powercut { rounds, seed } => forward::powercut(rounds, seed),
        Command::Bitflips { flips, seed, blind } => forward::bitflips(flips, seed, blind),
        Command::Fuzz {
            target,
            seconds,
            seed,
        } => forward::fuzz(target.as_deref(), seconds, seed),
        Command::Bench { name } => forward::bench(name.as_deref()),
    };
    match passed {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
