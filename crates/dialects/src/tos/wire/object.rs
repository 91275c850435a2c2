//! Bodies of object operations (sheet section 4).

use cohong_core::engine::DeleteReceipt;
use cohong_core::limits::{DELETE_KEYS_MAX, TAGS_MAX};
use cohong_core::model::Tags;
use serde::{Deserialize, Serialize};

use super::header::version_text;
use crate::tos::error::TosError;
use crate::tos::limits::{TAG_NAME_CHARS_MAX, TAG_VALUE_CHARS_MAX};

/// Answer of `CopyObject` and `UploadPartCopy`.
#[derive(Debug, Serialize)]
pub(in crate::tos) struct Copied {
    #[serde(rename = "ETag")]
    pub(in crate::tos) etag: String,
    #[serde(rename = "LastModified")]
    pub(in crate::tos) last_modified: String,
}

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
    pub(in crate::tos) deleted: Vec<Deleted>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::tos) error: Vec<NotDeleted>,
}

/// A key that was deleted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct Deleted {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_marker: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_marker_version_id: Option<String>,
}

impl Deleted {
    pub(in crate::tos) fn new(item: DeleteItem, receipt: DeleteReceipt) -> Self {
        let touched = receipt.version.and_then(version_text);
        Self {
            key: item.key,
            version_id: item.version.filter(|version| !version.is_empty()),
            delete_marker: receipt.marker.then_some(true),
            delete_marker_version_id: touched.filter(|_| receipt.marker),
        }
    }
}

/// A key that was not deleted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct NotDeleted {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    code: &'static str,
    message: String,
}

impl NotDeleted {
    pub(in crate::tos) fn new(item: DeleteItem, error: &TosError) -> Self {
        Self {
            key: item.key,
            version_id: item.version.filter(|version| !version.is_empty()),
            code: error.code,
            message: error.message.to_string(),
        }
    }
}

/// Answer of `GetObjectTagging`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct Tagging {
    tag_set: TagSet,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagSet {
    tags: Vec<Pair>,
}

/// A name and a value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct Pair {
    key: String,
    value: String,
}

/// Names and values as JSON lists show them.
pub(in crate::tos) fn pairs(all: &[(Box<str>, Box<str>)]) -> Vec<Pair> {
    let pair = |(key, value): &(Box<str>, Box<str>)| Pair {
        key: key.to_string(),
        value: value.to_string(),
    };
    all.iter().map(pair).collect()
}

impl Tagging {
    pub(in crate::tos) fn new(tags: &Tags) -> Self {
        Self {
            tag_set: TagSet { tags: pairs(tags) },
        }
    }
}

/// Body of `PutObjectTagging`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutTagging {
    #[serde(rename = "tagset")]
    tag_set: PutTagSet,
}

#[derive(Debug, Deserialize)]
struct PutTagSet {
    tags: Option<Vec<PutTag>>,
}

#[derive(Debug, Deserialize)]
struct PutTag {
    key: String,
    value: Option<String>,
}

impl PutTagging {
    pub(in crate::tos) fn tags(self) -> Result<Tags, TosError> {
        let tags = self.tag_set.tags.unwrap_or_default().into_iter();
        checked_tags(
            tags.map(|tag| (tag.key, tag.value.unwrap_or_default()))
                .collect(),
        )
    }
}

/// Reads the value of `x-tos-tagging`: `k=v&k2=v2`, percent-encoded.
pub(in crate::tos) fn tag_header(value: &str) -> Result<Tags, TosError> {
    let pairs = form_urlencoded::parse(value.as_bytes());
    checked_tags(
        pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
    )
}

fn checked_tags(tags: Vec<(String, String)>) -> Result<Tags, TosError> {
    if tags.len() > TAGS_MAX {
        return Err(TosError::invalid_argument("there are more than 100 tags"));
    }
    let mut names = std::collections::BTreeSet::new();
    for (name, value) in &tags {
        let chars = name.chars().count();
        if chars == 0 || chars > TAG_NAME_CHARS_MAX || value.chars().count() > TAG_VALUE_CHARS_MAX {
            return Err(TosError::invalid_argument(
                "a tag has a name of 1 to 128 characters and a value of at most 256",
            ));
        }
        if !names.insert(name.as_str()) {
            return Err(TosError::invalid_argument(format!(
                "the tag {name:?} stands twice"
            )));
        }
    }
    Ok(tags
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect())
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

    #[test]
    fn tags_are_judged() {
        assert_eq!(tag_header("a=1&b=%E4%B8%AD&c").expect("tags").len(), 3);
        let long = "n".repeat(129);
        for bad in ["=v", "a=1&a=2", long.as_str()] {
            assert!(tag_header(bad).is_err(), "{bad}");
        }
        let hundred = |count: usize| {
            (0..count)
                .map(|n| format!("k{n}=v"))
                .collect::<Vec<_>>()
                .join("&")
        };
        assert!(tag_header(&hundred(100)).is_ok() && tag_header(&hundred(101)).is_err());
    }
}
