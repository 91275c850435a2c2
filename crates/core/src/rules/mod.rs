//! Pure planning: what a request does to what is there. No I/O, no clock, no async.

pub mod access;
pub mod notify;
