//! Bodies about replication rules (sheet section 7; the vendor's pages on `PutBucketReplication` and
//! `GetBucketReplication`).

use cohong_core::engine::RuleProgress;
use cohong_core::model::{
    BucketName, ClassSource, ReplicaTarget, Replication, ReplicationRule, StorageClass, VersionId,
    WorkId,
};
use serde::{Deserialize, Serialize};

use crate::tos::error::TosError;
use crate::tos::wire::object::{Pair, PutTag, pairs};
use crate::tos::words::TOS;

const ENABLED: &str = "Enabled";
const DISABLED: &str = "Disabled";
/// The grants of copies: none of their own, so that those of their bucket are in force.
const ENTRUSTED: &str = "BucketOwnerEntrusted";
/// The way that copies take: this server's own; the vendor sells a faster one.
const INTERNAL: &str = "internal";
/// Where the class of copies comes from.
const SOURCES: &[(ClassSource, &str)] = &[
    (ClassSource::Object, "SOURCE_OBJECT"),
    (ClassSource::Bucket, "DESTINATION_BUCKET"),
];

/// Body of `PutBucketReplication`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutReplication {
    role: Option<String>,
    rules: Option<Vec<PutRule>>,
}

#[derive(Debug, Deserialize)]
struct PutRule {
    id: Option<String>,
    status: String,
    #[serde(rename = "prefixset")]
    prefixes: Option<Vec<String>>,
    tags: Option<Vec<PutTag>>,
    destination: PutDestination,
    #[serde(rename = "historicalobjectreplication")]
    history: Option<String>,
    #[serde(rename = "transfertype")]
    transfer: Option<String>,
    #[serde(rename = "accesscontroltranslation")]
    access: Option<PutAccess>,
}

#[derive(Debug, Deserialize)]
struct PutDestination {
    bucket: String,
    location: String,
    #[serde(rename = "storageclass")]
    class: Option<String>,
    #[serde(rename = "storageclassinheritdirective")]
    inherits: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PutAccess {
    owner: String,
}

impl PutReplication {
    /// The rules.
    pub(in crate::tos) fn rules(self) -> Result<Replication, TosError> {
        let role = self.role.unwrap_or_default();
        if role.is_empty() {
            return Err(TosError::invalid_argument(
                "Role names the role that copies",
            ));
        }
        let rules = self.rules.unwrap_or_default().into_iter();
        Ok(Replication {
            role: role.into(),
            rules: rules.map(PutRule::rule).collect::<Result<_, _>>()?,
        })
    }
}

impl PutRule {
    fn rule(self) -> Result<ReplicationRule, TosError> {
        if let Some(way) = self.transfer.filter(|way| way != INTERNAL) {
            return Err(TosError::not_implemented(&format!("TransferType {way}")));
        }
        let history = self
            .history
            .as_deref()
            .map(|word| switch("HistoricalObjectReplication", word));
        let tags = self.tags.unwrap_or_default().into_iter();
        let prefixes = self.prefixes.unwrap_or_default().into_iter();
        Ok(ReplicationRule {
            id: self.id.unwrap_or_default().into(),
            enabled: switch("Status", &self.status)?,
            prefixes: prefixes.map(Into::into).collect(),
            tags: tags.map(PutTag::boxed).collect(),
            target: self.destination.target()?,
            history: history.transpose()?.unwrap_or(false),
            entrusts: self
                .access
                .map_or(Ok(false), |access| entrusts(&access.owner))?,
            since: VersionId(0),
            duty: WorkId([0; 16]),
        })
    }
}

impl PutDestination {
    fn target(self) -> Result<ReplicaTarget, TosError> {
        let bucket = BucketName::new(&self.bucket);
        Ok(ReplicaTarget {
            bucket: bucket.map_err(|_| unknown("Destination.Bucket", "the name of a bucket"))?,
            region: self.location.into(),
            class: self
                .class
                .as_deref()
                .filter(|word| !word.is_empty())
                .map(class)
                .transpose()?,
            inherits: self
                .inherits
                .as_deref()
                .filter(|word| !word.is_empty())
                .map(source)
                .transpose()?,
        })
    }
}

fn unknown(name: &str, words: &str) -> TosError {
    TosError::invalid_argument(format!("{name} is {words}"))
}

fn switch(name: &str, word: &str) -> Result<bool, TosError> {
    match word {
        ENABLED => Ok(true),
        DISABLED => Ok(false),
        _ => Err(unknown(name, "Enabled or Disabled")),
    }
}

/// The word for something that is on or off.
pub(in crate::tos) fn switch_word(on: bool) -> &'static str {
    if on { ENABLED } else { DISABLED }
}

