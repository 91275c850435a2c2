//! Where notifications go, and how they are written.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::model::{BucketName, Destination, Event, NotificationRule};
use crate::ports::Position;

/// What a message says beside the event itself.
#[derive(Clone, Debug)]
pub struct MessageContext<'a> {
    /// Bucket's name.
    pub bucket: &'a BucketName,
    /// Bucket's owner.
    pub owner: &'a str,
    /// Region the bucket reports.
    pub region: &'a str,
    /// The rule that matched.
    pub rule: &'a NotificationRule,
    /// Event id and sequencer.
    pub position: Position,
    /// The replay this belongs to; `None` for the first, ordered delivery.
    pub replay: Option<&'a str>,
}

/// An encoded notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for every attempt at one event.
    pub id: String,
    /// Extra headers: names in lower case.
    pub headers: Vec<(String, String)>,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body.
    pub body: Bytes,
}

/// Writes events in the words of one dialect.
pub trait EventFormat: Debug + Send + Sync + 'static {
    /// Encodes an event for a rule.
    fn encode(&self, event: &Event, cx: &MessageContext<'_>) -> Message;
}

/// An attempt that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The target cannot take anything now: connection, TLS, time-out, 408, 425, 429, 5xx, not
    /// registered. Counts against the target, not against the event.
    Target {
        /// How long the target asks to be left alone.
        after: Option<Duration>,
        /// What happened, for the delivery log; without secrets.
        why: String,
        /// HTTP status, when there was one.
        status: Option<u16>,
    },
    /// The target refused this event (another status of 400 and above). Counts against the event.
    Event {
        /// What happened, for the delivery log; without secrets.
        why: String,
        /// HTTP status, when there was one.
        status: Option<u16>,
    },
}

/// Sends messages of one kind of destination.
#[async_trait]
pub trait Target: Debug + Send + Sync + 'static {
    /// Delivers once. Success means the receiver accepted; the answer's status is for the log. Ends
    /// within its own time limit.
    async fn deliver(&self, to: &Destination, message: &Message) -> Result<u16, Undelivered>;
}
