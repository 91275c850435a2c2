//! cohong-core: what the system is.
//!
//! Buckets, objects, versions, events and owed work; the pure rules that decide about them; the
//! engine that reads a snapshot, plans with a rule, commits one transaction and reports; and the
//! ports through which all of that reaches storage, time and other people's servers.
//!
//! It does **not** know HTTP, XML, any vendor's words, files, sockets, the wall clock, randomness or
//! how tasks are started. Start reading at [`model`], then [`ports`], then [`engine`].

pub mod commit;
pub mod delivery;
pub mod engine;
pub mod error;
pub mod limits;
pub mod memory;
pub mod model;
pub mod pace;
pub mod ports;
pub mod records;
pub mod rules;
pub mod sync;
pub mod work;

pub use error::{BodyDigest, Error, ErrorKind};
