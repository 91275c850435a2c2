//! Which operation a request means: method, level and the query names that select a sub-resource
//! (sheet sections 4 and 7).

use http::Method;

use super::error::TosError;
use super::words::TOS;
use crate::gate::call::begins;
use crate::gate::pipeline::Operation;
use crate::gate::route::{Facts, Level, not_allowed};

/// An operation of TOS (sheet sections 4 to 7).
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
    GetBucketInfo,
    PutBucketAcl,
    GetBucketAcl,
    PutBucketVersioning,
    GetBucketVersioning,
    PutBucketEncryption,
    GetBucketEncryption,
    DeleteBucketEncryption,
    PutBucketNotification,
    GetBucketNotification,
    PutBucketNotificationType2,
    GetBucketNotificationType2,
    PutBucketWebsite,
    GetBucketWebsite,
    DeleteBucketWebsite,
    PutBucketMirrorBack,
    GetBucketMirrorBack,
    DeleteBucketMirrorBack,
    PutBucketLifecycle,
    GetBucketLifecycle,
    DeleteBucketLifecycle,
    PutBucketCors,
    GetBucketCors,
    DeleteBucketCors,
    PutBucketPolicy,
    GetBucketPolicy,
    DeleteBucketPolicy,
    PutBucketTagging,
    GetBucketTagging,
    DeleteBucketTagging,
    PutBucketStorageClass,
    PutBucketQuota,
    GetBucketQuota,
    PutBucketRename,
    GetBucketRename,
    DeleteBucketRename,
    PutBucketCustomDomain,
    ListBucketCustomDomain,
    DeleteBucketCustomDomain,
    ListObjects,
    ListObjectsType2,
    ListObjectVersions,
    ListMultipartUploads,
    DeleteMultiObjects,
    PostObject,
    PutObject,
    AppendObject,
    GetObject,
    HeadObject,
    DeleteObject,
    CopyObject,
    SetObjectMeta,
    PutObjectAcl,
    GetObjectAcl,
    PutObjectTagging,
    GetObjectTagging,
    DeleteObjectTagging,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    ListParts,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    OptionsObject,
    RestoreObject,
    PutSymlink,
    GetSymlink,
    GetFileStatus,
    RenameObject,
    SetObjectExpires,
    SetObjectTime,
    FetchObject,
    PutFetchTask,
    GetFetchTask,
    PutBucketObjectLock,
    GetBucketObjectLock,
    PutObjectRetention,
    GetObjectRetention,
    PutBucketInventory,
    GetBucketInventory,
    ListBucketInventory,
    DeleteBucketInventory,
    PutBucketAccessMonitor,
    GetBucketAccessMonitor,
    PutBucketObjectSetConfiguration,
    GetBucketObjectSetConfiguration,
    PutObjectSet,
    GetObjectSet,
    ListObjectSet,
    DeleteObjectSet,
    PutObjectSetTagging,
    GetObjectSetTagging,
    GetObjectSetEndpoint,
    PutObjectSetQuota,
    GetObjectSetQuota,
    GetObjectSetStorage,
    PutObjectSetLifecycle,
    GetObjectSetLifecycle,
    DeleteObjectSetLifecycle,
    PutObjectSetQuotaByTag,
    GetObjectSetQuotaByTag,
    DeleteObjectSetQuotaByTag,
    PutObjectSetLifecycleByTag,
    GetObjectSetLifecycleByTag,
    DeleteObjectSetLifecycleByTag,
    PutBucketReplication,
    GetBucketReplication,
    DeleteBucketReplication,
    PutBucketTrash,
    GetBucketTrash,
    ModifyObject,
    /// Known to the vendor, not to this server yet: the query name that tells the operation, such as
    /// `lifecycle`.
    NotImplemented(&'static str),
}

