//! The vendor's words and rules.

use cohong_core::model::{Acl, Cipher, Grantee, Permission, StorageClass};

use super::callback::CALLBACKS;
use super::limits::{
    BUCKET_TAGS, FORM_FIELDS_BYTES_MAX, FORM_FIELDS_MAX, KEYS, PAGE_DEFAULT, TAGS,
    TRAFFIC_BITS_PER_S,
};
use crate::common::date;
use crate::common::encryption::EncryptionWords;
use crate::common::lock::LockWords;
use crate::common::vocabulary::{
    Bodies, Copies, Digits, Forms, Groups, Metadata, Naming, OntoItself, Orders, Pages, PartRanges,
    Sizes, Vocabulary, names,
};

/// Header of a bucket's access control list.
pub(super) const BUCKET_ACL: &str = "acl";
/// Header of an object's access control list.
pub(super) const OBJECT_ACL: &str = "object-acl";

/// Types that are compressed on the way (sheet section 5, `GetObject`).
const COMPRESSED: &[&str] = &[
    "text/plain",
    "text/html",
    "text/css",
    "text/xml",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/json",
    "application/xml",
    "application/rss+xml",
];

/// How objects are locked.
pub(super) const LOCKS: LockWords = LockWords {
    headers: [
        "object-worm-mode",
        "object-worm-retain-until-date",
        "object-worm-legal-hold",
    ],
    governance: true,
    holds: true,
    versioned: true,
};

/// Words and rules of OSS (sheet sections 3 and 5).
pub(super) static OSS: Vocabulary = Vocabulary {
    prefix: "x-oss-",
    server: "AliyunOSS",
    body_type: "application/xml",
    bodies: Bodies {
        namespace: None,
        empty_delimiter: true,
        restores: true,
        vary: true,
        initiators: false,
        lower_headers: true,
    },
    names: names!("x-oss-", "position"),
    keys: KEYS,
    append_at: "position",
    classes: &[
        (StorageClass::Standard, "Standard"),
        (StorageClass::Infrequent, "IA"),
        (StorageClass::Archive, "Archive"),
        (StorageClass::ColdArchive, "ColdArchive"),
        (StorageClass::DeepColdArchive, "DeepColdArchive"),
    ],
    classes_shown: &[],
    canned: &[
        ("private", Some(&[])),
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
        ("default", None),
    ],
    grants: &[],
    groups: Groups { key: "", front: "" },
    refused: &[],
    default_type: "application/octet-stream",
    etags: Digits::Upper,
    tells_md5: true,
    tells_kind: true,
    tells_first_class: true,
    tells_expiry: true,
    checksums: &[],
    usual_checksum: None,
    date: date::iso_seconds,
    modified_ns: None,
    own_ends: false,
    metadata: Metadata::Text,
    tells_parts_crc64: true,
    versions_overwrite: true,
    copies: Copies {
        keep_type: true,
        onto_itself: OntoItself::Replaces,
        tell_not_modified: true,
        ranges: PartRanges::Open,
        conditions: false,
    },
    disposition: ToOwned::to_owned,
    ranges_in_heads: false,
    reads_parts: false,
    conditional_deletes: false,
    lenient_ranges: true,
    compressed: COMPRESSED,
    traffic: Some(TRAFFIC_BITS_PER_S),
    pages: Pages {
        default: PAGE_DEFAULT,
        sizes: Sizes::Strict,
    },
    tags: TAGS,
    bucket_tags: BUCKET_TAGS,
    callbacks: Some(Orders {
        rules: CALLBACKS,
        query: ["callback", "callback-var"],
        fields: ["callback", "callback-var"],
        by_name: Some("callbackPolicy"),
    }),
    forms: Forms {
        bytes_max: FORM_FIELDS_BYTES_MAX,
        fields_max: FORM_FIELDS_MAX,
        of_signature: &[
            "signature-version",
            "access-key-id",
            "credential",
            "date",
            "security-token",
            "signature",
        ],
        tagging: false,
        bare: &[],
        named: Naming::Free,
    },
    encryption: EncryptionWords {
        ciphers: &[("AES256", Cipher::Aes256), ("SM4", Cipher::Sm4)],
        service: "KMS",
        serves_keys: true,
        key_id: "server-side-encryption-key-id",
        unserved: &[],
        needs_tls: false,
        parts_repeat: false,
    },
    locks: Some(LOCKS),
    replicas: None,
};

/// The word for the grants of a bucket or object: the vendor has no others.
pub(super) fn acl_word(acl: &Acl) -> &'static str {
    let everybody = |permissions: &[Permission]| {
        acl.grants.iter().any(|grant| {
            grant.grantee == Grantee::AllUsers && permissions.contains(&grant.permission)
        })
    };
    if everybody(&[Permission::Write, Permission::FullControl]) {
        "public-read-write"
    } else if everybody(&[Permission::Read]) {
        "public-read"
    } else {
        "private"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_grants_go_both_ways() {
        for word in ["private", "public-read", "public-read-write"] {
            let acl = OSS.canned_acl("x-oss-acl", word).expect("a word");
            assert_eq!(acl_word(&acl.expect("a list")), word);
        }
        assert_eq!(OSS.canned_acl("x-oss-acl", "default").ok(), Some(None));
        assert!(OSS.canned_acl("x-oss-acl", "authenticated-read").is_err());
    }

    #[test]
    fn classes_go_both_ways() {
        for (class, word) in OSS.classes {
            assert_eq!(OSS.class(word).ok(), Some(*class));
            assert_eq!(OSS.class_word(*class), *word);
        }
        assert_eq!(OSS.class_word(StorageClass::Intelligent), "Standard");
        assert!(OSS.class("STANDARD").is_err());
    }
}
