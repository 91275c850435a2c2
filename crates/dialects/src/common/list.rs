//! Listings: what queries ask for, and how pages are told, but for the form of bodies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cohong_core::engine::{
    Engine, ListObjects, ListUploads, ListVersions, Listing, ListingEntry, ObjectSummary,
    UploadListing, VersionListing,
};
use cohong_core::limits::{KEY_BYTES_MAX, PAGE_MAX};
use cohong_core::model::{Timestamp, UploadId};

use super::answer::version_text;
use super::input::version_tag;
use super::lines::PrefixLine;
use super::vocabulary::{Pages, Sizes, Vocabulary};
use crate::gate::call::Call;
use crate::gate::fault::Fault;

/// How keys, prefixes and markers are written: `encoding-type=url` escapes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As they are.
    Plain,
    /// Percent-encoded.
    Url,
}

impl Encoding {
    /// Of a query.
    pub(crate) fn of(call: &Call) -> Result<Self, Fault> {
        match call.query("encoding-type") {
            None | Some("") => Ok(Self::Plain),
            Some("url") => Ok(Self::Url),
            Some(other) => {
                let why = "encoding-type is url or absent";
                Err(Fault::argument("encoding-type", other, why))
            }
        }
    }

    /// A text as the answer shows it.
    pub(crate) fn write(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Url => cohong_sign::encode_path(text.as_bytes()),
        }
    }

    /// Its name in answers.
    pub(crate) fn name(self) -> Option<&'static str> {
        (self == Self::Url).then_some("url")
    }
}

/// What the queries of all listings of a bucket have in common.
#[derive(Debug)]
pub(crate) struct Query {
    /// The bucket's name.
    pub(crate) bucket: String,
    /// Only keys that begin with this.
    pub(crate) prefix: String,
    /// Rolls keys up.
    pub(crate) delimiter: String,
    /// Entries at most.
    pub(crate) limit: usize,
    /// How texts are written in the answer.
    pub(crate) encoding: Encoding,
}

impl Query {
    /// Reads it; `limit` is the name of the number of entries.
    fn read(call: &Call, limit: &'static str, pages: Pages) -> Result<Self, Fault> {
        Ok(Self {
            bucket: call.bucket()?.to_string(),
            prefix: text(call, "prefix")?,
            delimiter: text(call, "delimiter")?,
            limit: page_size(call, limit, pages)?,
            encoding: Encoding::of(call)?,
        })
    }
}

/// A page of a bucket, and what was asked for.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// The question.
    pub(crate) query: Query,
    /// Key after which the page was to begin.
    pub(crate) marker: String,
    /// Version or upload after which the page was to begin, as written.
    pub(crate) id_marker: String,
    /// What was found.
    pub(crate) listing: T,
}

impl<T> Page<T> {
    /// A text as the answer shows it.
    pub(crate) fn write(&self, text: &str) -> String {
        self.query.encoding.write(text)
    }

    /// Rolled-up prefixes as lines.
    pub(crate) fn prefix_lines<'a>(
        &self,
        prefixes: impl IntoIterator<Item = &'a String>,
    ) -> Vec<PrefixLine> {
        let line = |prefix: &String| PrefixLine::new(prefix, self.query.encoding);
        prefixes.into_iter().map(line).collect()
    }
}

impl Page<VersionListing> {
    /// Key and version after which the next page begins, as the answer shows them. No version stands
    /// behind a prefix, and none where the bucket never had versions.
    pub(crate) fn next_version(&self) -> Option<(String, Option<String>)> {
        let next = self.listing.next.as_ref();
        next.map(|(key, version)| (self.write(key), version.and_then(version_text)))
    }
}

impl Page<UploadListing> {
    /// Key and upload after which the next page begins, as the answer shows them. No upload stands
    /// behind a prefix.
    pub(crate) fn next_upload(&self) -> Option<(String, Option<String>)> {
        let next = self.listing.next.as_ref();
        next.map(|(key, upload)| (self.write(key), upload.map(|id| id.to_string())))
    }
}

