//! Which operation a request means: method, level and the query names that select a sub-resource
//! (sheet sections 6 and 7).

use http::Method;

use super::error::S3Error;
use super::words::S3;
use crate::gate::call::begins;
use crate::gate::pipeline::Operation;
use crate::gate::route::{Facts, Level, not_allowed};

/// An operation of S3: those that are served by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    missing_docs,
    reason = "the names are the vendor's names of its operations"
)]
pub(crate) enum Op {
    ListBuckets,
    CreateBucket,
    HeadBucket,
    DeleteBucket,
    GetBucketLocation,
    PutBucketAcl,
    GetBucketAcl,
    PutBucketVersioning,
    GetBucketVersioning,
    PutBucketRequestPayment,
    GetBucketRequestPayment,
    PutBucketPolicy,
    GetBucketPolicy,
    DeleteBucketPolicy,
    GetBucketPolicyStatus,
    PutBucketCors,
    GetBucketCors,
    DeleteBucketCors,
    PutBucketEncryption,
    GetBucketEncryption,
    DeleteBucketEncryption,
    PutBucketLifecycleConfiguration,
    GetBucketLifecycleConfiguration,
    DeleteBucketLifecycle,
    PutBucketTagging,
    GetBucketTagging,
    DeleteBucketTagging,
    PutBucketWebsite,
    GetBucketWebsite,
    DeleteBucketWebsite,
    PutBucketNotificationConfiguration,
    GetBucketNotificationConfiguration,
    PutObjectLockConfiguration,
    GetObjectLockConfiguration,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    ListMultipartUploads,
    DeleteObjects,
    PostObject,
    PutObject,
    GetObject,
    HeadObject,
    GetObjectAttributes,
    CopyObject,
    DeleteObject,
    PutObjectAcl,
    GetObjectAcl,
    PutObjectTagging,
    GetObjectTagging,
    DeleteObjectTagging,
    PutObjectRetention,
    GetObjectRetention,
    PutObjectLegalHold,
    GetObjectLegalHold,
    RestoreObject,
    OptionsObject,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    ListParts,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    PutBucketInventoryConfiguration,
    GetBucketInventoryConfiguration,
    ListBucketInventoryConfigurations,
    DeleteBucketInventoryConfiguration,
    PutBucketLogging,
    GetBucketLogging,
    /// Known to the vendor, not to this server: the query name that tells the operation, such as
    /// `replication`.
    NotImplemented(&'static str),
    /// A page of a website.
    Page,
    /// The head of one.
    PageHead,
}

impl Operation for Op {
    fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::CreateBucket => "CreateBucket",
            Self::HeadBucket => "HeadBucket",
            Self::DeleteBucket => "DeleteBucket",
            Self::GetBucketLocation => "GetBucketLocation",
            Self::PutBucketAcl => "PutBucketAcl",
            Self::GetBucketAcl => "GetBucketAcl",
            Self::PutBucketVersioning => "PutBucketVersioning",
            Self::GetBucketVersioning => "GetBucketVersioning",
            Self::PutBucketRequestPayment => "PutBucketRequestPayment",
            Self::GetBucketRequestPayment => "GetBucketRequestPayment",
            Self::PutBucketPolicy => "PutBucketPolicy",
            Self::GetBucketPolicy => "GetBucketPolicy",
            Self::DeleteBucketPolicy => "DeleteBucketPolicy",
            Self::GetBucketPolicyStatus => "GetBucketPolicyStatus",
            Self::PutBucketCors => "PutBucketCors",
            Self::GetBucketCors => "GetBucketCors",
            Self::DeleteBucketCors => "DeleteBucketCors",
            Self::PutBucketEncryption => "PutBucketEncryption",
            Self::GetBucketEncryption => "GetBucketEncryption",
            Self::DeleteBucketEncryption => "DeleteBucketEncryption",
            Self::PutBucketLifecycleConfiguration => "PutBucketLifecycleConfiguration",
            Self::GetBucketLifecycleConfiguration => "GetBucketLifecycleConfiguration",
            Self::DeleteBucketLifecycle => "DeleteBucketLifecycle",
            Self::PutBucketTagging => "PutBucketTagging",
            Self::GetBucketTagging => "GetBucketTagging",
            Self::DeleteBucketTagging => "DeleteBucketTagging",
            Self::PutBucketWebsite => "PutBucketWebsite",
            Self::GetBucketWebsite => "GetBucketWebsite",
            Self::DeleteBucketWebsite => "DeleteBucketWebsite",
            Self::PutBucketNotificationConfiguration => "PutBucketNotificationConfiguration",
            Self::GetBucketNotificationConfiguration => "GetBucketNotificationConfiguration",
            Self::PutObjectLockConfiguration => "PutObjectLockConfiguration",
            Self::GetObjectLockConfiguration => "GetObjectLockConfiguration",
            Self::ListObjects => "ListObjects",
            Self::ListObjectsV2 => "ListObjectsV2",
            Self::ListObjectVersions => "ListObjectVersions",
            Self::ListMultipartUploads => "ListMultipartUploads",
            Self::DeleteObjects => "DeleteObjects",
            Self::PostObject => "PostObject",
            Self::PutObject => "PutObject",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::GetObjectAttributes => "GetObjectAttributes",
            Self::CopyObject => "CopyObject",
            Self::DeleteObject => "DeleteObject",
            Self::PutObjectAcl => "PutObjectAcl",
            Self::GetObjectAcl => "GetObjectAcl",
            Self::PutObjectTagging => "PutObjectTagging",
            Self::GetObjectTagging => "GetObjectTagging",
            Self::DeleteObjectTagging => "DeleteObjectTagging",
            Self::PutObjectRetention => "PutObjectRetention",
            Self::GetObjectRetention => "GetObjectRetention",
            Self::PutObjectLegalHold => "PutObjectLegalHold",
            Self::GetObjectLegalHold => "GetObjectLegalHold",
            Self::RestoreObject => "RestoreObject",
            Self::OptionsObject => "OptionsObject",
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::UploadPartCopy => "UploadPartCopy",
            Self::ListParts => "ListParts",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::PutBucketInventoryConfiguration => "PutBucketInventoryConfiguration",
            Self::GetBucketInventoryConfiguration => "GetBucketInventoryConfiguration",
            Self::ListBucketInventoryConfigurations => "ListBucketInventoryConfigurations",
            Self::DeleteBucketInventoryConfiguration => "DeleteBucketInventoryConfiguration",
            Self::PutBucketLogging => "PutBucketLogging",
            Self::GetBucketLogging => "GetBucketLogging",
            Self::NotImplemented(_) => "NotImplemented",
            Self::Page => "GetWebsitePage",
            Self::PageHead => "HeadWebsitePage",
        }
    }
}

