//! Listings (sheet section 4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cohong_core::engine::{Engine, ListObjects, ListParts, ListUploads, ListVersions};
use cohong_core::limits::KEY_BYTES_MAX;
use cohong_core::model::UploadId;
use http::HeaderMap;

use super::Answer;
use super::answer::json;
use super::input::upload;
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::limits::PAGE_MAX;
use crate::tos::wire::list::{
    Asked, Encoding, Entries, ObjectList, ObjectList2, Shown, UploadList, VersionList,
    version_marker,
};
use crate::tos::wire::multipart::PartList;
use crate::tos::wire::words;

/// What the queries of all listings of a bucket have in common.
struct Query<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    limit: usize,
    encoding: Encoding,
}

impl<'a> Query<'a> {
    fn read(call: &'a Call, limit_name: &'static str) -> Result<Self, TosError> {
        let encoding = match call.query("encoding-type") {
            None | Some("") => Encoding::Plain,
            Some("url") => Encoding::Url,
            Some(_) => return Err(TosError::invalid_argument("encoding-type is url or absent")),
        };
        Ok(Self {
            prefix: text(call, "prefix")?,
            delimiter: text(call, "delimiter")?,
            limit: limit(call, limit_name)?,
            encoding,
        })
    }

    fn asked(&self, bucket: &str) -> Asked {
        Asked::new(
            self.encoding,
            bucket,
            self.prefix,
            self.delimiter,
            self.limit,
        )
    }
}

/// A parameter that is a key or a piece of one.
fn text<'a>(call: &'a Call, name: &'static str) -> Result<&'a str, TosError> {
    let text = call.query(name).unwrap_or_default();
    // Other dialects may have stored longer keys than this one allows; markers name them too.
    if text.len() > KEY_BYTES_MAX {
        return Err(TosError::invalid_argument(format!(
            "{name} is longer than any key"
        )));
    }
    Ok(text)
}

/// Entries on a page: more than a thousand are a thousand.
fn limit(call: &Call, name: &'static str) -> Result<usize, TosError> {
    let Some(text) = call.query(name).filter(|text| !text.is_empty()) else {
        return Ok(PAGE_MAX);
    };
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TosError::invalid_argument(format!(
            "{name} is a number of 0 and more"
        )));
    }
    Ok(text.parse().unwrap_or(PAGE_MAX).min(PAGE_MAX))
}

fn flag(call: &Call, name: &'static str) -> Result<bool, TosError> {
    call.query(name)
        .map_or(Ok(false), |value| words::boolean(name, value))
}

/// `ListObjects`.
pub(super) async fn objects(call: Call, engine: &Engine) -> Answer {
    let query = Query::read(&call, "max-keys")?;
    let marker = text(&call, "marker")?;
    let shown = Shown {
        owner: true,
        meta: flag(&call, "fetch-meta")?,
    };
    let request = request(&call, &query, marker.to_owned())?;
    let listing = engine.list_objects(&call.cx, request).await?;
    let body = ObjectList {
        asked: query.asked(call.bucket()?.as_str()),
        marker: query.encoding.write(marker),
        is_truncated: listing.next.is_some(),
        next_marker: listing.next.map(|next| query.encoding.write(&next)),
        entries: Entries::new(&listing.entries, query.encoding, shown),
    };
    Ok(json(HeaderMap::new(), &body))
}

/// `ListObjectsType2`.
pub(super) async fn objects_type2(call: Call, engine: &Engine) -> Answer {
    if call.query("list-type") != Some("2") {
        return Err(TosError::invalid_argument("list-type is 2 or absent"));
    }
    let query = Query::read(&call, "max-keys")?;
    let start_after = text(&call, "start-after")?;
    let token = call
        .query("continuation-token")
        .filter(|token| !token.is_empty());
    let after = token.map_or_else(|| Ok(start_after.to_owned()), untoken)?;
    let shown = Shown {
        owner: flag(&call, "fetch-owner")?,
        meta: flag(&call, "fetch-meta")?,
    };
    let listing = engine
        .list_objects(&call.cx, request(&call, &query, after)?)
        .await?;
    let entries = Entries::new(&listing.entries, query.encoding, shown);
    let body = ObjectList2 {
        asked: query.asked(call.bucket()?.as_str()),
        start_after: query.encoding.write(start_after),
        continuation_token: token.map(ToOwned::to_owned),
        key_count: entries.count(),
        is_truncated: listing.next.is_some(),
        next_continuation_token: listing.next.map(|next| URL_SAFE_NO_PAD.encode(next)),
        entries,
    };
    Ok(json(HeaderMap::new(), &body))
}

