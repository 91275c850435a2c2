//! What is asked and answered about objects.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::callback::CallbackParameters;
use crate::service::Error;
use crate::web::Body;

/// What an upload says beside its bytes.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// `Content-Type`; the service chooses without one.
    pub content_type: Option<String>,
    /// User metadata: names, without the vendor's prefix, and values.
    pub metadata: Vec<(String, String)>,
    /// Refuses the upload when the key is taken.
    pub forbid_overwrite: bool,
    /// Whom to call once the object is stored.
    pub callback: Option<CallbackParameters>,
}

impl From<CallbackParameters> for PutOptions {
    fn from(callback: CallbackParameters) -> Self {
        Self {
            callback: Some(callback),
            ..Self::default()
        }
    }
}

/// An object that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// HTTP status, 2xx.
    pub status_code: u16,
    /// Id of the request.
    pub request_id: String,
    /// Etag, without quotes.
    pub etag: String,
    /// Version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// CRC-64/ECMA-182 of the object, where the service tells it.
    pub hash_crc64_ecma: Option<u64>,
    /// What the application answered, when one was called.
    pub callback_result: Option<Bytes>,
}

/// A part of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// 1 to 10,000.
    pub part_number: u16,
    /// Etag, without quotes.
    pub etag: String,
}

/// What is told about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadObject {
    /// HTTP status, 2xx.
    pub status_code: u16,
    /// Id of the request.
    pub request_id: String,
    /// Etag, without quotes.
    pub etag: String,
    /// Version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// CRC-64/ECMA-182 of the object, where the service tells it.
    pub hash_crc64_ecma: Option<u64>,
    /// Bytes.
    pub content_length: u64,
    /// `Content-Type`; empty when there is none.
    pub content_type: String,
    /// When it was stored, as HTTP writes dates.
    pub last_modified: String,
    /// User metadata, names without the vendor's prefix, in lower case.
    pub metadata: BTreeMap<String, String>,
}

/// An object that is read.
#[derive(Debug)]
pub struct GetObject {
    /// What is told about it.
    pub head: HeadObject,
    pub(super) body: Body,
}

impl GetObject {
    /// Next bytes, at most `size`; none at the end. Fails when the connection breaks or nothing comes for 100 seconds:
    /// an end is always the whole object's.
    pub async fn read(&mut self, size: usize) -> Result<Bytes, Error> {
        Ok(self.body.read(size).await?)
    }

    /// The rest; fails when it is longer than `bytes_max`.
    pub async fn read_to_end(&mut self, bytes_max: usize) -> Result<Bytes, Error> {
        Ok(self.body.rest(bytes_max).await?)
    }
}
