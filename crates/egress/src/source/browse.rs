//! What there is in a store, as a person looks at it: buckets, keys and folders, versions, uploads that are not
//! complete.

use cohong_core::model::{ObjectKey, Timestamp};
use cohong_core::ports::SourceFault;
use http::Method;
use serde::Deserialize;

use super::fault;
use super::list::{is_escaped, key, plain, unreadable};
use super::reader::Reader;
use super::speech::Speech;
use crate::limits::{SOURCE_PAGE_BYTES_MAX, SOURCE_PAGE_KEYS_MAX};

/// An object of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: ObjectKey,
    /// Length, bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// Entity tag without quotes.
    pub etag: Box<str>,
}

/// A page of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Objects in the order of their keys.
    pub objects: Vec<Listed>,
    /// What begins further keys, up to the delimiter.
    pub folders: Vec<Box<str>>,
    /// Where the next page begins; none behind the last.
    pub next: Option<Box<str>>,
}

/// A bucket of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedBucket {
    /// Its name.
    pub name: Box<str>,
    /// When it was made, where the store tells.
    pub created: Option<Timestamp>,
}

/// A part that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Number, from 1.
    pub number: u32,
    /// Length, bytes.
    pub size: u64,
    /// Entity tag as the store wrote it.
    pub etag: Box<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ObjectPage {
    is_truncated: bool,
    encoding_type: Option<String>,
    next_continuation_token: Option<Box<str>>,
    #[serde(default)]
    contents: Vec<ObjectLine>,
    #[serde(default)]
    common_prefixes: Vec<PrefixLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ObjectLine {
    key: String,
    size: u64,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixLine {
    prefix: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionPage {
    is_truncated: bool,
    encoding_type: Option<String>,
    #[serde(rename = "Version", alias = "Versions", default)]
    versions: Vec<VersionLine>,
    #[serde(rename = "DeleteMarker", alias = "DeleteMarkers", default)]
    markers: Vec<VersionLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionLine {
    key: String,
    version_id: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UploadPage {
    is_truncated: bool,
    encoding_type: Option<String>,
    next_key_marker: Option<String>,
    next_upload_id_marker: Option<String>,
    #[serde(rename = "Upload", alias = "Uploads", default)]
    uploads: Vec<UploadLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UploadLine {
    key: String,
    upload_id: Box<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartPage {
    is_truncated: bool,
    next_part_number_marker: Option<u32>,
    #[serde(rename = "Part", alias = "Parts", default)]
    parts: Vec<PartLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartLine {
    part_number: u32,
    size: u64,
    #[serde(rename = "ETag")]
    etag: Box<str>,
}

/// A list of buckets in XML, of which one vendor gives a hundred at once.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct XmlBuckets {
    #[serde(default)]
    is_truncated: bool,
    next_marker: Option<String>,
    buckets: XmlBucketList,
}

#[derive(Deserialize)]
struct XmlBucketList {
    #[serde(rename = "Bucket", default)]
    each: Vec<BucketLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JsonBuckets {
    buckets: Option<Vec<BucketLine>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BucketLine {
    name: Box<str>,
    creation_date: Option<String>,
}

impl Reader {
    /// A page of the keys that begin with `prefix`, those that go on with `delimiter` rolled up, from where a
    /// former page ended.
    pub async fn page(
        &self,
        prefix: &str,
        delimiter: &str,
        from: Option<&str>,
    ) -> Result<Listing, SourceFault> {
        let limit = SOURCE_PAGE_KEYS_MAX.to_string();
        let asked = [
            ("list-type", "2"),
            ("encoding-type", "url"),
            ("max-keys", limit.as_str()),
            ("prefix", prefix),
            ("delimiter", delimiter),
            ("continuation-token", from.unwrap_or_default()),
        ];
        let body = self.looked_up(None, &asked).await?;
        listing(self.store.speech, &body)
    }

    /// All versions and delete markers that begin with `prefix`, the first page of them: key and version.
    /// Whether there are more behind them stands beside. Who removes what is listed has seen all in the end.
    pub async fn versions(
        &self,
        prefix: &str,
    ) -> Result<(Vec<(ObjectKey, Box<str>)>, bool), SourceFault> {
        let asked = [
            ("versions", ""),
            ("encoding-type", "url"),
            ("prefix", prefix),
        ];
        let body = self.looked_up(None, &asked).await?;
        let page: VersionPage = self.store.speech.read(&body).ok_or_else(unreadable)?;
        let escaped = is_escaped(page.encoding_type.as_deref());
        let version = |line: VersionLine| {
            let id = line.version_id.unwrap_or_else(|| "null".into());
            Ok((key(&plain(&line.key, escaped)?)?, id))
        };
        let all = page.versions.into_iter().chain(page.markers);
        Ok((
            all.map(version).collect::<Result<_, _>>()?,
            page.is_truncated,
        ))
    }

    /// Uploads of keys that begin with `prefix` which are not complete: key and upload, the oldest of a key first.
    pub async fn uploads(&self, prefix: &str) -> Result<Vec<(ObjectKey, Box<str>)>, SourceFault> {
        let mut found = Vec::new();
        let mut from = (String::new(), String::new());
        loop {
            let asked = [
                ("uploads", ""),
                ("encoding-type", "url"),
                ("prefix", prefix),
                ("key-marker", from.0.as_str()),
                ("upload-id-marker", from.1.as_str()),
            ];
            let body = self.looked_up(None, &asked).await?;
            let page: UploadPage = self.store.speech.read(&body).ok_or_else(unreadable)?;
            let escaped = is_escaped(page.encoding_type.as_deref());
            for line in page.uploads {
                found.push((key(&plain(&line.key, escaped)?)?, line.upload_id));
            }
            let next = page.next_key_marker.unwrap_or_default();
            let next = (
                plain(&next, escaped)?,
                page.next_upload_id_marker.unwrap_or_default(),
            );
            if !page.is_truncated || next == from {
                return Ok(found);
            }
            from = next;
        }
    }

    /// The parts of an upload that are up, by their numbers.
    pub async fn parts(&self, key: &ObjectKey, upload: &str) -> Result<Vec<Uploaded>, SourceFault> {
        let mut found = Vec::new();
        let mut from = 0;
        loop {
            let after = from.to_string();
            let asked = [("uploadId", upload), ("part-number-marker", after.as_str())];
            let body = self.looked_up(Some(key.as_str()), &asked).await?;
            let page: PartPage = self.store.speech.read(&body).ok_or_else(unreadable)?;
            found.extend(page.parts.into_iter().map(|line| Uploaded {
                number: line.part_number,
                size: line.size,
                etag: line.etag,
            }));
            match page.next_part_number_marker {
                Some(next) if page.is_truncated && next > from => from = next,
                _ => return Ok(found),
            }
        }
    }

    /// The buckets of whoever asks.
    pub async fn buckets(&self) -> Result<Vec<ListedBucket>, SourceFault> {
        let mut found = Vec::new();
        let mut from = String::new();
        loop {
            let asked = [("marker", from.as_str())];
            let body = self.looked_up(None, &asked).await?;
            let (page, next) = match self.store.speech {
                Speech::Tos => {
                    let page: JsonBuckets = self.store.speech.read(&body).ok_or_else(unreadable)?;
                    (page.buckets.unwrap_or_default(), None)
                }
                speech => {
                    let page: XmlBuckets = speech.read(&body).ok_or_else(unreadable)?;
                    let next = page.next_marker.filter(|_| page.is_truncated);
                    (page.buckets.each, next)
                }
            };
            found.extend(page.into_iter().map(|line| ListedBucket {
                name: line.name,
                created: line.creation_date.as_deref().and_then(instant),
            }));
            match next.filter(|next| *next != from) {
                Some(next) => from = next,
                None => return Ok(found),
            }
        }
    }

    /// The body of an answer to a question; parameters without a value are left out but for the first.
    async fn looked_up(
        &self,
        key: Option<&str>,
        asked: &[(&str, &str)],
    ) -> Result<bytes::Bytes, SourceFault> {
        let flags = ["versions", "uploads"];
        let said = |(name, value): &&(&str, &str)| !value.is_empty() || flags.contains(name);
        let query: Vec<(&str, &str)> = asked.iter().filter(said).copied().collect();
        let mut ask = self.ask(Method::GET, key);
        ask.query = &query;
        let body = self.send(ask).await?.body(SOURCE_PAGE_BYTES_MAX).await;
        body.map_err(fault::of_failure)
    }
}

/// Reads a page of keys.
fn listing(speech: Speech, body: &[u8]) -> Result<Listing, SourceFault> {
    let page: ObjectPage = speech.read(body).ok_or_else(unreadable)?;
    let escaped = is_escaped(page.encoding_type.as_deref());
    let object = |line: ObjectLine| {
        Ok(Listed {
            key: key(&plain(&line.key, escaped)?)?,
            size: line.size,
            modified: instant(&line.last_modified).ok_or_else(unreadable)?,
            etag: line.etag.trim_matches('"').into(),
        })
    };
    let folder = |line: PrefixLine| plain(&line.prefix, escaped).map(Into::into);
    let next = page.next_continuation_token.filter(|_| page.is_truncated);
    if page.is_truncated && next.is_none() {
        return Err(unreadable());
    }
    Ok(Listing {
        objects: page
            .contents
            .into_iter()
            .map(object)
            .collect::<Result<_, _>>()?,
        folders: page
            .common_prefixes
            .into_iter()
            .map(folder)
            .collect::<Result<_, _>>()?,
        next,
    })
}

/// An instant of a body.
fn instant(text: &str) -> Option<Timestamp> {
    let at = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    u64::try_from(at).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_every_vendor_are_read() {
        let xml = "<?xml version=\"1.0\"?>\n<ListBucketResult><Name>b</Name><Prefix>a</Prefix>\
                   <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
                   <NextContinuationToken>t+/=</NextContinuationToken><CommonPrefixes><Prefix>a%2F</Prefix>\
                   </CommonPrefixes><Contents><Key>a+b</Key><LastModified>2026-01-31T10:00:00.500Z</LastModified>\
                   <ETag>&quot;e&quot;</ETag><Size>3</Size><StorageClass>STANDARD</StorageClass></Contents>\
                   <CommonPrefixes><Prefix>a%2B/</Prefix></CommonPrefixes></ListBucketResult>";
        let json = r#"{"Name":"b","EncodingType":"url","IsTruncated":true,"NextContinuationToken":"t+/=",
            "Contents":[{"Key":"a%20b","LastModified":"2026-01-31T10:00:00.500Z","ETag":"\"e\"","Size":3}],
            "CommonPrefixes":[{"Prefix":"a%2F"},{"Prefix":"a%2B/"}]}"#;
        let wanted = Listing {
            objects: vec![Listed {
                key: ObjectKey::new("a b").unwrap(),
                size: 3,
                modified: Timestamp::from_millis(1_769_853_600_500),
                etag: "e".into(),
            }],
            folders: vec!["a/".into(), "a+/".into()],
            next: Some("t+/=".into()),
        };
        for (speech, body) in [(Speech::S3, xml), (Speech::Oss, xml), (Speech::Tos, json)] {
            assert_eq!(
                listing(speech, body.as_bytes()).unwrap(),
                wanted,
                "{speech:?}"
            );
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let lost = "<R><IsTruncated>true</IsTruncated></R>";
        let cases = [
            (Speech::S3, lost),
            (Speech::Tos, "{}"),
            (Speech::Oss, "<html/>"),
        ];
        for (speech, body) in cases {
            assert!(
                listing(speech, body.as_bytes()).is_err(),
                "{speech:?} {body}"
            );
        }
    }
}
