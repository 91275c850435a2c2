//! Limits of this vendor.

use std::time::Duration;

use cohong_core::limits::BUCKET_TAGS_MAX;

use crate::common::vocabulary::TagRules;
use crate::gate::call::KeyRules;

/// Object keys (sheet section 1).
pub(crate) const KEYS: KeyRules = KeyRules {
    bytes_max: 1024,
    no_start: &[],
};
/// How far the client's clock may be away (sheet section 2.1).
pub(crate) const SKEW_MAX: Duration = Duration::from_mins(15);
/// Longest life of a URL with a version 4 signature: 7 days (sheet section 2.2).
pub(crate) const EXPIRES_MAX_S: u32 = 7 * 24 * 3600;
/// Least size of every part but the last, bytes (sheet section 6, Multipart).
pub(crate) const PART_BYTES_MIN: u64 = 5 << 20;
/// Entries on a page where the request names no number (sheet section 6).
pub(crate) const PAGE_DEFAULT: usize = 1000;
/// Most buckets on a page (sheet section 6, `ListBuckets`).
pub(crate) const BUCKETS_PAGE_MAX: usize = 10_000;
/// Longest value of the request that an error repeats, bytes.
pub(crate) const ECHO_BYTES_MAX: usize = 1024;
/// Tags of objects (sheet section 6, Tagging).
pub(crate) const TAGS: TagRules = TagRules {
    most: 10,
    reserved: Some("aws:"),
    marks: None,
};
/// Tags of buckets; the vendor allows 50, no other dialect more than this.
pub(crate) const BUCKET_TAGS: TagRules = TagRules {
    most: BUCKET_TAGS_MAX,
    ..TAGS
};
/// All fields of a form before the file together: a policy of 20 KB and as much again in metadata and
/// other fields fit.
pub(crate) const FORM_FIELDS_BYTES_MAX: usize = 64 << 10;
/// Most fields of a form: each costs more than its bytes.
pub(crate) const FORM_FIELDS_MAX: usize = 200;
/// Most event names in a rule: more than twice what the vendor knows (sheet section 8).
pub(crate) const RULE_EVENTS_MAX: usize = 50;
/// Longest ARN of a target, bytes: the rules of a bucket are read with every request on it.
pub(crate) const TARGET_BYTES_MAX: usize = 1024;
