//! What lifecycle rules order, as tables, and what they never do.

mod unread;

use proptest::prelude::*;

use super::*;
use crate::model::{
    AccountId, Checksums, Etag, ObjectRecord, PayloadRef, Replicated, StoredHeaders, VersionId,
    VersionKind,
};

const HOUR_MS: u64 = DAY_MS / 24;

fn at(days: u64, hours: u64) -> Timestamp {
    Timestamp::from_millis(days * DAY_MS + hours * HOUR_MS)
}

fn version(written_at: Timestamp, kind: VersionKind) -> ObjectVersion {
    ObjectVersion {
        id: VersionId(1),
        is_null: true,
        written_at,
        kind,
    }
}

/// 100 bytes, tagged `kind=log`.
fn object(written_at: Timestamp, class: StorageClass) -> ObjectVersion {
    let record = ObjectRecord {
        size: 100,
        etag: Etag::Md5([0; 16]),
        checksums: Checksums {
            crc64: 0,
            further: None,
        },
        payload: PayloadRef::Empty,
        headers: StoredHeaders::default(),
        user_meta: Vec::new(),
        tags: vec![("kind".into(), "log".into())],
        class,
        upload: None,
        owner: AccountId("owner".into()),
        acl: None,
        form: crate::model::Form::Normal,
        restore: None,
        seal: None,
        expires_at: None,
        lock: crate::model::Lock::default(),
        replicated: Replicated::No,
        nanos: 0,
    };
    version(written_at, VersionKind::Object(Box::new(record)))
}

fn marker(written_at: Timestamp) -> ObjectVersion {
    let owner = AccountId("owner".into());
    version(written_at, VersionKind::DeleteMarker { owner })
}

fn rule() -> LifecycleRule {
    LifecycleRule {
        id: "rule".into(),
        enabled: true,
        ..LifecycleRule::default()
    }
}

fn expire(due: Due) -> LifecycleRule {
    LifecycleRule {
        expire: Some(due),
        ..rule()
    }
}

fn moves(all: &[(Due, StorageClass)]) -> LifecycleRule {
    let one = |&(due, class)| Transition { due, class };
    LifecycleRule {
        transitions: all.iter().map(one).collect(),
        ..rule()
    }
}

fn filtered(change: impl FnOnce(&mut LifecycleFilter)) -> LifecycleRule {
    let mut rule = expire(Due::Days(1));
    change(&mut rule.filter);
    rule
}

const ALIVE: Standing = Standing::Current { alone: false };

#[test]
fn days_end_at_the_next_midnight() {
    // (written, days, last instant before, first instant of the end)
    let cases = [
        (at(15, 10), 3, at(18, 23), at(19, 0)),
        (at(15, 0), 1, at(16, 23), at(17, 0)),
        (at(15, 23), 1, at(16, 23), at(17, 0)),
    ];
    for (written, days, before, end) in cases {
        let rules = [expire(Due::Days(days))];
        let seen = object(written, StorageClass::Standard);
        let judge = |now| verdict(&rules, "a", &seen, ALIVE, None, now);
        assert_eq!(judge(before), Verdict::Keep, "{written:?}");
        assert_eq!(judge(end), Verdict::Expire, "{written:?}");
    }
}

#[test]
fn dates_are_about_now_or_about_the_object() {
    let seen = object(at(10, 5), StorageClass::Standard);
    let cases = [
        (Due::Date(at(20, 0)), at(19, 23), Verdict::Keep),
        (Due::Date(at(20, 0)), at(20, 0), Verdict::Expire),
        (Due::WrittenBefore(at(11, 0)), at(10, 6), Verdict::Expire),
        (Due::WrittenBefore(at(10, 0)), at(90, 0), Verdict::Keep),
    ];
    for (due, now, wanted) in cases {
        let found = verdict(&[expire(due)], "a", &seen, ALIVE, None, now);
        assert_eq!(found, wanted, "{due:?} {now:?}");
    }
}

