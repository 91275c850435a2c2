//! Rules as they were, read when an event names them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Ports;
use crate::model::{BucketId, RuleSetVersion};
use crate::ports::{Limit, Order, StoreError, Table};
use crate::records::{RuleSetRecord, decode, keys};

/// Rule sets kept in memory; a window rarely spans more changes of rules.
const KEPT_MAX: usize = 4;

/// The rule sets of one bucket used last. They never change, so there is nothing to refresh.
#[derive(Debug, Default)]
pub(super) struct RuleSets(BTreeMap<RuleSetVersion, Arc<RuleSetRecord>>);

impl RuleSets {
    /// A rule set; one that is missing is damage, because it is kept as long as anything names it.
    pub(super) async fn get(
        &mut self,
        ports: &Ports,
        bucket: BucketId,
        version: RuleSetVersion,
    ) -> Result<Arc<RuleSetRecord>, StoreError> {
        if let Some(known) = self.0.get(&version) {
            return Ok(known.clone());
        }
        let place = keys::rule_set(bucket, version);
        let found = ports.meta.get_many(&[place]).await?.pop().flatten();
        let found = found.ok_or_else(|| {
            StoreError::Damaged(format!("rule set {} of the bucket is missing", version.0))
        })?;
        let rule_set = Arc::new(decode::<RuleSetRecord>(&found.bytes)?);
        if self.0.len() >= KEPT_MAX {
            self.0.pop_first();
        }
        self.0.insert(version, rule_set.clone());
        Ok(rule_set)
    }
}

/// The newest rule set of a bucket: the rules in force while the bucket lives. `None` for a bucket
/// that never had rules, or whose log is gone.
pub(super) async fn newest(
    ports: &Ports,
    bucket: BucketId,
) -> Result<Option<RuleSetRecord>, StoreError> {
    let range = keys::prefix_range(Table::RuleSets, &[&bucket.0.to_be_bytes()]);
    let limit = Limit {
        rows: 1,
        bytes: usize::MAX,
    };
    let mut pages = ports.meta.scan(&[range], Order::Descending, limit).await?;
    let row = pages.pop().and_then(|page| page.rows.into_iter().next());
    row.map(|(_, record)| decode(&record.bytes)).transpose()
}
