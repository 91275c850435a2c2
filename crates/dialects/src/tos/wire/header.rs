//! Names and values of headers (sheet sections 3 and 4).

use cohong_core::engine::NewVersion;
use cohong_core::model::{Etag, VersionTag};
use http::header::ETAG;
use http::{HeaderMap, HeaderName, HeaderValue};

/// CRC-64 of the whole object, unsigned decimal; the SDK fails without it (sheet, trap 3).
pub(in crate::tos) const CRC64: HeaderName = HeaderName::from_static("x-tos-hash-crc64ecma");
/// Stands only where it is true: the SDK takes any value for true (sheet, trap 9).
pub(in crate::tos) const DELETE_MARKER: HeaderName = HeaderName::from_static("x-tos-delete-marker");
/// The error's number, for answers without body.
pub(in crate::tos) const EC: HeaderName = HeaderName::from_static("x-tos-ec");
/// The version an answer is about.
pub(in crate::tos) const VERSION_ID: HeaderName = HeaderName::from_static("x-tos-version-id");
/// The version a copy was read from.
pub(in crate::tos) const SOURCE_VERSION_ID: HeaderName =
    HeaderName::from_static("x-tos-copy-source-version-id");
/// How the object is kept.
pub(in crate::tos) const STORAGE_CLASS: HeaderName = HeaderName::from_static("x-tos-storage-class");
/// What names of user metadata begin with.
pub(in crate::tos) const META_PREFIX: &str = "x-tos-meta-";

/// An entity tag as headers and JSON members show it: in quotes.
pub(in crate::tos) fn quoted(etag: &Etag) -> String {
    format!("\"{etag}\"")
}

/// How clients know a version: nothing where a bucket never had versions.
pub(in crate::tos) fn version_text(version: VersionTag) -> Option<String> {
    match version {
        VersionTag::Unversioned => None,
        VersionTag::Null => Some("null".into()),
        VersionTag::Id(id) => Some(id.to_string()),
    }
}

/// Adds a header whose value is ASCII by its type.
pub(in crate::tos) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("tags, numbers and dates are visible ASCII");
    headers.insert(name, value);
}

/// Adds the version, when clients know one.
pub(in crate::tos) fn put_version(headers: &mut HeaderMap, version: VersionTag) {
    if let Some(version) = version_text(version) {
        put(headers, VERSION_ID, &version);
    }
}

/// The headers of every finished upload.
pub(in crate::tos) fn uploaded(stored: &NewVersion) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, ETAG, &quoted(&stored.etag));
    put(&mut headers, CRC64, &stored.crc64.to_string());
    put_version(&mut headers, stored.version);
    headers
}