#[test]
fn rules_are_about_what_they_name() {
    let tag = |value: &str| vec![("kind".into(), value.into())];
    let cases = [
        (filtered(|_| {}), true),
        (filtered(|filter| filter.prefix = "logs/".into()), true),
        (filtered(|filter| filter.prefix = "log/".into()), false),
        (filtered(|filter| filter.tags = tag("log")), true),
        (filtered(|filter| filter.tags = tag("data")), false),
        (filtered(|filter| filter.larger_than = Some(99)), true),
        (filtered(|filter| filter.larger_than = Some(100)), false),
        (filtered(|filter| filter.smaller_than = Some(101)), true),
        (filtered(|filter| filter.smaller_than = Some(100)), false),
        (filtered(|filter| filter.at_least = Some(100)), true),
        (filtered(|filter| filter.at_least = Some(101)), false),
        (filtered(|filter| filter.at_most = Some(100)), true),
        (filtered(|filter| filter.at_most = Some(99)), false),
    ];
    let seen = object(at(0, 0), StorageClass::Standard);
    for (rule, about) in cases {
        let wanted = if about {
            Verdict::Expire
        } else {
            Verdict::Keep
        };
        let judge = |rule: &LifecycleRule| {
            verdict(
                std::slice::from_ref(rule),
                "logs/a",
                &seen,
                ALIVE,
                None,
                at(9, 0),
            )
        };
        assert_eq!(judge(&rule), wanted, "{rule:?}");
        let off = LifecycleRule {
            enabled: false,
            ..rule
        };
        assert_eq!(judge(&off), Verdict::Keep, "{off:?}");
    }
}

#[test]
fn exceptions_are_left_alone() {
    let tag = |value: &str| Some(("kind".into(), value.into()));
    let except = |prefix: &str, tag| {
        let filter = LifecycleFilter {
            except: vec![LifecycleException {
                prefix: prefix.into(),
                tag,
            }],
            ..LifecycleFilter::default()
        };
        [LifecycleRule {
            filter,
            expire_markers: true,
            abort: Some(Due::Days(1)),
            ..expire(Due::Days(1))
        }]
    };
    // Exception; whether an object tagged `kind=log`, a marker and an upload under "a/b" go.
    let cases = [
        (except("a/", None), [false, false, false]),
        (except("b/", None), [true, true, true]),
        (except("a/", tag("log")), [false, true, true]),
        (except("", tag("log")), [false, true, true]),
        (except("a/", tag("data")), [true, true, true]),
    ];
    let seen = object(at(0, 0), StorageClass::Standard);
    let (alone, now) = (Standing::Current { alone: true }, at(9, 0));
    for (rules, wanted) in cases {
        let goes = |version: &ObjectVersion| {
            verdict(&rules, "a/b", version, alone, None, now) == Verdict::Expire
        };
        let found = [
            goes(&seen),
            goes(&marker(at(0, 0))),
            gives_up(&rules, "a/b", at(0, 0), now),
        ];
        assert_eq!(found, wanted, "{rules:?}");
    }
}

#[test]
fn the_earliest_end_of_an_object_is_told() {
    let named = |id: &str, due| LifecycleRule {
        id: id.into(),
        ..expire(due)
    };
    let off = LifecycleRule {
        enabled: false,
        ..named("off", Due::Days(1))
    };
    let seen = object(at(2, 5), StorageClass::Standard);
    let cases = [
        (vec![], None),
        (vec![rule()], None),
        (vec![off], None),
        (
            vec![named("b", Due::Days(9)), named("a", Due::Days(3))],
            Some((at(6, 0), "a")),
        ),
        (
            vec![named("b", Due::Date(at(4, 0))), named("a", Due::Days(3))],
            Some((at(4, 0), "b")),
        ),
        (vec![named("b", Due::WrittenBefore(at(2, 0)))], None),
        (
            vec![named("b", Due::WrittenBefore(at(3, 0)))],
            Some((at(3, 0), "b")),
        ),
    ];
    for (rules, wanted) in cases {
        assert_eq!(expiry(&rules, "a", &seen), wanted, "{rules:?}");
    }
}

