//! Accounts and their access keys.

use serde::{Deserialize, Serialize};

use crate::model::{AccessKeyId, AccountId, Timestamp};

/// An account: made with its first key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// When its first key was made.
    pub created_at: Timestamp,
    /// Whether what lists and policies of its buckets allow everybody counts for nothing.
    pub blocks_public: bool,
}

impl AccountRecord {
    /// One whose first key is made at a time.
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            created_at,
            blocks_public: false,
        }
    }
}

/// An access key. Its secret parts are sealed with the server's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRecord {
    /// Whose it is.
    pub account: AccountId,
    /// The sealed secret.
    pub secret: Vec<u8>,
    /// The sealed token of a temporary key.
    pub token: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// End of a temporary key.
    pub expires_at: Option<Timestamp>,
}

/// Which access key is the root key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootRecord {
    /// Its id.
    pub access: AccessKeyId,
}
