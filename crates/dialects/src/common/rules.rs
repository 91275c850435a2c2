//! Notification rules, as configurations of any form tell them. What is wrong with one is told in a text, which
//! each vendor answers with its own code.

use std::collections::BTreeSet;

use cohong_core::model::NotificationRule;

/// Longest name of a rule, characters; the vendors agree.
const RULE_ID_CHARS_MAX: usize = 255;

/// The names that rules have, those that were given: each once.
pub(crate) fn given_ids<'a>(
    ids: impl Iterator<Item = Option<&'a str>>,
) -> Result<BTreeSet<String>, String> {
    let mut taken = BTreeSet::new();
    for id in ids.flatten().filter(|id| !id.is_empty()) {
        if id.chars().count() > RULE_ID_CHARS_MAX {
            return Err("the name of a rule has at most 255 characters".into());
        }
        if !taken.insert(id.to_owned()) {
            return Err(format!("the rule {id:?} stands twice"));
        }
    }
    Ok(taken)
}

/// The first of `rule-1`, `rule-2`, ... that is free.
pub(crate) fn new_id(taken: &mut BTreeSet<String>) -> String {
    let id = (1..=taken.len() + 1)
        .map(|n| format!("rule-{n}"))
        .find(|id| !taken.contains(id))
        .expect("of more numbers than taken ids one is free");
    taken.insert(id.clone());
    id
}

/// The prefix and the suffix of names and values, each once; no value is longer than any key.
pub(crate) fn affixes(
    filters: Vec<(String, String)>,
    bytes_max: usize,
) -> Result<(Box<str>, Box<str>), String> {
    let (mut prefix, mut suffix) = (None, None);
    for (name, value) in filters {
        let place = match name.as_str() {
            "prefix" => &mut prefix,
            "suffix" => &mut suffix,
            _ => return Err("a filter's Name is prefix or suffix".into()),
        };
        if value.len() > bytes_max {
            return Err("a filter's Value is longer than any key".into());
        }
        if place.replace(value).is_some() {
            return Err(format!("the filter {name} stands twice in one rule"));
        }
    }
    let text = |value: Option<String>| value.unwrap_or_default().into();
    Ok((text(prefix), text(suffix)))
}

/// Refuses two rules that some key and event would both match, whatever their destinations.
pub(crate) fn check_overlap(rules: &[NotificationRule]) -> Result<(), String> {
    let pairs = rules
        .iter()
        .enumerate()
        .flat_map(|(n, a)| rules.iter().skip(n + 1).map(move |b| (a, b)));
    let found = pairs.into_iter().find(|(a, b)| {
        a.kinds.intersects(b.kinds)
            && (a.prefix.starts_with(&*b.prefix) || b.prefix.starts_with(&*a.prefix))
            && (a.suffix.ends_with(&*b.suffix) || b.suffix.ends_with(&*a.suffix))
    });
    found.map_or(Ok(()), |(a, b)| {
        Err(format!(
            "the rules {:?} and {:?} match the same event on the same keys; \
             change their events, prefixes or suffixes",
            a.id.0, b.id.0
        ))
    })
}