impl Operation for Op {
    fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::CreateBucket => "CreateBucket",
            Self::HeadBucket => "HeadBucket",
            Self::DeleteBucket => "DeleteBucket",
            Self::GetBucketLocation => "GetBucketLocation",
            Self::GetBucketInfo => "GetBucketInfo",
            Self::PutBucketAcl => "PutBucketAcl",
            Self::GetBucketAcl => "GetBucketAcl",
            Self::PutBucketVersioning => "PutBucketVersioning",
            Self::GetBucketVersioning => "GetBucketVersioning",
            Self::PutBucketEncryption => "PutBucketEncryption",
            Self::GetBucketEncryption => "GetBucketEncryption",
            Self::DeleteBucketEncryption => "DeleteBucketEncryption",
            Self::PutBucketNotification => "PutBucketNotification",
            Self::GetBucketNotification => "GetBucketNotification",
            Self::PutBucketNotificationType2 => "PutBucketNotificationType2",
            Self::GetBucketNotificationType2 => "GetBucketNotificationType2",
            Self::PutBucketWebsite => "PutBucketWebsite",
            Self::GetBucketWebsite => "GetBucketWebsite",
            Self::DeleteBucketWebsite => "DeleteBucketWebsite",
            Self::PutBucketMirrorBack => "PutBucketMirrorBack",
            Self::GetBucketMirrorBack => "GetBucketMirrorBack",
            Self::DeleteBucketMirrorBack => "DeleteBucketMirrorBack",
            Self::PutBucketLifecycle => "PutBucketLifecycle",
            Self::GetBucketLifecycle => "GetBucketLifecycle",
            Self::DeleteBucketLifecycle => "DeleteBucketLifecycle",
            Self::PutBucketCors => "PutBucketCors",
            Self::GetBucketCors => "GetBucketCors",
            Self::DeleteBucketCors => "DeleteBucketCors",
            Self::PutBucketPolicy => "PutBucketPolicy",
            Self::GetBucketPolicy => "GetBucketPolicy",
            Self::DeleteBucketPolicy => "DeleteBucketPolicy",
            Self::PutBucketTagging => "PutBucketTagging",
            Self::GetBucketTagging => "GetBucketTagging",
            Self::DeleteBucketTagging => "DeleteBucketTagging",
            Self::PutBucketStorageClass => "PutBucketStorageClass",
            Self::PutBucketQuota => "PutBucketQuota",
            Self::GetBucketQuota => "GetBucketQuota",
            Self::PutBucketRename => "PutBucketRename",
            Self::GetBucketRename => "GetBucketRename",
            Self::DeleteBucketRename => "DeleteBucketRename",
            Self::PutBucketCustomDomain => "PutBucketCustomDomain",
            Self::ListBucketCustomDomain => "ListBucketCustomDomain",
            Self::DeleteBucketCustomDomain => "DeleteBucketCustomDomain",
            Self::ListObjects => "ListObjects",
            Self::ListObjectsType2 => "ListObjectsType2",
            Self::ListObjectVersions => "ListObjectVersions",
            Self::ListMultipartUploads => "ListMultipartUploads",
            Self::DeleteMultiObjects => "DeleteMultiObjects",
            Self::PostObject => "PostObject",
            Self::PutObject => "PutObject",
            Self::AppendObject => "AppendObject",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::DeleteObject => "DeleteObject",
            Self::CopyObject => "CopyObject",
            Self::SetObjectMeta => "SetObjectMeta",
            Self::PutObjectAcl => "PutObjectAcl",
            Self::GetObjectAcl => "GetObjectAcl",
            Self::PutObjectTagging => "PutObjectTagging",
            Self::GetObjectTagging => "GetObjectTagging",
            Self::DeleteObjectTagging => "DeleteObjectTagging",
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::UploadPartCopy => "UploadPartCopy",
            Self::ListParts => "ListParts",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::OptionsObject => "OptionsObject",
            Self::RestoreObject => "RestoreObject",
            Self::PutSymlink => "PutSymlink",
            Self::GetSymlink => "GetSymlink",
            Self::GetFileStatus => "GetFileStatus",
            Self::RenameObject => "RenameObject",
            Self::SetObjectExpires => "SetObjectExpires",
            Self::SetObjectTime => "SetObjectTime",
            Self::FetchObject => "FetchObject",
            Self::PutFetchTask => "PutFetchTask",
            Self::GetFetchTask => "GetFetchTask",
            Self::PutBucketObjectLock => "PutBucketObjectLock",
            Self::GetBucketObjectLock => "GetBucketObjectLock",
            Self::PutObjectRetention => "PutObjectRetention",
            Self::GetObjectRetention => "GetObjectRetention",
            Self::PutBucketInventory => "PutBucketInventory",
            Self::GetBucketInventory => "GetBucketInventory",
            Self::ListBucketInventory => "ListBucketInventory",
            Self::DeleteBucketInventory => "DeleteBucketInventory",
            Self::PutBucketAccessMonitor => "PutBucketAccessMonitor",
            Self::GetBucketAccessMonitor => "GetBucketAccessMonitor",
            Self::PutBucketObjectSetConfiguration => "PutBucketObjectSetConfiguration",
            Self::GetBucketObjectSetConfiguration => "GetBucketObjectSetConfiguration",
            Self::PutObjectSet => "PutObjectSet",
            Self::GetObjectSet => "GetObjectSet",
            Self::ListObjectSet => "ListObjectSet",
            Self::DeleteObjectSet => "DeleteObjectSet",
            Self::PutObjectSetTagging => "PutObjectSetTagging",
            Self::GetObjectSetTagging => "GetObjectSetTagging",
            Self::GetObjectSetEndpoint => "GetObjectSetEndpoint",
            Self::PutObjectSetQuota => "PutObjectSetQuota",
            Self::GetObjectSetQuota => "GetObjectSetQuota",
            Self::GetObjectSetStorage => "GetObjectSetStorage",
            Self::PutObjectSetLifecycle => "PutObjectSetLifecycle",
            Self::GetObjectSetLifecycle => "GetObjectSetLifecycle",
            Self::DeleteObjectSetLifecycle => "DeleteObjectSetLifecycle",
            Self::PutObjectSetQuotaByTag => "PutObjectSetQuotaByTag",
            Self::GetObjectSetQuotaByTag => "GetObjectSetQuotaByTag",
            Self::DeleteObjectSetQuotaByTag => "DeleteObjectSetQuotaByTag",
            Self::PutObjectSetLifecycleByTag => "PutObjectSetLifecycleByTag",
            Self::GetObjectSetLifecycleByTag => "GetObjectSetLifecycleByTag",
            Self::DeleteObjectSetLifecycleByTag => "DeleteObjectSetLifecycleByTag",
            Self::PutBucketReplication => "PutBucketReplication",
            Self::GetBucketReplication => "GetBucketReplication",
            Self::DeleteBucketReplication => "DeleteBucketReplication",
            Self::PutBucketTrash => "PutBucketTrash",
            Self::GetBucketTrash => "GetBucketTrash",
            Self::ModifyObject => "ModifyObject",
            Self::NotImplemented(_) => "NotImplemented",
        }
    }
}

