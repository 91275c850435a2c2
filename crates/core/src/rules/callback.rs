//! Upload callbacks: what an order must look like, what its template becomes, which answers are success,
//! and what may be written down about it. Nothing here knows how a call is sent.
//!
//! A template is split once and rendered in one pass: a value is never looked at again, so an object
//! named `${x:secret}` stays just that.

mod accept;
mod check;
mod image;
mod redact;
mod template;
mod vars;

pub use accept::{accept_body, accept_head};
pub use check::{check, check_named, header_fits};
pub use image::ImageInfo;
pub use redact::{is_web_address, redact};
pub use template::{RenderError, Template};
pub use vars::{Value, Variables};

#[cfg(test)]
mod vectors;
