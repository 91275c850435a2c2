//! Which web pages of other origins may use a bucket.

use serde::{Deserialize, Serialize};

/// A method that a rule may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each name is its own explanation")]
pub enum CorsMethod {
    Get,
    Put,
    Post,
    Delete,
    Head,
}

/// What pages of some origins may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsRule {
    /// Their origins, each with at most one `*` for any run of characters.
    pub origins: Vec<Box<str>>,
    /// Methods they may use.
    pub methods: Vec<CorsMethod>,
    /// Headers they may send, each with at most one `*`; case does not matter.
    pub headers: Vec<Box<str>>,
    /// Headers of answers that they may read.
    pub exposed: Vec<Box<str>>,
    /// How long a browser may keep the answer to a preflight request, seconds.
    pub max_age_s: Option<u32>,
    /// Whether every answer says that it depends on the origin, also one to a request without. Of several
    /// rules one is enough.
    pub vary: bool,
}

/// The rules of a bucket, the first that fits counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cors {
    /// The rules, at most [`crate::limits::CORS_RULES_MAX`].
    pub rules: Vec<CorsRule>,
}

impl Cors {
    /// Whether every answer says that it depends on the origin.
    pub fn varies(&self) -> bool {
        self.rules.iter().any(|rule| rule.vary)
    }
}
