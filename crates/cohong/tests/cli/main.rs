//! The command line against real servers: what people type, what programs read, how commands end.

mod admin;
mod archive;
mod common;
mod events;
mod process;
mod sync;
