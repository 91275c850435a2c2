//! Object sets as JSON, as the vendor's SDKs write and read it (Python SDK 2.9.3, `json_utils.py` and `models2.py`).
//! Rates are requests and bytes a second; 0, as a quota too, is no bound.

use cohong_core::engine::{BucketStat, ObjectSetListing, Usage};
use cohong_core::model::{
    LifecycleRule, ObjectSet, SetLayout, SetLifecycleRule, SetLifecycles, SetQuotaRule, SetQuotas,
    SetRates, StorageClass, Tags,
};
use serde::{Deserialize, Serialize};

use super::lifecycle::{LifecycleBody, PutLifecycle};
use super::object::{Pair, PutTag, PutTagSet, TagSet};
use super::settings::Number;
use crate::gate::fault::Fault;

/// What ends the parts of a name where nothing else is said.
const DELIMITER: &str = "/";

/// Body of `PutBucketObjectSetConfiguration`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutLayout {
    #[serde(rename = "pathlevel")]
    levels: u32,
    #[serde(rename = "customdelimiter")]
    delimiter: Option<String>,
    #[serde(rename = "enabledefaultobjectset")]
    rest: Option<bool>,
    #[serde(rename = "storagequota")]
    quota: Option<Number>,
    qos: Option<PutRates>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutRates {
    #[serde(rename = "readsqps")]
    reads: Option<u64>,
    #[serde(rename = "writesqps")]
    writes: Option<u64>,
    #[serde(rename = "listqps")]
    lists: Option<u64>,
    #[serde(rename = "readsrate")]
    read_bytes: Option<u64>,
    #[serde(rename = "writesrate")]
    written_bytes: Option<u64>,
}

impl PutRates {
    fn rates(self) -> SetRates {
        SetRates {
            reads: self.reads,
            writes: self.writes,
            lists: self.lists,
            read_bytes: self.read_bytes,
            written_bytes: self.written_bytes,
        }
    }
}

/// A quota that may be missing, or be an empty text.
fn quota(said: Option<Number>) -> Result<Option<u64>, Fault> {
    let said = said.filter(|number| !number.is_empty());
    said.map(|number| number.bytes()).transpose()
}

impl PutLayout {
    /// The layout it names.
    pub(in crate::tos) fn layout(self) -> Result<SetLayout, Fault> {
        let delimiter = self.delimiter.filter(|text| !text.is_empty());
        Ok(SetLayout {
            levels: self.levels,
            delimiter: delimiter.as_deref().unwrap_or(DELIMITER).into(),
            rest: self.rest.unwrap_or(false),
            quota: quota(self.quota)?,
            rates: self.qos.unwrap_or_default().rates(),
            by_tag: false,
            has_rules: false,
        })
    }
}

/// Answer of `GetBucketObjectSetConfiguration`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct LayoutBody {
    path_level: u32,
    custom_delimiter: String,
    enable_default_object_set: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_quota: Option<String>,
    #[serde(skip_serializing_if = "RatesBody::is_empty")]
    qos: RatesBody,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RatesBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    reads_qps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    writes_qps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_qps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reads_rate: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    writes_rate: Option<u64>,
}

impl RatesBody {
    fn new(rates: SetRates) -> Self {
        Self {
            reads_qps: rates.reads,
            writes_qps: rates.writes,
            list_qps: rates.lists,
            reads_rate: rates.read_bytes,
            writes_rate: rates.written_bytes,
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl LayoutBody {
    pub(in crate::tos) fn new(layout: &SetLayout) -> Self {
        Self {
            path_level: layout.levels,
            custom_delimiter: layout.delimiter.to_string(),
            enable_default_object_set: layout.rest,
            storage_quota: layout.quota.map(|quota| quota.to_string()),
            qos: RatesBody::new(layout.rates),
        }
    }
}

/// Body of `PutObjectSet` and `PutObjectSetTagging`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutSet {
    #[serde(rename = "objectsetname")]
    pub(in crate::tos) name: String,
    #[serde(rename = "tagset")]
    tags: Option<PutTagSet>,
}

impl PutSet {
    /// The name and the tags of the set; none where nothing is said of them.
    pub(in crate::tos) fn read(self) -> Result<(String, Tags), Fault> {
        let tags = self.tags.map_or_else(|| Ok(Tags::new()), PutTagSet::tags)?;
        Ok((self.name, tags))
    }
}

/// Answer of `GetObjectSet` and `GetObjectSetTagging`, and an entry of `ListObjectSets`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct SetBody {
    object_set_name: String,
    tag_set: TagSet,
}

impl SetBody {
    pub(in crate::tos) fn new(name: &str, set: &ObjectSet) -> Self {
        Self {
            object_set_name: name.to_owned(),
            tag_set: TagSet::new(&set.tags),
        }
    }
}

/// Answer of `ListObjectSets`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct SetList {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    object_sets: Vec<SetBody>,
}