fn request(call: &Call, query: &Query<'_>, after: String) -> Result<ListObjects, TosError> {
    Ok(ListObjects {
        bucket: call.bucket()?.clone(),
        prefix: query.prefix.to_owned(),
        delimiter: query.delimiter.to_owned(),
        after,
        reverse: flag(call, "reverse")?,
        limit: query.limit,
    })
}

/// The place a continuation token stands for.
fn untoken(token: &str) -> Result<String, TosError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .filter(|bytes| bytes.len() <= KEY_BYTES_MAX);
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            TosError::invalid_argument("continuation-token is not one that this server gave")
        })
}

/// `ListObjectVersions`.
pub(super) async fn versions(call: Call, engine: &Engine) -> Answer {
    let query = Query::read(&call, "max-keys")?;
    let key_marker = text(&call, "key-marker")?;
    let marker = call.query("version-id-marker").unwrap_or_default();
    let shown = Shown {
        owner: true,
        meta: flag(&call, "fetch-meta")?,
    };
    let version_marker = match marker {
        "" => None,
        _ if key_marker.is_empty() => {
            return Err(TosError::invalid_argument(
                "version-id-marker needs a key-marker",
            ));
        }
        text => Some(version_marker(text).ok_or_else(|| {
            TosError::invalid_argument("version-id-marker is not a version id of this server")
        })?),
    };
    let request = ListVersions {
        bucket: call.bucket()?.clone(),
        prefix: query.prefix.to_owned(),
        delimiter: query.delimiter.to_owned(),
        key_marker: key_marker.to_owned(),
        version_marker,
        limit: query.limit,
    };
    let listing = engine.list_versions(&call.cx, request).await?;
    let asked = query.asked(call.bucket()?.as_str());
    let how = (query.encoding, shown);
    let body = VersionList::new(asked, (key_marker, marker), &listing, how);
    Ok(json(HeaderMap::new(), &body))
}

/// `ListMultipartUploads`.
pub(super) async fn uploads(call: Call, engine: &Engine) -> Answer {
    let query = Query::read(&call, "max-uploads")?;
    let key_marker = text(&call, "key-marker")?;
    let marker = call.query("upload-id-marker").unwrap_or_default();
    let upload_marker = match marker {
        "" => None,
        text => Some(UploadId::parse(text).ok_or_else(|| {
            TosError::invalid_argument("upload-id-marker is not an upload id of this server")
        })?),
    };
    let request = ListUploads {
        bucket: call.bucket()?.clone(),
        prefix: query.prefix.to_owned(),
        delimiter: query.delimiter.to_owned(),
        key_marker: key_marker.to_owned(),
        upload_marker,
        limit: query.limit,
    };
    let listing = engine.list_uploads(&call.cx, request).await?;
    let asked = query.asked(call.bucket()?.as_str());
    let body = UploadList::new(asked, (key_marker, marker), &listing, query.encoding);
    Ok(json(HeaderMap::new(), &body))
}

/// `ListParts`.
pub(super) async fn parts(call: Call, engine: &Engine) -> Answer {
    let target = upload(&call)?;
    let limit = limit(&call, "max-parts")?;
    let after = match call.query("part-number-marker") {
        None | Some("") => 0,
        Some(text) => text
            .parse()
            .map_err(|_| TosError::invalid_argument("part-number-marker is a part number"))?,
    };
    let names = [
        target.bucket.to_string(),
        target.key.to_string(),
        target.upload.to_string(),
    ];
    let listing = engine
        .list_parts(
            &call.cx,
            ListParts {
                target,
                after,
                limit,
            },
        )
        .await?;
    Ok(json(
        HeaderMap::new(),
        &PartList::new(names, (after, limit), &listing),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_opaque_and_judged() {
        let token = URL_SAFE_NO_PAD.encode("dir/中");
        assert_eq!(untoken(&token).expect("ours"), "dir/中");
        let long = URL_SAFE_NO_PAD.encode("k".repeat(1025));
        for bad in ["***", "_w", long.as_str()] {
            assert_eq!(
                untoken(bad).expect_err("not ours").code,
                "InvalidArgument",
                "{bad}"
            );
        }
    }
}
