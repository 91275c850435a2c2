//! The same client for programs without a runtime: every method blocks until it is done. None of it may be called from
//! within a runtime of tokio.
//!
//! ```no_run
//! use cohong_client::oss::blocking::Bucket;
//! use cohong_client::oss::{Error, PutOptions};
//! use std::path::Path;
//!
//! # fn example() -> Result<(), Error> {
//! let bucket = Bucket::new("key", "secret", "http://127.0.0.1:9000", "cn-hangzhou", "examplebucket")?;
//! bucket.put_object_from_file("exampleobject.txt", Path::new("local.txt"), &PutOptions::default())?;
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use bytes::Bytes;

use super::{Addressing, Error, HeadObject, Part, PutOptions, Retry, Stored};
use crate::blocking::{blocking, blocking_object};
use crate::callback::CallbackParameters;

blocking! {
    /// A bucket and who asks for it: [`super::Bucket`] with a runtime. Clones are cheap and share both.
    Bucket, super::Bucket;
    new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>, endpoint: &str, region: impl Into<String>, bucket_name: impl Into<String>);
    change with_security_token(token: impl Into<String>);
    change with_addressing(addressing: Addressing);
    change with_retry(retry: Retry);
    fn create_bucket() -> ();
    fn put_object(key: &str, content: impl Into<Bytes>, options: &PutOptions) -> Stored;
    fn put_object_from_file(key: &str, filename: &Path, options: &PutOptions) -> Stored;
    fn head_object(key: &str) -> HeadObject;
    fn delete_object(key: &str) -> ();
    fn init_multipart_upload(key: &str, options: &PutOptions) -> String;
    fn upload_part(key: &str, upload_id: &str, part_number: u16, content: impl Into<Bytes>) -> Part;
    fn complete_multipart_upload(key: &str, upload_id: &str, parts: Option<&[Part]>, callback: Option<&CallbackParameters>) -> Stored;
    fn abort_multipart_upload(key: &str, upload_id: &str) -> ();
}

blocking_object! {}

impl Bucket {
    /// As [`super::Bucket::get_object`].
    pub fn get_object(&self, key: &str) -> Result<GetObject, Error> {
        Ok(GetObject {
            inner: self.runtime.block_on(self.inner.get_object(key))?,
            runtime: self.runtime.clone(),
        })
    }
}
