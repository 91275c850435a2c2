//! Thin forwarders to runs that live in other crates.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::shell::{self, Outcome};

/// The simulation, on an optimised build; its program reads the arguments.
pub(crate) fn sim(arguments: &[String]) -> Outcome {
    let mut build = shell::cargo();
    build.args(["build", "--release", "-p", "cohong-testkit", "--bin", "sim"]);
    shell::run(&mut build)?;
    let program = shell::target_dir().join("release").join("sim");
    shell::run(std::process::Command::new(program).args(arguments))
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

/// The real binary on what a disk may hold after a power cut.
pub(crate) fn powercut(rounds: Option<u64>, seed: Option<u64>) -> Outcome {
    let mut command = shell::cargo();
    command.args(["test", "-p", "cohong", "--test", "powercut"]);
    command.args(["--", "--nocapture", "nothing_acknowledged"]);
    if let Some(rounds) = rounds {
        command.env("COHONG_POWERCUT_ROUNDS", rounds.to_string());
    }
    if let Some(seed) = seed {
        command.env("COHONG_POWERCUT_SEED", seed.to_string());
    }
    shell::run(&mut command)
}

/// Bits that flip on the disk.
pub(crate) fn bitflips(flips: Option<u64>, seed: Option<u64>, blind: bool) -> Outcome {
    let mut command = shell::cargo();
    command.args(["test", "-p", "cohong-testkit", "--test", "bitflips"]);
    command.args(["--", "--nocapture", "no_flipped_bit_is_served"]);
    if let Some(flips) = flips {
        command.env("COHONG_FLIPS", flips.to_string());
    }
    if let Some(seed) = seed {
        command.env("COHONG_FLIPS_SEED", seed.to_string());
    }
    if blind {
        command.env("COHONG_FLIPS_BLIND", "1");
    }
    shell::run(&mut command)
}

/// The targets that read other people's bytes, or one of them.
pub(crate) fn fuzz(target: Option<&str>, seconds: Option<u64>, seed: Option<u64>) -> Outcome {
    let mut command = shell::cargo();
    command.args(["test", "-p", "cohong-testkit", "--test", "fuzz"]);
    command.args(["--", "--nocapture"]);
    if let Some(target) = target {
        command.env("COHONG_FUZZ_TARGET", target);
    }
    if let Some(seconds) = seconds {
        command.env("COHONG_FUZZ_SECONDS", seconds.to_string());
    }
    let another = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    };
    if let Some(seed) = seed.or_else(|| seconds.map(|_| another())) {
        command.env("COHONG_FUZZ_SEED", seed.to_string());
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
