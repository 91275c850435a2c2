//! XML bodies of OSS that are its own: what stands on the wire and how it maps to the model. Nothing here asks the engine.

pub(super) mod access_log;
pub(super) mod acl;
pub(super) mod bounds;
pub(super) mod bucket;
pub(super) mod callbacks;
pub(super) mod fetch;
pub(super) mod inventory;
pub(super) mod lifecycle;
pub(super) mod live;
pub(super) mod object;
pub(super) mod parts;
mod redirect;
pub(super) mod referer;
pub(super) mod region;
pub(super) mod settings;
pub(super) mod stat;
pub(super) mod website;
pub(super) mod worm;