/// Query names of which one selects an operation on a bucket.
const BUCKET_NAMES: &[&str] = &[
    "acl",
    "cors",
    "delete",
    "encryption",
    "lifecycle",
    "list-type",
    "location",
    "notification",
    "object-lock",
    "policy",
    "policyStatus",
    "requestPayment",
    "tagging",
    "uploads",
    "versioning",
    "versions",
    "website",
    "inventory",
    "logging",
];

/// Query names of which one selects an operation on an object.
const OBJECT_NAMES: &[&str] = &[
    "acl",
    "attributes",
    "legal-hold",
    "restore",
    "retention",
    "tagging",
    "uploadId",
    "uploads",
];

/// Sub-resources of buckets that the vendor knows and this server does not serve (sheet section 7).
const BUCKET_LATER: &[&str] = &[
    "abac",
    "accelerate",
    "analytics",
    "intelligent-tiering",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "ownershipControls",
    "publicAccessBlock",
    "replication",
    "session",
];

/// Sub-resources of objects that the vendor knows and this server does not serve.
const OBJECT_LATER: &[&str] = &[
    "annotation",
    "annotations",
    "encryption",
    "lambdaArn",
    "object-lock",
    "renameObject",
    "select",
    "select-type",
    "torrent",
];

/// Parameters of a plain listing.
const LIST_PARAMETERS: &[&str] = &["prefix", "marker", "max-keys", "delimiter", "encoding-type"];

