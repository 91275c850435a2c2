//! cohong-client: a library for applications, linked without the server.
//!
//! [`tos`], [`oss`] and [`oms`] are clients of what applications do most with these systems: uploads with callbacks,
//! notification rules, sync events. [`oas`] is the high-level client of the archive service: vaults, uploads, jobs. Each
//! speaks to this server as to the vendor's, is asynchronous, and has a module `blocking` for programs without a runtime.
//!
//! [`callback`] builds the orders of upload callbacks. [`receive`] is the other side, for whatever HTTP framework: are
//! these callbacks and webhooks genuine, and what do they say. [`Retry`] and [`each`] are how all of them try again and do
//! many things at once.
//!
//! The crate does not know `cohong-core` or anything else of the server; signing and verifying it takes from
//! `cohong-sign`, as the server does.

mod blocking;
pub mod callback;
pub mod oas;
mod objects;
pub mod oms;
pub mod oss;
mod parallel;
pub mod receive;
mod service;
pub mod tos;
mod web;

pub use parallel::{blocking, each};
pub use web::Retry;
