//! XML bodies of S3 that are its own: what stands on the wire and how it maps to the model. Nothing here
//! asks the engine.

pub(super) mod access_log;
pub(super) mod acl;
pub(super) mod attributes;
pub(super) mod bucket;
pub(super) mod inventory;
pub(super) mod lifecycle;
pub(super) mod notification;
pub(super) mod object;
pub(super) mod website;
