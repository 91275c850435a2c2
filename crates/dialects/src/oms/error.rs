//! Errors in the vendor's words: status, code and text (sheet section 3), and the answer they become.

use std::borrow::Cow;

use cohong_core::{Error, ErrorKind};
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use serde::Serialize;

use super::limits::RETRY_AFTER_S;
use crate::gate::OutBody;
use crate::gate::fault::{CredentialFault, Fault};
use crate::gate::service::{Failure, json};

/// An error as an OMS client sees it.
#[derive(Debug)]
pub(super) struct OmsError {
    /// HTTP status.
    pub(super) status: StatusCode,
    /// The vendor's code.
    pub(super) code: &'static str,
    /// Text for the client.
    pub(super) message: Cow<'static, str>,
    /// The engine's error, for the log.
    pub(super) cause: Option<Box<Error>>,
}

/// The body of an error; the gateway in front of the service also tells the request's id.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error_msg: &'a str,
    error_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl OmsError {
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

    /// 400: a value outside its constraints.
    pub(super) fn value(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bad("OMS.1003", message)
    }

    /// 400: a member or parameter that has to be there.
    pub(super) fn missing(name: &str) -> Self {
        Self::bad("OMS.1004", format!("{name} is required"))
    }

    /// 400: a member or parameter of the wrong type.
    pub(super) fn wrong_type(name: &str, wanted: &str) -> Self {
        Self::bad("OMS.1010", format!("{name} has to be {wanted}"))
    }

    /// 401: the request does not say who it comes from, or cannot show it.
    pub(super) fn unknown_caller(why: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "APIGW.0301",
            format!("Incorrect IAM authentication information: {why}"),
        )
    }

    /// 401: nobody has that access key.
    pub(super) fn unknown_key(access_key: &str) -> Self {
        Self::unknown_caller(format_args!(
            "Get secretKey failed,ak:{access_key},err:ak not exist"
        ))
    }

    /// 403: what is asked for belongs to somebody else.
    pub(super) fn denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "OMS.0072", message)
    }

    /// 404: no such API.
    pub(super) fn no_such_api(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "APIGW.0101", message)
    }

    /// 404: no such sync task.
    pub(super) fn no_such_task() -> Self {
        Error::new(
            ErrorKind::NoSuchTask,
            "there is no such sync task; list the tasks to see which there are",
        )
        .into()
    }
}

impl Failure for OmsError {
    fn code(&self) -> &'static str {
        self.code
    }

    fn cause(&self) -> Option<&Error> {
        self.cause.as_deref()
    }

    fn encode(&self, request_id: &str) -> Response<OutBody> {
        let by_gateway = self.code.starts_with("APIGW.");
        let body = ErrorBody {
            error_msg: &self.message,
            error_code: self.code,
            request_id: by_gateway.then_some(request_id),
        };
        let mut response = json(self.status, &body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, RETRY_AFTER_S.into());
        }
        response
    }
}

impl From<Error> for OmsError {
    fn from(error: Error) -> Self {
        let (status, code) = words(error.kind());
        let message = error.message().to_owned();
        if status == StatusCode::UNAUTHORIZED {
            return Self::unknown_caller(message);
        }
        Self {
            cause: Some(Box::new(error)),
            ..Self::new(status, code, message)
        }
    }
}

impl From<Fault> for OmsError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Engine(error) => error.into(),
            Fault::Credential(CredentialFault::Skewed) => Self::unknown_caller(
                "verify aksk signature fail: X-Sdk-Date is more than 15 minutes from the server's clock",
            ),
            Fault::Credential(CredentialFault::Token(why)) => Self::unknown_caller(why),
            Fault::Credential(CredentialFault::Region(..) | CredentialFault::Expired) => {
                Self::unknown_caller("verify aksk signature fail")
            }
            Fault::Argument { why, .. } | Fault::Tags { why, .. } | Fault::Body(why) => {
                Self::bad("OMS.0004", why)
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
            | Fault::CallbackFailed(_) => {
                Self::bad("OMS.0004", "the request makes no sense to this service")
            }
        }
    }
}

