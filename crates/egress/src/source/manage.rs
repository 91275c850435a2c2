//! What is done in a store beside reading and writing: buckets made and removed, keys removed in batches, copies that
//! the store makes itself, signed URLs.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::model::{ObjectKey, StorageClass};
use cohong_core::ports::{Sink as _, Source as _, SourceFault};
use cohong_sign::encode_path;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::ask::{self, Ask};
use super::fault;
use super::list::unreadable;
use super::reader::Reader;
use super::speech::Speech;
use crate::limits::{DISCARDED_BYTES_MAX, SOURCE_PAGE_BYTES_MAX};

/// Region that a bucket of S3 gets where none is said.
const S3_REGION: &str = "us-east-1";

#[derive(Serialize)]
#[serde(rename = "CreateBucketConfiguration")]
struct Place<'a> {
    #[serde(rename = "LocationConstraint")]
    region: &'a str,
}

#[derive(Serialize)]
#[serde(rename = "Delete")]
struct XmlDelete<'a> {
    #[serde(rename = "Quiet")]
    quiet: bool,
    #[serde(rename = "Object")]
    objects: &'a [Gone<'a>],
}

#[derive(Serialize)]
struct JsonDelete<'a> {
    #[serde(rename = "Objects")]
    objects: &'a [Gone<'a>],
    #[serde(rename = "Quiet")]
    quiet: bool,
}

#[derive(Serialize)]
struct Gone<'a> {
    #[serde(rename = "Key")]
    key: &'a str,
    #[serde(rename = "VersionId", skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

#[derive(Deserialize)]
struct DeleteAnswer {
    #[serde(rename = "Error", default)]
    errors: Vec<Kept>,
}

/// A key that was not removed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Kept {
    key: Box<str>,
    code: Box<str>,
}

#[derive(Deserialize)]
struct CopyAnswer {
    #[serde(rename = "ETag")]
    etag: Box<str>,
}

impl Reader {
    /// How this store is spoken to.
    pub fn speech(&self) -> Speech {
        self.store.speech
    }

