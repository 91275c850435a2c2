//! Errors in the vendor's words: code, status, EC (sheet section 3), and the answer they become.
//!
//! EC is informative. Those that the sheet names are the vendor's, the others are this server's own within
//! the vendor's groups.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::DocKind;
use cohong_core::{Error, ErrorKind};
use cohong_sign::Place;
use cohong_sign::oss::{Claim, Mismatch};
use http::{HeaderName, HeaderValue, StatusCode};

use super::limits::{ECHO_BYTES_MAX, ERROR_BYTES_MAX};
use super::words::OSS;
use super::{Oss, callback};
use crate::common::policy::BadPolicy;
use crate::common::vocabulary::Vocabulary;
use crate::common::xml;
use crate::gate::fault::{CredentialFault, Fault};
use crate::gate::said::{Asked, Kind, Said, Vendor};

/// Carries the body of an error where an answer has none (sheet section 3).
const ERR: HeaderName = HeaderName::from_static("x-oss-err");

/// An error as an OSS client sees it.
pub(crate) type OssError = Said<Oss>;

impl OssError {
    /// 404 `NoSuchRegion`: neither the vendor nor this server has it.
    pub(super) fn no_such_region() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NoSuchRegion",
            "0015-00000501",
            "there is no such region",
        )
    }

    /// 400 `MalformedXML`: the body is not what the operation reads.
    pub(super) fn malformed_xml() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MalformedXML",
            "0015-00000231",
            "The XML you provided was not well-formed or did not validate against our published schema.",
        )
    }

    /// 400 `MissingArgument`: a header or parameter that the operation does not do without.
    pub(super) fn missing_argument(name: &'static str) -> Self {
        Self {
            elements: vec![("ArgumentName", name.to_owned())],
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "MissingArgument",
                "0016-00000502",
                "Missing Some Required Arguments.",
            )
        }
    }

    /// 400 for an operation or ability this server does not have.
    pub(super) fn not_implemented(name: &str) -> Self {
        let message = format!("this server does not have {name:?}; the request changed nothing");
        Self::new(
            StatusCode::BAD_REQUEST,
            "NotImplemented",
            "0017-00000001",
            message,
        )
    }

    /// 409 for a restore that cannot be ended before its time.
    pub(super) fn restore_stands(code: &'static str) -> Self {
        let message = match code {
            "ArchiveRestoreNotFinished" => "The archive file's restore is not finished.",
            _ => "The archive file's restore is not found or has expired.",
        };
        Self::new(StatusCode::CONFLICT, code, "0026-00000019", message)
    }

    /// 400 for a task to fetch an object that is there.
    pub(super) fn object_is_there() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "ObjectAlreadyExists",
            "0026-00000003",
            "The object you specified already exists.",
        )
    }

    /// 404 for a bucket whose objects are not locked.
    pub(super) fn no_locks() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NoSuchObjectWormConfiguration",
            "0015-00000308",
            "the bucket locks no objects",
        )
    }

    /// 404 for a bucket whose objects may all be overwritten.
    pub(super) fn no_overwrite_rules() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NoSuchOverwriteConfig",
            "0015-00000306",
            "the bucket has no rules about overwriting",
        )
    }

    /// 400 for a complete that names parts and takes all; the vendor's text is spelled so.
    pub(super) fn all_and_named() -> Self {
        Self {
            ec: "0042-00000216",
            ..Self::invalid_argument("Should not speficy both complete all header and http body.")
        }
    }

    /// With the number that an operation has for an upload that is not there.
    pub(super) fn about_upload(self, ec: &'static str) -> Self {
        match self.code {
            "NoSuchUpload" => Self { ec, ..self },
            _ => self,
        }
    }

    /// 403 `SignatureDoesNotMatch`, with what the server signed instead (sheet section 2.7).
    pub(super) fn signature_does_not_match(claim: &Claim, mismatch: &Mismatch) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let signed = &mismatch.string_to_sign;
        let bytes: Vec<String> = signed.iter().map(|byte| format!("{byte:02X}")).collect();
        let mut elements = vec![
            ("OSSAccessKeyId", claim.access_key.clone()),
            ("SignatureProvided", claim.signature.clone()),
            ("StringToSign", text(signed)),
        ];
        if let Some(request) = &mismatch.canonical_request {
            elements.push(("CanonicalRequest", text(request)));
        }
        elements.push(("StringToSignBytes", bytes.join(" ")));
        Self {
            elements,
            ..Self::new(
                StatusCode::FORBIDDEN,
                "SignatureDoesNotMatch",
                "0002-00000040",
                "The request signature we calculated does not match the signature you provided. \
                 Check your key and signing method.",
            )
        }
    }

    /// 400 `InvalidRequest`.
    pub(super) fn invalid_request(message: &'static str) -> Self {
        let code = "InvalidRequest";
        Self::new(StatusCode::BAD_REQUEST, code, "0016-00000501", message)
    }

    /// 400 `InvalidArgument`.
    pub(super) fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        let code = "InvalidArgument";
        Self::new(StatusCode::BAD_REQUEST, code, "0017-00000901", message)
    }

    /// 400 `InvalidArgument` for an order to call back.
    fn of_callback(told: callback::Words) -> Self {
        let elements = told.elements.into_iter();
        let cut = |(name, value): (_, String)| (name, cut(&value).to_owned());
        Self {
            ec: told.ec,
            elements: elements.map(cut).collect(),
            ..Self::invalid_argument(told.message)
        }
    }

    /// The body, at most [`ERROR_BYTES_MAX`]: elements that do not fit are left out.
    pub(super) fn body(&self, asked: &Asked<'_>) -> String {
        let more = format!("https://api.aliyun.com/troubleshoot?q={}", self.ec);
        let found = self.found(asked);
        let fixed = [
            ("Code", self.code),
            ("Message", cut(&self.message)),
            ("RequestId", asked.request_id),
            ("HostId", cut(asked.host)),
            ("EC", self.ec),
            ("RecommendDoc", &more),
        ];
        let own = self.elements.iter();
        let own = own.map(|(name, value)| (*name, value.as_str()));
        let further = found.iter().map(|(name, value)| (*name, cut(value)));
        let mut elements = fixed.to_vec();
        for element in further.chain(own) {
            // In front of the number and the link.
            elements.insert(elements.len() - 2, element);
            if xml::flat("Error", &elements).len() > ERROR_BYTES_MAX {
                elements.remove(elements.len() - 3);
            }
        }
        xml::flat("Error", &elements)
    }

    /// What was asked for and is not there.
    fn found<'a>(&self, asked: &'a Asked<'_>) -> Vec<(&'static str, Cow<'a, str>)> {
        let one = |name, text: Option<Cow<'a, str>>| text.map(|text| (name, text));
        let told = match self.code {
            "NoSuchBucket" | "BucketAlreadyExists" | "BucketNotEmpty" | "InvalidBucketName" => {
                [one("BucketName", asked.bucket.map(Into::into)), None]
            }
            "NoSuchKey" | "NoSuchVersion" => {
                let key = cohong_sign::decode(asked.path).ok();
                let key = key.and_then(|key| String::from_utf8(key).ok());
                [one("Key", key.map(Into::into)), None]
            }
            "PreconditionFailed" => [one("Condition", asked.condition.map(Into::into)), None],
            "InvalidRange" => {
                let size = self.cause.as_ref().and_then(|cause| cause.length());
                [
                    one("ActualObjectSize", size.map(|size| size.to_string().into())),
                    one("RangeRequested", asked.range.map(Into::into)),
                ]
            }
            _ => [None, None],
        };
        told.into_iter().flatten().collect()
    }
}

