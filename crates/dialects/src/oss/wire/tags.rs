//! Bodies about tags, of buckets and objects alike (sheet sections 5 and 6, Tagging).

use cohong_core::model::Tags;
use serde::{Deserialize, Serialize};

use crate::common::vocabulary::TagRules;
use crate::gate::fault::Fault;

/// Body of the operations that put and get tags.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct Tagging {
    tag_set: TagSet,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagSet {
    #[serde(default)]
    tag: Vec<Tag>,
}

/// A name and a value.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

impl Tag {
    pub(super) fn pair(self) -> (String, String) {
        (self.key, self.value)
    }

    pub(super) fn new((key, value): &(Box<str>, Box<str>)) -> Self {
        Self {
            key: key.to_string(),
            value: value.to_string(),
        }
    }

    pub(super) fn all(tags: &Tags) -> Vec<Self> {
        tags.iter().map(Self::new).collect()
    }
}

impl Tagging {
    /// The tags it names.
    pub(in crate::oss) fn tags(self, rules: &TagRules) -> Result<Tags, Fault> {
        let pairs = self.tag_set.tag.into_iter().map(Tag::pair);
        rules.read(pairs.collect(), "Tagging")
    }

    pub(in crate::oss) fn new(tags: &Tags) -> Self {
        Self {
            tag_set: TagSet {
                tag: Tag::all(tags),
            },
        }
    }
}
