//! Rules that count from when objects were read.

use super::*;
use crate::error::ErrorKind;
use crate::limits::{LIFECYCLE_MOVES_MAX, LIFECYCLE_SMALL_BYTES};

fn unread(days: u32, class: StorageClass) -> UnreadMove {
    UnreadMove {
        days,
        class,
        comes_back: false,
        small: true,
    }
}

fn leaves(all: &[UnreadMove]) -> LifecycleRule {
    LifecycleRule {
        unread: all.to_vec(),
        ..rule()
    }
}

fn of_size(size: u64, class: StorageClass) -> ObjectVersion {
    let mut version = object(at(0, 0), class);
    if let VersionKind::Object(record) = &mut version.kind {
        record.size = size;
    }
    version
}

#[test]
fn what_nobody_reads_is_moved_at_the_midnight_after_its_days() {
    use StorageClass::{Archive, Infrequent, Standard};
    let rules = [leaves(&[unread(3, Infrequent), unread(9, Archive)])];
    // (class, last read, now, verdict)
    let cases = [
        (Standard, Some(at(5, 7)), at(8, 23), Verdict::Keep),
        (
            Standard,
            Some(at(5, 7)),
            at(9, 0),
            Verdict::Move(Infrequent),
        ),
        (Standard, Some(at(5, 7)), at(15, 0), Verdict::Move(Archive)),
        (Infrequent, Some(at(5, 7)), at(14, 23), Verdict::Keep),
        (
            Infrequent,
            Some(at(5, 7)),
            at(15, 0),
            Verdict::Move(Archive),
        ),
        (Archive, Some(at(5, 7)), at(90, 0), Verdict::Keep),
        (Standard, None, at(90, 0), Verdict::Keep),
    ];
    for (class, read, now, wanted) in cases {
        let seen = object(at(0, 0), class);
        let found = verdict(&rules, "a", &seen, ALIVE, read, now);
        assert_eq!(found, wanted, "{class:?} {read:?} {now:?}");
    }
}

#[test]
fn versions_that_are_not_current_have_moves_of_their_own() {
    use StorageClass::Infrequent;
    let seen = object(at(0, 0), StorageClass::Standard);
    let mut rule = leaves(&[unread(3, Infrequent)]);
    let older = |replaced_at| Standing::Older {
        replaced_at,
        newer: 0,
    };
    let judge = |rule: &LifecycleRule, replaced, read| {
        let rules = std::slice::from_ref(rule);
        verdict(rules, "a", &seen, older(replaced), Some(read), at(9, 0))
    };
    assert_eq!(judge(&rule, at(1, 0), at(1, 0)), Verdict::Keep);
    rule.older_unread = std::mem::take(&mut rule.unread);
    let moved = Verdict::Move(Infrequent);
    assert_eq!(judge(&rule, at(1, 0), at(1, 0)), moved);
    assert_eq!(judge(&rule, at(5, 0), at(1, 0)), moved);
    assert_eq!(judge(&rule, at(6, 0), at(1, 0)), Verdict::Keep, "replaced");
    assert_eq!(judge(&rule, at(1, 0), at(6, 0)), Verdict::Keep, "read");
}

#[test]
fn small_objects_stay_if_a_rule_says_so() {
    let size = LIFECYCLE_SMALL_BYTES;
    for (small, size, moves) in [
        (true, 0, true),
        (false, size - 1, false),
        (false, size, true),
    ] {
        let one = UnreadMove {
            small,
            ..unread(1, StorageClass::Infrequent)
        };
        let seen = of_size(size, StorageClass::Standard);
        let found = verdict(
            &[leaves(&[one])],
            "a",
            &seen,
            ALIVE,
            Some(at(0, 0)),
            at(9, 0),
        );
        assert_eq!(found != Verdict::Keep, moves, "{small} {size}");
    }
}

#[test]
fn of_all_moves_the_one_for_the_least_frequent_use_wins_and_the_end_wins_over_them() {
    use StorageClass::{Archive, Infrequent};
    let seen = object(at(0, 0), StorageClass::Standard);
    let judge =
        |rules: &[LifecycleRule]| verdict(rules, "a", &seen, ALIVE, Some(at(0, 0)), at(9, 0));
    let by_reads = leaves(&[unread(1, Archive)]);
    let by_age = moves(&[(Due::Days(1), Infrequent)]);
    let both = [by_reads.clone(), by_age];
    assert_eq!(judge(&both), Verdict::Move(Archive));
    assert_eq!(judge(&[by_reads, expire(Due::Days(1))]), Verdict::Expire);
}

