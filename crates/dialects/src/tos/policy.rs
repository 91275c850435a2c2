//! The vendor's language of bucket policies (sheet section 7; <https://www.volcengine.com/docs/6349/102133>).

use cohong_core::limits::ACCOUNT_BYTES_MAX;
use cohong_core::model::{AccountId, Action, Fact};

use crate::common::bucket_policy::{Key, Words};

/// Its words.
pub(super) const POLICY: Words = Words {
    versions: &[],
    actions: ACTIONS,
    keys: &[
        ("tos:prefix", Key::Text(Fact::ListPrefix)),
        ("tos:delimiter", Key::Text(Fact::ListDelimiter)),
        ("tos:SourceIp", Key::Source),
        ("volc:SourceIp", Key::Source),
        ("volc:SecureTransport", Key::Secure),
        ("volc:CurrentTime", Key::Time),
    ],
    resource,
    no_principal: false,
    account,
};

/// `trn:tos:::bucket/key`.
fn resource(name: &str) -> Option<&str> {
    name.strip_prefix("trn:tos:::")
        .filter(|rest| !rest.is_empty())
}

/// An account, by its id alone or as `trn:iam::id:root`; roles and users of an account are not known here.
fn account(name: &str) -> Option<AccountId> {
    let long = name.strip_prefix("trn:iam::");
    let id = match long {
        Some(rest) => rest.strip_suffix(":root")?,
        None => name,
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_id = (1..=ACCOUNT_BYTES_MAX).contains(&id.len()) && id.bytes().all(plain);
    is_id.then(|| AccountId(id.into()))
}

type Names = &'static [(&'static str, &'static [Action])];

/// What the vendor calls actions. Some stand for several here, and some for none: those of abilities
/// that this server does not have, which a policy may name all the same.
const ACTIONS: Names = &[
    ("tos:ListBucket", &[Action::ListObjects]),
    ("tos:ListBucketVersions", &[Action::ListVersions]),
    ("tos:ListBucketMultipartUploads", &[Action::ListUploads]),
    ("tos:HeadBucket", &[Action::ReadBucket]),
    ("tos:GetBucketLocation", &[Action::ReadBucket]),
    ("tos:GetBucketInfo", &[Action::ReadBucket]),
    ("tos:DeleteBucket", &[Action::DeleteBucket]),
    ("tos:GetBucketACL", &[Action::ReadBucketAcl]),
    ("tos:PutBucketACL", &[Action::WriteBucketAcl]),
    ("tos:GetBucketVersioning", &[Action::ReadVersioning]),
    ("tos:PutBucketVersioning", &[Action::WriteVersioning]),
    ("tos:GetBucketNotification", &[Action::ReadNotification]),
    ("tos:PutBucketNotification", &[Action::WriteNotification]),
    ("tos:GetBucketPolicy", &[Action::ReadPolicy]),
    ("tos:PutBucketPolicy", &[Action::WritePolicy]),
    ("tos:DeleteBucketPolicy", &[Action::DeletePolicy]),
    ("tos:GetBucketCORS", &[Action::ReadCors]),
    ("tos:PutBucketCORS", &[Action::WriteCors]),
    ("tos:DeleteBucketCORS", &[Action::DeleteCors]),
    ("tos:GetLifecycleConfiguration", &[Action::ReadLifecycle]),
    (
        "tos:PutLifecycleConfiguration",
        &[Action::WriteLifecycle, Action::DeleteLifecycle],
    ),
    ("tos:GetBucketTrash", &[Action::ReadLifecycle]),
    ("tos:PutBucketTrash", &[Action::WriteLifecycle]),
    ("tos:GetBucketTagging", &[Action::ReadBucketTags]),
    (
        "tos:PutBucketTagging",
        &[Action::WriteBucketTags, Action::DeleteBucketTags],
    ),
    ("tos:PutBucketStorageClass", &[Action::WriteDefaultClass]),
    ("tos:GetBucketQuota", &[Action::ReadQuota]),
    ("tos:PutBucketQuota", &[Action::WriteQuota]),
    ("tos:GetBucketRename", &[Action::ReadRename]),
    ("tos:PutBucketRename", &[Action::WriteRename]),
    ("tos:GetBucketCustomDomain", &[Action::ReadDomains]),
    ("tos:PutBucketCustomDomain", &[Action::WriteDomains]),
    ("tos:DeleteBucketCustomDomain", &[Action::WriteDomains]),
    ("tos:GetBucketRequestPayment", &[Action::ReadPayment]),
    ("tos:PutBucketRequestPayment", &[Action::WritePayment]),
    ("tos:GetObject", &[Action::ReadObject]),
    ("tos:GetObjectVersion", &[Action::ReadObjectVersion]),
    (
        "tos:PutObject",
        &[Action::WriteObject, Action::WriteObjectMeta],
    ),
    ("tos:DeleteObject", &[Action::DeleteObject]),
    ("tos:DeleteObjectVersion", &[Action::DeleteObjectVersion]),
    ("tos:ListMultipartUploadParts", &[Action::ListParts]),
    ("tos:AbortMultipartUpload", &[Action::AbortUpload]),
    ("tos:GetObjectACL", &[Action::ReadObjectAcl]),
    ("tos:GetObjectVersionACL", &[Action::ReadObjectVersionAcl]),
    ("tos:PutObjectACL", &[Action::WriteObjectAcl]),
    ("tos:PutObjectVersionACL", &[Action::WriteObjectVersionAcl]),
    ("tos:GetObjectTagging", &[Action::ReadObjectTags]),
    (
        "tos:GetObjectVersionTagging",
        &[Action::ReadObjectVersionTags],
    ),
    ("tos:PutObjectTagging", &[Action::WriteObjectTags]),
    (
        "tos:PutObjectVersionTagging",
        &[Action::WriteObjectVersionTags],
    ),
    ("tos:DeleteObjectTagging", &[Action::DeleteObjectTags]),
    (
        "tos:DeleteObjectVersionTagging",
        &[Action::DeleteObjectVersionTags],
    ),
    ("tos:RestoreObject", &[Action::RestoreObject]),
    ("tos:RestoreObjectVersion", &[Action::RestoreObjectVersion]),
    ("tos:GetBucketWebsite", &[Action::ReadWebsite]),
    ("tos:PutBucketWebsite", &[Action::WriteWebsite]),
    ("tos:DeleteBucketWebsite", &[Action::DeleteWebsite]),
    ("tos:GetBucketMirrorBack", &[Action::ReadWebsite]),
    ("tos:PutBucketMirrorBack", &[Action::WriteWebsite]),
    ("tos:DeleteBucketMirrorBack", &[Action::DeleteWebsite]),
    ("tos:GetBucketEncryption", &[Action::ReadEncryption]),
    ("tos:PutBucketEncryption", &[Action::WriteEncryption]),
    ("tos:DeleteBucketEncryption", &[Action::DeleteEncryption]),
    ("tos:GetBucketObjectLock", &[Action::ReadRetention]),
    ("tos:PutBucketObjectLock", &[Action::WriteRetention]),
    ("tos:GetObjectRetention", &[Action::ReadObjectRetention]),
    ("tos:PutObjectRetention", &[Action::WriteObjectRetention]),
    ("tos:ListBuckets", &[]),
    ("tos:CreateBucket", &[]),
    (
        "tos:GetReplicationConfiguration",
        &[Action::ReadReplication],
    ),
    (
        "tos:PutReplicationConfiguration",
        &[Action::WriteReplication, Action::DeleteReplication],
    ),
    ("tos:GetBucketInventory", &[Action::ReadInventory]),
    (
        "tos:PutBucketInventory",
        &[Action::WriteInventory, Action::DeleteInventory],
    ),
    ("tos:GetBucketAccessMonitor", &[Action::ReadAccessMonitor]),
    ("tos:PutBucketAccessMonitor", &[Action::WriteAccessMonitor]),
    ("tos:GetBucketRealTimeLog", &[]),
    ("tos:PutBucketRealTimeLog", &[]),
    ("tos:GetBucketImageStyle", &[]),
    ("tos:PutBucketImageStyle", &[]),
    ("tos:ListBucketImageStyle", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_named_from_the_bucket_on() {
        let cases = [
            ("trn:tos:::photos", Some("photos")),
            ("trn:tos:::photos/*", Some("photos/*")),
            ("trn:tos:::photos/a:b", Some("photos/a:b")),
            ("trn:tos:::", None),
            ("trn:tos::photos", None),
            ("photos", None),
        ];
        for (name, wanted) in cases {
            assert_eq!(resource(name), wanted, "{name}");
        }
    }

    #[test]
    fn principals_are_accounts() {
        let cases = [
            ("2100000000", Some("2100000000")),
            ("trn:iam::2100000000:root", Some("2100000000")),
            ("trn:iam::2100000000:user/a", None),
            ("2100000000/a", None),
            ("", None),
        ];
        for (name, wanted) in cases {
            let wanted = wanted.map(|id| AccountId(id.into()));
            assert_eq!(account(name), wanted, "{name}");
        }
    }

    #[test]
    fn every_action_of_buckets_and_objects_has_a_name() {
        let of_the_service = [Action::ListBuckets, Action::CreateBucket];
        let of_others = [
            Action::ReadLegalHold,
            Action::WriteLegalHold,
            Action::BypassRetention,
            Action::ReadTls,
            Action::WriteTls,
            Action::ReadCallbacks,
            Action::WriteCallbacks,
            Action::DeleteCallbacks,
            Action::ReadOverwrites,
            Action::WriteOverwrites,
            Action::ReadReferers,
            Action::WriteReferers,
            Action::ReadAccessBlock,
            Action::WriteAccessBlock,
            Action::ReadArchiveReads,
            Action::WriteArchiveReads,
            Action::WriteBucketLabel,
            Action::ReadAccessLog,
            Action::WriteAccessLog,
            Action::DeleteAccessLog,
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
