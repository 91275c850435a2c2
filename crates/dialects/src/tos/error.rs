//! Errors in the vendor's words: code, status, EC (sheet section 3), and the answer they become.
//!
//! The vendor asks nobody to depend on EC, but its SDK does for a missing bucket and a missing object; the
//! other numbers are this server's own within the vendor's groups (sheet section 8).

use std::borrow::Cow;

use cohong_core::ErrorKind;
use cohong_core::model::DocKind;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::Tos;
use super::words::TOS;
use crate::common::policy::BadPolicy;
use crate::common::vocabulary::Vocabulary;
use crate::gate::fault::{CredentialFault, Fault};
use crate::gate::said::{Asked, Kind, Said, Vendor};

/// An error as a TOS client sees it.
pub(crate) type TosError = Said<Tos>;

impl TosError {
    /// 400 `InvalidArgument`.
    pub(super) fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bad("InvalidArgument", "0002-00000001", message)
    }

    /// 400 `MalformedBody`: the body is not what the operation reads.
    pub(super) fn malformed_body(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bad("MalformedBody", "0002-00000004", message)
    }

    /// 400 `KeyTooLong` (sheet section 1: 696 bytes).
    fn key_too_long() -> Self {
        let message = "an object key has at most 696 bytes";
        Self::bad("KeyTooLong", "0017-00000020", message)
    }

    /// 403 `AuthorizationHeaderMalformed`.
    pub(super) fn bad_authorization(message: impl Into<Cow<'static, str>>) -> Self {
        let code = "AuthorizationHeaderMalformed";
        Self::new(StatusCode::FORBIDDEN, code, "0015-00000006", message)
    }

    /// 403 `AccessDenied`.
    pub(super) fn access_denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "0015-00000001",
            message,
        )
    }

    /// 501 for an operation this server does not have (sheet section 7).
    pub(super) fn not_implemented(name: &str) -> Self {
        let message = format!("this server does not have {name:?}; the request changed nothing");
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            "0002-00000003",
            message,
        )
    }

    /// 203 `CallbackFailed`: the upload is stored, its callback failed; `headers` are the upload's
    /// (sheet section 5). One text whatever happened, so that callbacks do not scan networks; the
    /// server's delivery log has the details.
    fn callback_failed(headers: HeaderMap) -> Self {
        let message = "the object is stored, but its upload callback did not succeed; \
                       ask the operator of this server for its delivery log";
        let status = StatusCode::NON_AUTHORITATIVE_INFORMATION;
        let error = Self::new(status, "CallbackFailed", "0017-00000021", message);
        Self {
            headers: Some(Box::new(headers)),
            ..error
        }
    }

    fn bad(code: &'static str, ec: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, ec, message)
    }
}

/// The body of an error: members at the top level (sheet, trap 7).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
    request_id: &'a str,
    host_id: &'a str,
    resource: &'a str,
    #[serde(rename = "EC")]
    ec: &'a str,
}

/// The body of an error; its resource is the path with the bucket in front, `/bucket/key`. The SDK decodes
/// answers without body from `x-tos-ec` (sheet, traps 1 and 2).
pub(super) fn body(error: &TosError, asked: &Asked<'_>, host_id: &str) -> Vec<u8> {
    let resource = match asked.bucket {
        Some(bucket) => format!("/{bucket}/{}", asked.path),
        None => format!("/{}", asked.path),
    };
    let body = ErrorBody {
        code: error.code,
        message: &error.message,
        request_id: asked.request_id,
        host_id,
        resource: &resource,
        ec: error.ec,
    };
    serde_json::to_vec(&body).expect("strings are always JSON")
}

