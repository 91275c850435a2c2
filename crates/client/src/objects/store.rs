//! The operations, one request each.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::header::CONTENT_TYPE;
use md5::{Digest, Md5};
use tokio::io::AsyncReadExt;

use super::Words;
use super::types::{GetObject, HeadObject, Part, PutOptions, Stored};
use crate::callback::CallbackParameters;
use crate::service::{Answer, Ask, Error, Payload, Service};
use crate::web::limits::PIECE_BYTES;
use crate::web::{ConnectionError, ValueError};

/// Most parts of an upload.
const PARTS_MAX: u16 = 10_000;

/// Objects of a service.
#[derive(Debug)]
pub(crate) struct Store<W>(pub(crate) Service<W>);

impl<W> Clone for Store<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: Words> Store<W> {
    pub(crate) async fn create_bucket(&self, bucket: &str) -> Result<(), Error> {
        let ask = Ask::new(Method::PUT, Some(bucket), "");
        self.0.send(&ask).await.map(drop)
    }

    /// The MD5 of the bytes goes along, and the service refuses others.
    pub(crate) async fn put(
        &self,
        (bucket, key): (&str, &str),
        content: Bytes,
        options: &PutOptions,
    ) -> Result<Stored, Error> {
        let md5 = STANDARD.encode(Md5::digest(&content));
        let mut ask = Ask::new(Method::PUT, Some(bucket), object(key)?).body(content);
        ask.header("content-md5", &md5)?;
        described::<W>(&mut ask, options)?;
        called::<W>(&mut ask, options.callback.as_ref())?;
        let answer = self.0.send(&ask).await?;
        stored::<W>(answer, options.callback.is_some()).await
    }

    /// The file is read twice, first for its MD5: what changes in between is refused by the service.
    pub(crate) async fn put_file(
        &self,
        (bucket, key): (&str, &str),
        path: &Path,
        options: &PutOptions,
    ) -> Result<Stored, Error> {
        let mut ask = Ask::new(Method::PUT, Some(bucket), object(key)?);
        let (md5, bytes) = digest(path).await?;
        ask.payload = Payload::File(path, bytes);
        ask.header("content-md5", &md5)?;
        described::<W>(&mut ask, options)?;
        called::<W>(&mut ask, options.callback.as_ref())?;
        let answer = self.0.send(&ask).await?;
        stored::<W>(answer, options.callback.is_some()).await
    }

    pub(crate) async fn get(&self, (bucket, key): (&str, &str)) -> Result<GetObject, Error> {
        let answer = self
            .0
            .send(&Ask::new(Method::GET, Some(bucket), object(key)?))
            .await?;
        Ok(GetObject {
            head: head::<W>(&answer),
            body: answer.body,
        })
    }

    pub(crate) async fn head(&self, (bucket, key): (&str, &str)) -> Result<HeadObject, Error> {
        let ask = Ask::new(Method::HEAD, Some(bucket), object(key)?);
        Ok(head::<W>(&self.0.send(&ask).await?))
    }

    pub(crate) async fn delete(&self, (bucket, key): (&str, &str)) -> Result<(), Error> {
        let ask = Ask::new(Method::DELETE, Some(bucket), object(key)?);
        self.0.send(&ask).await.map(drop)
    }

    pub(crate) async fn create_multipart(
        &self,
        (bucket, key): (&str, &str),
        options: &PutOptions,
    ) -> Result<String, Error> {
        if options.callback.is_some() {
            let text = "the callback of a multipart upload is given when it is completed";
            return Err(ValueError::new(text).into());
        }
        let mut ask = Ask::new(Method::POST, Some(bucket), object(key)?).with("uploads", "");
        described::<W>(&mut ask, options)?;
        let body = self.0.send(&ask).await?.whole().await?;
        let id = W::upload_id(&body).filter(|id| !id.is_empty());
        let missing = || ConnectionError::new("the answer names no upload").into();
        id.ok_or_else(missing)
    }

    pub(crate) async fn upload_part(
        &self,
        (bucket, key): (&str, &str),
        upload_id: &str,
        part_number: u16,
        content: Bytes,
    ) -> Result<Part, Error> {
        if !(1..=PARTS_MAX).contains(&part_number) {
            return Err(ValueError::new("parts have the numbers 1 to 10,000").into());
        }
        let md5 = STANDARD.encode(Md5::digest(&content));
        let mut ask = Ask::new(Method::PUT, Some(bucket), object(key)?)
            .with("partNumber", part_number.to_string())
            .with("uploadId", upload_id)
            .body(content);
        ask.header("content-md5", &md5)?;
        let etag = self.0.send(&ask).await?.etag();
        Ok(Part { part_number, etag })
    }

