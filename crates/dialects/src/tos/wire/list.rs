//! Bodies of listings (sheet section 4).

use cohong_core::engine::{Listing, ObjectSummary, UploadListing, VersionListing, VersionSummary};
use serde::Serialize;

use super::object::{Pair, pairs};
use crate::common::answer::version_text;
use crate::common::lines::{MarkerLine, PrefixLine, UploadLine};
use crate::common::list::{Encoding, Page, Query, TokenPage};
use crate::common::owner::Owner;
use crate::tos::words::TOS;

/// What every listing repeats of the question.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    name: String,
    prefix: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    delimiter: String,
    max_keys: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
}

impl Asked {
    fn new(query: &Query) -> Self {
        Self {
            name: query.bucket.clone(),
            prefix: query.encoding.write(&query.prefix),
            delimiter: query.encoding.write(&query.delimiter),
            max_keys: query.limit,
            encoding_type: query.encoding.name(),
        }
    }
}

/// Answer of `ListObjects`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct ObjectList {
    #[serde(flatten)]
    asked: Asked,
    marker: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    is_truncated: bool,
    #[serde(flatten)]
    entries: Entries,
}

impl ObjectList {
    pub(in crate::tos) fn new(page: &Page<Listing>, shown: Shown) -> Self {
        Self {
            asked: Asked::new(&page.query),
            marker: page.write(&page.marker),
            is_truncated: page.listing.next.is_some(),
            next_marker: page.next_marker(),
            entries: Entries::new(page, shown),
        }
    }
}

/// Answer of `ListObjectsType2`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct ObjectList2 {
    #[serde(flatten)]
    asked: Asked,
    #[serde(skip_serializing_if = "String::is_empty")]
    start_after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_continuation_token: Option<String>,
    key_count: usize,
    is_truncated: bool,
    #[serde(flatten)]
    entries: Entries,
}

impl ObjectList2 {
    pub(in crate::tos) fn new(asked: TokenPage, shown: Shown) -> Self {
        let page = asked.page;
        Self {
            asked: Asked::new(&page.query),
            start_after: page.write(&page.marker),
            continuation_token: asked.token,
            key_count: page.listing.entries.len(),
            is_truncated: page.listing.next.is_some(),
            next_continuation_token: asked.next_token,
            entries: Entries::new(&page, shown),
        }
    }
}

/// Objects and rolled-up prefixes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entries {
    contents: Vec<ObjectLine>,
    common_prefixes: Vec<PrefixLine>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ObjectLine {
    key: String,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: String,
    size: u64,
    storage_class: &'static str,
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(rename = "HashCrc64ecma")]
    crc64: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_meta: Option<Vec<Pair>>,
}

/// Which optional members objects in a listing have.
#[derive(Clone, Copy, Debug)]
pub(in crate::tos) struct Shown {
    /// `fetch-owner`; always in version 1 and in lists of versions.
    pub(in crate::tos) owner: bool,
    /// `fetch-meta`.
    pub(in crate::tos) meta: bool,
}

impl Entries {
    fn new(page: &Page<Listing>, shown: Shown) -> Self {
        let encoding = page.query.encoding;
        let line = |object| object_line(object, encoding, shown);
        Self {
            contents: page.objects().map(line).collect(),
            common_prefixes: page.directories(|at| TOS.date(at)),
        }
    }
}

fn object_line(object: &ObjectSummary, encoding: Encoding, shown: Shown) -> ObjectLine {
    ObjectLine {
        key: encoding.write(object.key.as_str()),
        last_modified: TOS.date(object.written_at),
        etag: TOS.quoted(&object.etag),
        size: object.size,
        storage_class: TOS.class_word(object.class),
        kind: TOS.kind(object.object_type),
        crc64: object.crc64.to_string(),
        owner: shown.owner.then(|| Owner::new(&object.owner)),
        user_meta: shown.meta.then(|| pairs(&object.user_meta)),
    }
}

/// Answer of `ListObjectVersions`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct VersionList {
    #[serde(flatten)]
    asked: Asked,
    key_marker: String,
    version_id_marker: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_key_marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_version_id_marker: Option<String>,
    is_truncated: bool,
    versions: Vec<VersionLine>,
    delete_markers: Vec<MarkerLine>,
    common_prefixes: Vec<PrefixLine>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionLine {
    #[serde(flatten)]
    object: ObjectLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    is_latest: bool,
}

impl VersionList {
    pub(in crate::tos) fn new(page: &Page<VersionListing>, shown: Shown) -> Self {
        let (encoding, listing) = (page.query.encoding, &page.listing);
        let (next_key, next_version) = page.next_version().unzip();
        let lines = listing.versions.iter();
        let versions = lines
            .clone()
            .filter_map(|version| version_line(version, encoding, shown));
        let deleted = lines.filter(|version| version.object.is_none());
        Self {
            asked: Asked::new(&page.query),
            key_marker: page.write(&page.marker),
            version_id_marker: page.id_marker.clone(),
            is_truncated: next_key.is_some(),
            next_key_marker: next_key,
            next_version_id_marker: next_version.flatten(),
            versions: versions.collect(),
            delete_markers: deleted
                .map(|version| TOS.marker_line(version, encoding))
                .collect(),
            common_prefixes: page.prefix_lines(&listing.prefixes),
        }
    }
}

fn version_line(version: &VersionSummary, encoding: Encoding, shown: Shown) -> Option<VersionLine> {
    Some(VersionLine {
        object: object_line(version.object.as_ref()?, encoding, shown),
        version_id: version_text(version.version),
        is_latest: version.is_latest,
    })
}

/// Answer of `ListMultipartUploads`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct UploadList {
    bucket: String,
    prefix: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    delimiter: String,
    key_marker: String,
    upload_id_marker: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_key_marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_upload_id_marker: Option<String>,
    max_uploads: usize,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    uploads: Vec<UploadLine>,
    common_prefixes: Vec<PrefixLine>,
}

impl UploadList {
    pub(in crate::tos) fn new(page: &Page<UploadListing>) -> Self {
        let listing = &page.listing;
        let asked = Asked::new(&page.query);
        let (next_key, next_upload) = page.next_upload().unzip();
        let line = |upload| TOS.upload_line(upload, page.query.encoding);
        Self {
            bucket: asked.name,
            prefix: asked.prefix,
            delimiter: asked.delimiter,
            key_marker: page.write(&page.marker),
            upload_id_marker: page.id_marker.clone(),
            is_truncated: next_key.is_some(),
            next_key_marker: next_key,
            next_upload_id_marker: next_upload.flatten(),
            max_uploads: asked.max_keys,
            encoding_type: asked.encoding_type,
            uploads: listing.uploads.iter().map(line).collect(),
            common_prefixes: page.prefix_lines(&listing.prefixes),
        }
    }
}
