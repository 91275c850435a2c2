//! The vendor's rules about notification rules (sheet section 6, Validation).

use std::collections::BTreeSet;

use cohong_core::model::{
    Broker, Destination, DialectId, EventKinds, NotificationRule, RuleForm, RuleId,
};
use http::StatusCode;

use super::{ACCESS_KEY_ID, Draft, INSTANCE_ID, REGION, ROLE, SYNC, TOPIC, USER};
use crate::common::rules::{affixes, check_overlap, given_ids, new_id};
use crate::tos::error::TosError;
use crate::tos::event;
use crate::tos::limits::{DESTINATIONS_MAX, KEYS, RULE_EVENTS_MAX, RULE_TEXT_BYTES_MAX, RULES_MAX};

/// `EC` of a rule with more destinations than allowed.
const TOO_MANY_DESTINATIONS: &str = "0014-00000014";
/// `EC` of everything else that is wrong with a rule: the vendor's one published example.
const BAD_RULE: &str = "0014-00000034";

/// Judges a whole configuration and makes rules of it. Every refusal is 400 `InvalidArgument`.
pub(in crate::tos) fn rules(drafts: Vec<Draft>) -> Result<Vec<NotificationRule>, TosError> {
    if drafts.len() > RULES_MAX {
        return Err(bad("a bucket has at most 10 notification rules"));
    }
    let given = drafts.iter().map(|draft| draft.id.as_deref());
    let mut ids = given_ids(given).map_err(bad)?;
    let mut rules = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let id = match draft.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => new_id(&mut ids),
        };
        rules.push(rule(id, draft)?);
    }
    check_overlap(&rules).map_err(bad)?;
    Ok(rules)
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> TosError {
    TosError::new(
        StatusCode::BAD_REQUEST,
        "InvalidArgument",
        BAD_RULE,
        message,
    )
}

fn rule(id: String, draft: Draft) -> Result<NotificationRule, TosError> {
    let kinds = kinds(&draft.events)?;
    let (prefix, suffix) = affixes(draft.filters, KEYS.bytes_max).map_err(bad)?;
    destinations(&draft.destinations, draft.form)?;
    Ok(NotificationRule {
        id: RuleId(id.into()),
        kinds,
        event_names: draft.events.into_iter().map(Into::into).collect(),
        prefix,
        suffix,
        destinations: draft.destinations,
        via: DialectId::Tos,
        named: None,
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

#[cfg(test)]
mod tests;
