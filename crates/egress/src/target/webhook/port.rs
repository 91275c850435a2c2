//! What delivering to webhooks needs from outside.

use std::fmt::{self, Debug};

/// The key that signs deliveries. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Box<[u8]>);

impl WebhookSecret {
    /// A key from its bytes; receivers know the same bytes. 24 to 64 are usual.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// Knows the signing key.
pub trait WebhookSecrets: Debug + Send + Sync + 'static {
    /// The key of this server. Asked for at every delivery, so it may change.
    fn secret(&self) -> WebhookSecret;
}
