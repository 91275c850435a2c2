//! What TOS and OSS do alike: objects put, read and removed, in one request or in parts. Their words are [`Words`].

mod store;
mod types;

use bytes::Bytes;

pub(crate) use store::Store;
pub use types::{GetObject, HeadObject, Part, PutOptions, Stored};

use crate::service::Vendor;

/// What the two vendors say differently.
pub(crate) trait Words: Vendor {
    /// User metadata as it stands in a header.
    fn escaped(text: &str) -> String;

    /// And back.
    fn unescaped(text: &str) -> String;

    /// The id in the answer to the beginning of a multipart upload.
    fn upload_id(body: &[u8]) -> Option<String>;

    /// The body that completes an upload of these parts.
    fn parts(parts: &[Part]) -> Bytes;

    /// The etag in the answer to a completed upload, quotes and all.
    fn completed_etag(body: &[u8]) -> Option<String>;
}
