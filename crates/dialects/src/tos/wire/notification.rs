//! Bodies of notification configurations, version 1 and Type2 (sheet section 6), and what they become.
//!
//! A member that is not known is refused: ignored, it could make a rule match more than it was meant to.
//! Reading gives drafts: rules as they were written. [`rules`] judges the drafts of a whole configuration
//! and makes rules of them.

pub(in crate::tos) mod rules;
mod shown;

use std::collections::BTreeMap;

use cohong_core::model::{Broker, Destination, RuleForm, SyncTaskId};
use serde::Deserialize;

pub(in crate::tos) use shown::{ShownV1, ShownV2};

/// Broker settings by the vendor's names.
pub(super) const ROLE: &str = "Role";
pub(super) const INSTANCE_ID: &str = "InstanceId";
pub(super) const TOPIC: &str = "Topic";
pub(super) const ACCESS_KEY_ID: &str = "AccessKeyId";
pub(super) const REGION: &str = "Region";
pub(super) const USER: &str = "User";

/// What names of functions that are sync tasks begin with.
const SYNC: &str = "sync:";

/// A rule as it was written, not yet judged.
#[derive(Clone, Debug)]
pub(in crate::tos) struct Draft {
    id: Option<String>,
    events: Vec<String>,
    /// Names and values in order.
    filters: Vec<(String, String)>,
    destinations: Vec<Destination>,
    form: RuleForm,
}

/// Body of `PutBucketNotification`; member names in lower case.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::tos) struct PutV1 {
    #[serde(rename = "cloudfunctionconfigurations")]
    functions: Option<Vec<RuleV1>>,
    #[serde(rename = "rocketmqconfigurations")]
    rocket_mqs: Option<Vec<RuleV1>>,
}

/// A rule of either list: what it names tells its target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleV1 {
    #[serde(rename = "ruleid")]
    id: Option<String>,
    events: Option<Vec<String>>,
    filter: Option<Filter>,
    #[serde(rename = "cloudfunction")]
    function: Option<String>,
    role: Option<String>,
    #[serde(rename = "rocketmq")]
    rocket_mq: Option<BrokerSettings>,
}

/// Body of `PutBucketNotificationType2`; member names in lower case.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::tos) struct PutV2 {
    rules: Option<Vec<RuleV2>>,
    /// The version the client has seen; empty or absent overwrites.
    pub(in crate::tos) version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleV2 {
    #[serde(rename = "ruleid")]
    id: Option<String>,
    events: Option<Vec<String>>,
    filter: Option<Filter>,
    destination: Option<Destinations>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Destinations {
    vefaas: Option<Vec<Function>>,
    rocketmq: Option<Vec<BrokerSettings>>,
    kafka: Option<Vec<BrokerSettings>>,
    httpserver: Option<Vec<Http>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    #[serde(rename = "functionid")]
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http {
    url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BrokerSettings {
    role: Option<String>,
    #[serde(rename = "instanceid")]
    instance_id: Option<String>,
    topic: Option<String>,
    #[serde(rename = "accesskeyid")]
    access_key_id: Option<String>,
    region: Option<String>,
    user: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    toskey: Option<FilterKey>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterKey {
    #[serde(rename = "filterrules")]
    rules: Option<Vec<FilterRule>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterRule {
    name: String,
    /// The SDK leaves an empty value out.
    value: Option<String>,
}

impl PutV1 {
    /// The rules of both lists.
    pub(in crate::tos) fn drafts(self) -> Vec<Draft> {
        let both = self.functions.into_iter().chain(self.rocket_mqs);
        both.flatten().map(RuleV1::draft).collect()
    }
}

impl RuleV1 {
    fn draft(self) -> Draft {
        let function = self.function.filter(|name| !name.is_empty()).map(function);
        let role = self.role;
        let rocket_mq = self.rocket_mq.map(|settings| {
            let role = settings.role.or(role);
            BrokerSettings { role, ..settings }.destination(Broker::RocketMq)
        });
        Draft {
            id: self.id,
            events: self.events.unwrap_or_default(),
            filters: filters(self.filter),
            destinations: function.into_iter().chain(rocket_mq).collect(),
            form: RuleForm::V1,
        }
    }
}

impl PutV2 {
    /// The rules.
    pub(in crate::tos) fn drafts(&mut self) -> Vec<Draft> {
        let rules = self.rules.take().unwrap_or_default();
        rules.into_iter().map(RuleV2::draft).collect()
    }
}

impl RuleV2 {
    fn draft(self) -> Draft {
        Draft {
            id: self.id,
            events: self.events.unwrap_or_default(),
            filters: filters(self.filter),
            destinations: self.destination.map(Destinations::list).unwrap_or_default(),
            form: RuleForm::V2,
        }
    }
}

impl Destinations {
    fn list(self) -> Vec<Destination> {
        let brokers = |kind| move |settings: BrokerSettings| settings.destination(kind);
        let functions = self
            .vefaas
            .into_iter()
            .flatten()
            .map(|target| function(target.id));
        let rocket_mqs = self
            .rocketmq
            .into_iter()
            .flatten()
            .map(brokers(Broker::RocketMq));
        let kafkas = self.kafka.into_iter().flatten().map(brokers(Broker::Kafka));
        let https = self.httpserver.into_iter().flatten();
        let https = https.map(|target| Destination::Webhook(target.url.into()));
        functions
            .chain(rocket_mqs)
            .chain(kafkas)
            .chain(https)
            .collect()
    }
}

impl BrokerSettings {
    fn destination(self, kind: Broker) -> Destination {
        let settings = [
            (ROLE, self.role),
            (INSTANCE_ID, self.instance_id),
            (TOPIC, self.topic),
            (ACCESS_KEY_ID, self.access_key_id),
            (REGION, self.region),
            (USER, self.user),
        ];
        let given = settings.into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((name.into(), value.into()))
        });
        Destination::Broker {
            kind,
            settings: given.collect::<BTreeMap<_, _>>(),
        }
    }
}

/// What a rule names as its function. The vendor's member is a free text, so `sync:TASK` stands for a sync
/// task; any other text behind `sync:` is refused with the rule.
fn function(name: String) -> Destination {
    let task = name.strip_prefix(SYNC).and_then(SyncTaskId::parse);
    task.map_or_else(|| Destination::Function(name.into()), Destination::Sync)
}

fn filters(filter: Option<Filter>) -> Vec<(String, String)> {
    let rules = filter
        .and_then(|filter| filter.toskey)
        .and_then(|key| key.rules);
    let pair = |rule: FilterRule| (rule.name, rule.value.unwrap_or_default());
    rules.unwrap_or_default().into_iter().map(pair).collect()
}
