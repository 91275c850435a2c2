//! One delivery to a webhook.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::model::Destination;
use cohong_core::ports::{Clock, Message, Target, Undelivered};
use cohong_sign::webhook::signature;

use super::{WebhookSecret, WebhookSecrets};
use crate::client::Http;
use crate::limits::WEBHOOK_TIMEOUT;
use crate::policy::Given;
use crate::target::post::{Receiver, post, target_failed};

/// Delivers to the URLs that rules name.
#[derive(Debug)]
pub struct WebhookTarget {
    http: Arc<Http>,
    secrets: Arc<dyn WebhookSecrets>,
    clock: Arc<dyn Clock>,
    within: Duration,
}

impl WebhookTarget {
    /// A target that gives each delivery [`WEBHOOK_TIMEOUT`].
    pub fn new(http: Arc<Http>, secrets: Arc<dyn WebhookSecrets>, clock: Arc<dyn Clock>) -> Self {
        Self {
            http,
            secrets,
            clock,
            within: WEBHOOK_TIMEOUT,
        }
    }

    /// The same with another time limit for each delivery.
    #[must_use]
    pub fn with_timeout(self, within: Duration) -> Self {
        Self { within, ..self }
    }
}

#[async_trait]
impl Target for WebhookTarget {
    async fn deliver(&self, to: &Destination, message: &Message) -> Result<u16, Undelivered> {
        let Destination::Webhook(url) = to else {
            return Err(target_failed(format!("{} is not a webhook", to.id())));
        };
        let now = self.clock.now();
        let receiver = Receiver {
            url,
            given: Given::ByRequest,
            extra: signed(&self.secrets.secret(), message, now.seconds()),
            within: self.within,
            now,
        };
        post(&self.http, receiver, message).await
    }
}

/// The headers of the Standard Webhooks specification.
fn signed(secret: &WebhookSecret, message: &Message, seconds: u64) -> Vec<(&'static str, String)> {
    vec![
        ("webhook-id", message.id.clone()),
        ("webhook-timestamp", seconds.to_string()),
        (
            "webhook-signature",
            signature(secret.bytes(), &message.id, seconds, &message.body),
        ),
    ]
}
