//! Which operation a request means: method, level and the query names that select a sub-resource
//! (sheet sections 5 and 6).

use http::Method;

use super::error::OssError;
use super::words::OSS;
use crate::gate::pipeline::Operation;
use crate::gate::route::{Facts, Level, not_allowed};

/// An operation of OSS: those of the first tier by name (sheet section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(
    missing_docs,
    reason = "the names are the vendor's names of its operations"
)]
pub(crate) enum Op {
    ListBuckets,
    DescribeRegions,
    PutBucket,
    DeleteBucket,
    GetBucketInfo,
    GetBucketLocation,
    GetBucketStat,
    PutBucketAcl,
    GetBucketAcl,
    PutBucketRequestPayment,
    GetBucketRequestPayment,
    PutBucketVersioning,
    GetBucketVersioning,
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
    PutBucketLifecycle,
    GetBucketLifecycle,
    DeleteBucketLifecycle,
    PutBucketTags,
    GetBucketTags,
    DeleteBucketTags,
    InitiateBucketWorm,
    CompleteBucketWorm,
    ExtendBucketWorm,
    AbortBucketWorm,
    GetBucketWorm,
    PutBucketWebsite,
    GetBucketWebsite,
    DeleteBucketWebsite,
    PutBucketReferer,
    GetBucketReferer,
    ListLiveChannel,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    ListMultipartUploads,
    DeleteMultipleObjects,
    PostObject,
    PutObject,
    AppendObject,
    GetObject,
    HeadObject,
    GetObjectMeta,
    /// As SDKs of the years before 2021 ask.
    GetObjectMetaByGet,
    CopyObject,
    DeleteObject,
    PutObjectAcl,
    GetObjectAcl,
    PutObjectTagging,
    GetObjectTagging,
    DeleteObjectTagging,
    PutSymlink,
    GetSymlink,
    RestoreObject,
    OptionObject,
    InitiateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    ListParts,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    GetBucketPublicAccessBlock,
    PutBucketPublicAccessBlock,
    DeleteBucketPublicAccessBlock,
    GetPublicAccessBlock,
    PutPublicAccessBlock,
    DeletePublicAccessBlock,
    GetBucketResourceGroup,
    PutBucketResourceGroup,
    GetBucketArchiveDirectRead,
    PutBucketArchiveDirectRead,
    GetBucketAccessMonitor,
    PutBucketAccessMonitor,
    ListCloudBoxes,
    CleanRestoredObject,
    PutAsyncFetchTask,
    GetAsyncFetchTask,
    PutBucketCapacity,
    GetBucketCapacity,
    PutBucketHttpsConfig,
    GetBucketHttpsConfig,
    PutBucketOverwriteConfig,
    GetBucketOverwriteConfig,
    DeleteBucketOverwriteConfig,
    PutBucketCallbackPolicy,
    GetBucketCallbackPolicy,
    DeleteBucketCallbackPolicy,
    PutBucketObjectWormConfiguration,
    GetBucketObjectWormConfiguration,
    PutObjectRetention,
    GetObjectRetention,
    PutObjectLegalHold,
    GetObjectLegalHold,
    PutBucketInventory,
    GetBucketInventory,
    ListBucketInventory,
    DeleteBucketInventory,
    PutBucketLogging,
    GetBucketLogging,
    DeleteBucketLogging,
    PutUserDefinedLogFieldsConfig,
    GetUserDefinedLogFieldsConfig,
    DeleteUserDefinedLogFieldsConfig,
    /// Known to the vendor, not to this server yet: the query name that tells the operation, such as
    /// `lifecycle`.
    NotImplemented(&'static str),
}

impl Operation for Op {
    fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::DescribeRegions => "DescribeRegions",
            Self::PutBucket => "PutBucket",
            Self::DeleteBucket => "DeleteBucket",
            Self::GetBucketInfo => "GetBucketInfo",
            Self::GetBucketLocation => "GetBucketLocation",
            Self::GetBucketStat => "GetBucketStat",
            Self::PutBucketAcl => "PutBucketAcl",
            Self::GetBucketAcl => "GetBucketAcl",
            Self::PutBucketRequestPayment => "PutBucketRequestPayment",
            Self::GetBucketRequestPayment => "GetBucketRequestPayment",
            Self::PutBucketVersioning => "PutBucketVersioning",
            Self::GetBucketVersioning => "GetBucketVersioning",
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
            Self::PutBucketLifecycle => "PutBucketLifecycle",
            Self::GetBucketLifecycle => "GetBucketLifecycle",
            Self::DeleteBucketLifecycle => "DeleteBucketLifecycle",
            Self::PutBucketTags => "PutBucketTags",
            Self::GetBucketTags => "GetBucketTags",
            Self::DeleteBucketTags => "DeleteBucketTags",
            Self::InitiateBucketWorm => "InitiateBucketWorm",
            Self::CompleteBucketWorm => "CompleteBucketWorm",
            Self::ExtendBucketWorm => "ExtendBucketWorm",
            Self::AbortBucketWorm => "AbortBucketWorm",
            Self::GetBucketWorm => "GetBucketWorm",
            Self::PutBucketWebsite => "PutBucketWebsite",
            Self::GetBucketWebsite => "GetBucketWebsite",
            Self::DeleteBucketWebsite => "DeleteBucketWebsite",
            Self::PutBucketReferer => "PutBucketReferer",
            Self::GetBucketReferer => "GetBucketReferer",
            Self::ListLiveChannel => "ListLiveChannel",
            Self::ListObjects => "ListObjects",
            Self::ListObjectsV2 => "ListObjectsV2",
            Self::ListObjectVersions => "ListObjectVersions",
            Self::ListMultipartUploads => "ListMultipartUploads",
            Self::DeleteMultipleObjects => "DeleteMultipleObjects",
            Self::PostObject => "PostObject",
            Self::PutObject => "PutObject",
            Self::AppendObject => "AppendObject",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::GetObjectMeta | Self::GetObjectMetaByGet => "GetObjectMeta",
            Self::CopyObject => "CopyObject",
            Self::DeleteObject => "DeleteObject",
            Self::PutObjectAcl => "PutObjectACL",
            Self::GetObjectAcl => "GetObjectACL",
            Self::PutObjectTagging => "PutObjectTagging",
            Self::GetObjectTagging => "GetObjectTagging",
            Self::DeleteObjectTagging => "DeleteObjectTagging",
            Self::PutSymlink => "PutSymlink",
            Self::GetSymlink => "GetSymlink",
            Self::RestoreObject => "RestoreObject",
            Self::OptionObject => "OptionObject",
            Self::InitiateMultipartUpload => "InitiateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::UploadPartCopy => "UploadPartCopy",
            Self::ListParts => "ListParts",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::GetBucketPublicAccessBlock => "GetBucketPublicAccessBlock",
            Self::PutBucketPublicAccessBlock => "PutBucketPublicAccessBlock",
            Self::DeleteBucketPublicAccessBlock => "DeleteBucketPublicAccessBlock",
            Self::GetPublicAccessBlock => "GetPublicAccessBlock",
            Self::PutPublicAccessBlock => "PutPublicAccessBlock",
            Self::DeletePublicAccessBlock => "DeletePublicAccessBlock",
            Self::GetBucketResourceGroup => "GetBucketResourceGroup",
            Self::PutBucketResourceGroup => "PutBucketResourceGroup",
            Self::GetBucketArchiveDirectRead => "GetBucketArchiveDirectRead",
            Self::PutBucketArchiveDirectRead => "PutBucketArchiveDirectRead",
            Self::GetBucketAccessMonitor => "GetBucketAccessMonitor",
            Self::PutBucketAccessMonitor => "PutBucketAccessMonitor",
            Self::ListCloudBoxes => "ListCloudBoxes",
            Self::CleanRestoredObject => "CleanRestoredObject",
            Self::PutAsyncFetchTask => "PutAsyncFetchTask",
            Self::GetAsyncFetchTask => "GetAsyncFetchTask",
            Self::PutBucketCapacity => "PutBucketStorageCapacity",
            Self::GetBucketCapacity => "GetBucketStorageCapacity",
            Self::PutBucketHttpsConfig => "PutBucketHttpsConfig",
            Self::GetBucketHttpsConfig => "GetBucketHttpsConfig",
            Self::PutBucketOverwriteConfig => "PutBucketOverwriteConfig",
            Self::GetBucketOverwriteConfig => "GetBucketOverwriteConfig",
            Self::DeleteBucketOverwriteConfig => "DeleteBucketOverwriteConfig",
            Self::PutBucketCallbackPolicy => "PutBucketCallbackPolicy",
            Self::GetBucketCallbackPolicy => "GetBucketCallbackPolicy",
            Self::DeleteBucketCallbackPolicy => "DeleteBucketCallbackPolicy",
            Self::PutBucketObjectWormConfiguration => "PutBucketObjectWormConfiguration",
            Self::GetBucketObjectWormConfiguration => "GetBucketObjectWormConfiguration",
            Self::PutObjectRetention => "PutObjectRetention",
            Self::GetObjectRetention => "GetObjectRetention",
            Self::PutObjectLegalHold => "PutObjectLegalHold",
            Self::GetObjectLegalHold => "GetObjectLegalHold",
            Self::PutBucketInventory => "PutBucketInventory",
            Self::GetBucketInventory => "GetBucketInventory",
            Self::ListBucketInventory => "ListBucketInventory",
            Self::DeleteBucketInventory => "DeleteBucketInventory",
            Self::PutBucketLogging => "PutBucketLogging",
            Self::GetBucketLogging => "GetBucketLogging",
            Self::DeleteBucketLogging => "DeleteBucketLogging",
            Self::PutUserDefinedLogFieldsConfig => "PutUserDefinedLogFieldsConfig",
            Self::GetUserDefinedLogFieldsConfig => "GetUserDefinedLogFieldsConfig",
            Self::DeleteUserDefinedLogFieldsConfig => "DeleteUserDefinedLogFieldsConfig",
            Self::NotImplemented(_) => "NotImplemented",
        }
    }

    /// A missing bucket is told even to an unknown access key (sheet section 2), but where the operation
    /// makes it.
    fn tells_missing_bucket_first(self) -> bool {
        !matches!(
            self,
            Self::ListBuckets
                | Self::ListCloudBoxes
                | Self::DescribeRegions
                | Self::GetPublicAccessBlock
                | Self::PutPublicAccessBlock
                | Self::DeletePublicAccessBlock
                | Self::PutBucket
                | Self::PutBucketAcl
        )
    }
}

