//! Every limit of outgoing calls, with its reason. Those of callbacks that vendors fix
//! (`CALLBACK_*`) are in `cohong_core::limits`.
//!
//! Heads of answers are bounded by the HTTP client's own defaults: 100 header fields and 417,792
//! bytes; a larger head fails the call.

use std::time::Duration;

/// Longest URL, bytes: as large as the callback parameter that holds it may be.
pub const URL_BYTES_MAX: usize = 8 << 10;
/// Time for one name look-up: leaves a callback address (5 s in all) time to connect and answer.
pub const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);
/// Time from the start of the look-up to the end of the TLS handshake: leaves a callback address
/// 2 s to answer, so that a slow connection and a slow application are told apart.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Name look-ups under way at once. A look-up cannot be cancelled and holds a thread of the pool that
/// file access uses too, for as long as the system's resolver waits.
pub const LOOKUPS_MAX: usize = 32;
/// Addresses of one name that are tried; more would make one call a scan.
pub const ADDRESSES_MAX: usize = 8;
/// How long an unused connection is kept. Shorter than the keep-alive of common application servers
/// (2 s and more): a callback has one try, and must not meet a connection that is being closed.
pub const POOL_IDLE: Duration = Duration::from_secs(1);
/// Unused connections kept for one host: as many as core has deliveries in flight to it.
pub const POOL_IDLE_PER_HOST_MAX: usize = 32;
/// Callbacks under way at once: each holds a socket and up to an answer's size of memory.
pub const CALLBACKS_MAX: usize = 256;
/// Callbacks under way at once to one host: one slow application cannot take all of the above.
pub const CALLBACKS_PER_HOST_MAX: usize = 32;
/// Time for one delivery to a webhook: receivers are to accept first and work later.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for one delivery to a function: its answer comes after its work.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a target's answer is read, and thrown away, so that its connection can be used again.
pub const DISCARDED_BYTES_MAX: usize = 64 << 10;
/// Longest rest a target's `Retry-After` is granted; one wrong number must not silence a rule for days.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
/// Time for the head of a source's answer, and for the whole of a short one: vendors' own SDKs wait about
/// as long.
pub const SOURCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a source's body may bring nothing.
pub const SOURCE_IDLE: Duration = Duration::from_secs(30);
/// Longest error body of a source that is read; those of vendors have some hundred bytes.
pub const SOURCE_ERROR_BYTES_MAX: usize = 64 << 10;
/// Longest page of keys of a source, bytes: 1,000 keys of 1,024 escaped bytes, and as much again for what
/// stands around them.
pub const SOURCE_PAGE_BYTES_MAX: usize = 8 << 20;
/// Most keys of one page: what vendors give at most.
pub const SOURCE_PAGE_KEYS_MAX: usize = 1000;
/// How far a source's clock may differ before a refusal is put down to it: vendors refuse more.
pub const SOURCE_SKEW_MAX: Duration = Duration::from_mins(15);
/// Days that an archived object of a source is restored for: it is read as soon as it can be.
pub const SOURCE_RESTORE_DAYS: u32 = 1;
/// Bytes a second that a store takes at least; slower is broken.
pub const SOURCE_SEND_RATE_MIN: u64 = 64 << 10;
/// Time for the head of an origin's answer, and for a place to ask it from: a client waits for both, and its
/// own limit is seldom below a minute.
pub const ORIGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an origin's body may bring nothing.
pub const ORIGIN_IDLE: Duration = Duration::from_secs(10);
/// Time for all of an origin's body: 5 GiB at 1.5 MB a second.
pub const ORIGIN_BODY_TIME_MAX: Duration = Duration::from_hours(1);
/// Redirects of an origin that are followed: as many as the vendors follow.
pub const ORIGIN_HOPS_MAX: usize = 10;
/// Objects that are fetched from origins at once: each holds two sockets and less than 1 MiB.
pub const ORIGINS_AT_ONCE_MAX: usize = 64;
/// Time for the head of the answer to a client's URL: the client waits for it, and vendors' SDKs wait 30
/// seconds.
pub const FETCH_HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the body of a client's URL may bring nothing.
pub const FETCH_IDLE: Duration = Duration::from_secs(30);
/// Time for all of a client's URL: the largest body within it needs 1.5 MB a second.
pub const FETCH_TIMEOUT: Duration = Duration::from_hours(1);
