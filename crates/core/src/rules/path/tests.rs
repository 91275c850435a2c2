#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::*;
use crate::model::{
    AccountId, Checksums, Etag, Lock, PayloadRef, Replicated, StorageClass, StoredHeaders, UploadId,
};

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn record(form: Form, size: u64) -> ObjectRecord {
    ObjectRecord {
        size,
        etag: Etag::Md5([0; 16]),
        checksums: Checksums::default(),
        payload: PayloadRef::Empty,
        headers: StoredHeaders::default(),
        user_meta: Vec::new(),
        tags: Vec::new(),
        class: StorageClass::Standard,
        upload: None,
        owner: AccountId("a".into()),
        acl: None,
        form,
        restore: None,
        seal: None,
        expires_at: None,
        replicated: Replicated::No,
        nanos: 0,
        lock: Lock::default(),
    }
}

#[test]
fn directories_above() {
    let cases: &[(&str, &[&str])] = &[
        ("a", &[]),
        ("a/", &[]),
        ("a/b", &["a/"]),
        ("a/b/", &["a/"]),
        ("a/b/c", &["a/", "a/b/"]),
        ("公/行/x", &["公/", "公/行/"]),
    ];
    for (key, wanted) in cases {
        assert_eq!(above(key), *wanted, "{key}");
    }
}

#[test]
fn keys_that_are_no_paths() {
    for good in ["a", "a/", "a/b", ".trash/x/", "a b/.."] {
        assert!(check(good).is_ok(), "{good}");
    }
    for bad in ["/", "/a", "a//b", "a//", "//"] {
        assert_eq!(
            check(bad).unwrap_err().kind(),
            ErrorKind::InvalidKey,
            "{bad}"
        );
    }
    let deep = |levels: usize| format!("{}x", "d/".repeat(levels));
    assert!(check(&deep(DIRECTORY_LEVELS_MAX)).is_ok());
    assert!(check(&deep(DIRECTORY_LEVELS_MAX + 1)).is_err());
}

#[test]
fn what_must_not_stand_beside() {
    assert_eq!(counterpart(&key("a/b")), Some(key("a/b/")));
    assert_eq!(counterpart(&key("a/b/")), Some(key("a/b")));
    assert_eq!(counterpart(&key(&"a".repeat(1024))), None);
}

#[test]
fn only_what_is_empty_is_a_directory() {
    let directory = Form::Directory { leaving: true };
    let link = Form::Symlink(key("k").into());
    let of_parts = ObjectRecord {
        upload: Some(UploadId([1; 16])),
        ..record(Form::Normal, 0)
    };
    let cases = [
        ("a", record(Form::Normal, 3), Some(Form::Normal)),
        (
            "a/",
            record(Form::Normal, 0),
            Some(Form::Directory { leaving: false }),
        ),
        (
            "a/",
            record(directory.clone(), 0),
            Some(Form::Directory { leaving: false }),
        ),
        ("a/", record(Form::Normal, 3), None),
        ("a/", record(Form::Appendable, 0), None),
        ("a/", record(link, 0), None),
        ("a/", of_parts, None),
        ("a", record(directory, 0), None),
    ];
    for (key, record, wanted) in cases {
        let found = settled(key, record.clone()).ok().map(|record| record.form);
        assert_eq!(found, wanted, "{key} {:?}", record.form);
    }
}

#[test]
fn what_a_trash_may_be() {
    let trash = |path: &str, days| Trash {
        path: path.into(),
        days,
        enabled: true,
    };
    for (path, wanted) in [(".Trash", ".Trash/"), ("trash/", "trash/"), ("a/b", "a/b/")] {
        assert_eq!(*check_trash(&trash(path, 1)).unwrap().path, *wanted);
    }
    let long = "a".repeat(TRASH_PATH_BYTES_MAX);
    for bad in [
        trash("", 1),
        trash("/", 1),
        trash("/a", 1),
        trash("a//b", 1),
        trash("a\0", 1),
        trash(&long, 1),
        trash("a", 0),
        trash("a", EXPIRES_DAYS_MAX + 1),
    ] {
        assert!(check_trash(&bad).is_err(), "{bad:?}");
    }
    let into = in_trash(&trash("t/", 1), 0xab, "x/y").unwrap();
    assert_eq!(into.as_str(), "t/00000000000000ab/x/y");
    let long = "a".repeat(1024);
    let refused = in_trash(&trash("t/", 1), 1, &long).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidKey);
}

proptest! {
    /// Every directory above a key is one, begins it, and lies in all those before it.
    #[test]
    fn paths_are_made_of_their_directories(names in prop::collection::vec("[a-c.]{1,3}", 1..6), ends: bool) {
        let mut text = names.join("/");
        if ends {
            text.push('/');
        }
        prop_assert!(check(&text).is_ok());
        let found = above(&text);
        prop_assert_eq!(found.len(), names.len() - 1);
        for (n, directory) in found.iter().enumerate() {
            prop_assert!(names_directory(directory) && text.starts_with(directory));
            prop_assert_eq!(&above(directory)[..], &found[..n]);
        }
        if let Some(top) = found.first() {
            let there = moved(&text, top, "elsewhere/").unwrap().unwrap();
            prop_assert_eq!(moved(there.as_str(), "elsewhere/", top).unwrap().unwrap(), key(&text));
        }
    }
}
