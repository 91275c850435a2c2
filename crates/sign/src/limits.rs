//! Bounds on what a request may claim before anything is known about its sender.

/// Longest access key in bytes. The keys the server issues or accepts as root keys end here.
pub const MAX_ACCESS_KEY_BYTES: usize = 128;

/// Longest `Authorization` value in bytes. A full credential, [`MAX_SIGNED_HEADERS`] names of ordinary
/// length and a signature fit several times over.
pub const MAX_AUTHORIZATION_BYTES: usize = 16 * 1024;

/// Most names in a `SignedHeaders` list. HTTP servers accept about a hundred header lines, and a name that is
/// listed has to be present.
pub const MAX_SIGNED_HEADERS: usize = 128;