#[test]
fn what_is_read_comes_back_where_a_rule_says_so() {
    use StorageClass::{ArchiveInstant, Infrequent, Standard};
    let back = UnreadMove {
        comes_back: true,
        ..unread(1, Infrequent)
    };
    let of_key = |prefix: &str| {
        let mut rule = leaves(&[back]);
        rule.filter.prefix = prefix.into();
        rule
    };
    let off = LifecycleRule {
        enabled: false,
        ..of_key("")
    };
    let stays = leaves(&[unread(1, Infrequent)]);
    let cases = [
        (of_key(""), Infrequent, true, true),
        (of_key("a"), Infrequent, true, true),
        (of_key("b"), Infrequent, true, false),
        (of_key(""), Standard, true, false),
        (of_key(""), ArchiveInstant, true, false),
        (of_key(""), Infrequent, false, false),
        (off, Infrequent, true, false),
        (stays, Infrequent, true, false),
    ];
    for (rule, class, is_current, wanted) in cases {
        let seen = object(at(0, 0), class);
        let found = comes_back(std::slice::from_ref(&rule), "a", &seen, is_current);
        assert_eq!(found, wanted, "{rule:?} {class:?} {is_current}");
    }
    assert!(!comes_back(&[of_key("")], "a", &marker(at(0, 0)), true));
}

#[test]
fn a_version_counts_as_read_when_it_was_or_when_that_could_be_known_first() {
    let seen = object(at(5, 0), StorageClass::Standard);
    // (noting since, noted, counts as read)
    let cases = [
        (at(1, 0), None, at(5, 0)),
        (at(7, 0), None, at(7, 0)),
        (at(1, 0), Some(at(9, 0)), at(9, 0)),
        (at(7, 0), Some(at(6, 0)), at(7, 0)),
        (at(1, 0), Some(at(2, 0)), at(5, 0)),
    ];
    for (since, noted, wanted) in cases {
        assert_eq!(
            read_last(&seen, since, noted),
            wanted,
            "{since:?} {noted:?}"
        );
    }
}

#[test]
fn the_first_read_of_a_day_is_news() {
    let cases = [
        (None, at(3, 0), true),
        (Some(at(3, 0)), at(3, 23), false),
        (Some(at(3, 23)), at(4, 0), true),
        (Some(at(3, 23)), at(2, 0), false),
    ];
    for (noted, read, wanted) in cases {
        assert_eq!(is_news(noted, read), wanted, "{noted:?} {read:?}");
    }
}

#[test]
fn rules_about_reads_that_cannot_be_stored() {
    use StorageClass::{Archive, Infrequent, Standard};
    let back = |class| UnreadMove {
        comes_back: true,
        ..unread(1, class)
    };
    let many = vec![unread(1, Infrequent); LIFECYCLE_MOVES_MAX + 1];
    let cases = [
        (vec![unread(1, Infrequent)], true),
        (vec![unread(1, Infrequent), unread(2, Archive)], true),
        (vec![back(Infrequent)], true),
        (vec![unread(0, Infrequent)], false),
        (vec![unread(1, Standard)], false),
        (vec![unread(2, Infrequent), unread(1, Archive)], false),
        (vec![back(Archive)], false),
        (many, false),
    ];
    for (moves, wanted) in cases {
        let current = leaves(&moves);
        let older = LifecycleRule {
            older_unread: moves,
            ..rule()
        };
        for rule in [current, older] {
            assert_eq!(
                check(std::slice::from_ref(&rule)).is_ok(),
                wanted,
                "{rule:?}"
            );
        }
    }
    let ends = LifecycleRule {
        expire: Some(Due::Days(1)),
        ..leaves(&[unread(5, Infrequent)])
    };
    assert!(check(&[ends]).is_ok(), "days of both count from elsewhere");
}

#[test]
fn two_rules_that_move_what_is_unread_and_what_is_old_overlap() {
    let both = [
        leaves(&[unread(1, StorageClass::Infrequent)]),
        moves(&[(Due::Days(1), StorageClass::Infrequent)]),
    ];
    assert_eq!(overlap(&both), Some(Deed::Move));
}

#[test]
fn noting_ends_after_the_rules_that_need_it() {
    let off = LifecycleRule {
        enabled: false,
        ..leaves(&[unread(1, StorageClass::Infrequent)])
    };
    let cases = [
        (None, false, true),
        (Some(expire(Due::Days(1))), false, true),
        (Some(off.clone()), false, false),
        (Some(off), true, true),
    ];
    for (rule, on, wanted) in cases {
        let found = check_monitor(&rule, on);
        let wanted = (!wanted).then_some(ErrorKind::ReadsNeeded);
        assert_eq!(found.err().map(|error| error.kind()), wanted, "{rule:?}");
    }
}

proptest! {
    /// An object that was read within the days of every rule stays, whatever else is so.
    #[test]
    fn what_is_read_stays(
        days in proptest::collection::vec(1_u32..400, 1..6),
        written in 0_u64..100_000,
        later in 0_u64..100_000,
    ) {
        let moves: Vec<_> = days.iter().map(|days| unread(*days, StorageClass::Archive)).collect();
        let rules = [leaves(&moves)];
        let seen = object(at(0, written), StorageClass::Standard);
        let read = at(0, written + later);
        let least = days.iter().min().map_or(0, |days| u64::from(*days));
        let before = at(0, written + later + 24 * least);
        prop_assert_eq!(verdict(&rules, "a", &seen, ALIVE, Some(read), before), Verdict::Keep);
        let after = at(least + 1, written + later);
        prop_assert_ne!(verdict(&rules, "a", &seen, ALIVE, Some(read), after), Verdict::Keep);
    }
}