impl SetList {
    pub(in crate::tos) fn new(page: &ObjectSetListing) -> Self {
        let last = page.sets.last().filter(|_| page.more);
        let sets = page.sets.iter();
        Self {
            is_truncated: page.more,
            next_marker: last.map(|(name, _)| name.to_string()),
            object_sets: sets.map(|(name, set)| SetBody::new(name, set)).collect(),
        }
    }
}

/// A member of the list that `GetObjectSetEndpoint` answers.
#[derive(Debug, Serialize)]
pub(in crate::tos) struct Endpoint {
    /// What it leads to.
    #[serde(rename = "capname")]
    pub(in crate::tos) name: String,
    /// Hosts that requests of this dialect go to.
    #[serde(rename = "endpoint")]
    pub(in crate::tos) hosts: Vec<String>,
    /// Hosts that requests of S3 go to.
    #[serde(rename = "s3endpoint")]
    pub(in crate::tos) s3_hosts: Vec<String>,
}

/// Body of `PutObjectSetQuota`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutSetQuota {
    #[serde(rename = "storagequota")]
    bytes: Number,
}

impl PutSetQuota {
    /// The quota, bytes; 0 is none.
    pub(in crate::tos) fn quota(&self) -> Result<u64, Fault> {
        self.bytes.bytes()
    }
}

/// Answer of `GetObjectSetQuota`: an empty text where nothing was said.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct SetQuotaBody {
    storage_quota: String,
}

impl SetQuotaBody {
    pub(in crate::tos) fn new(quota: Option<u64>) -> Self {
        Self {
            storage_quota: quota.map(|quota| quota.to_string()).unwrap_or_default(),
        }
    }
}

/// Answer of `GetObjectSetStorage`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct StorageBody {
    total_storage_stat: Storage,
    standard_storage_stat: Storage,
    #[serde(rename = "IAStorageStat")]
    infrequent: Storage,
    archive_fr_storage_stat: Storage,
    archive_storage_stat: Storage,
    cold_archive_stat: Storage,
    deep_cold_archive_storage_stat: Storage,
    intelligent_tiering_storage_stats: Tiers,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tiers {
    high_freq_storage_stat: Storage,
    low_freq_storage_stat: Storage,
    archive_storage_stat: Storage,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Storage {
    storage: String,
    object_count: u64,
}

impl Storage {
    fn new(usage: Usage) -> Self {
        Self {
            storage: usage.bytes.to_string(),
            object_count: usage.objects,
        }
    }
}

impl StorageBody {
    /// Objects that move between tiers are in the first one here.
    pub(in crate::tos) fn new(stat: &BucketStat) -> Self {
        let of = |class| {
            let usage = stat.classes.get(&class).copied();
            Storage::new(usage.unwrap_or_default())
        };
        let none = || Storage::new(Usage::default());
        let total = Usage {
            objects: stat.classes.values().map(|usage| usage.objects).sum(),
            bytes: stat.bytes(),
        };
        Self {
            total_storage_stat: Storage::new(total),
            standard_storage_stat: of(StorageClass::Standard),
            infrequent: of(StorageClass::Infrequent),
            archive_fr_storage_stat: of(StorageClass::ArchiveInstant),
            archive_storage_stat: of(StorageClass::Archive),
            cold_archive_stat: of(StorageClass::ColdArchive),
            deep_cold_archive_storage_stat: of(StorageClass::DeepColdArchive),
            intelligent_tiering_storage_stats: Tiers {
                high_freq_storage_stat: of(StorageClass::Intelligent),
                low_freq_storage_stat: none(),
                archive_storage_stat: none(),
            },
        }
    }
}

/// Body of `PutObjectSetQuotaByTag`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutQuotas {
    #[serde(default)]
    rules: Vec<PutQuotaRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutQuotaRule {
    tag: PutTag,
    qos: Option<PutRates>,
    #[serde(rename = "storagequota")]
    quota: Option<Number>,
}

impl PutQuotas {
    /// The rules it names.
    pub(in crate::tos) fn quotas(self) -> Result<SetQuotas, Fault> {
        let rule = |rule: PutQuotaRule| {
            Ok(SetQuotaRule {
                tag: rule.tag.boxed(),
                quota: quota(rule.quota)?,
                rates: rule.qos.unwrap_or_default().rates(),
            })
        };
        let rules = self.rules.into_iter().map(rule);
        Ok(SetQuotas {
            rules: rules.collect::<Result<_, Fault>>()?,
        })
    }
}

/// Answer of `GetObjectSetQuotaByTag`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct QuotasBody {
    rules: Vec<QuotaRuleBody>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct QuotaRuleBody {
    tag: Pair,
    qos: RatesBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_quota: Option<String>,
}

impl QuotasBody {
    pub(in crate::tos) fn new(quotas: &SetQuotas) -> Self {
        let rule = |rule: &SetQuotaRule| QuotaRuleBody {
            tag: Pair::new(&rule.tag),
            qos: RatesBody::new(rule.rates),
            storage_quota: rule.quota.map(|quota| quota.to_string()),
        };
        Self {
            rules: quotas.rules.iter().map(rule).collect(),
        }
    }
}

/// Body of `PutObjectSetLifecycleByTag`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutLifecycles {
    #[serde(rename = "objectsettagrules", default)]
    tags: Vec<PutTagRules>,
}

