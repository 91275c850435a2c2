//! The vendor's language of bucket policies (sheet section 6; <https://help.aliyun.com/zh/oss/user-guide/ram-policy-overview/>).

use cohong_core::limits::ACCOUNT_BYTES_MAX;
use cohong_core::model::{AccountId, Action, Fact};

use crate::common::bucket_policy::{Key, Words};

/// Its words.
pub(super) const POLICY: Words = Words {
    versions: &["1"],
    actions: ACTIONS,
    keys: &[
        ("acs:SourceIp", Key::Source),
        ("acs:SecureTransport", Key::Secure),
        ("acs:CurrentTime", Key::Time),
        ("acs:UserAgent", Key::Text(Fact::UserAgent)),
        ("acs:Referer", Key::Text(Fact::Referer)),
        ("oss:Prefix", Key::Text(Fact::ListPrefix)),
        ("oss:Delimiter", Key::Text(Fact::ListDelimiter)),
    ],
    resource,
    no_principal: true,
    account,
};

/// `acs:oss:region:account:bucket/key`; whichever region and account a bucket has are its own.
fn resource(name: &str) -> Option<&str> {
    let mut parts = name.splitn(5, ':');
    let is_ours = parts.next() == Some("acs") && parts.next() == Some("oss");
    parts.nth(2).filter(|rest| is_ours && !rest.is_empty())
}

/// Accounts are named by their ids alone; roles and users of an account are not known here.
fn account(name: &str) -> Option<AccountId> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_name = (1..=ACCOUNT_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain);
    is_name.then(|| AccountId(name.into()))
}

type Names = &'static [(&'static str, &'static [Action])];