impl Page<Listing> {
    /// The objects, in order.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectSummary> {
        let entries = self.listing.entries.iter();
        entries.filter_map(|entry| match entry {
            ListingEntry::Object(object) => Some(object),
            ListingEntry::Prefix(_) => None,
        })
    }

    /// The rolled-up prefixes, in order.
    pub(crate) fn prefixes(&self) -> Vec<PrefixLine> {
        let entries = self.listing.entries.iter();
        let prefixes = entries.filter_map(|entry| match entry {
            ListingEntry::Object(_) => None,
            ListingEntry::Prefix(prefix) => Some(prefix),
        });
        self.prefix_lines(prefixes)
    }

    /// The same with when directories were made, as `date` writes it.
    pub(crate) fn directories(&self, date: impl Fn(Timestamp) -> String) -> Vec<PrefixLine> {
        let made = &self.listing.made;
        let line = |prefix: &String| {
            let line = PrefixLine::new(prefix, self.query.encoding);
            match made.get(prefix) {
                Some(at) => line.made(date(*at)),
                None => line,
            }
        };
        let entries = self.listing.entries.iter();
        let lines = entries.filter_map(|entry| match entry {
            ListingEntry::Object(_) => None,
            ListingEntry::Prefix(prefix) => Some(line(prefix)),
        });
        lines.collect()
    }

    /// The marker of the next page, as the answer shows it.
    pub(crate) fn next_marker(&self) -> Option<String> {
        self.listing.next.as_ref().map(|next| self.write(next))
    }
}

/// A page of objects asked for with a token.
#[derive(Debug)]
pub(crate) struct TokenPage {
    /// The page; its marker is `start-after`.
    pub(crate) page: Page<Listing>,
    /// The token that was given.
    pub(crate) token: Option<String>,
    /// The token of the next page.
    pub(crate) next_token: Option<String>,
}

impl Vocabulary {
    /// A page of objects after `marker`.
    pub(crate) async fn list_objects(
        &self,
        call: &Call,
        engine: &Engine,
        reverse: bool,
    ) -> Result<Page<Listing>, Fault> {
        let query = Query::read(call, "max-keys", self.pages)?;
        let marker = text(call, "marker")?;
        let request = objects(call, &query, marker.clone(), reverse)?;
        Ok(Page {
            listing: engine.list_objects(&call.cx, request).await?,
            query,
            marker,
            id_marker: String::new(),
        })
    }

    /// A page of objects after `continuation-token`, or else after `start-after`.
    pub(crate) async fn list_objects_by_token(
        &self,
        call: &Call,
        engine: &Engine,
        reverse: bool,
    ) -> Result<TokenPage, Fault> {
        if call.query("list-type") != Some("2") {
            let given = call.query("list-type").unwrap_or_default();
            return Err(Fault::argument(
                "list-type",
                given,
                "list-type is 2 or absent",
            ));
        }
        let query = Query::read(call, "max-keys", self.pages)?;
        let marker = text(call, "start-after")?;
        let token = call.query("continuation-token");
        let token = token.filter(|token| !token.is_empty());
        let after = token.map_or_else(|| Ok(marker.clone()), untoken)?;
        let request = objects(call, &query, after, reverse)?;
        let listing = engine.list_objects(&call.cx, request).await?;
        Ok(TokenPage {
            token: token.map(ToOwned::to_owned),
            next_token: listing.next.as_ref().map(|n| URL_SAFE_NO_PAD.encode(n)),
            page: Page {
                query,
                marker,
                id_marker: String::new(),
                listing,
            },
        })
    }

    /// A page of versions.
    pub(crate) async fn list_versions(
        &self,
        call: &Call,
        engine: &Engine,
    ) -> Result<Page<VersionListing>, Fault> {
        let query = Query::read(call, "max-keys", self.pages)?;
        let marker = text(call, "key-marker")?;
        let id_marker = call.query("version-id-marker").unwrap_or_default();
        let bad = |why| Fault::argument("version-id-marker", id_marker, why);
        let version_marker = match id_marker {
            "" => None,
            _ if marker.is_empty() => return Err(bad("version-id-marker needs a key-marker")),
            text => Some(
                version_tag(text)
                    .ok_or_else(|| bad("version-id-marker is not a version id of this server"))?,
            ),
        };
        let request = ListVersions {
            bucket: call.bucket()?.clone(),
            prefix: query.prefix.clone(),
            delimiter: query.delimiter.clone(),
            key_marker: marker.clone(),
            version_marker,
            limit: query.limit,
        };
        Ok(Page {
            listing: engine.list_versions(&call.cx, request).await?,
            query,
            marker,
            id_marker: id_marker.to_owned(),
        })
    }

