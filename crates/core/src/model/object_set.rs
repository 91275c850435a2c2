//! Sets of objects: parts of a bucket's keys that have bounds and lifecycle rules of their own.

use serde::{Deserialize, Serialize};

use super::{LifecycleRule, Tags};

/// How the keys of a bucket are divided into sets, and what bounds a set that has no bounds of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetLayout {
    /// How many parts at the beginning of a key name its set, 1 to [`crate::limits::SET_LEVELS_MAX`].
    pub levels: u32,
    /// What ends each of these parts.
    pub delimiter: Box<str>,
    /// Whether the keys that are in no other set are one of their own, which has no name.
    pub rest: bool,
    /// Most bytes of a set, all versions and open uploads together; 0 for no bound.
    pub quota: Option<u64>,
    /// How often requests may be about a set.
    pub rates: SetRates,
    /// Whether there are bounds by tag ([`SetQuotas`]).
    pub by_tag: bool,
    /// Whether a set has, or had, lifecycle rules; from the first one on it is so.
    pub has_rules: bool,
}

/// How often, and for how many bytes, requests may be about a set. What is `None` or 0 has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRates {
    /// Requests a second that read an object.
    pub reads: Option<u64>,
    /// Requests a second that change an object.
    pub writes: Option<u64>,
    /// Requests a second that list objects.
    pub lists: Option<u64>,
    /// Bytes a second that are read.
    pub read_bytes: Option<u64>,
    /// Bytes a second that are written.
    pub written_bytes: Option<u64>,
}

impl SetRates {
    /// These bounds, and those of `others` where these say nothing.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            reads: self.reads.or(others.reads),
            writes: self.writes.or(others.writes),
            lists: self.lists.or(others.lists),
            read_bytes: self.read_bytes.or(others.read_bytes),
            written_bytes: self.written_bytes.or(others.written_bytes),
        }
    }
}

/// A set of objects: those whose keys begin with its name, which is where its record is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSet {
    /// Its tags, which rules by tag are about.
    pub tags: Tags,
    /// Most bytes it may hold, all versions and open uploads together; 0 for no bound, `None` for the bound
    /// of a rule by tag or of the bucket's layout.
    pub quota: Option<u64>,
    /// Its lifecycle rules, at most [`crate::limits::SET_RULES_MAX`].
    pub rules: Vec<LifecycleRule>,
    /// Whether whoever set the rules said that several may do the same to one object.
    pub may_overlap: bool,
}

/// Bounds of the sets that have a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetQuotaRule {
    /// The tag: name and value.
    pub tag: (Box<str>, Box<str>),
    /// Most bytes of each of these sets; 0 for no bound.
    pub quota: Option<u64>,
    /// How often requests may be about each of these sets.
    pub rates: SetRates,
}

/// Bounds of a bucket's sets by their tags, at most [`crate::limits::SET_TAG_RULES_MAX`]. The first rule whose
/// tag a set has bounds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetQuotas {
    /// The rules.
    pub rules: Vec<SetQuotaRule>,
}

/// Lifecycle rules of the sets that have a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetLifecycleRule {
    /// The tag: name and value.
    pub tag: (Box<str>, Box<str>),
    /// The rules, about each of these sets.
    pub rules: Vec<LifecycleRule>,
}

/// Lifecycle rules of a bucket's sets by their tags, at most [`crate::limits::SET_TAG_RULES_MAX`] tags with
/// [`crate::limits::SET_RULES_MAX`] rules together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetLifecycles {
    /// The rules, by tag.
    pub tags: Vec<SetLifecycleRule>,
    /// Whether whoever set them said that several may do the same to one object.
    pub may_overlap: bool,
}
