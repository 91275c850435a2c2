//! Limits of this vendor.

use std::ops::RangeInclusive;
use std::time::Duration;

use cohong_core::limits::BUCKET_TAGS_MAX;

use crate::common::vocabulary::TagRules;
use crate::gate::call::KeyRules;

/// Object keys (sheet section 1).
pub(crate) const KEYS: KeyRules = KeyRules {
    bytes_max: 1023,
    no_start: &['/', '\\'],
};
/// How far the client's clock may be away (sheet section 2).
pub(crate) const SKEW_MAX: Duration = Duration::from_mins(15);
/// Longest life of a URL with a version 4 signature: 7 days (sheet section 2.5).
pub(crate) const EXPIRES_MAX_S: u32 = 7 * 24 * 3600;
/// Least size of every part but the last, bytes (sheet section 5, Multipart).
pub(crate) const PART_BYTES_MIN: u64 = 100 << 10;
/// Entries on a page of keys, and buckets, where the request names no number (sheet section 5).
pub(crate) const PAGE_DEFAULT: usize = 100;
/// Largest body of an error: the Python SDK reads no more (sheet section 3).
pub(crate) const ERROR_BYTES_MAX: usize = 4000;
/// Longest value of the request that an error repeats, bytes.
pub(crate) const ECHO_BYTES_MAX: usize = 300;
/// Tags of objects (sheet section 5, Tagging).
pub(crate) const TAGS: TagRules = TagRules {
    most: 10,
    reserved: None,
    marks: Some(" +-=._:/"),
};
/// Tags of buckets: the vendor's tests name them as they like.
pub(crate) const BUCKET_TAGS: TagRules = TagRules {
    most: BUCKET_TAGS_MAX,
    reserved: None,
    marks: None,
};
/// All fields of a form before the file together: a policy and a callback of 5 KiB each, and metadata of
/// 8 KiB, fit several times.
pub(crate) const FORM_FIELDS_BYTES_MAX: usize = 64 << 10;
/// Most fields of a form: each costs more than its bytes.
pub(crate) const FORM_FIELDS_MAX: usize = 200;
/// Longest id of a resource group, bytes; it is kept with the bucket and answered.
pub(crate) const GROUP_BYTES_MAX: usize = 128;
/// What a traffic limit may ask for, bits in a second (sheet section 6).
pub(crate) const TRAFFIC_BITS_PER_S: RangeInclusive<u64> = 819_200..=838_860_800;
