//! Inventories: what a vault held when one was asked for (sheet section 4.17).

use cohong_core::model::{Archive, Timestamp, Vault};
use cohong_core::ports::InventoryFormat;
use serde::Serialize;

use super::shown::capitals;
use crate::common::date;

/// Inventories in the vendor's words.
#[derive(Clone, Copy, Debug)]
pub struct OasInventory;

/// An archive. Two of the vendor's names could not be read, so two are given for each.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    archive_id: String,
    archive_description: &'a str,
    creation_date: String,
    size_in_bytes: u64,
    size: u64,
    archive_tree_etag: &'a str,
    tree_etag: &'a str,
}

impl InventoryFormat for OasInventory {
    fn begin(&self, vault: &Vault, at: Timestamp) -> String {
        let (id, at) = (capitals(vault.id), date::http(at));
        format!(r#"{{"VaultId":"{id}","InventoryDate":"{at}","ArchiveList":["#)
    }

    fn archive(&self, archive: &Archive, first: bool) -> String {
        let tree = capitals(archive.tree);
        let line = Line {
            archive_id: capitals(archive.id),
            archive_description: &archive.description,
            creation_date: date::http(archive.created_at),
            size_in_bytes: archive.size,
            size: archive.size,
            archive_tree_etag: &tree,
            tree_etag: &tree,
        };
        let line = serde_json::to_string(&line).expect("texts and numbers are always JSON");
        if first { line } else { format!(",{line}") }
    }

    fn end(&self) -> String {
        "]}".into()
    }
}
