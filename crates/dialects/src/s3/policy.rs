//! The vendor's language of bucket policies (sheet sections 7 and 9).

use cohong_core::limits::ACCOUNT_BYTES_MAX;
use cohong_core::model::{AccountId, Action, Fact};

use crate::common::bucket_policy::{Key, Words};

/// Its words.
pub(super) const POLICY: Words = Words {
    versions: &["2012-10-17", "2008-10-17"],
    actions: ACTIONS,
    keys: &[
        ("aws:SourceIp", Key::Source),
        ("aws:SecureTransport", Key::Secure),
        ("aws:CurrentTime", Key::Time),
        ("aws:UserAgent", Key::Text(Fact::UserAgent)),
        ("aws:Referer", Key::Text(Fact::Referer)),
        ("s3:prefix", Key::Text(Fact::ListPrefix)),
        ("s3:delimiter", Key::Text(Fact::ListDelimiter)),
    ],
    resource,
    no_principal: false,
    account,
};

/// `arn:aws:s3:::bucket/key`: region and account stay empty.
fn resource(name: &str) -> Option<&str> {
    let mut parts = name.splitn(6, ':');
    let is_arn = parts.next() == Some("arn");
    let partition = parts.next().is_some_and(|part| part.starts_with("aws"));
    let is_s3 = parts.next() == Some("s3");
    let plain = parts.next() == Some("") && parts.next() == Some("");
    let rest = parts.next().filter(|rest| !rest.is_empty());
    rest.filter(|_| is_arn && partition && is_s3 && plain)
}

