//! JSON bodies of TOS: what stands on the wire and how it maps to the model. Nothing
//! here asks the engine.

pub(super) mod acl;
pub(super) mod bucket;
pub(super) mod fetch;
pub(super) mod inventory;
pub(super) mod kinds;
pub(super) mod lifecycle;
pub(super) mod list;
pub(super) mod mirror;
pub(super) mod multipart;
pub(super) mod notification;
pub(super) mod object;
pub(super) mod object_sets;
pub(super) mod replication;
pub(super) mod settings;
pub(super) mod website;
