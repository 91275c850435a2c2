//! Delivering notifications: one folder for each kind of destination, one common way to post.
//!
//! Does not know what a message says, when it is tried again, or how many are under way.

mod post;

pub(crate) mod function;
pub(crate) mod webhook;