/// Parameters of a list of buckets.
const SERVICE_PARAMETERS: &[&str] = &[
    "prefix",
    "max-buckets",
    "continuation-token",
    "bucket-region",
];

/// Chooses the operation.
pub(crate) fn route(facts: Facts<'_>) -> Result<Op, S3Error> {
    match facts.level {
        // The service's own POST is another one's: temporary keys (sheet section 9).
        Level::Service if facts.method == Method::POST => Ok(Op::NotImplemented("POST /")),
        Level::Service if facts.method == Method::GET => {
            only(facts, SERVICE_PARAMETERS, Op::ListBuckets)
        }
        Level::Service => Err(not_allowed().into()),
        _ if facts.pages => page(facts),
        // A browser asks about any request before it sends it, and only once.
        _ if facts.method == Method::OPTIONS => Ok(Op::OptionsObject),
        Level::Bucket => bucket(facts),
        Level::Object => object(facts),
    }
}

/// Websites are read, whatever the query says.
fn page(facts: Facts<'_>) -> Result<Op, S3Error> {
    match *facts.method {
        Method::GET => Ok(Op::Page),
        Method::HEAD => Ok(Op::PageHead),
        Method::OPTIONS => Ok(Op::OptionsObject),
        _ => Err(not_allowed().into()),
    }
}

/// The operation when nothing but these parameters is there. Any other name might be a sub-resource that
/// is newer than this server, and must not be answered with another operation (sheet, trap 16).
fn only(facts: Facts<'_>, known: &[&str], op: Op) -> Result<Op, S3Error> {
    let unknown = |_| S3Error::not_implemented("this sub-resource");
    facts.only(known, op).map_err(unknown)
}

fn bucket(facts: Facts<'_>) -> Result<Op, S3Error> {
    let has = |name| facts.has(name);
    facts.one_of(BUCKET_NAMES)?;
    if let Some(name) = facts.first_of(BUCKET_LATER) {
        return Ok(Op::NotImplemented(name));
    }
    Ok(match *facts.method {
        Method::GET if has("acl") => Op::GetBucketAcl,
        Method::GET if has("cors") => Op::GetBucketCors,
        Method::GET if has("encryption") => Op::GetBucketEncryption,
        Method::GET if has("lifecycle") => Op::GetBucketLifecycleConfiguration,
        Method::GET if has("location") => Op::GetBucketLocation,
        Method::GET if has("notification") => Op::GetBucketNotificationConfiguration,
        Method::GET if has("object-lock") => Op::GetObjectLockConfiguration,
        Method::GET if has("policy") => Op::GetBucketPolicy,
        Method::GET if has("policyStatus") => Op::GetBucketPolicyStatus,
        Method::GET if has("requestPayment") => Op::GetBucketRequestPayment,
        Method::GET if has("tagging") => Op::GetBucketTagging,
        Method::GET if has("uploads") => Op::ListMultipartUploads,
        Method::GET if has("versioning") => Op::GetBucketVersioning,
        Method::GET if has("versions") => Op::ListObjectVersions,
        Method::GET if has("website") => Op::GetBucketWebsite,
        Method::GET if has("inventory") && has("id") => Op::GetBucketInventoryConfiguration,
        Method::GET if has("inventory") => Op::ListBucketInventoryConfigurations,
        Method::GET if has("logging") => Op::GetBucketLogging,
        Method::GET if has("list-type") => Op::ListObjectsV2,
        Method::GET => return only(facts, LIST_PARAMETERS, Op::ListObjects),
        Method::HEAD => Op::HeadBucket,
        Method::PUT if has("acl") => Op::PutBucketAcl,
        Method::PUT if has("cors") => Op::PutBucketCors,
        Method::PUT if has("encryption") => Op::PutBucketEncryption,
        Method::PUT if has("lifecycle") => Op::PutBucketLifecycleConfiguration,
        Method::PUT if has("notification") => Op::PutBucketNotificationConfiguration,
        Method::PUT if has("object-lock") => Op::PutObjectLockConfiguration,
        Method::PUT if has("policy") => Op::PutBucketPolicy,
        Method::PUT if has("requestPayment") => Op::PutBucketRequestPayment,
        Method::PUT if has("tagging") => Op::PutBucketTagging,
        Method::PUT if has("versioning") => Op::PutBucketVersioning,
        Method::PUT if has("website") => Op::PutBucketWebsite,
        Method::PUT if has("inventory") => Op::PutBucketInventoryConfiguration,
        Method::PUT if has("logging") => Op::PutBucketLogging,
        Method::PUT => return only(facts, &[], Op::CreateBucket),
        Method::DELETE if has("cors") => Op::DeleteBucketCors,
        Method::DELETE if has("encryption") => Op::DeleteBucketEncryption,
        Method::DELETE if has("lifecycle") => Op::DeleteBucketLifecycle,
        Method::DELETE if has("policy") => Op::DeleteBucketPolicy,
        Method::DELETE if has("website") => Op::DeleteBucketWebsite,
        Method::DELETE if has("tagging") => Op::DeleteBucketTagging,
        Method::DELETE if has("inventory") => Op::DeleteBucketInventoryConfiguration,
        Method::DELETE => return only(facts, &[], Op::DeleteBucket),
        Method::POST if has("delete") => Op::DeleteObjects,
        Method::POST if facts.form => return only(facts, &[], Op::PostObject),
        _ => return Err(not_allowed().into()),
    })
}

