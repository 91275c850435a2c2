//! Configuration in two stages: what was written ([`File`], flags, variables) and what it means
//! ([`Settings`]). Components are built from settings; nothing else reads configuration.

mod file;
mod settings;

pub(crate) use file::{File, FileError};
pub(crate) use settings::{Profile, Settings, TlsFiles, Written};
