//! Other stores, to read from.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::engine::{ExpectedDigests, FurtherDigest, Secret};
use crate::model::{
    ChecksumValue, ObjectKey, StorageClass, StoredHeaders, SyncSource, Timestamp, UserMeta,
};
use crate::ports::{ByteStream, Sink};

/// What a source wants to know of whoever reads. Never printed but for the name.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceCredentials {
    /// Name of the key; may be empty where the secret says everything.
    pub access: Box<str>,
    /// Its secret, or a whole connection string or key file.
    pub secret: Secret,
    /// The token of a temporary key.
    pub token: Option<Secret>,
}

impl fmt::Debug for SourceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceCredentials")
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// Digests of a whole object that a source publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceDigests {
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// CRC-64/XZ.
    pub crc64: Option<u64>,
    /// Any other.
    pub further: Option<ChecksumValue>,
}

impl SourceDigests {
    /// As of a body that must have them.
    pub fn expected(self) -> ExpectedDigests {
        ExpectedDigests {
            md5: self.md5,
            crc64: self.crc64,
            further: self.further.map(FurtherDigest::Sent),
            sha256: None,
        }
    }
}

/// An object of a source.
#[derive(Clone, Debug)]
pub struct SourceObject {
    /// Length, bytes.
    pub size: u64,
    /// Entity tag without quotes, where the source has one: equal for equal states.
    pub etag: Option<Box<str>>,
    /// When it was written.
    pub modified: Timestamp,
    /// Digests that the source publishes.
    pub digests: SourceDigests,
    /// Its headers.
    pub headers: StoredHeaders,
    /// Its user metadata.
    pub user_meta: UserMeta,
    /// Its class, where the source tells.
    pub class: StorageClass,
    /// Whether it has to be restored before it can be read.
    pub archived: bool,
}

/// A page of keys of a source.
#[derive(Clone, Debug)]
pub struct SourcePage {
    /// Keys and sizes in order.
    pub objects: Vec<(ObjectKey, u64)>,
    /// Whether there are more behind these.
    pub more: bool,
}

/// Why a source did not answer as wanted. Texts hold no secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// Nobody knows a source of that kind and place.
    #[error("no source of that kind is known there: {0}")]
    Unknown(Box<str>),
    /// The key cannot be asked for.
    #[error("the source cannot be asked for such a key: {0}")]
    Unaskable(Box<str>),
    /// There is no such object, or no such bucket.
    #[error("the source has no such object or bucket")]
    Missing,
    /// The credentials are wrong, revoked or not enough.
    #[error("the source refuses the credentials")]
    Denied,
    /// The object has to be restored first.
    #[error("the object is archived at the source")]
    Archived,
    /// The object is not the one that was asked for any more.
    #[error("the object was changed at the source while it was read")]
    Changed,
    /// The source asks to come back later.
    #[error("the source is busy")]
    Busy(Option<Duration>),
    /// Anything else, which may pass.
    #[error("the source failed: {0}")]
    Broken(Box<str>),
}

impl SourceFault {
    /// Whether trying again cannot help.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Unknown(_)
            | Self::Unaskable(_)
            | Self::Missing
            | Self::Denied
            | Self::Archived => true,
            Self::Changed | Self::Busy(_) | Self::Broken(_) => false,
        }
    }
}

/// Opens sources.
#[async_trait]
pub trait Sources: fmt::Debug + Send + Sync + 'static {
    /// A source as it can be read with these credentials. May or may not contact it.
    async fn open(
        &self,
        source: &SyncSource,
        with: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault>;

    /// The same to be written as well.
    async fn open_to_write(
        &self,
        place: &SyncSource,
        _with: &SourceCredentials,
    ) -> Result<Arc<dyn Sink>, SourceFault> {
        let why = format!(
            "nothing can be written to {} in {}",
            place.cloud, place.region
        );
        Err(SourceFault::Unknown(why.into()))
    }

    /// Names of the buckets of whoever has these credentials, whatever bucket is named.
    async fn buckets(
        &self,
        place: &SyncSource,
        _with: &SourceCredentials,
    ) -> Result<Vec<Box<str>>, SourceFault> {
        let why = format!("{} in {} lists no buckets", place.cloud, place.region);
        Err(SourceFault::Unknown(why.into()))
    }
}

/// A bucket of another store. Keys are taken byte for byte. Every call ends within its own time limit,
/// and so does a body that brings nothing for a while.
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync + 'static {
    /// Looks at an object.
    async fn stat(&self, key: &ObjectKey) -> Result<SourceObject, SourceFault>;

    /// Looks at an object, and begins to read it where it has at most `most` bytes: one request instead of
    /// two, for whoever is going to read what is there. Errors as of both.
    async fn fetch(
        &self,
        key: &ObjectKey,
        most: u64,
    ) -> Result<(SourceObject, Option<ByteStream>), SourceFault>;

    /// Reads an object, or a range that lies within it. `Changed` when its etag is not `if_etag`, which
    /// a source without etags ignores. The body ends with an error when it is cut short.
    async fn read(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        if_etag: Option<&str>,
    ) -> Result<ByteStream, SourceFault>;

    /// Asks for an archived object to be made readable. Asking again is harmless.
    async fn restore(&self, key: &ObjectKey) -> Result<(), SourceFault>;

    /// Keys that begin with `prefix` and come after `after`, in order, at most `limit`.
    async fn list(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<SourcePage, SourceFault>;
}