/// The query name of what lines of logs tell beside.
const LOG_FIELDS: &str = "userDefinedLogFieldsConfig";

/// Query names of which one selects an operation on a bucket.
const BUCKET_NAMES: &[&str] = &[
    "accessmonitor",
    "acl",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "cors",
    "delete",
    "encryption",
    "httpsConfig",
    "lifecycle",
    "list-type",
    "live",
    "location",
    "objectWorm",
    "overwriteConfig",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "qos",
    "resourceGroup",
    "stat",
    "tagging",
    "uploads",
    "requestPayment",
    "versioning",
    "versions",
    "worm",
    "wormId",
    "website",
    "referer",
    "inventory",
    "logging",
    LOG_FIELDS,
];

/// Query names of which one selects an operation on an object.
const OBJECT_NAMES: &[&str] = &[
    "acl",
    "append",
    "cleanRestoredObject",
    "legalHold",
    "objectMeta",
    "restore",
    "retention",
    "symlink",
    "tagging",
    "uploadId",
    "uploads",
];

/// Sub-resources of the service that the vendor knows and this server does not serve.
const SERVICE_LATER: &[&str] = &[
    "accessPoint",
    "qosInfo",
    "requesterQosInfo",
    "resourcePool",
    "resourcePoolInfo",
    "resourcePoolBuckets",
];

