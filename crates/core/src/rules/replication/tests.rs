//! Which replication rules can be set, what they are about, and what a copy is.

use super::*;
use crate::model::{
    AccountId, Acl, BucketName, Checksums, Cipher, Encryption, Etag, ReplicaTarget, Seal,
    StoredHeaders, Timestamp, VersionKind,
};
use proptest::prelude::*;

fn rule(id: &str, into: &str, prefixes: &[&str]) -> ReplicationRule {
    ReplicationRule {
        id: id.into(),
        enabled: true,
        prefixes: prefixes.iter().map(|prefix| (*prefix).into()).collect(),
        tags: Vec::new(),
        target: ReplicaTarget {
            bucket: BucketName::new(into).unwrap(),
            region: "cn-beijing".into(),
            class: Some(StorageClass::Infrequent),
            inherits: None,
        },
        history: false,
        entrusts: false,
        since: VersionId(100),
        duty: WorkId([1; 16]),
    }
}

fn all(rules: Vec<ReplicationRule>) -> Replication {
    Replication {
        role: "role".into(),
        rules,
    }
}

fn version(id: u64, size: u64) -> ObjectVersion {
    ObjectVersion {
        id: VersionId(id),
        is_null: true,
        written_at: Timestamp::from_millis(id),
        kind: VersionKind::Object(Box::new(ObjectRecord {
            size,
            etag: Etag::Md5([0; 16]),
            checksums: Checksums::default(),
            payload: PayloadRef::Empty,
            headers: StoredHeaders::default(),
            user_meta: Vec::new(),
            tags: Vec::new(),
            class: StorageClass::Archive,
            upload: None,
            owner: AccountId("writer".into()),
            acl: Some(Acl::default()),
            form: Form::Appendable,
            restore: None,
            seal: None,
            expires_at: None,
            lock: Lock::default(),
            nanos: 0,
            replicated: Replicated::Complete,
        })),
    }
}

fn marker(id: u64) -> ObjectVersion {
    ObjectVersion {
        kind: VersionKind::DeleteMarker {
            owner: AccountId("writer".into()),
        },
        ..version(id, 0)
    }
}

fn with(mut version: ObjectVersion, change: impl Fn(&mut ObjectRecord)) -> ObjectVersion {
    if let VersionKind::Object(record) = &mut version.kind {
        change(record);
    }
    version
}

#[test]
fn only_sensible_rules_are_stored() {
    type Change = fn(&mut Replication);
    let cases: [(&str, bool, Change); 16] = [
        ("as they are", true, |_| {}),
        ("no rule", false, |all| all.rules.clear()),
        ("a hundred", true, |all| {
            all.rules = (0..100)
                .map(|n| rule(&n.to_string(), &format!("into-{n}"), &[]))
                .collect();
        }),
        ("more", false, |all| {
            all.rules = (0..101)
                .map(|n| rule(&n.to_string(), &format!("into-{n}"), &[]))
                .collect();
        }),
        ("no id", true, |all| all.rules[0].id = "".into()),
        ("longest id", true, |all| {
            all.rules[0].id = "a".repeat(255).into();
        }),
        ("long id", false, |all| {
            all.rules[0].id = "a".repeat(256).into();
        }),
        ("one id twice", false, |all| all.rules[1].id = "1".into()),
        ("impossible prefix", false, |all| {
            all.rules[0].prefixes[0] = "a\0".into();
        }),
        ("same prefix", false, |all| {
            all.rules[1].prefixes[0] = "a/".into();
        }),
        ("longer prefix", false, |all| {
            all.rules[1].prefixes[0] = "a/b/".into();
        }),
        ("every key", false, |all| all.rules[1].prefixes.clear()),
        ("other bucket", true, |all| {
            all.rules[1] = rule("2", "other-copies", &["a/"]);
        }),
        ("other tags", true, |all| {
            all.rules[1].prefixes.clear();
            all.rules[1].tags = vec![("k".into(), "v".into())];
        }),
        ("many tags", false, |all| {
            let tag = |n: u32| (n.to_string().into(), "".into());
            all.rules[0].tags = (0..11).map(tag).collect();
        }),
        ("too large", false, |all| {
            let prefix = |n: u32| format!("{n:0>900}").into();
            all.rules[0].prefixes = (0..100).map(prefix).collect();
        }),
    ];
    for (name, good, change) in cases {
        let mut rules = all(vec![
            rule("1", "copies", &["a/"]),
            rule("2", "copies", &["b/"]),
        ]);
        change(&mut rules);
        assert_eq!(check(&rules).is_ok(), good, "{name}");
    }
}

