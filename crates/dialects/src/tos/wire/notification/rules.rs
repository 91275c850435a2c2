//! The vendor's rules about notification rules (sheet section 6, Validation).

use std::collections::BTreeSet;

use cohong_core::model::{
    Broker, Destination, DialectId, EventKinds, NotificationRule, RuleForm, RuleId,
};
use http::StatusCode;

use super::{ACCESS_KEY_ID, Draft, INSTANCE_ID, REGION, ROLE, SYNC, TOPIC, USER};
use crate::tos::error::TosError;
use crate::tos::event;
use crate::tos::limits::{
    DESTINATIONS_MAX, KEYS, RULE_EVENTS_MAX, RULE_ID_CHARS_MAX, RULE_TEXT_BYTES_MAX, RULES_MAX,
};

/// `EC` of a rule with more destinations than allowed.
const TOO_MANY_DESTINATIONS: &str = "0014-00000014";
/// `EC` of everything else that is wrong with a rule: the vendor's one published example.
const BAD_RULE: &str = "0014-00000034";

/// Judges a whole configuration and makes rules of it. Every refusal is 400 `InvalidArgument`.
pub(in crate::tos) fn rules(drafts: Vec<Draft>) -> Result<Vec<NotificationRule>, TosError> {
    if drafts.len() > RULES_MAX {
        return Err(bad("a bucket has at most 10 notification rules"));
    }
    let mut ids = given_ids(&drafts)?;
    let mut rules = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let id = match draft.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => new_id(&mut ids),
        };
        rules.push(rule(id, draft)?);
    }
    match overlap(&rules) {
        None => Ok(rules),
        Some((a, b)) => Err(bad(format!(
            "the rules {:?} and {:?} match the same event on the same keys; \
             change their events, prefixes or suffixes",
            a.id.0, b.id.0
        ))),
    }
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> TosError {
    TosError::new(
        StatusCode::BAD_REQUEST,
        "InvalidArgument",
        BAD_RULE,
        message,
    )
}

fn given_ids(drafts: &[Draft]) -> Result<BTreeSet<String>, TosError> {
    let mut ids = BTreeSet::new();
    for id in drafts
        .iter()
        .filter_map(|draft| draft.id.as_ref())
        .filter(|id| !id.is_empty())
    {
        if id.chars().count() > RULE_ID_CHARS_MAX {
            return Err(bad("a RuleId has at most 255 characters"));
        }
        if !ids.insert(id.clone()) {
            return Err(bad(format!("the RuleId {id:?} stands twice")));
        }
    }
    Ok(ids)
}

/// The first of `rule-1`, `rule-2`, ... that is free.
fn new_id(taken: &mut BTreeSet<String>) -> String {
    let id = (1..=taken.len() + 1)
        .map(|n| format!("rule-{n}"))
        .find(|id| !taken.contains(id))
        .expect("of more numbers than taken ids one is free");
    taken.insert(id.clone());
    id
}

fn rule(id: String, draft: Draft) -> Result<NotificationRule, TosError> {
    let kinds = kinds(&draft.events)?;
    let (prefix, suffix) = affixes(draft.filters)?;
    destinations(&draft.destinations, draft.form)?;
    Ok(NotificationRule {
        id: RuleId(id.into()),
        kinds,
        event_names: draft.events.into_iter().map(Into::into).collect(),
        prefix,
        suffix,
        destinations: draft.destinations,
        via: DialectId::Tos,
        form: draft.form,
    })
}

fn kinds(names: &[String]) -> Result<EventKinds, TosError> {
    if names.is_empty() {
        return Err(bad("a rule needs at least one event in Events"));
    }
    if names.len() > RULE_EVENTS_MAX {
        return Err(bad("a rule names too many events"));
    }
    names.iter().try_fold(EventKinds::default(), |all, name| {
        let kinds = event::kinds(name)
            .ok_or_else(|| bad(format!("{name:?} is not an event that rules can name")))?;
        Ok(all.union(kinds))
    })
}

