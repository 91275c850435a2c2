use super::*;

fn routed(method: &str, level: Level, query: &str) -> Result<Op, S3Error> {
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
    (Level::Service, "GET", "max-buckets=1&x-id=a", "ListBuckets"),
    (Level::Service, "POST", "", "NotImplemented"),
    (Level::Bucket, "PUT", "", "CreateBucket"),
    (Level::Bucket, "HEAD", "", "HeadBucket"),
    (Level::Bucket, "DELETE", "", "DeleteBucket"),
    (Level::Bucket, "GET", "location", "GetBucketLocation"),
    (Level::Bucket, "GET", "location=", "GetBucketLocation"),
    (Level::Bucket, "PUT", "acl", "PutBucketAcl"),
    (Level::Bucket, "GET", "acl", "GetBucketAcl"),
    (Level::Bucket, "PUT", "versioning", "PutBucketVersioning"),
    (Level::Bucket, "GET", "versioning", "GetBucketVersioning"),
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
    (Level::Bucket, "PUT", "policy", "PutBucketPolicy"),
    (Level::Bucket, "GET", "policy", "GetBucketPolicy"),
    (Level::Bucket, "DELETE", "policy", "DeleteBucketPolicy"),
    (
        Level::Bucket,
        "GET",
        "policyStatus",
        "GetBucketPolicyStatus",
    ),
    (Level::Bucket, "PUT", "cors", "PutBucketCors"),
    (Level::Bucket, "GET", "cors", "GetBucketCors"),
    (Level::Bucket, "DELETE", "cors", "DeleteBucketCors"),
    (
        Level::Bucket,
        "PUT",
        "lifecycle",
        "PutBucketLifecycleConfiguration",
    ),
    (
        Level::Bucket,
        "GET",
        "lifecycle",
        "GetBucketLifecycleConfiguration",
    ),
    (
        Level::Bucket,
        "DELETE",
        "lifecycle",
        "DeleteBucketLifecycle",
    ),
    (Level::Bucket, "PUT", "tagging", "PutBucketTagging"),
    (Level::Bucket, "GET", "tagging", "GetBucketTagging"),
    (Level::Bucket, "DELETE", "tagging", "DeleteBucketTagging"),
    (Level::Bucket, "PUT", "website", "PutBucketWebsite"),
    (Level::Bucket, "GET", "website", "GetBucketWebsite"),
    (Level::Bucket, "DELETE", "website", "DeleteBucketWebsite"),
    (Level::Bucket, "GET", "prefix=a&marker=b", "ListObjects"),
    (
        Level::Bucket,
        "GET",
        "list-type=2&start-after=a",
        "ListObjectsV2",
    ),
    (
        Level::Bucket,
        "GET",
        "versions&prefix=a",
        "ListObjectVersions",
    ),
    (Level::Bucket, "GET", "uploads", "ListMultipartUploads"),
    (Level::Bucket, "POST", "delete=", "DeleteObjects"),
    (Level::Bucket, "POST", "form", "PostObject"),
    (Level::Bucket, "OPTIONS", "lifecycle&acl", "OptionsObject"),
    (Level::Bucket, "GET", "replication", "NotImplemented"),
    (Level::Bucket, "PUT", "encryption", "PutBucketEncryption"),
    (Level::Bucket, "GET", "encryption", "GetBucketEncryption"),
    (
        Level::Bucket,
        "DELETE",
        "encryption",
        "DeleteBucketEncryption",
    ),
    (Level::Bucket, "GET", "analytics&id=a", "NotImplemented"),
    (Level::Object, "PUT", "", "PutObject"),
    (
        Level::Object,
        "PUT",
        "AWSAccessKeyId=a&Expires=1&Signature=s&content-type=t&x-amz-meta-a=b",
        "PutObject",
    ),
    (
        Level::Object,
        "PUT",
        "X-Amz-Algorithm=a&X-Amz-Signature=s&x-id=PutObject",
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
    (Level::Object, "PUT", "acl", "PutObjectAcl"),
    (Level::Object, "PUT", "tagging", "PutObjectTagging"),
    (Level::Object, "GET", "versionId=v&cache=1", "GetObject"),
    (Level::Object, "GET", "uploadId=u", "ListParts"),
    (Level::Object, "GET", "acl", "GetObjectAcl"),
    (Level::Object, "GET", "attributes", "GetObjectAttributes"),
    (Level::Object, "GET", "tagging", "GetObjectTagging"),
    (Level::Object, "HEAD", "versionId=v", "HeadObject"),
    (Level::Object, "DELETE", "versionId=v", "DeleteObject"),
    (
        Level::Object,
        "DELETE",
        "uploadId=u",
        "AbortMultipartUpload",
    ),
    (Level::Object, "DELETE", "tagging", "DeleteObjectTagging"),
    (Level::Object, "POST", "restore", "RestoreObject"),
    (Level::Object, "POST", "uploads=", "CreateMultipartUpload"),
    (
        Level::Object,
        "POST",
        "uploadId=u",
        "CompleteMultipartUpload",
    ),
    (Level::Object, "OPTIONS", "", "OptionsObject"),
    (Level::Object, "PUT", "retention", "PutObjectRetention"),
    (Level::Object, "GET", "retention", "GetObjectRetention"),
    (Level::Object, "PUT", "legal-hold", "PutObjectLegalHold"),
    (Level::Object, "GET", "legal-hold", "GetObjectLegalHold"),
    (
        Level::Bucket,
        "PUT",
        "notification",
        "PutBucketNotificationConfiguration",
    ),
    (
        Level::Bucket,
        "GET",
        "notification",
        "GetBucketNotificationConfiguration",
    ),
    (
        Level::Bucket,
        "PUT",
        "object-lock",
        "PutObjectLockConfiguration",
    ),
    (
        Level::Bucket,
        "GET",
        "object-lock",
        "GetObjectLockConfiguration",
    ),
    (
        Level::Object,
        "POST",
        "select&select-type=2",
        "NotImplemented",
    ),
    (Level::Object, "GET", "torrent", "NotImplemented"),
    (Level::Object, "PUT", "renameObject", "NotImplemented"),
];

#[test]
fn every_operation_has_its_request() {
    for (level, method, query, wanted) in TABLE {
        let found = routed(method, *level, query).expect("routed");
        assert_eq!(found.name(), *wanted, "{method} {level:?} {query}");
    }
}

#[test]
fn a_sub_resource_that_is_not_known_is_never_another_operation() {
    for (level, method, query) in [
        (Level::Service, "GET", "secrets"),
        (Level::Bucket, "GET", "secrets"),
        (Level::Bucket, "PUT", "secrets"),
        (Level::Bucket, "DELETE", "secrets=1"),
        (Level::Object, "PUT", "secrets"),
        (Level::Object, "DELETE", "secrets"),
        (Level::Bucket, "PUT", "expires=1"),
    ] {
        let error = routed(method, level, query).expect_err("refused");
        let found = (error.status.as_u16(), error.code);
        assert_eq!(found, (501, "NotImplemented"), "{method} {query}");
    }
    for (level, method) in [
        (Level::Service, "PUT"),
        (Level::Bucket, "POST"),
        (Level::Object, "POST"),
        (Level::Object, "PATCH"),
    ] {
        let error = routed(method, level, "secrets").expect_err("refused");
        assert_eq!(error.code, "MethodNotAllowed", "{method} {level:?}");
    }
}

#[test]
fn two_sub_resources_are_not_guessed_at() {
    let error = routed("GET", Level::Bucket, "acl&location").expect_err("refused");
    assert_eq!(error.code, "InvalidArgument");
}

#[test]
fn the_page_says_the_state_of_every_operation() {
    let page = include_str!("../../../../../docs/dialects/s3.md");
    for (.., name) in TABLE {
        let is_there = page.contains(&format!("| {name} | "));
        assert!(
            is_there || *name == "NotImplemented",
            "{name} is not on the page"
        );
    }
    for name in BUCKET_LATER.iter().chain(OBJECT_LATER) {
        assert!(
            page.contains(&format!("`{name}`")),
            "{name} is not on the page"
        );
    }
}

#[test]
fn hosts_of_websites_show_pages_and_nothing_else() {
    let query = [("acl".to_owned(), String::new())];
    let cases = [
        (Method::GET, Some(Op::Page)),
        (Method::HEAD, Some(Op::PageHead)),
        (Method::OPTIONS, Some(Op::OptionsObject)),
        (Method::PUT, None),
        (Method::DELETE, None),
    ];
    for (method, wanted) in cases {
        for level in [Level::Bucket, Level::Object] {
            let found = route(Facts {
                method: &method,
                level,
                query: &query,
                copies: false,
                form: false,
                pages: true,
                neutral: is_neutral,
            });
            assert_eq!(found.ok(), wanted, "{method}");
        }
    }
}
