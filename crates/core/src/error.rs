//! The one error type at the engine's border.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::model::{Etag, VersionTag};

/// A boxed cause.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What went wrong, named after what the caller can do about it. Every dialect maps every kind to
/// its own code and status without a wildcard, so a new kind does not compile until all answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// No bucket of that name.
    NoSuchBucket,
    /// No object under that key, or its newest version is a delete marker.
    NoSuchKey,
    /// No such version of the key.
    NoSuchVersion,
    /// No such open multipart upload.
    NoSuchUpload,
    /// The bucket has no configuration document of this kind.
    NoSuchDocument(crate::model::DocKind),
    /// The bucket name is taken by another account.
    BucketExists,
    /// The caller already owns a bucket of that name.
    BucketAlreadyOwned,
    /// The bucket still holds versions or open uploads.
    BucketNotEmpty,
    /// The account has as many buckets as it may.
    TooManyBuckets,
    /// No such task.
    NoSuchTask,
    /// The task is running where it has to be stopped, or the other way round.
    TaskState,
    /// The account has as many tasks as it may.
    TooManyTasks,
    /// No such vault.
    NoSuchVault,
    /// The vault still holds archives.
    VaultNotEmpty,
    /// The account has as many vaults as it may.
    TooManyVaults,
    /// No such archive in the vault.
    NoSuchArchive,
    /// No such job of the vault, or it is forgotten.
    NoSuchJob,
    /// The job has not ended yet.
    JobNotReady,
    /// The job failed and has nothing to give.
    JobFailed,
    /// A bucket's retention keeps the object as it is.
    Retained,
    /// The bucket has no such retention.
    NoSuchRetention,
    /// The bucket's retention is locked.
    RetentionLocked,
    /// The step is none that the bucket's retention can take, or no bucket can have such a retention.
    InvalidRetention,
    /// The object exists and the request forbids overwriting.
    ObjectExists,
    /// The object takes no pieces: it was not made by appending.
    NotAppendable,
    /// The object does not end at the position of the piece; the error tells where it does.
    PositionMismatch,
    /// The object is no link.
    NotSymlink,
    /// The link points at a key that has no object.
    NoSymlinkTarget,
    /// The link points at another link.
    SymlinkToSymlink,
    /// The object is archived and was not restored, or not yet, or not any more.
    NotRestored,
    /// The object is being restored already.
    RestoreInProgress,
    /// The object needs no restore.
    NotArchived,
    /// A condition of the request does not hold.
    PreconditionFailed,
    /// A conditional read finds nothing newer.
    NotModified,
    /// A part named by Complete does not exist or has another etag.
    InvalidPart,
    /// Parts are not in ascending order.
    InvalidPartOrder,
    /// A part number outside 1 to 10,000.
    InvalidPartNumber,
    /// The parts of the upload come in order, and this is not the next one.
    PartNotSequential,
    /// A part other than the last is smaller than the dialect allows.
    PartTooSmall,
    /// Body, part or object larger than allowed.
    TooLarge,
    /// A digest sent with the body is not that of the body.
    BadDigest,
    /// A digest that cannot be one.
    InvalidDigest,
    /// A digest that was to come behind the body did not come.
    MissingDigest,
    /// Fewer bytes came than were declared.
    IncompleteBody,
    /// A part of the body is not what the request's key signed.
    BadSignature,
    /// What follows the body is not what was announced.
    InvalidTrailer,
    /// The object was not made of so many parts.
    NoSuchPart,
    /// No byte of the object lies in the range.
    InvalidRange,
    /// An object key that cannot be stored.
    InvalidKey,
    /// A bucket name that cannot be used.
    InvalidBucketName,
    /// A version id that cannot be one.
    InvalidVersion,
    /// Any other value that makes no sense.
    InvalidArgument,
    /// The method does nothing on a delete marker.
    MethodNotAllowed,
    /// The principal may not do that.
    Denied,
    /// A named access key does not exist.
    UnknownAccessKey,
    /// The temporary credential is past its end.
    ExpiredToken,
    /// Ability this server does not have.
    Unsupported,
    /// The object is encrypted with a customer's key, and the request brings none.
    KeyMissing,
    /// The object is encrypted with another customer's key than the one that the request brings.
    KeyWrong,
    /// The request brings a customer's key, and the object is not encrypted with one.
    KeyUnasked,
    /// Somebody else is changing the same thing; try again.
    Busy,
    /// Out of disk space.
    Full,
    /// The origin of an object that is not here failed.
    OriginFailed,
    /// The server cannot answer now; try again later.
    Unavailable,
    /// A bug or damage on this side. The cause is in the log.
    Internal,
    /// The bucket would hold more bytes than it may.
    OverQuota,
    /// The domain stands for another bucket.
    DomainTaken,
    /// The bucket locks no objects.
    LockUnsupported,
    /// Nothing keeps the version of the object.
    NoSuchLock,
    /// Versioning and locks of the bucket do not go together so.
    InvalidBucketState,
    /// The bucket has as many inventories as it may.
    TooManyInventories,
    /// The bucket that something is to be written into is not there.
    NoTargetBucket,
    /// The bucket does not note when its objects are read.
    ReadsNotNoted,
    /// A lifecycle rule of the bucket needs the notes of when its objects are read.
    ReadsNeeded,
    /// The bucket has no object set of that name, or no object sets at all.
    NoSuchObjectSet,
    /// The bucket has as many object sets as it may.
    TooManyObjectSets,
    /// More requests than the object set may have in a second; try again.
    TooManyRequests,
    /// More bytes than the object set may have in a second; try again.
    TooManyBytes,
    /// The directory still holds something.
    DirectoryNotEmpty,
    /// The path leads through an object, where only directories lead.
    UnderObject,
    /// A directory stands where an object is to be written, or the other way round.
    DirectoryMismatch,
    /// A directory of the new name is there.
    DirectoryExists,
    /// A directory cannot be moved into itself.
    IntoItself,
    /// An object cannot take the place of a directory by a new name, nor the other way round.
    RenameMismatch,
}

