//! The cohong binary.
fn main() {}
