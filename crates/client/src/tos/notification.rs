//! Notification configurations of buckets, version 1 and Type2 (TOS sheet section 6). Names of fields are those of the
//! vendor's client for Python.

use serde::{Deserialize, Deserializer, Serialize};

/// The configuration of version 1: rules with one target each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BucketNotification {
    /// Rules that call functions.
    #[serde(
        rename = "CloudFunctionConfigurations",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "or_default"
    )]
    pub cloud_function_configurations: Vec<CloudFunctionConfiguration>,
    /// Rules that put messages into RocketMQ.
    #[serde(
        rename = "RocketMQConfigurations",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "or_default"
    )]
    pub rocket_mq_configurations: Vec<RocketMqConfiguration>,
}

impl From<Vec<CloudFunctionConfiguration>> for BucketNotification {
    fn from(rules: Vec<CloudFunctionConfiguration>) -> Self {
        Self {
            cloud_function_configurations: rules,
            ..Self::default()
        }
    }
}

/// A rule of version 1 that calls a function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CloudFunctionConfiguration {
    /// Name of the rule, at most 255 characters, unique in the bucket; the service chooses one for an empty name.
    #[serde(rename = "RuleId", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Events, such as `tos:ObjectCreated:Put` or `tos:ObjectRemoved:*`.
    pub events: Vec<String>,
    /// Which keys; all without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Name of the function; `sync:TASK` is a sync task of this server.
    pub cloud_function: String,
}

/// A rule of version 1 that puts messages into RocketMQ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RocketMqConfiguration {
    /// Name of the rule, as with functions.
    #[serde(rename = "RuleId", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The role that may write there.
    pub role: String,
    /// Events.
    pub events: Vec<String>,
    /// Which keys; all without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Where the messages go; its `role` and `region` stay empty.
    #[serde(rename = "RocketMQ")]
    pub rocket_mq: RocketMq,
}

/// The configuration of Type2: rules with one to five destinations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BucketNotificationType2 {
    /// The rules, at most 10.
    #[serde(deserialize_with = "or_default")]
    pub rules: Vec<NotificationRule>,
    /// Which configuration this is; changes at every write. Empty overwrites whatever is there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
}

/// A rule of Type2.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NotificationRule {
    /// Name of the rule, at most 255 characters, unique in the bucket; the service chooses one for an empty name.
    #[serde(rename = "RuleId", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Events, such as `tos:ObjectCreated:Put` or `tos:ObjectRemoved:*`.
    pub events: Vec<String>,
    /// Which keys; all without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Who is told.
    pub destination: Destination,
}

/// Who is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Destination {
    /// Functions.
    #[serde(rename = "VeFaaS", skip_serializing_if = "Vec::is_empty")]
    pub ve_faas: Vec<VeFaas>,
    /// Topics of RocketMQ.
    #[serde(rename = "RocketMQ", skip_serializing_if = "Vec::is_empty")]
    pub rocket_mq: Vec<RocketMq>,
    /// Topics of Kafka.
    #[serde(rename = "Kafka", skip_serializing_if = "Vec::is_empty")]
    pub kafka: Vec<Kafka>,
    /// Webhooks. Their deliveries are signed by this server: [`WebhookVerifier`](crate::receive::WebhookVerifier).
    #[serde(rename = "HttpServer", skip_serializing_if = "Vec::is_empty")]
    pub http_server: Vec<HttpServer>,
}

/// A function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VeFaas {
    /// Its name.
    pub function_id: String,
}

/// A webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HttpServer {
    /// Its `http` or `https` URL.
    pub url: String,
}

/// A topic of RocketMQ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RocketMq {
    /// The role that may write there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// The instance.
    pub instance_id: String,
    /// The topic.
    pub topic: String,
    /// The access key there.
    pub access_key_id: String,
    /// The region, where it is another.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
}

/// A topic of Kafka.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Kafka {
    /// The role that may write there.
    pub role: String,
    /// The instance.
    pub instance_id: String,
    /// The topic.
    pub topic: String,
    /// The user there.
    pub user: String,
    /// The region.
    pub region: String,
}

/// Which keys a rule is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// By their names.
    #[serde(rename = "TOSKey")]
    pub key: FilterKey,
}

impl Filter {
    /// Keys with this prefix and this suffix; an empty one is any.
    pub fn of(prefix: &str, suffix: &str) -> Self {
        let both = [("prefix", prefix), ("suffix", suffix)];
        let given = both.into_iter().filter(|(_, value)| !value.is_empty());
        let rules = given.map(|(name, value)| FilterRule {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        Self {
            key: FilterKey {
                rules: rules.collect(),
            },
        }
    }
}

/// What names have to be like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterKey {
    /// One for the prefix and one for the suffix, at most.
    #[serde(rename = "FilterRules", deserialize_with = "or_default")]
    pub rules: Vec<FilterRule>,
}

/// One end of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FilterRule {
    /// `prefix` or `suffix`.
    pub name: String,
    /// What it is.
    pub value: String,
}

/// Null as the default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_rule_of_the_vendors_page_is_written_as_its_client_writes_it() {
        let rules = BucketNotification::from(vec![CloudFunctionConfiguration {
            id: "1".into(),
            events: vec!["tos:ObjectCreated:Put".into()],
            filter: Some(Filter::of("p", "s")),
            cloud_function: "f".into(),
        }]);
        let rule = |name, value| json!({"Name": name, "Value": value});
        let wanted = json!({"CloudFunctionConfigurations": [{
            "RuleId": "1",
            "Events": ["tos:ObjectCreated:Put"],
            "Filter": {"TOSKey": {"FilterRules": [rule("prefix", "p"), rule("suffix", "s")]}},
            "CloudFunction": "f",
        }]});
        assert_eq!(serde_json::to_value(&rules).expect("JSON"), wanted);
        assert_eq!(
            serde_json::from_value::<BucketNotification>(wanted).expect("rules"),
            rules
        );
        let none = serde_json::to_value(BucketNotification::default()).expect("JSON");
        assert_eq!(none, json!({}));
    }

    #[test]
    fn what_is_left_out_or_null_is_empty() {
        let read = |text| serde_json::from_str::<BucketNotificationType2>(text).expect("rules");
        assert_eq!(
            read(r#"{"Rules":null,"New":1}"#),
            BucketNotificationType2::default()
        );
        let rule = read(r#"{"Rules":[{"Filter":{"TOSKey":{"FilterRules":[{"Name":"prefix"}]}}}]}"#);
        let filter = rule.rules[0].filter.clone().expect("a filter");
        assert_eq!(filter.key.rules[0].value, "");
    }
}