#[derive(Debug, Deserialize)]
struct PutTagRules {
    tag: PutTag,
    #[serde(flatten)]
    rules: PutLifecycle,
}

impl PutLifecycles {
    /// The rules it names, by tag.
    pub(in crate::tos) fn rules(self) -> Result<Vec<SetLifecycleRule>, Fault> {
        let one = |one: PutTagRules| {
            Ok(SetLifecycleRule {
                tag: one.tag.boxed(),
                rules: one.rules.rules()?,
            })
        };
        self.tags.into_iter().map(one).collect()
    }
}

/// Answer of `GetObjectSetLifecycleByTag`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct LifecyclesBody {
    object_set_tag_rules: Vec<TagRulesBody>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagRulesBody {
    tag: Pair,
    #[serde(flatten)]
    rules: LifecycleBody,
}

impl LifecyclesBody {
    pub(in crate::tos) fn new(all: &SetLifecycles) -> Self {
        let one = |one: &SetLifecycleRule| {
            let rules: &[LifecycleRule] = &one.rules;
            TagRulesBody {
                tag: Pair::new(&one.tag),
                rules: LifecycleBody::new(rules),
            }
        };
        Self {
            object_set_tag_rules: all.tags.iter().map(one).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::common::json::read;

    fn put<T: serde::de::DeserializeOwned>(body: &Value) -> Option<T> {
        read(body.to_string().as_bytes()).ok()
    }

    #[test]
    fn configurations_go_both_ways() {
        let whole = json!({
            "PathLevel": 3, "CustomDelimiter": "::", "EnableDefaultObjectSet": true, "StorageQuota": "1024",
            "Qos": {"ReadsQps": 1, "WritesQps": 2, "ListQps": 3, "ReadsRate": 4, "WritesRate": 5},
        });
        let least =
            json!({"PathLevel": 1, "CustomDelimiter": "/", "EnableDefaultObjectSet": false});
        for body in [whole, least] {
            let layout = put::<PutLayout>(&body)
                .expect("the shape")
                .layout()
                .expect("a layout");
            let told = serde_json::to_value(LayoutBody::new(&layout)).expect("JSON");
            assert_eq!(told, body);
        }
        let said = put::<PutLayout>(&json!({"PathLevel": 2, "StorageQuota": "", "Qos": {}}));
        let layout = said.expect("the shape").layout().expect("a layout");
        assert_eq!(
            (&*layout.delimiter, layout.quota, layout.rest),
            ("/", None, false)
        );
        for bad in [
            json!({}),
            json!({"PathLevel": -1}),
            json!({"PathLevel": 1, "Qos": {"Reads": 1}}),
        ] {
            assert!(put::<PutLayout>(&bad).is_none(), "{bad}");
        }
        let bad = put::<PutLayout>(&json!({"PathLevel": 1, "StorageQuota": "much"}));
        assert!(bad.expect("the shape").layout().is_err());
    }

    #[test]
    fn rules_by_tag_go_both_ways() {
        let quotas = json!({"Rules": [
            {"Tag": {"Key": "team", "Value": "a"}, "Qos": {"ReadsQps": 10}, "StorageQuota": "0"},
            {"Tag": {"Key": "team", "Value": "b"}, "Qos": {}},
        ]});
        let read = put::<PutQuotas>(&quotas)
            .expect("the shape")
            .quotas()
            .expect("rules");
        assert_eq!(
            serde_json::to_value(QuotasBody::new(&read)).expect("JSON"),
            quotas
        );
        let rules = json!({"ObjectSetTagRules": [{
            "Tag": {"Key": "lc", "Value": "auto"},
            "Rules": [{"ID": "r", "Prefix": "", "Status": "Enabled", "Expiration": {"Days": 7}}],
        }]});
        let read = put::<PutLifecycles>(&rules)
            .expect("the shape")
            .rules()
            .expect("rules");
        let all = SetLifecycles {
            tags: read,
            may_overlap: false,
        };
        assert_eq!(
            serde_json::to_value(LifecyclesBody::new(&all)).expect("JSON"),
            rules
        );
    }
}