#[test]
fn rules_that_stay_go_on_and_others_begin_anew() {
    let kept = ReplicationRule {
        since: VersionId(7),
        duty: WorkId([7; 16]),
        ..rule("1", "copies", &["a/"])
    };
    let old = all(vec![kept.clone(), rule("2", "copies", &["b/"])]);
    let new = all(vec![
        rule("1", "copies", &["a/"]),
        ReplicationRule {
            history: true,
            ..rule("2", "copies", &["b/"])
        },
        rule("", "copies", &["c/"]),
    ]);
    let mut given = 8;
    let stored = adopt(new, Some(&old), VersionId(200), || {
        given += 1;
        WorkId([given; 16])
    });
    let seen: Vec<_> = stored
        .rules
        .iter()
        .map(|rule| (&*rule.id, rule.since.0, rule.duty.0[0]))
        .collect();
    let named = hex::encode([10; 16]);
    assert_eq!(seen, [("1", 7, 7), ("2", 200, 9), (&*named, 200, 10)]);
    let off = all(vec![ReplicationRule {
        enabled: false,
        ..kept
    }]);
    assert_eq!(
        adopt(off, Some(&old), VersionId(9), || WorkId([9; 16])).rules[0]
            .since
            .0,
        9
    );
}

#[test]
fn a_rule_wants_what_it_names() {
    let key = |text: &str| ObjectKey::new(text).unwrap();
    let plain = rule("1", "copies", &["a/", "b/"]);
    let tagged = ReplicationRule {
        tags: vec![("k".into(), "v".into())],
        ..plain.clone()
    };
    let old = ReplicationRule {
        history: true,
        ..plain.clone()
    };
    let off = ReplicationRule {
        enabled: false,
        ..plain.clone()
    };
    let sealed = |holder: KeyHolder| {
        with(version(101, 1), |record| {
            record.seal = Some(Seal {
                encryption: Encryption {
                    cipher: Cipher::Aes256,
                    holder: holder.clone(),
                },
                key: Vec::new().into(),
            });
        })
    };
    let tag = |value: &str| {
        with(version(101, 1), |record| {
            record.tags = vec![("k".into(), value.into()), ("other".into(), "".into())];
        })
    };
    let copy = with(version(101, 1), |record| {
        record.replicated = Replicated::Copy(VersionId(5));
    });
    let cases = [
        ("new", &plain, "a/x", version(101, 1), true),
        ("second prefix", &plain, "b/x", version(101, 1), true),
        ("other key", &plain, "c/x", version(101, 1), false),
        ("there before", &plain, "a/x", version(100, 1), false),
        ("history", &old, "a/x", version(1, 1), true),
        ("off", &off, "a/x", version(101, 1), false),
        ("marker", &plain, "a/x", marker(101), false),
        ("a copy", &plain, "a/x", copy, false),
        ("untagged", &tagged, "a/x", version(101, 1), false),
        ("tagged", &tagged, "a/x", tag("v"), true),
        ("other value", &tagged, "a/x", tag("w"), false),
        (
            "server's key",
            &plain,
            "a/x",
            sealed(KeyHolder::Server),
            true,
        ),
        (
            "client's key",
            &plain,
            "a/x",
            sealed(KeyHolder::Customer),
            false,
        ),
    ];
    for (name, rule, text, version, wanted) in cases {
        assert_eq!(wants(rule, &key(text), &version), wanted, "{name}");
    }
}

#[test]
fn the_newest_version_wins() {
    let copy = |id, of, size| {
        with(version(id, size), |record| {
            record.replicated = Replicated::Copy(VersionId(of));
        })
    };
    let source = version(10, 5);
    let cases = [
        ("nothing", None, true),
        ("older", Some(version(9, 5)), true),
        ("newer", Some(version(11, 5)), false),
        ("older marker", Some(marker(9)), true),
        ("newer marker", Some(marker(11)), false),
        ("its copy", Some(copy(10, 10, 5)), false),
        ("a copy of less of it", Some(copy(12, 10, 3)), true),
        ("a copy of an older one", Some(copy(12, 9, 5)), true),
        ("a copy of a newer one", Some(copy(9, 11, 5)), false),
    ];
    for (name, there, behind) in cases {
        assert_eq!(is_behind(there.as_ref(), &source), behind, "{name}");
    }
}

#[test]
fn classes_come_from_where_the_rule_says() {
    let source = version(10, 5);
    let object = source.object().unwrap();
    let cases = [
        (None, Some(StorageClass::Infrequent)),
        (Some(ClassSource::Object), Some(StorageClass::Archive)),
        (Some(ClassSource::Bucket), None),
    ];
    for (inherits, class) in cases {
        let mut rule = rule("1", "copies", &[]);
        rule.target.inherits = inherits;
        assert_eq!(class_of(&rule, object), class, "{inherits:?}");
    }
}

proptest! {
    #[test]
    fn narrowed_prefixes_cover_the_same_keys(
        prefixes in proptest::collection::vec("[ab]{0,3}", 0..6),
        key in "[ab]{1,5}",
    ) {
        let least = narrowed(prefixes.iter().map(String::as_str));
        let of_all = prefixes.iter().any(|prefix| key.starts_with(prefix));
        let covering = least.iter().filter(|prefix| key.starts_with(&***prefix)).count();
        prop_assert_eq!(covering, usize::from(of_all));
    }
}
