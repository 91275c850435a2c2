//! Writing to a bucket of another store.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::model::{ObjectKey, StorageClass};
use cohong_core::ports::{Sink, SourceDigests, SourceFault, SourceObject};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::ask::{self, Ask};
use super::reader::Reader;
use super::{answer, fault};
use crate::client::Answer;
use crate::limits::{DISCARDED_BYTES_MAX, SOURCE_ERROR_BYTES_MAX, SOURCE_PAGE_BYTES_MAX};

/// What a store calls an upload, in the words of every vendor (sheets `s3.md`, `oss.md`, `tos.md`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Begun {
    upload_id: String,
}

/// The parts of an upload, as a body that completes it.
#[derive(Serialize)]
#[serde(rename = "CompleteMultipartUpload")]
struct XmlParts<'a> {
    #[serde(rename = "Part")]
    parts: &'a [Part<'a>],
}

#[derive(Serialize)]
struct JsonParts<'a> {
    #[serde(rename = "Parts")]
    parts: &'a [Part<'a>],
}

#[derive(Serialize)]
struct Part<'a> {
    #[serde(rename = "PartNumber")]
    number: usize,
    #[serde(rename = "ETag")]
    etag: &'a str,
}

impl Reader {
    /// A request with bytes, which the store compares with their MD5.
    fn ask_with<'a>(
        &'a self,
        method: Method,
        key: &'a ObjectKey,
        bytes: Bytes,
    ) -> Result<Ask<'a>, SourceFault> {
        let mut ask = self.ask(method, Some(key.as_str()));
        let md5 = STANDARD.encode(Md5::digest(&bytes));
        let name = HeaderName::from_static("content-md5");
        ask.headers.insert(name, ask::value(&md5)?);
        ask.body = bytes;
        Ok(ask)
    }

    /// What an object is to carry: headers, user metadata, class.
    fn describe(&self, headers: &mut HeaderMap, like: &SourceObject) -> Result<(), SourceFault> {
        let facts = self.store.speech.facts();
        let stored = &like.headers;
        let plain = [
            ("content-type", &stored.content_type),
            ("cache-control", &stored.cache_control),
            ("content-disposition", &stored.content_disposition),
            ("content-encoding", &stored.content_encoding),
            ("content-language", &stored.content_language),
            ("expires", &stored.expires),
        ];
        for (name, text) in plain {
            if let Some(text) = text {
                headers.insert(HeaderName::from_static(name), ask::value(text)?);
            }
        }
        let own = |name: &str| {
            let name = format!("{}{name}", facts.prefix);
            HeaderName::try_from(name).map_err(|_| unnamed())
        };
        for (name, value) in &like.user_meta {
            headers.insert(own(&format!("meta-{name}"))?, ask::value(value)?);
        }
        if let Some(redirect) = &stored.website_redirect {
            headers.insert(own("website-redirect-location")?, ask::value(redirect)?);
        }
        let word = facts
            .word(like.class)
            .filter(|_| like.class != StorageClass::Standard);
        if let Some(word) = word {
            headers.insert(own("storage-class")?, HeaderValue::from_static(word));
        }
        Ok(())
    }

    /// The answer's whole body; the fault in it where the store says success too early, as S3 may when
    /// uploads are completed.
    pub(super) async fn told(&self, answer: Answer) -> Result<Bytes, SourceFault> {
        let body = answer.body(SOURCE_PAGE_BYTES_MAX).await;
        let body = body.map_err(fault::of_failure)?;
        let begins = &body[..body.len().min(SOURCE_ERROR_BYTES_MAX)];
        if String::from_utf8_lossy(begins).contains("<Error>") {
            return Err(SourceFault::Broken(
                "the upload could not be completed".into(),
            ));
        }
        Ok(body)
    }

    fn parts_body(&self, parts: &[Box<str>]) -> Result<(&'static str, String), SourceFault> {
        let parts = (1..).zip(parts);
        let parts: Vec<Part<'_>> = parts.map(|(number, etag)| Part { number, etag }).collect();
        let (xml, json) = (XmlParts { parts: &parts }, JsonParts { parts: &parts });
        self.store.speech.write(&xml, &json)
    }
}

fn unnamed() -> SourceFault {
    SourceFault::Broken("a name of its metadata cannot be one there".into())
}

fn unread() -> SourceFault {
    SourceFault::Broken("its answer about an upload cannot be read".into())
}

#[async_trait]
impl Sink for Reader {
    async fn put(
        &self,
        key: &ObjectKey,
        like: &SourceObject,
        bytes: Bytes,
    ) -> Result<SourceDigests, SourceFault> {
        let mut ask = self.ask_with(Method::PUT, key, bytes)?;
        self.describe(&mut ask.headers, like)?;
        let answer = self.send(ask).await?;
        let digests = answer::digests(self.store.speech.facts(), answer.headers());
        answer.discard(DISCARDED_BYTES_MAX).await;
        Ok(digests)
    }

    async fn begin(&self, key: &ObjectKey, like: &SourceObject) -> Result<Box<str>, SourceFault> {
        let mut ask = self.ask(Method::POST, Some(key.as_str()));
        ask.query = &[("uploads", "")];
        self.describe(&mut ask.headers, like)?;
        let body = self.told(self.send(ask).await?).await?;
        let begun: Begun = self.store.speech.read(&body).ok_or_else(unread)?;
        Ok(begun.upload_id.into())
    }

    async fn put_part(
        &self,
        key: &ObjectKey,
        upload: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Box<str>, SourceFault> {
        let mut ask = self.ask_with(Method::PUT, key, bytes)?;
        let number = number.to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", upload)];
        ask.query = &query;
        let answer = self.send(ask).await?;
        let etag = answer.headers().get(http::header::ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok()).map(Into::into);
        answer.discard(DISCARDED_BYTES_MAX).await;
        etag.ok_or_else(unread)
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &str,
        parts: &[Box<str>],
    ) -> Result<SourceDigests, SourceFault> {
        let mut ask = self.ask(Method::POST, Some(key.as_str()));
        let query = [("uploadId", upload)];
        ask.query = &query;
        let (media, body) = self.parts_body(parts)?;
        ask.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(media));
        ask.body = body.into();
        let answer = self.send(ask).await?;
        let digests = answer::digests(self.store.speech.facts(), answer.headers());
        self.told(answer).await?;
        // The entity tag of parts is no MD5 of the whole.
        Ok(SourceDigests {
            md5: None,
            ..digests
        })
    }

    async fn abort(&self, key: &ObjectKey, upload: &str) -> Result<(), SourceFault> {
        let mut ask = self.ask(Method::DELETE, Some(key.as_str()));
        let query = [("uploadId", upload)];
        ask.query = &query;
        self.send(ask).await?.discard(DISCARDED_BYTES_MAX).await;
        Ok(())
    }

    async fn remove(&self, key: &ObjectKey) -> Result<(), SourceFault> {
        match self
            .send(self.ask(Method::DELETE, Some(key.as_str())))
            .await
        {
            Ok(answer) => answer.discard(DISCARDED_BYTES_MAX).await,
            Err(SourceFault::Missing) => {}
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}