/// Query names of which one selects an operation on a bucket.
const BUCKET_NAMES: &[&str] = &[
    "accessmonitor",
    "acl",
    "bucketInfo",
    "cors",
    "customdomain",
    "delete",
    "encryption",
    "lifecycle",
    "fetchTask",
    "list-type",
    "location",
    "notification",
    "notification_v2",
    "object-lock",
    "policy",
    "quota",
    "rename",
    "storageClass",
    "tagging",
    "uploads",
    "versioning",
    "versions",
    "website",
    "mirror",
    "inventory",
    "objectset",
    "objectsets",
    "objectsetconfiguration",
    "objectsettagging",
    "objectsetendpoint",
    "objectsetquota",
    "objectsetquotabytag",
    "objectsetstorage",
    "objectset-lifecycle",
    "objectset-lifecycle-bytag",
    "replication",
    "trash",
];

/// Those of them that are about object sets.
const OBJECT_SET_NAMES: &[&str] = &[
    "objectset",
    "objectsets",
    "objectsetconfiguration",
    "objectsettagging",
    "objectsetendpoint",
    "objectsetquota",
    "objectsetquotabytag",
    "objectsetstorage",
    "objectset-lifecycle",
    "objectset-lifecycle-bytag",
];

/// Query names of which one selects an operation on an object.
const OBJECT_NAMES: &[&str] = &[
    "acl",
    "append",
    "fetch",
    "metadata",
    "modify",
    "objectExpires",
    "rename",
    "restore",
    "retention",
    "stat",
    "symlink",
    "tagging",
    "time",
    "uploadId",
    "uploads",
];

