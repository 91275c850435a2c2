use super::*;

fn routed(method: &str, level: Level, query: &str) -> Result<Op, OssError> {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let marks: Vec<&str> = query.split('&').filter(|mark| !mark.is_empty()).collect();
    let query: Vec<(String, String)> = marks
        .iter()
        .filter(|mark| !["copies", "form"].contains(mark))
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    route(Facts {
        method: &method,
        level,
        query: &query,
        copies: marks.contains(&"copies"),
        form: marks.contains(&"form"),
        pages: false,
        neutral: is_neutral,
    })
}

/// Level, method, query (`copies` and `form` stand for a copy source and a form body), operation.
const TABLE: &[(Level, &str, &str, &str)] = &[
    (Level::Service, "GET", "", "ListBuckets"),
    (Level::Service, "GET", "prefix=a&max-keys=1", "ListBuckets"),
    (Level::Service, "GET", "regions", "DescribeRegions"),
    (
        Level::Service,
        "GET",
        "publicAccessBlock",
        "GetPublicAccessBlock",
    ),
    (
        Level::Service,
        "PUT",
        "publicAccessBlock",
        "PutPublicAccessBlock",
    ),
    (
        Level::Service,
        "DELETE",
        "publicAccessBlock",
        "DeletePublicAccessBlock",
    ),
    (Level::Service, "GET", "accessPoint", "NotImplemented"),
    (
        Level::Bucket,
        "GET",
        "userDefinedLogFieldsConfig",
        "GetUserDefinedLogFieldsConfig",
    ),
    (
        Level::Bucket,
        "PUT",
        "userDefinedLogFieldsConfig",
        "PutUserDefinedLogFieldsConfig",
    ),
    (
        Level::Bucket,
        "DELETE",
        "userDefinedLogFieldsConfig",
        "DeleteUserDefinedLogFieldsConfig",
    ),
    (Level::Bucket, "PUT", "", "PutBucket"),
    (Level::Bucket, "DELETE", "", "DeleteBucket"),
    (Level::Bucket, "GET", "bucketInfo", "GetBucketInfo"),
    (Level::Bucket, "GET", "location", "GetBucketLocation"),
    (Level::Bucket, "GET", "stat", "GetBucketStat"),
    (Level::Bucket, "PUT", "acl", "PutBucketAcl"),
    (Level::Bucket, "GET", "acl", "GetBucketAcl"),
    (
        Level::Bucket,
        "PUT",
        "requestPayment",
        "PutBucketRequestPayment",
    ),
    (
        Level::Bucket,
        "GET",
        "requestPayment",
        "GetBucketRequestPayment",
    ),
    (Level::Bucket, "PUT", "versioning", "PutBucketVersioning"),
    (Level::Bucket, "GET", "versioning", "GetBucketVersioning"),
    (Level::Bucket, "GET", "prefix=a&marker=b", "ListObjects"),
    (
        Level::Bucket,
        "GET",
        "list-type=2&fetch-owner=true",
        "ListObjectsV2",
    ),
    (
        Level::Bucket,
        "GET",
        "versions&prefix=a",
        "ListObjectVersions",
    ),
    (Level::Bucket, "GET", "uploads", "ListMultipartUploads"),
    (Level::Bucket, "POST", "delete", "DeleteMultipleObjects"),
    (Level::Bucket, "POST", "form", "PostObject"),
    (Level::Bucket, "PUT", "cors", "PutBucketCors"),
    (Level::Bucket, "GET", "cors", "GetBucketCors"),
    (Level::Bucket, "DELETE", "cors", "DeleteBucketCors"),
    (Level::Bucket, "PUT", "encryption", "PutBucketEncryption"),
    (Level::Bucket, "GET", "encryption", "GetBucketEncryption"),
    (
        Level::Bucket,
        "DELETE",
        "encryption",
        "DeleteBucketEncryption",
    ),
    (Level::Bucket, "PUT", "lifecycle", "PutBucketLifecycle"),
    (Level::Bucket, "GET", "lifecycle", "GetBucketLifecycle"),
    (
        Level::Bucket,
        "DELETE",
        "lifecycle",
        "DeleteBucketLifecycle",
    ),
    (Level::Bucket, "PUT", "policy", "PutBucketPolicy"),
    (Level::Bucket, "GET", "policy", "GetBucketPolicy"),
    (Level::Bucket, "DELETE", "policy", "DeleteBucketPolicy"),
    (
        Level::Bucket,
        "GET",
        "policyStatus",
        "GetBucketPolicyStatus",
    ),
    (Level::Bucket, "PUT", "tagging", "PutBucketTags"),
    (Level::Bucket, "GET", "tagging", "GetBucketTags"),
    (Level::Bucket, "DELETE", "tagging=a%2Cb", "DeleteBucketTags"),
    (Level::Bucket, "GET", "live&marker=a", "ListLiveChannel"),
    (Level::Service, "GET", "cloudboxes", "ListCloudBoxes"),
    (
        Level::Bucket,
        "GET",
        "publicAccessBlock",
        "GetBucketPublicAccessBlock",
    ),
    (
        Level::Bucket,
        "PUT",
        "publicAccessBlock",
        "PutBucketPublicAccessBlock",
    ),
    (
        Level::Bucket,
        "DELETE",
        "publicAccessBlock",
        "DeleteBucketPublicAccessBlock",
    ),
    (
        Level::Bucket,
        "GET",
        "resourceGroup",
        "GetBucketResourceGroup",
    ),
    (
        Level::Bucket,
        "PUT",
        "resourceGroup",
        "PutBucketResourceGroup",
    ),
    (
        Level::Bucket,
        "GET",
        "bucketArchiveDirectRead",
        "GetBucketArchiveDirectRead",
    ),
    (
        Level::Bucket,
        "PUT",
        "bucketArchiveDirectRead",
        "PutBucketArchiveDirectRead",
    ),
    (
        Level::Bucket,
        "GET",
        "accessmonitor",
        "GetBucketAccessMonitor",
    ),
    (
        Level::Bucket,
        "PUT",
        "accessmonitor",
        "PutBucketAccessMonitor",
    ),
    (
        Level::Object,
        "POST",
        "cleanRestoredObject",
        "CleanRestoredObject",
    ),
    (Level::Bucket, "GET", "website", "GetBucketWebsite"),
    (Level::Bucket, "PUT", "website", "PutBucketWebsite"),
    (Level::Bucket, "DELETE", "website", "DeleteBucketWebsite"),
    (Level::Bucket, "GET", "referer", "GetBucketReferer"),
    (Level::Bucket, "PUT", "referer", "PutBucketReferer"),
    (
        Level::Bucket,
        "PUT",
        "publicAccessBlock&x-oss-access-point-name=ap",
        "NotImplemented",
    ),
    (
        Level::Bucket,
        "GET",
        "policy&comp=callback",
        "GetBucketCallbackPolicy",
    ),
    (
        Level::Bucket,
        "PUT",
        "policy&comp=callback",
        "PutBucketCallbackPolicy",
    ),
    (
        Level::Bucket,
        "DELETE",
        "policy&comp=callback",
        "DeleteBucketCallbackPolicy",
    ),
    (Level::Bucket, "GET", "policy&comp=other", "NotImplemented"),
    (Level::Bucket, "POST", "asyncFetch", "PutAsyncFetchTask"),
    (Level::Bucket, "GET", "asyncFetch", "GetAsyncFetchTask"),
    (Level::Bucket, "PUT", "qos", "PutBucketStorageCapacity"),
    (Level::Bucket, "GET", "qos", "GetBucketStorageCapacity"),
    (Level::Bucket, "PUT", "httpsConfig", "PutBucketHttpsConfig"),
    (Level::Bucket, "GET", "httpsConfig", "GetBucketHttpsConfig"),
    (
        Level::Bucket,
        "PUT",
        "overwriteConfig",
        "PutBucketOverwriteConfig",
    ),
    (
        Level::Bucket,
        "GET",
        "overwriteConfig",
        "GetBucketOverwriteConfig",
    ),
    (
        Level::Bucket,
        "DELETE",
        "overwriteConfig",
        "DeleteBucketOverwriteConfig",
    ),
    (
        Level::Bucket,
        "PUT",
        "objectWorm",
        "PutBucketObjectWormConfiguration",
    ),
    (
        Level::Bucket,
        "GET",
        "objectWorm",
        "GetBucketObjectWormConfiguration",
    ),
    (Level::Object, "PUT", "retention", "PutObjectRetention"),
    (Level::Object, "GET", "retention", "GetObjectRetention"),
    (Level::Object, "PUT", "legalHold", "PutObjectLegalHold"),
    (Level::Object, "GET", "legalHold", "GetObjectLegalHold"),
    (Level::Object, "PUT", "", "PutObject"),
    (
        Level::Object,
        "PUT",
        "OSSAccessKeyId=a&Expires=1&Signature=s&callback=c",
        "PutObject",
    ),
    (Level::Object, "PUT", "copies", "CopyObject"),
    (
        Level::Object,
        "PUT",
        "uploadId=u&partNumber=1",
        "UploadPart",
    ),
    (
        Level::Object,
        "PUT",
        "uploadId=u&partNumber=1&copies",
        "UploadPartCopy",
    ),
    (Level::Object, "PUT", "acl", "PutObjectACL"),
    (Level::Object, "PUT", "symlink", "PutSymlink"),
    (Level::Object, "PUT", "tagging", "PutObjectTagging"),
    (Level::Object, "GET", "versionId=v&cache=1", "GetObject"),
    (Level::Object, "GET", "uploadId=u", "ListParts"),
    (Level::Object, "GET", "acl", "GetObjectACL"),
    (Level::Object, "GET", "symlink", "GetSymlink"),
    (Level::Object, "GET", "tagging", "GetObjectTagging"),
    (
        Level::Object,
        "GET",
        "x-oss-process=image/info",
        "NotImplemented",
    ),
    (Level::Object, "HEAD", "", "HeadObject"),
    (Level::Object, "HEAD", "objectMeta", "GetObjectMeta"),
    (Level::Object, "GET", "objectMeta", "GetObjectMeta"),
    (Level::Object, "DELETE", "versionId=v", "DeleteObject"),
    (
        Level::Object,
        "DELETE",
        "uploadId=u",
        "AbortMultipartUpload",
    ),
    (Level::Object, "DELETE", "tagging", "DeleteObjectTagging"),
    (Level::Object, "POST", "append&position=0", "AppendObject"),
    (Level::Object, "POST", "restore", "RestoreObject"),
    (Level::Object, "POST", "uploads", "InitiateMultipartUpload"),
    (
        Level::Object,
        "POST",
        "uploadId=u",
        "CompleteMultipartUpload",
    ),
    (Level::Object, "OPTIONS", "", "OptionObject"),
    (Level::Bucket, "OPTIONS", "lifecycle&acl", "OptionObject"),
];

