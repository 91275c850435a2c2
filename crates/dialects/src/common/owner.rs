//! Accounts, as the family's bodies tell them.

use cohong_core::model::{AccountId, Principal};
use serde::Serialize;

/// An account in answers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Owner {
    #[serde(rename = "ID")]
    id: String,
    display_name: String,
}

impl Owner {
    /// An account.
    pub(crate) fn new(account: &AccountId) -> Self {
        Self {
            id: account.to_string(),
            display_name: account.to_string(),
        }
    }

    /// Who made a request; empty when nobody signed it.
    pub(crate) fn of(principal: &Principal) -> Self {
        let account = principal.account().map(ToString::to_string);
        let id = account.unwrap_or_default();
        Self {
            display_name: id.clone(),
            id,
        }
    }
}
