//! The same client for programs without a runtime: every method blocks until it is done. None of it may be called from
//! within a runtime of tokio.
//!
//! ```no_run
//! use cohong_client::tos::blocking::TosClient;
//! use cohong_client::tos::{Error, PutOptions};
//!
//! # fn example() -> Result<(), Error> {
//! let client = TosClient::new("access key", "secret key", "http://127.0.0.1:9000", "cn-beijing")?;
//! client.put_object("bucket-test", "object-test", "content", &PutOptions::default())?;
//! let content = client.get_object("bucket-test", "object-test")?.read_to_end(1 << 20)?;
//! assert_eq!(content, "content");
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use bytes::Bytes;

use super::{
    Addressing, BucketNotification, BucketNotificationType2, Error, HeadObject, Part, PutOptions,
    Retry, Stored,
};
use crate::blocking::{blocking, blocking_object};
use crate::callback::CallbackParameters;

blocking! {
    /// A service and who asks it: [`super::TosClient`] with a runtime. Clones are cheap and share both.
    TosClient, super::TosClient;
    new(access_key: impl Into<String>, secret_key: impl Into<String>, endpoint: &str, region: impl Into<String>);
    change with_security_token(token: impl Into<String>);
    change with_addressing(addressing: Addressing);
    change with_retry(retry: Retry);
    fn create_bucket(bucket: &str) -> ();
    fn put_object(bucket: &str, key: &str, content: impl Into<Bytes>, options: &PutOptions) -> Stored;
    fn put_object_from_file(bucket: &str, key: &str, file_path: &Path, options: &PutOptions) -> Stored;
    fn head_object(bucket: &str, key: &str) -> HeadObject;
    fn delete_object(bucket: &str, key: &str) -> ();
    fn create_multipart_upload(bucket: &str, key: &str, options: &PutOptions) -> String;
    fn upload_part(bucket: &str, key: &str, upload_id: &str, part_number: u16, content: impl Into<Bytes>) -> Part;
    fn complete_multipart_upload(bucket: &str, key: &str, upload_id: &str, parts: Option<&[Part]>, callback: Option<&CallbackParameters>) -> Stored;
    fn abort_multipart_upload(bucket: &str, key: &str, upload_id: &str) -> ();
    fn put_bucket_notification(bucket: &str, configuration: impl Into<BucketNotification>) -> ();
    fn get_bucket_notification(bucket: &str) -> BucketNotification;
    fn put_bucket_notification_type2(bucket: &str, configuration: &BucketNotificationType2) -> ();
    fn get_bucket_notification_type2(bucket: &str) -> BucketNotificationType2;
}

blocking_object! {}

impl TosClient {
    /// As [`super::TosClient::get_object`].
    pub fn get_object(&self, bucket: &str, key: &str) -> Result<GetObject, Error> {
        Ok(GetObject {
            inner: self.runtime.block_on(self.inner.get_object(bucket, key))?,
            runtime: self.runtime.clone(),
        })
    }
}