fn entrusts(word: &str) -> Result<bool, TosError> {
    match word {
        ENTRUSTED => Ok(true),
        _ => Err(unknown("AccessControlTranslation.Owner", ENTRUSTED)),
    }
}

fn source(word: &str) -> Result<ClassSource, TosError> {
    let found = SOURCES.iter().find(|(_, known)| *known == word);
    let name = "StorageClassInheritDirective";
    found
        .map(|(source, _)| *source)
        .ok_or_else(|| unknown(name, "SOURCE_OBJECT or DESTINATION_BUCKET"))
}

fn class(word: &str) -> Result<StorageClass, TosError> {
    let found = TOS.classes.iter().find(|(_, known)| *known == word);
    found
        .map(|(class, _)| *class)
        .ok_or_else(|| unknown("StorageClass", "a class of this vendor"))
}

/// Answer of `GetBucketReplication`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct ReplicationBody<'a> {
    role: &'a str,
    rules: Vec<RuleBody<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleBody<'a> {
    #[serde(rename = "ID")]
    id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    prefix_set: &'a [Box<str>],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Pair>,
    destination: DestinationBody<'a>,
    transfer_type: &'static str,
    historical_object_replication: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_control_translation: Option<AccessBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressBody>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationBody<'a> {
    bucket: &'a str,
    location: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class_inherit_directive: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccessBody {
    owner: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProgressBody {
    /// Of all that was there before the rule, from 0 to 1.
    historical_object: f64,
    /// Everything written before this instant was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_object: Option<String>,
}

impl<'a> ReplicationBody<'a> {
    /// Rules, with how far each was followed, as far as that was asked for.
    pub(in crate::tos) fn new(all: &'a Replication, progress: &[RuleProgress]) -> Self {
        let progress = progress.iter().map(Some).chain(std::iter::repeat(None));
        let rules = all.rules.iter().zip(progress);
        Self {
            role: &all.role,
            rules: rules
                .map(|(rule, told)| RuleBody::new(rule, told))
                .collect(),
        }
    }
}

impl<'a> RuleBody<'a> {
    fn new(rule: &'a ReplicationRule, progress: Option<&RuleProgress>) -> Self {
        let target = &rule.target;
        let inherits = SOURCES
            .iter()
            .find(|(known, _)| Some(*known) == target.inherits);
        Self {
            id: &rule.id,
            status: switch_word(rule.enabled),
            prefix_set: &rule.prefixes,
            tags: pairs(&rule.tags),
            destination: DestinationBody {
                bucket: target.bucket.as_str(),
                location: &target.region,
                storage_class: target.class.map(|class| TOS.class_word(class)),
                storage_class_inherit_directive: inherits.map(|(_, word)| *word),
            },
            transfer_type: INTERNAL,
            historical_object_replication: switch_word(rule.history),
            access_control_translation: rule.entrusts.then_some(AccessBody { owner: ENTRUSTED }),
            progress: progress.map(|told| ProgressBody {
                historical_object: f64::from(told.history_permille) / 1000.0,
                new_object: told.new_until.map(|at| TOS.date(at)),
            }),
        }
    }
}
