use std::slice;

use proptest::prelude::*;

use super::*;
use crate::model::{LifecycleException, LifecycleFilter, SetLifecycleRule, SetQuotaRule};

fn layout(levels: u32, delimiter: &str) -> SetLayout {
    SetLayout {
        levels,
        delimiter: delimiter.into(),
        rest: false,
        quota: None,
        rates: SetRates::default(),
        by_tag: false,
        has_rules: false,
    }
}

fn tag(name: &str, value: &str) -> (Box<str>, Box<str>) {
    (name.into(), value.into())
}

fn rule(prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: prefix.into(),
        filter: LifecycleFilter {
            prefix: prefix.into(),
            ..LifecycleFilter::default()
        },
        expire_markers: true,
        ..LifecycleRule::default()
    }
}

#[test]
fn a_key_names_its_set() {
    let cases = [
        (1, "/", "a/b", Some("a/")),
        (1, "/", "a/", Some("a/")),
        (1, "/", "a", None),
        (1, "/", "/a", None),
        (2, "/", "a/b", None),
        (2, "/", "a/b/c/d", Some("a/b/")),
        (2, "/", "a//c", None),
        (2, "::", "a::b::c", Some("a::b::")),
        (1, "::", "a:b::c", Some("a:b::")),
        (1, "、", "户、书", Some("户、")),
    ];
    for (levels, delimiter, key, wanted) in cases {
        assert_eq!(name_of(&layout(levels, delimiter), key), wanted, "{key}");
    }
}

#[test]
fn names_get_their_delimiter() {
    let cases = [
        (1, "a", Some("a/")),
        (1, "a/", Some("a/")),
        (2, "a/b", Some("a/b/")),
        (1, "a/b", None),
        (2, "a", None),
        (1, "", None),
        (1, "/", None),
        (1, "a\0b", None),
    ];
    for (levels, said, wanted) in cases {
        let named = name(&layout(levels, "/"), said).ok();
        assert_eq!(named.as_deref(), wanted, "{said}");
    }
    assert!(name(&layout(1, "/"), &"a".repeat(KEY_BYTES_MAX)).is_err());
}

#[test]
fn layouts_are_checked() {
    let cases = [
        (0, "/", false),
        (1, "/", true),
        (SET_LEVELS_MAX, "/", true),
        (SET_LEVELS_MAX + 1, "/", false),
        (1, "", false),
        (1, "a\0", false),
    ];
    for (levels, delimiter, good) in cases {
        let checked = check_layout(&layout(levels, delimiter));
        assert_eq!(checked.is_ok(), good, "{levels} {delimiter:?}");
    }
    let long = "-".repeat(SET_DELIMITER_BYTES_MAX + 1);
    assert!(check_layout(&layout(1, &long)).is_err());
}

/// What is said nearest to a set counts, and 0 says that there is no bound.
#[test]
fn the_nearest_bound_counts() {
    let general = |rest| SetLayout {
        quota: Some(100),
        rates: SetRates {
            reads: Some(7),
            lists: Some(9),
            ..SetRates::default()
        },
        rest,
        ..layout(1, "/")
    };
    let quotas = SetQuotas {
        rules: vec![
            SetQuotaRule {
                tag: tag("team", "a"),
                quota: Some(50),
                rates: SetRates {
                    reads: Some(1),
                    ..SetRates::default()
                },
            },
            SetQuotaRule {
                tag: tag("env", "test"),
                quota: None,
                rates: SetRates::default(),
            },
        ],
    };
    let set = |quota, tags: &[(Box<str>, Box<str>)]| ObjectSet {
        quota,
        tags: tags.to_vec(),
        ..ObjectSet::default()
    };
    let [team, test] = [tag("team", "a"), tag("env", "test")];
    let cases = [
        (set(None, &[]), Some(100), Some(7)),
        (set(Some(10), &[]), Some(10), Some(7)),
        (set(Some(0), &[]), None, Some(7)),
        (set(None, slice::from_ref(&team)), Some(50), Some(1)),
        (set(None, slice::from_ref(&test)), Some(100), Some(7)),
        (set(None, &[test, team.clone()]), Some(50), Some(1)),
        (set(Some(10), &[team]), Some(10), Some(1)),
        (set(None, &[tag("team", "b")]), Some(100), Some(7)),
    ];
    for (set, quota, reads) in cases {
        let bounds = bounds(&general(false), Some(&set), Some(&quotas));
        let found = (bounds.quota, bounds.rates.reads, bounds.rates.lists);
        assert_eq!(found, (quota, reads, Some(9)), "{set:?}");
    }
    let rest = bounds(&general(true), None, Some(&quotas));
    assert_eq!((rest.quota, rest.rates.reads), (Some(100), Some(7)));
    assert_eq!(bounds(&general(false), None, None), Bounds::default());
}