/// Those of an object that no other method is about than those that stand in [`object`].
const OBJECT_ACTIONS: &[&str] = &[
    "fetch",
    "modify",
    "objectExpires",
    "rename",
    "restore",
    "stat",
    "symlink",
    "time",
];

/// Sub-resources of buckets that the vendor knows and this server does not serve.
const BUCKET_LATER: &[&str] = &[
    "realtimeLog",
    "transferAcceleration",
    "worm",
    "payByTraffic",
    "intelligenttiering",
    "accesspoint",
    "httpsConfig",
    "maxAge",
    "privateM3U8",
    "logging",
    "policyStatus",
    "requestPayment",
];

/// Sub-resources of objects that the vendor knows and this server does not serve.
const OBJECT_LATER: &[&str] = &[
    "status",
    "select",
    "legalhold",
    // What the vendor makes of an image or a document on the way.
    "x-tos-process",
    "x-tos-save-bucket",
    "x-tos-save-object",
];

/// Chooses the operation.
pub(crate) fn route(facts: Facts<'_>) -> Result<Op, TosError> {
    match facts.level {
        Level::Service => service(facts),
        // A browser asks about any request before it sends it, and only once.
        _ if facts.method == Method::OPTIONS => Ok(Op::OptionsObject),
        Level::Bucket => bucket(facts),
        Level::Object => object(facts),
    }
}

fn service(facts: Facts<'_>) -> Result<Op, TosError> {
    match *facts.method {
        Method::GET if facts.plain() => Ok(Op::ListBuckets),
        _ => Err(not_allowed().into()),
    }
}

