//! XML bodies that vendors of one family write alike: what stands on the wire and how it maps to the
//! model. What one of them leaves out is a fact of its vocabulary. Nothing here asks the engine.

pub(crate) mod checksum;
pub(crate) mod cors;
pub(crate) mod delete;
pub(crate) mod encryption;
pub(crate) mod inventory;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod logging;
pub(crate) mod multipart;
pub(crate) mod settings;
pub(crate) mod tags;
pub(crate) mod versions;
pub(crate) mod website;