/// What an error repeats of a text.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(ECHO_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The header that carries the body of an error where an answer has none.
pub(super) fn in_header(body: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::try_from(STANDARD.encode(body)).ok()?;
    Some((ERR, value))
}

impl Vendor for Oss {
    fn words() -> &'static Vocabulary {
        &OSS
    }

    fn kind(kind: ErrorKind) -> Kind {
        let (status, code, ec) = words(kind);
        Kind {
            status,
            code,
            ec,
            message: text(kind),
        }
    }

    fn fault(fault: Fault) -> OssError {
        match fault {
            Fault::Argument { name, value, why } => OssError {
                elements: vec![
                    ("ArgumentName", cut(&name).to_owned()),
                    ("ArgumentValue", cut(&value).to_owned()),
                ],
                ..OssError::invalid_argument(why)
            },
            Fault::Host => OssError::invalid_argument(
                "this host name is not served here; add it to `oss.domains` or `oss.custom_domains`, \
                 or use one of the vendor's",
            ),
            Fault::NoBucket => Error::new(
                ErrorKind::InvalidBucketName,
                "the address names a key and no bucket",
            )
            .into(),
            Fault::KeyTooLong => Error::new(
                ErrorKind::InvalidKey,
                "an object key has at most 1023 bytes",
            )
            .into(),
            Fault::Xml => OssError::malformed_xml(),
            Fault::Checksum(why) => OssError::invalid_argument(why),
            // No faults here: such a copy replaces the metadata, and no part is read alone.
            Fault::OntoItself | Fault::TwoRanges => {
                OssError::invalid_argument("the request contradicts itself")
            }
            Fault::Body(why) => OssError {
                message: why,
                ..OssError::malformed_xml()
            },
            Fault::Tags { name, why } | Fault::TooManyTags { name, why } => OssError {
                elements: vec![("ArgumentName", name.into())],
                ..OssError::new(StatusCode::BAD_REQUEST, "InvalidTag", "0026-00000021", why)
            },
            Fault::Policy(bad) => bad.into(),
            Fault::Origin(why) => OssError::new(
                StatusCode::FORBIDDEN,
                "AccessForbidden",
                "0003-00000002",
                format!("CORSResponse: {why}"),
            ),
            Fault::Cipher { value, .. } => OssError::new(
                StatusCode::BAD_REQUEST,
                "InvalidEncryptionAlgorithmError",
                "0015-00000401",
                format!(
                    "the encryption algorithm {:?} is not served here",
                    cut(&value)
                ),
            ),
            Fault::Insecure => OssError::invalid_request("send the key over https"),
            Fault::NotServed(name) => OssError::not_implemented(&name),
            Fault::Callback(bad) => OssError::of_callback(callback::unread(&bad)),
            Fault::CallbackFailed(failed) => {
                let (headers, outcome) = *failed;
                let told = callback::failed(&outcome);
                let status = StatusCode::NON_AUTHORITATIVE_INFORMATION;
                OssError {
                    status,
                    code: "CallbackFailed",
                    headers: Some(Box::new(headers)),
                    ..OssError::of_callback(told)
                }
            }
            Fault::Credential(fault) => fault.into(),
            Fault::Engine(error) => match callback::unfit(&error) {
                Some(told) => OssError {
                    cause: Some(Box::new(error)),
                    ..OssError::of_callback(told)
                },
                None => error.into(),
            },
        }
    }
}

