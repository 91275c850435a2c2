//! Metadata stores. They know the port and `cohong_core::commit`, nothing of what records mean.

mod embedded;

pub use embedded::{EmbeddedMeta, FORMAT, FatalHook, OpenError, Options, Stats};
