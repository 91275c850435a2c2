//! What nobody overwrites.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind};
use crate::limits::{OVERWRITE_BYTES_MAX, OVERWRITE_RULES_MAX};
use crate::model::{AccountId, Bucket, ObjectKey, ObjectVersion, OverwriteRule, Versioning};
use crate::records::CurrentRecord;

/// Refuses with `ObjectExists` what puts an object in the place of another one that a rule keeps. Where versions are
/// or were kept no rule counts, and removing an object overwrites nothing.
pub(crate) fn check(
    bucket: &Bucket,
    key: &ObjectKey,
    (gone, then): (&ObjectVersion, Option<&CurrentRecord>),
    by: Option<&AccountId>,
) -> Result<(), Error> {
    let written = then.and_then(|then| then.version.object());
    if bucket.versioning != Versioning::Off || gone.object().is_none() || written.is_none() {
        return Ok(());
    }
    if bucket.kept.iter().any(|rule| keeps(rule, key, by)) {
        return Err(Error::new(
            ErrorKind::ObjectExists,
            "the object exists and a rule of the bucket forbids overwriting it",
        ));
    }
    Ok(())
}

fn keeps(rule: &OverwriteRule, key: &ObjectKey, by: Option<&AccountId>) -> bool {
    let key = key.as_str();
    let whom = rule.accounts.is_empty() || by.is_some_and(|by| rule.accounts.contains(by));
    let named = key.starts_with(&*rule.prefix) && key.ends_with(&*rule.suffix);
    // Front and end do not share characters.
    whom && named && key.len() >= rule.prefix.len() + rule.suffix.len()
}

/// Checks rules before they are stored.
pub fn check_rules(rules: &[OverwriteRule]) -> Result<(), Error> {
    if rules.len() > OVERWRITE_RULES_MAX {
        return Err(invalid("there are more than 100 rules"));
    }
    let bytes = |rule: &OverwriteRule| {
        let accounts: usize = rule.accounts.iter().map(|account| account.0.len()).sum();
        rule.id.len() + rule.prefix.len() + rule.suffix.len() + accounts
    };
    if rules.iter().map(bytes).sum::<usize>() > OVERWRITE_BYTES_MAX {
        return Err(invalid("the rules are larger than 16 KiB"));
    }
    let ids: BTreeSet<&str> = rules.iter().map(|rule| &*rule.id).collect();
    if ids.len() < rules.len() || ids.contains("") {
        return Err(invalid("a rule has an id, and each its own"));
    }
    Ok(())
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, prefix: &str, suffix: &str, accounts: &[&str]) -> OverwriteRule {
        OverwriteRule {
            id: id.into(),
            prefix: prefix.into(),
            suffix: suffix.into(),
            accounts: accounts.iter().map(|&a| AccountId(a.into())).collect(),
        }
    }

    #[test]
    fn rules_keep_what_they_name_from_whom_they_name() {
        let all = rule("1", "", "", &[]);
        let ends = rule("1", "a/", ".txt", &[]);
        let two = rule("1", "a/", "", &["x", "y"]);
        // (rule, key, account, whether it is kept)
        let cases = [
            (&all, "any", None, true),
            (&all, "any", Some("x"), true),
            (&ends, "a/b.txt", None, true),
            (&ends, "a/.txt", None, true),
            (&ends, "a/b.jpg", None, false),
            (&ends, "b/b.txt", None, false),
            (&two, "a/b", Some("x"), true),
            (&two, "a/b", Some("z"), false),
            (&two, "a/b", None, false),
            (&rule("1", "abc", "bcd", &[]), "abcd", None, false),
        ];
        for (rule, key, by, wanted) in cases {
            let by = by.map(|by: &str| AccountId(by.into()));
            let key = ObjectKey::new(key).unwrap();
            assert_eq!(keeps(rule, &key, by.as_ref()), wanted, "{rule:?} {key:?}");
        }
    }

    #[test]
    fn rules_are_bounded_and_have_ids() {
        let long = "x".repeat(OVERWRITE_BYTES_MAX);
        let many: Vec<_> = (0..=OVERWRITE_RULES_MAX)
            .map(|n| rule(&n.to_string(), "", "", &[]))
            .collect();
        let cases = [
            (vec![], true),
            (
                vec![rule("1", "a", "b", &["c"]), rule("2", "a", "b", &[])],
                true,
            ),
            (many[1..].to_vec(), true),
            (many, false),
            (vec![rule("", "a", "", &[])], false),
            (
                vec![rule("1", "a", "", &[]), rule("1", "b", "", &[])],
                false,
            ),
            (vec![rule("1", &long, "", &[])], false),
        ];
        for (rules, good) in cases {
            assert_eq!(check_rules(&rules).is_ok(), good);
        }
    }
}
