//! Limits of this vendor.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::gate::call::KeyRules;

/// Object keys (sheet section 1).
pub(crate) const KEYS: KeyRules = KeyRules {
    bytes_max: 696,
    no_start: &[],
};
/// How far the client's clock may be away.
pub(crate) const SKEW_MAX: Duration = Duration::from_mins(15);
/// Longest life of a presigned URL: the vendor documents 7 days.
pub(crate) const EXPIRES_MAX_S: u32 = 7 * 24 * 3600;
/// Least size of a part that is not the last: 5 MiB (sheet section 4).
pub(crate) const PART_BYTES_MIN: u64 = 5 << 20;
/// Largest JSON body: a delete list of 1,000 keys fits several times.
pub(crate) const JSON_BYTES_MAX: usize = 2 << 20;
/// All fields of a form before the file together (sheet section 4: 20 KiB).
pub(crate) const FORM_FIELDS_BYTES_MAX: usize = 20 << 10;
/// Most notification rules of a bucket (seed 1).
pub(crate) const RULES_MAX: usize = 10;
/// Most destinations of a Type2 rule (sheet section 6).
pub(crate) const DESTINATIONS_MAX: usize = 5;
/// Most keys, versions, uploads or parts on a page.
pub(crate) const PAGE_MAX: usize = 1000;
/// Most event names in a rule: more than twice what the vendor knows (sheet section 6).
pub(crate) const RULE_EVENTS_MAX: usize = 50;
/// Longest function name, address or broker setting of a rule, bytes: the rules of a bucket are read
/// with every request on it.
pub(crate) const RULE_TEXT_BYTES_MAX: usize = 1024;
/// Most fields of a form: each costs more than its bytes.
pub(crate) const FORM_FIELDS_MAX: usize = 200;
/// Longest project name, bytes; it is kept with the bucket and answered in a header.
pub(crate) const PROJECT_BYTES_MAX: usize = 128;
/// What `x-tos-traffic-limit` may ask for, bits in a second: 100 KiB to 100 MiB, as the vendor says.
pub(crate) const TRAFFIC_BITS_PER_S: RangeInclusive<u64> = 819_200..=838_860_800;
/// Latest instant that an object may be said to have been written at, seconds: the end of the year 9999, the
/// last one that headers can write.
pub(crate) const SECONDS_MAX: u64 = 253_402_300_799;
