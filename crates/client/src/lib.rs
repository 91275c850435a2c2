//! cohong-client: a library for applications, linked without the server.
//!
//! It will hold the high-level client of the archive service (vaults, uploads, jobs) and thin clients of
//! the other dialects. There is nothing here yet but this purpose. It is not to know `cohong-core` or
//! anything else of the server; signing it takes from `cohong-sign`, as the server takes verifying.