/// Sub-resources of buckets that the vendor knows and this server does not serve (sheet sections 2.1
/// and 6).
const BUCKET_LATER: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "cleanRestoredObject",
    "cname",
    "comp",
    "dataPipeline",
    "group",
    "img",
    "metaQuery",
    "metadataConfiguration",
    "objectInfo",
    "processConfiguration",
    "qosInfo",
    "quota",
    "redundancyTransition",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requesterQosInfo",
    "rtc",
    "style",
    "styleName",
    "transferAcceleration",
    "udf",
    "vip",
    "vpcip",
    "x-oss-process",
    "x-oss-async-process",
];

/// Sub-resources of objects that the vendor knows and this server does not serve.
const OBJECT_LATER: &[&str] = &[
    "asyncFetch",
    "comp",
    "img",
    "link",
    "live",
    "objectInfo",
    "qos",
    "seal",
    "status",
    "udf",
    "vod",
    "x-oss-async-process",
    "x-oss-process",
    "x-oss-write-get-object-response",
];

/// Parameters of a plain listing.
const LIST_PARAMETERS: &[&str] = &["prefix", "marker", "max-keys", "delimiter", "encoding-type"];

/// Parameters of a list of buckets.
const SERVICE_PARAMETERS: &[&str] = &[
    "prefix",
    "regionList",
    "marker",
    "max-keys",
    "tag-key",
    "tag-value",
    "tagging",
];

