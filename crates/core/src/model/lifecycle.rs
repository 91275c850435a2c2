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
    /// Days until a version that is not current is removed.
    pub expire_older: Option<u32>,
    /// When current objects are kept in another class.
    pub transitions: Vec<Transition>,
    /// The same for versions that are not current; only days make sense.
    pub older_transitions: Vec<Transition>,
    /// When open uploads are given up.
    pub abort: Option<Due>,
}
