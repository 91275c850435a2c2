//! Configurations as answers show them.

use std::collections::BTreeMap;

use cohong_core::model::{Broker, Destination, NotificationRule, RuleSetVersion};
use serde::Serialize;

use crate::tos::event;

use super::{ACCESS_KEY_ID, INSTANCE_ID, REGION, ROLE, TOPIC, USER};

/// Answer of `GetBucketNotification`: only rules that version 1 can express, with one function or one
/// RocketMQ without region.
#[derive(Debug, Serialize)]
pub(in crate::tos) struct ShownV1 {
    #[serde(rename = "CloudFunctionConfigurations")]
    functions: Vec<FunctionRule>,
    #[serde(rename = "RocketMQConfigurations")]
    rocket_mqs: Vec<RocketMqRule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionRule {
    #[serde(flatten)]
    rule: RuleHead,
    cloud_function: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RocketMqRule {
    #[serde(flatten)]
    rule: RuleHead,
    role: String,
    #[serde(rename = "RocketMQ")]
    rocket_mq: Settings,
}

/// Answer of `GetBucketNotificationType2`: every rule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct ShownV2 {
    rules: Vec<Rule>,
    version: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    #[serde(flatten)]
    rule: RuleHead,
    destination: Destinations,
}

#[derive(Debug, Default, Serialize)]
struct Destinations {
    #[serde(rename = "VeFaaS", skip_serializing_if = "Vec::is_empty")]
    functions: Vec<FunctionTarget>,
    #[serde(rename = "RocketMQ", skip_serializing_if = "Vec::is_empty")]
    rocket_mqs: Vec<Settings>,
    #[serde(rename = "Kafka", skip_serializing_if = "Vec::is_empty")]
    kafkas: Vec<Settings>,
    #[serde(rename = "HttpServer", skip_serializing_if = "Vec::is_empty")]
    https: Vec<HttpTarget>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionTarget {
    function_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct HttpTarget {
    url: String,
}

/// Settings of a broker; those that were not given are left out.
type Settings = BTreeMap<&'static str, String>;

/// What rules of every form have.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleHead {
    rule_id: String,
    events: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
}

#[derive(Debug, Serialize)]
struct Filter {
    #[serde(rename = "TOSKey")]
    key: FilterKey,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FilterKey {
    filter_rules: Vec<FilterRule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FilterRule {
    name: &'static str,
    value: String,
}

impl ShownV1 {
    pub(in crate::tos) fn new(rules: &[NotificationRule]) -> Self {
        let mut shown = Self {
            functions: Vec::new(),
            rocket_mqs: Vec::new(),
        };
        for rule in rules {
            match rule.destinations.as_slice() {
                [to @ (Destination::Function(_) | Destination::Sync(_))] => {
                    shown.functions.push(FunctionRule {
                        rule: head(rule),
                        cloud_function: function(to),
                    });
                }
                [
                    Destination::Broker {
                        kind: Broker::RocketMq,
                        settings,
                    },
                ] if !settings.contains_key(REGION) => {
                    shown.rocket_mqs.push(RocketMqRule {
                        rule: head(rule),
                        role: settings
                            .get(ROLE)
                            .map(ToString::to_string)
                            .unwrap_or_default(),
                        rocket_mq: only(settings, &[INSTANCE_ID, TOPIC, ACCESS_KEY_ID]),
                    });
                }
                _ => {}
            }
        }
        shown
    }
}

impl ShownV2 {
    pub(in crate::tos) fn new(rules: &[NotificationRule], version: RuleSetVersion) -> Self {
        let rule = |rule: &NotificationRule| Rule {
            rule: head(rule),
            destination: destinations(&rule.destinations),
        };
        Self {
            rules: rules.iter().map(rule).collect(),
            version: version.0.to_string(),
        }
    }
}

fn destinations(all: &[Destination]) -> Destinations {
    let mut shown = Destinations::default();
    for destination in all {
        match destination {
            Destination::Function(_) | Destination::Sync(_) => {
                shown.functions.push(FunctionTarget {
                    function_id: function(destination),
                });
            }
            Destination::Webhook(url) => shown.https.push(HttpTarget {
                url: url.to_string(),
            }),
            Destination::Broker {
                kind: Broker::RocketMq,
                settings,
            } => {
                shown.rocket_mqs.push(only(
                    settings,
                    &[ROLE, INSTANCE_ID, TOPIC, ACCESS_KEY_ID, REGION],
                ));
            }
            Destination::Broker {
                kind: Broker::Kafka,
                settings,
            } => {
                shown
                    .kafkas
                    .push(only(settings, &[ROLE, INSTANCE_ID, TOPIC, USER, REGION]));
            }
        }
    }
    shown
}

/// A destination as it is named in place of a function.
fn function(destination: &Destination) -> String {
    match destination {
        Destination::Function(name) => name.to_string(),
        // As operators see it: `sync:` and the task.
        other => other.id(),
    }
}

fn only(settings: &BTreeMap<Box<str>, Box<str>>, names: &[&'static str]) -> Settings {
    let given = names
        .iter()
        .filter_map(|name| Some((*name, settings.get(*name)?.to_string())));
    given.collect()
}

fn head(rule: &NotificationRule) -> RuleHead {
    let filters = [("prefix", &rule.prefix), ("suffix", &rule.suffix)];
    let filters = filters.into_iter().filter(|(_, value)| !value.is_empty());
    let filter_rules: Vec<FilterRule> = filters
        .map(|(name, value)| FilterRule {
            name,
            value: value.to_string(),
        })
        .collect();
    RuleHead {
        rule_id: rule.id.0.to_string(),
        events: event::names(rule),
        filter: (!filter_rules.is_empty()).then_some(Filter {
            key: FilterKey { filter_rules },
        }),
    }
}
