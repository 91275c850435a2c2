//! The vendor's words and rules.

use cohong_core::limits::CALLBACK_PARAM_BYTES_MAX;
use cohong_core::model::{
    Accept, CallbackStyle, Cipher, EtagCase, Grantee, JsonTemplate, Permission, StorageClass,
};

use http::HeaderName;

use super::limits::{FORM_FIELDS_BYTES_MAX, FORM_FIELDS_MAX, KEYS, PAGE_MAX, TRAFFIC_BITS_PER_S};
use crate::common::callback::CallbackRules;
use crate::common::date;
use crate::common::encryption::EncryptionWords;
use crate::common::lock::LockWords;
use crate::common::vocabulary::{
    Bodies, Copies, Digits, Forms, Groups, Metadata, Naming, OntoItself, Orders, Pages, PartRanges,
    ReplicaWords, Sizes, TagRules, Vocabulary, names,
};

/// Header of a canned list, of buckets and objects alike.
pub(super) const ACL: &str = "acl";

/// How objects are locked.
pub(super) const LOCKS: LockWords = LockWords {
    headers: [
        "object-lock-mode",
        "object-lock-retain-until-date",
        "object-lock-legal-hold",
    ],
    governance: false,
    holds: false,
    versioned: false,
};

/// Words and rules of TOS (sheet sections 3 and 4).
pub(super) static TOS: Vocabulary = Vocabulary {
    prefix: "x-tos-",
    server: "TosServer",
    body_type: "application/json",
    bodies: Bodies::NONE,
    names: names!("x-tos-", "offset"),
    keys: KEYS,
    append_at: "offset",
    classes: &[
        (StorageClass::Standard, "STANDARD"),
        (StorageClass::Infrequent, "IA"),
        (StorageClass::ArchiveInstant, "ARCHIVE_FR"),
        (StorageClass::Intelligent, "INTELLIGENT_TIERING"),
        (StorageClass::Archive, "ARCHIVE"),
        (StorageClass::ColdArchive, "COLD_ARCHIVE"),
        (StorageClass::DeepColdArchive, "DEEP_COLD_ARCHIVE"),
    ],
    classes_shown: &[],
    // The words about the bucket's owner add nothing: the owner of a bucket may everything with its
    // objects.
    canned: &[
        ("private", Some(&[])),
        ("bucket-owner-read", Some(&[])),
        ("bucket-owner-full-control", Some(&[])),
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
        ("default", None),
        ("bucket-owner-entrusted", None),
    ],
    grants: &[
        ("grant-full-control", Permission::FullControl),
        ("grant-read", Permission::Read),
        ("grant-read-non-list", Permission::ReadNonList),
        ("grant-read-acp", Permission::ReadAcl),
        ("grant-write", Permission::Write),
        ("grant-write-acp", Permission::WriteAcl),
    ],
    groups: Groups {
        key: "canned",
        front: "",
    },
    refused: &["image-operations"],
    default_type: "binary/octet-stream",
    etags: Digits::Lower,
    tells_md5: false,
    tells_kind: false,
    tells_first_class: true,
    tells_expiry: true,
    checksums: &[],
    usual_checksum: None,
    date: date::iso,
    modified_ns: Some(HeaderName::from_static("x-tos-last-modified-ns")),
    own_ends: true,
    // Sheet, trap 18.
    metadata: Metadata::Escaped,
    tells_parts_crc64: false,
    versions_overwrite: false,
    copies: Copies {
        keep_type: false,
        onto_itself: OntoItself::Copies,
        tell_not_modified: false,
        ranges: PartRanges::Closed,
        conditions: true,
    },
    disposition: twice_decoded,
    ranges_in_heads: false,
    reads_parts: false,
    conditional_deletes: false,
    lenient_ranges: false,
    // The SDK compares what it reads with the length.
    compressed: &[],
    traffic: Some(TRAFFIC_BITS_PER_S),
    pages: Pages {
        default: PAGE_MAX,
        // A client in Go sends 0 where its program names no number.
        sizes: Sizes::OrDefault,
    },
    tags: TAGS,
    bucket_tags: TAGS,
    callbacks: Some(Orders {
        rules: CALLBACKS,
        query: ["x-tos-callback", "x-tos-callback-var"],
        fields: ["x-tos-callback", "x-tos-callback-var"],
        by_name: None,
    }),
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
        tagging: false,
        bare: &[],
        named: Naming::Orders,
    },
    encryption: EncryptionWords {
        ciphers: &[("AES256", Cipher::Aes256)],
        service: "kms",
        serves_keys: true,
        key_id: "server-side-encryption-kms-key-id",
        unserved: &[],
        needs_tls: false,
        parts_repeat: true,
    },
    locks: Some(LOCKS),
    replicas: Some(ReplicaWords {
        header: HeaderName::from_static("x-tos-replication-status"),
        complete: "COMPLETE",
    }),
};

/// Tags of objects.
const TAGS: TagRules = TagRules {
    most: 100,
    reserved: None,
    marks: None,
};

/// Upload callbacks (sheet section 5).
pub(super) const CALLBACKS: CallbackRules = CallbackRules {
    // Base64 of what is taken at most once it is decoded.
    base64_max: CALLBACK_PARAM_BYTES_MAX / 3 * 4 + 8,
    scheme: "https",
    reserved_headers: None,
    skips_bare_names: false,
    variable_fields: false,
    may_stand_twice: true,
    style: CallbackStyle {
        etag: EtagCase::Lower,
        json: JsonTemplate::Strict,
        accept: Accept::Any2xx,
    },
};

