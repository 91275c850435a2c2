//! Stores in memory: the specification of their ports, and what tests and simulations run on. They
//! keep nothing after the process and know no files, threads or time.

mod blobs;
mod meta;

pub use blobs::{BlobStep, MemoryBlobs};
pub use meta::{Fate, FateHook, MemoryMeta};