fn bucket(facts: Facts<'_>) -> Result<Op, TosError> {
    let has = |name| facts.has(name);
    facts.one_of(BUCKET_NAMES)?;
    if let Some(name) = facts.first_of(BUCKET_LATER) {
        return Ok(Op::NotImplemented(name));
    }
    if let Some(name) = facts.first_of(OBJECT_SET_NAMES) {
        return object_set(facts.method, name);
    }
    Ok(match *facts.method {
        Method::GET if has("acl") => Op::GetBucketAcl,
        Method::GET if has("encryption") => Op::GetBucketEncryption,
        Method::GET if has("location") => Op::GetBucketLocation,
        Method::GET if has("bucketInfo") => Op::GetBucketInfo,
        Method::GET if has("versioning") => Op::GetBucketVersioning,
        Method::GET if has("notification") => Op::GetBucketNotification,
        Method::GET if has("notification_v2") => Op::GetBucketNotificationType2,
        Method::GET if has("versions") => Op::ListObjectVersions,
        Method::GET if has("uploads") => Op::ListMultipartUploads,
        Method::GET if has("website") => Op::GetBucketWebsite,
        Method::GET if has("mirror") => Op::GetBucketMirrorBack,
        Method::GET if has("fetchTask") => Op::GetFetchTask,
        Method::GET if has("list-type") => Op::ListObjectsType2,
        Method::GET if has("lifecycle") => Op::GetBucketLifecycle,
        Method::GET if has("cors") => Op::GetBucketCors,
        Method::GET if has("object-lock") => Op::GetBucketObjectLock,
        Method::GET if has("policy") => Op::GetBucketPolicy,
        Method::GET if has("tagging") => Op::GetBucketTagging,
        Method::GET if has("quota") => Op::GetBucketQuota,
        Method::GET if has("rename") => Op::GetBucketRename,
        Method::GET if has("customdomain") => Op::ListBucketCustomDomain,
        Method::GET if has("inventory") && has("id") => Op::GetBucketInventory,
        Method::GET if has("inventory") => Op::ListBucketInventory,
        Method::GET if has("accessmonitor") => Op::GetBucketAccessMonitor,
        Method::GET if has("replication") => Op::GetBucketReplication,
        Method::GET if has("trash") => Op::GetBucketTrash,
        Method::GET => return Ok(facts.only(LIST_PARAMETERS, Op::ListObjects)?),
        Method::PUT if has("acl") => Op::PutBucketAcl,
        Method::PUT if has("encryption") => Op::PutBucketEncryption,
        Method::PUT if has("versioning") => Op::PutBucketVersioning,
        Method::PUT if has("notification") => Op::PutBucketNotification,
        Method::PUT if has("notification_v2") => Op::PutBucketNotificationType2,
        Method::PUT if has("website") => Op::PutBucketWebsite,
        Method::PUT if has("mirror") => Op::PutBucketMirrorBack,
        Method::PUT if has("lifecycle") => Op::PutBucketLifecycle,
        Method::PUT if has("cors") => Op::PutBucketCors,
        Method::PUT if has("object-lock") => Op::PutBucketObjectLock,
        Method::PUT if has("policy") => Op::PutBucketPolicy,
        Method::PUT if has("tagging") => Op::PutBucketTagging,
        Method::PUT if has("storageClass") => Op::PutBucketStorageClass,
        Method::PUT if has("quota") => Op::PutBucketQuota,
        Method::PUT if has("rename") => Op::PutBucketRename,
        Method::PUT if has("customdomain") => Op::PutBucketCustomDomain,
        Method::PUT if has("inventory") => Op::PutBucketInventory,
        Method::PUT if has("accessmonitor") => Op::PutBucketAccessMonitor,
        Method::PUT if has("replication") => Op::PutBucketReplication,
        Method::PUT if has("trash") => Op::PutBucketTrash,
        Method::PUT => return Ok(facts.only(&[], Op::CreateBucket)?),
        Method::HEAD => return Ok(facts.only(&[], Op::HeadBucket)?),
        Method::DELETE if has("encryption") => Op::DeleteBucketEncryption,
        Method::DELETE if has("website") => Op::DeleteBucketWebsite,
        Method::DELETE if has("mirror") => Op::DeleteBucketMirrorBack,
        Method::DELETE if has("lifecycle") => Op::DeleteBucketLifecycle,
        Method::DELETE if has("cors") => Op::DeleteBucketCors,
        Method::DELETE if has("policy") => Op::DeleteBucketPolicy,
        Method::DELETE if has("tagging") => Op::DeleteBucketTagging,
        Method::DELETE if has("rename") => Op::DeleteBucketRename,
        Method::DELETE if has("customdomain") => Op::DeleteBucketCustomDomain,
        Method::DELETE if has("inventory") => Op::DeleteBucketInventory,
        Method::DELETE if has("replication") => Op::DeleteBucketReplication,
        Method::DELETE => return Ok(facts.only(&[], Op::DeleteBucket)?),
        Method::POST if has("fetchTask") => Op::PutFetchTask,
        Method::POST if has("delete") => Op::DeleteMultiObjects,
        Method::POST if facts.form => Op::PostObject,
        _ => return Err(not_allowed().into()),
    })
}

/// Operations of object sets, by method and the name in the query.
fn object_set(method: &Method, name: &str) -> Result<Op, TosError> {
    Ok(match (method, name) {
        (&Method::PUT, "objectsetconfiguration") => Op::PutBucketObjectSetConfiguration,
        (&Method::GET, "objectsetconfiguration") => Op::GetBucketObjectSetConfiguration,
        (&Method::PUT, "objectset") => Op::PutObjectSet,
        (&Method::GET, "objectset") => Op::GetObjectSet,
        (&Method::GET, "objectsets") => Op::ListObjectSet,
        (&Method::DELETE, "objectset") => Op::DeleteObjectSet,
        (&Method::PUT, "objectsettagging") => Op::PutObjectSetTagging,
        (&Method::GET, "objectsettagging") => Op::GetObjectSetTagging,
        (&Method::GET, "objectsetendpoint") => Op::GetObjectSetEndpoint,
        (&Method::PUT, "objectsetquota") => Op::PutObjectSetQuota,
        (&Method::GET, "objectsetquota") => Op::GetObjectSetQuota,
        (&Method::GET, "objectsetstorage") => Op::GetObjectSetStorage,
        (&Method::PUT, "objectset-lifecycle") => Op::PutObjectSetLifecycle,
        (&Method::GET, "objectset-lifecycle") => Op::GetObjectSetLifecycle,
        (&Method::DELETE, "objectset-lifecycle") => Op::DeleteObjectSetLifecycle,
        (&Method::PUT, "objectsetquotabytag") => Op::PutObjectSetQuotaByTag,
        (&Method::GET, "objectsetquotabytag") => Op::GetObjectSetQuotaByTag,
        (&Method::DELETE, "objectsetquotabytag") => Op::DeleteObjectSetQuotaByTag,
        (&Method::PUT, "objectset-lifecycle-bytag") => Op::PutObjectSetLifecycleByTag,
        (&Method::GET, "objectset-lifecycle-bytag") => Op::GetObjectSetLifecycleByTag,
        (&Method::DELETE, "objectset-lifecycle-bytag") => Op::DeleteObjectSetLifecycleByTag,
        _ => return Err(not_allowed().into()),
    })
}