/// One of the digests that a client sends with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyDigest {
    /// MD5.
    Md5,
    /// CRC-64/XZ.
    Crc64,
    /// SHA-256, as signatures have it.
    Sha256,
    /// The further checksum.
    Further,
}

/// An error of the engine: a kind for programs, a message for the client, a cause for the log.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
    detail: Option<Detail>,
}

/// What was found, for answers that have to tell it.
#[derive(Debug)]
enum Detail {
    DeleteMarker(VersionTag),
    Digest(BodyDigest),
    Nothing,
    Etag(Etag),
    Length(u64),
}

impl Error {
    /// An error with a message for the client; it must hold no secret and no internal detail.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
            detail: None,
        }
    }

    /// Attaches the cause, which goes to the log and never to the client.
    #[must_use]
    pub fn because(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says that what was found is a delete marker of this version.
    #[must_use]
    pub fn at_delete_marker(mut self, version: VersionTag) -> Self {
        self.detail = Some(Detail::DeleteMarker(version));
        self
    }

    /// Says which etag the object has.
    #[must_use]
    pub fn at_etag(mut self, etag: Etag) -> Self {
        self.detail = Some(Detail::Etag(etag));
        self
    }

    /// Says how long the object is, bytes.
    #[must_use]
    pub fn at_length(mut self, length: u64) -> Self {
        self.detail = Some(Detail::Length(length));
        self
    }

    /// Says that there was nothing that a condition could hold for.
    #[must_use]
    pub fn at_nothing(mut self) -> Self {
        self.detail = Some(Detail::Nothing);
        self
    }

    /// Says which digest is wrong.
    #[must_use]
    pub fn at_digest(mut self, digest: BodyDigest) -> Self {
        self.detail = Some(Detail::Digest(digest));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the client is told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The delete marker that was found instead of an object.
    pub fn delete_marker(&self) -> Option<VersionTag> {
        match self.detail {
            Some(Detail::DeleteMarker(version)) => Some(version),
            _ => None,
        }
    }

    /// The etag of the object, with `NotModified`.
    pub fn etag(&self) -> Option<&Etag> {
        match &self.detail {
            Some(Detail::Etag(etag)) => Some(etag),
            _ => None,
        }
    }

    /// Whether a condition failed because nothing was there, with `PreconditionFailed` of a write.
    pub fn is_about_nothing(&self) -> bool {
        matches!(self.detail, Some(Detail::Nothing))
    }

    /// The digest that is wrong, with `BadDigest`.
    pub fn digest(&self) -> Option<BodyDigest> {
        match self.detail {
            Some(Detail::Digest(digest)) => Some(digest),
            _ => None,
        }
    }

    /// The length of the object, bytes, with `InvalidRange` and `PositionMismatch`.
    pub fn length(&self) -> Option<u64> {
        match self.detail {
            Some(Detail::Length(length)) => Some(length),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<crate::model::InvalidName> for Error {
    fn from(invalid: crate::model::InvalidName) -> Self {
        Self::new(ErrorKind::InvalidArgument, invalid.0)
    }
}

impl From<crate::ports::StoreError> for Error {
    fn from(error: crate::ports::StoreError) -> Self {
        use crate::ports::StoreError;
        match &error {
            StoreError::Damaged(_) | StoreError::NoSuchPayload => damaged(error),
            StoreError::Unavailable(_) => unavailable(error),
        }
    }
}

impl From<crate::ports::BlobError> for Error {
    fn from(error: crate::ports::BlobError) -> Self {
        use crate::ports::BlobError;
        match &error {
            BlobError::Damaged(_) | BlobError::NoSuchBlob => damaged(error),
            BlobError::Full => full(error),
            BlobError::Failed(_) => unavailable(error),
        }
    }
}

impl From<crate::ports::BodyError> for Error {
    fn from(error: crate::ports::BodyError) -> Self {
        use crate::ports::BodyError;
        match error {
            BodyError::Aborted(why) => Self::new(
                ErrorKind::IncompleteBody,
                "the body ended before its end; send it again",
            )
            .because(why),
            BodyError::Refused(error) => error,
            BodyError::Stored(error) => error.into(),
        }
    }
}

impl From<crate::ports::CommitError> for Error {
    fn from(error: crate::ports::CommitError) -> Self {
        use crate::ports::CommitError;
        match error {
            CommitError::Conflict => Self::new(
                ErrorKind::Busy,
                "somebody else is changing the same thing; try again",
            ),
            CommitError::Full => full(error),
            CommitError::Unavailable(_) => unavailable(error),
        }
    }
}

fn damaged(source: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Internal, "stored data cannot be read").because(source)
}

fn full(source: impl Into<BoxError>) -> Error {
    Error::new(
        ErrorKind::Full,
        "no disk space is left; free some or ask the operator",
    )
    .because(source)
}

fn unavailable(source: impl Into<BoxError>) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the server cannot answer now; try again later",
    )
    .because(source)
}
