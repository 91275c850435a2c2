//! The vendor's words for storage classes, permissions, grants and true.

use cohong_core::model::{AccountId, Acl, Grant, Grantee, Permission, StorageClass};

use crate::tos::error::TosError;

/// The vendor's word for a class.
pub(in crate::tos) fn class_word(class: StorageClass) -> &'static str {
    match class {
        StorageClass::Standard => "STANDARD",
        StorageClass::Infrequent => "IA",
        StorageClass::ArchiveInstant => "ARCHIVE_FR",
        StorageClass::Intelligent => "INTELLIGENT_TIERING",
    }
}

/// The class a word names.
pub(in crate::tos) fn class(word: &str) -> Result<StorageClass, TosError> {
    Ok(match word {
        "STANDARD" => StorageClass::Standard,
        "IA" => StorageClass::Infrequent,
        "ARCHIVE_FR" => StorageClass::ArchiveInstant,
        "INTELLIGENT_TIERING" => StorageClass::Intelligent,
        _ => {
            return Err(TosError::invalid_argument(
                "this server keeps the storage classes STANDARD, IA, ARCHIVE_FR and INTELLIGENT_TIERING",
            ));
        }
    })
}

/// The vendor's word for a permission.
pub(in crate::tos) fn permission_word(permission: Permission) -> &'static str {
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
pub(in crate::tos) fn permission(word: &str) -> Option<Permission> {
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

/// Whom a canned grantee means.
pub(in crate::tos) fn canned_grantee(word: &str) -> Option<Grantee> {
    match word {
        "AllUsers" => Some(Grantee::AllUsers),
        "AuthenticatedUsers" => Some(Grantee::AuthenticatedUsers),
        _ => None,
    }
}

/// The list a canned word stands for; `None` inside leaves the bucket's grants in force.
///
/// The words about the bucket's owner add nothing: the owner of a bucket may everything with its objects.
pub(in crate::tos) fn canned_acl(word: &str) -> Result<Option<Acl>, TosError> {
    let of = |grants: &[(Grantee, Permission)]| {
        let grant = |(grantee, permission): &(Grantee, Permission)| Grant {
            grantee: grantee.clone(),
            permission: *permission,
        };
        Some(Acl {
            grants: grants.iter().map(grant).collect(),
        })
    };
    Ok(match word {
        "private" | "bucket-owner-read" | "bucket-owner-full-control" => of(&[]),
        "public-read" => of(&[(Grantee::AllUsers, Permission::Read)]),
        "public-read-write" => of(&[
            (Grantee::AllUsers, Permission::Read),
            (Grantee::AllUsers, Permission::Write),
        ]),
        "authenticated-read" => of(&[(Grantee::AuthenticatedUsers, Permission::Read)]),
        "default" | "bucket-owner-entrusted" => None,
        _ => {
            return Err(TosError::invalid_argument(
                "x-tos-acl is not one of the canned lists",
            ));
        }
    })
}

/// Reads the value of a grant header: `id="a",canned="AllUsers"`, quotes optional.
pub(in crate::tos) fn grantees(value: &str) -> Result<Vec<Grantee>, TosError> {
    let bad =
        || TosError::invalid_argument("a grant header is a list of id=\"...\" or canned=\"...\"");
    value
        .split(',')
        .map(|item| {
            let (kind, name) = item.split_once('=').ok_or_else(bad)?;
            let name = name.trim().trim_matches('"');
            match kind.trim() {
                "id" if !name.is_empty() => Ok(Grantee::Account(AccountId(name.into()))),
                "canned" => canned_grantee(name).ok_or_else(bad),
                _ => Err(bad()),
            }
        })
        .collect()
}

/// Reads a boolean: clients write Python's spelling too (sheet, trap 8).
pub(in crate::tos) fn boolean(name: &str, value: &str) -> Result<bool, TosError> {
    if value.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    if value.is_empty() || value.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    Err(TosError::invalid_argument(format!(
        "{name} is true or false"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_permissions_go_both_ways() {
        for word in ["STANDARD", "IA", "ARCHIVE_FR", "INTELLIGENT_TIERING"] {
            assert_eq!(class_word(class(word).expect("a class")), word);
        }
        assert_eq!(
            class("GLACIER").expect_err("unknown").code,
            "InvalidArgument"
        );
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
            canned_acl(word)
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
    fn grant_headers() {
        let read = grantees("id=\"1\", canned=AllUsers").expect("two grantees");
        assert_eq!(
            read,
            [Grantee::Account(AccountId("1".into())), Grantee::AllUsers]
        );
        for bad in ["", "1", "id=", "canned=Everybody", "email=a"] {
            assert!(grantees(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn booleans_in_every_spelling() {
        for (text, wanted) in [
            ("True", true),
            ("true", true),
            ("False", false),
            ("", false),
        ] {
            assert_eq!(boolean("reverse", text).ok(), Some(wanted), "{text}");
        }
        assert!(boolean("reverse", "yes").is_err());
    }
}
