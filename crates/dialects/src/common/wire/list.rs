//! Bodies of listings.

use cohong_core::engine::{Listing, ObjectSummary};
use serde::Serialize;

use crate::common::kinds::restore_text;
use crate::common::lines::PrefixLine;
use crate::common::list::{Encoding, Page, TokenPage};
use crate::common::owner::Owner;
use crate::common::vocabulary::Vocabulary;
use crate::common::wire::checksum::{ChecksumLine, form_of};

/// Objects after a key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ObjectList {
    name: String,
    prefix: String,
    marker: String,
    max_keys: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    contents: Vec<ObjectLine>,
    common_prefixes: Vec<PrefixLine>,
}

/// Objects after a token.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ObjectList2 {
    name: String,
    prefix: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    start_after: String,
    max_keys: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
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
pub(crate) struct ObjectLine {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_latest: Option<bool>,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: String,
    #[serde(flatten)]
    checksum: ChecksumLine,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    size: u64,
    storage_class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

impl ObjectLine {
    /// As a version with an id.
    pub(crate) fn version(self, id: String, is_latest: bool) -> Self {
        Self {
            version_id: Some(id),
            is_latest: Some(is_latest),
            ..self
        }
    }
}

impl ObjectList {
    /// Root of the document.
    pub(crate) const ROOT: &str = "ListBucketResult";
}

impl ObjectList2 {
    /// Root of the document.
    pub(crate) const ROOT: &str = ObjectList::ROOT;
}

impl Vocabulary {
    /// An object as a line.
    pub(crate) fn object_line(
        &self,
        object: &ObjectSummary,
        encoding: Encoding,
        owner: bool,
    ) -> ObjectLine {
        let kind = self.kind(object.object_type);
        let restore = object.restore.filter(|_| self.bodies.restores);
        ObjectLine {
            key: encoding.write(object.key.as_str()),
            version_id: None,
            is_latest: None,
            last_modified: self.date(object.written_at),
            etag: self.quoted(&object.etag),
            checksum: self.checksum_line(object.further.as_ref().map(form_of)),
            kind: self.tells_kind.then_some(kind),
            size: object.size,
            storage_class: self.class_word(object.class),
            restore_info: restore.map(restore_text),
            owner: owner.then(|| Owner::new(&object.owner)),
        }
    }

    fn object_lines(&self, page: &Page<Listing>, owner: bool) -> Vec<ObjectLine> {
        let encoding = page.query.encoding;
        let line = |object| self.object_line(object, encoding, owner);
        page.objects().map(line).collect()
    }

    /// The delimiter, as a page tells it.
    pub(crate) fn delimiter<T>(&self, page: &Page<T>) -> Option<String> {
        let told = self.bodies.empty_delimiter || !page.query.delimiter.is_empty();
        told.then(|| page.write(&page.query.delimiter))
    }

    /// The body of a page after a key.
    pub(crate) fn object_list(&self, page: &Page<Listing>) -> ObjectList {
        let query = &page.query;
        ObjectList {
            name: query.bucket.clone(),
            prefix: page.write(&query.prefix),
            marker: page.write(&page.marker),
            max_keys: query.limit,
            delimiter: self.delimiter(page),
            encoding_type: query.encoding.name(),
            is_truncated: page.listing.next.is_some(),
            next_marker: page.next_marker(),
            contents: self.object_lines(page, true),
            common_prefixes: page.prefixes(),
        }
    }

    /// The body of a page after a token.
    pub(crate) fn object_list_by_token(&self, asked: TokenPage, owner: bool) -> ObjectList2 {
        let page = asked.page;
        let query = &page.query;
        ObjectList2 {
            name: query.bucket.clone(),
            prefix: page.write(&query.prefix),
            start_after: page.write(&page.marker),
            max_keys: query.limit,
            delimiter: self.delimiter(&page),
            encoding_type: query.encoding.name(),
            is_truncated: page.listing.next.is_some(),
            continuation_token: asked.token,
            next_continuation_token: asked.next_token,
            key_count: page.listing.entries.len(),
            contents: self.object_lines(&page, owner),
            common_prefixes: page.prefixes(),
        }
    }
}