#[test]
fn every_operation_has_its_request() {
    for (level, method, query, wanted) in TABLE {
        let found = routed(method, *level, query).expect("routed");
        assert_eq!(found.name(), *wanted, "{method} {level:?} {query}");
    }
}

#[test]
fn an_unknown_sub_resource_is_never_another_operation() {
    for (level, method, query) in [
        (Level::Service, "GET", "secrets"),
        (Level::Bucket, "GET", "secrets"),
        (Level::Bucket, "PUT", "secrets"),
        (Level::Bucket, "DELETE", "secrets=1"),
        (Level::Object, "PUT", "secrets"),
        (Level::Object, "DELETE", "secrets"),
        (Level::Object, "POST", "secrets"),
        (Level::Bucket, "PUT", "expires=1"),
    ] {
        let error = routed(method, level, query).expect_err("refused");
        assert_eq!(error.code, "MethodNotAllowed", "{method} {query}");
    }
}

#[test]
fn two_sub_resources_are_not_guessed_at() {
    let error = routed("GET", Level::Bucket, "acl&location").expect_err("refused");
    assert_eq!(error.code, "InvalidArgument");
}

#[test]
fn the_page_says_the_state_of_every_operation() {
    let page = include_str!("../../../../../docs/dialects/oss.md");
    for (.., name) in TABLE {
        let is_there = page.contains(&format!("| {name} | "));
        assert!(
            is_there || *name == "NotImplemented",
            "{name} is not on the page"
        );
    }
}