/// Status and code of each kind (sheet section 3). What a kind means for one operation only is said there.
fn words(kind: ErrorKind) -> (StatusCode, &'static str) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match kind {
        ErrorKind::NoSuchTask => (StatusCode::NOT_FOUND, "OMS.1009"),
        ErrorKind::TaskState => (BAD, "OMS.0052"),
        ErrorKind::TooManyTasks => (BAD, "OMS.0077"),
        ErrorKind::UnknownAccessKey | ErrorKind::ExpiredToken => {
            (StatusCode::UNAUTHORIZED, "APIGW.0301")
        }
        ErrorKind::Denied => (StatusCode::FORBIDDEN, "OMS.0072"),
        ErrorKind::InvalidArgument | ErrorKind::InvalidKey => (BAD, "OMS.1003"),
        ErrorKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "OMS.0004"),
        ErrorKind::IncompleteBody => (BAD, "OMS.0004"),
        ErrorKind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "OMS.0005"),
        ErrorKind::NoSuchBucket | ErrorKind::InvalidBucketName => (BAD, "OMS.0153"),
        ErrorKind::Busy
        | ErrorKind::Full
        | ErrorKind::OriginFailed
        | ErrorKind::Unavailable
        | ErrorKind::TooManyRequests
        | ErrorKind::TooManyBytes => (StatusCode::SERVICE_UNAVAILABLE, "OMS.1001"),
        ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "OMS.1001"),
        // No operation of this dialect meets the kinds below.
        ErrorKind::NoSuchKey
        | ErrorKind::NoSuchVersion
        | ErrorKind::NoSuchUpload
        | ErrorKind::NoSuchPart
        | ErrorKind::OverQuota
        | ErrorKind::DomainTaken
        | ErrorKind::LockUnsupported
        | ErrorKind::NoSuchLock
        | ErrorKind::InvalidBucketState
        | ErrorKind::ReadsNotNoted
        | ErrorKind::ReadsNeeded
        | ErrorKind::DirectoryNotEmpty
        | ErrorKind::UnderObject
        | ErrorKind::DirectoryMismatch
        | ErrorKind::DirectoryExists
        | ErrorKind::IntoItself
        | ErrorKind::RenameMismatch
        | ErrorKind::TooManyInventories
        | ErrorKind::NoTargetBucket
        | ErrorKind::NoSuchObjectSet
        | ErrorKind::TooManyObjectSets
        | ErrorKind::NoSuchDocument(_)
        | ErrorKind::BucketExists
        | ErrorKind::BucketAlreadyOwned
        | ErrorKind::BucketNotEmpty
        | ErrorKind::TooManyBuckets
        | ErrorKind::NoSuchVault
        | ErrorKind::VaultNotEmpty
        | ErrorKind::TooManyVaults
        | ErrorKind::NoSuchArchive
        | ErrorKind::NoSuchJob
        | ErrorKind::JobNotReady
        | ErrorKind::JobFailed
        | ErrorKind::Retained
        | ErrorKind::NoSuchRetention
        | ErrorKind::RetentionLocked
        | ErrorKind::InvalidRetention
        | ErrorKind::ObjectExists
        | ErrorKind::NotAppendable
        | ErrorKind::PositionMismatch
        | ErrorKind::NotSymlink
        | ErrorKind::NoSymlinkTarget
        | ErrorKind::SymlinkToSymlink
        | ErrorKind::NotRestored
        | ErrorKind::RestoreInProgress
        | ErrorKind::NotArchived
        | ErrorKind::PreconditionFailed
        | ErrorKind::NotModified
        | ErrorKind::InvalidPart
        | ErrorKind::InvalidPartOrder
        | ErrorKind::InvalidPartNumber
        | ErrorKind::PartNotSequential
        | ErrorKind::PartTooSmall
        | ErrorKind::BadDigest
        | ErrorKind::InvalidDigest
        | ErrorKind::MissingDigest
        | ErrorKind::BadSignature
        | ErrorKind::InvalidTrailer
        | ErrorKind::InvalidRange
        | ErrorKind::InvalidVersion
        | ErrorKind::KeyMissing
        | ErrorKind::KeyWrong
        | ErrorKind::KeyUnasked
        | ErrorKind::Unsupported => (BAD, "OMS.0001"),
    }
}
