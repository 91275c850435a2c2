//! Errors in the vendor's words: status, code, type and text (sheet section 5), and the answer they become.

use std::borrow::Cow;

use cohong_core::{Error, ErrorKind};
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use serde::Serialize;

use super::limits::RETRY_AFTER_S;
use crate::gate::OutBody;
use crate::gate::fault::{CredentialFault, Fault};
use crate::gate::service::{Failure, json};

/// An error as an OAS client sees it.
#[derive(Debug)]
pub(super) struct OasError {
    /// HTTP status.
    pub(super) status: StatusCode,
    /// The vendor's code.
    pub(super) code: &'static str,
    /// Text for the client.
    pub(super) message: Cow<'static, str>,
    /// The engine's error, for the log.
    cause: Option<Box<Error>>,
}

/// The body of an error. Clients read all three members (sheet section 5).
#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
}

impl OasError {
    /// Any error by its parts.
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            cause: None,
        }
    }

    /// 400 with a code.
    pub(super) fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400: a value that makes no sense.
    pub(super) fn argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bad("InvalidArgument", message)
    }

    /// 400: a header or member that has to be there.
    pub(super) fn missing(name: &str) -> Self {
        Self::bad("MissingArgument", format!("{name} is required"))
    }

    /// 416: bytes that cannot be asked for.
    pub(super) fn range(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message)
    }

    /// 403: the request does not say who it comes from, or cannot show it.
    pub(super) fn denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    /// What the engine says of an id that cannot be one.
    pub(super) fn absent(kind: ErrorKind, message: &'static str) -> Self {
        Error::new(kind, message).into()
    }

    /// Says what the engine found with another code of status 400, for what one operation calls otherwise.
    pub(super) fn or_bad(error: Error, kind: ErrorKind, code: &'static str) -> Self {
        let other = error.kind() == kind;
        let error = Self::from(error);
        if !other {
            return error;
        }
        let status = StatusCode::BAD_REQUEST;
        Self {
            status,
            code,
            ..error
        }
    }
}

impl Failure for OasError {
    fn code(&self) -> &'static str {
        self.code
    }

    fn cause(&self) -> Option<&Error> {
        self.cause.as_deref()
    }

    fn encode(&self, _request_id: &str) -> Response<OutBody> {
        let body = ErrorBody {
            code: self.code,
            kind: if self.status.is_server_error() {
                "server"
            } else {
                "client"
            },
            message: &self.message,
        };
        let mut response = json(self.status, &body);
        if self.status == StatusCode::BAD_GATEWAY {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, RETRY_AFTER_S.into());
        }
        response
    }
}

impl From<Error> for OasError {
    fn from(error: Error) -> Self {
        let (status, code) = words(error.kind());
        let message = error.message().to_owned();
        Self {
            cause: Some(Box::new(error)),
            ..Self::new(status, code, message)
        }
    }
}

impl From<Fault> for OasError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Engine(error) => error.into(),
            Fault::Credential(CredentialFault::Skewed) => Self::new(
                StatusCode::FORBIDDEN,
                "RequestTimeTooSkewed",
                "Date is more than 15 minutes from the server's clock",
            ),
            Fault::Credential(CredentialFault::Token(why)) => Self::denied(why),
            Fault::Credential(CredentialFault::Region(..) | CredentialFault::Expired) => {
                Self::denied("the signature does not hold here and now")
            }
            Fault::Argument { why, .. } | Fault::Tags { why, .. } | Fault::Body(why) => {
                Self::bad("InvalidRequest", why)
            }
            // Nothing of this dialect has these.
            Fault::Host
            | Fault::NoBucket
            | Fault::KeyTooLong
            | Fault::Xml
            | Fault::Checksum(_)
            | Fault::TooManyTags { .. }
            | Fault::TwoRanges
            | Fault::OntoItself
            | Fault::Policy(_)
            | Fault::Origin(_)
            | Fault::Cipher { .. }
            | Fault::Insecure
            | Fault::NotServed(_)
            | Fault::Callback(_)
            | Fault::CallbackFailed(_) => Self::bad(
                "InvalidRequest",
                "the request makes no sense to this service",
            ),
        }
    }
}

