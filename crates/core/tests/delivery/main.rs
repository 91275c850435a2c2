//! Delivery, through the engine's own writes, on stores in memory and time of its own. Tests named
//! `e<n>_...` are the faults of that number in the list of faults that delivery has to survive.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[path = "../common/mod.rs"]
mod common;

mod busy;
mod faults;
mod orders;
mod pace;
mod seeds;
mod sim;
mod world;
