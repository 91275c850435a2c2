//! Bodies of object operations (sheet section 4).

use cohong_core::engine::DeleteReceipt;
use cohong_core::limits::DELETE_KEYS_MAX;
use cohong_core::model::Tags;
use serde::{Deserialize, Serialize};

use crate::common::delete::Deleted;
use crate::gate::fault::Fault;
use crate::tos::error::TosError;
use crate::tos::words::TOS;

/// Body of `DeleteMultiObjects`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct DeleteList {
    objects: Option<Vec<DeleteItem>>,
    #[serde(default)]
    quiet: Option<bool>,
}

/// A key to delete, not yet checked to be one.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::tos) struct DeleteItem {
    pub(in crate::tos) key: String,
    /// Absent, null or empty: the current version.
    #[serde(rename = "versionid")]
    pub(in crate::tos) version: Option<String>,
}

impl DeleteList {
    /// The keys, and whether only errors are to be told.
    pub(in crate::tos) fn checked(self) -> Result<(Vec<DeleteItem>, bool), TosError> {
        let objects = self.objects.unwrap_or_default();
        if objects.is_empty() || objects.len() > DELETE_KEYS_MAX {
            return Err(TosError::malformed_body("Objects names 1 to 1,000 keys"));
        }
        Ok((objects, self.quiet.unwrap_or(false)))
    }
}

/// Answer of `DeleteMultiObjects`. `Error` is singular.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct DeleteOutcome {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deleted: Vec<PutAway>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<NotDeleted>,
}

/// A key that was deleted, and where it lies if it was moved into the trash.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutAway {
    #[serde(flatten)]
    deleted: Deleted,
    #[serde(skip_serializing_if = "Option::is_none")]
    trash_path: Option<String>,
}

impl DeleteOutcome {
    /// Tells what became of a key; a quiet list tells failures only.
    pub(in crate::tos) fn add(
        &mut self,
        item: DeleteItem,
        done: Result<DeleteReceipt, TosError>,
        quiet: bool,
    ) {
        match done {
            Ok(_) if quiet => {}
            Ok(receipt) => self.deleted.push(PutAway {
                deleted: Deleted::new(item.key, item.version, &receipt),
                trash_path: receipt.trash.map(|at| at.as_str().to_owned()),
            }),
            Err(error) => self.error.push(NotDeleted::new(item, &error)),
        }
    }
}

/// A key that was not deleted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NotDeleted {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    code: &'static str,
    message: String,
}

impl NotDeleted {
    fn new(item: DeleteItem, error: &TosError) -> Self {
        Self {
            key: item.key,
            version_id: item.version.filter(|version| !version.is_empty()),
            code: error.code,
            message: error.message.to_string(),
        }
    }
}

/// Body of `SetObjectExpires`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct ExpiresBody {
    /// Days after which the object is deleted; 0 for never.
    #[serde(rename = "objectexpires")]
    pub(in crate::tos) days: u32,
}

/// Answer of `GetObjectTagging`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct Tagging {
    tag_set: TagSet,
}

/// Tags, as a member of other bodies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct TagSet {
    tags: Vec<Pair>,
}

impl TagSet {
    pub(in crate::tos) fn new(tags: &Tags) -> Self {
        Self { tags: pairs(tags) }
    }
}

/// A name and a value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct Pair {
    key: String,
    value: String,
}

impl Pair {
    pub(in crate::tos) fn new((key, value): &(Box<str>, Box<str>)) -> Self {
        Self {
            key: key.to_string(),
            value: value.to_string(),
        }
    }
}

/// Names and values as JSON lists show them.
pub(in crate::tos) fn pairs(all: &[(Box<str>, Box<str>)]) -> Vec<Pair> {
    all.iter().map(Pair::new).collect()
}

impl Tagging {
    pub(in crate::tos) fn new(tags: &Tags) -> Self {
        Self {
            tag_set: TagSet::new(tags),
        }
    }
}

/// Body of `PutObjectTagging`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutTagging {
    #[serde(rename = "tagset")]
    tag_set: PutTagSet,
}

/// Tags, as a member of other bodies; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutTagSet {
    tags: Option<Vec<PutTag>>,
}

impl PutTagSet {
    /// Tags of an object, or of an object set.
    pub(in crate::tos) fn tags(self) -> Result<Tags, Fault> {
        TOS.tags.read(self.pairs(), "TagSet")
    }

    fn pairs(self) -> Vec<(String, String)> {
        let tags = self.tags.unwrap_or_default().into_iter();
        tags.map(PutTag::pair).collect()
    }
}

/// A name and a value; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutTag {
    key: String,
    value: Option<String>,
}

impl PutTag {
    fn pair(self) -> (String, String) {
        (self.key, self.value.unwrap_or_default())
    }

    /// Name and value, not yet checked.
    pub(in crate::tos) fn boxed(self) -> (Box<str>, Box<str>) {
        let (name, value) = self.pair();
        (name.into(), value.into())
    }
}

impl PutTagging {
    /// Tags of an object.
    pub(in crate::tos) fn tags(self) -> Result<Tags, Fault> {
        self.tag_set.tags()
    }

    /// Tags of a bucket.
    pub(in crate::tos) fn bucket_tags(self) -> Result<Tags, Fault> {
        TOS.bucket_tags.read(self.tag_set.pairs(), "TagSet")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::json::read;

    #[test]
    fn delete_lists_are_bounded() {
        let list = |text: &str| {
            read::<DeleteList>(text.as_bytes())
                .expect("the shape")
                .checked()
        };
        let (items, quiet) =
            list(r#"{"Objects":[{"Key":"a","VersionId":null}],"Quiet":true}"#).expect("one key");
        assert!(quiet && items.len() == 1 && items[0].version.is_none());
        assert_eq!(list("{}").expect_err("none").code, "MalformedBody");
        let many = |count| {
            format!(
                r#"{{"Objects":[{}]}}"#,
                vec![r#"{"Key":"a"}"#; count].join(",")
            )
        };
        assert_eq!(list(&many(1000)).expect("a thousand").0.len(), 1000);
        assert_eq!(
            list(&many(1001)).expect_err("too many").code,
            "MalformedBody"
        );
    }
}
