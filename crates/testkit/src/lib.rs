//! cohong-testkit: what tests of several crates share. Not published, never part of the server.

pub mod client;
pub mod disk;
pub mod fuzz;
pub mod instance;
pub mod offline;
pub mod powercut;
pub mod receiver;
pub mod seed;
pub mod sim;
pub mod source;
pub mod suite;
pub mod sync_task;