fn affixes(filters: Vec<(String, String)>) -> Result<(Box<str>, Box<str>), TosError> {
    let (mut prefix, mut suffix) = (None, None);
    for (name, value) in filters {
        let place = match name.as_str() {
            "prefix" => &mut prefix,
            "suffix" => &mut suffix,
            _ => return Err(bad("a filter's Name is prefix or suffix")),
        };
        if value.len() > KEYS.bytes_max {
            return Err(bad("a filter's Value is longer than any key"));
        }
        if place.replace(value).is_some() {
            return Err(bad(format!("the filter {name} stands twice in one rule")));
        }
    }
    let text = |value: Option<String>| value.unwrap_or_default().into();
    Ok((text(prefix), text(suffix)))
}

fn destinations(all: &[Destination], form: RuleForm) -> Result<(), TosError> {
    if all.is_empty() {
        return Err(bad("a rule needs a destination"));
    }
    if form == RuleForm::V1 && all.len() > 1 {
        return Err(bad("multi destination is not support"));
    }
    if all.len() > DESTINATIONS_MAX {
        let message = "a rule has at most 5 destinations";
        let status = StatusCode::BAD_REQUEST;
        return Err(TosError::new(
            status,
            "InvalidArgument",
            TOO_MANY_DESTINATIONS,
            message,
        ));
    }
    if all.iter().collect::<BTreeSet<_>>().len() < all.len() {
        return Err(bad("the destinations of a rule differ"));
    }
    all.iter().try_for_each(destination)
}

fn destination(destination: &Destination) -> Result<(), TosError> {
    let fits = |text: &str| !text.is_empty() && text.len() <= RULE_TEXT_BYTES_MAX;
    match destination {
        Destination::Function(name) if name.starts_with(SYNC) => {
            Err(bad("behind sync: a function has the id of a sync task"))
        }
        Destination::Function(name) if fits(name) && !name.contains(char::is_control) => Ok(()),
        Destination::Function(_) => Err(bad("a function has a name of 1 to 1,024 bytes")),
        Destination::Webhook(url) if fits(url) && is_http(url) => Ok(()),
        Destination::Webhook(_) => Err(bad("a HttpServer has an http or https Url with a host")),
        Destination::Sync(_) => Ok(()),
        Destination::Broker { kind, settings } => {
            let (name, needed, optional): (_, &[&str], &[&str]) = match kind {
                Broker::RocketMq => (
                    "RocketMQ",
                    &[ROLE, INSTANCE_ID, TOPIC, ACCESS_KEY_ID],
                    &[REGION],
                ),
                Broker::Kafka => ("Kafka", &[ROLE, INSTANCE_ID, TOPIC, USER, REGION], &[]),
            };
            if let Some(missing) = needed
                .iter()
                .find(|setting| !settings.contains_key(**setting))
            {
                return Err(bad(format!("{name} needs {missing}")));
            }
            let known = |setting: &str| needed.contains(&setting) || optional.contains(&setting);
            if !settings
                .iter()
                .all(|(setting, value)| known(setting) && fits(value))
            {
                return Err(bad(format!(
                    "a setting of {name} is too long or does not belong there"
                )));
            }
            Ok(())
        }
    }
}

fn is_http(url: &str) -> bool {
    let rest = url.split_once("://").filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    });
    let clean = !url.contains(|c: char| c.is_control() || c.is_whitespace());
    clean
        && rest.is_some_and(|(_, rest)| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']))
}

/// Two rules that some key and event would both match, whatever their destinations.
fn overlap(rules: &[NotificationRule]) -> Option<(&NotificationRule, &NotificationRule)> {
    let pairs = rules
        .iter()
        .enumerate()
        .flat_map(|(n, a)| rules.iter().skip(n + 1).map(move |b| (a, b)));
    pairs.into_iter().find(|(a, b)| {
        a.kinds.intersects(b.kinds)
            && (a.prefix.starts_with(&*b.prefix) || b.prefix.starts_with(&*a.prefix))
            && (a.suffix.ends_with(&*b.suffix) || b.suffix.ends_with(&*a.suffix))
    })
}

#[cfg(test)]
mod tests;
