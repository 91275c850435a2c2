//! Errors in the vendor's words: code and status (sheet section 5), and the answer they become.

use std::borrow::Cow;

use cohong_core::model::DocKind;
use cohong_core::{BodyDigest, Error, ErrorKind};
use http::StatusCode;

use super::S3;
use super::limits::{ECHO_BYTES_MAX, KEYS};
use super::words;
use crate::common::policy::BadPolicy;
use crate::common::vocabulary::Vocabulary;
use crate::common::xml;
use crate::gate::fault::{CredentialFault, Fault};
use crate::gate::said::{Asked, Kind, Said, Vendor};

/// An error as an S3 client sees it.
pub(crate) type S3Error = Said<S3>;

impl S3Error {
    /// Any error: the vendor has no numbers.
    pub(super) fn of(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(status, code, "", message)
    }

    /// 400 with this code.
    pub(super) fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 `MalformedXML`: the body is not what the operation reads.
    pub(super) fn malformed_xml() -> Self {
        Self::bad(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    }

    /// 501 for an operation or ability this server does not have.
    pub(super) fn not_implemented(name: &str) -> Self {
        let message = format!("this server does not have {name}; the request changed nothing");
        Self::of(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// 411: how long the body is was not said (sheet, trap 24).
    pub(super) fn missing_length() -> Self {
        Self::of(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
        )
    }

    /// With a further member of the body.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.elements.push((name, cut(value).to_owned()));
        self
    }

    /// The body.
    pub(super) fn body(&self, asked: &Asked<'_>, host_id: &str) -> String {
        let found = self.found(asked);
        let resource = match asked.bucket {
            Some(bucket) if asked.path.is_empty() => format!("/{bucket}"),
            Some(bucket) => format!("/{bucket}/{}", asked.path),
            None => format!("/{}", asked.path),
        };
        let mut elements = vec![("Code", self.code), ("Message", &*self.message)];
        elements.extend(found.iter().map(|(name, value)| (*name, &**value)));
        let own = self.elements.iter();
        elements.extend(own.map(|(name, value)| (*name, value.as_str())));
        elements.extend([
            ("Resource", cut(&resource)),
            ("RequestId", asked.request_id),
            ("HostId", host_id),
        ]);
        xml::flat("Error", &elements)
    }

    /// What was asked for and is not there.
    fn found<'a>(&self, asked: &'a Asked<'_>) -> Vec<(&'static str, Cow<'a, str>)> {
        let one = |name, text: Option<Cow<'a, str>>| text.map(|text| (name, text));
        let told = match self.code {
            "NoSuchBucket"
            | "BucketAlreadyExists"
            | "BucketAlreadyOwnedByYou"
            | "BucketNotEmpty"
            | "InvalidBucketName" => [one("BucketName", asked.bucket.map(Into::into)), None],
            "NoSuchKey" | "NoSuchVersion" => {
                let key = cohong_sign::decode(asked.path).ok();
                let key = key.and_then(|key| String::from_utf8(key).ok());
                [one("Key", key.map(Into::into)), None]
            }
            "InvalidRange" => {
                let size = self.cause.as_ref().and_then(|cause| cause.length());
                [
                    one("ActualObjectSize", size.map(|size| size.to_string().into())),
                    one("RangeRequested", asked.range.map(Into::into)),
                ]
            }
            "MethodNotAllowed" => [one("Method", Some(asked.method.as_str().into())), None],
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

impl Vendor for S3 {
    fn words() -> &'static Vocabulary {
        &words::S3
    }

    fn kind(kind: ErrorKind) -> Kind {
        let (status, code) = words(kind);
        Kind {
            status,
            code,
            ec: "",
            message: text(kind),
        }
    }

    fn fault(fault: Fault) -> S3Error {
        match fault {
            Fault::Argument { name, value, why } => {
                let code = match &*name {
                    "x-amz-storage-class" => "InvalidStorageClass",
                    _ => "InvalidArgument",
                };
                S3Error::bad(code, why)
                    .with("ArgumentName", &name)
                    .with("ArgumentValue", &value)
            }
            Fault::Host => S3Error::bad(
                "InvalidRequest",
                "this host name is not served here; add it to `s3.domains` or `s3.custom_domains`, \
                 or use one of the vendor's",
            ),
            Fault::NoBucket => {
                S3Error::bad("InvalidBucketName", "the address names a key and no bucket")
            }
            Fault::KeyTooLong => S3Error::bad("KeyTooLongError", "Your key is too long")
                .with("MaxSizeAllowed", &KEYS.bytes_max.to_string()),
            Fault::Checksum(why) => S3Error::bad("InvalidRequest", why),
            Fault::Xml => S3Error::malformed_xml(),
            Fault::Body(why) => S3Error::bad("MalformedXML", why),
            Fault::Tags { why, .. } => S3Error::bad("InvalidTag", why),
            Fault::TooManyTags { why, .. } => S3Error::bad("BadRequest", why),
            Fault::Policy(bad) => bad.into(),
            Fault::Origin(why) => S3Error::of(
                StatusCode::FORBIDDEN,
                "AccessForbidden",
                format!("CORSResponse: {why}"),
            ),
            Fault::NotServed(name) => S3Error::not_implemented(&name).with("Header", &name),
            Fault::Cipher { name, value } => {
                let code = if name.ends_with("customer-algorithm") {
                    "InvalidEncryptionAlgorithmError"
                } else {
                    "InvalidArgument"
                };
                S3Error::bad(code, "The encryption method specified is not supported")
                    .with("ArgumentName", &name)
                    .with("ArgumentValue", &value)
            }
            Fault::Insecure => S3Error::bad(
                "InvalidRequest",
                "Requests specifying Server Side Encryption with Customer provided keys must be made over a \
                 secure connection.",
            ),
            Fault::TwoRanges => S3Error::bad(
                "InvalidRequest",
                "Cannot specify both Range header and partNumber query parameter",
            ),
            Fault::OntoItself => S3Error::bad(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without \
                 changing the object's metadata, storage class, website redirect location or encryption \
                 attributes.",
            ),
            // Nothing of this vendor orders a call.
            Fault::Callback(bad) => S3Error::bad("InvalidArgument", bad.to_string()),
            Fault::CallbackFailed(_) => {
                let failed = "the upload is stored, its callback failed";
                Error::new(ErrorKind::Internal, failed).into()
            }
            Fault::Credential(fault) => fault.into(),
            Fault::Engine(error) if error.digest() == Some(BodyDigest::Sha256) => S3Error {
                code: "XAmzContentSHA256Mismatch",
                message:
                    "The provided 'x-amz-content-sha256' header does not match what was computed."
                        .into(),
                ..error.into()
            },
            // A condition needs something that it can hold for (sheet, trap 17).
            Fault::Engine(error) if error.is_about_nothing() => {
                Error::new(ErrorKind::NoSuchKey, "there is no object under this key").into()
            }
            Fault::Engine(error) => error.into(),
        }
    }
}

impl From<CredentialFault> for S3Error {
    fn from(fault: CredentialFault) -> Self {
        let denied = |code, text| Self::of(StatusCode::FORBIDDEN, code, text);
        match fault {
            CredentialFault::Region(region, _) => Self::bad(
                "AuthorizationHeaderMalformed",
                format!(
                    "the region {:?} of the signature is not served here",
                    cut(&region)
                ),
            ),
            CredentialFault::Skewed => denied(
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            )
            .with("MaxAllowedSkewMilliseconds", "900000"),
            CredentialFault::Expired => denied("AccessDenied", "Request has expired"),
            CredentialFault::Token(why) => Self::bad("InvalidToken", why),
        }
    }
}

impl From<BadPolicy> for S3Error {
    /// Sheet section 2.4.
    fn from(bad: BadPolicy) -> Self {
        let denied = |why: &str| {
            let message = format!("Invalid according to Policy: {why}");
            Self::of(StatusCode::FORBIDDEN, "AccessDenied", message)
        };
        match bad {
            BadPolicy::Malformed(why) => {
                Self::bad("InvalidPolicyDocument", format!("Invalid Policy: {why}"))
            }
            BadPolicy::Expired => denied("Policy expired."),
            BadPolicy::Failed(condition) => {
                denied(&format!("Policy Condition failed: {condition}"))
            }
            BadPolicy::Unnamed(field) => denied(&format!("Extra input fields: {field}")),
        }
    }
}

/// The vendor's words for each kind of error.
fn words(kind: ErrorKind) -> (StatusCode, &'static str) {
    use ErrorKind as K;
    use StatusCode as S;
    match kind {
        K::NoSuchBucket => (S::NOT_FOUND, "NoSuchBucket"),
        K::NoSuchKey | K::NoSymlinkTarget => (S::NOT_FOUND, "NoSuchKey"),
        K::NoSuchVersion => (S::NOT_FOUND, "NoSuchVersion"),
        K::NoSuchUpload => (S::NOT_FOUND, "NoSuchUpload"),
        K::NoSuchDocument(kind) => {
            let code = match kind {
                DocKind::Policy => "NoSuchBucketPolicy",
                DocKind::Cors => "NoSuchCORSConfiguration",
                DocKind::Lifecycle => "NoSuchLifecycleConfiguration",
                DocKind::Tags => "NoSuchTagSet",
                DocKind::Encryption => "ServerSideEncryptionConfigurationNotFoundError",
                DocKind::Website | DocKind::Mirrors => "NoSuchWebsiteConfiguration",
                DocKind::Replication => "ReplicationConfigurationNotFoundError",
                // Requests of this dialect are not about callbacks by name, nor about object sets.
                DocKind::Inventories
                | DocKind::Callbacks
                | DocKind::SetQuotas
                | DocKind::SetLifecycles => "NoSuchConfiguration",
            };
            (S::NOT_FOUND, code)
        }
        K::BucketExists => (S::CONFLICT, "BucketAlreadyExists"),
        K::BucketAlreadyOwned => (S::CONFLICT, "BucketAlreadyOwnedByYou"),
        K::BucketNotEmpty => (S::CONFLICT, "BucketNotEmpty"),
        K::TooManyBuckets => (S::BAD_REQUEST, "TooManyBuckets"),
        K::ObjectExists | K::PreconditionFailed => (S::PRECONDITION_FAILED, "PreconditionFailed"),
        K::NotAppendable | K::NotSymlink | K::SymlinkToSymlink => {
            (S::BAD_REQUEST, "InvalidRequest")
        }
        K::PositionMismatch => (S::BAD_REQUEST, "InvalidWriteOffset"),
        K::NotRestored | K::NotArchived => (S::FORBIDDEN, "InvalidObjectState"),
        K::RestoreInProgress => (S::CONFLICT, "RestoreAlreadyInProgress"),
        K::NotModified => (S::NOT_MODIFIED, "NotModified"),
        K::InvalidPart => (S::BAD_REQUEST, "InvalidPart"),
        K::InvalidPartOrder | K::PartNotSequential => (S::BAD_REQUEST, "InvalidPartOrder"),
        K::PartTooSmall => (S::BAD_REQUEST, "EntityTooSmall"),
        K::TooLarge => (S::BAD_REQUEST, "EntityTooLarge"),
        K::BadDigest => (S::BAD_REQUEST, "BadDigest"),
        K::InvalidDigest => (S::BAD_REQUEST, "InvalidDigest"),
        K::MissingDigest | K::InvalidTrailer => (S::BAD_REQUEST, "MalformedTrailerError"),
        K::BadSignature => (S::FORBIDDEN, "SignatureDoesNotMatch"),
        K::IncompleteBody => (S::BAD_REQUEST, "IncompleteBody"),
        K::NoSuchPart => (S::RANGE_NOT_SATISFIABLE, "InvalidPartNumber"),
        K::InvalidRange => (S::RANGE_NOT_SATISFIABLE, "InvalidRange"),
        K::InvalidKey => (S::BAD_REQUEST, "InvalidURI"),
        K::InvalidBucketName => (S::BAD_REQUEST, "InvalidBucketName"),
        // Tasks and vaults are nothing that requests of this dialect are about.
        K::InvalidPartNumber
        | K::InvalidVersion
        | K::InvalidArgument
        | K::NoSuchTask
        | K::NoSuchObjectSet
        | K::TooManyObjectSets
        | K::TaskState
        | K::TooManyTasks
        | K::NoSuchVault
        | K::VaultNotEmpty
        | K::TooManyVaults
        | K::NoSuchArchive
        | K::NoSuchJob
        | K::JobNotReady
        | K::JobFailed
        | K::ReadsNotNoted
        | K::ReadsNeeded => (S::BAD_REQUEST, "InvalidArgument"),
        K::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        K::InvalidRetention => (S::BAD_REQUEST, "InvalidRetentionPeriod"),
        K::NoSuchLock => (S::NOT_FOUND, "NoSuchObjectLockConfiguration"),
        K::InvalidBucketState => (S::CONFLICT, "InvalidBucketState"),
        K::KeyMissing | K::KeyUnasked | K::LockUnsupported => (S::BAD_REQUEST, "InvalidRequest"),
        // The retention of a whole bucket is made through another dialect.
        K::KeyWrong | K::Denied | K::Retained | K::NoSuchRetention | K::RetentionLocked => {
            (S::FORBIDDEN, "AccessDenied")
        }
        K::UnknownAccessKey => (S::FORBIDDEN, "InvalidAccessKeyId"),
        K::ExpiredToken => (S::BAD_REQUEST, "ExpiredToken"),
        K::Unsupported => (S::NOT_IMPLEMENTED, "NotImplemented"),
        // All SDKs wait and try again.
        K::Busy | K::TooManyRequests | K::TooManyBytes => (S::SERVICE_UNAVAILABLE, "SlowDown"),
        K::Full => (S::INSUFFICIENT_STORAGE, "InsufficientStorage"),
        // The vendor fetches nothing; the word is that of its relatives.
        K::OriginFailed => (S::FAILED_DEPENDENCY, "MirrorFailed"),
        K::Unavailable => (S::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        K::Internal => (S::INTERNAL_SERVER_ERROR, "InternalError"),
        K::OverQuota => (S::FORBIDDEN, "QuotaExceeded"),
        // No operation of this dialect is about domains, and the vendor has directories in buckets of another kind.
        K::DomainTaken
        | K::DirectoryNotEmpty
        | K::UnderObject
        | K::DirectoryMismatch
        | K::DirectoryExists
        | K::IntoItself
        | K::RenameMismatch => (S::CONFLICT, "OperationAborted"),
        K::TooManyInventories => (S::BAD_REQUEST, "TooManyConfigurations"),
        K::NoTargetBucket => (S::BAD_REQUEST, "InvalidTargetBucketForLogging"),
    }
}

/// The vendor's text for a kind of error, where clients know it.
fn text(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NoSuchBucket => "The specified bucket does not exist",
        ErrorKind::NoSuchKey => "The specified key does not exist.",
        ErrorKind::NoSuchVersion => "The specified version does not exist.",
        ErrorKind::NoSuchUpload => {
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have \
             been aborted or completed."
        }
        ErrorKind::BucketNotEmpty => "The bucket you tried to delete is not empty",
        ErrorKind::BucketAlreadyOwned => {
            "Your previous request to create the named bucket succeeded and you already own it."
        }
        ErrorKind::ObjectExists | ErrorKind::PreconditionFailed => {
            "At least one of the pre-conditions you specified did not hold"
        }
        ErrorKind::RestoreInProgress => "Object restore is already in progress",
        ErrorKind::UnknownAccessKey => {
            "The AWS Access Key Id you provided does not exist in our records."
        }
        ErrorKind::ExpiredToken => "The provided token has expired.",
        ErrorKind::KeyMissing => {
            "The object was stored using a form of Server Side Encryption. The correct parameters must be \
             provided to retrieve the object."
        }
        ErrorKind::KeyUnasked => "The encryption parameters are not applicable to this object.",
        ErrorKind::InvalidRange => "The requested range is not satisfiable",
        ErrorKind::LockUnsupported => "Bucket is missing Object Lock Configuration",
        ErrorKind::Retained => "Access Denied because object protected by object lock.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
