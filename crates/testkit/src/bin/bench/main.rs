//! Benchmarks of the real binary, with nginx as the yardstick where the issue is speed: every figure of
//! a table comes from one run, rounds alternate, medians are printed, and only ratios mean anything.
//!
//! `cargo xtask bench NAME`, NAME one of `objects`, `tongues`, `list`, `rule`, `callback`, `memory`,
//! `sync`, `archive`, `restart`, `outage`, `all`. With `objects`, a further word picks the cells whose names contain it (`GET`, `4 KiB c16`).
//! `COHONG_BIN` is the binary to measure; `COHONG_BENCH_SECONDS` the length of a cell (2 by default).

#![allow(clippy::print_stdout, reason = "tables are what this program is for")]

mod archive;
mod callback;
mod cpu;
mod fill;
mod list;
mod load;
mod memory;
mod nginx;
mod objects;
mod outage;
mod rclone;
mod restart;
mod rule;
mod sync;
mod table;
mod tongues;

use std::path::PathBuf;

use cohong_testkit::instance::{Instance, Start};

/// Rounds whose median is printed.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| "all".into());
    if let Err(error) = run(&name).await {
        eprintln!("bench: {error}");
        std::process::exit(1);
    }
}

async fn run(name: &str) -> Result<(), String> {
    let wants = |one: &str| name == one || name == "all";
    let mut known = false;
    if wants("objects") {
        known = true;
        objects::run(&std::env::args().nth(2).unwrap_or_default()).await?;
    }
    if wants("list") {
        known = true;
        list::run().await?;
    }
    if wants("rule") {
        known = true;
        rule::run().await?;
    }
    if wants("callback") {
        known = true;
        callback::run().await?;
    }
    if wants("tongues") {
        known = true;
        tongues::run().await?;
    }
    if wants("memory") {
        known = true;
        memory::run().await?;
    }
    if wants("sync") {
        known = true;
        sync::run().await?;
    }
    if wants("archive") {
        known = true;
        archive::run().await?;
    }
    if wants("restart") {
        known = true;
        restart::run().await?;
    }
    if wants("outage") {
        known = true;
        outage::run().await?;
    }
    if known {
        Ok(())
    } else {
        Err(format!(
            "{name:?} is none of objects, tongues, list, rule, callback, memory, sync, archive, restart, outage, all"
        ))
    }
}

/// The binary to measure.
fn binary() -> Result<PathBuf, String> {
    std::env::var_os("COHONG_BIN")
        .map(PathBuf::from)
        .ok_or_else(|| "COHONG_BIN is not set; run this as `cargo xtask bench`".into())
}

/// A fresh server on a folder that goes away with it.
async fn fresh() -> Result<(Instance, tempfile::TempDir), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let instance = Instance::start(&binary()?, folder.path(), &Start::default()).await?;
    Ok((instance, folder))
}

/// A number from the environment.
fn setting(name: &str, default: usize) -> Result<usize, String> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} is a number")),
        Err(_) => Ok(default),
    }
}
