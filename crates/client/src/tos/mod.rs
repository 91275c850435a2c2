//! A client of Volcengine TOS: objects with upload callbacks, and notification rules of buckets; for this server and
//! the vendor's.
//!
//! Names are those of the vendor's client for Python. The samples of its pages become:
//!
//! ```no_run
//! use cohong_client::callback::{Body, Callback, Variable};
//! use cohong_client::tos::{CloudFunctionConfiguration, Filter, TosClient};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = TosClient::new("access key", "secret key", "http://127.0.0.1:9000", "cn-beijing")?;
//!
//! let body = Body::json()
//!     .with("bucket", Variable::Bucket)
//!     .with("object", Variable::Object)
//!     .with("key1", Variable::custom("x:key1"));
//! let callback = Callback::tos("http://app.example/callback", body).var("x:key1", "ceshi").build()?;
//! let stored = client.put_object("bucket-test", "object-test", "content", &callback.into()).await?;
//! println!("{} {} {:?}", stored.status_code, stored.request_id, stored.callback_result);
//!
//! let configuration = CloudFunctionConfiguration {
//!     id: "1".into(),
//!     events: vec!["tos:ObjectCreated:Put".into(), "tos:ObjectCreated:Post".into()],
//!     filter: Some(Filter::of("images/", ".png")),
//!     cloud_function: "thumbnails".into(),
//! };
//! client.put_bucket_notification("bucket-test", vec![configuration]).await?;
//! let rules = client.get_bucket_notification("bucket-test").await?;
//! println!("{:?}", rules.cloud_function_configurations);
//! # Ok(())
//! # }
//! ```
//!
//! Bodies travel with their MD5, which the service compares. What only reads is tried again as [`Retry`] says; an upload
//! only after 429 and 503, because a repeated one would be another version, another event and another call.
//! Everything is asynchronous, on a runtime of tokio; [`blocking`] has the same without one.

pub mod blocking;
mod notification;
mod words;

use std::path::Path;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::objects::{GetObject, HeadObject, Part, PutOptions, Stored};
pub use crate::service::{Addressing, CallbackError, Error, ServerError};
pub use crate::web::{ConnectionError, Retry, ValueError};
pub use notification::{
    BucketNotification, BucketNotificationType2, CloudFunctionConfiguration, Destination, Filter,
    FilterKey, FilterRule, HttpServer, Kafka, NotificationRule, RocketMq, RocketMqConfiguration,
    VeFaas,
};

use crate::callback::CallbackParameters;
use crate::objects::Store;
use crate::service::{Ask, Service, Who};
use words::Tos;

/// A service and who asks it. Clones are cheap and share connections. `Debug` does not show the secret.
#[derive(Debug, Clone)]
pub struct TosClient(Store<Tos>);

impl TosClient {
    /// A service at `https://host`, `http://host:port` or a host alone, which means `https`. Nothing is sent yet.
    pub fn new(
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
        endpoint: &str,
        region: impl Into<String>,
    ) -> Result<Self, Error> {
        let region = region.into();
        let domain = format!("tos-{region}.volces.com");
        let who = Who {
            access_key: access_key.into(),
            secret: secret_key.into(),
            security_token: None,
            region,
        };
        let service = Service::new(endpoint, who, Addressing::HostHeader, domain)?;
        Ok(Self(Store(service)))
    }

    /// The same with the token of temporary keys.
    #[must_use]
    pub fn with_security_token(self, token: impl Into<String>) -> Self {
        Self(Store(self.0.0.with_security_token(token)))
    }

    /// The same with buckets addressed so.
    #[must_use]
    pub fn with_addressing(self, addressing: Addressing) -> Self {
        Self(Store(self.0.0.with_addressing(addressing)))
    }

