//! Answers and the headers that tell of stored objects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::engine::{Cx, NewVersion, ObjectInfo};
use cohong_core::model::{Etag, Form, ObjectType, UserMeta, VersionTag};
use cohong_core::{Error, ErrorKind};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::date;
use super::kinds::restore_text;
use super::vocabulary::Vocabulary;
use crate::gate::{OutBody, full};

/// MD5 of the bytes an answer is about, Base64; no vendor's.
pub(crate) const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// An answer without body.
pub(crate) fn empty(status: StatusCode, headers: HeaderMap) -> Response<OutBody> {
    bytes(status, headers, Vec::new())
}

/// An answer with a body in memory.
pub(crate) fn bytes(
    status: StatusCode,
    headers: HeaderMap,
    body: impl Into<bytes::Bytes>,
) -> Response<OutBody> {
    let mut response = full(status, body);
    *response.headers_mut() = headers;
    response
}

/// How clients know a version: nothing where a bucket never had versions.
pub(crate) fn version_text(version: VersionTag) -> Option<String> {
    match version {
        VersionTag::Unversioned => None,
        VersionTag::Null => Some("null".into()),
        VersionTag::Id(id) => Some(id.to_string()),
    }
}

/// As [`put`], for what not every vendor tells.
pub(crate) fn put_any(headers: &mut HeaderMap, name: Option<&HeaderName>, value: &str) {
    if let Some(name) = name {
        put(headers, name.clone(), value);
    }
}

/// Adds a header whose value is ASCII by its type.
pub(crate) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("tags, numbers and dates are visible ASCII");
    headers.insert(name, value);
}

/// Adds a header of text that came in a header. Through another dialect something may have been stored
/// that no header can hold; that is left out.
pub(crate) fn put_text(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(name, value);
    }
}

impl Vocabulary {
    /// Adds the version, when clients know one.
    pub(crate) fn put_version(&self, headers: &mut HeaderMap, version: VersionTag) {
        if let Some(version) = version_text(version) {
            put(headers, self.names.version_id.clone(), &version);
        }
    }

