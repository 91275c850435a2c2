//! Object sets: which set a key is in, what bounds a set, and which lifecycle rules are about it.
//!
//! A set is all keys that begin with its name, which is as many parts as the bucket's layout says, each ended by
//! the delimiter. So a key is in one set at most, and its name is read off the key.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, ErrorKind};
use crate::limits::{
    KEY_BYTES_MAX, SET_DELIMITER_BYTES_MAX, SET_LEVELS_MAX, SET_RULES_BYTES_MAX, SET_RULES_MAX,
    SET_TAG_RULES_MAX,
};
use crate::model::{LifecycleRule, ObjectSet, SetLayout, SetLifecycles, SetQuotas, SetRates, Tags};
use crate::rules::{attributes, lifecycle};

/// Checks how a bucket is to be divided, before that is stored.
pub fn check_layout(layout: &SetLayout) -> Result<(), Error> {
    if !(1..=SET_LEVELS_MAX).contains(&layout.levels) {
        return Err(invalid("the name of an object set has 1 to 32 parts"));
    }
    let delimiter = &layout.delimiter;
    if delimiter.is_empty() || delimiter.len() > SET_DELIMITER_BYTES_MAX || delimiter.contains('\0')
    {
        return Err(invalid(
            "what ends the parts of the name of an object set has 1 to 32 bytes and no NUL",
        ));
    }
    Ok(())
}

/// Checks the tags of a set: those of an object have the same limits.
pub fn check_tags(tags: &Tags) -> Result<(), Error> {
    attributes::check_tags(tags)
}

/// Checks lifecycle rules of a set, of which there may be fewer than of a bucket.
pub fn check_rules(rules: &[LifecycleRule]) -> Result<(), Error> {
    lifecycle::check_up_to(rules, SET_RULES_MAX, SET_RULES_BYTES_MAX)
}

/// Checks bounds by tag.
pub fn check_quotas(quotas: &SetQuotas) -> Result<(), Error> {
    check_by_tag(quotas.rules.iter().map(|rule| &rule.tag))
}

/// Checks lifecycle rules by tag.
pub fn check_lifecycles(all: &SetLifecycles) -> Result<(), Error> {
    check_by_tag(all.tags.iter().map(|one| &one.tag))?;
    for one in &all.tags {
        check_rules(&one.rules)?;
    }
    let rules: Vec<&LifecycleRule> = all.tags.iter().flat_map(|one| &one.rules).collect();
    let bytes: usize = rules.iter().map(|rule| lifecycle::bytes(rule)).sum();
    if rules.len() > SET_RULES_MAX || bytes > SET_RULES_BYTES_MAX {
        return Err(invalid(
            "object sets have at most 100 lifecycle rules by tag, of 32 KiB together",
        ));
    }
    Ok(())
}

fn check_by_tag<'a>(
    tags: impl ExactSizeIterator<Item = &'a (Box<str>, Box<str>)>,
) -> Result<(), Error> {
    if tags.len() == 0 || tags.len() > SET_TAG_RULES_MAX {
        return Err(invalid("there are rules for 1 to 100 tags of object sets"));
    }
    let mut seen = BTreeSet::new();
    for tag in tags {
        check_tags(&vec![tag.clone()])?;
        if !seen.insert(tag) {
            return Err(invalid("two rules are for the same tag of object sets"));
        }
    }
    Ok(())
}

/// The name that a client means, with the delimiter at its end: `InvalidArgument` for what no key of the bucket
/// can begin with, or what has more or fewer parts than the layout says.
pub fn name(layout: &SetLayout, said: &str) -> Result<Box<str>, Error> {
    let mut whole = said.to_owned();
    if !whole.ends_with(&*layout.delimiter) {
        whole.push_str(&layout.delimiter);
    }
    let named = name_of(layout, &whole) == Some(&*whole);
    if !named || whole.len() > KEY_BYTES_MAX || whole.contains('\0') {
        let message = format!(
            "the name of an object set of this bucket is {} parts, each ended by {:?}",
            layout.levels, layout.delimiter
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    Ok(whole.into())
}

/// The name of the set that a key would be in; `None` where the key has not so many parts, or an empty one.
pub fn name_of<'a>(layout: &SetLayout, key: &'a str) -> Option<&'a str> {
    let mut end = 0;
    for _ in 0..layout.levels {
        let part = key
            .get(end..)?
            .find(&*layout.delimiter)
            .filter(|len| *len > 0)?;
        end += part + layout.delimiter.len();
    }
    key.get(..end)
}

