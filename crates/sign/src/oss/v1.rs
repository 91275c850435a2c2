//! Version 1: HMAC-SHA1 over decoded text (OSS sheet sections 2.1 and 2.2).

use super::text::Resource;
use super::v4;
use crate::canonical::RequestHead;
use crate::percent::Pair;
use crate::versions::{first_lines, push_headers};

/// First word of `Authorization`.
pub(super) const ALGORITHM: &str = "OSS";

/// Query parameters that are signed, in order: the union of what the vendor's SDKs sign. There is no second try
/// with fewer names, since it would let the holder of a URL add what the union signs (decision 0022).
const SIGNED: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cleanRestoredObject",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "dataPipeline",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "img",
    "inventory",
    "inventoryId",
    "legalHold",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "metadataConfiguration",
    "objectInfo",
    "objectMeta",
    "objectWorm",
    "overwriteConfig",
    "partNumber",
    "policy",
    "policyStatus",
    "position",
    "processConfiguration",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "quota",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "rtc",
    "seal",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "udf",
    "udfApplication",
    "udfApplicationLog",
    "udfImage",
    "udfImageDesc",
    "udfName",
    "uploadId",
    "uploads",
    "userDefinedLogFieldsConfig",
    "versionId",
    "versioning",
    "versions",
    "vip",
    "vod",
    "vpcip",
    "website",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-ac-forward-allow",
    "x-oss-ac-source-ip",
    "x-oss-ac-subnet-mask",
    "x-oss-ac-vpc-id",
    "x-oss-access-point-name",
    "x-oss-async-process",
    "x-oss-delete",
    "x-oss-dir",
    "x-oss-process",
    "x-oss-redundancy-transition-taskid",
    "x-oss-rename",
    "x-oss-request-payer",
    "x-oss-target-redundancy-type",
    "x-oss-traffic-limit",
    "x-oss-write-get-object-response",
];

/// The string to sign. `date` is the text of the date, or of the time of expiry in a URL.
pub(super) fn string_to_sign(
    head: &RequestHead<'_>,
    date: &str,
    resource: &Resource<'_>,
    mut pairs: Vec<Pair>,
) -> Vec<u8> {
    let mut out = first_lines(head, date);
    push_headers(&mut out, head.headers, v4::is_own);
    out.extend_from_slice(&resource.path());
    pairs.retain(|(name, _)| is_signed(name));
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    for (at, (name, value)) in pairs.iter().enumerate() {
        out.push(if at == 0 { b'?' } else { b'&' });
        out.extend_from_slice(name);
        if !value.is_empty() {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    out
}

fn is_signed(name: &[u8]) -> bool {
    SIGNED
        .binary_search_by(|signed| signed.as_bytes().cmp(name))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(SIGNED.is_sorted());
        assert!(is_signed(b"acl") && is_signed(b"x-oss-write-get-object-response"));
        assert!(!is_signed(b"prefix") && !is_signed(b"VersionId") && !is_signed(b""));
    }
}
