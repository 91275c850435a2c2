//! Every limit of the engine, with its reason (invariant I6).

use std::time::Duration;

/// Longest object key, bytes. The largest any dialect allows.
pub const KEY_BYTES_MAX: usize = 1024;
/// Most rules a bucket has. TOS allows 10 (seed 1); dialects check their own number first.
pub const RULES_MAX: usize = 100;
/// Most bytes of the rules of a bucket, all texts together: they are part of the bucket's record, which
/// every request on the bucket reads.
pub const RULES_BYTES_MAX: usize = 64 << 10;
/// Most destinations of one rule. TOS Type2 allows 5.
pub const DESTINATIONS_MAX: usize = 5;
/// Most bytes of a bucket's policy as it was sent, and of the texts of its statements: they are part of
/// the bucket's record, which every request on the bucket reads. OSS says 16 KiB.
pub const POLICY_BYTES_MAX: usize = 16 << 10;
/// Most statements of a bucket's policy: all of them are looked at for every request.
pub const POLICY_STATEMENTS_MAX: usize = 100;
/// Most bytes of the pages that may lead to a bucket and of those that may not, together: they are part of
/// the bucket's record. OSS says 20 KiB of each request.
pub const REFERERS_BYTES_MAX: usize = 16 << 10;
/// Most rules of a website, or for origins: S3 says 50, OSS 20, TOS 20.
pub const ROUTES_MAX: usize = 50;
/// Most bytes of a website's configuration, or of the rules for origins, all texts together: a document is
/// one record, which is read with every request that it may be about.
pub const WEBSITE_BYTES_MAX: usize = 64 << 10;
/// Most tests of headers of one rule, and most names in each list of headers: OSS says 10.
pub const ROUTE_HEADERS_MAX: usize = 10;
/// Most origins of one rule, spare ones included; each is tried in turn while a client waits.
pub const ORIGINS_MAX: usize = 10;
/// Most rules for pages of other origins of a bucket; S3 and TOS say 100.
pub const CORS_RULES_MAX: usize = 100;
/// Most bytes of the rules for pages of other origins, all texts together: a document is one record.
pub const CORS_BYTES_MAX: usize = 64 << 10;
/// Most lifecycle rules of a bucket; every dialect says 1,000.
pub const LIFECYCLE_RULES_MAX: usize = 1000;
/// Most bytes of lifecycle rules, all texts together: they are read for every page of objects.
pub const LIFECYCLE_BYTES_MAX: usize = 512 << 10;
/// Longest id of a lifecycle rule, bytes; every dialect says 255.
pub const LIFECYCLE_ID_BYTES_MAX: usize = 255;
/// Most transitions of one lifecycle rule: far more than there are classes.
pub const LIFECYCLE_MOVES_MAX: usize = 20;
/// Most versions of a key that a lifecycle rule leaves alone: what the vendor allows. So many are looked at to know
/// how many newer ones a version has.
pub const LIFECYCLE_KEPT_MAX: usize = 100;
/// Most exceptions of one lifecycle rule: each is looked at for every object. OSS allows one today.
pub const LIFECYCLE_EXCEPTIONS_MAX: usize = 10;
/// Objects smaller than this many bytes are small ones to lifecycle rules: OSS says 64 KiB, and bills no class for
/// less frequent use below that.
pub const LIFECYCLE_SMALL_BYTES: u64 = 64 << 10;
/// Most reads that wait to be noted: some MiB. What is read beyond that in one [`READS_DELAY`] is not noted.
pub const READS_WAITING_MAX: usize = 10_000;
/// How long reads wait: many readers of one object are one note, and a crash loses few.
pub const READS_DELAY: Duration = Duration::from_mins(1);
/// Notes of reads in one commit: as few as leave other commits their turn.
pub const READS_PAGE: usize = 100;
/// How often lifecycle rules are carried out: they count days.
pub const LIFECYCLE_INTERVAL: Duration = Duration::from_hours(24);
/// Most inventories of a bucket: S3 and OSS say 1,000, TOS 10.
pub const INVENTORIES_MAX: usize = 1000;
/// Most bytes of the inventories of a bucket, all texts together: they are one record.
pub const INVENTORIES_BYTES_MAX: usize = 512 << 10;
/// Longest name of an inventory, bytes; every dialect says 64.
pub const INVENTORY_ID_BYTES_MAX: usize = 64;
/// How long a day of an inventory is.
pub const INVENTORY_DAY: Duration = Duration::from_hours(24);
/// Most lines of one file of an inventory: a file is one unit of work, which is done again as a whole after a
/// crash, and takes some tens of seconds.
pub const INVENTORY_LINES_MAX: usize = 1_000_000;
/// Most files of one list: with all their lines, far more objects than one process serves.
pub const INVENTORY_FILES_MAX: usize = 4000;
/// Most replication rules of a bucket; TOS says 100.
pub const REPLICATION_RULES_MAX: usize = 100;
/// Longest id of a replication rule, bytes; TOS says 255.
pub const REPLICATION_ID_BYTES_MAX: usize = 255;
/// Most tags that a replication rule asks for; TOS says 10.
pub const REPLICATION_TAGS_MAX: usize = 10;
/// Most bytes of the replication rules of a bucket, all texts together: their prefixes are part of the bucket's record,
/// which every request on the bucket reads.
pub const REPLICATION_BYTES_MAX: usize = 64 << 10;
/// How long what was there before a rule is left alone: a rule that was set by mistake can be taken back.
pub const REPLICATION_HISTORY_DELAY: Duration = Duration::from_secs(5);
/// Keys that one unit of work looks at which copies what was there before a rule: it is done again as a whole after a
/// crash.
pub const REPLICATION_PAGE: usize = 100;
/// Objects from this length on, bytes, are long work to replicate: where they have to be encrypted anew, that takes
/// seconds.
pub const REPLICATION_LONG_BYTES_MIN: u64 = 64 << 20;
/// Rows of durable work that are looked at to tell how far replication is behind.
pub const REPLICATION_OWED_SEEN_MAX: usize = 10_000;
/// Longest prefix of the keys of access logs, bytes: the rest of the key has to fit behind it.
pub const ACCESS_LOG_PREFIX_BYTES_MAX: usize = 512;
/// Most headers and parameters of requests that lines of access logs tell beside (OSS, `PutUserDefinedLogFieldsConfig`).
pub const LOG_FIELDS_MAX: usize = 6;
/// Bytes of all their names, as that vendor bounds names and values together.
pub const LOG_FIELDS_BYTES_MAX: usize = 1024;
/// Most tags of a bucket; every dialect allows 20.
pub const BUCKET_TAGS_MAX: usize = 20;
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
/// Most pieces of an appended object, as of an upload: a read opens a blob for each, and one transaction
/// lets go of all. Small pieces are gathered, so 10,000 hold at least 300 MiB.
pub const APPENDED_PIECES_MAX: u32 = PARTS_MAX;
/// Longest time an object is restored for, days: what vendors allow.
pub const RESTORE_DAYS_MAX: u32 = 365;
/// Longest time a bucket's retention keeps an object, days: the 70 years that the vendors allow.
pub const RETENTION_DAYS_MAX: u32 = 25_550;
/// Longest time that the locks of a bucket keep new objects, days: the 100 years that the vendors allow.
pub const LOCK_DAYS_MAX: u32 = 36_500;
/// The same, years.
pub const LOCK_YEARS_MAX: u32 = 100;
/// Most records that are read to count what a bucket holds: what takes a few seconds, well below the
/// time that SDKs wait for an answer.
pub const STAT_ROWS_MAX: u64 = 5_000_000;
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
/// Gates that writers queue at by key: enough that unrelated keys seldom share one, small in memory.
pub const GATES: usize = 1024;
/// Longest a writer waits for the outcome of a bucket's removal, which takes a few reads and two
/// commits.
pub const REMOVAL_WAIT_MAX: Duration = Duration::from_secs(5);
/// Pause between two looks at a bucket that is being removed.
pub const REMOVAL_POLL: Duration = Duration::from_millis(10);
/// Most buckets of an account: what vendors allow by default.
pub const BUCKETS_MAX: usize = 100;
/// Buckets that are held as they were read last: more than are busy at once; with the most rules they
/// take some 25 MB.
pub const BUCKETS_KNOWN_MAX: usize = 256;
/// Most bytes of vendor words kept with a bucket, names and values together; they ride along with
/// every request on the bucket.
pub const LABELS_BYTES_MAX: usize = 2 << 10;
/// Most bytes of the headers kept with an object, together: they are answered with every read of it
/// and must fit the head of an answer beside the user metadata.
pub const HEADERS_BYTES_MAX: usize = 8 << 10;
/// Most bytes of the tags of an object, names and values together: 100 pairs of 128 + 256 characters
/// fit, and a head record stays far below a batch.
pub const TAGS_BYTES_MAX: usize = 64 << 10;
/// Times a copy starts again because its source was overwritten under it.
pub const COPY_RETRIES_MAX: u32 = 16;
/// How long a dropped payload's bytes stay readable for requests that already found them.
pub const DROP_GRACE: Duration = Duration::from_mins(10);
/// Most addresses a callback names (TOS and OSS say 5).
pub const CALLBACK_URLS_MAX: usize = 5;
/// Largest decoded callback parameter, bytes (reliability 4.2).
pub const CALLBACK_PARAM_BYTES_MAX: usize = 8 << 10;
/// Most custom callback variables.
pub const CALLBACK_VARS_MAX: usize = 100;
/// Largest rendered callback body, bytes: 100 variables of 8 KiB would otherwise multiply.
pub const CALLBACK_BODY_BYTES_MAX: usize = 1 << 20;
/// Largest answer of a callback receiver that is passed through, bytes (TOS sheet section 5, OSS sheet
/// section 4.7).
pub const CALLBACK_ANSWER_BYTES_MAX: usize = 1 << 20;
/// Time for one callback address, from connect to the last byte of its answer (OSS sheet section 4.7).
pub const CALLBACK_URL_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for all callback addresses together. An SDK that gives up waiting uploads again, which is worse
/// than an address that was not tried: the shortest default read timeout of an SDK is 20 s (OSS V2), and
/// the commit before the call and the way back need some of it. Three silent addresses have their whole
/// time in it; those that refuse cost next to none.
pub const CALLBACK_TIMEOUT: Duration = Duration::from_secs(18);
/// How much later the engine gives up on a sender that should have ended by then: what it tried so far
/// would not be known.
pub const CALLBACK_GRACE: Duration = Duration::from_secs(1);
/// Events read ahead by one runner.
pub const WINDOW_EVENTS_MAX: usize = 256;
/// Bytes of events read ahead by one runner.
pub const WINDOW_BYTES_MAX: usize = 1 << 20;
/// Deliveries of one destination in flight at once.
pub const IN_FLIGHT_MAX: usize = 32;
/// While requests wait less than this for a thread, deliveries go as fast as they can: an idle machine
/// takes a fifth of it to wake a thread, a saturated one several times as long.
pub const REQUEST_WAIT_FREE: Duration = Duration::from_micros(250);
/// Deliveries of one destination that start between two rests while requests wait: enough to be worth
/// the waking up.
pub const DELIVERY_BURST: usize = 4;
/// The rest after a burst while requests wait and one destination has a backlog; several share the pace
/// of one. With the burst it makes the least pace, 200 deliveries a second: some hundredths of the uploads
/// that saturate two cores.
pub const DELIVERY_REST: Duration = Duration::from_millis(20);
/// Tries of an event before it is dead; with the back-off below about a quarter of an hour.
pub const DELIVERY_ATTEMPTS_MAX: u32 = 10;
/// First retry of a delivery; functions are to be retried within 2 s.
pub const DELIVERY_BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest pause between two tries of a delivery or two probes of a paused target.
pub const DELIVERY_BACKOFF_MAX: Duration = Duration::from_mins(5);
/// More held keys than this is a failure of the target, not of events.
pub const HELD_KEYS_MAX: usize = 10_000;
/// Outcomes settled in one transaction.
pub const SETTLE_OUTCOMES_MAX: usize = 64;
/// Longest an outcome waits to be settled.
pub const SETTLE_AFTER: Duration = Duration::from_millis(50);
/// How long delivered events stay in the log for replay.
pub const EVENT_RETENTION: Duration = Duration::from_hours(35 * 24);
/// How long the delivery log is kept.
pub const ATTEMPTS_RETENTION: Duration = Duration::from_hours(7 * 24);
/// Tries of a piece of durable work before it is dead and waits for the operator.
pub const WORK_ATTEMPTS_MAX: u32 = 20;
/// Longest pause between two tries of a piece of work, and how far away a due time may appear.
pub const WORK_BACKOFF_MAX: Duration = Duration::from_mins(15);
/// How far away a wake-up may lie: work put while the bell was missed waits no longer than this.
pub const WORK_POLL_MAX: Duration = Duration::from_mins(1);
/// Work done at once: few, because every unit takes disk time that requests want.
pub const WORK_WORKERS: usize = 4;
/// First pause after a failed try of a piece of work; doubles with every further one.
pub const WORK_BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Rows of work, parts or blobs looked at in one read; bounds what a background step holds in memory.
pub const WORK_PAGE: usize = 1000;
/// Between two looks at a blob that no record knows, before it is removed: far longer than any request
/// takes from finishing its blob to its commit.
pub const SWEEP_AGE: Duration = Duration::from_hours(1);
/// Unknown blobs remembered between two looks; the rest waits for a later one.
pub const SWEEP_ORPHANS_MAX: usize = 100_000;
/// Longest name of a key of a key service, bytes: as long as vendors' names of resources.
pub const KEY_NAME_BYTES_MAX: usize = 2048;
/// Bytes gathered before they are written to a blob: a body that comes byte by byte must not become
/// as many writes, and a write should be worth its way to the disk.
pub const INGEST_WRITE_BYTES: usize = 256 << 10;
/// How often a read is begun again because what it found was replaced before its bytes were read.
pub const READ_RETRIES_MAX: u32 = 8;
/// Longest `Host` of a callback: a domain name of 253 characters and a port.
pub const CALLBACK_HOST_BYTES_MAX: usize = 260;
/// Bytes of an object that are looked at for a callback's image variables: dimensions stand near the
/// beginning, behind embedded previews of at most 64 KiB each.
pub const CALLBACK_IMAGE_BYTES_MAX: u64 = 256 << 10;
/// Callbacks of one key that are shown, newest ones.
pub const CALLS_SHOWN_MAX: usize = 100;
/// Bytes of records in one page of a scan, so that rows of 10 KiB each do not fill memory.
pub const SCAN_BYTES_MAX: usize = 1 << 20;
/// How old a cached credential may be: a removed key works no longer than this on another process.
pub const CREDENTIAL_AGE_MAX: Duration = Duration::from_secs(5);
/// How long an access key stays unknown without another look: short, because it may be made any time.
pub const UNKNOWN_KEY_AGE_MAX: Duration = Duration::from_secs(1);
/// Cached credentials: more than any server sees active keys within seconds.
pub const CREDENTIALS_CACHED_MAX: usize = 4096;
/// Cached unknown access keys; anybody can send some, so they take little and evict only each other.
pub const UNKNOWN_KEYS_CACHED_MAX: usize = 1024;
/// Longest access key id or root secret, characters (architecture section 20).
pub const ROOT_KEY_CHARS_MAX: usize = 128;
/// Longest name of an account, bytes.
pub const ACCOUNT_BYTES_MAX: usize = 64;
/// Most access keys of the server, expired ones included: they are read as a whole when one is made.
pub const KEYS_MAX: usize = 10_000;
/// Longest life of a temporary key: a week. A key for longer is a permanent one.
pub const TEMPORARY_KEY_MAX: Duration = Duration::from_hours(7 * 24);
/// How long an expired key is kept, so that its users are told that it expired.
pub const EXPIRED_KEY_KEPT: Duration = Duration::from_hours(24);
/// Most registered functions: they are read as a whole when listed.
pub const FUNCTIONS_MAX: usize = 1000;
/// Longest name of a function, bytes.
pub const FUNCTION_NAME_BYTES_MAX: usize = 128;
/// Longest URL that is stored, bytes: what HTTP servers commonly take.
pub const URL_BYTES_MAX: usize = 8 << 10;
/// Most registered sources: they are read as a whole when one is looked up.
pub const SOURCES_MAX: usize = 256;
/// Longest name of a source, and of its kind and regions, bytes.
pub const SOURCE_NAME_BYTES_MAX: usize = 128;
/// Most sync tasks of an account; the vendor of such tasks says 5.
pub const SYNC_TASKS_MAX: usize = 5;
/// Most tasks of an account that find their objects themselves, those that ended included: they are
/// told on few pages.
pub const SYNC_SCANS_MAX: usize = 100;
/// Greatest number that names a task: 15 digits, as many as the vendor of such tasks has.
pub const SYNC_NUMBER_MAX: u64 = 999_999_999_999_999;
/// Most picks of such a task.
pub const SYNC_PICKS_MAX: usize = 1000;
/// Bytes of all its picks: they are read with the task whenever some of its copies are counted.
pub const SYNC_PICKS_BYTES_MAX: usize = 64 << 10;
/// Keys that such a task takes on at once, in one transaction: as many as sources tell on a page.
pub const SYNC_FOUND_MAX: usize = 1000;
/// Most sync tasks of the server: they are read as a whole when one is made, and each that runs has a
/// task of its own.
pub const SYNC_TASKS_ALL_MAX: usize = 1000;
/// Most keys of one sync event: one transaction takes them all; the vendor says 100.
pub const SYNC_KEYS_MAX: usize = 100;
/// Keys that wait for one sync task: some 300 MB of records at the most, days of work.
pub const SYNC_ITEMS_MAX: u64 = 1_000_000;
/// Longest text of a sync task (description, kind and place of the source), bytes: the longest bucket
/// name of the vendor.
pub const SYNC_TEXT_BYTES_MAX: usize = 1024;
/// Longest secret of a source, bytes: key files of a cloud have some 2.5 KB.
pub const SYNC_SECRET_BYTES_MAX: usize = 16 << 10;
/// Tasks that an object may pass, one after the other: a longer way is a loop that nobody saw.
pub const SYNC_PASSED_MAX: usize = 8;
/// The span that outcomes are counted in.
pub const SYNC_SPAN: Duration = Duration::from_mins(5);
/// Spans of the day of one bandwidth limit; the vendor of such limits says 5.
pub const BANDWIDTH_SPANS_MAX: usize = 5;
/// Bytes of a body that travels at a pace which leave at once: a sixth of a second's share at the slowest
/// pace of any vendor.
pub const PACE_PIECE_BYTES: usize = 16 << 10;
/// Bodies that sync tasks read at once where nothing else is said: enough to fill the commits of two cores
/// and to hide the way to a source that is far away. Each holds a connection and less than 1 MiB.
pub const SYNC_TRANSFERS: usize = 64;
/// Most bodies that sync tasks may be told to read at once.
pub const SYNC_TRANSFERS_MAX: usize = 1024;
/// Parts of one object that are read at once: one connection seldom fills the way, and what a crash costs
/// is at most so many parts.
pub const SYNC_OBJECT_PARTS_MAX: usize = 4;
/// Keys that a sync task reads ahead.
pub const SYNC_AHEAD: usize = 256;
/// Keys that a sync task has in mind, those that wait for a further try included. With so many failed
/// ones it is the source that fails, and no further ones are begun.
pub const SYNC_MIND_MAX: usize = 10_000;
/// Smallest length of every part but the last of a large copy: a crash costs at most one part, and a
/// part is worth a request of its own.
pub const SYNC_PART_BYTES: u64 = 16 << 20;
/// Objects of more parts than this are copied in parts; copying a smaller one anew costs little.
pub const SYNC_WHOLE_PARTS: u64 = 4;
/// Bytes that are sent to another store at once, an object or a part of one: as few as all stores take for
/// a part, and then some.
pub const SYNC_OUT_PIECE_BYTES: u64 = 8 << 20;
/// Longest object that is written to another store: it has at most [`PARTS_MAX`] pieces.
pub const SYNC_OUT_BYTES_MAX: u64 = SYNC_OUT_PIECE_BYTES * PARTS_MAX as u64;
/// Memory for pieces on their way to other stores, KiB; eight of the longest.
pub const SYNC_OUT_MEMORY_KIB: usize = 64 << 10;
/// How long counts are kept: a year and a month, so that months can be compared.
pub const SYNC_COUNTS_KEPT: Duration = Duration::from_hours(400 * 24);
/// How long lines wait for others before they become a list: users look for it seconds after a copy.
pub const SYNC_LIST_AFTER: Duration = Duration::from_secs(5);
/// Lines of one list, and some: the transaction that stores it removes as many records.
pub const SYNC_LIST_LINES_MAX: usize = 10_000;
/// Bytes of one list, and some: it is put together in memory.
pub const SYNC_LIST_BYTES_MAX: usize = 4 << 20;
/// Failures of a sync task that operators are shown, newest ones; lists have them all.
pub const SYNC_FAILURES_KEPT: u64 = 1000;
/// Spans that one answer tells of: a month of spans, and some.
pub const SYNC_SPANS_MAX: usize = 10_000;
/// Damaged versions that a look at everything names; the rest is counted.
pub const DAMAGE_SHOWN_MAX: usize = 100;
/// Versions of one key that operators are shown at once: more than a screen holds.
pub const VERSIONS_SHOWN_MAX: usize = 100;
/// Most vaults of an account in a region unless configured: what the vendor of vaults allows.
pub const VAULTS_MAX: usize = 10;
/// Longest name of a vault, bytes; vendors say 63 and 255.
pub const VAULT_NAME_BYTES_MAX: usize = 255;
/// Longest description of an archive or a job, bytes; vendors say 1,024.
pub const ARCHIVE_TEXT_BYTES_MAX: usize = 1024;
/// Largest archive that comes in one body: 6 GiB, as its vendor has it.
pub const ARCHIVE_BODY_BYTES_MAX: u64 = 6 << 30;
/// Largest part of an archive: 4 GiB, so that the leaves of a part are one row of 64 KiB.
pub const ARCHIVE_PART_BYTES_MAX: u64 = 4 << 30;
/// Leaves in one row, each of 16 bytes.
pub const LEAVES_PER_ROW: u32 = 4096;
/// Largest object that is made an archive: its leaves travel in one commit, 2 MiB of them.
pub const PULL_BYTES_MAX: u64 = 128 << 30;
/// Most jobs of a vault that are not forgotten yet: a job a few seconds, all day long.
pub const JOBS_MAX: u64 = 10_000;
/// How long a job is kept when it has ended, as its vendor has it.
pub const JOB_KEPT: Duration = Duration::from_hours(24);
/// How long a job is tried when the server itself stands in its way: then the client is told.
pub const JOB_TRIED_MAX: Duration = Duration::from_hours(1);
/// Jobs of vaults that read objects at once: fewer than workers, so that short work never waits for them.
pub const LONG_WORK_AT_ONCE: usize = 2;
/// Most domains of a bucket: they are part of its record, which every request on it reads. TOS says 100.
pub const BUCKET_DOMAINS_MAX: usize = 100;
/// Longest name of a domain, bytes: what DNS allows.
pub const DOMAIN_BYTES_MAX: usize = 253;

