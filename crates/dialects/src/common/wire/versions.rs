//! Body of the list of versions.

use cohong_core::engine::{VersionListing, VersionSummary};
use serde::Serialize;

use super::list::ObjectLine;
use crate::common::answer::version_text;
use crate::common::lines::{MarkerLine, PrefixLine};
use crate::common::list::{Encoding, Page};
use crate::common::vocabulary::Vocabulary;

/// Versions after a key and a version.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VersionList {
    name: String,
    prefix: String,
    key_marker: String,
    version_id_marker: String,
    max_keys: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_key_marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_version_id_marker: Option<String>,
    #[serde(rename = "$value")]
    entries: Vec<Entry>,
    common_prefixes: Vec<PrefixLine>,
}

/// Versions and delete markers stand in one order.
#[derive(Debug, Serialize)]
enum Entry {
    Version(ObjectLine),
    DeleteMarker(MarkerLine),
}

impl VersionList {
    /// Root of the document.
    pub(crate) const ROOT: &str = "ListVersionsResult";
}

impl Vocabulary {
    /// The body of a page of versions.
    pub(crate) fn version_list(&self, page: &Page<VersionListing>) -> VersionList {
        let (query, listing) = (&page.query, &page.listing);
        let (next_key, next_version) = page.next_version().unzip();
        let entry = |version| self.entry(version, query.encoding);
        VersionList {
            name: query.bucket.clone(),
            prefix: page.write(&query.prefix),
            key_marker: page.write(&page.marker),
            version_id_marker: page.id_marker.clone(),
            max_keys: query.limit,
            delimiter: self.delimiter(page),
            encoding_type: query.encoding.name(),
            is_truncated: next_key.is_some(),
            next_key_marker: next_key,
            next_version_id_marker: next_version.map(Option::unwrap_or_default),
            entries: listing.versions.iter().map(entry).collect(),
            common_prefixes: page.prefix_lines(&listing.prefixes),
        }
    }

    fn entry(&self, version: &VersionSummary, encoding: Encoding) -> Entry {
        let Some(object) = &version.object else {
            return Entry::DeleteMarker(self.marker_line(version, encoding));
        };
        // Every version has an id here, also where the bucket never had any.
        let id = version_text(version.version).unwrap_or_else(|| "null".into());
        let line = self.object_line(object, encoding, true);
        Entry::Version(line.version(id, version.is_latest))
    }
}
