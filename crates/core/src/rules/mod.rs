//! Pure planning: what a request does to what is there. No I/O, no clock, no async.

pub mod access;
pub mod attributes;
pub mod callback;
pub mod complete;
pub mod conditions;
pub(crate) mod crc64;
pub mod list;
pub mod notify;
pub mod range;
pub mod version;