impl Vendor for Tos {
    fn words() -> &'static Vocabulary {
        &TOS
    }

    fn kind(kind: ErrorKind) -> Kind {
        let (status, code, ec) = words(kind);
        Kind {
            status,
            code,
            ec,
            message: None,
        }
    }

    fn fault(fault: Fault) -> TosError {
        match fault {
            Fault::Argument { why, .. }
            | Fault::Checksum(why)
            | Fault::Tags { why, .. }
            | Fault::TooManyTags { why, .. } => TosError::invalid_argument(why),
            Fault::Policy(BadPolicy::Malformed(why)) => TosError::invalid_argument(why),
            Fault::Policy(refused) => TosError::access_denied(refused.to_string()),
            Fault::Host => TosError::invalid_argument(
                "this host name is not served here; add it to `tos.domains` or use one of the vendor's",
            ),
            Fault::NoBucket => TosError::invalid_argument(
                "the bucket belongs into the host name, as in bucket.tos-cn-beijing.volces.com",
            ),
            Fault::KeyTooLong => TosError::key_too_long(),
            Fault::Body(why) => TosError::malformed_body(why),
            // None is a fault here: bodies are JSON, a copy onto itself is a copy, and no part is read alone.
            Fault::Xml => TosError::malformed_body("the body is malformed"),
            Fault::OntoItself | Fault::TwoRanges => {
                TosError::invalid_argument("the request contradicts itself")
            }
            Fault::Origin(why) => TosError::new(
                StatusCode::FORBIDDEN,
                "AccessForbidden",
                "0006-00000008",
                why,
            ),
            Fault::Cipher { .. } => {
                TosError::invalid_argument("this server encrypts with AES256, or not at all")
            }
            Fault::Insecure => TosError::invalid_argument("send the key over https"),
            Fault::NotServed(name) => TosError::not_implemented(&name),
            Fault::Callback(bad) => TosError::invalid_argument(bad.to_string()),
            Fault::CallbackFailed(failed) => TosError::callback_failed(failed.0),
            Fault::Credential(fault) => fault.into(),
            Fault::Engine(error) => error.into(),
        }
    }
}

impl From<CredentialFault> for TosError {
    fn from(fault: CredentialFault) -> Self {
        match fault {
            CredentialFault::Region(region, _) => Self::bad_authorization(format!(
                "the region {region:?} is not served here; add it to `tos.regions`"
            )),
            CredentialFault::Skewed => Self::new(
                StatusCode::FORBIDDEN,
                "RequestTimeTooSkewed",
                "0015-00000007",
                "the request was signed more than 15 minutes away from the server's clock; set your clock",
            ),
            CredentialFault::Expired => {
                Self::access_denied("the URL has expired; presign it again")
            }
            CredentialFault::Token(why) => Self::new(
                StatusCode::FORBIDDEN,
                "InvalidSecurityToken",
                "0015-00000009",
                why,
            ),
        }
    }
}

/// Code where nothing keeps an object.
const NO_LOCK: &str = "NoSuchObjectLockConfiguration";