#[test]
fn rules_of_sets_are_about_their_keys() {
    let mut own = rule("log/");
    own.filter.except = vec![LifecycleException {
        prefix: "log/keep/".into(),
        tag: None,
    }];
    let set = ObjectSet {
        tags: vec![tag("lc", "auto")],
        rules: vec![own, rule("a/log/"), rule("")],
        ..ObjectSet::default()
    };
    let of = |value: &str, prefix| SetLifecycleRule {
        tag: tag("lc", value),
        rules: vec![rule(prefix)],
    };
    let tagged = SetLifecycles {
        tags: vec![of("auto", "tmp/"), of("none", "all/")],
        may_overlap: false,
    };
    let rules = rules_of("a/", &set, Some(&tagged));
    let prefixes: Vec<&str> = rules.iter().map(|rule| &*rule.filter.prefix).collect();
    assert_eq!(prefixes, ["a/log/", "a/log/", "a/", "a/tmp/"]);
    let except = rules.first().and_then(|rule| rule.filter.except.first());
    assert_eq!(except.map(|one| &*one.prefix), Some("a/log/keep/"));
    let sets = BTreeMap::from([("a/".into(), rules)]);
    let book = RuleBook::new(vec![rule("everywhere/")]).with_sets(layout(1, "/"), sets);
    assert_eq!(book.all().count(), 5);
    assert_eq!(book.of("a/x").count(), 5);
    assert_eq!(book.of("b/x").count(), 1);
    assert_eq!(book.of("a").count(), 1);
}

#[test]
fn rules_by_tag_are_checked() {
    let rule = |value: &str| SetQuotaRule {
        tag: tag("team", value),
        quota: None,
        rates: SetRates::default(),
    };
    let check = |values: &[&str]| {
        let rules = values.iter().map(|value| rule(value)).collect();
        check_quotas(&SetQuotas { rules }).is_ok()
    };
    assert!(check(&["a", "b"]));
    assert!(!check(&["a", "a"]));
    assert!(!check(&[]));
    let many: Vec<String> = (0..=SET_TAG_RULES_MAX).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(!check(&many));
    assert!(check(&many[1..]));
    let lifecycles = |tags: usize, rules: usize| {
        let of = |n: usize| SetLifecycleRule {
            tag: tag("lc", &n.to_string()),
            rules: (0..rules).map(|n| self::rule(&format!("{n}/"))).collect(),
        };
        let all = SetLifecycles {
            tags: (0..tags).map(of).collect(),
            may_overlap: true,
        };
        check_lifecycles(&all).is_ok()
    };
    assert!(lifecycles(2, 50));
    assert!(!lifecycles(2, 51));
    assert!(!lifecycles(1, 101));
    assert!(!lifecycles(1, 0));
}

proptest! {
    /// Sets do not overlap, and a name is the beginning of exactly the keys that are in its set.
    #[test]
    fn a_key_is_in_the_set_whose_name_it_begins_with(
        key in "[ab/]{0,8}",
        other in "[ab/]{0,6}",
        levels in 1..4_u32,
    ) {
        let layout = layout(levels, "/");
        if let Ok(name) = name(&layout, &other) {
            prop_assert_eq!(name_of(&layout, &key) == Some(&*name), key.starts_with(&*name));
        }
        if let Some(found) = name_of(&layout, &key) {
            let again = name(&layout, found).ok();
            prop_assert_eq!(again.as_deref(), Some(found));
        }
    }
}
