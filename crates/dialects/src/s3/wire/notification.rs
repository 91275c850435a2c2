//! Bodies of notification configurations (sheet section 8), and what they become. An element that is not known is
//! refused: passed over, it could make a rule match more than it was meant to.
//!
//! A target is a function by the name it is registered under. ARNs of topics, queues and functions, and those of one
//! relative of the vendor's, all end in such a name; region and account mean nothing, and are given back.

use cohong_core::model::{Destination, DialectId, EventKinds, NotificationRule, RuleForm, RuleId};
use serde::{Deserialize, Serialize};

use crate::common::rules::{affixes, check_overlap, given_ids, new_id};
use crate::gate::fault::Fault;
use crate::s3::error::S3Error;
use crate::s3::event;
use crate::s3::limits::{KEYS, RULE_EVENTS_MAX, TARGET_BYTES_MAX};

/// A configuration.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::s3) struct NotificationBody {
    #[serde(rename = "@xmlns", skip_serializing)]
    _namespace: Option<String>,
    #[serde(default)]
    topic_configuration: Vec<RuleBody>,
    #[serde(default)]
    queue_configuration: Vec<RuleBody>,
    #[serde(default)]
    cloud_function_configuration: Vec<RuleBody>,
    #[serde(skip_serializing)]
    event_bridge_configuration: Option<Bridge>,
}

#[derive(Debug, Deserialize)]
struct Bridge {}

/// A rule of any list: the list says what its target is called.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RuleBody {
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_function: Option<String>,
    #[serde(default)]
    event: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    #[serde(rename = "S3Key")]
    key: Option<FilterKey>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterKey {
    #[serde(default)]
    filter_rule: Vec<FilterRule>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterRule {
    name: String,
    value: Option<String>,
}

/// What targets are, by the vendor's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Topic,
    Queue,
    Function,
}

impl NotificationBody {
    /// The rules it names.
    pub(in crate::s3) fn rules(self) -> Result<Vec<NotificationRule>, S3Error> {
        if self.event_bridge_configuration.is_some() {
            return Err(Fault::NotServed("EventBridgeConfiguration".into()).into());
        }
        let all = [
            (Service::Topic, self.topic_configuration),
            (Service::Queue, self.queue_configuration),
            (Service::Function, self.cloud_function_configuration),
        ];
        let all = all.into_iter();
        let all: Vec<(Service, RuleBody)> = all
            .flat_map(|(service, rules)| rules.into_iter().map(move |rule| (service, rule)))
            .collect();
        let given = all.iter().map(|(_, rule)| rule.id.as_deref());
        let mut ids = given_ids(given).map_err(bad)?;
        let rules = all
            .into_iter()
            .map(|(service, rule)| rule.read(service, &mut ids));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        check_overlap(&rules).map_err(bad)?;
        Ok(rules)
    }

    /// The rules as they are. Those that were made in another dialect show with the functions that they name, and
    /// what only that dialect can say of them does not show.
    pub(in crate::s3) fn new(rules: &[NotificationRule], region: &str, owner: &str) -> Self {
        let mut shown = Self::default();
        for rule in rules {
            let mut arns: Vec<String> = rule.named.iter().map(ToString::to_string).collect();
            if arns.is_empty() {
                let functions = rule.destinations.iter().filter_map(|to| match to {
                    Destination::Function(name) => Some(name),
                    Destination::Webhook(_) | Destination::Broker { .. } | Destination::Sync(_) => {
                        None
                    }
                });
                arns = functions
                    .map(|name| format!("arn:aws:lambda:{region}:{owner}:function:{name}"))
                    .collect();
            }
            for arn in arns {
                shown.add(rule, &arn);
            }
        }
        shown
    }

    fn add(&mut self, rule: &NotificationRule, arn: &str) {
        let service = target(arn).map_or(Service::Function, |(service, _)| service);
        let of = |wanted| (service == wanted).then(|| arn.to_owned());
        let body = RuleBody {
            id: Some(rule.id.0.to_string()),
            topic: of(Service::Topic),
            queue: of(Service::Queue),
            cloud_function: of(Service::Function),
            event: event::names(rule),
            filter: Filter::new(rule),
        };
        let list = match service {
            Service::Topic => &mut self.topic_configuration,
            Service::Queue => &mut self.queue_configuration,
            Service::Function => &mut self.cloud_function_configuration,
        };
        if !body.event.is_empty() {
            list.push(body);
        }
    }
}

