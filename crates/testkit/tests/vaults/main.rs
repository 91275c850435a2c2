//! Vaults on stores in memory that fail, wait and crash, in a time of their own.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod client;
mod end;
#[path = "../sync/rough.rs"]
mod rough;
mod seeds;
mod world;