/// Longest life that an object may be given, days: as long as anybody plans, and no date overflows.
pub const EXPIRES_DAYS_MAX: u32 = 36_500;
/// Most directories that a path leads through: what the vendor of such buckets allows.
pub const DIRECTORY_LEVELS_MAX: usize = 512;
/// Most rows of a directory, itself included, that get other keys with it: they are one commit.
pub const MOVED_ROWS_MAX: usize = 1000;
/// Most rows that one request deletes with a directory: a client waits. Another request goes on.
pub const PRUNED_ROWS_MAX: usize = 10_000;
/// Longest path of a trash, bytes: deleted keys have to fit behind it.
pub const TRASH_PATH_BYTES_MAX: usize = 256;
/// Tasks of a bucket that fetch URLs, those that have ended included: a client that makes more asks for what
/// nobody waits for.
pub const FETCHES_MAX: usize = 10_000;
/// How long such a task can be asked about: as long as the vendor says, 72 hours.
pub const FETCH_KEPT: Duration = Duration::from_hours(72);
/// How long a task is tried again when the other server does not answer.
pub const FETCH_TRIED_MAX: Duration = Duration::from_mins(10);
/// Most rules that keep objects of a bucket from being overwritten: they are part of its record. OSS says 100.
pub const OVERWRITE_RULES_MAX: usize = 100;
/// Most bytes of those rules together, for the same reason.
pub const OVERWRITE_BYTES_MAX: usize = 16 << 10;
/// Most callbacks that a bucket keeps under names: one for each application that is told of uploads.
pub const NAMED_CALLBACKS_MAX: usize = 20;
/// Longest such name, bytes.
pub const CALLBACK_NAME_BYTES_MAX: usize = 64;
/// Most parts of a key that name its object set: far more than anybody's folders are deep.
pub const SET_LEVELS_MAX: u32 = 32;
/// Longest delimiter of those parts, bytes.
pub const SET_DELIMITER_BYTES_MAX: usize = 32;
/// Most object sets of a bucket: all of them are read when lifecycle rules are carried out, and removed in the commit that
/// removes the bucket.
pub const OBJECT_SETS_MAX: usize = 1000;
/// Most lifecycle rules of an object set, and of all tags of a bucket together: rules of a thousand sets are held at once.
pub const SET_RULES_MAX: usize = 100;
/// Most bytes of those rules, for the same reason.
pub const SET_RULES_BYTES_MAX: usize = 32 << 10;
/// Most tags that bounds or lifecycle rules of object sets are about: they are looked through with each request.
pub const SET_TAG_RULES_MAX: usize = 100;
/// Most rates of object sets that are remembered at once. Those that nothing has used for a second are forgotten when
/// there are more.
pub const SET_RATES_KEPT_MAX: usize = 10_000;
