//! Conformance suites: what every implementation of a port promises, one module a port.

pub mod blob;
pub mod meta;
