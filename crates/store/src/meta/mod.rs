//! Metadata stores. They know the port and `cohong_core::commit`, nothing of what records mean.

mod embedded;

pub use embedded::{EmbeddedMeta, FatalHook, OpenError, Options, Stats};
