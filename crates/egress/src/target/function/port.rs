//! What delivering to functions needs from outside.

use std::fmt::Debug;

use async_trait::async_trait;

/// Where a function is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Absolute http or https URL, given by the operator.
    pub url: Box<str>,
}

/// Knows the registered functions.
#[async_trait]
pub trait FunctionRegistry: Debug + Send + Sync + 'static {
    /// The endpoint of a function; `None` when no function has this name. An error says why the
    /// registry could not be read.
    async fn endpoint(&self, name: &str) -> Result<Option<Endpoint>, String>;
}