    /// The headers that say that a delete marker was found or made.
    pub(crate) fn deleted(&self, marker: VersionTag) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let yes = HeaderValue::from_static("true");
        headers.insert(self.names.delete_marker.clone(), yes);
        self.put_version(&mut headers, marker);
        headers
    }

    /// Headers that tell what was found instead of what was asked for: a delete marker, the tag of an
    /// object that is not modified (RFC 9110 section 15.4.5), the size of one that has no byte in the
    /// range (section 15.5.17), the place where the next piece goes.
    pub(crate) fn found(&self, error: &Error) -> Option<Box<HeaderMap>> {
        let mut headers = HeaderMap::new();
        if let Some(marker) = error.delete_marker() {
            headers = self.deleted(marker);
        }
        if let Some(etag) = error.etag() {
            put(&mut headers, ETAG, &self.quoted(etag));
        }
        match (error.kind(), error.length()) {
            (ErrorKind::InvalidRange, Some(size)) => {
                put(&mut headers, CONTENT_RANGE, &format!("bytes */{size}"));
            }
            (ErrorKind::PositionMismatch, Some(size)) => {
                let next = self.names.next_append.as_ref();
                put_any(&mut headers, next, &size.to_string());
            }
            _ => {}
        }
        (!headers.is_empty()).then(|| Box::new(headers))
    }

    /// Adds the tag and the digests of an object or part.
    pub(crate) fn put_digests(&self, headers: &mut HeaderMap, etag: &Etag, crc64: u64) {
        put(headers, ETAG, &self.quoted(etag));
        put_any(headers, self.names.crc64.as_ref(), &crc64.to_string());
        if let Etag::Md5(md5) = etag
            && self.tells_md5
        {
            put(headers, CONTENT_MD5, &STANDARD.encode(md5));
        }
    }

    /// The headers of every finished upload.
    pub(crate) fn uploaded(&self, stored: &NewVersion, cx: &Cx) -> HeaderMap {
        let mut headers = HeaderMap::new();
        self.put_digests(&mut headers, &stored.etag, stored.crc64);
        self.put_stored_checksum(&mut headers, stored.further.as_ref(), &stored.etag);
        self.put_version(&mut headers, stored.version);
        self.put_encryption(&mut headers, stored.encryption.as_ref(), cx);
        headers
    }

    /// What an object is, in the words of the family. A vendor that does not say it of every object
    /// makes no difference between those of parts and others.
    pub(crate) fn kind(&self, kind: ObjectType) -> &'static str {
        match kind {
            ObjectType::Multipart if self.tells_kind => "Multipart",
            ObjectType::Normal | ObjectType::Multipart => "Normal",
            ObjectType::Appendable => "Appendable",
            ObjectType::Symlink => "Symlink",
        }
    }

    /// The headers that tell an object. The type is the stored one, and as with the vendors there is no
    /// `nosniff`: pages may load scripts that were stored without a type. Nothing of the operator's is
    /// served from this origin.
    pub(crate) fn described(&self, info: &ObjectInfo, cx: &Cx) -> HeaderMap {
        let record = &info.record;
        let mut headers = HeaderMap::new();
        self.put_digests(&mut headers, &record.etag, record.checksums.crc64);
        put(&mut headers, LAST_MODIFIED, &date::http(info.written_at));
        let ns = info.written_at.millis() % 1000 * 1_000_000 + u64::from(record.nanos);
        put_any(&mut headers, self.modified_ns.as_ref(), &ns.to_string());
        let class = self.class_word(record.class);
        let first = self.classes.first().map(|(_, word)| *word);
        if self.tells_first_class || first != Some(class) {
            put(&mut headers, self.names.storage_class.clone(), class);
        }
        let kind = self.kind(record.object_type());
        if self.tells_kind || kind != "Normal" {
            put_any(&mut headers, self.names.kind.as_ref(), kind);
        }
        if record.form == Form::Appendable {
            let next = self.names.next_append.as_ref();
            put_any(&mut headers, next, &record.size.to_string());
        }
        if record.is_directory() {
            put_any(&mut headers, self.names.directory.as_ref(), "true");
        }
        if let Some(restore) = info.restore {
            let restore = restore_text(restore);
            put(&mut headers, self.names.restore.clone(), &restore);
        }
        if let Some(end) = info.expires.as_ref().filter(|_| self.tells_expiry) {
            let mut text = format!("expiry-date=\"{}\"", date::http(end.at));
            if !end.rule.is_empty() {
                let rule = cohong_sign::encode(end.rule.as_bytes());
                text = format!("{text}, rule-id=\"{rule}\"");
            }
            put(&mut headers, self.names.expiration.clone(), &text);
        }
        if let Some(count) = info.part.as_ref().and_then(|part| part.of) {
            headers.insert(self.names.parts_count.clone(), count.into());
        }
        self.put_version(&mut headers, info.version);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(words) = &self.replicas
            && let Some(word) = words.word(record.replicated)
        {
            put(&mut headers, words.header.clone(), word);
        }
        if !record.tags.is_empty() {
            let count = record.tags.len().to_string();
            put(&mut headers, self.names.tagging_count.clone(), &count);
        }
        let stored = &record.headers;
        let kind = stored.content_type.as_deref().unwrap_or(self.default_type);
        let redirect = self.names.website_redirect.clone();
        for (name, value) in [
            (CONTENT_TYPE, Some(kind)),
            (CACHE_CONTROL, stored.cache_control.as_deref()),
            (CONTENT_DISPOSITION, stored.content_disposition.as_deref()),
            (CONTENT_ENCODING, stored.content_encoding.as_deref()),
            (CONTENT_LANGUAGE, stored.content_language.as_deref()),
            (EXPIRES, stored.expires.as_deref()),
            (redirect, stored.website_redirect.as_deref()),
        ] {
            if let Some(value) = value {
                put_text(&mut headers, name, value);
            }
        }
        self.put_encryption(&mut headers, record.encryption(), cx);
        self.put_lock(&mut headers, record.lock);
        self.put_metadata(&mut headers, &record.user_meta);
        headers
    }

    /// Adds user metadata.
    pub(crate) fn put_metadata(&self, headers: &mut HeaderMap, metadata: &UserMeta) {
        for (name, value) in metadata {
            if let Ok(name) = HeaderName::try_from(format!("{}meta-{name}", self.prefix)) {
                put_text(headers, name, &self.metadata.write(value));
            }
        }
    }
}
