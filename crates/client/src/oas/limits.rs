//! Limits, with their reasons. Sizes of parts are the vendor's (OAS sheet sections 7.1 to 7.3).

use std::time::Duration;

/// Piece in which files are read and answers are handed on unless the caller says otherwise, and the block of the tree.
pub const CHUNK_BYTES: usize = 1 << 20;

/// Largest file that [`Vault::upload_archive`](super::Vault::upload_archive) sends in one request.
pub const NORMAL_UPLOAD_THRESHOLD_BYTES: u64 = 64 << 20;

/// Smallest part of an upload that this client begins.
pub const MINIMUM_PART_BYTES: u64 = 64 << 20;

/// Most parts of an upload and ranges of a download.
pub const MAXIMUM_NUMBER_OF_PARTS: u64 = 10_000;

/// Largest archive: 40,000 GiB.
pub const MAXIMUM_ARCHIVE_BYTES: u64 = 40_000 << 30;

/// Range in which a job's output is read, as long as that makes no more than [`MAXIMUM_NUMBER_OF_PARTS`].
pub const DOWNLOAD_PART_BYTES: u64 = 32 << 20;

/// Parts sent at once. Each holds one piece of its file.
pub(super) const UPLOADS_AT_ONCE: usize = 8;

/// Ranges read at once. Each holds one piece and what its connection has buffered.
pub(super) const DOWNLOADS_AT_ONCE: usize = 8;

/// Pages followed in one listing: a server that never ends is given up. Far above 10 vaults and what jobs a vault
/// can have.
pub(super) const PAGES_MAX: usize = 100_000;

/// First pause between two looks at a job that runs: a local server is done at once.
pub(super) const FIRST_LOOK: Duration = Duration::from_millis(100);

/// Longest pause between two looks, before up to as much again is added by chance: 4.5 to 9 seconds.
pub(super) const SLOWEST_LOOK: Duration = Duration::from_millis(4500);
