//! Bodies about callbacks that uploads order by name (<https://help.aliyun.com/zh/oss/developer-reference/callback>).

use cohong_core::model::NamedCallback;
use serde::{Deserialize, Serialize};

/// Callbacks of a bucket.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct CallbacksBody {
    #[serde(rename = "PolicyItem", default)]
    items: Vec<Item>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    policy_name: String,
    callback: String,
    #[serde(default)]
    callback_var: String,
}

impl CallbacksBody {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "BucketCallbackPolicy";

    pub(in crate::oss) fn new(all: &[NamedCallback]) -> Self {
        let item = |one: &NamedCallback| Item {
            policy_name: one.name.to_string(),
            callback: one.order.to_string(),
            callback_var: one.vars.as_deref().unwrap_or_default().to_owned(),
        };
        Self {
            items: all.iter().map(item).collect(),
        }
    }

    pub(in crate::oss) fn read(self) -> Vec<NamedCallback> {
        let one = |item: Item| NamedCallback {
            name: item.policy_name.into(),
            order: item.callback.into(),
            vars: (!item.callback_var.is_empty()).then(|| item.callback_var.into()),
        };
        self.items.into_iter().map(one).collect()
    }
}
