//! cohong-dialects: the tongues. Each dialect is one folder that translates requests of a vendor's
//! SDK into calls of the engine and answers back; it never decides.
//!
//! It does **not** know sockets, files, other people's servers or how anything is stored. Start at
//! [`gate`], which says what a dialect is, then read [`tos`].

pub mod common;
pub mod gate;
pub mod oas;
pub mod oms;
pub mod oss;
pub mod s3;
pub mod tos;
