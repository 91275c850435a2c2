//! Bodies of listings (sheet section 5, Listing).

use cohong_core::engine::{Listing, ObjectSummary};
use serde::Serialize;

use crate::common::kinds::restore_text;
use crate::common::lines::PrefixLine;
use crate::common::list::{Encoding, Page, TokenPage};
use crate::common::owner::Owner;
use crate::oss::words::OSS;

/// Answer of `ListObjects`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct ObjectList {
    name: String,
    prefix: String,
    marker: String,
    max_keys: usize,
    delimiter: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    contents: Vec<ObjectLine>,
    common_prefixes: Vec<PrefixLine>,
}

/// Answer of `ListObjectsV2`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct ObjectList2 {
    name: String,
    prefix: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    start_after: String,
    max_keys: usize,
    delimiter: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_continuation_token: Option<String>,
    key_count: usize,
    contents: Vec<ObjectLine>,
    common_prefixes: Vec<PrefixLine>,
}

/// An object, or with id and place in time a version of one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ObjectLine {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_latest: Option<bool>,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    size: u64,
    storage_class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

impl ObjectLine {
    /// As a version with an id.
    pub(super) fn version(self, id: String, is_latest: bool) -> Self {
        Self {
            version_id: Some(id),
            is_latest: Some(is_latest),
            ..self
        }
    }
}

pub(super) fn object_line(object: &ObjectSummary, encoding: Encoding, owner: bool) -> ObjectLine {
    ObjectLine {
        key: encoding.write(object.key.as_str()),
        version_id: None,
        is_latest: None,
        last_modified: OSS.date(object.written_at),
        etag: OSS.quoted(&object.etag),
        kind: OSS.kind(object.object_type),
        size: object.size,
        storage_class: OSS.class_word(object.class),
        restore_info: object.restore.map(restore_text),
        owner: owner.then(|| Owner::new(&object.owner)),
    }
}

fn objects(page: &Page<Listing>, owner: bool) -> Vec<ObjectLine> {
    let encoding = page.query.encoding;
    let line = |object| object_line(object, encoding, owner);
    page.objects().map(line).collect()
}

impl ObjectList {
    pub(in crate::oss) fn new(page: &Page<Listing>) -> Self {
        let query = &page.query;
        Self {
            name: query.bucket.clone(),
            prefix: page.write(&query.prefix),
            marker: page.write(&page.marker),
            max_keys: query.limit,
            delimiter: page.write(&query.delimiter),
            encoding_type: query.encoding.name(),
            is_truncated: page.listing.next.is_some(),
            next_marker: page.next_marker(),
            contents: objects(page, true),
            common_prefixes: page.prefixes(),
        }
    }
}

impl ObjectList2 {
    pub(in crate::oss) fn new(asked: TokenPage, owner: bool) -> Self {
        let page = asked.page;
        let query = &page.query;
        Self {
            name: query.bucket.clone(),
            prefix: page.write(&query.prefix),
            start_after: page.write(&page.marker),
            max_keys: query.limit,
            delimiter: page.write(&query.delimiter),
            encoding_type: query.encoding.name(),
            is_truncated: page.listing.next.is_some(),
            continuation_token: asked.token,
            next_continuation_token: asked.next_token,
            key_count: page.listing.entries.len(),
            contents: objects(&page, owner),
            common_prefixes: page.prefixes(),
        }
    }
}
