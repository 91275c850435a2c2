//! Requests about object sets.

use crate::model::{LifecycleRule, ObjectSet, Tags};

/// Make, change or remove an object set.
#[derive(Clone, Debug)]
pub enum SetChange {
    /// Make it, with these tags, or give it these tags if it is there.
    Make(Tags),
    /// Remove it.
    Remove,
    /// Replace its tags.
    Tags(Tags),
    /// Bound how many bytes it holds, whatever bounds other sets; 0 for no bound.
    Quota(u64),
    /// Replace its lifecycle rules; none to remove them.
    Rules {
        /// The rules.
        rules: Vec<LifecycleRule>,
        /// Whether several may do the same to one object, as far as whoever sets them says.
        may_overlap: bool,
    },
}

impl SetChange {
    /// The quota that is set.
    pub(in crate::engine) fn quota(&self) -> Option<u64> {
        match self {
            Self::Quota(quota) => Some(*quota),
            Self::Make(_) | Self::Remove | Self::Tags(_) | Self::Rules { .. } => None,
        }
    }
}

/// List object sets.
#[derive(Clone, Debug)]
pub struct ListObjectSets {
    /// Only those whose names begin with this.
    pub prefix: Box<str>,
    /// Only those that have all of these tags.
    pub tags: Tags,
    /// Only names after this one.
    pub after: Box<str>,
    /// Most sets of the page.
    pub limit: usize,
}

/// A page of object sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSetListing {
    /// Names and sets, in the order of names.
    pub sets: Vec<(Box<str>, ObjectSet)>,
    /// Whether there are more after these.
    pub more: bool,
}
