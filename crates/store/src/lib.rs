//! cohong-store: where things are kept.
//!
//! Implementations of the core's storage ports on a local disk: metadata, blobs, and secrets sealed
//! with the server's key. It decides nothing: it knows neither buckets nor requests nor rules, only
//! ports.

pub mod backup;
pub mod blob;
pub mod disk;
pub mod meta;
pub mod seal;
