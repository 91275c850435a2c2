//! Tasks that fetch what a URL names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::engine::Attributes;
use crate::model::{BucketName, CallbackSpec, DialectId, ObjectKey, Principal, Timestamp};

/// A task. Forgotten some time after it was made. `Debug` shows no URL: its query may be a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchRecord {
    /// The bucket, by name.
    pub bucket: BucketName,
    /// The key that the object gets.
    pub key: ObjectKey,
    /// What is fetched.
    pub url: Box<str>,
    /// MD5 that it must have.
    pub md5: Option<[u8; 16]>,
    /// Whether an object that is there is left alone.
    pub keeps: bool,
    /// What the object carries.
    pub attributes: Attributes,
    /// Application to call when it is stored.
    pub callback: Option<CallbackSpec>,
    /// Vendor words the dialect wants back.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// Who made it.
    pub principal: Principal,
    /// The request that made it.
    pub request_id: Box<str>,
    /// The dialect of that request.
    pub via: DialectId,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it has come to.
    pub state: FetchState,
}

/// What a task has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FetchState {
    /// It is to be done, or being done.
    Running,
    /// The object is stored, and the application called if one was asked for.
    Stored,
    /// The object is stored; the application did not accept, or nobody knows whether it did.
    Uncalled,
    /// Nothing was stored; why, for the client.
    Failed(Box<str>),
    /// The object is stored, and the application is being called.
    Calling,
}

impl fmt::Debug for FetchRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRecord")
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