fn object(facts: Facts<'_>) -> Result<Op, S3Error> {
    let has = |name| facts.has(name);
    facts.one_of(OBJECT_NAMES)?;
    if let Some(name) = facts.first_of(OBJECT_LATER) {
        return Ok(Op::NotImplemented(name));
    }
    let upload = has("uploadId");
    Ok(match *facts.method {
        Method::PUT if upload && facts.copies => Op::UploadPartCopy,
        Method::PUT if upload => Op::UploadPart,
        Method::PUT if has("acl") => Op::PutObjectAcl,
        Method::PUT if has("tagging") => Op::PutObjectTagging,
        Method::PUT if has("retention") => Op::PutObjectRetention,
        Method::PUT if has("legal-hold") => Op::PutObjectLegalHold,
        Method::PUT if facts.copies => return only(facts, &[], Op::CopyObject),
        Method::PUT => return only(facts, &[], Op::PutObject),
        Method::GET if upload => Op::ListParts,
        Method::GET if has("acl") => Op::GetObjectAcl,
        Method::GET if has("attributes") => Op::GetObjectAttributes,
        Method::GET if has("tagging") => Op::GetObjectTagging,
        Method::GET if has("retention") => Op::GetObjectRetention,
        Method::GET if has("legal-hold") => Op::GetObjectLegalHold,
        // Links to public objects bear what their authors like: nothing but a sub-resource is a question.
        Method::GET => Op::GetObject,
        Method::HEAD => Op::HeadObject,
        Method::DELETE if upload => Op::AbortMultipartUpload,
        Method::DELETE if has("tagging") => Op::DeleteObjectTagging,
        Method::DELETE => return only(facts, &["versionId"], Op::DeleteObject),
        Method::POST if has("restore") => Op::RestoreObject,
        Method::POST if has("uploads") => Op::CreateMultipartUpload,
        Method::POST if upload => Op::CompleteMultipartUpload,
        _ => return Err(not_allowed().into()),
    })
}

/// Parameters of signatures and of the SDKs that select nothing. `x-id` names the operation once more, and
/// presigned URLs carry headers as parameters (sheet, trap 5).
pub(crate) fn is_neutral(name: &str) -> bool {
    const OTHERS: [&str; 6] = [
        "AWSAccessKeyId",
        "Expires",
        "Signature",
        "content-md5",
        "content-type",
        "x-id",
    ];
    begins(name, S3.prefix) || OTHERS.contains(&name)
}

#[cfg(test)]
mod tests;
