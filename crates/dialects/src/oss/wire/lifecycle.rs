//! Bodies about lifecycle rules (sheet section 6, lifecycle). An element that is not known here might
//! narrow what a rule is about, so it is refused instead of passed over.

use cohong_core::model::{
    Due, LifecycleException, LifecycleFilter, LifecycleRule, StorageClass, Transition,
};
use serde::{Deserialize, Serialize};

use crate::common::lifecycle::{When, is_enabled, name_all, status};
use crate::common::wire::tags::Tag;
use crate::common::xml;
use crate::gate::fault::Fault;
use crate::oss::words::OSS;

/// Body of `PutBucketLifecycle` and `GetBucketLifecycle`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct LifecycleBody {
    #[serde(default)]
    rule: Vec<RuleBody>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RuleBody {
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(default)]
    prefix: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Expiration>,
    #[serde(default)]
    transition: Vec<Move>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abort_multipart_upload: Option<Abort>,
    #[serde(default)]
    tag: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noncurrent_version_expiration: Option<OlderExpiration>,
    #[serde(default)]
    noncurrent_version_transition: Vec<OlderMove>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
    /// Written by the vendor's service to rules that count from the last access.
    #[serde(skip_serializing)]
    atime_base: Option<String>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Expiration {
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_before_date: Option<String>,
    #[serde(
        default,
        deserialize_with = "xml::flag",
        skip_serializing_if = "std::ops::Not::not"
    )]
    expired_object_delete_marker: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Abort {
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_before_date: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Move {
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_before_date: Option<String>,
    storage_class: String,
    #[serde(default, deserialize_with = "xml::flag")]
    is_access_time: bool,
    #[serde(default, deserialize_with = "xml::flag", skip_serializing)]
    return_to_std_when_visit: bool,
    #[serde(default = "yes", deserialize_with = "xml::flag", skip_serializing)]
    allow_small_file: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OlderExpiration {
    noncurrent_days: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OlderMove {
    noncurrent_days: u32,
    storage_class: String,
    #[serde(default, deserialize_with = "xml::flag")]
    is_access_time: bool,
    #[serde(default, deserialize_with = "xml::flag", skip_serializing)]
    return_to_std_when_visit: bool,
    #[serde(default = "yes", deserialize_with = "xml::flag", skip_serializing)]
    allow_small_file: bool,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_greater_than: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_less_than: Option<u64>,
    #[serde(default)]
    not: Vec<NotBody>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NotBody {
    #[serde(default)]
    prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
}

/// Small objects are moved too, unless a rule says otherwise.
fn yes() -> bool {
    true
}

impl LifecycleBody {
    /// The rules it names.
    pub(in crate::oss) fn rules(self) -> Result<Vec<LifecycleRule>, Fault> {
        let rules = self.rule.into_iter().map(RuleBody::read);
        let mut rules = rules.collect::<Result<Vec<_>, _>>()?;
        name_all(&mut rules);
        Ok(rules)
    }

    pub(in crate::oss) fn new(rules: &[LifecycleRule]) -> Self {
        Self {
            rule: rules.iter().map(RuleBody::new).collect(),
        }
    }
}

impl RuleBody {
    fn read(self) -> Result<LifecycleRule, Fault> {
        if self.atime_base.is_some() {
            return Err(Fault::NotServed("AtimeBase".into()));
        }
        let boxed = |(name, value): (String, String)| (name.into(), value.into());
        let filter = self.filter.unwrap_or_default();
        let except = |one: NotBody| LifecycleException {
            prefix: one.prefix.into(),
            tag: one.tag.map(Tag::pair).map(boxed),
        };
        let expiration = self.expiration.map(Expiration::read).transpose()?;
        let (expire, expire_markers) = expiration.unwrap_or_default();
        let older = self.noncurrent_version_transition.into_iter();
        Ok(LifecycleRule {
            id: self.id.into(),
            enabled: is_enabled(&self.status)?,
            filter: LifecycleFilter {
                prefix: self.prefix.into(),
                tags: self.tag.into_iter().map(Tag::pair).map(boxed).collect(),
                larger_than: filter.object_size_greater_than,
                smaller_than: filter.object_size_less_than,
                except: filter.not.into_iter().map(except).collect(),
                at_least: None,
                at_most: None,
            },
            expire,
            expire_markers,
            keep_older: 0,
            expire_older: self
                .noncurrent_version_expiration
                .map(|older| Due::Days(older.noncurrent_days)),
            transitions: self
                .transition
                .into_iter()
                .map(Move::read)
                .collect::<Result<_, _>>()?,
            older_transitions: older.map(OlderMove::read).collect::<Result<_, _>>()?,
            abort: self.abort_multipart_upload.map(Abort::read).transpose()?,
        })
    }

    fn new(rule: &LifecycleRule) -> Self {
        let filter = &rule.filter;
        Self {
            id: rule.id.to_string(),
            prefix: filter.prefix.to_string(),
            status: status(rule.enabled).to_owned(),
            expiration: Expiration::new(rule),
            transition: rule.transitions.iter().map(Move::new).collect(),
            abort_multipart_upload: rule.abort.map(Abort::new),
            tag: Tag::all(&filter.tags),
            noncurrent_version_expiration: rule.expire_older.and_then(OlderExpiration::new),
            noncurrent_version_transition: rule
                .older_transitions
                .iter()
                .filter_map(OlderMove::new)
                .collect(),
            filter: Some(Filter::new(filter)).filter(|filter| *filter != Filter::default()),
            atime_base: None,
        }
    }
}

impl Filter {
    fn new(filter: &LifecycleFilter) -> Self {
        let not = |one: &LifecycleException| NotBody {
            prefix: one.prefix.to_string(),
            tag: one.tag.as_ref().map(Tag::new),
        };
        let (larger_than, smaller_than) = filter.open_bounds();
        Self {
            object_size_greater_than: larger_than,
            object_size_less_than: smaller_than,
            not: filter.except.iter().map(not).collect(),
        }
    }
}

impl Expiration {
    fn read(self) -> Result<(Option<Due>, bool), Fault> {
        let when = When {
            days: self.days,
            date: self.date,
            before: self.created_before_date,
        };
        when.expiry(self.expired_object_delete_marker)
    }

    fn new(rule: &LifecycleRule) -> Option<Self> {
        let when = rule.expire.map(|due| OSS.when(due));
        (when.is_some() || rule.expire_markers).then(|| {
            let when = when.unwrap_or_default();
            Self {
                days: when.days,
                date: when.date,
                created_before_date: when.before,
                expired_object_delete_marker: rule.expire_markers,
            }
        })
    }
}

impl OlderExpiration {
    /// None for a date: this vendor counts days.
    fn new(due: Due) -> Option<Self> {
        let noncurrent_days = OSS.when(due).days?;
        Some(Self { noncurrent_days })
    }
}

impl Abort {
    fn read(self) -> Result<Due, Fault> {
        let when = When {
            days: self.days,
            date: self.date,
            before: self.created_before_date,
        };
        when.read("AbortMultipartUpload")
    }

    fn new(due: Due) -> Self {
        let when = OSS.when(due);
        Self {
            days: when.days,
            date: when.date,
            created_before_date: when.before,
        }
    }
}

impl Move {
    fn read(self) -> Result<Transition, Fault> {
        let unserved = [
            self.is_access_time,
            self.return_to_std_when_visit,
            !self.allow_small_file,
        ];
        let when = When {
            days: self.days,
            date: self.date,
            before: self.created_before_date,
        };
        Ok(Transition {
            due: when.read("Transition")?,
            class: class(&self.storage_class, unserved)?,
        })
    }

    fn new(one: &Transition) -> Self {
        let when = OSS.when(one.due);
        Self {
            days: when.days,
            date: when.date,
            created_before_date: when.before,
            storage_class: OSS.class_word(one.class).to_owned(),
            is_access_time: false,
            return_to_std_when_visit: false,
            allow_small_file: true,
        }
    }
}

impl OlderMove {
    fn read(self) -> Result<Transition, Fault> {
        let unserved = [
            self.is_access_time,
            self.return_to_std_when_visit,
            !self.allow_small_file,
        ];
        Ok(Transition {
            due: Due::Days(self.noncurrent_days),
            class: class(&self.storage_class, unserved)?,
        })
    }

    /// None for one that names a date: this vendor counts days.
    fn new(one: &Transition) -> Option<Self> {
        Some(Self {
            noncurrent_days: OSS.when(one.due).days?,
            storage_class: OSS.class_word(one.class).to_owned(),
            is_access_time: false,
            return_to_std_when_visit: false,
            allow_small_file: true,
        })
    }
}

/// The class objects are moved to, if nothing else is asked for that this server does not do.
fn class(word: &str, unserved: [bool; 3]) -> Result<StorageClass, Fault> {
    const NAMES: [&str; 3] = [
        "IsAccessTime",
        "ReturnToStdWhenVisit",
        "AllowSmallFile=false",
    ];
    let asked = NAMES.into_iter().zip(unserved).find(|(_, asked)| *asked);
    match asked {
        Some((name, _)) => Err(Fault::NotServed(name.into())),
        None => OSS.class(word),
    }
}
