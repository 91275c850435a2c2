//! Webhooks: HTTP endpoints that a rule names. Every delivery is signed as the Standard Webhooks
//! specification has it, so that receivers can tell it from a forged one.

mod deliver;
mod port;

pub use deliver::WebhookTarget;
pub use port::{WebhookSecret, WebhookSecrets};
