//! Pure planning: what a request does to what is there. No I/O, no clock, no async.

pub mod access;
pub mod append;
pub mod attributes;
pub mod bandwidth;
pub mod callback;
pub(crate) mod checksum;
pub mod cipher;
pub mod complete;
pub mod conditions;
pub mod cors;
pub(crate) mod crc;
pub mod inventory;
pub mod lifecycle;
pub mod list;
pub mod lock;
pub(crate) mod mirror;
pub mod notify;
pub mod object_set;
pub mod overwrite;
pub mod path;
pub mod pattern;
pub mod range;
pub mod referer;
pub mod replication;
pub mod restore;
pub mod retention;
pub mod symlink;
pub mod sync;
pub mod tree;
pub mod vault;
pub mod version;
pub mod website;

pub use crc::append_crc64;