#[test]
fn markers_and_older_versions_have_rules_of_their_own() {
    let all = LifecycleRule {
        expire_markers: true,
        expire_older: Some(Due::Days(2)),
        ..expire(Due::Days(90))
    };
    let tagged = LifecycleRule {
        filter: LifecycleFilter {
            tags: vec![("kind".into(), "log".into())],
            ..LifecycleFilter::default()
        },
        ..all.clone()
    };
    let (object, marker) = (object(at(0, 0), StorageClass::Standard), marker(at(0, 0)));
    let alone = Standing::Current { alone: true };
    let behind = |day, newer| Standing::Older {
        replaced_at: at(day, 1),
        newer,
    };
    let (fresh, old) = (behind(8, 0), behind(7, 0));
    let keeping = LifecycleRule {
        keep_older: 2,
        ..all.clone()
    };
    let cases = [
        (&all, &object, alone, Verdict::Keep),
        (&all, &object, fresh, Verdict::Keep),
        (&all, &object, old, Verdict::Expire),
        (&all, &marker, ALIVE, Verdict::Keep),
        (&all, &marker, alone, Verdict::Expire),
        (&all, &marker, fresh, Verdict::Keep),
        (&all, &marker, old, Verdict::Expire),
        (&tagged, &object, old, Verdict::Expire),
        (&keeping, &object, behind(7, 1), Verdict::Keep),
        (&keeping, &marker, behind(7, 1), Verdict::Keep),
        (&keeping, &object, behind(7, 2), Verdict::Expire),
        (&keeping, &object, behind(8, 2), Verdict::Keep),
        (&tagged, &marker, old, Verdict::Keep),
        (&tagged, &marker, alone, Verdict::Keep),
    ];
    for (rule, version, standing, wanted) in cases {
        let found = verdict(
            std::slice::from_ref(rule),
            "a",
            version,
            standing,
            None,
            at(10, 0),
        );
        assert_eq!(found, wanted, "{version:?} {standing:?}");
    }
}

#[test]
fn objects_move_to_classes_for_less_frequent_use_only() {
    use StorageClass::{ArchiveInstant, Infrequent, Standard};
    let rules = [
        moves(&[(Due::Days(2), Infrequent), (Due::Days(5), ArchiveInstant)]),
        moves(&[(Due::Days(1), Standard)]),
    ];
    let cases = [
        (Standard, at(2, 0), Verdict::Keep),
        (Standard, at(3, 0), Verdict::Move(Infrequent)),
        (Standard, at(6, 0), Verdict::Move(ArchiveInstant)),
        (Infrequent, at(3, 0), Verdict::Keep),
        (Infrequent, at(6, 0), Verdict::Move(ArchiveInstant)),
        (ArchiveInstant, at(6, 0), Verdict::Keep),
    ];
    for (class, now, wanted) in cases {
        let found = verdict(&rules, "a", &object(at(0, 0), class), ALIVE, None, now);
        assert_eq!(found, wanted, "{class:?} {now:?}");
    }
    let ends = [rules[0].clone(), expire(Due::Days(6))];
    let seen = object(at(0, 0), Standard);
    assert_eq!(
        verdict(&ends, "a", &seen, ALIVE, None, at(7, 0)),
        Verdict::Expire
    );
    let older = [LifecycleRule {
        older_transitions: rules[0].transitions.clone(),
        ..rule()
    }];
    assert_eq!(
        verdict(&older, "a", &seen, ALIVE, None, at(7, 0)),
        Verdict::Keep
    );
    let since = Standing::Older {
        replaced_at: at(4, 0),
        newer: 0,
    };
    assert_eq!(
        verdict(&older, "a", &seen, since, None, at(7, 0)),
        Verdict::Move(Infrequent)
    );
}

