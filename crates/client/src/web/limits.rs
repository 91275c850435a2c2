//! Limits of every connection, with their reasons.

use std::time::Duration;

/// How long a connection may take to stand.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(30);

/// How long the server may be silent; as with the vendors' clients, and far above what upload callbacks take.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(100);

/// Slowest upload that is waited for, bytes a second: below it the connection is taken for dead.
pub(crate) const SLOWEST_UPLOAD: u64 = 16 << 10;

/// How long a connection is kept for the next request; below what servers keep them.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(15);

/// Piece in which files are read and sent.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// Largest answer that is taken as a whole: a page of 1,000 entries with the longest names and descriptions is below
/// 3 MiB.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Largest body of an error that is read; the rest says nothing.
pub(crate) const ERROR_BYTES_MAX: usize = 64 << 10;
