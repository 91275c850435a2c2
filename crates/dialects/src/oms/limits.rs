//! Limits of the vendor (sheet sections 2 to 4), and what follows from them.

use std::time::Duration;

/// How far a client's clock may be from the server's (sheet section 2.1).
pub(super) const SKEW_MAX: Duration = Duration::from_mins(15);
/// Life of a token (sheet section 2.4).
pub(super) const TOKEN_LIFE: Duration = Duration::from_hours(24);
/// Longest token, characters (sheet section 2).
pub(super) const TOKEN_CHARS_MAX: usize = 16_384;
/// Longest project id and task id in a path, characters (sheet section 4).
pub(super) const PATH_ID_CHARS_MAX: usize = 1024;
/// Most keys of one event (sheet section 4.1); fewer where the configuration says so.
pub(super) const EVENT_KEYS_MAX: usize = 100;
/// Longest key of an event as it stands there, characters (sheet section 4.1).
pub(super) const EVENT_KEY_CHARS_MAX: usize = 16_384;
/// Body of an event, bytes: 100 keys of 1,024 bytes fit even when each byte is written as three characters
/// that JSON escapes once more.
pub(super) const EVENT_BYTES_MAX: usize = 2 << 20;
/// Any other body, bytes: some thirty members, the longest of 1,024 characters.
pub(super) const BODY_BYTES_MAX: usize = 64 << 10;
/// Longest access key, secret or region in a body, characters (sheet section 4.2).
pub(super) const SHORT_CHARS_MAX: usize = 100;
/// Longest name of a bucket in a body, characters (sheet section 4.2).
pub(super) const BUCKET_CHARS_MAX: usize = 1024;
/// Longest description, characters (sheet section 4.2).
pub(super) const DESCRIPTION_CHARS_MAX: usize = 255;
/// Longest id of a key that encrypts keys, characters (sheet section 4.2).
pub(super) const KMS_ID_CHARS_MAX: usize = 36;
/// Longest security token of a source, characters: as long as one of the vendor's own may be (sheet section 2).
pub(super) const SECURITY_TOKEN_CHARS_MAX: usize = 16_384;
/// Longest other member of a body, and name in a query, characters (sheet sections 4.4 and 4.8).
pub(super) const TEXT_CHARS_MAX: usize = 255;
/// Tasks on a page, unless it is said (sheet section 4.4).
pub(super) const PAGE_DEFAULT: u64 = 10;
/// Most tasks on a page (sheet section 4.4).
pub(super) const PAGE_MAX: u64 = 100;
/// Most tasks that a page may leave out (sheet section 4.4).
pub(super) const OFFSET_MAX: u64 = 10_000;
/// Most spans of time that statistics tell of (sheet section 4.8).
pub(super) const STATISTIC_SPANS_MAX: usize = 1000;
/// Longest time that is told of in spans of five minutes, milliseconds (sheet section 4.8).
pub(super) const SHORT_SPANS_MS_MAX: u64 = 86_400_000;
/// Digits of the number of a migration task (sheet section 6).
pub(super) const TASK_DIGITS_MAX: usize = 15;
/// Bytes of all names in the body of a new migration task, and of everything else in it: 64 KiB of names that
/// JSON escapes.
pub(super) const TASK_BYTES_MAX: usize = 512 << 10;
/// Spans of a bandwidth policy (sheet section 6.1).
pub(super) const BANDWIDTH_SPANS_MAX: usize = 5;
/// Least bandwidth of a span, bytes a second (sheet section 6.1).
pub(super) const BANDWIDTH_MIN: u64 = 1_048_576;
/// Most bandwidth of a span, bytes a second (sheet section 6.1).
pub(super) const BANDWIDTH_MAX: u64 = 209_715_200;
/// Known places that are asked for a bucket, one after the other: each may cost a request to it.
pub(super) const REGIONS_ASKED_MAX: usize = 16;
/// What clients that are told to come back should wait, seconds.
pub(super) const RETRY_AFTER_S: u32 = 5;
/// Most objects and folders of a source that are told at once: each folder may cost a request to it.
pub(super) const RECORDS_MAX: u64 = 100;