/// The vendor's words for each kind of error.
fn words(kind: ErrorKind) -> (StatusCode, &'static str, &'static str) {
    use ErrorKind as K;
    use StatusCode as S;
    match kind {
        K::NoSuchBucket | K::NoTargetBucket => (S::NOT_FOUND, "NoSuchBucket", "0006-00000001"),
        K::NoSuchKey => (S::NOT_FOUND, "NoSuchKey", "0017-00000003"),
        K::NoSuchVersion => (S::NOT_FOUND, "NoSuchVersion", "0017-00000004"),
        K::NoSuchUpload => (S::NOT_FOUND, "NoSuchUpload", "0017-00000005"),
        K::NoSuchDocument(kind) => {
            let code = match kind {
                DocKind::Policy => "NoSuchBucketPolicy",
                DocKind::Cors => "NoSuchCORSConfiguration",
                DocKind::Lifecycle | DocKind::SetLifecycles => "NoSuchLifecycleConfiguration",
                DocKind::Tags => "NoSuchTagSet",
                DocKind::Encryption => "ServerSideEncryptionConfigurationNotFoundError",
                DocKind::Website => "NoSuchWebsiteConfiguration",
                DocKind::Mirrors => "NoSuchMirrorConfiguration",
                // Nothing that requests of this dialect are about.
                DocKind::Callbacks => "NoSuchConfiguration",
                DocKind::Inventories => "NoSuchInventoryConfiguration",
                DocKind::SetQuotas => "NoSuchObjectSetQuotaConfiguration",
                DocKind::Replication => "NoSuchBucketReplication",
            };
            (S::NOT_FOUND, code, "0006-00000007")
        }
        K::BucketExists => (S::CONFLICT, "BucketAlreadyExists", "0006-00000002"),
        K::BucketAlreadyOwned => (S::CONFLICT, "BucketAlreadyOwnedByYou", "0006-00000003"),
        K::BucketNotEmpty => (S::CONFLICT, "BucketNotEmpty", "0006-00000004"),
        K::TooManyBuckets => (S::BAD_REQUEST, "TooManyBuckets", "0006-00000005"),
        K::ObjectExists => (S::CONFLICT, "DuplicateObject", "0017-00000006"),
        K::NotAppendable => (S::CONFLICT, "NotAppendable", "0017-00000022"),
        K::PositionMismatch => (S::CONFLICT, "OffsetNotMatched", "0017-00000023"),
        K::NoSuchTask => (S::NOT_FOUND, "NoSuchFetchTask", "0017-00000030"),
        K::NotSymlink => (S::BAD_REQUEST, "NotSymlink", "0017-00000024"),
        K::NoSymlinkTarget => (S::NOT_FOUND, "SymlinkTargetNotExist", "0017-00000025"),
        K::SymlinkToSymlink => (S::BAD_REQUEST, "InvalidTargetType", "0017-00000026"),
        K::NotRestored => (S::FORBIDDEN, "InvalidObjectState", "0017-00000027"),
        K::RestoreInProgress => (S::CONFLICT, "RestoreAlreadyInProgress", "0017-00000028"),
        K::NotArchived => (S::BAD_REQUEST, "InvalidObjectState", "0017-00000029"),
        K::PreconditionFailed => (
            S::PRECONDITION_FAILED,
            "PreconditionFailed",
            "0017-00000007",
        ),
        K::NotModified => (S::NOT_MODIFIED, "NotModified", "0017-00000008"),
        K::InvalidPart => (S::BAD_REQUEST, "InvalidPart", "0017-00000009"),
        K::InvalidPartOrder | K::PartNotSequential => {
            (S::BAD_REQUEST, "InvalidPartOrder", "0017-00000010")
        }
        K::InvalidPartNumber => (S::BAD_REQUEST, "InvalidPartNumber", "0017-00000011"),
        K::PartTooSmall => (S::BAD_REQUEST, "EntityTooSmall", "0017-00000012"),
        K::TooLarge => (S::BAD_REQUEST, "EntityTooLarge", "0017-00000013"),
        K::BadDigest => (S::BAD_REQUEST, "BadDigest", "0017-00000014"),
        K::InvalidDigest => (S::BAD_REQUEST, "InvalidDigest", "0017-00000015"),
        K::BadSignature => (S::FORBIDDEN, "SignatureDoesNotMatch", "0015-00000010"),
        K::IncompleteBody | K::MissingDigest => (S::BAD_REQUEST, "IncompleteBody", "0017-00000016"),
        K::InvalidRange | K::NoSuchPart => {
            (S::RANGE_NOT_SATISFIABLE, "InvalidRange", "0017-00000017")
        }
        K::InvalidKey => (S::BAD_REQUEST, "InvalidObjectName", "0017-00000018"),
        K::InvalidBucketName => (S::BAD_REQUEST, "InvalidBucketName", "0006-00000006"),
        K::InvalidVersion => (S::BAD_REQUEST, "InvalidVersionId", "0017-00000019"),
        // Tasks of migrations and vaults are nothing that requests of this dialect are about.
        K::InvalidArgument
        | K::InvalidTrailer
        | K::TaskState
        | K::TooManyTasks
        | K::NoSuchVault
        | K::VaultNotEmpty
        | K::TooManyVaults
        | K::InvalidRetention
        | K::NoSuchArchive
        | K::NoSuchJob
        | K::JobNotReady
        | K::JobFailed
        | K::ReadsNotNoted
        | K::ReadsNeeded => (S::BAD_REQUEST, "InvalidArgument", "0002-00000001"),
        K::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "MethodNotAllowed", "0002-00000002"),
        K::Retained | K::NoSuchRetention | K::RetentionLocked => {
            (S::FORBIDDEN, "AccessDenied", "0015-00000002")
        }
        K::NoSuchLock => (S::NOT_FOUND, NO_LOCK, "0017-00000033"),
        K::InvalidBucketState => (S::CONFLICT, "InvalidBucketState", "0006-00000011"),
        K::KeyMissing | K::KeyUnasked => (S::BAD_REQUEST, "InvalidRequest", "0017-00000030"),
        K::LockUnsupported => (S::BAD_REQUEST, "InvalidRequest", "0017-00000032"),
        K::KeyWrong => (S::FORBIDDEN, "AccessDenied", "0017-00000031"),
        K::Denied => (S::FORBIDDEN, "AccessDenied", "0015-00000001"),
        K::UnknownAccessKey => (S::FORBIDDEN, "InvalidAccessKeyId", "0015-00000002"),
        K::ExpiredToken => (S::FORBIDDEN, "ExpiredToken", "0015-00000003"),
        K::Unsupported => (S::NOT_IMPLEMENTED, "NotImplemented", "0002-00000003"),
        K::Busy => (S::SERVICE_UNAVAILABLE, "SlowDown", "0001-00000001"),
        K::Full => (
            S::INSUFFICIENT_STORAGE,
            "InsufficientStorage",
            "0001-00000002",
        ),
        K::OriginFailed => (S::FAILED_DEPENDENCY, "MirrorFailed", "0017-00000030"),
        K::Unavailable => (
            S::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "0001-00000003",
        ),
        K::Internal => (S::INTERNAL_SERVER_ERROR, "InternalError", "0001-00000004"),
        K::OverQuota => (S::FORBIDDEN, "QuotaExceeded", "0006-00000009"),
        K::DomainTaken => (S::CONFLICT, "DomainAlreadyExists", "0006-00000010"),
        K::NoSuchObjectSet => (S::NOT_FOUND, "NoSuchObjectSet", "0006-00000012"),
        K::TooManyObjectSets => (S::BAD_REQUEST, "TooManyObjectSets", "0006-00000013"),
        K::TooManyRequests => (
            S::TOO_MANY_REQUESTS,
            "ExceedBucketQPSLimit",
            "0006-00000014",
        ),
        K::TooManyBytes => (
            S::TOO_MANY_REQUESTS,
            "ExceedBucketRateLimit",
            "0006-00000015",
        ),
        // The vendor's test suite has the number.
        // The clients for file systems that the vendor publishes have these numbers.
        K::DirectoryNotEmpty => (S::CONFLICT, "DirectoryNotEmpty", "0026-00000013"),
        K::UnderObject => (S::CONFLICT, "ParentNotDirectory", "0026-00000020"),
        K::DirectoryMismatch => (S::CONFLICT, "DirectoryConflict", "0026-00000021"),
        K::DirectoryExists => (S::CONFLICT, "DirectoryAlreadyExists", "0026-00000025"),
        K::IntoItself => (S::CONFLICT, "RenameIntoItself", "0026-00000026"),
        K::RenameMismatch => (S::CONFLICT, "RenameConflict", "0026-00000027"),
        K::TooManyInventories => (S::BAD_REQUEST, "InvalidArgument", "0025-00000016"),
    }
}