impl From<CredentialFault> for OssError {
    fn from(fault: CredentialFault) -> Self {
        let denied = |ec, text| Self::new(StatusCode::FORBIDDEN, "AccessDenied", ec, text);
        match fault {
            CredentialFault::Region(region, place) => {
                let message = match place {
                    Place::Header => "Invalid signing region in Authorization header.",
                    Place::Query | Place::Form => "The signing region in credential is invalid.",
                };
                Self {
                    ec: "0002-00000226",
                    elements: vec![("Region", cut(&region).to_owned())],
                    ..Self::invalid_argument(message)
                }
            }
            CredentialFault::Skewed => Self::new(
                StatusCode::FORBIDDEN,
                "RequestTimeTooSkewed",
                "0002-00000504",
                "The difference between the request time and the current time is too large.",
            ),
            CredentialFault::Expired => denied("0002-00000069", "Request has expired."),
            CredentialFault::Token(why) => Self::new(
                StatusCode::FORBIDDEN,
                "InvalidSecurityToken",
                "0002-00000904",
                why,
            ),
        }
    }
}

impl From<BadPolicy> for OssError {
    /// Sheet section 2.6.
    fn from(bad: BadPolicy) -> Self {
        let denied = |ec, why: &str| {
            let message = format!("Invalid according to Policy: {why}");
            Self::new(StatusCode::FORBIDDEN, "AccessDenied", ec, message)
        };
        match bad {
            BadPolicy::Malformed(why) => Self::new(
                StatusCode::BAD_REQUEST,
                "InvalidPolicyDocument",
                "0006-00000201",
                format!("Invalid Policy: {why}"),
            ),
            BadPolicy::Expired => denied("0006-00000202", "Policy expired."),
            BadPolicy::Failed(condition) => {
                let why = format!("Policy Condition failed: {condition}");
                denied("0006-00000203", &why)
            }
            unnamed @ BadPolicy::Unnamed(_) => denied("0006-00000204", &unnamed.to_string()),
        }
    }
}

