//! Calling an uploader's application before the uploader is answered.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::{Accept, AccountId, BucketName, CallbackSpec, DialectId, Timestamp};

/// A rendered call.
#[derive(Clone, Debug)]
pub struct CallbackRequest {
    /// Absolute URLs in order.
    pub urls: Vec<Box<str>>,
    /// Replaces the `Host` header.
    pub host: Option<Box<str>>,
    /// Headers the uploader added; every other header of the call wins over them.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body.
    pub body: Bytes,
    /// Which answers are success.
    pub accept: Accept,
    /// What the call is about.
    pub about: CallAbout,
    /// Time for all URLs together.
    pub timeout: Duration,
}

/// What a call is about, for the headers that its dialect puts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallAbout {
    /// The dialect of the upload.
    pub dialect: DialectId,
    /// Where the object went.
    pub bucket: BucketName,
    /// The request that uploaded.
    pub request_id: Box<str>,
    /// Who uploaded; `None` for anybody.
    pub requester: Option<AccountId>,
    /// When the call is made.
    pub at: Timestamp,
}

/// One call as its receiver will see it.
#[derive(Clone, Copy, Debug)]
pub struct CallTarget<'a> {
    /// Path as it stands in the request line, not empty.
    pub path: &'a str,
    /// Query as it stands there, without its question mark; `None` when there is no question mark.
    pub query: Option<&'a str>,
    /// Body.
    pub body: &'a [u8],
}

/// Writes the headers that a dialect puts on its calls, a signature among them. Dialects without one
/// send no headers of their own.
#[async_trait]
pub trait CallbackFormat: Debug + Send + Sync + 'static {
    /// The headers of one call. Fails when it cannot be signed; the text is for operators.
    async fn headers(
        &self,
        about: &CallAbout,
        to: &CallTarget<'_>,
    ) -> Result<Vec<(&'static str, String)>, String>;
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
    /// Writing the request: its headers and its signature.
    Prepare,
}

/// What went wrong in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// It was refused, or broke off.
    Broken,
    /// The time limit passed.
    TimedOut,
    /// Too many calls were under way until the time limit.
    Busy,
    /// The answer has another status than success.
    Status,
    /// The answer does not say how long it is.
    NoLength,
    /// The answer is longer than [`CALLBACK_ANSWER_BYTES_MAX`](crate::limits::CALLBACK_ANSWER_BYTES_MAX).
    TooLong,
    /// The answer is no document of the form that is accepted.
    Form,
}

/// Where and how an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// How far it came.
    pub phase: Phase,
    /// What went wrong there.
    pub fault: Fault,
}

/// One attempt at one URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAttempt {
    /// The URL without user information and query.
    pub url: Box<str>,
    /// Status of the answer, when one came.
    pub status: Option<u16>,
    /// Where and how it failed; `None` for success.
    pub failed: Option<Failed>,
    /// Why, for operators; empty for success.
    pub why: Box<str>,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

impl CallAttempt {
    /// The phase it failed in; `None` for success.
    pub fn phase(&self) -> Option<Phase> {
        self.failed.map(|failed| failed.phase)
    }
}

/// What the application answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// Its `Content-Type`, when it gave one.
    pub content_type: Option<String>,
    /// Its body.
    pub body: Bytes,
}

/// Why no address was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmade {
    /// The template gave no body.
    Template,
    /// The object could not be read back for what it shows.
    Image,
    /// The time for all URLs passed.
    TimeOver,
}

/// The outcome over all URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackOutcome {
    /// Attempts in order.
    pub attempts: Vec<CallAttempt>,
    /// The answer of the URL that succeeded.
    pub answer: Option<CallbackAnswer>,
    /// Why there are no attempts, when that is not the URLs' doing.
    pub unmade: Option<Unmade>,
}

impl From<Unmade> for CallbackOutcome {
    fn from(unmade: Unmade) -> Self {
        Self {
            unmade: Some(unmade),
            ..Self::default()
        }
    }
}

/// An order that is refused before the body is read. The text says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitCall {
    /// The outbound policy refuses an address; the text names the setting that permits it.
    #[error("{0}")]
    Address(String),
    /// Anything else.
    #[error("{0}")]
    Malformed(String),
}

/// Sends upload callbacks.
#[async_trait]
pub trait CallbackSender: Debug + Send + Sync + 'static {
    /// Judges addresses before the body is read: malformed ones, literal addresses that policy
    /// refuses, header values that would break a header.
    fn check(&self, spec: &CallbackSpec) -> Result<(), UnfitCall>;

    /// Tries the URLs in order until one succeeds, within `call.timeout`. Never calls one URL twice.
    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome;
}
