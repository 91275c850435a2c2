//! Calling an uploader's application before the uploader is answered.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::CallbackSpec;

/// A rendered call.
#[derive(Clone, Debug)]
pub struct CallbackRequest {
    /// Absolute URLs in order.
    pub urls: Vec<Box<str>>,
    /// Replaces the `Host` header.
    pub host: Option<Box<str>>,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body.
    pub body: Bytes,
    /// Time for all URLs together.
    pub timeout: Duration,
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// The outbound policy refused the address.
    Policy,
    /// Name resolution.
    Resolve,
    /// Connecting, TLS included.
    Connect,
    /// Sending the request or waiting for the head of the answer.
    Request,
    /// Reading the answer.
    Answer,
}

/// One attempt at one URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAttempt {
    /// The URL without user information and query.
    pub url: Box<str>,
    /// Status of the answer, when one came.
    pub status: Option<u16>,
    /// Where it failed; `None` for success.
    pub failed: Option<Phase>,
    /// Why, for operators; empty for success.
    pub why: Box<str>,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

/// What the application answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// Its `Content-Type`, when it gave one.
    pub content_type: Option<String>,
    /// Its body.
    pub body: Bytes,
}

/// The outcome over all URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackOutcome {
    /// Attempts in order.
    pub attempts: Vec<CallAttempt>,
    /// The answer of the URL that succeeded.
    pub answer: Option<CallbackAnswer>,
}

/// Sends upload callbacks.
#[async_trait]
pub trait CallbackSender: Debug + Send + Sync + 'static {
    /// Judges addresses before the body is read: malformed ones, literal addresses that policy
    /// refuses, header values that would break a header. The text says what to change.
    fn check(&self, spec: &CallbackSpec) -> Result<(), String>;

    /// Tries the URLs in order until one succeeds. Never calls one URL twice.
    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome;
}