impl RuleBody {
    fn read(
        self,
        service: Service,
        ids: &mut std::collections::BTreeSet<String>,
    ) -> Result<NotificationRule, S3Error> {
        let ((Service::Topic, Some(arn), None, None)
        | (Service::Queue, None, Some(arn), None)
        | (Service::Function, None, None, Some(arn))) =
            (service, self.topic, self.queue, self.cloud_function)
        else {
            return Err(S3Error::malformed_xml());
        };
        let named = target(&arn).filter(|(found, _)| *found == service);
        let (_, name) = named.ok_or_else(|| bad("The ARN could not be parsed"))?;
        let filters = self.filter.and_then(|filter| filter.key);
        let filters = filters.map(|key| key.filter_rule).unwrap_or_default();
        let filters = filters.into_iter().map(|one| {
            let name = one.name.to_ascii_lowercase();
            (name, one.value.unwrap_or_default())
        });
        let (prefix, suffix) = affixes(filters.collect(), KEYS.bytes_max).map_err(bad)?;
        let id = self.id.filter(|id| !id.is_empty());
        Ok(NotificationRule {
            id: RuleId(id.unwrap_or_else(|| new_id(ids)).into()),
            kinds: kinds(&self.event)?,
            event_names: self.event.into_iter().map(Into::into).collect(),
            prefix,
            suffix,
            destinations: vec![Destination::Function(name.into())],
            via: DialectId::S3,
            form: RuleForm::V2,
            named: Some(arn.into()),
        })
    }
}

impl Filter {
    fn new(rule: &NotificationRule) -> Option<Self> {
        let both = [("prefix", &rule.prefix), ("suffix", &rule.suffix)];
        let both = both.into_iter().filter(|(_, value)| !value.is_empty());
        let filter_rule: Vec<FilterRule> = both
            .map(|(name, value)| FilterRule {
                name: name.to_owned(),
                value: Some(value.to_string()),
            })
            .collect();
        (!filter_rule.is_empty()).then_some(Self {
            key: Some(FilterKey { filter_rule }),
        })
    }
}

fn kinds(names: &[String]) -> Result<EventKinds, S3Error> {
    if names.is_empty() || names.len() > RULE_EVENTS_MAX {
        return Err(S3Error::malformed_xml());
    }
    names.iter().try_fold(EventKinds::default(), |all, name| {
        let kinds = event::kinds(name).ok_or_else(|| {
            bad(format!(
                "The event {name:?} is not supported for notifications"
            ))
        })?;
        Ok(all.union(kinds))
    })
}

/// What an ARN names: `arn:aws:sns:region:account:NAME`, `sqs` likewise, `arn:aws:lambda:region:account:function:NAME`,
/// and `arn:minio:sqs:region:NAME:webhook`.
fn target(arn: &str) -> Option<(Service, &str)> {
    let parts: Vec<&str> = arn.split(':').collect();
    let (service, name) = match parts.as_slice() {
        ["arn", "minio", "sqs", _, name, _] => (Service::Queue, name),
        ["arn", partition, service, _, _, rest @ ..] if partition.starts_with("aws") => {
            match (*service, rest) {
                ("sns", [name]) => (Service::Topic, name),
                ("sqs", [name]) => (Service::Queue, name),
                ("lambda", ["function", name]) => (Service::Function, name),
                _ => return None,
            }
        }
        _ => return None,
    };
    let fits = !name.is_empty() && arn.len() <= TARGET_BYTES_MAX;
    let clean = !arn.contains(|c: char| c.is_control() || c.is_whitespace());
    (fits && clean).then_some((service, *name))
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::bad("InvalidArgument", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named_by_arns() {
        let cases = [
            ("arn:aws:sns:us-east-1:1:t", Some((Service::Topic, "t"))),
            ("arn:aws-cn:sqs:cn-north-1:1:q", Some((Service::Queue, "q"))),
            (
                "arn:minio:sqs::hook:webhook",
                Some((Service::Queue, "hook")),
            ),
            (
                "arn:aws:lambda:r:1:function:f",
                Some((Service::Function, "f")),
            ),
            ("arn:aws:lambda:r:1:function:f:2", None),
            ("arn:aws:lambda:r:1:layer:f", None),
            ("arn:aws:s3:::b", None),
            ("arn:aws:sns:r:1:", None),
            ("arn:aws:sns:r:1:a b", None),
            ("sns", None),
            ("", None),
        ];
        for (arn, wanted) in cases {
            assert_eq!(target(arn), wanted, "{arn}");
        }
    }
}
