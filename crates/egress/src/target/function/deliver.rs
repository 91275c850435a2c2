//! One delivery to a function.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::model::Destination;
use cohong_core::ports::{Clock, Message, Target, Undelivered};

use super::FunctionRegistry;
use crate::client::Http;
use crate::limits::FUNCTION_TIMEOUT;
use crate::policy::Given;
use crate::target::post::{Receiver, post, target_failed};

/// Delivers to functions by name.
#[derive(Debug)]
pub struct FunctionTarget {
    http: Arc<Http>,
    registry: Arc<dyn FunctionRegistry>,
    clock: Arc<dyn Clock>,
    within: Duration,
}

impl FunctionTarget {
    /// A target that gives each delivery [`FUNCTION_TIMEOUT`].
    pub fn new(
        http: Arc<Http>,
        registry: Arc<dyn FunctionRegistry>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            http,
            registry,
            clock,
            within: FUNCTION_TIMEOUT,
        }
    }

    /// The same with another time limit for each delivery.
    #[must_use]
    pub fn with_timeout(self, within: Duration) -> Self {
        Self { within, ..self }
    }
}

#[async_trait]
impl Target for FunctionTarget {
    async fn deliver(&self, to: &Destination, message: &Message) -> Result<u16, Undelivered> {
        let Destination::Function(name) = to else {
            return Err(target_failed(format!("{} is not a function", to.id())));
        };
        let endpoint = self.registry.endpoint(name).await.map_err(target_failed)?;
        let Some(endpoint) = endpoint else {
            return Err(target_failed(format!(
                "function {name} is not registered; add it with `cohong function add {name} URL`"
            )));
        };
        let receiver = Receiver {
            url: &endpoint.url,
            given: Given::ByOperator,
            extra: Vec::new(),
            within: self.within,
            now: self.clock.now(),
        };
        post(&self.http, receiver, message).await
    }
}
