//! The vendor's words and rules.

use cohong_core::model::{ChecksumAlgorithm, Cipher, Grantee, Permission, StorageClass};
use http::HeaderName;

use super::limits::{
    BUCKET_TAGS, FORM_FIELDS_BYTES_MAX, FORM_FIELDS_MAX, KEYS, PAGE_DEFAULT, TAGS,
};
use crate::common::date;
use crate::common::encryption::EncryptionWords;
use crate::common::lock::LockWords;
use crate::common::vocabulary::{
    Bodies, Copies, Digits, Forms, Groups, Metadata, Naming, OntoItself, Pages, PartRanges,
    ReplicaWords, Sizes, Vocabulary, names,
};

/// Header of a canned list, of buckets and objects alike.
pub(super) const ACL: &str = "acl";

/// Tells where a bucket is.
pub(super) const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// How objects are locked.
pub(super) const LOCKS: LockWords = LockWords {
    headers: [
        "object-lock-mode",
        "object-lock-retain-until-date",
        "object-lock-legal-hold",
    ],
    governance: true,
    holds: true,
    versioned: true,
};

/// Words and rules of S3 (sheet sections 5 and 6).
pub(super) static S3: Vocabulary = Vocabulary {
    prefix: "x-amz-",
    server: "AmazonS3",
    body_type: "application/xml",
    bodies: Bodies {
        namespace: Some("http://s3.amazonaws.com/doc/2006-03-01/"),
        empty_delimiter: false,
        restores: false,
        vary: false,
        initiators: true,
        lower_headers: false,
    },
    names: names!("x-amz-"),
    keys: KEYS,
    append_at: "",
    classes: &[
        (StorageClass::Standard, "STANDARD"),
        (StorageClass::Infrequent, "STANDARD_IA"),
        (StorageClass::ArchiveInstant, "GLACIER_IR"),
        (StorageClass::Intelligent, "INTELLIGENT_TIERING"),
        (StorageClass::Archive, "GLACIER"),
        (StorageClass::DeepColdArchive, "DEEP_ARCHIVE"),
    ],
    classes_shown: &[(StorageClass::ColdArchive, "GLACIER")],
    // The words about the bucket's owner add nothing: the owner of a bucket may everything with its
    // objects. Nor does the one about machine images: there is nobody it means.
    canned: &[
        ("private", Some(&[])),
        ("bucket-owner-read", Some(&[])),
        ("bucket-owner-full-control", Some(&[])),
        ("aws-exec-read", Some(&[])),
        (
            "public-read",
            Some(&[(Grantee::AllUsers, Permission::Read)]),
        ),
        (
            "public-read-write",
            Some(&[
                (Grantee::AllUsers, Permission::Read),
                (Grantee::AllUsers, Permission::Write),
            ]),
        ),
        (
            "authenticated-read",
            Some(&[(Grantee::AuthenticatedUsers, Permission::Read)]),
        ),
    ],
    grants: &[
        ("grant-full-control", Permission::FullControl),
        ("grant-read", Permission::Read),
        ("grant-read-acp", Permission::ReadAcl),
        ("grant-write", Permission::Write),
        ("grant-write-acp", Permission::WriteAcl),
    ],
    groups: Groups {
        key: "uri",
        front: "http://acs.amazonaws.com/groups/global/",
    },
    refused: &[
        "server-side-encryption-aws-kms-key-id",
        "server-side-encryption-bucket-key-enabled",
        "server-side-encryption-context",
        "write-offset-bytes",
    ],
    default_type: "binary/octet-stream",
    etags: Digits::Lower,
    tells_md5: false,
    tells_kind: false,
    tells_expiry: true,
    tells_first_class: false,
    checksums: &[
        (ChecksumAlgorithm::Crc32, "CRC32"),
        (ChecksumAlgorithm::Crc32c, "CRC32C"),
        (ChecksumAlgorithm::Crc64Nvme, "CRC64NVME"),
        (ChecksumAlgorithm::Sha1, "SHA1"),
        (ChecksumAlgorithm::Sha256, "SHA256"),
    ],
    // As the vendor does (sheet section 4).
    usual_checksum: Some(ChecksumAlgorithm::Crc64Nvme),
    date: date::iso_seconds,
    modified_ns: None,
    own_ends: false,
    metadata: Metadata::Text,
    tells_parts_crc64: false,
    versions_overwrite: false,
    copies: Copies {
        keep_type: false,
        onto_itself: OntoItself::Refused,
        tell_not_modified: false,
        ranges: PartRanges::Within,
        conditions: true,
    },
    disposition: ToOwned::to_owned,
    ranges_in_heads: true,
    reads_parts: true,
    conditional_deletes: true,
    lenient_ranges: false,
    // What is stored is what is sent: clients compare checksums.
    compressed: &[],
    traffic: None,
    pages: Pages {
        default: PAGE_DEFAULT,
        sizes: Sizes::Capped,
    },
    tags: TAGS,
    bucket_tags: BUCKET_TAGS,
    callbacks: None,
    forms: Forms {
        bytes_max: FORM_FIELDS_BYTES_MAX,
        fields_max: FORM_FIELDS_MAX,
        of_signature: &[
            "algorithm",
            "credential",
            "date",
            "security-token",
            "signature",
        ],
        tagging: true,
        bare: &[ACL],
        named: Naming::AllBut(
            &["policy", "signature", "awsaccesskeyid", "file"],
            "x-ignore-",
        ),
    },
    encryption: EncryptionWords {
        ciphers: &[("AES256", Cipher::Aes256)],
        service: "aws:kms",
        serves_keys: false,
        key_id: "server-side-encryption-aws-kms-key-id",
        unserved: &["aws:kms", "aws:kms:dsse", "aws:fsx"],
        needs_tls: true,
        parts_repeat: false,
    },
    locks: Some(LOCKS),
    replicas: Some(ReplicaWords {
        header: HeaderName::from_static("x-amz-replication-status"),
        complete: "COMPLETED",
    }),
};

