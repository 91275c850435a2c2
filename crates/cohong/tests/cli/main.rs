//! The command line against real servers: what people type, what programs read, how commands end. And the client library
//! that the commands of the archive service are made of.

mod admin;
mod archive;
mod buckets;
mod common;
mod env;
mod events;
mod integrity;
mod process;
mod relay;
mod sync;
