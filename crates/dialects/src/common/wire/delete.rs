//! Bodies of the operation that deletes many objects.

use cohong_core::engine::DeleteReceipt;
use cohong_core::limits::DELETE_KEYS_MAX;
use serde::{Deserialize, Serialize};

use crate::common::delete::Deleted;
use crate::common::list::Encoding;
use crate::common::xml;
use crate::gate::fault::Fault;

/// The question.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteList {
    /// Whether nothing is to be told.
    #[serde(default, deserialize_with = "xml::flag")]
    pub(crate) quiet: bool,
    #[serde(default)]
    object: Vec<DeleteItem>,
}

/// A key to delete, not yet checked to be one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteItem {
    /// The key.
    pub(crate) key: String,
    /// Absent or empty: the current version.
    pub(crate) version_id: Option<String>,
    #[serde(rename = "ETag")]
    etag: Option<String>,
    last_modified_time: Option<String>,
    size: Option<String>,
}

impl DeleteItem {
    /// Whether it is to be deleted only if something holds.
    pub(crate) fn is_conditional(&self) -> bool {
        let conditions = [&self.etag, &self.last_modified_time, &self.size];
        conditions.into_iter().any(Option::is_some)
    }
}

impl DeleteList {
    /// The keys, 1 to 1,000.
    pub(crate) fn checked(self) -> Result<Vec<DeleteItem>, Fault> {
        if self.object.is_empty() || self.object.len() > DELETE_KEYS_MAX {
            return Err(Fault::Xml);
        }
        Ok(self.object)
    }
}

/// The answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    deleted: Vec<Deleted>,
    error: Vec<Undeleted>,
}

/// A key that was not deleted, in a vendor's words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Undeleted {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    code: &'static str,
    message: String,
}

impl DeleteResult {
    /// Tells what became of a key.
    pub(crate) fn add(&mut self, item: DeleteItem, receipt: &DeleteReceipt, encoding: Encoding) {
        self.encoding_type = encoding.name();
        let key = encoding.write(&item.key);
        self.deleted
            .push(Deleted::new(key, item.version_id, receipt));
    }

    /// Tells why a key was not deleted.
    pub(crate) fn add_error(&mut self, item: DeleteItem, code: &'static str, message: String) {
        self.error.push(Undeleted {
            key: item.key,
            version_id: item.version_id.filter(|version| !version.is_empty()),
            code,
            message,
        });
    }

    /// Leaves out the keys that were deleted.
    pub(crate) fn quiet(&mut self) {
        self.deleted.clear();
    }
}
