//! Thin forwarders to runs that live in other crates; settings travel as environment variables.

use crate::shell::{self, Outcome};

/// The simulation, over the seeds `from .. from + seeds`.
pub(crate) fn sim(seeds: Option<u64>, from: Option<u64>) -> Outcome {
    let mut command = shell::cargo();
    command.args(["test", "-p", "cohong-testkit", "--test", "sim"]);
    command.args(["--", "--nocapture"]);
    if let Some(seeds) = seeds {
        command.env("COHONG_SIM_SEEDS", seeds.to_string());
    }
    if let Some(from) = from {
        command.env("COHONG_SIM_FROM", from.to_string());
    }
    shell::run(&mut command)
}

/// The real binary, killed at random moments.
pub(crate) fn kill(rounds: Option<u64>) -> Outcome {
    let mut command = shell::cargo();
    command.args(["test", "-p", "cohong", "--test", "kill", "--test", "vaults"]);
    command.args(["--", "--nocapture"]);
    if let Some(rounds) = rounds {
        command.env("COHONG_KILL_ROUNDS", rounds.to_string());
    }
    shell::run(&mut command)
}

/// The measurements, on optimised builds of the server and of its load.
pub(crate) fn bench(name: Option<&str>) -> Outcome {
    let mut build = shell::cargo();
    build.args([
        "build",
        "--release",
        "-p",
        "cohong",
        "-p",
        "cohong-testkit",
        "--bins",
    ]);
    shell::run(&mut build)?;
    let release = shell::target_dir().join("release");
    let mut command = std::process::Command::new(release.join("bench"));
    command.args(name).env("COHONG_BIN", release.join("cohong"));
    shell::run(&mut command)
}