#[cfg(test)]
mod tests {
    use cohong_core::Error;
    use http::Method;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn members_stand_at_the_top_level() {
        let asked = Asked {
            method: &Method::GET,
            host: "b.localhost",
            bucket: Some("b"),
            path: "k",
            range: None,
            condition: None,
            request_id: "req",
        };
        let error = TosError::from(Error::new(ErrorKind::NoSuchKey, "no such key"));
        assert_eq!(error.status, StatusCode::NOT_FOUND);
        let wanted = json!({
            "Code": "NoSuchKey", "Message": "no such key", "RequestId": "req", "HostId": "host",
            "Resource": "/b/k", "EC": "0017-00000003",
        });
        let body = body(&error, &asked, "host");
        assert_eq!(
            serde_json::from_slice::<Value>(&body).expect("JSON"),
            wanted
        );
    }

    #[test]
    fn a_delete_marker_shows_itself() {
        use cohong_core::model::{VersionId, VersionTag};
        let tag = VersionTag::Id(VersionId(7));
        let error = Error::new(ErrorKind::NoSuchKey, "deleted").at_delete_marker(tag);
        let headers = TosError::from(error).headers.expect("headers");
        assert_eq!(headers["x-tos-delete-marker"], "true");
        assert_eq!(headers["x-tos-version-id"], "0000000000000007");
    }

    #[test]
    fn what_was_found_is_told() {
        let etag = cohong_core::model::Etag::Md5([0xab; 16]);
        let same = Error::new(ErrorKind::NotModified, "not modified").at_etag(etag);
        let headers = TosError::from(same).headers.expect("headers");
        assert_eq!(headers["etag"], format!("\"{}\"", "ab".repeat(16)));
        let outside = Error::new(ErrorKind::InvalidRange, "outside").at_length(9);
        let outside = TosError::from(outside);
        assert_eq!(outside.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(
            outside.headers.expect("headers")["content-range"],
            "bytes */9"
        );
    }
}