    /// A page of open uploads.
    pub(crate) async fn list_uploads(
        &self,
        call: &Call,
        engine: &Engine,
    ) -> Result<Page<UploadListing>, Fault> {
        let query = Query::read(call, "max-uploads", self.parts_pages())?;
        let marker = text(call, "key-marker")?;
        let id_marker = call.query("upload-id-marker").unwrap_or_default();
        let bad = || {
            let why = "upload-id-marker is not an upload id of this server";
            Fault::argument("upload-id-marker", id_marker, why)
        };
        let upload_marker = match id_marker {
            "" => None,
            text => Some(UploadId::parse(text).ok_or_else(bad)?),
        };
        let request = ListUploads {
            bucket: call.bucket()?.clone(),
            prefix: query.prefix.clone(),
            delimiter: query.delimiter.clone(),
            key_marker: marker.clone(),
            upload_marker,
            limit: query.limit,
        };
        Ok(Page {
            listing: engine.list_uploads(&call.cx, request).await?,
            query,
            marker,
            id_marker: id_marker.to_owned(),
        })
    }

    /// Pages of parts and of uploads: a thousand entries where the request names no number.
    pub(super) fn parts_pages(&self) -> Pages {
        Pages {
            default: PAGE_MAX,
            ..self.pages
        }
    }
}

fn objects(call: &Call, query: &Query, after: String, reverse: bool) -> Result<ListObjects, Fault> {
    Ok(ListObjects {
        bucket: call.bucket()?.clone(),
        prefix: query.prefix.clone(),
        delimiter: query.delimiter.clone(),
        after,
        reverse,
        limit: query.limit,
    })
}

/// A parameter that is a key or a piece of one.
fn text(call: &Call, name: &'static str) -> Result<String, Fault> {
    let text = call.query(name).unwrap_or_default();
    // Other dialects may have stored longer keys than this one allows; markers name them too.
    if text.len() > KEY_BYTES_MAX {
        let why = format!("{name} is longer than any key");
        return Err(Fault::argument(name, "", why));
    }
    Ok(text.to_owned())
}

/// A parameter that is a number of 0 and more; what does not fit is the greatest number.
pub(crate) fn number(call: &Call, name: &'static str) -> Result<Option<u32>, Fault> {
    let Some(text) = call.query(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        let why = format!("{name} is a number of 0 and more");
        return Err(Fault::argument(name, text, why));
    }
    Ok(Some(text.parse().unwrap_or(u32::MAX)))
}

/// Entries on a page.
pub(crate) fn page_size(call: &Call, name: &'static str, pages: Pages) -> Result<usize, Fault> {
    let Some(asked) = number(call, name)? else {
        return Ok(pages.default);
    };
    let asked = usize::try_from(asked).unwrap_or(usize::MAX);
    if pages.sizes == Sizes::OrDefault && asked == 0 {
        return Ok(pages.default);
    }
    if pages.sizes == Sizes::Strict && !(1..=PAGE_MAX).contains(&asked) {
        let given = call.query(name).unwrap_or_default();
        let why = format!("{name} is between 1 and 1000");
        return Err(Fault::argument(name, given, why));
    }
    Ok(asked.min(PAGE_MAX))
}

/// The place a continuation token stands for.
fn untoken(token: &str) -> Result<String, Fault> {
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .filter(|bytes| bytes.len() <= KEY_BYTES_MAX);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| {
        let why = "continuation-token is not one that this server gave";
        Fault::argument("continuation-token", token, why)
    })
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
            assert!(untoken(bad).is_err(), "{bad}");
        }
    }
}