    /// Its name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The store's word for a class; none for the standard one, and where it has no such class.
    pub fn class_word(&self, class: StorageClass) -> Option<&'static str> {
        let facts = self.store.speech.facts();
        facts.word(class)
    }

    /// Whether it is there and may be listed.
    pub async fn probe(&self) -> Result<(), SourceFault> {
        self.list("", "", 1).await.map(drop)
    }

    /// Makes the bucket.
    pub async fn make(&self) -> Result<(), SourceFault> {
        let mut ask = self.ask(Method::PUT, None);
        let region = self.store.signing_region.as_deref();
        let elsewhere = region.filter(|region| *region != S3_REGION);
        if let Some(region) = elsewhere.filter(|_| self.store.speech == Speech::S3) {
            let place = Place { region };
            let (media, body) = self.store.speech.write(&place, &place)?;
            with_body(&mut ask, media, body)?;
        }
        self.done(ask).await
    }

    /// Removes the bucket, which has to be empty.
    pub async fn unmake(&self) -> Result<(), SourceFault> {
        self.done(self.ask(Method::DELETE, None)).await
    }

    /// Removes keys, or versions of them: at most 1,000. Gives those that are still there, with the store's word
    /// for why; what is not there counts as removed.
    pub async fn remove_all(
        &self,
        keys: &[(&ObjectKey, Option<&str>)],
    ) -> Result<Vec<(Box<str>, Box<str>)>, SourceFault> {
        // No document of XML can hold these.
        let unwritable = |key: &ObjectKey| {
            let unfit = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
            self.store.speech != Speech::Tos && key.as_str().contains(unfit)
        };
        let mut objects = Vec::new();
        let mut kept = Vec::new();
        for (key, version) in keys {
            if version.is_some() || !unwritable(key) {
                objects.push(Gone {
                    key: key.as_str(),
                    version: *version,
                });
            } else if let Err(fault) = self.remove(key).await {
                kept.push((key.as_str().into(), fault.to_string().into()));
            }
        }
        if objects.is_empty() {
            return Ok(kept);
        }
        let (xml, json) = (
            XmlDelete {
                quiet: true,
                objects: &objects,
            },
            JsonDelete {
                quiet: true,
                objects: &objects,
            },
        );
        let (media, body) = self.store.speech.write(&xml, &json)?;
        let mut ask = self.ask(Method::POST, None);
        ask.query = &[("delete", "")];
        with_body(&mut ask, media, body)?;
        let body = self.send(ask).await?.body(SOURCE_PAGE_BYTES_MAX).await;
        let body = body.map_err(fault::of_failure)?;
        if !body.trim_ascii().is_empty() {
            let answer: DeleteAnswer = self.store.speech.read(&body).ok_or_else(unreadable)?;
            kept.extend(answer.errors.into_iter().map(|line| (line.key, line.code)));
        }
        Ok(kept)
    }

    /// Copies an object of a bucket of the same store; the store moves the bytes, headers and metadata with them.
    pub async fn copy_from(
        &self,
        bucket: &str,
        from: &ObjectKey,
        key: &ObjectKey,
    ) -> Result<(), SourceFault> {
        let mut ask = self.ask(Method::PUT, Some(key.as_str()));
        self.name_source(&mut ask.headers, bucket, from, None)?;
        self.copied(ask).await.map(drop)
    }

    /// Copies a range of an object of a bucket of the same store into a part; gives the part's entity tag.
    pub async fn copy_part(
        &self,
        bucket: &str,
        from: &ObjectKey,
        range: Range<u64>,
        (key, upload, number): (&ObjectKey, &str, u32),
    ) -> Result<Box<str>, SourceFault> {
        let mut ask = self.ask(Method::PUT, Some(key.as_str()));
        let number = number.to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", upload)];
        ask.query = &query;
        self.name_source(&mut ask.headers, bucket, from, Some(&range))?;
        self.copied(ask).await
    }

    /// A URL with which whoever has it may do this once or often for `expires` seconds.
    pub fn presign(
        &self,
        method: Method,
        key: &ObjectKey,
        expires: u32,
    ) -> Result<String, SourceFault> {
        let ask = self.ask(method, Some(key.as_str()));
        let (address, _, host) = self.target(&ask)?;
        let (with, now) = (&self.credentials, self.clock.now());
        let query = ask::presign(&self.store, &ask, &address, &host, with, now, expires)?;
        Ok(format!("{}{}?{query}", address.origin, address.path))
    }

    fn name_source(
        &self,
        headers: &mut HeaderMap,
        bucket: &str,
        key: &ObjectKey,
        range: Option<&Range<u64>>,
    ) -> Result<(), SourceFault> {
        let own = |name: &str| {
            let name = format!("{}{name}", self.store.speech.facts().prefix);
            HeaderName::try_from(name).map_err(|_| unreadable())
        };
        // One vendor wants no slash in front of it, another one needs it.
        let slash = match self.store.speech {
            Speech::Oss => "/",
            _ => "",
        };
        let source = format!("{slash}{bucket}/{}", encode_path(key.as_str().as_bytes()));
        headers.insert(own("copy-source")?, ask::value(&source)?);
        if let Some(Range { start, end }) = range {
            let text = format!("bytes={start}-{}", end - 1);
            headers.insert(own("copy-source-range")?, ask::value(&text)?);
        }
        Ok(())
    }

    /// The entity tag in the answer to a copy, which may tell of a failure after all.
    async fn copied(&self, ask: Ask<'_>) -> Result<Box<str>, SourceFault> {
        let body = self.told(self.send(ask).await?).await?;
        let answer: CopyAnswer = self.store.speech.read(&body).ok_or_else(unreadable)?;
        Ok(answer.etag)
    }

    async fn done(&self, ask: Ask<'_>) -> Result<(), SourceFault> {
        self.send(ask).await?.discard(DISCARDED_BYTES_MAX).await;
        Ok(())
    }
}

/// Gives a request a body, and its MD5, which some of them have to have.
fn with_body(ask: &mut Ask<'_>, media: &'static str, body: String) -> Result<(), SourceFault> {
    let md5 = STANDARD.encode(Md5::digest(&body));
    let name = HeaderName::from_static("content-md5");
    ask.headers.insert(name, ask::value(&md5)?);
    ask.headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    ask.body = Bytes::from(body);
    Ok(())
}