    /// Without parts, of all that were uploaded.
    pub(crate) async fn complete(
        &self,
        (bucket, key): (&str, &str),
        upload_id: &str,
        parts: Option<&[Part]>,
        callback: Option<&CallbackParameters>,
    ) -> Result<Stored, Error> {
        let mut ask =
            Ask::new(Method::POST, Some(bucket), object(key)?).with("uploadId", upload_id);
        match parts {
            Some(parts) => ask = ask.body(W::parts(parts)),
            None => ask.header(&format!("{}complete-all", W::PREFIX), "yes")?,
        }
        called::<W>(&mut ask, callback)?;
        let answer = self.0.send(&ask).await?;
        stored::<W>(answer, callback.is_some()).await
    }

    pub(crate) async fn abort(
        &self,
        (bucket, key): (&str, &str),
        upload_id: &str,
    ) -> Result<(), Error> {
        let ask = Ask::new(Method::DELETE, Some(bucket), object(key)?).with("uploadId", upload_id);
        self.0.send(&ask).await.map(drop)
    }
}

/// A key that names an object, not its bucket.
fn object(key: &str) -> Result<&str, ValueError> {
    let named = Some(key).filter(|key| !key.is_empty());
    named.ok_or_else(|| ValueError::new("an object has a key of at least one byte"))
}

/// MD5 in Base64 and length of a file.
async fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = tokio::fs::File::open(path).await?;
    let mut piece = vec![0; PIECE_BYTES];
    let (mut md5, mut bytes) = (Md5::new(), 0);
    loop {
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Ok((STANDARD.encode(md5.finalize()), bytes));
        }
        md5.update(&piece[..read]);
        bytes += read as u64;
    }
}

fn described<W: Words>(ask: &mut Ask<'_>, options: &PutOptions) -> Result<(), ValueError> {
    if let Some(kind) = &options.content_type {
        ask.header(CONTENT_TYPE.as_str(), kind)?;
    }
    for (name, value) in &options.metadata {
        let name = format!("{}meta-{}", W::PREFIX, W::escaped(name));
        ask.header(&name, &W::escaped(value))?;
    }
    if options.forbid_overwrite {
        ask.header(&format!("{}forbid-overwrite", W::PREFIX), "true")?;
    }
    Ok(())
}

fn called<W: Words>(
    ask: &mut Ask<'_>,
    callback: Option<&CallbackParameters>,
) -> Result<(), ValueError> {
    let Some(callback) = callback else {
        return Ok(());
    };
    ask.header(&format!("{}callback", W::PREFIX), &callback.callback)?;
    if let Some(vars) = &callback.callback_var {
        ask.header(&format!("{}callback-var", W::PREFIX), vars)?;
    }
    Ok(())
}

async fn stored<W: Words>(mut answer: Answer, called: bool) -> Result<Stored, Error> {
    let body = answer.whole().await?;
    let mut etag = answer.etag();
    if etag.is_empty() && !called {
        let told = W::completed_etag(&body);
        etag = told.map_or(etag, |etag| etag.trim_matches('"').to_owned());
    }
    if etag.is_empty() {
        return Err(ConnectionError::new("the answer has no etag of what was stored").into());
    }
    Ok(Stored {
        status_code: answer.status,
        request_id: own::<W>(&answer, "request-id").unwrap_or_default(),
        etag,
        version_id: own::<W>(&answer, "version-id"),
        hash_crc64_ecma: own::<W>(&answer, "hash-crc64ecma").and_then(|crc| crc.parse().ok()),
        callback_result: called.then_some(body),
    })
}

fn head<W: Words>(answer: &Answer) -> HeadObject {
    let prefix = format!("{}meta-", W::PREFIX);
    let metadata = answer.headers.keys().filter_map(|header| {
        let name = header.as_str().strip_prefix(&prefix)?;
        let value = answer.header(header.as_str())?;
        Some((W::unescaped(name), W::unescaped(value)))
    });
    HeadObject {
        status_code: answer.status,
        request_id: own::<W>(answer, "request-id").unwrap_or_default(),
        etag: answer.etag(),
        version_id: own::<W>(answer, "version-id"),
        hash_crc64_ecma: own::<W>(answer, "hash-crc64ecma").and_then(|crc| crc.parse().ok()),
        content_length: answer.text("content-length").parse().unwrap_or_default(),
        content_type: answer.text("content-type"),
        last_modified: answer.text("last-modified"),
        metadata: metadata.collect(),
    }
}

/// A header with the vendor's prefix.
fn own<W: Words>(answer: &Answer, name: &str) -> Option<String> {
    let value = answer.header(&format!("{}{name}", W::PREFIX))?;
    Some(value.to_owned())
}
