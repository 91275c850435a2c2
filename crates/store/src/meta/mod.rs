//! Metadata stores. They know the port and `cohong_core::commit`, nothing of what records mean.

mod embedded;

pub use embedded::{
    Copy, EmbeddedMeta, Examined, FORMAT, FatalHook, OpenError, Options, RowsFrom, Stats,
    TableFile, raise_numbers,
};