/// An account by its id, alone or as `arn:aws:iam::id:root`; users and roles are not known here.
fn account(name: &str) -> Option<AccountId> {
    let of_arn = name.strip_prefix("arn:aws:iam::");
    let id = match of_arn {
        Some(rest) => rest.strip_suffix(":root")?,
        None => name,
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_name = (1..=ACCOUNT_BYTES_MAX).contains(&id.len()) && id.bytes().all(plain);
    is_name.then(|| AccountId(id.into()))
}

type Names = &'static [(&'static str, &'static [Action])];

/// What the vendor calls actions. Some stand for several here, and some for none: those of abilities
/// that this server does not have, which a policy may name all the same.
const ACTIONS: Names = &[
    ("s3:ListBucket", &[Action::ListObjects]),
    ("s3:ListBucketVersions", &[Action::ListVersions]),
    ("s3:ListBucketMultipartUploads", &[Action::ListUploads]),
    ("s3:GetBucketLocation", &[Action::ReadBucket]),
    ("s3:GetBucketAcl", &[Action::ReadBucketAcl]),
    ("s3:PutBucketAcl", &[Action::WriteBucketAcl]),
    ("s3:GetBucketRequestPayment", &[Action::ReadPayment]),
    ("s3:PutBucketRequestPayment", &[Action::WritePayment]),
    ("s3:GetBucketVersioning", &[Action::ReadVersioning]),
    ("s3:PutBucketVersioning", &[Action::WriteVersioning]),
    ("s3:GetBucketPolicy", &[Action::ReadPolicy]),
    ("s3:GetBucketPolicyStatus", &[Action::ReadPolicy]),
    ("s3:PutBucketPolicy", &[Action::WritePolicy]),
    ("s3:DeleteBucketPolicy", &[Action::DeletePolicy]),
    ("s3:GetBucketCORS", &[Action::ReadCors]),
    ("s3:PutBucketCORS", &[Action::WriteCors, Action::DeleteCors]),
    ("s3:GetLifecycleConfiguration", &[Action::ReadLifecycle]),
    (
        "s3:PutLifecycleConfiguration",
        &[Action::WriteLifecycle, Action::DeleteLifecycle],
    ),
    ("s3:GetBucketTagging", &[Action::ReadBucketTags]),
    (
        "s3:PutBucketTagging",
        &[Action::WriteBucketTags, Action::DeleteBucketTags],
    ),
    ("s3:GetBucketNotification", &[Action::ReadNotification]),
    ("s3:PutBucketNotification", &[Action::WriteNotification]),
    ("s3:DeleteBucket", &[Action::DeleteBucket]),
    ("s3:GetObject", &[Action::ReadObject]),
    ("s3:GetObjectVersion", &[Action::ReadObjectVersion]),
    ("s3:GetObjectAttributes", &[Action::ReadObject]),
    (
        "s3:GetObjectVersionAttributes",
        &[Action::ReadObjectVersion],
    ),
    (
        "s3:PutObject",
        &[Action::WriteObject, Action::WriteObjectMeta],
    ),
    ("s3:DeleteObject", &[Action::DeleteObject]),
    ("s3:DeleteObjectVersion", &[Action::DeleteObjectVersion]),
    ("s3:ListMultipartUploadParts", &[Action::ListParts]),
    ("s3:AbortMultipartUpload", &[Action::AbortUpload]),
    ("s3:GetObjectAcl", &[Action::ReadObjectAcl]),
    ("s3:GetObjectVersionAcl", &[Action::ReadObjectVersionAcl]),
    ("s3:PutObjectAcl", &[Action::WriteObjectAcl]),
    ("s3:PutObjectVersionAcl", &[Action::WriteObjectVersionAcl]),
    ("s3:GetObjectTagging", &[Action::ReadObjectTags]),
    (
        "s3:GetObjectVersionTagging",
        &[Action::ReadObjectVersionTags],
    ),
    ("s3:PutObjectTagging", &[Action::WriteObjectTags]),
    (
        "s3:PutObjectVersionTagging",
        &[Action::WriteObjectVersionTags],
    ),
    ("s3:DeleteObjectTagging", &[Action::DeleteObjectTags]),
    (
        "s3:DeleteObjectVersionTagging",
        &[Action::DeleteObjectVersionTags],
    ),
    (
        "s3:RestoreObject",
        &[Action::RestoreObject, Action::RestoreObjectVersion],
    ),
    ("s3:ListAllMyBuckets", &[]),
    ("s3:CreateBucket", &[]),
    ("s3:BypassGovernanceRetention", &[Action::BypassRetention]),
    ("s3:GetAccelerateConfiguration", &[]),
    ("s3:PutAccelerateConfiguration", &[]),
    ("s3:GetAnalyticsConfiguration", &[]),
    ("s3:PutAnalyticsConfiguration", &[]),
    ("s3:GetBucketLogging", &[Action::ReadAccessLog]),
    (
        "s3:PutBucketLogging",
        &[Action::WriteAccessLog, Action::DeleteAccessLog],
    ),
    (
        "s3:GetBucketObjectLockConfiguration",
        &[Action::ReadRetention],
    ),
    (
        "s3:PutBucketObjectLockConfiguration",
        &[Action::WriteRetention],
    ),
    ("s3:GetBucketOwnershipControls", &[]),
    ("s3:PutBucketOwnershipControls", &[]),
    ("s3:GetBucketPublicAccessBlock", &[Action::ReadAccessBlock]),
    ("s3:PutBucketPublicAccessBlock", &[Action::WriteAccessBlock]),
    ("s3:GetBucketWebsite", &[Action::ReadWebsite]),
    ("s3:PutBucketWebsite", &[Action::WriteWebsite]),
    ("s3:DeleteBucketWebsite", &[Action::DeleteWebsite]),
    ("s3:GetEncryptionConfiguration", &[Action::ReadEncryption]),
    (
        "s3:PutEncryptionConfiguration",
        &[Action::WriteEncryption, Action::DeleteEncryption],
    ),
    ("s3:GetIntelligentTieringConfiguration", &[]),
    ("s3:PutIntelligentTieringConfiguration", &[]),
    ("s3:GetInventoryConfiguration", &[Action::ReadInventory]),
    (
        "s3:PutInventoryConfiguration",
        &[Action::WriteInventory, Action::DeleteInventory],
    ),
    ("s3:GetMetricsConfiguration", &[]),
    ("s3:PutMetricsConfiguration", &[]),
    ("s3:GetObjectLegalHold", &[Action::ReadLegalHold]),
    ("s3:PutObjectLegalHold", &[Action::WriteLegalHold]),
    ("s3:GetObjectRetention", &[Action::ReadObjectRetention]),
    ("s3:PutObjectRetention", &[Action::WriteObjectRetention]),
    ("s3:GetObjectTorrent", &[]),
    ("s3:GetObjectVersionTorrent", &[]),
    ("s3:GetReplicationConfiguration", &[Action::ReadReplication]),
    (
        "s3:PutReplicationConfiguration",
        &[Action::WriteReplication, Action::DeleteReplication],
    ),
    ("s3:ReplicateDelete", &[]),
    ("s3:ReplicateObject", &[]),
    ("s3:ReplicateTags", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_named_from_the_bucket_on() {
        let cases = [
            ("arn:aws:s3:::photos", Some("photos")),
            ("arn:aws-cn:s3:::photos/*", Some("photos/*")),
            ("arn:aws:s3:::photos/a:b:c", Some("photos/a:b:c")),
            ("arn:aws:s3:::*", Some("*")),
            ("arn:aws:s3:::", None),
            ("arn:aws:s3:us-east-1:1:accesspoint/x", None),
            ("arn:aws:sqs:::photos", None),
            ("acs:oss:*:*:photos", None),
            ("photos", None),
        ];
        for (name, wanted) in cases {
            assert_eq!(resource(name), wanted, "{name}");
        }
    }

    #[test]
    fn principals_are_accounts() {
        for (name, id) in [
            ("123456789012", "123456789012"),
            ("arn:aws:iam::stranger:root", "stranger"),
            ("a.b-c_d", "a.b-c_d"),
        ] {
            assert_eq!(account(name), Some(AccountId(id.into())), "{name}");
        }
        for name in [
            "",
            "arn:aws:iam::1:user/u",
            "arn:aws:iam:::root",
            "a b",
            &"a".repeat(65),
        ] {
            assert_eq!(account(name), None, "{name}");
        }
    }

    #[test]
    fn every_action_of_buckets_and_objects_has_a_name() {
        let of_the_service = [Action::ListBuckets, Action::CreateBucket];
        let of_others = [
            Action::ReadTls,
            Action::WriteTls,
            Action::ReadCallbacks,
            Action::WriteCallbacks,
            Action::DeleteCallbacks,
            Action::ReadOverwrites,
            Action::WriteOverwrites,
            Action::ReadAccessMonitor,
            Action::WriteAccessMonitor,
            Action::ReadArchiveReads,
            Action::WriteArchiveReads,
            Action::WriteBucketLabel,
            Action::ReadReferers,
            Action::WriteReferers,
            Action::WriteDefaultClass,
            Action::ReadQuota,
            Action::WriteQuota,
            Action::ReadRename,
            Action::WriteRename,
            Action::ReadDomains,
            Action::WriteDomains,
            Action::ReadObjectSets,
            Action::WriteObjectSets,
            Action::DeleteObjectSets,
        ];
        for action in Action::ALL {
            let named = ACTIONS.iter().any(|(_, actions)| actions.contains(&action));
            let unnamed = of_the_service.contains(&action) || of_others.contains(&action);
            assert_eq!(named, !unnamed, "{action:?}");
        }
    }
}