/// Chooses the operation.
pub(crate) fn route(facts: Facts<'_>) -> Result<Op, OssError> {
    match facts.level {
        Level::Service => service(facts),
        // A browser asks about any request before it sends it, and only once.
        _ if facts.method == Method::OPTIONS => Ok(Op::OptionObject),
        Level::Bucket => bucket(facts),
        Level::Object => object(facts),
    }
}

fn service(facts: Facts<'_>) -> Result<Op, OssError> {
    if let Some(name) = facts.first_of(SERVICE_LATER) {
        return Ok(Op::NotImplemented(name));
    }
    match *facts.method {
        Method::GET if facts.has("publicAccessBlock") => Ok(Op::GetPublicAccessBlock),
        Method::PUT if facts.has("publicAccessBlock") => Ok(Op::PutPublicAccessBlock),
        Method::DELETE if facts.has("publicAccessBlock") => Ok(Op::DeletePublicAccessBlock),
        Method::GET if facts.has("regions") => Ok(Op::DescribeRegions),
        Method::GET if facts.has("cloudboxes") => Ok(Op::ListCloudBoxes),
        Method::GET => Ok(facts.only(SERVICE_PARAMETERS, Op::ListBuckets)?),
        _ => Err(not_allowed().into()),
    }
}

fn bucket(facts: Facts<'_>) -> Result<Op, OssError> {
    let has = |name| facts.has(name);
    facts.one_of(BUCKET_NAMES)?;
    // A setting of an access point is none of the bucket behind it.
    if facts
        .query
        .iter()
        .any(|(name, _)| name == "x-oss-access-point-name")
    {
        return Ok(Op::NotImplemented("x-oss-access-point-name"));
    }
    if facts.has("policy")
        && facts
            .query
            .iter()
            .any(|(name, value)| name == "comp" && value == "callback")
    {
        return callbacks(facts);
    }
    if let Some(name) = facts.first_of(BUCKET_LATER) {
        return Ok(Op::NotImplemented(name));
    }
    Ok(match *facts.method {
        Method::GET if has("acl") => Op::GetBucketAcl,
        Method::GET if has("asyncFetch") => Op::GetAsyncFetchTask,
        Method::GET if has("bucketArchiveDirectRead") => Op::GetBucketArchiveDirectRead,
        Method::GET if has("accessmonitor") => Op::GetBucketAccessMonitor,
        Method::GET if has("bucketInfo") => Op::GetBucketInfo,
        Method::GET if has("cors") => Op::GetBucketCors,
        Method::GET if has("encryption") => Op::GetBucketEncryption,
        Method::GET if has("httpsConfig") => Op::GetBucketHttpsConfig,
        Method::GET if has("lifecycle") => Op::GetBucketLifecycle,
        Method::GET if has("live") => Op::ListLiveChannel,
        Method::GET if has("location") => Op::GetBucketLocation,
        Method::GET if has("objectWorm") => Op::GetBucketObjectWormConfiguration,
        Method::GET if has("overwriteConfig") => Op::GetBucketOverwriteConfig,
        Method::GET if has("policy") => Op::GetBucketPolicy,
        Method::GET if has("policyStatus") => Op::GetBucketPolicyStatus,
        Method::GET if has("publicAccessBlock") => Op::GetBucketPublicAccessBlock,
        Method::GET if has("qos") => Op::GetBucketCapacity,
        Method::GET if has("resourceGroup") => Op::GetBucketResourceGroup,
        Method::GET if has("stat") => Op::GetBucketStat,
        Method::GET if has("tagging") => Op::GetBucketTags,
        Method::GET if has("uploads") => Op::ListMultipartUploads,
        Method::GET if has("referer") => Op::GetBucketReferer,
        Method::GET if has("requestPayment") => Op::GetBucketRequestPayment,
        Method::GET if has("versioning") => Op::GetBucketVersioning,
        Method::GET if has("versions") => Op::ListObjectVersions,
        Method::GET if has("worm") => Op::GetBucketWorm,
        Method::GET if has("website") => Op::GetBucketWebsite,
        Method::GET if has("inventory") && has("inventoryId") => Op::GetBucketInventory,
        Method::GET if has("inventory") => Op::ListBucketInventory,
        Method::GET if has("logging") => Op::GetBucketLogging,
        Method::GET if has(LOG_FIELDS) => Op::GetUserDefinedLogFieldsConfig,
        Method::GET if has("list-type") => Op::ListObjectsV2,
        Method::GET => return Ok(facts.only(LIST_PARAMETERS, Op::ListObjects)?),
        Method::PUT if has("acl") => Op::PutBucketAcl,
        Method::PUT if has("bucketArchiveDirectRead") => Op::PutBucketArchiveDirectRead,
        Method::PUT if has("accessmonitor") => Op::PutBucketAccessMonitor,
        Method::PUT if has("cors") => Op::PutBucketCors,
        Method::PUT if has("encryption") => Op::PutBucketEncryption,
        Method::PUT if has("httpsConfig") => Op::PutBucketHttpsConfig,
        Method::PUT if has("lifecycle") => Op::PutBucketLifecycle,
        Method::PUT if has("objectWorm") => Op::PutBucketObjectWormConfiguration,
        Method::PUT if has("overwriteConfig") => Op::PutBucketOverwriteConfig,
        Method::PUT if has("policy") => Op::PutBucketPolicy,
        Method::PUT if has("publicAccessBlock") => Op::PutBucketPublicAccessBlock,
        Method::PUT if has("qos") => Op::PutBucketCapacity,
        Method::PUT if has("resourceGroup") => Op::PutBucketResourceGroup,
        Method::PUT if has("tagging") => Op::PutBucketTags,
        Method::PUT if has("referer") => Op::PutBucketReferer,
        Method::PUT if has("requestPayment") => Op::PutBucketRequestPayment,
        Method::PUT if has("versioning") => Op::PutBucketVersioning,
        Method::PUT if has("website") => Op::PutBucketWebsite,
        Method::PUT if has("inventory") => Op::PutBucketInventory,
        Method::PUT if has("logging") => Op::PutBucketLogging,
        Method::PUT if has(LOG_FIELDS) => Op::PutUserDefinedLogFieldsConfig,
        Method::PUT => return Ok(facts.only(&[], Op::PutBucket)?),
        Method::DELETE if has("cors") => Op::DeleteBucketCors,
        Method::DELETE if has("encryption") => Op::DeleteBucketEncryption,
        Method::DELETE if has("lifecycle") => Op::DeleteBucketLifecycle,
        Method::DELETE if has("overwriteConfig") => Op::DeleteBucketOverwriteConfig,
        Method::DELETE if has("policy") => Op::DeleteBucketPolicy,
        Method::DELETE if has("publicAccessBlock") => Op::DeleteBucketPublicAccessBlock,
        Method::DELETE if has("tagging") => Op::DeleteBucketTags,
        Method::DELETE if has("worm") => Op::AbortBucketWorm,
        Method::DELETE if has("website") => Op::DeleteBucketWebsite,
        Method::DELETE if has("inventory") => Op::DeleteBucketInventory,
        Method::DELETE if has("logging") => Op::DeleteBucketLogging,
        Method::DELETE if has(LOG_FIELDS) => Op::DeleteUserDefinedLogFieldsConfig,
        Method::DELETE => return Ok(facts.only(&[], Op::DeleteBucket)?),
        Method::POST if has("asyncFetch") => Op::PutAsyncFetchTask,
        Method::POST if has("delete") => Op::DeleteMultipleObjects,
        Method::POST if has("worm") => Op::InitiateBucketWorm,
        Method::POST if has("wormId") && has("wormExtend") => Op::ExtendBucketWorm,
        Method::POST if has("wormId") => Op::CompleteBucketWorm,
        Method::POST if facts.form => return Ok(facts.only(&[], Op::PostObject)?),
        _ => return Err(not_allowed().into()),
    })
}