/// What the vendor calls actions. Some stand for several here, and some for none: those of abilities
/// that this server does not have, which a policy may name all the same.
const ACTIONS: Names = &[
    ("oss:ListObjects", &[Action::ListObjects]),
    ("oss:ListObjectVersions", &[Action::ListVersions]),
    ("oss:ListMultipartUploads", &[Action::ListUploads]),
    ("oss:GetBucketInfo", &[Action::ReadBucket]),
    ("oss:GetBucketLocation", &[Action::ReadBucket]),
    ("oss:GetBucketStat", &[Action::ReadBucket]),
    ("oss:GetBucketAcl", &[Action::ReadBucketAcl]),
    ("oss:PutBucketAcl", &[Action::WriteBucketAcl]),
    ("oss:GetBucketRequestPayment", &[Action::ReadPayment]),
    ("oss:PutBucketRequestPayment", &[Action::WritePayment]),
    ("oss:GetBucketVersioning", &[Action::ReadVersioning]),
    ("oss:PutBucketVersioning", &[Action::WriteVersioning]),
    ("oss:GetBucketPolicy", &[Action::ReadPolicy]),
    ("oss:GetBucketPolicyStatus", &[Action::ReadPolicy]),
    ("oss:PutBucketPolicy", &[Action::WritePolicy]),
    ("oss:DeleteBucketPolicy", &[Action::DeletePolicy]),
    ("oss:GetBucketCors", &[Action::ReadCors]),
    ("oss:PutBucketCors", &[Action::WriteCors]),
    ("oss:DeleteBucketCors", &[Action::DeleteCors]),
    ("oss:GetBucketLifecycle", &[Action::ReadLifecycle]),
    ("oss:PutBucketLifecycle", &[Action::WriteLifecycle]),
    ("oss:DeleteBucketLifecycle", &[Action::DeleteLifecycle]),
    ("oss:GetBucketTagging", &[Action::ReadBucketTags]),
    ("oss:PutBucketTagging", &[Action::WriteBucketTags]),
    ("oss:DeleteBucketTagging", &[Action::DeleteBucketTags]),
    ("oss:DeleteBucket", &[Action::DeleteBucket]),
    ("oss:GetObject", &[Action::ReadObject]),
    ("oss:GetObjectVersion", &[Action::ReadObjectVersion]),
    (
        "oss:PutObject",
        &[Action::WriteObject, Action::WriteObjectMeta],
    ),
    ("oss:DeleteObject", &[Action::DeleteObject]),
    ("oss:DeleteObjectVersion", &[Action::DeleteObjectVersion]),
    ("oss:ListParts", &[Action::ListParts]),
    ("oss:AbortMultipartUpload", &[Action::AbortUpload]),
    ("oss:GetObjectAcl", &[Action::ReadObjectAcl]),
    ("oss:GetObjectVersionAcl", &[Action::ReadObjectVersionAcl]),
    ("oss:PutObjectAcl", &[Action::WriteObjectAcl]),
    ("oss:PutObjectVersionAcl", &[Action::WriteObjectVersionAcl]),
    ("oss:GetObjectTagging", &[Action::ReadObjectTags]),
    (
        "oss:GetObjectVersionTagging",
        &[Action::ReadObjectVersionTags],
    ),
    ("oss:PutObjectTagging", &[Action::WriteObjectTags]),
    (
        "oss:PutObjectVersionTagging",
        &[Action::WriteObjectVersionTags],
    ),
    ("oss:DeleteObjectTagging", &[Action::DeleteObjectTags]),
    (
        "oss:DeleteObjectVersionTagging",
        &[Action::DeleteObjectVersionTags],
    ),
    ("oss:RestoreObject", &[Action::RestoreObject]),
    ("oss:RestoreObjectVersion", &[Action::RestoreObjectVersion]),
    ("oss:GetBucketPublicAccessBlock", &[Action::ReadAccessBlock]),
    (
        "oss:PutBucketPublicAccessBlock",
        &[Action::WriteAccessBlock],
    ),
    (
        "oss:DeleteBucketPublicAccessBlock",
        &[Action::WriteAccessBlock],
    ),
    (
        "oss:GetBucketArchiveDirectRead",
        &[Action::ReadArchiveReads],
    ),
    (
        "oss:PutBucketArchiveDirectRead",
        &[Action::WriteArchiveReads],
    ),
    ("oss:GetBucketAccessMonitor", &[Action::ReadAccessMonitor]),
    ("oss:PutBucketAccessMonitor", &[Action::WriteAccessMonitor]),
    ("oss:GetBucketResourceGroup", &[Action::ReadBucket]),
    ("oss:PutBucketResourceGroup", &[Action::WriteBucketLabel]),
    ("oss:CleanRestoredObject", &[Action::RestoreObject]),
    ("oss:GetBucketHttpsConfig", &[Action::ReadTls]),
    ("oss:PutBucketHttpsConfig", &[Action::WriteTls]),
    ("oss:GetBucketCallbackPolicy", &[Action::ReadCallbacks]),
    ("oss:PutBucketCallbackPolicy", &[Action::WriteCallbacks]),
    ("oss:DeleteBucketCallbackPolicy", &[Action::DeleteCallbacks]),
    ("oss:GetBucketOverwriteConfig", &[Action::ReadOverwrites]),
    ("oss:PutBucketOverwriteConfig", &[Action::WriteOverwrites]),
    (
        "oss:DeleteBucketOverwriteConfig",
        &[Action::WriteOverwrites],
    ),
    ("oss:GetBucketQos", &[Action::ReadQuota]),
    ("oss:PutBucketQos", &[Action::WriteQuota]),
    (
        "oss:GetBucketObjectWormConfiguration",
        &[Action::ReadRetention],
    ),
    (
        "oss:PutBucketObjectWormConfiguration",
        &[Action::WriteRetention],
    ),
    ("oss:GetObjectRetention", &[Action::ReadObjectRetention]),
    ("oss:PutObjectRetention", &[Action::WriteObjectRetention]),
    ("oss:GetObjectLegalHold", &[Action::ReadLegalHold]),
    ("oss:PutObjectLegalHold", &[Action::WriteLegalHold]),
    ("oss:BypassGovernanceRetention", &[Action::BypassRetention]),
    ("oss:PutAsyncFetchTask", &[]),
    ("oss:GetAsyncFetchTask", &[]),
    ("oss:ListBuckets", &[]),
    ("oss:PutBucket", &[]),
    ("oss:GetBucketLogging", &[Action::ReadAccessLog]),
    ("oss:PutBucketLogging", &[Action::WriteAccessLog]),
    ("oss:DeleteBucketLogging", &[Action::DeleteAccessLog]),
    (
        "oss:GetUserDefinedLogFieldsConfig",
        &[Action::ReadAccessLog],
    ),
    (
        "oss:PutUserDefinedLogFieldsConfig",
        &[Action::WriteAccessLog],
    ),
    (
        "oss:DeleteUserDefinedLogFieldsConfig",
        &[Action::DeleteAccessLog],
    ),
    ("oss:GetBucketWebsite", &[Action::ReadWebsite]),
    ("oss:PutBucketWebsite", &[Action::WriteWebsite]),
    ("oss:DeleteBucketWebsite", &[Action::DeleteWebsite]),
    ("oss:GetBucketReferer", &[Action::ReadReferers]),
    ("oss:PutBucketReferer", &[Action::WriteReferers]),
    ("oss:GetBucketEncryption", &[Action::ReadEncryption]),
    ("oss:PutBucketEncryption", &[Action::WriteEncryption]),
    ("oss:DeleteBucketEncryption", &[Action::DeleteEncryption]),
    ("oss:GetBucketRequestPayment", &[]),
    ("oss:PutBucketRequestPayment", &[]),
    ("oss:GetBucketReplication", &[Action::ReadReplication]),
    ("oss:PutBucketReplication", &[Action::WriteReplication]),
    ("oss:DeleteBucketReplication", &[Action::DeleteReplication]),
    ("oss:GetBucketInventory", &[Action::ReadInventory]),
    ("oss:PutBucketInventory", &[Action::WriteInventory]),
    ("oss:DeleteBucketInventory", &[Action::DeleteInventory]),
    ("oss:GetBucketWorm", &[Action::ReadRetention]),
    ("oss:InitiateBucketWorm", &[Action::WriteRetention]),
    ("oss:CompleteBucketWorm", &[Action::WriteRetention]),
    ("oss:ExtendBucketWorm", &[Action::WriteRetention]),
    ("oss:AbortBucketWorm", &[Action::WriteRetention]),
    ("oss:GetBucketTransferAcceleration", &[]),
    ("oss:PutBucketTransferAcceleration", &[]),
    ("oss:ListLiveChannel", &[]),
    ("oss:GetLiveChannel", &[]),
    ("oss:PutLiveChannel", &[]),
    ("oss:DeleteLiveChannel", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_named_from_the_bucket_on() {
        let cases = [
            ("acs:oss:*:*:photos", Some("photos")),
            ("acs:oss:cn-hangzhou:123:photos/*", Some("photos/*")),
            ("acs:oss:*:*:photos/a:b:c", Some("photos/a:b:c")),
            ("acs:oss:*:*:*/*", Some("*/*")),
            ("acs:oss:*:*:", None),
            ("acs:oss:*:photos", None),
            ("acs:ecs:*:*:photos", None),
            ("arn:aws:s3:::photos", None),
            ("photos", None),
        ];
        for (name, wanted) in cases {
            assert_eq!(resource(name), wanted, "{name}");
        }
    }

    #[test]
    fn principals_are_ids_of_accounts() {
        for name in ["1234567890123456", "stranger", "a.b-c_d"] {
            assert_eq!(account(name), Some(AccountId(name.into())));
        }
        for name in ["", "arn:sts::1:assumed-role/r/s", "a b", &"a".repeat(65)] {
            assert_eq!(account(name), None, "{name}");
        }
    }

    #[test]
    fn every_action_of_buckets_and_objects_has_a_name() {
        let of_the_service = [Action::ListBuckets, Action::CreateBucket];
        let of_others = [
            Action::ReadNotification,
            Action::WriteNotification,
            Action::WriteDefaultClass,
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