fn object(facts: Facts<'_>) -> Result<Op, TosError> {
    let has = |name| facts.has(name);
    facts.one_of(OBJECT_NAMES)?;
    if let Some(name) = facts.first_of(OBJECT_LATER) {
        return Ok(Op::NotImplemented(name));
    }
    let upload = has("uploadId");
    let action = facts.first_of(OBJECT_ACTIONS).is_some();
    Ok(match *facts.method {
        Method::PUT if has("symlink") => Op::PutSymlink,
        Method::PUT if has("rename") => Op::RenameObject,
        Method::GET if has("symlink") => Op::GetSymlink,
        Method::GET if has("stat") => Op::GetFileStatus,
        Method::POST if has("restore") => Op::RestoreObject,
        Method::POST if has("objectExpires") => Op::SetObjectExpires,
        Method::POST if has("time") => Op::SetObjectTime,
        Method::POST if has("fetch") => Op::FetchObject,
        Method::POST if has("modify") => Op::ModifyObject,
        _ if action => return Err(not_allowed().into()),
        Method::PUT if upload && facts.copies => Op::UploadPartCopy,
        Method::PUT if upload => Op::UploadPart,
        Method::PUT if has("acl") => Op::PutObjectAcl,
        Method::PUT if has("tagging") => Op::PutObjectTagging,
        Method::PUT if has("retention") => Op::PutObjectRetention,
        Method::PUT if facts.copies => Op::CopyObject,
        Method::PUT => Op::PutObject,
        Method::GET if upload => Op::ListParts,
        Method::GET if has("acl") => Op::GetObjectAcl,
        Method::GET if has("tagging") => Op::GetObjectTagging,
        Method::GET if has("retention") => Op::GetObjectRetention,
        Method::GET => Op::GetObject,
        Method::HEAD => Op::HeadObject,
        Method::DELETE if upload => Op::AbortMultipartUpload,
        Method::DELETE if has("tagging") => Op::DeleteObjectTagging,
        Method::DELETE => Op::DeleteObject,
        Method::POST if has("append") => Op::AppendObject,
        Method::POST if has("uploads") => Op::CreateMultipartUpload,
        Method::POST if upload => Op::CompleteMultipartUpload,
        Method::POST if has("metadata") => Op::SetObjectMeta,
        Method::POST if facts.form && facts.plain() => Op::PostObject,
        _ => return Err(not_allowed().into()),
    })
}

/// Parameters of a plain listing; any other name might be a sub-resource that must not be answered
/// with a list of objects (sheet section 7).
const LIST_PARAMETERS: &[&str] = &[
    "prefix",
    "marker",
    "max-keys",
    "delimiter",
    "reverse",
    "encoding-type",
    "fetch-meta",
];

