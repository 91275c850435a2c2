//! Vaults, archives and uploads as answers show them (sheet sections 4.3 to 4.11). Texts that are not set are empty,
//! never null.

use cohong_core::engine::{ArchivePart, ArchivePartListing, ArchiveUpload, VaultInfo};
use cohong_core::model::Archive;
use serde::Serialize;

use crate::common::date;

/// An id, digest or tree as the vendor writes it: in capitals.
pub(crate) fn capitals(id: impl std::fmt::Display) -> String {
    id.to_string().to_ascii_uppercase()
}

/// A vault.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShownVault {
    creation_date: String,
    last_inventory_date: String,
    number_of_archives: u64,
    size_in_bytes: u64,
    vault_id: String,
    vault_name: String,
}

impl ShownVault {
    /// A vault as it is now.
    pub(crate) fn new(info: &VaultInfo) -> Self {
        let VaultInfo { vault, usage } = info;
        Self {
            creation_date: date::http(vault.created_at),
            last_inventory_date: usage.inventory_at.map(date::http).unwrap_or_default(),
            number_of_archives: usage.archives,
            size_in_bytes: usage.bytes,
            vault_id: capitals(vault.id),
            vault_name: vault.name.to_string(),
        }
    }
}

/// A page of vaults.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VaultList {
    /// Where the next page begins; empty on the last one. So it is on every list.
    pub(crate) marker: String,
    pub(crate) vault_list: Vec<ShownVault>,
}

/// What is known of an archive. The vendor's page could not be read; the names are those of its clients.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShownArchive {
    archive_id: String,
    archive_description: String,
    archive_size_in_bytes: u64,
    archive_tree_etag: String,
    tree_etag: String,
    creation_date: String,
}

impl ShownArchive {
    /// An archive.
    pub(crate) fn new(archive: &Archive) -> Self {
        let tree = capitals(archive.tree);
        Self {
            archive_id: capitals(archive.id),
            archive_description: archive.description.to_string(),
            archive_size_in_bytes: archive.size,
            archive_tree_etag: tree.clone(),
            tree_etag: tree,
            creation_date: date::http(archive.created_at),
        }
    }
}

/// An open upload.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShownUpload {
    archive_description: String,
    creation_date: String,
    multipart_upload_id: String,
    part_size_in_bytes: u64,
}

impl ShownUpload {
    /// An upload.
    pub(crate) fn new(upload: &ArchiveUpload) -> Self {
        Self {
            archive_description: upload.description.to_string(),
            creation_date: date::http(upload.created_at),
            multipart_upload_id: capitals(upload.id),
            part_size_in_bytes: upload.part_size,
        }
    }
}

/// A page of open uploads.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UploadsList {
    pub(crate) marker: String,
    pub(crate) uploads_list: Vec<ShownUpload>,
}

/// A part.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownPart {
    range_in_bytes: String,
    content_etag: String,
    tree_etag: String,
}

impl ShownPart {
    fn new(part: &ArchivePart) -> Self {
        let (first, last) = (part.range.start, part.range.end.saturating_sub(1));
        Self {
            range_in_bytes: format!("{first}-{last}"),
            content_etag: format!("{:032X}", u128::from_be_bytes(part.md5)),
            tree_etag: capitals(part.tree),
        }
    }
}

/// A page of the parts of an upload, which every page tells again.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PartList {
    #[serde(flatten)]
    upload: ShownUpload,
    marker: String,
    parts: Vec<ShownPart>,
}

impl PartList {
    /// A page. Its marker is the first byte of the next part.
    pub(crate) fn new(page: &ArchivePartListing) -> Self {
        Self {
            upload: ShownUpload::new(&page.upload),
            marker: page.next.map(|at| at.to_string()).unwrap_or_default(),
            parts: page.parts.iter().map(ShownPart::new).collect(),
        }
    }
}
