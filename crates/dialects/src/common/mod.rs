//! What two dialects need. Free of vendor names, and of any decision: a value is read, or it is told why
//! not; the engine is asked; what it said is written.
//!
//! Where dialects of one family differ in names and rules only, these stand in a `vocabulary` of the
//! dialect, and the operation is here: `object`, `upload`, `copy`, `list`, `post`.

pub(crate) mod answer;
pub(crate) mod attributes;
pub mod bucket_policy;
pub mod callback;
pub(crate) mod checksum;
pub(crate) mod compress;
pub mod conditions;
pub(crate) mod configuration;
pub(crate) mod copy;
pub(crate) mod cors;
pub mod date;
pub(crate) mod delete;
pub(crate) mod document;
pub(crate) mod encryption;
pub mod form;
pub(crate) mod input;
pub(crate) mod inventory;
pub mod json;
pub(crate) mod kinds;
pub(crate) mod lifecycle;
mod limits;
pub(crate) mod lines;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod logging;
pub(crate) mod object;
pub(crate) mod ordered;
pub(crate) mod owner;
pub(crate) mod pace;
pub(crate) mod pages;
pub mod policy;
pub(crate) mod post;
pub mod range;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod settings;
pub(crate) mod unserved;
pub(crate) mod upload;
pub(crate) mod vocabulary;
pub(crate) mod website;
pub(crate) mod wire;
pub(crate) mod xml;
