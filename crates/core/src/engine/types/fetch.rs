//! Requests to fetch what a URL names.

use std::fmt;

use super::Attributes;
use crate::model::{BucketName, CallbackSpec, ObjectKey};

/// Store what a URL names. `Debug` shows no URL: its query may be a secret.
#[derive(Clone)]
pub struct FetchObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// What is fetched.
    pub url: Box<str>,
    /// MD5 that it must have.
    pub md5: Option<[u8; 16]>,
    /// What becomes of an object that is there.
    pub if_there: IfThere,
    /// What the object carries; its type is that of the answer where none is said.
    pub attributes: Attributes,
    /// Application to call when it is stored; of tasks only.
    pub callback: Option<CallbackSpec>,
    /// Vendor words the dialect wants back; of tasks only.
    pub labels: Vec<(Box<str>, Box<str>)>,
}

/// What becomes of an object that is there when one is to be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfThere {
    /// It is overwritten.
    Overwrite,
    /// It stays, and nothing is fetched.
    Keep,
    /// The request is refused with `ObjectExists`. One that comes later stays.
    Refuse,
}

impl fmt::Debug for FetchObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchObject")
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
