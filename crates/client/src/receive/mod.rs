//! The receiving side: whether what arrives is this server's, or the vendor's, and what it says. No SDK offers it.
//!
//! | what arrives | genuine | what it says |
//! | --- | --- | --- |
//! | upload callback of OSS | [`CallbackVerifier`] | [`CallbackBody`] |
//! | upload callback of TOS | not signed: a secret in its URL or a variable | [`CallbackBody`] |
//! | event at a webhook | [`WebhookVerifier`] | [`CloudEvent`] |
//! | event at a function | not signed: a secret in the URL the operator registers | [`CloudEvent`] |
//! | event of OMS | signed as any request of OMS | [`SyncEvent`](crate::oms::SyncEvent) |
//!
//! Everything takes the headers of the `http` crate, the request target as it arrived and the body as a slice, so any
//! framework will do. Bodies are read before they are given here: let the framework refuse more than [`BODY_BYTES_MAX`].
//! A framework or proxy that rewrites path or query breaks signatures of callbacks; give the verifier what was sent.
//!
//! ```
//! use std::time::SystemTime;
//! use cohong_client::receive::{CloudEvent, Refused, WebhookVerifier};
//!
//! fn webhook(verifier: &WebhookVerifier, headers: &http::HeaderMap, body: &[u8]) -> Result<(), Refused> {
//!     let delivery = verifier.verify(headers, body, SystemTime::now())?;
//!     let event = CloudEvent::read(headers, body)?;
//!     for event in &event.events {
//!         println!("{}: {} {}", delivery.id, event.event_name, event.tos.object.key);
//!     }
//!     Ok(())
//! }
//! ```

mod answer;
mod body;
mod callback;
mod event;
mod refused;
mod webhook;

pub use answer::accepted;
pub use body::CallbackBody;
pub use callback::{CallbackClaim, CallbackKey, CallbackVerifier, VENDOR_KEYS};
pub use event::{
    ArchiveEventData, Bucket, CloudEvent, EventKind, LifecycleEventData, Object, RequestParameters,
    ResponseElements, RestoreEventData, TosEvent, TosFacts, TransitionEventData, UserIdentity,
};
pub use refused::Refused;
pub use webhook::{Delivery, WINDOW, WebhookVerifier};

pub use crate::service::Error;
pub use crate::web::{ConnectionError, ValueError};

/// Longest body that is looked at: no callback of the services has a longer one, and no message of this server.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Refuses what is too long to be looked at.
fn bounded(body: &[u8]) -> Result<(), Refused> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Refused::TooLong);
    }
    Ok(())
}

/// A header that stands once, is UTF-8 and no longer than that.
fn header<'a>(
    headers: &'a http::HeaderMap,
    name: &'static str,
    bytes_max: usize,
) -> Result<&'a str, Refused> {
    let mut lines = headers.get_all(name).iter();
    let (first, second) = (lines.next(), lines.next());
    let line = first.ok_or(Refused::Missing(name))?.as_bytes();
    if second.is_some() || line.len() > bytes_max {
        return Err(Refused::Malformed(name));
    }
    std::str::from_utf8(line).map_err(|_| Refused::Malformed(name))
}