    /// The same with another way of trying again.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        Self(Store(self.0.0.with_retry(retry)))
    }

    /// Makes a bucket.
    pub async fn create_bucket(&self, bucket: &str) -> Result<(), Error> {
        self.0.create_bucket(bucket).await
    }

    /// Stores an object; calls the application that `options` names, whose answer is the `callback_result`. Fails with
    /// [`Error::Callback`] when the object is stored and the application did not accept.
    pub async fn put_object(
        &self,
        bucket: &str,
        key: &str,
        content: impl Into<Bytes>,
        options: &PutOptions,
    ) -> Result<Stored, Error> {
        self.0.put((bucket, key), content.into(), options).await
    }

    /// As [`put_object`](Self::put_object), from a file.
    pub async fn put_object_from_file(
        &self,
        bucket: &str,
        key: &str,
        file_path: &Path,
        options: &PutOptions,
    ) -> Result<Stored, Error> {
        self.0.put_file((bucket, key), file_path, options).await
    }

    /// Reads an object.
    pub async fn get_object(&self, bucket: &str, key: &str) -> Result<GetObject, Error> {
        self.0.get((bucket, key)).await
    }

    /// What is told about an object.
    pub async fn head_object(&self, bucket: &str, key: &str) -> Result<HeadObject, Error> {
        self.0.head((bucket, key)).await
    }

    /// Removes an object; also when there is none.
    pub async fn delete_object(&self, bucket: &str, key: &str) -> Result<(), Error> {
        self.0.delete((bucket, key)).await
    }

    /// Begins an upload in parts; its id. `options` must not have a callback: it is given at the end.
    pub async fn create_multipart_upload(
        &self,
        bucket: &str,
        key: &str,
        options: &PutOptions,
    ) -> Result<String, Error> {
        self.0.create_multipart((bucket, key), options).await
    }

    /// Sends a part.
    pub async fn upload_part(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        part_number: u16,
        content: impl Into<Bytes>,
    ) -> Result<Part, Error> {
        let at = (bucket, key);
        self.0
            .upload_part(at, upload_id, part_number, content.into())
            .await
    }

    /// Makes an object of the parts, or of all that were uploaded when there is no list; calls as
    /// [`put_object`](Self::put_object) does.
    pub async fn complete_multipart_upload(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        parts: Option<&[Part]>,
        callback: Option<&CallbackParameters>,
    ) -> Result<Stored, Error> {
        self.0
            .complete((bucket, key), upload_id, parts, callback)
            .await
    }

    /// Gives an upload in parts up.
    pub async fn abort_multipart_upload(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
    ) -> Result<(), Error> {
        self.0.abort((bucket, key), upload_id).await
    }

    /// Replaces all notification rules of a bucket; an empty configuration removes them.
    pub async fn put_bucket_notification(
        &self,
        bucket: &str,
        configuration: impl Into<BucketNotification>,
    ) -> Result<(), Error> {
        self.put_json(bucket, "notification", &configuration.into())
            .await
    }

    /// The notification rules of a bucket that version 1 can express.
    pub async fn get_bucket_notification(&self, bucket: &str) -> Result<BucketNotification, Error> {
        self.get_json(bucket, "notification").await
    }

    /// Replaces all notification rules of a bucket. With the `version` of a configuration that was read, fails with
    /// status 409 when it has been changed since.
    pub async fn put_bucket_notification_type2(
        &self,
        bucket: &str,
        configuration: &BucketNotificationType2,
    ) -> Result<(), Error> {
        self.put_json(bucket, "notification_v2", configuration)
            .await
    }

    /// All notification rules of a bucket.
    pub async fn get_bucket_notification_type2(
        &self,
        bucket: &str,
    ) -> Result<BucketNotificationType2, Error> {
        self.get_json(bucket, "notification_v2").await
    }

    async fn put_json(
        &self,
        bucket: &str,
        name: &'static str,
        value: &impl Serialize,
    ) -> Result<(), Error> {
        let body = serde_json::to_vec(value).map_err(|e| ValueError::new(e.to_string()))?;
        let mut ask = Ask::new(Method::PUT, Some(bucket), "")
            .with(name, "")
            .body(body);
        ask.header("content-type", "application/json")?;
        self.0.0.send(&ask).await.map(drop)
    }

    async fn get_json<T: DeserializeOwned>(
        &self,
        bucket: &str,
        name: &'static str,
    ) -> Result<T, Error> {
        let ask = Ask::new(Method::GET, Some(bucket), "").with(name, "");
        let body = self.0.0.send(&ask).await?.whole().await?;
        serde_json::from_slice(&body).map_err(|error| {
            ConnectionError::new(format!("the answer is not what was asked for: {error}")).into()
        })
    }
}
