//! Lines of server access logs, as the vendor's guide has them.

use cohong_core::model::{AccessLog, BucketName, Timestamp};

use crate::common::date::shaped;
use crate::gate::access::{Access, LogFormat, or_dash, quoted};

/// Logs in the vendor's words.
pub(in crate::s3) struct S3Log;

impl LogFormat for S3Log {
    fn line(&self, access: &Access<'_>) -> String {
        let text = |text: Option<&str>| quoted(text.unwrap_or("-"));
        let uri = format!("{} {} {:?}", access.method, access.target, access.version);
        let key = Some(access.key).filter(|key| !key.is_empty());
        let (scheme, place) = match access.proof {
            None => ("-", "-"),
            Some(proof) => (
                if proof.fourth { "SigV4" } else { "SigV2" },
                if proof.in_header {
                    "AuthHeader"
                } else {
                    "QueryString"
                },
            ),
        };
        let cells = [
            access.owner.to_owned(),
            access.bucket.to_owned(),
            shaped(access.at, "[%d/%b/%Y:%H:%M:%S %z]"),
            or_dash(access.peer),
            or_dash(access.account),
            access.request_id.to_owned(),
            operation(access),
            or_dash(key),
            quoted(&uri),
            access.status.to_string(),
            or_dash(access.code),
            or_dash(Some(access.sent).filter(|sent| *sent > 0)),
            or_dash(access.size),
            access.took_ms.to_string(),
            access.turn_ms.to_string(),
            text(access.referer),
            text(access.user_agent),
            or_dash(access.version_id),
            // The second id of the request, and the cipher suite.
            "-".into(),
            scheme.into(),
            "-".into(),
            place.into(),
            or_dash(access.host),
            // The version of TLS, an access point, and whether a list of grants was needed.
            "-".into(),
            "-".into(),
            "-".into(),
            access.region.to_owned(),
        ];
        format!("{}\n", cells.join(" "))
    }

    fn key(&self, log: &AccessLog, _: &BucketName, at: Timestamp, unique: &str) -> String {
        let at = shaped(at, "%Y-%m-%d-%H-%M-%S");
        format!("{}{at}-{unique}", log.prefix)
    }
}

/// What was asked for, as `REST.method.resource`. The names of operations are those of any dialect.
fn operation(access: &Access<'_>) -> String {
    let name = access.operation;
    if name == "GetWebsitePage" || name == "HeadWebsitePage" {
        return format!("WEBSITE.{}.OBJECT", access.method);
    }
    if name == "CopyObject" {
        return "REST.COPY.OBJECT".into();
    }
    if name == "UploadPartCopy" {
        return "REST.COPY.PART".into();
    }
    let resource = RESOURCES.iter().find(|(names, _)| names.contains(&name));
    let resource = resource.map_or_else(
        || {
            if access.key.is_empty() {
                "BUCKET"
            } else {
                "OBJECT"
            }
        },
        |(_, resource)| resource,
    );
    format!("REST.{}.{resource}", access.method)
}

/// Operations that are about something else than a bucket or an object, and what that is called.
const RESOURCES: &[(&[&str], &str)] = &[
    (&["UploadPart"], "PART"),
    (
        &[
            "CreateMultipartUpload",
            "InitiateMultipartUpload",
            "ListMultipartUploads",
        ],
        "UPLOADS",
    ),
    (
        &[
            "CompleteMultipartUpload",
            "AbortMultipartUpload",
            "ListParts",
        ],
        "UPLOAD",
    ),
    (
        &[
            "DeleteObjects",
            "DeleteMultipleObjects",
            "DeleteMultiObjects",
        ],
        "MULTI_OBJECT_DELETE",
    ),
    (&["ListObjectVersions"], "BUCKETVERSIONS"),
    (
        &[
            "GetBucketAcl",
            "PutBucketAcl",
            "GetObjectAcl",
            "PutObjectAcl",
            "GetObjectACL",
            "PutObjectACL",
        ],
        "ACL",
    ),
    (
        &[
            "GetObjectTagging",
            "PutObjectTagging",
            "DeleteObjectTagging",
        ],
        "OBJECT_TAGGING",
    ),
    (
        &[
            "GetBucketTagging",
            "PutBucketTagging",
            "DeleteBucketTagging",
            "GetBucketTags",
            "PutBucketTags",
            "DeleteBucketTags",
        ],
        "TAGGING",
    ),
    (&["GetBucketLocation"], "LOCATION"),
    (
        &["GetBucketVersioning", "PutBucketVersioning"],
        "VERSIONING",
    ),
    (
        &[
            "GetBucketLogging",
            "PutBucketLogging",
            "DeleteBucketLogging",
        ],
        "LOGGING_STATUS",
    ),
    (
        &["GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"],
        "BUCKETPOLICY",
    ),
    (
        &["GetBucketCors", "PutBucketCors", "DeleteBucketCors"],
        "CORS",
    ),
    (
        &[
            "GetBucketLifecycle",
            "PutBucketLifecycle",
            "DeleteBucketLifecycle",
            "GetBucketLifecycleConfiguration",
            "PutBucketLifecycleConfiguration",
        ],
        "LIFECYCLE",
    ),
    (
        &[
            "GetBucketEncryption",
            "PutBucketEncryption",
            "DeleteBucketEncryption",
        ],
        "ENCRYPTION",
    ),
    (
        &[
            "GetBucketWebsite",
            "PutBucketWebsite",
            "DeleteBucketWebsite",
        ],
        "WEBSITE",
    ),
    (
        &["GetBucketRequestPayment", "PutBucketRequestPayment"],
        "REQUEST_PAYMENT",
    ),
    (
        &[
            "GetBucketInventory",
            "PutBucketInventory",
            "ListBucketInventory",
            "DeleteBucketInventory",
            "GetBucketInventoryConfiguration",
            "PutBucketInventoryConfiguration",
            "ListBucketInventoryConfigurations",
            "DeleteBucketInventoryConfiguration",
        ],
        "INVENTORY",
    ),
    (&["OptionsObject", "OptionObject"], "PREFLIGHT"),
];
