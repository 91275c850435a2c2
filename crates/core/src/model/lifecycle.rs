//! What becomes of objects, versions and uploads in time.

use serde::{Deserialize, Serialize};

use super::{StorageClass, Tags, Timestamp};

/// When something happens to a version or an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// At the midnight (UTC) after so many days have gone by.
    Days(u32),
    /// From this instant on, whenever it was written.
    Date(Timestamp),
    /// At once, if it was written before this instant.
    WrittenBefore(Timestamp),
}

/// A change of how an object is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub due: Due,
    /// Its class afterwards. An object is never moved to a class for more frequent use.
    pub class: StorageClass,
}

/// A change of how an object is kept that nobody reads for a time. Only buckets have such that note reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadMove {
    /// At the midnight (UTC) after so many days have gone by without being read.
    pub days: u32,
    /// Its class afterwards. An object is never moved to a class for more frequent use.
    pub class: StorageClass,
    /// Whether objects of that class are kept as `Standard` again when they are read.
    pub comes_back: bool,
    /// Whether objects below [`crate::limits::LIFECYCLE_SMALL_BYTES`] are moved too.
    pub small: bool,
}

/// What a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleFilter {
    /// Keys that begin with this.
    pub prefix: Box<str>,
    /// Objects that have all of these tags.
    pub tags: Tags,
    /// Objects larger than this, bytes.
    pub larger_than: Option<u64>,
    /// Objects smaller than this, bytes.
    pub smaller_than: Option<u64>,
    /// What is left out of all that, at most [`crate::limits::LIFECYCLE_EXCEPTIONS_MAX`].
    pub except: Vec<LifecycleException>,
    /// Objects of this size or larger, bytes.
    pub at_least: Option<u64>,
    /// Objects of this size or smaller, bytes.
    pub at_most: Option<u64>,
}

impl LifecycleFilter {
    /// Its sizes as bounds that are left out themselves: larger than, and smaller than.
    pub fn open_bounds(&self) -> (Option<u64>, Option<u64>) {
        let larger = || self.at_least?.checked_sub(1);
        let smaller = || self.at_most?.checked_add(1);
        (
            self.larger_than.or_else(larger),
            self.smaller_than.or_else(smaller),
        )
    }
}

/// What a rule leaves alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleException {
    /// Keys that begin with this.
    pub prefix: Box<str>,
    /// Only objects that have this tag.
    pub tag: Option<(Box<str>, Box<str>)>,
}

/// One lifecycle rule. Days of a version that is not current count from when it was replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Its name, unique in its bucket.
    pub id: Box<str>,
    /// Whether it is in force.
    pub enabled: bool,
    /// What it is about.
    pub filter: LifecycleFilter,
    /// When current objects are deleted, as if a client had done so: with versioning a marker is made.
    pub expire: Option<Due>,
    /// Whether a delete marker goes when no version is left behind it.
    pub expire_markers: bool,
    /// When versions that are not current are removed.
    pub expire_older: Option<Due>,
    /// When current objects are kept in another class.
    pub transitions: Vec<Transition>,
    /// The same for versions that are not current.
    pub older_transitions: Vec<Transition>,
    /// When open uploads are given up.
    pub abort: Option<Due>,
    /// How many of the newest versions of a key that are not current are not removed, at most
    /// [`crate::limits::LIFECYCLE_KEPT_MAX`].
    pub keep_older: u32,
    /// When current objects are kept in another class that nobody reads.
    pub unread: Vec<UnreadMove>,
    /// The same for versions that are not current. Days count from when they were replaced or read, whichever
    /// is later.
    pub older_unread: Vec<UnreadMove>,
}

impl LifecycleRule {
    /// Whether it orders anything, in force or not, by when objects were read.
    pub fn counts_reads(&self) -> bool {
        !self.unread.is_empty() || !self.older_unread.is_empty()
    }
}

/// The lifecycle rules of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// The rules, at most [`crate::limits::LIFECYCLE_RULES_MAX`].
    pub rules: Vec<LifecycleRule>,
    /// Whether whoever set them said that several may do the same to one object.
    pub may_overlap: bool,
}
