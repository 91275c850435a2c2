//! Every limit of the engine, with its reason (invariant I6).

use std::time::Duration;

/// Longest object key, bytes. The largest any dialect allows.
pub const KEY_BYTES_MAX: usize = 1024;
/// Most rules a bucket has. TOS allows 10 (seed 1); dialects check their own number first.
pub const RULES_MAX: usize = 100;
/// Most destinations of one rule. TOS Type2 allows 5.
pub const DESTINATIONS_MAX: usize = 5;
/// Most grants of one access control list: what vendors allow.
pub const GRANTS_MAX: usize = 100;
/// Most entries on one page of any listing; every dialect says 1,000.
pub const PAGE_MAX: usize = 1000;
/// Most keys in one delete-multiple request; every dialect says 1,000.
pub const DELETE_KEYS_MAX: usize = 1000;
/// Largest body of one PUT or part: 5 GiB, as every dialect has it.
pub const BODY_BYTES_MAX: u64 = 5 << 30;
/// Largest object of a multipart upload: 48.8 TiB (10,000 parts of 5 GiB).
pub const OBJECT_BYTES_MAX: u64 = 10_000 * BODY_BYTES_MAX;
/// Most parts of an upload; every dialect says 10,000.
pub const PARTS_MAX: u32 = 10_000;
/// Extents in one manifest row: keeps a row near 40 KiB.
pub const EXTENTS_PER_ROW: usize = 1024;
/// Most user metadata of an object, names and values together, bytes: what vendors allow.
pub const USER_META_BYTES_MAX: usize = 8 << 10;
/// Most tags of an object.
pub const TAGS_MAX: usize = 100;
/// Members in one submission of a delete-multiple: bounds one commit batch.
pub const DELETE_BATCH: usize = 100;
/// Most bytes in one commit batch; a batch is one journal write, and memory is held for it.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Most members in one commit batch: bounds the time a member waits for those before it.
pub const BATCH_MEMBERS_MAX: usize = 512;
/// Longest key of a record, bytes: an escaped object key is at most twice [`KEY_BYTES_MAX`], and
/// prefixes and suffixes of the tables take the rest.
pub const RECORD_KEY_BYTES_MAX: usize = 4096;
/// Most transactions waiting for the committer; beyond it callers wait.
pub const COMMIT_QUEUE_MAX: usize = 4096;
/// Longest a `Soon` transaction stays unsynced.
pub const SOON_MAX: Duration = Duration::from_millis(100);
/// How long a plan is repeated after conflicts before the request is answered "busy".
pub const CONFLICT_RETRIES_MAX: u32 = 64;
/// How long a dropped payload's bytes stay readable for requests that already found them.
pub const DROP_GRACE: Duration = Duration::from_secs(600);
/// Most addresses a callback names (TOS and OSS say 5).
pub const CALLBACK_URLS_MAX: usize = 5;
/// Largest decoded callback parameter, bytes (reliability 4.2).
pub const CALLBACK_PARAM_BYTES_MAX: usize = 8 << 10;
/// Most custom callback variables.
pub const CALLBACK_VARS_MAX: usize = 100;
/// Largest rendered callback body, bytes: 100 variables of 8 KiB would otherwise multiply.
pub const CALLBACK_BODY_BYTES_MAX: usize = 1 << 20;
/// Largest answer of a callback receiver that is passed through, bytes (TOS sheet section 5).
pub const CALLBACK_ANSWER_BYTES_MAX: usize = 1 << 20;
/// Time for one callback address, from connect to the last byte of its answer.
pub const CALLBACK_URL_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for all callback addresses together: ends well before the SDKs' 30 s socket timeout.
pub const CALLBACK_TIMEOUT: Duration = Duration::from_secs(20);
/// Events read ahead by one runner.
pub const WINDOW_EVENTS_MAX: usize = 256;
/// Bytes of events read ahead by one runner.
pub const WINDOW_BYTES_MAX: usize = 1 << 20;
/// Deliveries of one destination in flight at once.
pub const IN_FLIGHT_MAX: usize = 32;
/// Tries of an event before it is dead; with the back-off below about an hour.
pub const DELIVERY_ATTEMPTS_MAX: u32 = 10;
/// First retry of a delivery; functions are to be retried within 2 s.
pub const DELIVERY_BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest pause between two tries of a delivery or two probes of a paused target.
pub const DELIVERY_BACKOFF_MAX: Duration = Duration::from_secs(300);
/// A key whose event fails is set aside after this long, so that other keys go on.
pub const HOLD_AFTER: Duration = Duration::from_secs(2);
/// More held keys than this is a failure of the target, not of events.
pub const HELD_KEYS_MAX: usize = 10_000;
/// Outcomes settled in one transaction.
pub const SETTLE_OUTCOMES_MAX: usize = 64;
/// Longest an outcome waits to be settled.
pub const SETTLE_AFTER: Duration = Duration::from_millis(50);
/// How long delivered events stay in the log for replay.
pub const EVENT_RETENTION: Duration = Duration::from_secs(35 * 24 * 3600);
/// How long the delivery log is kept.
pub const ATTEMPTS_RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);
/// Tries of a piece of durable work before it is dead and waits for the operator.
pub const WORK_ATTEMPTS_MAX: u32 = 20;
/// Longest pause between two tries of a piece of work, and how far away a due time may appear.
pub const WORK_BACKOFF_MAX: Duration = Duration::from_secs(900);
