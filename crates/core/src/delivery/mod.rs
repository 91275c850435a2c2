//! Ordered delivery of events to their destinations.

mod bell;

pub use bell::Bell;
