//! Limits of the vendor (sheet sections 2 to 4), and what follows from them. What holds whoever asks is among the
//! engine's own.

use std::time::Duration;

use cohong_core::limits::ARCHIVE_BODY_BYTES_MAX;

/// How far a client's clock may be from the server's (sheet section 2).
pub(super) const SKEW_MAX: Duration = Duration::from_mins(15);
/// Least and greatest length of a vault's name, bytes (sheet section 4.1).
pub(super) const VAULT_NAME_BYTES: std::ops::RangeInclusive<usize> = 3..=63;
/// Vaults on a page (sheet section 4, "Lists").
pub(super) const VAULTS_PAGE: usize = 10;
/// Uploads, parts or jobs on a page (sheet section 4, "Lists").
pub(super) const PAGE: usize = 1000;
/// Smallest part, bytes, unless configured: what the tree of an archive is made of (sheet section 4.8).
pub(super) const PART_BYTES_MIN: u64 = 1 << 20;
/// Body of a request for a job, bytes: seven members, the longest a key of 1,024 bytes, each of which JSON may write
/// as six characters.
pub(super) const JOB_BYTES_MAX: usize = 32 << 10;
/// What is read of a body that is of no use any more, bytes: all that an upload may send (sheet section 5).
pub(super) const UNREAD_BYTES_MAX: u64 = ARCHIVE_BODY_BYTES_MAX;
/// What clients that are told to come back should wait, seconds.
pub(super) const RETRY_AFTER_S: u32 = 5;