/// The vendor's word for a permission. Reading the objects of a bucket without listing it is no word of
/// its own here; the nearest is shown.
pub(super) fn permission_word(permission: Permission) -> &'static str {
    match permission {
        Permission::Read | Permission::ReadNonList => "READ",
        Permission::Write => "WRITE",
        Permission::ReadAcl => "READ_ACP",
        Permission::WriteAcl => "WRITE_ACP",
        Permission::FullControl => "FULL_CONTROL",
    }
}

/// The permission a word names.
pub(super) fn permission(word: &str) -> Option<Permission> {
    [
        Permission::Read,
        Permission::Write,
        Permission::ReadAcl,
        Permission::WriteAcl,
        Permission::FullControl,
    ]
    .into_iter()
    .find(|permission| permission_word(*permission) == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_permissions_go_both_ways() {
        for (class, word) in S3.classes {
            assert_eq!(S3.class(word).ok(), Some(*class));
            assert_eq!(S3.class_word(*class), *word);
        }
        assert_eq!(S3.class_word(StorageClass::ColdArchive), "GLACIER");
        for word in ["ONEZONE_IA", "REDUCED_REDUNDANCY", "Standard"] {
            assert!(S3.class(word).is_err(), "{word}");
        }
        for word in ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"] {
            assert_eq!(permission(word).map(permission_word), Some(word));
        }
        assert_eq!(permission("read"), None);
    }

    #[test]
    fn canned_lists() {
        let count = |word| {
            let list = S3.canned_acl("x-amz-acl", word).ok();
            list.map(|acl| acl.expect("a list of its own").grants.len())
        };
        assert_eq!(count("private"), Some(0));
        assert_eq!(count("public-read-write"), Some(2));
        assert_eq!(count("authenticated-read"), Some(1));
        assert_eq!(count("log-delivery-write"), None);
    }
}