/// What bounds the requests that are about a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes it may hold.
    pub quota: Option<u64>,
    /// How often it may be asked about.
    pub rates: SetRates,
}

/// What bounds a set: its own quota, else the first rule for one of its tags, else the layout. `set` is `None` for
/// what is in no set, which is bounded by the layout where that makes it one.
pub fn bounds(layout: &SetLayout, set: Option<&ObjectSet>, quotas: Option<&SetQuotas>) -> Bounds {
    let general = Bounds {
        quota: layout.quota,
        rates: layout.rates,
    };
    let bounds = match set {
        None if !layout.rest => return Bounds::default(),
        None => general,
        Some(set) => {
            let mut rules = quotas.into_iter().flat_map(|all| &all.rules);
            let rule = rules.find(|rule| set.tags.contains(&rule.tag));
            let quota = rule.and_then(|rule| rule.quota).or(general.quota);
            Bounds {
                quota: set.quota.or(quota),
                rates: rule
                    .map(|rule| rule.rates)
                    .unwrap_or_default()
                    .or(general.rates),
            }
        }
    };
    Bounds {
        quota: bounds.quota.filter(|quota| *quota > 0),
        ..bounds
    }
}

/// The lifecycle rules of a set as rules about keys of its bucket: its own ones, and those for its tags.
pub fn rules_of(name: &str, set: &ObjectSet, tagged: Option<&SetLifecycles>) -> Vec<LifecycleRule> {
    let by_tag = tagged.into_iter().flat_map(|all| &all.tags);
    let by_tag = by_tag.filter(|one| set.tags.contains(&one.tag));
    let by_tag = by_tag.flat_map(|one| &one.rules);
    let all = set.rules.iter().chain(by_tag);
    all.map(|rule| within(name, rule)).collect()
}

/// A rule of a set as a rule about keys of its bucket. Its prefixes may be those of whole keys, and begin with the
/// name of the set; else they are what follows the name.
fn within(name: &str, rule: &LifecycleRule) -> LifecycleRule {
    let whole = |prefix: &str| -> Box<str> {
        if prefix.starts_with(name) {
            prefix.into()
        } else {
            [name, prefix].concat().into()
        }
    };
    let mut rule = rule.clone();
    rule.filter.prefix = whole(&rule.filter.prefix);
    for one in &mut rule.filter.except {
        one.prefix = whole(&one.prefix);
    }
    rule
}

/// Every lifecycle rule of a bucket: its own, and those of its object sets.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    own: Vec<LifecycleRule>,
    layout: Option<SetLayout>,
    sets: BTreeMap<Box<str>, Vec<LifecycleRule>>,
}

impl RuleBook {
    /// The rules of the bucket itself.
    pub fn new(own: Vec<LifecycleRule>) -> Self {
        Self {
            own,
            ..Self::default()
        }
    }

    /// The same with those of its sets, as [`rules_of`] gives them.
    #[must_use]
    pub fn with_sets(
        self,
        layout: SetLayout,
        sets: BTreeMap<Box<str>, Vec<LifecycleRule>>,
    ) -> Self {
        Self {
            layout: Some(layout),
            sets,
            ..self
        }
    }

    /// The rules that a key may be under.
    pub fn of(&self, key: &str) -> impl Iterator<Item = &LifecycleRule> + Clone {
        let name = self.layout.as_ref().and_then(|layout| name_of(layout, key));
        let of_set = name.and_then(|name| self.sets.get(name));
        self.own.iter().chain(of_set.into_iter().flatten())
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &LifecycleRule> {
        self.own.iter().chain(self.sets.values().flatten())
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
