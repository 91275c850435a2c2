//! Canonical strings and signatures, where signing and verifying are one computation.
//!
//! A client signs and the server verifies with the same functions on the same inputs: the request as it
//! stands on the wire ([`RequestHead`]). Vendors of this family differ in constants only, and these are
//! gathered in a [`Scheme`], such as [`TOS`]. A vendor with several versions of signatures has a module that hides
//! them, [`oss`] or [`s3`]; one that shares no more than the parts has a module too, [`oas`] or [`sdk_hmac`].
//!
//! The way of a request through the server:
//!
//! 1. [`present`] (or [`present_form`]) parses what the request claims into a [`Presented`], or finds nothing;
//! 2. the caller looks up the secret, checks region, skew and expiry with its own clock and rules;
//! 3. [`signing_key`] derives the key of that day, which may be cached;
//! 4. [`verify`] recomputes the signature and compares in constant time, returning what the body must hash to;
//! 5. [`uncovered`] lists what the signature does not protect, for the caller to refuse.
//!
//! A client or a test uses [`Signer`]. Apart from all this stand [`CallbackKey`] and [`webhook`], with which the server
//! signs what it sends itself, and [`CallbackPublicKey`] for those who receive it.
//!
//! This crate knows no clock, no key store, no sockets and no error codes of a vendor.

pub mod azure;
mod callback;
mod canonical;
mod chunks;
mod error;
mod key;
mod limits;
pub mod oas;
pub mod oss;
mod percent;
mod present;
pub mod s3;
mod scheme;
mod scope;
pub mod sdk_hmac;
mod signed_headers;
mod signer;
mod time;
mod verify;
mod versions;
pub mod webhook;

pub use callback::{CallbackKey, CallbackKeyError, CallbackPublicKey, callback_text};
pub use canonical::{RequestHead, canonical_policy_request, canonical_request, string_to_sign};
pub use chunks::ChunkSigner;
pub use error::{
    BadContentHash, CanonicalError, Fault, Place, PresentError, SignError, VerifyError,
};
pub use key::{DayKey, signing_key};
pub use limits::{MAX_ACCESS_KEY_BYTES, MAX_AUTHORIZATION_BYTES, MAX_SIGNED_HEADERS};
pub use percent::{BadEscape, Pair, decode, encode, encode_path, plain_query_pairs, query_pairs};
pub use present::{Flavour, Presented, present, present_form};
pub use scheme::{AWS4, EMPTY_SHA256, HeaderRules, QueryRules, Scheme, TOS, UNSIGNED_PAYLOAD};
pub use scope::{Credential, Scope};
pub use signed_headers::SignedHeaders;
pub use signer::{Credentials, Signer};
pub use time::Timestamp;
pub use verify::{Payload, uncovered, verify};
