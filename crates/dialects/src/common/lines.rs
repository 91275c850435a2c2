//! Lines of listings that the vendors of a family write alike.

use cohong_core::engine::{UploadSummary, VersionSummary};
use serde::Serialize;

use super::answer::version_text;
use super::list::Encoding;
use super::owner::Owner;
use super::vocabulary::Vocabulary;
use super::wire::checksum::ChecksumLine;

/// A rolled-up prefix.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PrefixLine {
    prefix: String,
    /// When the directory was made that it is, in a hierarchical bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

impl PrefixLine {
    /// A prefix as the answer shows it.
    pub(crate) fn new(prefix: &str, encoding: Encoding) -> Self {
        Self {
            prefix: encoding.write(prefix),
            last_modified: None,
        }
    }

    /// The same of a directory.
    pub(crate) fn made(self, at: String) -> Self {
        Self {
            last_modified: Some(at),
            ..self
        }
    }
}

/// A delete marker.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MarkerLine {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    is_latest: bool,
    last_modified: String,
    owner: Owner,
}

/// An open upload.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UploadLine {
    key: String,
    upload_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiator: Option<Owner>,
    owner: Owner,
    storage_class: &'static str,
    #[serde(flatten)]
    checksum: ChecksumLine,
    initiated: String,
}

impl Vocabulary {
    /// A delete marker as a line.
    pub(crate) fn marker_line(&self, marker: &VersionSummary, encoding: Encoding) -> MarkerLine {
        MarkerLine {
            key: encoding.write(marker.key.as_str()),
            version_id: version_text(marker.version),
            is_latest: marker.is_latest,
            last_modified: self.date(marker.written_at),
            owner: Owner::new(&marker.owner),
        }
    }

    /// An open upload as a line.
    pub(crate) fn upload_line(&self, upload: &UploadSummary, encoding: Encoding) -> UploadLine {
        UploadLine {
            key: encoding.write(upload.key.as_str()),
            upload_id: upload.upload.to_string(),
            initiator: (self.bodies.initiators).then(|| Owner::of(&upload.owner)),
            owner: Owner::of(&upload.owner),
            storage_class: self.class_word(upload.class),
            checksum: self.checksum_line(upload.checksum),
            initiated: self.date(upload.created_at),
        }
    }
}
