//! Bodies of `DeleteMultipleObjects` (sheet section 5).

use cohong_core::engine::DeleteReceipt;
use cohong_core::limits::DELETE_KEYS_MAX;
use serde::{Deserialize, Serialize};

use crate::common::delete::Deleted;
use crate::common::list::Encoding;
use crate::common::xml;
use crate::oss::error::OssError;

/// The question.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct DeleteList {
    /// Whether nothing is to be told.
    #[serde(default, deserialize_with = "xml::flag")]
    pub(in crate::oss) quiet: bool,
    #[serde(default)]
    object: Vec<DeleteItem>,
}

/// A key to delete, not yet checked to be one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct DeleteItem {
    pub(in crate::oss) key: String,
    /// Absent or empty: the current version.
    pub(in crate::oss) version_id: Option<String>,
}

impl DeleteList {
    /// The keys, 1 to 1,000.
    pub(in crate::oss) fn checked(self) -> Result<Vec<DeleteItem>, OssError> {
        if self.object.is_empty() || self.object.len() > DELETE_KEYS_MAX {
            return Err(OssError::malformed_xml());
        }
        Ok(self.object)
    }
}

/// The answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct DeleteResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    deleted: Vec<Deleted>,
}

impl DeleteResult {
    /// Tells what became of a key.
    pub(in crate::oss) fn add(
        &mut self,
        item: DeleteItem,
        receipt: DeleteReceipt,
        encoding: Encoding,
    ) {
        self.encoding_type = encoding.name();
        let key = encoding.write(&item.key);
        self.deleted
            .push(Deleted::new(key, item.version_id, receipt));
    }
}
