//! Notification rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DialectId, EventKind, EventKinds, ObjectKey, SyncTaskId};

/// A rule's name, unique in its bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleId(pub Box<str>);

/// Counts the configurations a bucket has had. Events name the one they were matched with.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct RuleSetVersion(pub u64);

/// Message systems that a rule may name although this server has no producer for them yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Broker {
    /// Apache RocketMQ.
    RocketMq,
    /// Apache Kafka.
    Kafka,
}

/// Where notifications go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Destination {
    /// A function by the name it is registered under.
    Function(Box<str>),
    /// An HTTP endpoint.
    Webhook(Box<str>),
    /// A message broker, with the settings as the vendor names them.
    Broker {
        /// Which system.
        kind: Broker,
        /// Vendor settings, kept to be given back.
        settings: BTreeMap<Box<str>, Box<str>>,
    },
    /// A sync task of the bucket's owner, which carries the change on.
    Sync(SyncTaskId),
}

impl Destination {
    /// A text that is equal for equal destinations and for no others. It names this one to operators,
    /// such as `function:resize` or `webhook:http://127.0.0.1:8080/hook`.
    pub fn id(&self) -> String {
        match self {
            Self::Function(name) => format!("function:{name}"),
            Self::Webhook(url) => format!("webhook:{url}"),
            Self::Sync(task) => format!("sync:{task}"),
            Self::Broker { kind, settings } => {
                let kind = match kind {
                    Broker::RocketMq => "rocketmq",
                    Broker::Kafka => "kafka",
                };
                let settings: Vec<String> = settings
                    .iter()
                    .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
                    .collect();
                format!("{kind}:{}", settings.join(","))
            }
        }
    }
}

/// A setting without the characters that separate settings.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace(',', "%2c")
        .replace('=', "%3d")
}

/// The form of configuration a rule was written in; an older form may be unable to show a newer rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RuleForm {
    /// One target a rule.
    V1,
    /// Several targets a rule.
    V2,
}

/// Which changes of a bucket are told to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationRule {
    /// Its name.
    pub id: RuleId,
    /// Which kinds of change.
    pub kinds: EventKinds,
    /// The event names as they were configured, to be given back.
    pub event_names: Vec<Box<str>>,
    /// Keys that begin with this; empty for all.
    pub prefix: Box<str>,
    /// Keys that end with this; empty for all.
    pub suffix: Box<str>,
    /// Who is told; one to [`crate::limits::DESTINATIONS_MAX`].
    pub destinations: Vec<Destination>,
    /// The dialect it was configured through, which also writes its messages.
    pub via: DialectId,
    /// The form of configuration it was written in.
    pub form: RuleForm,
    /// What its destination was called, where that tells more than the destination itself; to be given back.
    pub named: Option<Box<str>>,
}

impl NotificationRule {
    /// Whether a change of this kind on this key is meant.
    pub fn matches(&self, kind: EventKind, key: &ObjectKey) -> bool {
        let key = key.as_str();
        self.kinds.contains(kind) && key.starts_with(&*self.prefix) && key.ends_with(&*self.suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(settings: &[(&str, &str)]) -> Destination {
        let pairs = settings.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        Destination::Broker {
            kind: Broker::Kafka,
            settings: pairs.collect(),
        }
    }

    #[test]
    fn different_destinations_have_different_ids() {
        let plain = broker(&[("topic", "a"), ("zone", "b")]);
        assert_eq!(plain.id(), "kafka:topic=a,zone=b");
        let others = [
            broker(&[("topic", "a,zone=b")]),
            broker(&[("topic=a,zone", "b")]),
            broker(&[("topic", "a%2czone%3db")]),
        ];
        let ids: std::collections::BTreeSet<String> = others.iter().map(Destination::id).collect();
        assert_eq!(ids.len(), others.len());
        assert!(!ids.contains(&plain.id()));
    }
}
