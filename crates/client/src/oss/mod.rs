//! A client of Alibaba Cloud OSS: objects with upload callbacks; for this server and the vendor's.
//!
//! Names are those of the vendor's client for Python. The sample of its page becomes:
//!
//! ```no_run
//! use cohong_client::callback::{Body, Callback, Variable};
//! use cohong_client::oss::Bucket;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = "http://127.0.0.1:9000";
//! let bucket = Bucket::new("access key", "secret key", endpoint, "cn-hangzhou", "examplebucket")?;
//! let body = Body::form().with("bucket", Variable::Bucket).with("object", Variable::Object);
//! let callback = Callback::oss("http://app.example:23450", body)
//!     .var("x:my_var1", "my_val1")
//!     .var("x:my_var2", "my_val2")
//!     .build()?;
//! let content = "a".repeat(1024 * 1024);
//! let stored = bucket.put_object("examplefiles/exampleobject.txt", content, &callback.into()).await?;
//! println!("{} {:?}", stored.etag, stored.callback_result);
//! # Ok(())
//! # }
//! ```
//!
//! Requests are signed by version 4. Bodies travel with their MD5, which the service compares. What only reads is tried
//! again as [`Retry`] says; an upload only after 429 and 503, because a repeated one would be another version and another
//! call. Everything is asynchronous, on a runtime of tokio; [`blocking`] has the same without one.

pub mod blocking;
mod words;

use std::path::Path;

use bytes::Bytes;

pub use crate::objects::{GetObject, HeadObject, Part, PutOptions, Stored};
pub use crate::service::{Addressing, CallbackError, Error, ServerError};
pub use crate::web::{ConnectionError, Retry, ValueError};

use crate::callback::CallbackParameters;
use crate::objects::Store;
use crate::service::{Service, Who};
use words::Oss;

/// A bucket and who asks for it. Clones are cheap and share connections. `Debug` does not show the secret.
#[derive(Debug, Clone)]
pub struct Bucket {
    store: Store<Oss>,
    name: String,
}

impl Bucket {
    /// A bucket of a service at `https://host`, `http://host:port` or a host alone, which means `http`. Nothing is sent
    /// yet.
    pub fn new(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<String>,
        endpoint: &str,
        region: impl Into<String>,
        bucket_name: impl Into<String>,
    ) -> Result<Self, Error> {
        let region = region.into();
        let domain = format!("oss-{region}.aliyuncs.com");
        let who = Who {
            access_key: access_key_id.into(),
            secret: access_key_secret.into(),
            security_token: None,
            region,
        };
        let service = Service::new(endpoint, who, Addressing::Path, domain)?;
        Ok(Self {
            store: Store(service),
            name: bucket_name.into(),
        })
    }

    /// The same with the token of temporary keys.
    #[must_use]
    pub fn with_security_token(self, token: impl Into<String>) -> Self {
        self.with(|service| service.with_security_token(token))
    }

    /// The same with the bucket addressed so.
    #[must_use]
    pub fn with_addressing(self, addressing: Addressing) -> Self {
        self.with(|service| service.with_addressing(addressing))
    }

    /// The same with another way of trying again.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        self.with(|service| service.with_retry(retry))
    }

    fn with(self, change: impl FnOnce(Service<Oss>) -> Service<Oss>) -> Self {
        Self {
            store: Store(change(self.store.0)),
            ..self
        }
    }

    fn at<'a>(&'a self, key: &'a str) -> (&'a str, &'a str) {
        (&self.name, key)
    }

    /// Makes the bucket.
    pub async fn create_bucket(&self) -> Result<(), Error> {
        self.store.create_bucket(&self.name).await
    }

    /// Stores an object; calls the application that `options` names, whose answer is the `callback_result`. Fails with
    /// [`Error::Callback`] when the object is stored and the application did not accept.
    pub async fn put_object(
        &self,
        key: &str,
        content: impl Into<Bytes>,
        options: &PutOptions,
    ) -> Result<Stored, Error> {
        self.store.put(self.at(key), content.into(), options).await
    }

    /// As [`put_object`](Self::put_object), from a file.
    pub async fn put_object_from_file(
        &self,
        key: &str,
        filename: &Path,
        options: &PutOptions,
    ) -> Result<Stored, Error> {
        self.store.put_file(self.at(key), filename, options).await
    }

    /// Reads an object.
    pub async fn get_object(&self, key: &str) -> Result<GetObject, Error> {
        self.store.get(self.at(key)).await
    }

    /// What is told about an object.
    pub async fn head_object(&self, key: &str) -> Result<HeadObject, Error> {
        self.store.head(self.at(key)).await
    }

    /// Removes an object; also when there is none.
    pub async fn delete_object(&self, key: &str) -> Result<(), Error> {
        self.store.delete(self.at(key)).await
    }

    /// Begins an upload in parts; its id. `options` must not have a callback: it is given at the end.
    pub async fn init_multipart_upload(
        &self,
        key: &str,
        options: &PutOptions,
    ) -> Result<String, Error> {
        self.store.create_multipart(self.at(key), options).await
    }

    /// Sends a part.
    pub async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        part_number: u16,
        content: impl Into<Bytes>,
    ) -> Result<Part, Error> {
        let at = self.at(key);
        self.store
            .upload_part(at, upload_id, part_number, content.into())
            .await
    }

    /// Makes an object of the parts, or of all that were uploaded when there is no list; calls as
    /// [`put_object`](Self::put_object) does.
    pub async fn complete_multipart_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: Option<&[Part]>,
        callback: Option<&CallbackParameters>,
    ) -> Result<Stored, Error> {
        self.store
            .complete(self.at(key), upload_id, parts, callback)
            .await
    }

    /// Gives an upload in parts up.
    pub async fn abort_multipart_upload(&self, key: &str, upload_id: &str) -> Result<(), Error> {
        self.store.abort(self.at(key), upload_id).await
    }
}
