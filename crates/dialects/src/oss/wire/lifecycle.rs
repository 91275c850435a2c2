//! Bodies about lifecycle rules (sheet section 6, lifecycle). An element that is not known here might
//! narrow what a rule is about, so it is refused instead of passed over.

use cohong_core::model::{
    Due, LifecycleException, LifecycleFilter, LifecycleRule, Transition, UnreadMove,
};
use serde::{Deserialize, Serialize};

use crate::common::lifecycle::{When, is_enabled, name_all, status};
use crate::common::wire::tags::Tag;
use crate::common::xml::{self, Flag};
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
    /// Since when the vendor's service notes reads, which it writes to rules that count them. Here too that is what
    /// the bucket says.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to_std_when_visit: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_small_file: Option<Flag>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to_std_when_visit: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_small_file: Option<Flag>,
}

/// What a rule orders about classes.
#[derive(Default)]
struct Moves {
    timed: Vec<Transition>,
    unread: Vec<UnreadMove>,
}

/// What a transition says of reads.
struct ByReads {
    counts: bool,
    back: Option<Flag>,
    small: Option<Flag>,
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
        let boxed = |(name, value): (String, String)| (name.into(), value.into());
        let filter = self.filter.unwrap_or_default();
        let except = |one: NotBody| LifecycleException {
            prefix: one.prefix.into(),
            tag: one.tag.map(Tag::pair).map(boxed),
        };
        let expiration = self.expiration.map(Expiration::read).transpose()?;
        let (expire, expire_markers) = expiration.unwrap_or_default();
        let sized = filter
            .object_size_greater_than
            .or(filter.object_size_less_than);
        let sized = sized.is_some();
        let (mut moves, mut older) = (Moves::default(), Moves::default());
        for one in self.transition {
            one.read(sized, &mut moves)?;
        }
        for one in self.noncurrent_version_transition {
            one.read(sized, &mut older)?;
        }
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
            transitions: moves.timed,
            older_transitions: older.timed,
            unread: moves.unread,
            older_unread: older.unread,
            abort: self.abort_multipart_upload.map(Abort::read).transpose()?,
        })
    }

    fn new(rule: &LifecycleRule) -> Self {
        let filter = &rule.filter;
        let (larger_than, smaller_than) = filter.open_bounds();
        let sized = larger_than.or(smaller_than).is_some();
        let timed = rule.transitions.iter().map(Move::new);
        let unread = rule.unread.iter().copied();
        let unread = unread.map(|one| Move::unread(one, sized));
        let older = rule.older_transitions.iter().filter_map(OlderMove::new);
        let older_unread = rule.older_unread.iter().copied();
        let older_unread = older_unread.map(|one| OlderMove::unread(one, sized));
        Self {
            id: rule.id.to_string(),
            prefix: filter.prefix.to_string(),
            status: status(rule.enabled).to_owned(),
            expiration: Expiration::new(rule),
            transition: timed.chain(unread).collect(),
            abort_multipart_upload: rule.abort.map(Abort::new),
            tag: Tag::all(&filter.tags),
            noncurrent_version_expiration: rule.expire_older.and_then(OlderExpiration::new),
            noncurrent_version_transition: older.chain(older_unread).collect(),
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
    fn read(self, sized: bool, moves: &mut Moves) -> Result<(), Fault> {
        let class = OSS.class(&self.storage_class)?;
        let when = When {
            days: self.days,
            date: self.date,
            before: self.created_before_date,
        };
        let due = when.read("Transition")?;
        let reads = ByReads {
            counts: self.is_access_time,
            back: self.return_to_std_when_visit,
            small: self.allow_small_file,
        };
        moves.add(Transition { due, class }, &reads, sized)
    }

    fn new(one: &Transition) -> Self {
        let when = OSS.when(one.due);
        Self {
            days: when.days,
            date: when.date,
            created_before_date: when.before,
            storage_class: OSS.class_word(one.class).to_owned(),
            is_access_time: false,
            return_to_std_when_visit: None,
            allow_small_file: None,
        }
    }

    fn unread(one: UnreadMove, sized: bool) -> Self {
        Self {
            days: Some(one.days),
            date: None,
            created_before_date: None,
            storage_class: OSS.class_word(one.class).to_owned(),
            is_access_time: true,
            return_to_std_when_visit: Some(Flag(one.comes_back)),
            allow_small_file: (!sized).then_some(Flag(one.small)),
        }
    }
}

impl OlderMove {
    fn read(self, sized: bool, moves: &mut Moves) -> Result<(), Fault> {
        let class = OSS.class(&self.storage_class)?;
        let due = Due::Days(self.noncurrent_days);
        let reads = ByReads {
            counts: self.is_access_time,
            back: self.return_to_std_when_visit,
            small: self.allow_small_file,
        };
        moves.add(Transition { due, class }, &reads, sized)
    }

    /// None for one that names a date: this vendor counts days.
    fn new(one: &Transition) -> Option<Self> {
        Some(Self {
            noncurrent_days: OSS.when(one.due).days?,
            storage_class: OSS.class_word(one.class).to_owned(),
            is_access_time: false,
            return_to_std_when_visit: None,
            allow_small_file: None,
        })
    }

    fn unread(one: UnreadMove, sized: bool) -> Self {
        Self {
            noncurrent_days: one.days,
            storage_class: OSS.class_word(one.class).to_owned(),
            is_access_time: true,
            return_to_std_when_visit: Some(Flag(one.comes_back)),
            allow_small_file: (!sized).then_some(Flag(one.small)),
        }
    }
}

impl Moves {
    /// Adds a transition; `sized` says whether its rule names sizes. What the vendor refuses is refused: words about
    /// reads where none are counted, and two words about sizes (its help pages 0014-00000054 and 0014-00000055).
    fn add(&mut self, one: Transition, reads: &ByReads, sized: bool) -> Result<(), Fault> {
        let bad = |name: &'static str, why: &'static str| Err(Fault::argument(name, "", why));
        let back = reads.back.is_some_and(|flag| flag.0);
        if !reads.counts {
            let why = "this counts for transitions with IsAccessTime only";
            if back {
                return bad("ReturnToStdWhenVisit", why);
            }
            if reads.small.is_some() {
                return bad("AllowSmallFile", why);
            }
            self.timed.push(one);
            return Ok(());
        }
        if reads.small.is_some() && sized {
            return bad(
                "AllowSmallFile",
                "the filter of the rule names sizes already",
            );
        }
        let Due::Days(days) = one.due else {
            return Err(Fault::Body(
                "a transition with IsAccessTime names days".into(),
            ));
        };
        self.unread.push(UnreadMove {
            days,
            class: one.class,
            comes_back: back,
            small: reads.small.is_none_or(|flag| flag.0),
        });
        Ok(())
    }
}