/// Parameters of signatures and of the SDK that select nothing.
pub(crate) fn is_neutral(name: &str) -> bool {
    begins(name, TOS.prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(
        method: &str,
        level: Level,
        query: &str,
        copies: bool,
        form: bool,
    ) -> Result<Op, TosError> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let query: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        route(Facts {
            method: &method,
            level,
            query: &query,
            copies,
            form,
            pages: false,
            neutral: is_neutral,
        })
    }

    /// Method, query (`copies` and `form` stand for a copy source and a form body), operation.
    const ON_BUCKETS: &[(&str, &str, &str)] = &[
        ("PUT", "", "CreateBucket"),
        ("HEAD", "", "HeadBucket"),
        ("DELETE", "", "DeleteBucket"),
        ("GET", "location", "GetBucketLocation"),
        ("GET", "bucketInfo", "GetBucketInfo"),
        ("PUT", "acl", "PutBucketAcl"),
        ("GET", "acl", "GetBucketAcl"),
        ("PUT", "versioning", "PutBucketVersioning"),
        ("GET", "versioning", "GetBucketVersioning"),
        ("PUT", "notification", "PutBucketNotification"),
        ("GET", "notification", "GetBucketNotification"),
        ("PUT", "notification_v2", "PutBucketNotificationType2"),
        ("GET", "notification_v2", "GetBucketNotificationType2"),
        ("GET", "x-tos-bucket-type=hns&prefix=a", "ListObjects"),
        ("GET", "list-type=2&fetch-owner=true", "ListObjectsType2"),
        ("PUT", "website", "PutBucketWebsite"),
        ("GET", "website", "GetBucketWebsite"),
        ("DELETE", "website", "DeleteBucketWebsite"),
        ("PUT", "mirror", "PutBucketMirrorBack"),
        ("GET", "mirror", "GetBucketMirrorBack"),
        ("DELETE", "mirror", "DeleteBucketMirrorBack"),
        ("GET", "versions", "ListObjectVersions"),
        ("GET", "uploads", "ListMultipartUploads"),
        ("POST", "delete", "DeleteMultiObjects"),
        ("POST", "form", "PostObject"),
        ("POST", "fetchTask", "PutFetchTask"),
        ("GET", "fetchTask&taskId=t", "GetFetchTask"),
        ("OPTIONS", "prefix=a&unknown", "OptionsObject"),
        ("PUT", "lifecycle", "PutBucketLifecycle"),
        ("GET", "lifecycle", "GetBucketLifecycle"),
        ("DELETE", "lifecycle", "DeleteBucketLifecycle"),
        ("PUT", "cors", "PutBucketCors"),
        ("GET", "cors", "GetBucketCors"),
        ("DELETE", "cors", "DeleteBucketCors"),
        ("PUT", "policy", "PutBucketPolicy"),
        ("GET", "policy", "GetBucketPolicy"),
        ("DELETE", "policy", "DeleteBucketPolicy"),
        ("PUT", "tagging", "PutBucketTagging"),
        ("GET", "tagging", "GetBucketTagging"),
        ("DELETE", "tagging", "DeleteBucketTagging"),
        ("PUT", "storageClass", "PutBucketStorageClass"),
        ("PUT", "quota", "PutBucketQuota"),
        ("GET", "quota", "GetBucketQuota"),
        ("PUT", "rename", "PutBucketRename"),
        ("GET", "rename", "GetBucketRename"),
        ("DELETE", "rename", "DeleteBucketRename"),
        ("PUT", "customdomain", "PutBucketCustomDomain"),
        ("GET", "customdomain", "ListBucketCustomDomain"),
        ("DELETE", "customdomain", "DeleteBucketCustomDomain"),
        ("PUT", "object-lock", "PutBucketObjectLock"),
        ("GET", "object-lock", "GetBucketObjectLock"),
        ("PUT", "inventory&id=a", "PutBucketInventory"),
        ("GET", "inventory&id=a", "GetBucketInventory"),
        ("GET", "inventory", "ListBucketInventory"),
        (
            "GET",
            "inventory&continuation-token=a",
            "ListBucketInventory",
        ),
        ("DELETE", "inventory&id=a", "DeleteBucketInventory"),
        ("PUT", "trash", "PutBucketTrash"),
        ("GET", "trash", "GetBucketTrash"),
        ("PUT", "accessmonitor", "PutBucketAccessMonitor"),
        ("GET", "accessmonitor", "GetBucketAccessMonitor"),
        ("PUT", "replication", "PutBucketReplication"),
        (
            "GET",
            "replication&progress&rule-id=a",
            "GetBucketReplication",
        ),
        ("DELETE", "replication", "DeleteBucketReplication"),
        ("PUT", "realtimeLog", "NotImplemented"),
    ];

    const ON_OBJECTS: &[(&str, &str, &str)] = &[
        ("PUT", "", "PutObject"),
        ("PUT", "X-Tos-Algorithm=TOS4-HMAC-SHA256", "PutObject"),
        ("PUT", "copies", "CopyObject"),
        ("PUT", "uploadId=u&partNumber=1", "UploadPart"),
        ("PUT", "uploadId=u&partNumber=1&copies", "UploadPartCopy"),
        ("GET", "uploadId=u", "ListParts"),
        ("POST", "uploads", "CreateMultipartUpload"),
        ("POST", "uploadId=u", "CompleteMultipartUpload"),
        ("DELETE", "uploadId=u", "AbortMultipartUpload"),
        ("GET", "versionId=v", "GetObject"),
        ("HEAD", "", "HeadObject"),
        ("DELETE", "", "DeleteObject"),
        ("POST", "metadata", "SetObjectMeta"),
        ("PUT", "acl", "PutObjectAcl"),
        ("GET", "acl", "GetObjectAcl"),
        ("PUT", "tagging", "PutObjectTagging"),
        ("GET", "tagging", "GetObjectTagging"),
        ("DELETE", "tagging", "DeleteObjectTagging"),
        ("POST", "append&offset=0", "AppendObject"),
        ("POST", "restore", "RestoreObject"),
        ("PUT", "symlink", "PutSymlink"),
        ("GET", "symlink", "GetSymlink"),
        ("GET", "stat", "GetFileStatus"),
        ("PUT", "rename&name=new", "RenameObject"),
        ("POST", "objectExpires", "SetObjectExpires"),
        ("POST", "time", "SetObjectTime"),
        ("POST", "fetch", "FetchObject"),
        ("PUT", "retention", "PutObjectRetention"),
        ("GET", "retention", "GetObjectRetention"),
        ("POST", "modify&offset=0", "ModifyObject"),
        ("GET", "x-tos-process=image/info", "NotImplemented"),
        ("POST", "form", "PostObject"),
        ("OPTIONS", "uploadId=u&restore", "OptionsObject"),
    ];

    #[test]
    fn every_operation_has_its_request() {
        for (level, table) in [(Level::Bucket, ON_BUCKETS), (Level::Object, ON_OBJECTS)] {
            for (method, query, wanted) in table {
                let marks: Vec<&str> = query.split('&').collect();
                let (copies, form) = (marks.contains(&"copies"), marks.contains(&"form"));
                let query = query.replace("copies", "").replace("form", "");
                let found = routed(method, level, &query, copies, form).expect("routed");
                assert_eq!(found.name(), *wanted, "{method} {level:?} {query}");
            }
        }
        let found = routed("GET", Level::Service, "", false, false).expect("routed");
        assert_eq!(found, Op::ListBuckets);
    }

    #[test]
    fn the_page_says_the_state_of_every_operation() {
        let page = include_str!("../../../../docs/dialects/tos.md");
        let named = ON_BUCKETS.iter().chain(ON_OBJECTS).map(|(.., name)| *name);
        for name in named.chain(["ListBuckets"]) {
            let is_there = page.contains(&format!("| {name} | "));
            assert!(
                is_there || name == "NotImplemented",
                "{name} is not on the page"
            );
        }
    }

    #[test]
    fn an_unknown_sub_resource_is_never_a_plain_list() {
        for (method, level, query) in [
            ("GET", Level::Bucket, "secrets"),
            ("PUT", Level::Bucket, "secrets"),
            ("DELETE", Level::Bucket, "secrets=1"),
            ("PUT", Level::Bucket, "fetchTask"),
            ("PUT", Level::Object, "time"),
            ("DELETE", Level::Object, "symlink"),
            ("PUT", Level::Object, "modify&offset=0"),
            ("GET", Level::Object, "rename&name=new"),
        ] {
            let error = routed(method, level, query, false, false).expect_err("refused");
            assert_eq!(error.code, "MethodNotAllowed", "{method} {query}");
        }
    }
}
