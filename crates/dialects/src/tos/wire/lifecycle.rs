//! Lifecycle rules as JSON (sheet section 7). A member that is not known here might narrow what a rule is
//! about, so it is refused instead of passed over.

use cohong_core::model::{Due, LifecycleFilter, LifecycleRule, Tags, Transition, UnreadMove};
use serde::{Deserialize, Serialize};

use crate::common::lifecycle::{When, is_enabled, name_all, status};
use crate::gate::fault::Fault;
use crate::tos::wire::object::{Pair, PutTag, pairs};
use crate::tos::words::TOS;

/// Body of `PutBucketLifecycle`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutLifecycle {
    rules: Vec<PutRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutRule {
    #[serde(default)]
    id: String,
    #[serde(default)]
    prefix: String,
    status: String,
    expiration: Option<PutTime>,
    #[serde(rename = "noncurrentversionexpiration")]
    older_expiration: Option<PutOlder>,
    #[serde(rename = "abortincompletemultipartupload")]
    abort: Option<PutAbort>,
    #[serde(default)]
    transitions: Vec<PutMove>,
    #[serde(rename = "noncurrentversiontransitions", default)]
    older_transitions: Vec<PutOlderMove>,
    #[serde(default)]
    tags: Vec<PutTag>,
    filter: Option<PutFilter>,
    #[serde(rename = "accesstimetransitions", default)]
    unread: Vec<PutUnread>,
    #[serde(rename = "noncurrentversionaccesstimetransitions", default)]
    older_unread: Vec<PutOlderUnread>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutTime {
    days: Option<u32>,
    date: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutOlder {
    #[serde(rename = "noncurrentdays")]
    days: Option<u32>,
    #[serde(rename = "noncurrentdate")]
    date: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutAbort {
    #[serde(rename = "daysafterinitiation")]
    days: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutMove {
    days: Option<u32>,
    date: Option<String>,
    #[serde(rename = "storageclass")]
    class: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutOlderMove {
    #[serde(rename = "noncurrentdays")]
    days: Option<u32>,
    #[serde(rename = "noncurrentdate")]
    date: Option<String>,
    #[serde(rename = "storageclass")]
    class: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutUnread {
    days: u32,
    #[serde(rename = "storageclass")]
    class: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutOlderUnread {
    #[serde(rename = "noncurrentdays")]
    days: u32,
    #[serde(rename = "storageclass")]
    class: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutFilter {
    #[serde(rename = "objectsizegreaterthan")]
    above: Option<u64>,
    #[serde(rename = "greaterthanincludeequal")]
    above_included: Option<String>,
    #[serde(rename = "objectsizelessthan")]
    below: Option<u64>,
    #[serde(rename = "lessthanincludeequal")]
    below_included: Option<String>,
}

impl PutLifecycle {
    /// The rules it names.
    pub(in crate::tos) fn rules(self) -> Result<Vec<LifecycleRule>, Fault> {
        let rules = self.rules.into_iter().map(PutRule::read);
        let mut rules = rules.collect::<Result<Vec<_>, _>>()?;
        name_all(&mut rules);
        Ok(rules)
    }
}

impl PutRule {
    fn read(self) -> Result<LifecycleRule, Fault> {
        let filter = self.filter.unwrap_or_default();
        let (larger_than, at_least) = bound(filter.above, filter.above_included.as_deref())?;
        let (smaller_than, at_most) = bound(filter.below, filter.below_included.as_deref())?;
        let expire = self
            .expiration
            .map(|one| due(one.days, one.date, "Expiration"));
        let older = self
            .older_expiration
            .map(|one| due(one.days, one.date, "NoncurrentVersionExpiration"));
        let moved = |one: PutMove| transition(one.days, one.date, &one.class, "Transitions");
        let older_moved = |one: PutOlderMove| {
            transition(
                one.days,
                one.date,
                &one.class,
                "NoncurrentVersionTransitions",
            )
        };
        let tags: Tags = self.tags.into_iter().map(PutTag::boxed).collect();
        Ok(LifecycleRule {
            id: self.id.into(),
            enabled: is_enabled(&self.status)?,
            filter: LifecycleFilter {
                prefix: self.prefix.into(),
                tags,
                larger_than,
                smaller_than,
                except: Vec::new(),
                at_least,
                at_most,
            },
            expire: expire.transpose()?,
            expire_markers: false,
            expire_older: older.transpose()?,
            keep_older: 0,
            transitions: self
                .transitions
                .into_iter()
                .map(moved)
                .collect::<Result<_, _>>()?,
            older_transitions: self
                .older_transitions
                .into_iter()
                .map(older_moved)
                .collect::<Result<_, _>>()?,
            abort: self.abort.map(|one| Due::Days(one.days)),
            unread: self
                .unread
                .into_iter()
                .map(|one| unread(one.days, &one.class))
                .collect::<Result<_, _>>()?,
            older_unread: self
                .older_unread
                .into_iter()
                .map(|one| unread(one.days, &one.class))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn due(days: Option<u32>, date: Option<String>, what: &str) -> Result<Due, Fault> {
    let when = When {
        days,
        date,
        before: None,
    };
    when.read(what)
}

fn transition(
    days: Option<u32>,
    date: Option<String>,
    class: &str,
    what: &str,
) -> Result<Transition, Fault> {
    Ok(Transition {
        due: due(days, date, what)?,
        class: TOS.class(class)?,
    })
}

/// Objects of this vendor stay where they were moved to, whoever reads them.
fn unread(days: u32, class: &str) -> Result<UnreadMove, Fault> {
    Ok(UnreadMove {
        days,
        class: TOS.class(class)?,
        comes_back: false,
        small: true,
    })
}

/// A bound that is left out itself, or one that belongs to what is inside.
fn bound(size: Option<u64>, included: Option<&str>) -> Result<(Option<u64>, Option<u64>), Fault> {
    let is_included = included.map_or(Ok(false), is_enabled)?;
    Ok(if is_included {
        (None, size)
    } else {
        (size, None)
    })
}

/// Answer of `GetBucketLifecycle`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct LifecycleBody {
    rules: Vec<RuleBody>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleBody {
    #[serde(rename = "ID")]
    id: String,
    prefix: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noncurrent_version_expiration: Option<OlderTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abort_incomplete_multipart_upload: Option<Abort>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transitions: Vec<Move<Time>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    noncurrent_version_transitions: Vec<Move<OlderTime>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access_time_transitions: Vec<Move<Time>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    noncurrent_version_access_time_transitions: Vec<Move<OlderTime>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Time {
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

#[derive(Debug, Serialize)]
struct OlderTime {
    #[serde(rename = "NoncurrentDays", skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(rename = "NoncurrentDate", skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Abort {
    days_after_initiation: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Move<T> {
    #[serde(flatten)]
    time: T,
    storage_class: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_greater_than: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    greater_than_include_equal: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_less_than: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    less_than_include_equal: Option<&'static str>,
}

impl LifecycleBody {
    pub(in crate::tos) fn new(rules: &[LifecycleRule]) -> Self {
        Self {
            rules: rules.iter().map(RuleBody::new).collect(),
        }
    }
}

impl RuleBody {
    /// What only other dialects can say of a rule does not show here.
    fn new(rule: &LifecycleRule) -> Self {
        let filter = &rule.filter;
        let abort = rule.abort.and_then(|due| TOS.when(due).days);
        Self {
            id: rule.id.to_string(),
            prefix: filter.prefix.to_string(),
            status: status(rule.enabled),
            expiration: rule.expire.map(Time::new),
            noncurrent_version_expiration: rule.expire_older.map(OlderTime::new),
            abort_incomplete_multipart_upload: abort.map(|days| Abort {
                days_after_initiation: days,
            }),
            transitions: moves(&rule.transitions, Time::new),
            noncurrent_version_transitions: moves(&rule.older_transitions, OlderTime::new),
            access_time_transitions: moves(&timed(&rule.unread), Time::new),
            noncurrent_version_access_time_transitions: moves(
                &timed(&rule.older_unread),
                OlderTime::new,
            ),
            tags: pairs(&filter.tags),
            filter: Filter::new(filter),
        }
    }
}

/// Moves of what nobody reads, as this vendor tells them: with the members of others.
fn timed(all: &[UnreadMove]) -> Vec<Transition> {
    let one = |one: &UnreadMove| Transition {
        due: Due::Days(one.days),
        class: one.class,
    };
    all.iter().map(one).collect()
}

fn moves<T>(all: &[Transition], time: fn(Due) -> T) -> Vec<Move<T>> {
    let one = |one: &Transition| Move {
        time: time(one.due),
        storage_class: TOS.class_word(one.class),
    };
    all.iter().map(one).collect()
}

impl Time {
    fn new(due: Due) -> Self {
        let When { days, date, before } = TOS.when(due);
        Self {
            days,
            date: date.or(before),
        }
    }
}

impl OlderTime {
    fn new(due: Due) -> Self {
        let Time { days, date } = Time::new(due);
        Self { days, date }
    }
}

impl Filter {
    fn new(filter: &LifecycleFilter) -> Option<Self> {
        let told = |size: Option<u64>, included: Option<u64>| {
            let size = size.or(included);
            (size, size.map(|_| status(included.is_some())))
        };
        let (above, above_included) = told(filter.larger_than, filter.at_least);
        let (below, below_included) = told(filter.smaller_than, filter.at_most);
        above.or(below)?;
        Some(Self {
            object_size_greater_than: above,
            greater_than_include_equal: above_included,
            object_size_less_than: below,
            less_than_include_equal: below_included,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::common::json::read;

    fn read_one(rule: &Value) -> Result<LifecycleRule, String> {
        let body = json!({ "Rules": [rule] }).to_string();
        let body: PutLifecycle = read(body.as_bytes()).map_err(|bad| bad.to_string())?;
        let rules = body.rules().map_err(|fault| format!("{fault:?}"))?;
        Ok(rules.into_iter().next().expect("one rule"))
    }

    #[test]
    fn what_is_put_is_told() {
        let cases = [
            json!({"ID": "a", "Prefix": "logs/", "Status": "Enabled", "Expiration": {"Days": 7}}),
            json!({
                "ID": "b", "Prefix": "", "Status": "Disabled",
                "Expiration": {"Date": "2030-01-01T00:00:00.000Z"},
                "NoncurrentVersionExpiration": {"NoncurrentDate": "2030-02-01T00:00:00.000Z"},
                "Transitions": [{"Date": "2029-01-01T00:00:00.000Z", "StorageClass": "IA"}],
                "NoncurrentVersionTransitions": [{"NoncurrentDays": 3, "StorageClass": "ARCHIVE_FR"}],
                "Tags": [{"Key": "k", "Value": "v"}],
                "Filter": {
                    "ObjectSizeGreaterThan": 1, "GreaterThanIncludeEqual": "Enabled",
                    "ObjectSizeLessThan": 1000, "LessThanIncludeEqual": "Disabled",
                },
            }),
            json!({
                "ID": "c", "Prefix": "", "Status": "Enabled",
                "NoncurrentVersionExpiration": {"NoncurrentDays": 2},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 5},
            }),
            json!({
                "ID": "d", "Prefix": "", "Status": "Enabled",
                "AccessTimeTransitions": [{"Days": 30, "StorageClass": "IA"}],
                "NoncurrentVersionAccessTimeTransitions": [
                    {"NoncurrentDays": 60, "StorageClass": "ARCHIVE_FR"},
                ],
            }),
        ];
        for case in cases {
            let rule = read_one(&case).expect("a rule");
            let told = serde_json::to_value(LifecycleBody::new(&[rule])).expect("JSON");
            assert_eq!(told, json!({ "Rules": [case] }));
        }
    }

    #[test]
    fn what_would_be_passed_over_is_refused() {
        let with = |name: &str, value: Value| {
            let mut rule = json!({"ID": "a", "Status": "Enabled", "Expiration": {"Days": 7}});
            rule[name] = value;
            read_one(&rule)
        };
        assert!(with("Prefix", json!("a")).is_ok());
        let cases = [
            ("Status", json!("On")),
            ("Expiration", json!({})),
            (
                "Expiration",
                json!({"Days": 1, "Date": "2030-01-01T00:00:00.000Z"}),
            ),
            ("Expiration", json!({"Date": "tomorrow"})),
            ("Expiration", json!({"Days": -1})),
            ("Transitions", json!([{"Days": 1}])),
            (
                "Transitions",
                json!([{"Days": 1, "StorageClass": "GLACIER"}]),
            ),
            ("AccessTimeTransitions", json!([{"StorageClass": "IA"}])),
            (
                "AccessTimeTransitions",
                json!([{"Days": 1, "StorageClass": "IA", "Date": "2030-01-01T00:00:00.000Z"}]),
            ),
            (
                "NoncurrentVersionAccessTimeTransitions",
                json!([{"Days": 1, "StorageClass": "IA"}]),
            ),
            ("Filter", json!({"GreaterThanIncludeEqual": "yes"})),
            ("Filter", json!({"Suffix": "a"})),
            ("Exclude", json!("a")),
        ];
        for (name, value) in cases {
            let told = value.to_string();
            assert!(with(name, value).is_err(), "{name}: {told}");
        }
    }
}