/// Status and code of each kind (sheet section 5). What a kind means for one operation only is said there.
fn words(kind: ErrorKind) -> (StatusCode, &'static str) {
    use ErrorKind as K;
    use StatusCode as S;
    match kind {
        K::NoSuchVault => (S::NOT_FOUND, "VaultNotExists"),
        K::NoSuchArchive => (S::NOT_FOUND, "ArchiveNotExists"),
        K::NoSuchJob => (S::NOT_FOUND, "JobNotExists"),
        K::NoSuchUpload => (S::NOT_FOUND, "UploadIdNotExists"),
        K::NoSuchPart => (S::NOT_FOUND, "PartIdNotExists"),
        K::VaultNotEmpty => (S::CONFLICT, "VaultNotEmpty"),
        K::TooManyVaults => (S::FORBIDDEN, "TooManyVaults"),
        K::JobNotReady => (S::BAD_REQUEST, "JobNotReady"),
        K::JobFailed => (S::BAD_REQUEST, "JobNoOutput"),
        K::InvalidRange => (S::RANGE_NOT_SATISFIABLE, "InvalidRange"),
        K::InvalidPart | K::InvalidPartNumber | K::PartTooSmall => (S::BAD_REQUEST, "InvalidPart"),
        K::BadDigest | K::InvalidDigest | K::MissingDigest => (S::BAD_REQUEST, "InvalidDigest"),
        // Of a body that stopped coming: who cut it off hears nothing.
        K::IncompleteBody => (S::REQUEST_TIMEOUT, "RequestTimeout"),
        K::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        K::Denied => (S::FORBIDDEN, "AccessDenied"),
        K::UnknownAccessKey | K::ExpiredToken => (S::FORBIDDEN, "InvalidAccessKeyId"),
        K::InvalidArgument
        | K::TooLarge
        | K::InvalidKey
        | K::InvalidBucketName
        | K::NoSuchBucket
        | K::NoSuchKey => (S::BAD_REQUEST, "InvalidArgument"),
        K::Busy
        | K::Full
        | K::OriginFailed
        | K::Unavailable
        | K::TooManyRequests
        | K::TooManyBytes => (S::BAD_GATEWAY, "ServiceUnavailable"),
        K::Internal => (S::INTERNAL_SERVER_ERROR, "InternalError"),
        // No operation of this dialect meets the kinds below.
        K::NoSuchVersion
        | K::NoSuchTask
        | K::NoSuchDocument(_)
        | K::TaskState
        | K::TooManyTasks
        | K::BucketExists
        | K::BucketAlreadyOwned
        | K::BucketNotEmpty
        | K::TooManyBuckets
        | K::ObjectExists
        | K::NotAppendable
        | K::PositionMismatch
        | K::NotSymlink
        | K::NoSymlinkTarget
        | K::SymlinkToSymlink
        | K::NotRestored
        | K::RestoreInProgress
        | K::NotArchived
        | K::PreconditionFailed
        | K::NotModified
        | K::InvalidPartOrder
        | K::PartNotSequential
        | K::Retained
        | K::NoSuchRetention
        | K::RetentionLocked
        | K::InvalidRetention
        | K::BadSignature
        | K::InvalidTrailer
        | K::InvalidVersion
        | K::KeyMissing
        | K::KeyWrong
        | K::KeyUnasked
        | K::OverQuota
        | K::DomainTaken
        | K::LockUnsupported
        | K::NoSuchLock
        | K::InvalidBucketState
        | K::ReadsNotNoted
        | K::ReadsNeeded
        | K::DirectoryNotEmpty
        | K::UnderObject
        | K::DirectoryMismatch
        | K::DirectoryExists
        | K::IntoItself
        | K::RenameMismatch
        | K::TooManyInventories
        | K::NoTargetBucket
        | K::NoSuchObjectSet
        | K::TooManyObjectSets
        | K::Unsupported => (S::BAD_REQUEST, "InvalidRequest"),
    }
}
