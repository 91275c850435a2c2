//! What stands in headers, queries and bodies.

pub(super) mod inventory;
pub(super) mod job;
pub(super) mod order;
pub(super) mod page;
pub(super) mod said;
pub(super) mod shown;
