//! What stands in bodies and queries.

pub(super) mod bandwidth;
pub(super) mod fields;
pub(super) mod identity;
pub(super) mod keys;
pub(super) mod lists;
pub(super) mod migration;
pub(super) mod month;
pub(super) mod place;
pub(super) mod query;
pub(super) mod statistic;
pub(super) mod task;