/// Callbacks that uploads order by name: a part of the bucket's policy by its address alone.
fn callbacks(facts: Facts<'_>) -> Result<Op, OssError> {
    match *facts.method {
        Method::GET => Ok(Op::GetBucketCallbackPolicy),
        Method::PUT => Ok(Op::PutBucketCallbackPolicy),
        Method::DELETE => Ok(Op::DeleteBucketCallbackPolicy),
        _ => Err(not_allowed().into()),
    }
}

fn object(facts: Facts<'_>) -> Result<Op, OssError> {
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
        Method::PUT if has("legalHold") => Op::PutObjectLegalHold,
        Method::PUT if has("retention") => Op::PutObjectRetention,
        Method::PUT if has("symlink") => Op::PutSymlink,
        Method::PUT if has("tagging") => Op::PutObjectTagging,
        Method::PUT if facts.copies => return Ok(facts.only(&[], Op::CopyObject)?),
        Method::PUT => return Ok(facts.only(&[], Op::PutObject)?),
        Method::GET if upload => Op::ListParts,
        Method::GET if has("acl") => Op::GetObjectAcl,
        Method::GET if has("legalHold") => Op::GetObjectLegalHold,
        Method::GET if has("retention") => Op::GetObjectRetention,
        Method::GET if has("symlink") => Op::GetSymlink,
        Method::GET if has("tagging") => Op::GetObjectTagging,
        Method::GET if has("objectMeta") => Op::GetObjectMetaByGet,
        // Links to public objects bear what their authors like: nothing but a sub-resource is a question.
        Method::GET => Op::GetObject,
        Method::HEAD if has("objectMeta") => Op::GetObjectMeta,
        Method::HEAD => Op::HeadObject,
        Method::DELETE if upload => Op::AbortMultipartUpload,
        Method::DELETE if has("tagging") => Op::DeleteObjectTagging,
        // A link is deleted as any object is.
        Method::DELETE => return Ok(facts.only(&["versionId", "symlink"], Op::DeleteObject)?),
        Method::POST if has("append") => Op::AppendObject,
        Method::POST if has("cleanRestoredObject") => Op::CleanRestoredObject,
        Method::POST if has("restore") => Op::RestoreObject,
        Method::POST if has("uploads") => Op::InitiateMultipartUpload,
        Method::POST if upload => Op::CompleteMultipartUpload,
        _ => return Err(not_allowed().into()),
    })
}

/// Parameters of signatures and of the SDK that select nothing. Names are case sensitive.
pub(crate) fn is_neutral(name: &str) -> bool {
    const OTHERS: [&str; 6] = [
        "OSSAccessKeyId",
        "Expires",
        "Signature",
        "security-token",
        "callback",
        "callback-var",
    ];
    name.starts_with(OSS.prefix) || OTHERS.contains(&name)
}

#[cfg(test)]
mod tests;
