//! Bodies about tags, of buckets and objects alike.

use cohong_core::model::Tags;
use serde::{Deserialize, Serialize};

/// Body of the operations that put and get tags.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tagging {
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
pub(crate) struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

impl Tag {
    /// Name and value.
    pub(crate) fn pair(self) -> (String, String) {
        (self.key, self.value)
    }

    /// A tag of the model.
    pub(crate) fn new((key, value): &(Box<str>, Box<str>)) -> Self {
        Self {
            key: key.to_string(),
            value: value.to_string(),
        }
    }

    /// All tags.
    pub(crate) fn all(tags: &Tags) -> Vec<Self> {
        tags.iter().map(Self::new).collect()
    }
}

impl Tagging {
    /// The tags it names, not yet checked.
    pub(crate) fn pairs(self) -> Vec<(String, String)> {
        self.tag_set.tag.into_iter().map(Tag::pair).collect()
    }

    /// As an answer tells them.
    pub(crate) fn new(tags: &Tags) -> Self {
        Self {
            tag_set: TagSet {
                tag: Tag::all(tags),
            },
        }
    }
}
