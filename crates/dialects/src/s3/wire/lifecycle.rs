//! Bodies about lifecycle rules (sheet section 7, lifecycle). An element that is not known here might
//! narrow what a rule is about, so it is refused instead of passed over.

use cohong_core::model::{Due, LifecycleFilter, LifecycleRule, Tags, Transition};
use serde::{Deserialize, Serialize};

use crate::common::lifecycle::{When, is_enabled, name_all, status};
use crate::common::wire::tags::Tag;
use crate::common::xml;
use crate::gate::fault::Fault;
use crate::s3::words::S3;

/// Body of `PutBucketLifecycleConfiguration` and of its answer's counterpart.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct LifecycleBody {
    #[serde(default)]
    rule: Vec<RuleBody>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RuleBody {
    #[serde(rename = "ID", default)]
    id: String,
    /// The older place of the prefix.
    #[serde(skip_serializing)]
    prefix: Option<String>,
    filter: Option<Filter>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Expiration>,
    #[serde(default)]
    transition: Vec<Move>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noncurrent_version_expiration: Option<OlderExpiration>,
    #[serde(default)]
    noncurrent_version_transition: Vec<OlderMove>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abort_incomplete_multipart_upload: Option<Abort>,
}

/// One condition, or several under `And`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_greater_than: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_less_than: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    and: Option<All>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct All {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(default)]
    tag: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_greater_than: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size_less_than: Option<u64>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Expiration {
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(
        default,
        deserialize_with = "xml::flag",
        skip_serializing_if = "std::ops::Not::not"
    )]
    expired_object_delete_marker: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Move {
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    storage_class: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OlderExpiration {
    noncurrent_days: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    newer_noncurrent_versions: Option<u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OlderMove {
    noncurrent_days: u32,
    storage_class: String,
    #[serde(skip_serializing)]
    newer_noncurrent_versions: Option<u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Abort {
    days_after_initiation: u32,
}

impl LifecycleBody {
    /// The rules it names.
    pub(in crate::s3) fn rules(self) -> Result<Vec<LifecycleRule>, Fault> {
        let rules = self.rule.into_iter().map(RuleBody::read);
        let mut rules = rules.collect::<Result<Vec<_>, _>>()?;
        name_all(&mut rules);
        Ok(rules)
    }

    pub(in crate::s3) fn new(rules: &[LifecycleRule]) -> Self {
        Self {
            rule: rules.iter().map(RuleBody::new).collect(),
        }
    }
}

impl RuleBody {
    fn read(self) -> Result<LifecycleRule, Fault> {
        let filter = match (self.prefix, self.filter) {
            (Some(_), Some(_)) => {
                let why = "a rule has a Filter or, in the older form, a Prefix";
                return Err(Fault::Body(why.into()));
            }
            (Some(prefix), None) => LifecycleFilter {
                prefix: prefix.into(),
                ..LifecycleFilter::default()
            },
            (None, Some(filter)) => filter.read()?,
            (None, None) => return Err(Fault::Body("a rule has a Filter".into())),
        };
        let expiration = self.expiration.map(Expiration::read).transpose()?;
        let (expire, expire_markers) = expiration.unwrap_or_default();
        let older = self.noncurrent_version_expiration;
        let moves = self.transition.into_iter().map(Move::read);
        let older_moves = self.noncurrent_version_transition.into_iter();
        let abort = self.abort_incomplete_multipart_upload;
        Ok(LifecycleRule {
            id: self.id.into(),
            enabled: is_enabled(&self.status)?,
            filter,
            expire,
            expire_markers,
            keep_older: older.as_ref().map_or(Ok(0), OlderExpiration::kept)?,
            expire_older: older.map(|older| Due::Days(older.noncurrent_days)),
            transitions: moves.collect::<Result<_, _>>()?,
            older_transitions: older_moves.map(OlderMove::read).collect::<Result<_, _>>()?,
            abort: abort.map(|abort| Due::Days(abort.days_after_initiation)),
            unread: Vec::new(),
            older_unread: Vec::new(),
        })
    }

    /// What only other dialects can say of a rule does not show here.
    fn new(rule: &LifecycleRule) -> Self {
        let abort = rule.abort.and_then(|due| S3.when(due).days);
        Self {
            id: rule.id.to_string(),
            prefix: None,
            filter: Some(Filter::new(&rule.filter)),
            status: status(rule.enabled).to_owned(),
            expiration: Expiration::new(rule),
            transition: rule.transitions.iter().map(Move::new).collect(),
            noncurrent_version_expiration: OlderExpiration::new(rule),
            noncurrent_version_transition: rule
                .older_transitions
                .iter()
                .filter_map(OlderMove::new)
                .collect(),
            abort_incomplete_multipart_upload: abort.map(|days| Abort {
                days_after_initiation: days,
            }),
        }
    }
}

impl Filter {
    fn read(self) -> Result<LifecycleFilter, Fault> {
        let alone = All {
            prefix: self.prefix,
            tag: self.tag.into_iter().collect(),
            object_size_greater_than: self.object_size_greater_than,
            object_size_less_than: self.object_size_less_than,
        };
        let all = match self.and {
            None if alone.count() <= 1 => alone,
            Some(all) if alone.count() == 0 => all,
            _ => {
                let why = "a Filter has one condition, or several under And";
                return Err(Fault::Body(why.into()));
            }
        };
        let boxed = |(name, value): (String, String)| (name.into(), value.into());
        let tags: Tags = all.tag.into_iter().map(Tag::pair).map(boxed).collect();
        Ok(LifecycleFilter {
            prefix: all.prefix.unwrap_or_default().into(),
            tags,
            larger_than: all.object_size_greater_than,
            smaller_than: all.object_size_less_than,
            except: Vec::new(),
            at_least: None,
            at_most: None,
        })
    }

    fn new(filter: &LifecycleFilter) -> Self {
        let (larger_than, smaller_than) = filter.open_bounds();
        let all = All {
            prefix: Some(filter.prefix.to_string()).filter(|prefix| !prefix.is_empty()),
            tag: Tag::all(&filter.tags),
            object_size_greater_than: larger_than,
            object_size_less_than: smaller_than,
        };
        if all.count() > 1 {
            return Self {
                and: Some(all),
                ..Self::default()
            };
        }
        Self {
            // A rule about everything says so with an empty prefix.
            prefix: match all.count() {
                0 => Some(String::new()),
                _ => all.prefix,
            },
            tag: all.tag.into_iter().next(),
            object_size_greater_than: all.object_size_greater_than,
            object_size_less_than: all.object_size_less_than,
            and: None,
        }
    }
}

impl All {
    /// How many conditions there are.
    fn count(&self) -> usize {
        let others = [
            self.prefix.is_some(),
            self.object_size_greater_than.is_some(),
            self.object_size_less_than.is_some(),
        ];
        self.tag.len() + others.into_iter().filter(|is| *is).count()
    }
}

impl Expiration {
    fn read(self) -> Result<(Option<Due>, bool), Fault> {
        let when = When {
            days: self.days,
            date: self.date,
            before: None,
        };
        when.expiry(self.expired_object_delete_marker)
    }

    fn new(rule: &LifecycleRule) -> Option<Self> {
        let when = rule.expire.map(|due| S3.when(due));
        (when.is_some() || rule.expire_markers).then(|| {
            let when = when.unwrap_or_default();
            Self {
                days: when.days,
                date: when.date.or(when.before),
                expired_object_delete_marker: rule.expire_markers,
            }
        })
    }
}

impl OlderExpiration {
    /// How many versions it leaves alone.
    fn kept(&self) -> Result<u32, Fault> {
        match self.newer_noncurrent_versions {
            None => Ok(0),
            Some(0) => {
                let why = "NewerNoncurrentVersions is a number from 1 to 100";
                Err(Fault::argument("NewerNoncurrentVersions", "0", why))
            }
            Some(kept) => Ok(kept),
        }
    }

    /// None for a date: this vendor counts days.
    fn new(rule: &LifecycleRule) -> Option<Self> {
        Some(Self {
            noncurrent_days: S3.when(rule.expire_older?).days?,
            newer_noncurrent_versions: Some(rule.keep_older).filter(|kept| *kept > 0),
        })
    }
}

impl Move {
    fn read(self) -> Result<Transition, Fault> {
        let when = When {
            days: self.days,
            date: self.date,
            before: None,
        };
        Ok(Transition {
            due: when.read("Transition")?,
            class: S3.class(&self.storage_class)?,
        })
    }

    fn new(one: &Transition) -> Self {
        let when = S3.when(one.due);
        Self {
            days: when.days,
            date: when.date.or(when.before),
            storage_class: S3.class_word(one.class).to_owned(),
        }
    }
}

impl OlderMove {
    fn read(self) -> Result<Transition, Fault> {
        if self.newer_noncurrent_versions.is_some() {
            return Err(Fault::NotServed("NewerNoncurrentVersions".into()));
        }
        Ok(Transition {
            due: Due::Days(self.noncurrent_days),
            class: S3.class(&self.storage_class)?,
        })
    }

    /// None for one that names a date: this vendor counts days.
    fn new(one: &Transition) -> Option<Self> {
        Some(Self {
            noncurrent_days: S3.when(one.due).days?,
            storage_class: S3.class_word(one.class).to_owned(),
            newer_noncurrent_versions: None,
        })
    }
}