/// The vendor's code for a document that is not there.
fn missing_document(kind: DocKind) -> &'static str {
    match kind {
        DocKind::Policy => "NoSuchBucketPolicy",
        DocKind::Cors => "NoSuchCORSConfiguration",
        DocKind::Lifecycle => "NoSuchLifecycle",
        DocKind::Tags => "NoSuchTagSet",
        DocKind::Encryption => "NoSuchServerSideEncryptionRule",
        DocKind::Website | DocKind::Mirrors => "NoSuchWebsiteConfiguration",
        DocKind::Callbacks => "BucketCallbackPolicyNotExist",
        DocKind::Inventories => "NoSuchInventory",
        // Requests of this dialect are not about object sets.
        DocKind::SetQuotas | DocKind::SetLifecycles => "NoSuchConfiguration",
        DocKind::Replication => "NoSuchReplicationConfiguration",
    }
}

/// The vendor's words for each kind of error.
fn words(kind: ErrorKind) -> (StatusCode, &'static str, &'static str) {
    use ErrorKind as K;
    use StatusCode as S;
    match kind {
        K::NoSuchBucket => (S::NOT_FOUND, "NoSuchBucket", "0015-00000101"),
        K::NoSuchKey => (S::NOT_FOUND, "NoSuchKey", "0026-00000001"),
        K::NoSuchVersion => (S::NOT_FOUND, "NoSuchVersion", "0026-00000002"),
        K::NoSuchUpload => (S::NOT_FOUND, "NoSuchUpload", "0042-00000002"),
        K::NoSuchDocument(kind) => (S::NOT_FOUND, missing_document(kind), "0015-00000302"),
        K::BucketExists => (S::CONFLICT, "BucketAlreadyExists", "0015-00000104"),
        K::BucketAlreadyOwned => (S::CONFLICT, "BucketAlreadyExists", "0015-00000105"),
        K::BucketNotEmpty => (S::CONFLICT, "BucketNotEmpty", "0015-00000301"),
        K::TooManyBuckets => (S::BAD_REQUEST, "TooManyBuckets", "0015-00000102"),
        K::Retained => (S::CONFLICT, "FileImmutable", "0026-00000021"),
        K::NoSuchTask => (S::NOT_FOUND, "NoSuchAsyncFetchTask", "0026-00000024"),
        K::NoSuchRetention => (S::NOT_FOUND, "NoSuchWORMConfiguration", "0015-00000303"),
        K::RetentionLocked => (S::FORBIDDEN, "WORMConfigurationLocked", "0015-00000304"),
        K::InvalidRetention => (S::BAD_REQUEST, "InvalidWORMConfiguration", "0015-00000305"),
        K::ObjectExists => (S::CONFLICT, "FileAlreadyExists", "0026-00000003"),
        K::NotAppendable => (S::CONFLICT, "ObjectNotAppendable", "0026-00000013"),
        K::PositionMismatch => (S::CONFLICT, "PositionNotEqualToLength", "0026-00000016"),
        K::NotSymlink => (S::BAD_REQUEST, "NotSymlink", "0026-00000014"),
        K::NoSymlinkTarget => (S::NOT_FOUND, "SymlinkTargetNotExist", "0026-00000015"),
        K::SymlinkToSymlink => (S::BAD_REQUEST, "InvalidTargetType", "0026-00000017"),
        K::NotRestored => (S::FORBIDDEN, "InvalidObjectState", "0026-00000018"),
        K::RestoreInProgress => (S::CONFLICT, "RestoreAlreadyInProgress", "0026-00000019"),
        K::NotArchived => (S::BAD_REQUEST, "OperationNotSupported", "0026-00000020"),
        K::PreconditionFailed => (
            S::PRECONDITION_FAILED,
            "PreconditionFailed",
            "0026-00000004",
        ),
        K::NotModified => (S::NOT_MODIFIED, "NotModified", "0026-00000005"),
        K::InvalidPart => (S::BAD_REQUEST, "InvalidPart", "0042-00000003"),
        K::InvalidPartOrder => (S::BAD_REQUEST, "InvalidPartOrder", "0042-00000004"),
        K::PartNotSequential => (S::BAD_REQUEST, "PartNotSequential", "0042-00000007"),
        K::InvalidPartNumber => (S::BAD_REQUEST, "InvalidArgument", "0042-00000005"),
        K::PartTooSmall => (S::BAD_REQUEST, "EntityTooSmall", "0042-00000006"),
        K::TooLarge => (S::BAD_REQUEST, "EntityTooLarge", "0026-00000006"),
        K::BadDigest => (S::BAD_REQUEST, "InvalidDigest", "0026-00000007"),
        K::InvalidDigest => (S::BAD_REQUEST, "InvalidDigest", "0026-00000008"),
        K::BadSignature => (S::FORBIDDEN, "SignatureDoesNotMatch", "0002-00000040"),
        K::IncompleteBody | K::MissingDigest => (S::BAD_REQUEST, "BadRequest", "0026-00000009"),
        K::InvalidRange | K::NoSuchPart => {
            (S::RANGE_NOT_SATISFIABLE, "InvalidRange", "0026-00000010")
        }
        K::InvalidKey => (S::BAD_REQUEST, "InvalidObjectName", "0026-00000011"),
        K::InvalidBucketName => (S::BAD_REQUEST, "InvalidBucketName", "0015-00000001"),
        K::InvalidVersion => (S::BAD_REQUEST, "InvalidArgument", "0026-00000012"),
        // Tasks of other kinds and vaults are nothing that requests of this dialect are about.
        K::InvalidArgument
        | K::InvalidTrailer
        | K::TaskState
        | K::TooManyTasks
        | K::NoSuchVault
        | K::VaultNotEmpty
        | K::TooManyVaults
        | K::NoSuchArchive
        | K::NoSuchJob
        | K::NoSuchObjectSet
        | K::TooManyObjectSets
        | K::JobNotReady
        | K::JobFailed => (S::BAD_REQUEST, "InvalidArgument", "0017-00000901"),
        K::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "MethodNotAllowed", "0017-00000002"),
        K::KeyMissing | K::KeyUnasked => {
            (S::BAD_REQUEST, "InvalidEncryptionRequest", "0026-00000022")
        }
        K::KeyWrong => (S::FORBIDDEN, "AccessDenied", "0026-00000023"),
        K::Denied => (S::FORBIDDEN, "AccessDenied", "0003-00000001"),
        K::UnknownAccessKey => (S::FORBIDDEN, "InvalidAccessKeyId", "0002-00000902"),
        K::ExpiredToken => (S::FORBIDDEN, "SecurityTokenExpired", "0002-00000903"),
        K::Unsupported => (S::BAD_REQUEST, "NotImplemented", "0017-00000001"),
        K::Busy => (
            S::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "0005-00000001",
        ),
        K::Full => (
            S::INSUFFICIENT_STORAGE,
            "InsufficientStorage",
            "0005-00000002",
        ),
        K::OriginFailed => (S::FAILED_DEPENDENCY, "MirrorFailed", "0019-00000001"),
        K::Unavailable => (
            S::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "0005-00000003",
        ),
        K::Internal => (S::INTERNAL_SERVER_ERROR, "InternalError", "0005-00000004"),
        K::OverQuota => (S::FORBIDDEN, "QuotaExceeded", "0005-00000005"),
        // Object sets are made through another dialect, and bound requests of every one.
        K::TooManyRequests => (S::SERVICE_UNAVAILABLE, "QpsLimitExceeded", "0005-00000006"),
        K::TooManyBytes => (
            S::SERVICE_UNAVAILABLE,
            "BandwidthLimitExceeded",
            "0005-00000007",
        ),
        K::DomainTaken => (S::CONFLICT, "CnameAlreadyExists", "0005-00000006"),
        K::LockUnsupported => (S::BAD_REQUEST, "InvalidRequest", "0026-00000025"),
        K::NoSuchLock => (
            S::NOT_FOUND,
            "NoSuchObjectWormConfiguration",
            "0026-00000026",
        ),
        K::InvalidBucketState => (S::CONFLICT, "InvalidBucketState", "0015-00000307"),
        K::DirectoryNotEmpty => (S::CONFLICT, "DirectoryNotEmpty", "0026-00000030"),
        K::UnderObject | K::DirectoryMismatch | K::RenameMismatch => {
            (S::CONFLICT, "FileAlreadyExists", "0026-00000031")
        }
        K::DirectoryExists => (S::CONFLICT, "FileAlreadyExists", "0026-00000032"),
        K::IntoItself => (S::BAD_REQUEST, "InvalidArgument", "0026-00000033"),
        K::TooManyInventories => (S::BAD_REQUEST, "InventoryExceedLimit", "0020-00000001"),
        K::NoTargetBucket => (
            S::BAD_REQUEST,
            "InvalidTargetBucketForLogging",
            "0015-00000306",
        ),
        // The numbers are those of the vendor's help pages.
        K::ReadsNotNoted => (S::BAD_REQUEST, "InvalidArgument", "0014-00000016"),
        K::ReadsNeeded => (S::BAD_REQUEST, "InvalidArgument", "0036-00000005"),
    }
}

/// The vendor's text for a kind of error, where clients know it.
fn text(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NoSuchBucket => "The specified bucket does not exist.",
        ErrorKind::NoSuchKey => "The specified key does not exist.",
        ErrorKind::NoSuchUpload => {
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have \
             been aborted or completed."
        }
        ErrorKind::BucketNotEmpty => "The bucket has objects. Please delete them first.",
        ErrorKind::PositionMismatch => "Position is not equal to file length",
        ErrorKind::RestoreInProgress => "The restore operation is in progress.",
        ErrorKind::OriginFailed => "Mirroring failed, please check your mirror configuration",
        ErrorKind::PreconditionFailed => {
            "At least one of the pre-conditions you specified did not hold."
        }
        ErrorKind::NoSuchDocument(DocKind::Cors) => "The CORS Configuration does not exist.",
        ErrorKind::NotArchived => "The operation is not supported for this resource",
        ErrorKind::UnknownAccessKey => {
            "The OSS Access Key Id you provided does not exist in our records."
        }
        ErrorKind::ExpiredToken => "The security token you provided has expired.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