#[test]
fn uploads_are_given_up_by_their_age() {
    let abort = |due| {
        [LifecycleRule {
            filter: LifecycleFilter {
                prefix: "a".into(),
                ..LifecycleFilter::default()
            },
            abort: Some(due),
            ..rule()
        }]
    };
    let cases = [
        (Due::Days(1), "a", at(1, 23), false),
        (Due::Days(1), "a", at(2, 0), true),
        (Due::Days(1), "b", at(2, 0), false),
        (Due::WrittenBefore(at(1, 0)), "ab", at(0, 13), true),
        (Due::Date(at(5, 0)), "a", at(4, 0), false),
    ];
    for (due, key, now, wanted) in cases {
        let found = gives_up(&abort(due), key, at(0, 12), now);
        assert_eq!(found, wanted, "{due:?} {key} {now:?}");
    }
}

#[test]
fn turns_are_at_multiples_of_their_pause() {
    let day = Duration::from_hours(24);
    assert_eq!(next_turn(at(3, 0), day), at(4, 0));
    assert_eq!(next_turn(at(3, 23), day), at(4, 0));
    assert_eq!(next_turn(at(3, 1), Duration::from_hours(2)), at(3, 2));
    let zero = next_turn(at(3, 0), Duration::ZERO);
    assert_eq!(zero.since(at(3, 0)), Duration::from_millis(1));
}

#[test]
fn rules_that_contradict_themselves_are_refused() {
    use StorageClass::{ArchiveInstant, Infrequent};
    let two = |other: &str| {
        let mut second = expire(Due::Days(1));
        second.id = other.into();
        vec![expire(Due::Days(1)), second]
    };
    let with = |change: fn(&mut LifecycleRule)| {
        let mut changed = expire(Due::Days(10));
        change(&mut changed);
        vec![changed]
    };
    let days = |a, b, one, other| vec![moves(&[(Due::Days(a), one), (Due::Days(b), other)])];
    let cases = [
        (vec![], false),
        (vec![rule()], false),
        (two("other"), true),
        (two("rule"), false),
        (with(|rule| rule.id = "".into()), false),
        (with(|rule| rule.id = "i".repeat(256).into()), false),
        (vec![expire(Due::Days(0))], false),
        (vec![expire(Due::Date(at(1, 0)))], true),
        (vec![expire(Due::Date(at(1, 1)))], false),
        (with(|rule| rule.expire_older = Some(Due::Days(0))), false),
        (
            with(|rule| rule.expire_older = Some(Due::Date(at(1, 0)))),
            true,
        ),
        (
            with(|rule| rule.expire_older = Some(Due::Date(at(1, 1)))),
            false,
        ),
        (
            with(|rule| rule.expire_older = Some(Due::WrittenBefore(at(1, 0)))),
            false,
        ),
        (with(|rule| rule.abort = Some(Due::Days(0))), false),
        (
            with(|rule| rule.filter.tags = vec![("a".into(), "b".into())]),
            true,
        ),
        (
            with(|rule| {
                rule.filter.tags = vec![("a".into(), "b".into())];
                rule.abort = Some(Due::Days(1));
            }),
            false,
        ),
        (
            with(|rule| {
                rule.filter.larger_than = Some(5);
                rule.filter.smaller_than = Some(5);
            }),
            false,
        ),
        (
            with(|rule| {
                rule.older_transitions = vec![Transition {
                    due: Due::Date(at(1, 0)),
                    class: Infrequent,
                }];
            }),
            true,
        ),
        (
            with(|rule| {
                rule.older_transitions = vec![Transition {
                    due: Due::WrittenBefore(at(1, 0)),
                    class: Infrequent,
                }];
            }),
            false,
        ),
        (
            with(|rule| {
                rule.transitions = vec![Transition {
                    due: Due::Days(10),
                    class: Infrequent,
                }];
            }),
            false,
        ),
        (days(0, 5, Infrequent, ArchiveInstant), true),
        (days(5, 0, Infrequent, ArchiveInstant), false),
        (days(0, 5, Infrequent, Infrequent), false),
    ];
    for (rules, good) in cases {
        assert_eq!(check(&rules).is_ok(), good, "{rules:?}");
    }
}

