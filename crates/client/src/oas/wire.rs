//! Bodies of answers (OAS sheet sections 4.3 to 4.16). What a server leaves out, or gives as null, is unset.

use serde::{Deserialize, Deserializer};

/// A page of a list: where the next one begins.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Page {
    #[serde(deserialize_with = "or_default")]
    pub marker: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct VaultFacts {
    #[serde(deserialize_with = "or_default")]
    pub creation_date: String,
    #[serde(deserialize_with = "or_default")]
    pub last_inventory_date: String,
    #[serde(deserialize_with = "or_default")]
    pub number_of_archives: u64,
    #[serde(deserialize_with = "or_default")]
    pub size_in_bytes: u64,
    #[serde(deserialize_with = "or_default")]
    pub vault_id: String,
    #[serde(deserialize_with = "or_default")]
    pub vault_name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct UploadFacts {
    #[serde(deserialize_with = "or_default")]
    pub archive_description: String,
    #[serde(deserialize_with = "or_default")]
    pub creation_date: String,
    #[serde(deserialize_with = "or_default")]
    pub multipart_upload_id: String,
    #[serde(deserialize_with = "or_default")]
    pub part_size_in_bytes: u64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PartFacts {
    #[serde(deserialize_with = "or_default")]
    pub range_in_bytes: String,
    #[serde(deserialize_with = "or_default")]
    pub content_etag: String,
}

/// The vendor's documents call the etag `ArchiveContentEtag`, its client reads `ArchiveTreeEtag`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct JobFacts {
    #[serde(deserialize_with = "or_default")]
    pub action: String,
    #[serde(deserialize_with = "or_default")]
    pub archive_content_etag: String,
    #[serde(deserialize_with = "or_default")]
    pub archive_id: String,
    /// -1 when there is none.
    #[serde(deserialize_with = "or_default")]
    pub archive_size_in_bytes: i64,
    #[serde(deserialize_with = "or_default")]
    pub archive_tree_etag: String,
    #[serde(deserialize_with = "or_default")]
    pub completed: bool,
    #[serde(deserialize_with = "or_default")]
    pub completion_date: String,
    #[serde(deserialize_with = "or_default")]
    pub creation_date: String,
    /// -1 when there is none.
    #[serde(deserialize_with = "or_default")]
    pub inventory_size_in_bytes: i64,
    #[serde(deserialize_with = "or_default")]
    pub job_description: String,
    #[serde(deserialize_with = "or_default")]
    pub job_id: String,
    #[serde(deserialize_with = "or_default")]
    pub retrieval_byte_range: String,
    #[serde(deserialize_with = "or_default")]
    pub status_code: String,
    #[serde(deserialize_with = "or_default")]
    pub status_message: String,
    #[serde(deserialize_with = "or_default")]
    pub tree_etag: String,
}

/// Null as the default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A text, unless it is empty.
pub(super) fn set(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