/// The vendor's word for a permission.
pub(super) fn permission_word(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "READ",
        Permission::ReadNonList => "READ_NON_LIST",
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
        Permission::ReadNonList,
        Permission::Write,
        Permission::ReadAcl,
        Permission::WriteAcl,
        Permission::FullControl,
    ]
    .into_iter()
    .find(|permission| permission_word(*permission) == word)
}

/// The SDK escapes a disposition before it escapes the query (sheet section 4, `GetObject`): a value in
/// which nothing is left that would need escaping was escaped twice. What is not ASCII stays escaped:
/// the SDK reads headers as Latin-1 before it decodes them, and browsers decode names too.
fn twice_decoded(value: &str) -> String {
    let escaped = |b: u8| b.is_ascii_alphanumeric() || b"-_.~%/".contains(&b);
    let twice = value.contains('%') && value.bytes().all(escaped);
    let decoded = twice.then(|| cohong_sign::decode(value).ok()).flatten();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = text else {
        return value.to_owned();
    };
    let escape = |c: char| {
        if c.is_ascii() {
            c.to_string()
        } else {
            cohong_sign::encode(c.encode_utf8(&mut [0; 4]).as_bytes())
        }
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use cohong_core::engine::Attributes;
    use cohong_core::model::UserMeta;

    use super::*;
    use crate::gate::given::Given;
    use crate::tos::error::TosError;

    #[test]
    fn a_disposition_is_decoded_as_often_as_it_was_encoded() {
        let cases = [
            (
                "attachment%3B%20filename%3D%E4%B8%AD.txt",
                "attachment; filename=%E4%B8%AD.txt",
            ),
            (
                "attachment; filename*=UTF-8''%E4%B8%AD",
                "attachment; filename*=UTF-8''%E4%B8%AD",
            ),
            ("inline", "inline"),
            ("100%", "100%"),
            ("%ff", "%ff"),
        ];
        for (value, wanted) in cases {
            assert_eq!(twice_decoded(value), wanted, "{value}");
        }
    }

    #[test]
    fn classes_and_permissions_go_both_ways() {
        for (class, word) in TOS.classes {
            assert_eq!(TOS.class(word).ok(), Some(*class));
            assert_eq!(TOS.class_word(*class), *word);
        }
        assert!(TOS.class("GLACIER").is_err());
        for word in [
            "READ",
            "READ_NON_LIST",
            "WRITE",
            "READ_ACP",
            "WRITE_ACP",
            "FULL_CONTROL",
        ] {
            assert_eq!(
                permission_word(permission(word).expect("a permission")),
                word
            );
        }
        assert_eq!(permission("read"), None);
    }

    #[test]
    fn canned_lists() {
        let count = |word| {
            TOS.canned_acl("x-tos-acl", word)
                .map(|acl| acl.map(|acl| acl.grants.len()))
                .ok()
        };
        assert_eq!(count("private"), Some(Some(0)));
        assert_eq!(count("public-read"), Some(Some(1)));
        assert_eq!(count("public-read-write"), Some(Some(2)));
        assert_eq!(count("default"), Some(None));
        assert_eq!(count("Public-Read"), None);
    }

    #[test]
    fn tags_are_judged() {
        let read = |text: &str| TOS.tags_of(text, "x-tos-tagging");
        assert_eq!(read("a=1&b=%E4%B8%AD&c").expect("tags").len(), 3);
        let long = "n".repeat(129);
        for bad in ["=v", "a=1&a=2", long.as_str()] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let hundred = |count: usize| {
            (0..count)
                .map(|n| format!("k{n}=v"))
                .collect::<Vec<_>>()
                .join("&")
        };
        assert!(read(&hundred(100)).is_ok() && read(&hundred(101)).is_err());
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Attributes, TosError> {
        let fields: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Ok(TOS.attributes(&Given::fields(&fields, TOS.prefix, &[])?, ACL)?)
    }

    #[test]
    fn attributes_are_read() {
        let read = read(&[
            ("Content-Type", "text/plain"),
            ("x-tos-meta-%E4%B8%AD", "%E6%96%87"),
            ("X-Tos-Meta-A", "b"),
            ("x-tos-storage-class", "IA"),
            ("x-tos-tagging", "a=1"),
            ("x-tos-acl", "public-read"),
            ("something-else", "ignored\r\n"),
        ]);
        let read = read.expect("accepted");
        assert_eq!(read.headers.content_type.as_deref(), Some("text/plain"));
        let meta: UserMeta = vec![("%e4%b8%ad".into(), "文".into()), ("a".into(), "b".into())];
        assert_eq!(read.user_meta, meta);
        assert_eq!(read.tags.len(), 1);
        assert_eq!(read.acl.expect("a list").grants.len(), 1);
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[("x-tos-meta-a", "b\r\nc: d")], "InvalidArgument"),
            (&[("x-tos-meta-a\r\n", "b")], "InvalidArgument"),
            (
                &[("x-tos-meta-a", "b"), ("X-TOS-META-A", "c")],
                "InvalidArgument",
            ),
            (&[("x-tos-acl", "everybody")], "InvalidArgument"),
            (
                &[("x-tos-acl", "private"), ("x-tos-grant-read", "id=1")],
                "InvalidArgument",
            ),
            (&[("x-tos-storage-class", "GLACIER")], "InvalidArgument"),
        ];
        for (pairs, code) in cases {
            assert_eq!(read(pairs).expect_err("refused").code, *code, "{pairs:?}");
        }
    }
}