#[test]
fn a_filter_is_about_some_size() {
    // Larger than, at least, smaller than, at most; whether that can be stored.
    let cases = [
        (None, None, Some(0), None, false),
        (None, Some(5), None, Some(5), true),
        (None, Some(6), None, Some(5), false),
        (Some(4), None, Some(6), None, true),
        (Some(5), None, Some(6), None, false),
        (Some(4), None, None, Some(5), true),
    ];
    for (larger_than, at_least, smaller_than, at_most, fine) in cases {
        let mut rule = expire(Due::Days(10));
        rule.filter = LifecycleFilter {
            larger_than,
            smaller_than,
            at_least,
            at_most,
            ..LifecycleFilter::default()
        };
        assert_eq!(check(&[rule.clone()]).is_ok(), fine, "{:?}", rule.filter);
    }
}

#[test]
fn rules_overlap_when_they_may_do_the_same_to_one_object() {
    let prefix = |prefix: &'static str| filtered(move |filter| filter.prefix = prefix.into());
    let tag = |value: &'static str| {
        filtered(move |filter| filter.tags = vec![("kind".into(), value.into())])
    };
    let abort = LifecycleRule {
        abort: Some(Due::Days(1)),
        ..rule()
    };
    let cases = [
        (prefix("a/"), prefix("b/"), None),
        (prefix("a/"), prefix("a/b/"), Some(Deed::Expire)),
        (prefix("a/b/"), prefix(""), Some(Deed::Expire)),
        (prefix("a/"), abort.clone(), None),
        (abort.clone(), abort, Some(Deed::Abort)),
        (tag("log"), tag("data"), None),
        (tag("log"), tag("log"), Some(Deed::Expire)),
        (tag("log"), prefix(""), Some(Deed::Expire)),
        (
            filtered(|filter| filter.smaller_than = Some(10)),
            filtered(|filter| filter.larger_than = Some(9)),
            None,
        ),
        (
            filtered(|filter| filter.smaller_than = Some(11)),
            filtered(|filter| filter.larger_than = Some(9)),
            Some(Deed::Expire),
        ),
    ];
    for (one, other, wanted) in cases {
        let rules = [one, other];
        assert_eq!(overlap(&rules), wanted, "{rules:?}");
    }
}

fn any_due() -> impl Strategy<Value = Due> {
    prop_oneof![
        (0..9_u32).prop_map(Due::Days),
        (0..9_u64).prop_map(|day| Due::Date(at(day, 0))),
        (0..9_u64).prop_map(|day| Due::WrittenBefore(at(day, 0))),
    ]
}

proptest! {
    /// What is deleted once is deleted later too, and never before a day has gone by when days count.
    #[test]
    fn time_only_brings_things_closer_to_their_end(
        dues in proptest::collection::vec(any_due(), 1..4),
        written in 0..200_u64,
        now in 0..400_u64,
        later in 0..200_u64,
    ) {
        let rules: Vec<LifecycleRule> = dues.iter().map(|due| expire(*due)).collect();
        let seen = object(at(0, written), StorageClass::Standard);
        let judge = |hours| verdict(&rules, "a", &seen, ALIVE, None, at(0, hours));
        if judge(now) == Verdict::Expire {
            prop_assert_eq!(judge(now + later), Verdict::Expire);
        }
        let days_only = rules.iter().all(|rule| matches!(rule.expire, Some(Due::Days(1..))));
        if days_only && now < written + 24 {
            prop_assert_eq!(judge(now), Verdict::Keep);
        }
    }

    /// A version that no rule is about stays, and a rule more never saves anything.
    #[test]
    fn a_rule_more_saves_nothing(
        dues in proptest::collection::vec(any_due(), 0..3),
        added in any_due(),
        now in 0..400_u64,
    ) {
        let rules: Vec<LifecycleRule> = dues.iter().map(|due| expire(*due)).collect();
        let seen = object(at(1, 0), StorageClass::Standard);
        let judge = |rules: &[LifecycleRule]| verdict(rules, "a", &seen, ALIVE, None, at(0, now));
        prop_assert_eq!(judge(&[]), Verdict::Keep);
        let longer = [rules.clone(), vec![expire(added)]].concat();
        if judge(&rules) == Verdict::Expire {
            prop_assert_eq!(judge(&longer), Verdict::Expire);
        }
    }
}
