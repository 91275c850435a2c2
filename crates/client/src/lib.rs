//! cohong-client: a library for applications, linked without the server.
//!
//! [`oas`] is the high-level client of the archive service: vaults, uploads, jobs. Thin clients of the other dialects
//! may come beside it. The crate does not know `cohong-core` or anything else of the server; signing it takes from
//! `cohong-sign`, as the server takes verifying.

pub mod oas;
