//! Bodies about how a bucket encrypts, whatever their syntax.

use cohong_core::model::Encryption;
use serde::{Deserialize, Serialize};

use crate::common::vocabulary::Vocabulary;
use crate::gate::fault::Fault;

/// What is done with objects whose writers say nothing. One vendor's member names come in lower case.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rule {
    #[serde(
        rename = "ApplyServerSideEncryptionByDefault",
        alias = "applyserversideencryptionbydefault"
    )]
    apply: Apply,
}

#[derive(Debug, Serialize, Deserialize)]
struct Apply {
    #[serde(rename = "SSEAlgorithm", alias = "ssealgorithm")]
    algorithm: String,
    #[serde(
        rename = "KMSMasterKeyID",
        alias = "kmsmasterkeyid",
        skip_serializing_if = "Option::is_none"
    )]
    key_id: Option<String>,
    #[serde(rename = "KMSDataEncryption", skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

/// Body of a vendor whose document has rules, of which there is one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RuleBody {
    /// The rule.
    #[serde(rename = "Rule", alias = "rule")]
    pub(crate) rule: Rule,
}

impl Rule {
    /// What is asked for.
    pub(crate) fn read(&self, words: &Vocabulary) -> Result<Encryption, Fault> {
        let Apply {
            algorithm,
            key_id,
            data,
        } = &self.apply;
        words.encryption_of(
            "SSEAlgorithm",
            algorithm,
            key_id.as_deref(),
            data.as_deref(),
        )
    }

    /// What is in force.
    pub(crate) fn new(words: &Vocabulary, encryption: &Encryption) -> Self {
        let told = words.told(encryption);
        Self {
            apply: Apply {
                algorithm: told.how.to_owned(),
                key_id: told.key_id.map(ToOwned::to_owned),
                data: told.data.map(ToOwned::to_owned),
            },
        }
    }
}
