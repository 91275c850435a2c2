//! The dependency gate: `cargo deny` at a pinned version, installed here when absent.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Outcome};

/// Newer versions may read `deny.toml` differently: raise it together with that file.
const VERSION: &str = "0.20.2";

/// What is checked. Advisories are not: they need a clone of the advisory database, and a gate
/// has to give the same answer without a network.
const CHECKS: &[&str] = &["bans", "licenses", "sources"];

/// Checks licences, sources and who may depend on whom.
pub(crate) fn run() -> Outcome {
    let program = installed()?;
    let mut command = Command::new(program);
    command
        .current_dir(shell::root())
        .args(["--locked", "check"]);
    // A wrapper that is allowed but not used yet is no finding.
    command
        .args(["--hide-inclusion-graph", "-A", "unused-wrapper"])
        .args(CHECKS);
    shell::run(&mut command)
}

/// The pinned program, built into the target folder on first use (about 80 seconds of CPU).
fn installed() -> Outcome<PathBuf> {
    let tools = shell::target_dir().join("tools");
    let program = tools.join("bin/cargo-deny");
    if has_version(&program) {
        return Ok(program);
    }
    let build = tools.join("build");
    let mut install = shell::cargo();
    install.args(["install", "cargo-deny", "--locked", "--debug", "--force"]);
    install
        .args(["--version", VERSION])
        .arg("--root")
        .arg(&tools);
    // Debug information is most of the build's size and nobody reads it.
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    install.env("CARGO_TARGET_DIR", &build);
    shell::run(&mut install)?;
    if let Err(why) = std::fs::remove_dir_all(&build) {
        println!("left behind {}: {why}", build.display());
    }
    Ok(program)
}

fn has_version(program: &PathBuf) -> bool {
    let mut command = Command::new(program);
    command.arg("--version");
    program.is_file()
        && shell::capture(&mut command).is_ok_and(|said| said.trim().ends_with(VERSION))
}
