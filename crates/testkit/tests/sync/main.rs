//! Sync tasks at work, on stores in memory, with a source that fails as it is told, in a time of their
//! own.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod failures;
mod large;
mod lists;
mod own;
mod rough;
mod rules;
mod scan;
mod seeds;
mod small;
mod world;
