//! What objects can do beyond being stored and read whole: parts in order, appending, links, restoring.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../common/mod.rs"]
mod common;

mod append;
mod parts;
mod rename;
mod restore;
mod stat;
mod symlink;
mod trees;
