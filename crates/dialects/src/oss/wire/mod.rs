//! XML bodies of OSS: what stands on the wire and how it maps to the model. Nothing here asks the engine.

pub(super) mod acl;
pub(super) mod bucket;
pub(super) mod cors;
pub(super) mod delete;
pub(super) mod lifecycle;
pub(super) mod list;
pub(super) mod live;
pub(super) mod multipart;
pub(super) mod object;
pub(super) mod policy;
pub(super) mod region;
pub(super) mod stat;
pub(super) mod tags;
pub(super) mod versions;
